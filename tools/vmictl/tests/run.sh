#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of vmictl that need no VMI kernel; KTAP on stdout.
#
# VMICTL is the program, VMICTL_FAKE the one that brings its own kernel (see
# fake_kernel.c); without the latter its tests are skipped. So are those of
# libvmi without LIBVMI, the directory it was built in; MAKE, CC and PKG_CONFIG
# are used for them.

VMICTL=${VMICTL:-vmictl}
VMICTL_FAKE=${VMICTL_FAKE:-}
LIBVMI=${LIBVMI:-}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

count=0
failed=0
newline='
'

report() { # VERDICT NAME [DIRECTIVE]
	count=$((count + 1))
	echo "$1 $count $2${3:+ # $3}" >>"$tmp/report"
	if [ "$1" = "not ok" ]; then
		failed=$((failed + 1))
	fi
}

# Is this word for word, or as a pattern, what was printed?
matches() { # FILE PATTERN
	text=$(cat "$1")
	# shellcheck disable=SC2254 # the argument is a pattern
	case $text in
	$2) return 0 ;;
	esac
	return 1
}

# Standard output and error are patterns of the shell; empty is silence.
expect() { # NAME STATUS STDOUT STDERR COMMAND [WORD...]
	name=$1 status=$2 out=$3 err=$4
	shift 4
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	rc=$?
	if [ $rc -eq "$status" ] && matches "$tmp/out" "$out" &&
		matches "$tmp/err" "$err"; then
		report ok "$name"
		return
	fi
	report "not ok" "$name"
	{
		echo "# $* exited with $rc, expected $status"
		sed 's/^/# stdout: /' "$tmp/out"
		sed 's/^/# stderr: /' "$tmp/err"
	} >>"$tmp/report"
}

fake() { # KERNEL WORD...
	kernel=$1
	shift
	FAKE_KERNEL=$kernel "$VMICTL_FAKE" "$@"
}

fake_into_full() {
	fake good "$@" >/dev/full
}

fake_without_stdout() {
	fake good "$@" >&-
}

# The reader leaves first; a monitor that does not notice would wait for ever.
fake_without_reader() {
	mkfifo "$tmp/fifo"
	: <"$tmp/fifo" &
	timeout 10 env FAKE_KERNEL=patient "$VMICTL_FAKE" "$@" >"$tmp/fifo"
}

batch_of() { # LINES OPTION...
	printf '%s\n' "$1" >"$tmp/batch"
	shift
	"$@" -b "$tmp/batch"
}

batch_from_stdin() { # LINES COMMAND...
	lines=$1
	shift
	printf '%s\n' "$lines" | "$@" -b -
}

into_full() {
	"$VMICTL" "$@" >/dev/full
}

test_usage() {
	expect "help" 0 "Usage: vmictl *--json*" "" "$VMICTL" help
	expect "-h" 0 "Usage: vmictl *monitor*" "" "$VMICTL" -h
	expect "--help" 0 "Usage: *" "" "$VMICTL" --help
	for command in status layers list ops caps stats use monitor; do
		expect "$command help" 0 "Usage: vmictl ?OPTIONS? $command*" \
			"" "$VMICTL" "$command" help
		expect "help $command" 0 "Usage: vmictl ?OPTIONS? $command*" \
			"" "$VMICTL" help "$command"
	done
	expect "version" 0 "vmictl [0-9]*" "" "$VMICTL" -V
	expect "version in JSON" 0 '{"version":"[0-9]*,"libraries":{*}}' "" \
		"$VMICTL" -j -V
	expect "unknown command" 1 "" \
		"Error: unknown command 'x' (use status, *, monitor or help)." \
		"$VMICTL" x
	expect "prefix of a command" 1 "" "Error: unknown command 'stat' *" \
		"$VMICTL" stat
	expect "unknown option" 1 "" "Error: unknown option '-x' *" \
		"$VMICTL" -x
	expect "unknown long option" 1 "" "Error: unknown option '--x' *" \
		"$VMICTL" --x
	expect "missing argument" 1 "" "Error: option -b needs a file." \
		"$VMICTL" -b
	for command in status layers list ops caps monitor; do
		expect "$command with a word too many" 1 "" \
			"Error: $command: unexpected word 'x'.*Usage: *" \
			"$VMICTL" "$command" x
	done
	expect "use without a provider" 1 "" "Error: use: *Usage: *" \
		"$VMICTL" use
	expect "use with two providers" 1 "" "Error: use: *" "$VMICTL" use a b
	expect "use with an empty name" 1 "" "Error: use: a name has 1 to 31 *" \
		"$VMICTL" use ""
	expect "use with a long name" 1 "" "Error: use: a name has 1 to 31 *" \
		"$VMICTL" use 12345678901234567890123456789012
	expect "unknown action" 1 "" \
		"Error: stats: unknown action 'x' (use on, off or reset).*" \
		"$VMICTL" stats x lock
	expect "stats with too many words" 1 "" "Error: stats: *" \
		"$VMICTL" stats on a b
	expect "usage error in JSON" 1 '{"error":"unknown command *"}' "" \
		"$VMICTL" -j x
	expect "control characters in a word" 1 "" \
		"Error: unknown command 'a?b' *" "$VMICTL" "$(printf 'a\033b')"
}

