# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Tests of vmictl check, to be sourced by run.sh. The modules are fake_module.c, and
# those of a kernel that was built, if there is one.

# The compiler is that of the program, which can be of several words; its options are
# not.
module() { # NAME [MACRO...]
	made=$tmp/modules/$1.ko
	shift
	for macro; do
		shift
		set -- "$@" "-D$macro"
	done
	# shellcheck disable=SC2086 # these are words
	$limit ${MODULE_CC:-cc} -std=gnu11 -O2 -fno-pic -fno-pie -fcf-protection=none -c \
		-o "$made" "$@" tests/fake_module.c
}

# A kernel with VMI, whose API is 1.2, on a machine.
check_on() { # MACHINE WORD...
	machine=$1
	shift
	FAKE_KERNEL=good FAKE_MACHINE=$tmp/machines/$machine \
		$limit "$VMICTL_FAKE" "$@"
}

check_module() { # NAME [OPTION...]
	checked=$tmp/modules/$1.ko
	shift
	check_on plain "$@" check "$checked"
}

refuses() { # WHAT MODULE REASON [MACRO...]
	what=$1 module=$2 reason=$3
	shift 3
	module "$module" "$@"
	expect "check: $what" 2 "*${newline}verdict     would be refused: $reason" "" \
		check_module "$module"
}

# A file that is cut off anywhere is refused, in one sentence.
cut_off() {
	size=$(wc -c <"$tmp/modules/good.ko")
	at=0
	while [ $at -lt "$size" ]; do
		head -c $at "$tmp/modules/good.ko" >"$tmp/modules/cut.ko"
		said=$(check_module cut 2>&1) && return 1
		[ $? -eq 2 ] || return 1
		case $said in
		*"$newline"*) return 1 ;;
		"Error: $tmp/modules/cut.ko is "*.) ;;
		*) return 1 ;;
		esac
		at=$((at + 61))
	done
}

# A file of which a byte is another one says something or other, and no more.
damaged() {
	size=$(wc -c <"$tmp/modules/good.ko")
	at=0
	while [ $at -lt "$size" ]; do
		cp "$tmp/modules/good.ko" "$tmp/modules/damaged.ko"
		printf '\377' | dd of="$tmp/modules/damaged.ko" bs=1 seek=$at \
			conv=notrunc 2>/dev/null
		check_module damaged >/dev/null 2>&1
		[ $? -le 2 ] || return 1
		at=$((at + 7))
	done
}

