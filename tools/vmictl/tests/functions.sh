#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# shellcheck disable=SC2034 # some variables are for the cases only
#
# Functions for the commands in cases/, sourced before each of them. "vmictl" is the
# program with a fake kernel and a fake machine. BUILD is the directory with what was
# built, TESTS this one.

SOURCE=$(dirname "$TESTS")
REPOSITORY=$(realpath "$SOURCE/../..")
LIBRARY=$SOURCE/lib
MODULE_CC=${MODULE_CC:-cc}
# A kernel tree that constants are compared with, if there is one.
KERNEL_TREE=$REPOSITORY/build/linux-6.12

skip() { # WHAT-IS-MISSING
	echo "$1"
	exit 80
}

need() { # PROGRAM
	command -v "$1" >/dev/null || skip "$1"
}

# Text and JSON of a command that fails: the same status and the same sentence, which
# goes to standard error here. The usage behind a usage error is left out.
both() { # WORD...
	local status=0 json_status=0 said json

	said=$(vmictl "$@" 2>&1 >text) || status=$?
	[ $status -ne 1 ] || said=${said%$'\nUsage: vmictl [OPTIONS] '[a-z]*}
	echo "$said" >&2
	[ ! -s text ] || cat text
	json=$(vmictl -j "$@" 2>&1) || json_status=$?
	said=${said#Error: }
	[ "$json $json_status" = "{\"error\":\"${said%.}\"} $status" ] ||
		echo "in JSON: $json $json_status"
	return $status
}

# Each line of a table begins with the words of a command that fails, behind its status.
refused() {
	local line words status said how

	while read -r line; do
		words=${line#* } status=0
		[[ $words == *": "[A-Z]* ]] && words=${words%%: [A-Z]*} || words=${words%:}
		# No format of JSON.
		[[ $words == "stats --format openmetrics"?( x| lock.x) ]] && how=vmictl || how=both
		said=$(eval "$how $words" 2>&1 </dev/null) || status=$?
		printf '%s %s: %s\n' "$status" "$words" "$said"
	done
	[ -n "$words" ] || echo "the table is empty"
}

# The words that "vmictl help" has: commands; options of all commands, or of one as well;
# and the words behind a command, each with its options.
commands_of_help() {
	vmictl help | sed -n 's/^  \([a-z][a-z-]*\).*/\1/p'
}

options_of_help() { # [COMMAND]
	vmictl help | awk -v command="$1" '
		/^Options/ {
			gsub(/[:,]/, " ")
			taken = $2 != "of"
			for (i = 3; i <= NF; i++)
				taken = taken || $i == command
			next
		}
		taken { for (i = 1; $i ~ /^-/; i++) { sub(/,$/, "", $i); print $i } }'
}

actions_of_help() { # COMMAND
	local actions rest options

	vmictl help "$1" | sed -n '1s/^Usage: vmictl [[]OPTIONS[]] [a-z]* *[[]*//p' |
		sed 's/ | /\n/g' | grep '^[a-z]' | while read -r actions rest; do
			options=$(grep -o -e '--[a-z-]*' <<<"$rest" | paste -sd ' ')
			tr '|' '\n' <<<"$actions" | sed "s/\$/ $options/"
		done
}

# Standard input, with variables of the shell.
expanded() {
	eval "cat <<END
$(cat)
END"
}

up=$'\033[A' down=$'\033[B' right=$'\033[C' left=$'\033[D' ctrl_c=$'\003' tab=$'\t' cr=$'\r'
# The second screen of an xterm, and back.
smcup=$'\033[?1049h' rmcup=$'\033[?1049l'

# Perform the steps on standard input at a terminal, see terminal.py.
terminal() { # COMMAND...
	/usr/bin/python3 -c 'import pyte' 2>/dev/null || skip pyte
	expanded | "$TESTS/terminal.py" "$@"
}

# A kernel that goes on, and whose counters do; and somebody who quits in the end.
top() { # WORD...
	local steps

	/usr/bin/python3 -c 'import pyte' 2>/dev/null || skip pyte
	steps=$(expanded)
	[[ $steps == *"end "* ]] || steps+=$'\npress q\nend 0'
	FAKE_KERNEL=patient,ticking,$FAKE_KERNEL "$TESTS/terminal.py" \
		vmictl top --interval 0.2 "$@" <<<"$steps"
}

# Make a machine. Each line of standard input has a leaf of CPUID and its registers, as
# fake_machine.c reads them. In leaf 1, unless it is there, is the bit of hypervisors.
machine() { # NAME
	local leaf registers

	mkdir -p "machines/$1/root/cpuid/xen"
	{ echo "1 0 0 80000000 0"; expanded; } | while read -r leaf registers; do
		echo "$registers" >"machines/$1/root/cpuid/$leaf"
	done
}

file_of() { # MACHINE PATH [TEXT]
	mkdir -p "machines/$1/root/$(dirname "$2")"
	printf '%s\n' "${3-$(cat)}" >"machines/$1/root/$2"
}

# JSON with a row of each list of objects on a line of its own.
rows() {
	sed 's/},{/},\n{/g'
}

clock=sys/devices/system/clocksource/clocksource0
hyperv='40000000 40000006 =Microsoft Hv
40000001 31237648 0 0 0
40000003 00000a6e 00000030 0 00000128
40000004 00000404 00001fff 0 0'
vmware='40000000 40000010 =VMwareVMware
40000010 002625a0 000101d0 00000001 0'

machine_kvm() { # NAME
	machine "$1" <<-END
		40000000 40000001 =KVMKVMKVM
		40000001 01007afb 0 0 1
	END
	file_of "$1" $clock/current_clocksource tsc
	file_of "$1" $clock/available_clocksource "tsc kvm-clock "
	file_of "$1" proc/cmdline "root=/dev/vda quiet"
	file_of "$1" proc/stat "cpu  1 2 3 4 5 6 7 0 0 0"
	file_of "$1" proc/interrupts <<-END
		           CPU0       CPU1
		 HYP:         93         24   Hypervisor callback interrupts
	END
}

# With the directory etc in the place of /etc. Who is not root can do that as root of a
# user namespace.
with_etc() { # COMMAND [WORD...]
	# shellcheck disable=SC2016 # this is for the shell in there
	unshare --map-root-user --mount sh -c \
		'mount --bind etc /etc && exec "$@"' sh "$@"
}

# Features that are offered, each with leaf, register and bit, or the bit in sysfs.
offers() {
	vmictl detect | sed -n '/^OFFERED/,/^ *$/p' | awk '
		NR > 1 && NF { $2 = ""; sub(/ CPUID 0x4000/, " "); sub(/ .sys.*features/, ""); print }' |
		sed 's/  */ /g; s/ bit / /' | paste -sd ';' | sed 's/;/; /g' | fold -sw 90 | sed 's/ $//'
}

# A machine whose kernel lists the functions of the operations, and has kprobe events;
# and symbols for that. It is KVM, which imitates Hyper-V.
tracers() { # MACHINE
	machine "$1" <<-END
		$hyperv
		40000100 40000101 =KVMKVMKVM
	END
	file_of "$1" sys/kernel/vmi/ops/tlb.flush_multi/function vmi_kvm_flush_multi
	file_of "$1" sys/kernel/vmi/ops/lock.kick/function vmi_kvm_kick
	file_of "$1" sys/kernel/vmi/ops/lock.wait/function none
	file_of "$1" sys/kernel/tracing/kprobe_events ""
}

symbols='0000000000000000 T vmi_pv_lock_slowpath
0000000000000000 t vmi_kvm_kick	[vmi_kvm]'

# The command for the host that "vmictl trace" prints.
host() { # OP
	vmictl trace "$1" | sed -n 's/^  host  perf  *//p'
}

# A module without options of the program's compiler, which can be several words.
module() { # NAME [MACRO...]
	local name=$1

	shift
	# shellcheck disable=SC2086 # these are words
	$MODULE_CC -std=gnu11 -O2 -fno-pic -fno-pie -fcf-protection=none -c -o "$name.ko" \
		"${@/#/-D}" "$TESTS/fake_module.c"
}

# Of what is said of a module, some fields, and the verdict behind the exit status.
checked() { # NAME [FIELD...]
	local status=0 file=$1.ko field

	shift
	vmictl check "$file" >said || status=$?
	for field; do
		grep "^$field " said
	done
	sed -n "/^verdict/,\$ { s/^verdict    /$status/; s/^    */  /; p }" said
}

# The verdict of a module with these macros.
verdict() { # MACRO...
	module made "$@" && checked made
}

# Each line of a table begins with macros, in front of the verdict.
verdicts() {
	local line macros

	while read -r line; do
		macros=${line%%: [0-9] *}
		echo "$macros: $(eval "verdict $macros")"
	done
	[ -n "$macros" ] || echo "the table is empty"
}

# The module good.ko with other bytes.
patched() { # PYTHON
	python3 -c "import struct; data = bytearray(open('good.ko', 'rb').read())
$1; open('patched.ko', 'wb').write(data)"
}

# The words of the function is_reserved_name().
reserved_names() { # FILE
	sed -n '/is_reserved_name(const char [*]name)$/,/^}/s/"/\n/gp' "$1" |
		grep -x '[a-z][a-z0-9.-]*' | sort
}

# What a shell offers for the last word in front of the colon, for each line of a table.
# Where a command takes no word, zsh offers options for an empty one.
offered() { # SHELL
	local lines offers line

	mapfile -t lines < <(sed 's/:.*//')
	[ ${#lines[@]} -gt 0 ] || echo "the table is empty"
	printf '%s\n' "${lines[@]}" | "offered_by_$1" | for line in "${lines[@]}"; do
		read -r offers
		[[ $line != *" " ]] || offers=$(sed -E 's/(^| )-[^ ]*//g; s/^ //' <<<"$offers")
		echo "$line:${offers:+ $offers}"
	done
}

offered_by_zsh() { zsh -f "$TESTS/complete.zsh" "$SOURCE"; }

offered_by_bash() {
	(
		# shellcheck source=/dev/null
		. "$SOURCE/vmictl.bash"
		while IFS= read -r line; do
			read -ra COMP_WORDS <<<"$line"
			[[ $line != *" " ]] || COMP_WORDS+=("")
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			_vmictl </dev/null
			printf '%s\n' "${COMPREPLY[@]}" | sort -u | paste -sd ' '
		done
	)
}

sorted() { # WORD...
	printf '%s\n' "$@" | sort | paste -sd ' '
}

# What has to be offered, by what help says.
# shellcheck disable=SC2046,SC2086 # these are words
offers_of_help() {
	local command action options

	echo "vmictl : $(sorted $(commands_of_help))"
	for command in $(commands_of_help); do
		echo "vmictl $command -: $(sorted $(options_of_help $command))"
		# Those have words that the usage does not spell out.
		case $command in
		check | help | use) continue ;;
		esac
		echo "vmictl $command : $(sorted $(actions_of_help $command | sed 's/ .*//'))"
		actions_of_help $command | while read -r action options; do
			echo "vmictl $command $action -: $(sorted $(options_of_help) $options)"
		done
	done | sed 's/: $/:/'
}

# What is built is built. Variables that this run was given, by make in the environment
# as well, are not for here.
make_target() { # TARGET [VARIABLE=VALUE...]
	env -i PATH="$PATH" "$MAKE" -C "$SOURCE" -s --no-print-directory O="$BUILD" \
		DESTDIR="$PWD/${DESTDIR:-root}" "$@"
}

# What is there besides directories.
installed() { # DIRECTORY
	(cd "$1" && find . ! -type d | sort)
}

# The library that is installed below "root".
pkg_config() { # OPTION...
	PKG_CONFIG_PATH=root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$PWD/root \
		"$PKG_CONFIG" "$@" libvmi
}

# The fake kernel needs libnl itself.
# shellcheck disable=SC2046,SC2086 # these are words
compile_example() { # PROGRAM [SOURCE...]
	local program=$1

	shift
	$CC -o "$program" "$LIBRARY/example.c" "$@" "$BUILD/tests/fake_kernel.o" \
		$(pkg_config --cflags --libs) $("$PKG_CONFIG" --libs libnl-genl-3.0)
}

# Of what it takes from elsewhere, that which ends a program or writes where the
# program's own words go.
ends_or_prints() { # FILE
	nm -D --undefined-only "$1" | awk '{ print $NF }' | sed 's/@.*//' | grep -Ex \
		-e 'abort|_*exit|_Exit|quick_exit|raise|kill|__assert.*|__fortify_fail' \
		-e '_*v?[df]?w?printf(_chk)?|perror|psig.*|nl_perror' \
		-e 'f?put.*|_*fwrite.*|p?writev?(64)?|v?(err|warn)x?c?|error(_at_line)?' \
		-e 'v?syslog|std(out|err)|nl_.*dump.*'
}

# What the module of dracut asks for. That dracut does it is seen by check-package.sh.
dracut_installs() { # KERNEL
	(
		inst_multiple() { echo "inst_multiple $*"; }
		inst() { echo "inst $*"; }
		modprobe() { :; }
		# shellcheck source=/dev/null
		. "$SOURCE/system/dracut/module-setup.sh"
		# shellcheck disable=SC2034 # for what was sourced
		dracutsysrootdir=dracut kernel=$1
		install
	)
}

# A record for schema/check.py of a command, as JSON and as text.
record() { # STATUS WORD...
	local wanted=$1 got=0

	shift
	echo "# vmictl: begin $*"
	case $* in
	# This has no document.
	*--format*) ;;
	*) vmictl -j "$@" 2>/dev/null | sed 's/^/# vmictl: json /' ;;
	esac
	vmictl "$@" >text 2>said || got=$?
	# These say more there: how to stop, and which line failed.
	case $1 in
	monitor | --batch) : >said ;;
	esac
	sed 's/^/# vmictl: text /' text said
	[ $got -ne "$wanted" ] || echo "# vmictl: end $got"
}

# Each line of a table begins with a change to the record in a file, in front of what
# check_schema says of it then.
spoilt() { # FILE
	local changes change number problem

	mapfile -t changes < <(sed 's/ => .*//')
	[ ${#changes[@]} -gt 0 ] || echo "the table is empty"
	for change in "${changes[@]}"; do
		sed "$change" "$1"
	done | check_schema | sed -n 's/^\([0-9]*\) [^:]*: /\1 /p' |
		while read -r number problem; do
			echo "${changes[number - 1]} => $problem"
		done
}

# What is wrong with what standard input has recorded, and how many records there are.
check_schema() {
	"$SOURCE/schema/check.py" --text /dev/stdin | awk '
		/^1[.][.]/
		/^# / { problems = problems "; " substr($0, 3) }
		/^not ok/ { sub(/^not ok /, ""); print $0 ": " substr(problems, 3); problems = "" }'
}