test_output() {
	expect "full device" 2 "" \
		"Error: cannot write to the standard output*" into_full help
	expect "JSON to a full device" 2 "" \
		"Error: cannot write to the standard output*" into_full -j -V
}

test_batch() {
	expect "missing batch file" 1 "" "Error: cannot open $tmp/none: *" \
		"$VMICTL" -b "$tmp/none"
	expect "missing batch file in JSON" 1 '{"error":"cannot open *"}' "" \
		"$VMICTL" -j -b "$tmp/none"
	expect "batch file that is a directory" 1 "" "Error: cannot *" \
		"$VMICTL" -b "$tmp"
	expect "batch and command" 1 "" "Error: unexpected word 'ops': *" \
		"$VMICTL" -b "$tmp/none" ops
	expect "empty batch" 0 "" "" batch_of "" "$VMICTL"
	expect "comments" 0 "Usage: *" "" \
		batch_of "# one$newline$newline  help # two" "$VMICTL"
	expect "bad line" 1 "Usage: *" \
		"Error: unknown command 'x' *Command failed $tmp/batch:2" \
		batch_of "help${newline}x${newline}y" "$VMICTL"
	expect "bad line in JSON" 1 \
		'?{"command":?"help"?,"output":null},{"command":?"x"?,"error":"*"}?' \
		"" batch_of "help${newline}x${newline}y" "$VMICTL" -j
	expect "too many words on a line" 1 "" "Error: a line of a batch *" \
		batch_of "use 2 3 4 5 6 7 8 9" "$VMICTL"
	expect "monitor in a batch" 1 "" "Error: monitor cannot *" \
		batch_of monitor "$VMICTL"
	expect "batch from stdin" 0 "Usage: *" "" \
		batch_from_stdin help "$VMICTL"
}

none="VMI netlink family not found: *CONFIG_VMI*"

test_no_vmi() {
	for command in "" status layers list ops caps stats "stats on" \
		"use kvm" monitor; do
		name="${command:-no command} without VMI"
		if [ -d /sys/kernel/vmi ]; then
			report ok "$name" "SKIP this kernel has VMI"
			continue
		fi
		# shellcheck disable=SC2086 # these are words
		expect "$name" 2 "" "Error: $none." "$VMICTL" $command
		# shellcheck disable=SC2086
		expect "$name in JSON" 2 "{\"error\":\"$none\"}" "" \
			"$VMICTL" -j $command
	done
}

test_status() {
	expect "status" 0 "active      kvm*asked for at run time*1.412345 s after boot, before PID 1*" \
		"" fake good
	expect "status in JSON" 0 \
		'{"active":"kvm","requested":"auto","state":"active","hypervisor":"KVMKVMKVM","builtin":"native","api":{"major":1,"minor":2},"switches":1,"switched-at-ns":1412345678,"before-init":true,"last-error":null,"choice":"asked for at run time"}' \
		"" fake good -j status
	expect "status without a backend" 0 "*state       none*never*detect: *" \
		"" fake native
	expect "status without a backend in JSON" 0 \
		'{"active":"native","requested":"kvm","state":"none",*,"before-init":false,"last-error":{"kind":"detect","message":"this machine is not KVM"},"choice":"asked for at run time"}' \
		"" fake native -j
	expect "pretty implies JSON" 0 "{$newline  \"active\": \"kvm\",*" "" \
		fake good -p
	expect "control characters from the kernel" 0 \
		'*"hypervisor":"??2Jevil?",*' "" fake hostile -j
	expect "malformed reply" 2 "" "Error: *malformed." fake malformed
	expect "no reply" 2 "" "Error: *malformed." fake silent
	expect "status into a full device" 2 "" "Error: cannot write *" \
		fake_into_full status
	expect "closed standard output" 2 "" "Error: cannot write *" \
		fake_without_stdout -j status
}