patched() { # NAME OFFSET BYTES
	cp "$tmp/modules/good.ko" "$tmp/modules/$1.ko"
	# shellcheck disable=SC2059 # it is octal
	printf "$3" | dd of="$tmp/modules/$1.ko" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# As it is in a file, for printf.
number() { # NUMBER
	rest=$1
	for _ in 1 2 3 4 5 6 7 8; do
		printf '\\%03o' $((rest % 256))
		rest=$((rest / 256))
	done
}

number_at() { # OFFSET BYTES
	od -An -t "u$2" -j "$1" -N "$2" "$tmp/modules/good.ko" | tr -d ' '
}

# The first section has the whole file.
overlapping() {
	patched overlapping $(($(number_at 40 8) + 64 + 24)) \
		"$(number 0)$(number "$(wc -c <"$tmp/modules/good.ko")")"
}

# Of the names of sections, the last one is not ended.
unended() {
	header=$(($(number_at 40 8) + 64 * $(number_at 62 2)))
	patched unended \
		$(($(number_at $((header + 24)) 8) + $(number_at $((header + 32)) 8) - 1)) x
}

# As the kernel's sign-file does it.
sign_module() {
	openssl req -new -x509 -newkey rsa:2048 -nodes -subj "/CN=Somebody" \
		-keyout "$tmp/key" -out "$tmp/certificate" 2>/dev/null &&
		openssl cms -sign -binary -noattr -nocerts -md sha256 -outform DER \
			-signer "$tmp/certificate" -inkey "$tmp/key" \
			-in "$tmp/modules/good.ko" -out "$tmp/signature" &&
		{
			cat "$tmp/modules/good.ko" "$tmp/signature"
			size=$(printf '%08x' "$(wc -c <"$tmp/signature")")
			printf '\0\0\002\0\0\0\0\0'
			printf '%s' "$size" | sed 's/../\\x&/g' | xargs -0 printf
			printf '~Module signature appended~\n'
		} >"$tmp/modules/signed.ko"
}

test_check_files() {
	expect "check without a file" 1 "" "Error: check: *Usage: *" "$VMICTL" check
	expect "check of two files" 1 "" "Error: check: *" "$VMICTL" check a b
	expect "check of a file that is not there" 1 "" \
		"Error: cannot open $tmp/none: *." "$VMICTL" check "$tmp/none"
	expect "check of a directory" 2 "" "Error: $tmp *" "$VMICTL" check "$tmp"
	expect "check of an empty file" 2 "" "Error: $tmp/empty is no ELF file." \
		"$VMICTL" check "$tmp/empty"
	expect "check of text" 2 "" "Error: tests/run.sh is no ELF file." \
		"$VMICTL" check tests/run.sh
	expect "check of text in JSON" 2 '{"error":"tests/run.sh is no ELF file"}' \
		"" "$VMICTL" -j check tests/run.sh
	expect "check of a program" 2 "" \
		"Error: $VMICTL is an ELF file, but no module." \
		"$VMICTL" check "$VMICTL"
	expect "check of another machine's" 2 "" \
		"Error: * is not for x86-64 (64-bit, machine 183 of ELF)." \
		check_module arm64
	expect "check of a 32-bit one" 2 "" "Error: * is not for x86-64 (32-bit, *." \
		check_module narrow
	for program in gzip xz zstd; do
		if command -v $program >/dev/null; then
			$program -c <"$tmp/modules/good.ko" >"$tmp/modules/packed.ko"
			expect "check of one that $program packed" 0 \
				"*backend     fake$newline*" "" check_module packed
			head -c 70000000 /dev/zero | $program -c >"$tmp/modules/packed.ko"
			expect "check of very much that $program packed" 2 "" \
				"Error: * is compressed, and has more than 64 MiB unpacked." \
				check_module packed
		else
			report ok "check of one that $program packed" "SKIP no $program"
		fi
	done
	gzip -c "$tmp/modules/good.ko" | head -c 300 >"$tmp/modules/packed.ko"
	expect "check of a broken compressed one" 2 "" \
		"Error: * is compressed, and gzip cannot unpack it." \
		check_module packed
	overlapping
	expect "check of one that has more than its file" 2 "" \
		"Error: * is damaged: its sections overlap." check_module overlapping
	unended
	expect "check of one whose names do not end" 2 "" \
		"Error: * is damaged: its names have no end." check_module unended
	expect "check of files that are cut off" 0 "" "" cut_off
	expect "check of files that are damaged" 0 "" "" damaged
	expect "check of what is no backend" 2 "" \
		"Error: * is a module, but no backend for VMI." check_module plain
}

# The words of the function in the source.
reserved_names() { # FILE
	sed -n '/is_reserved_name(const char [*]name)$/,/^}/s/"/\n/gp' "$1" |
		grep -x '[a-z][a-z0-9.-]*' | sort
}

same_reserved_names() {
	reserved_names ../../kernel/vmi_core/select.c >"$tmp/reserved"
	[ -s "$tmp/reserved" ] && reserved_names backend_file.c | diff "$tmp/reserved" -
}

test_check_rules() {
	expect "check of a good one" 0 \
		"file        */good.ko${newline}module      vmi_fake${newline}description a module in form only${newline}license     GPL${newline}vermagic    6.12.117 *signature   -${newline}backend     fake${newline}hypervisor  Nothing${newline}version     0.9${newline}api         1.0${newline}ops         io.delay${newline}kernel      6.12.117${newline}takes       -${newline}core-api    1.2${newline}compared    the release: *${newline}verdict     would load, as far as can be told" \
		"" check_module good
	expect "check of a good one in JSON" 0 \
		'{"file":"*","name":"vmi_fake",*"signature":null,"backend":{"name":"fake","hypervisor":"Nothing","version":"0.9","api":{"major":1,"minor":0},"ops":?{"name":"io.delay","function":"fake_io_delay"}?},"running":{"release":"6.12.117","vermagic":null,"api":{"major":1,"minor":2}},"compared":"*","loads":true,"reasons":??}' \
		"" check_module good -j
	refuses "newer major" major \
		"the backend has API 2.0, the core has 1.2: the major version must be equal" \
		MAJOR=2
	refuses "newer minor" minor \
		"the backend has API 1.3, the core has 1.2: the minor version must not be newer" \
		MINOR=3
	refuses "larger structure" larger \
		"struct vmi_backend has 168 bytes in the backend and 160 in the core" \
		SIZE=168
	refuses "smaller structure" smaller \
		"struct vmi_backend has only 152 bytes in the backend and 160 in the core" \
		SIZE=152
	refuses "part of a group" part \
		"backend 'fake' has lock.kick but not lock.vcpu_is_preempted: the group moves together" \
		OPS="[OP_lock_kick]=fake_io_delay"
	refuses "no op" no-op "backend 'fake' implements no op" OPS=
	refuses "somebody else's code" foreign \
		"io.delay of backend 'fake' points outside its own text" \
		OPS="[OP_io_delay]=dump_stack"
	refuses "code that goes" going \
		"io.delay of backend 'fake' points outside its own text" \
		OPS="[OP_io_delay]=fake_init"
	refuses "helper of another op" helper \
		"io.delay of backend 'fake' points outside its own text" \
		OPS="[OP_io_delay]=vmi_pv_lock_slowpath"
	refuses "no table" no-table "backend 'fake' has no table of ops" TABLE=NULL
	refuses "no detect()" no-detect "backend 'fake' has no detect()" DETECT=NULL
	for function in dump_stack fake_init of_others; do
		refuses "detect() is $function" $function \
			"detect() of backend 'fake' points outside its own text" \
			"DETECT=(function *)$function"
	done
	malformed="the backend's name must be a lower-case letter, then up to 30 of these, digits, dashes or dots"
	for name in NULL '""' '"Fake"' '"9fake"' '"fa ke"' '"fake_"' \
		'"abcdefghijklmnopqrstuvwxyz-56789"'; do
		refuses "the name $name" name "$malformed" "NAME=$name"
	done
	if [ -d ../../kernel/vmi_core ]; then
		expect "check: the names that the kernel reserves" 0 "" "" \
			same_reserved_names
	else
		report ok "check: the names that the kernel reserves" \
			"SKIP the kernel's source is not here"
	fi
	for name in $(reserved_names backend_file.c); do
		refuses "the name $name" name \
			"the name '$name' has a meaning of its own" "NAME=\"$name\""
	done
	refuses "no hypervisor" no-hypervisor \
		"backend 'fake' does not name its hypervisor" HYPERVISOR=NULL
	module longest 'NAME="abcdefghijklmnopqrstuvwxyz-5.78"'
	expect "check: the longest name" 0 "*verdict     would load*" "" \
		check_module longest
	module elsewhere NAME=of_others HYPERVISOR=of_others
	expect "check: names that are not in the file" 0 \
		"*backend     -${newline}hypervisor  -$newline*verdict     would load*" "" \
		check_module elsewhere
	refuses "licence" licence \
		"its licence 'Proprietary' is not that of a user of VMI" \
		'LICENSE="Proprietary"'
	refuses "another release" release \
		"it is for Linux 6.12.11, and this is 6.12.117" \
		'VERMAGIC="6.12.11 SMP "'
	module both MAJOR=2 'LICENSE="Proprietary"'
	expect "check: all reasons" 2 \
		"*would be refused: its licence *${newline}            and the backend has API 2.0*" \
		"" check_module both
	module unmarked NO_MARK
	expect "check: no mark" 0 "*backend     -$newline*verdict     would load*" "" \
		check_module unmarked
}

test_check_kernel() {
	module checksums CHECKSUMS 'VERMAGIC="6.12.11 SMP mod_unload "'
	module other 'VERMAGIC="6.12.117 SMP preempt mod_unload "'
	expect "check: the release alone" 0 "*takes       -*" "" check_module other
	expect "check: nothing to compare" 0 "*compared    nothing: *" "" \
		check_module checksums
	expect "check: as a module of the kernel" 0 \
		"*takes       6.12.117 SMP mod_unload *compared    vermagic with that of /lib/modules/6.12.117/kernel/one.ko*" \
		"" check_on with-modules check "$tmp/modules/good.ko"
	expect "check: not as a module of the kernel" 2 \
		"*would be refused: it is for '6.12.117 SMP preempt mod_unload ', and this kernel takes '6.12.117 SMP mod_unload '" \
		"" check_on with-modules check "$tmp/modules/other.ko"
	expect "check: checksums instead of the release" 0 \
		"*vermagic but for the release with that of *" "" \
		check_on with-modules check "$tmp/modules/checksums.ko"
	expect "check: lockdown" 2 "*would be refused: it is not signed, *" "" \
		check_on locked check "$tmp/modules/good.ko"
	expect "check: signatures are enforced" 2 "*refused: it is not signed, *" "" \
		check_on enforcing check "$tmp/modules/good.ko"
	if [ -d /sys/kernel/vmi ]; then
		report ok "check without VMI" "SKIP this kernel has VMI"
	else
		expect "check without VMI" 2 "*this kernel has no VMI*" "" \
			"$VMICTL" check "$tmp/modules/good.ko"
	fi
	if command -v openssl >/dev/null && sign_module; then
		expect "check: signed" 0 "*signature   yes, kind PKCS#7*" "" \
			check_on locked check "$tmp/modules/signed.ko"
		expect "check: signer in JSON" 0 '*"signature":{*"hash":"sha256"*}*' "" \
			check_on locked -j check "$tmp/modules/signed.ko"
	else
		report ok "check: signed" "SKIP there is no openssl"
	fi
}

# The modules of the kernel that the guests run.
test_check_real() {
	set -- ../../build/kernel-guest/modroot/lib/modules/*/kernel/virt/vmi/kernel/backends
	if [ ! -d "$1" ]; then
		report ok "check of real modules" "SKIP no kernel was built"
		return
	fi
	release=${1#*/lib/modules/}
	machine_file real /proc/sys/kernel/osrelease "${release%%/*}"
	for real in "$1"/vmi_null.ko "$1"/*/vmi_kvm.ko "$1"/*/vmi_hyperv.ko; do
		backend=${real##*/vmi_}
		backend=${backend%.ko}
		expect "check of the $backend backend" 0 \
			"*backend     $backend$newline*ops         *, *verdict     would load*" \
			"" check_on real check "$real"
	done
}

test_check() {
	mkdir -p "$tmp/modules" "$tmp/machines"
	for machine in plain with-modules locked enforcing; do
		machine_file $machine /proc/sys/kernel/osrelease 6.12.117
	done
	: >"$tmp/empty"
	if ! module good || ! module plain NO_BACKEND; then
		report "not ok" "modules to check"
		return
	fi
	machine_file with-modules /lib/modules/6.12.117/modules.dep "kernel/one.ko: other.ko"
	mkdir "$tmp/machines/with-modules/root/lib/modules/6.12.117/kernel"
	cp "$tmp/modules/plain.ko" \
		"$tmp/machines/with-modules/root/lib/modules/6.12.117/kernel/one.ko"
	machine_file locked /sys/kernel/security/lockdown "none [integrity] confidentiality"
	machine_file enforcing /sys/module/module/parameters/sig_enforce Y
	patched arm64 18 '\267'
	patched narrow 4 '\001'
	test_check_files
	test_check_rules
	test_check_kernel
	test_check_real
}