test_lists() {
	expect "layers" 0 "SIGNATURE *KVMKVMKVM *0x40000100  kvm" "" \
		fake good layers
	expect "layers in JSON" 0 \
		'?{"signature":"Microsoft Hv","evidence":"CPUID 0x40000000"},{"signature":"KVMKVMKVM","evidence":"CPUID 0x40000100","backend":"kvm"}?' \
		"" fake good -j layers
	expect "list" 0 "NAME  STATE *kvm   active *xen   failed *" "" \
		fake good list
	expect "list in JSON" 0 \
		'?{"name":"kvm",*},{"name":"xen",*,"state":"failed","last-error":{*}}?' \
		"" fake good -j list
	expect "unknown state" 0 '*"name":"xen",*"state":"unknown"*' "" \
		fake hostile -j list
	expect "ops" 0 "NAME  *lock.wait        native *not offered" "" \
		fake good ops
	expect "ops in JSON" 0 \
		'?{"name":"tlb.flush_multi","group":"tlb","provider":"kvm","counting":true,"calls":12},*9223372036854775807}*"reason":"not offered"}?' \
		"" fake good -j ops
	expect "caps" 0 \
		"NAME *async-pf    kvm      yes      no                 -  no vector *" \
		"" fake good caps
	expect "caps in JSON" 0 \
		'?{"name":"steal-time","backend":"kvm","offered":true,"bound":true,"uses":1099511627776},{"name":"async-pf","backend":"kvm","offered":true,"bound":false,"reason":"no vector for modules"}?' \
		"" fake good -j caps
	expect "list in a single datagram" 0 \
		'?{*tlb.flush_multi*lock.kick*lock.wait*}?' "" \
		fake packed -j ops
	expect "list that changed while read" 0 \
		'?{*tlb.flush_multi*lock.kick*lock.wait*}?' "" \
		fake interrupted -j ops
	expect "list that keeps changing" 2 "" "Error: *16 tries." \
		fake endless ops
	expect "list that breaks off" 2 "" "Error: the list is too long." \
		fake half ops
}

test_stats() {
	expect "stats" 0 "NAME *CALLS  COUNTING  PROVIDER*" "" fake good stats
	expect "stats of a group in JSON" 0 \
		'?{"name":"lock.kick","calls":*},{"name":"lock.wait","calls":0,"counting":false,"provider":"native"}?' \
		"" fake good -j stats lock
	expect "stats of an op" 0 "NAME *tlb.flush_multi     12  yes *kvm" "" \
		fake good stats tlb.flush_multi
	expect "stats of something unknown" 2 "" \
		"Error: unknown group or op 'x' (groups: tlb, lock)." \
		fake good stats x
	expect "stats on" 0 "" "Warning: asked for action 1 of all." \
		fake warning stats on
	expect "stats off" 0 "" "Warning: asked for action 0 of lock." \
		fake warning stats off lock
	expect "stats reset" 0 "" "Warning: asked for action 2 of lock.kick." \
		fake warning stats reset lock.kick
}

test_changes() {
	expect "use" 0 "" "" fake good use kvm
	expect "use in JSON" 0 null "" fake good -j use kvm
	expect "sentence of a refusal" 2 "" "Error: asked to use xen." \
		fake refusing use xen
	expect "one full stop" 2 "" "Error: asked for action 1 of all." \
		fake refusing stats on
	expect "refusal in JSON" 2 '{"error":"asked for action 1 of all"}' "" \
		fake refusing -j stats on
	expect "sentence after a copy of the request" 2 "" \
		"Error: asked to use xen." fake uncapped use xen
	expect "no permission" 2 "" \
		"Error: *needs CAP_SYS_ADMIN in the initial user namespace." \
		fake eperm use kvm
	expect "errno without a sentence" 2 "" \
		"Error: cannot switch to kvm: *busy." fake busy use kvm
	expect "batch of changes" 0 \
		'?{"command":?"use","kvm"?,"output":null},{"command":?"status"?,"output":{*}}?' \
		"" batch_of "use kvm${newline}status" fake good -j
	expect "refusal in a batch" 2 "" \
		"Error: asked to use a.*Command failed $tmp/batch:1" \
		batch_of "use a${newline}use b" fake refusing
}

test_monitor() {
	date='20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:]*.[0-9]*Z'
	expect "monitor" 0 \
		"$date backend-ntf name kvm state prepared$newline$date status-ntf active kvm *" \
		"Monitoring, press Ctrl-C to stop." fake good monitor
	expect "monitor in JSON" 0 \
		"{\"timestamp\":\"$date\",\"event\":\"backend-ntf\",\"backend\":{\"name\":\"kvm\",*}}$newline{*\"event\":\"status-ntf\",\"status\":{*,\"api\":{*},*}}" \
		"" fake good -j monitor
	expect "lost events" 0 \
		"*backend-ntf *$newline$date lost$newline$date status-get *backend-get name kvm *backend-get name xen *status-ntf *" \
		"*Warning: events were lost; resynchronising." \
		fake lost monitor
	expect "monitor without a reader" 0 "" "" fake_without_reader -j monitor
	expect "monitor into a full device" 2 "" \
		"*Error: cannot write *" fake_into_full -j monitor
}

# The library as others find it: below a directory of its own.
install_library() {
	root=$tmp/root
	$MAKE -s install O="$LIBVMI" DESTDIR="$root" PREFIX=/usr &&
		cp lib/example.c "$tmp"
}

libvmi() { # OPTION...
	PKG_CONFIG_LIBDIR=$root/usr/lib/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=$root "$PKG_CONFIG" "$@" libvmi
}

# shellcheck disable=SC2046,SC2086 # these are words
compile_example() {
	$CC -o "$tmp/example" "$tmp/example.c" "$LIBVMI/tests/fake_kernel.o" \
		$(libvmi --cflags --libs) $("$PKG_CONFIG" --libs libnl-genl-3.0)
}

example() { # KERNEL WORD...
	kernel=$1
	shift
	FAKE_KERNEL=$kernel LD_LIBRARY_PATH=$root/usr/lib "$tmp/example" "$@"
}

# Exported are the functions that are documented, and nothing else.
exports() {
	sed -n 's/^ \* \(vmi_[a-z_]*\)() - .*/\1@@LIBVMI_0.1/p' lib/vmi.h |
		sort >"$tmp/documented"
	nm -D --defined-only "$root/usr/lib/libvmi.so" |
		awk '$2 != "A" { print $3 }' | sort |
		diff "$tmp/documented" -
}

soname() {
	objdump -p "$root/usr/lib/libvmi.so" | awk '$1 == "SONAME" { print $2 }'
}

test_library() {
	expect "installation" 0 "" "" install_library
	expect "version" 0 "$("$VMICTL" -V | sed 's/vmictl //')" "" \
		libvmi --modversion
	expect "soname" 0 libvmi.so.0 "" soname
	expect "exported symbols" 0 "" "" exports
	expect "example" 0 "" "" compile_example
	expect "status and event" 0 \
		"kvm is in charge: asked for at run time${newline}backend kvm is prepared" \
		"" example patient
	expect "malformed status" 1 "" "*reply is malformed" example malformed
	expect "nonsense" 0 "" "" "$LIBVMI/tests/damage"
	if [ -d /sys/kernel/vmi ]; then
		report ok "example without VMI" "SKIP this kernel has VMI"
	else
		expect "example without VMI" 1 "" "*: $none" \
			"$LIBVMI/lib/example"
	fi
}

: >"$tmp/report"
test_usage
test_output
test_batch
test_no_vmi
if [ -n "$VMICTL_FAKE" ]; then
	test_status
	test_lists
	test_stats
	test_changes
	test_monitor
else
	report ok "replies" "SKIP VMICTL_FAKE is not set"
fi

if [ -n "$LIBVMI" ]; then
	test_library
else
	report ok "library" "SKIP LIBVMI is not set"
fi

echo "KTAP version 1"
echo "1..$count"
cat "$tmp/report"
[ $failed -eq 0 ]
