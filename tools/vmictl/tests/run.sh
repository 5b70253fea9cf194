#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of vmictl that need no VMI kernel; KTAP on stdout.
#
# VMICTL is the program, VMICTL_FAKE the one that brings its own kernel (see
# fake_kernel.c) and its own machine (see fake_machine.c); without the latter its
# tests are skipped. So are those of libvmi without LIBVMI, the directory it was
# built in; MAKE, CC and PKG_CONFIG are used for them. MODULE_CC is the compiler of the
# modules that are checked. VMICTL_TREE is a kernel tree, of Linux 6.12, that constants
# are compared with. TERMINAL is for tests at a terminal.

VMICTL=${VMICTL:-vmictl}
VMICTL_FAKE=${VMICTL_FAKE:-}
LIBVMI=${LIBVMI:-}
VMICTL_TREE=${VMICTL_TREE:-../../build/linux-6.12}

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

# No program here is waited for for ever, so one that hangs is a test that fails.
limit="timeout -k 5 60"

# With functions, that is for the programs they run.
limited() { # COMMAND [WORD...]
	case $(command -v "$1") in
	*/*) $limit "$@" ;;
	*) "$@" ;;
	esac
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
	limited "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
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
	TZ=${TZ:-UTC} FAKE_KERNEL=$kernel $limit "$VMICTL_FAKE" "$@"
}

fake_into_full() {
	fake good "$@" >/dev/full
}

fake_without_stdout() {
	fake good "$@" >&-
}

# The reader leaves first; a monitor that does not notice would wait for ever.
fake_without_reader() {
	[ -p "$tmp/fifo" ] || mkfifo "$tmp/fifo"
	: <"$tmp/fifo" &
	FAKE_KERNEL=patient $limit "$VMICTL_FAKE" "$@" >"$tmp/fifo"
}

batch_of() { # LINES OPTION...
	printf '%s\n' "$1" >"$tmp/batch"
	shift
	limited "$@" -b "$tmp/batch"
}

batch_from_stdin() { # LINES COMMAND...
	lines=$1
	shift
	printf '%s\n' "$lines" | limited "$@" -b -
}

into_full() {
	$limit "$VMICTL" "$@" >/dev/full
}

# A machine of the name: its CPUID from stdin, as fake_machine.c reads it.
machine() { # NAME
	mkdir -p "$tmp/machines/$1/root"
	cat >"$tmp/machines/$1/cpuid"
}

machine_file() { # NAME PATH TEXT
	mkdir -p "$tmp/machines/$1/root/${2%/*}"
	printf '%s\n' "$3" >"$tmp/machines/$1/root/$2"
}

on() { # NAME WORD...
	machine=$1
	shift
	FAKE_MACHINE=$tmp/machines/$machine $limit "$VMICTL_FAKE" "$@"
}

# The same as a pattern without the other parts of the document.
part() { # NAME KEY NEXT-KEY
	on "$1" -j detect | sed "s/.*\"$2\"://; s/,\"$3\":.*//; s/}\$//"
}

# How often the pattern is in the document.
counted() { # NAME PATTERN
	on "$1" -j detect | grep -o "\"$2" | wc -l
}

# With those of all commands, which it does not spell out.
options_in_usage() { # COMMAND
	{
		"$VMICTL" help "$1" | sed -n 's/^Usage: //p' | grep -o -e '--[a-z-]*'
		options_of_help | grep '^--'
	} | sort -u | paste -sd ' '
}

test_usage() {
	expect "help" 0 "Usage: vmictl *--json*" "" "$VMICTL" help
	expect "-h" 0 "Usage: vmictl *monitor*" "" "$VMICTL" -h
	expect "--help" 0 "Usage: *" "" "$VMICTL" --help
	for command in status layers detect check list ops explain trace caps \
		stats top use policy monitor; do
		expect "$command help" 0 "Usage: vmictl ?OPTIONS? $command*" \
			"" "$VMICTL" "$command" help
		expect "help $command" 0 "Usage: vmictl ?OPTIONS? $command*" \
			"" "$VMICTL" help "$command"
	done
	for command in $(commands_of_help | tr -d ,); do
		expect "options in the usage of $command" 0 \
			"$(options_of_help "$command" | grep '^--' | sort | paste -sd ' ')" \
			"" options_in_usage "$command"
	done
	expect "version" 0 "vmictl [0-9]*" "" "$VMICTL" -V
	expect "version in JSON" 0 '{"version":"[0-9]*,"libraries":{"libnl":"*","jansson":"*","ncurses":"*"}}' "" \
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
	for command in status layers detect list ops caps monitor; do
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
	expect "unknown policy action" 1 "" \
		"Error: policy: unknown action 'x' (use show, set, clear or load).*Usage: *" \
		"$VMICTL" policy x
	for words in "set" "set lock" "set lock native x"; do
		# shellcheck disable=SC2086 # these are words
		expect "policy $words" 1 "" \
			"Error: policy: set takes a group or an op, and a provider.*" \
			"$VMICTL" policy $words
	done
	expect "policy show x" 1 "" "Error: policy: unexpected word 'x'.*" \
		"$VMICTL" policy show x
	expect "policy clear a b" 1 "" "Error: policy: clear takes one *" \
		"$VMICTL" policy clear a b
	expect "policy load a b" 1 "" "Error: policy: load takes one *" \
		"$VMICTL" policy load a b
	expect "policy with an empty name" 1 "" \
		"Error: policy: a name has 1 to 31 *" \
		"$VMICTL" policy set lock ""
	expect "policy with a long name" 1 "" \
		"Error: policy: a name has 1 to 31 *" \
		"$VMICTL" policy clear 12345678901234567890123456789012
	expect "unknown action" 1 "" \
		"Error: stats: unknown action 'x' (use on, off or reset).*" \
		"$VMICTL" stats x lock
	expect "stats with too many words" 1 "" "Error: stats: *" \
		"$VMICTL" stats on a b
	expect "explain without an op" 1 "" "Error: explain: *Usage: *" \
		"$VMICTL" explain
	expect "explain with a long name" 1 "" \
		"Error: explain: a name has 1 to 31 *" \
		"$VMICTL" explain 12345678901234567890123456789012
	for interval in "" x 1x nan inf 0 -1 0.09 86401; do
		expect "interval of '$interval'" 1 "" \
			"Error: an interval has 0.1 to 86400 seconds, not '$interval'." \
			"$VMICTL" stats --interval "$interval"
	done
	for number in "" x 0 -1 1.5 18446744073709551616; do
		expect "count of '$number'" 1 "" \
			"Error: a count is a number from 1 on, not '$number'." \
			"$VMICTL" stats --interval 1 --count "$number"
	done
	expect "interval without a value" 1 "" \
		"Error: option --interval needs a value." "$VMICTL" --interval
	expect "count without an interval" 1 "" \
		"Error: stats: --count needs --interval.*" \
		"$VMICTL" stats --count 1
	expect "top with too many words" 1 "" \
		"Error: top: unexpected word 'b'.*Usage: *" "$VMICTL" top a b
	expect "format of top" 1 "" "Error: top has no option --format (use --json, *)." \
		"$VMICTL" top --format openmetrics
	expect "unknown format" 1 "" \
		"Error: unknown format 'x' (use openmetrics)." \
		"$VMICTL" stats --format x
	expect "format with an interval" 1 "" "Error: stats: --format goes *" \
		"$VMICTL" stats --format openmetrics --interval 1
	expect "option of a reset" 1 "" \
		"Error: stats: reset has no options.*" \
		"$VMICTL" stats reset --histogram
	for option in --per-cpu "--interval 1"; do
		# shellcheck disable=SC2086 # these are words
		expect "histograms with $option" 1 "" \
			"Error: stats: --histogram goes *" \
			"$VMICTL" stats --histogram $option
	done
	expect "histograms of top" 1 "" \
		"Error: top has no option --histogram (use --json, *)." "$VMICTL" top --histogram
	expect "format with JSON" 1 '{"error":"stats: --format goes *"}' "" \
		"$VMICTL" -j stats --format openmetrics
	expect "interval of an action" 1 "" \
		"Error: stats: on has no option but --histogram.*" \
		"$VMICTL" stats on --interval 1
	for command in status layers detect list ops caps monitor; do
		expect "$command with an interval" 1 "" \
			"Error: $command has no option --interval (use --json, *)." \
			"$VMICTL" --interval 1 "$command"
	done
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

# What the shells would offer for the last word, sorted, with the names of a kernel.
offering=good

completed_by_bash() { # WORD...
	# shellcheck disable=SC2016 # this is for bash
	PATH=$tmp/bin:$PATH FAKE_KERNEL=$offering LC_ALL=C $limit bash -c '
		. ./vmictl.bash && COMP_WORDS=("$@") && COMP_CWORD=$(($# - 1)) &&
		_vmictl && echo $(printf "%s\n" "${COMPREPLY[@]}" | sort -u)' \
		bash "$@"
}

completed_by_zsh() { # WORD...
	PATH=$tmp/bin:$PATH FAKE_KERNEL=$offering LC_ALL=C \
		$limit zsh -f tests/complete.zsh "$tmp" "$@"
}

completed() { # SHELL WORD...
	shell=$1
	shift
	"completed_by_$shell" "$@"
}

sorted() { # WORD...
	printf '%s\n' "$@" | LC_ALL=C sort | paste -sd ' '
}

# Where a command takes no word, zsh offers its options.
completed_words() { # SHELL WORD...
	completed "$@" | tr ' ' '\n' | grep -v '^-' | paste -sd ' '
}

# What is offered behind a command is what help says of it, no more and no less. There
# is no kernel with names of ops, or of backends, to be offered as well.
# shellcheck disable=SC2046,SC2086 # these are words
test_completion_of_command() { # SHELL COMMAND
	expect "$1: options of $2, as in its help" 0 \
		"$(sorted $(options_of_help "$2"))" "" completed "$1" vmictl "$2" -
	# Those have words that the usage does not spell out.
	case $2 in
	check | help | use) return ;;
	esac
	actions_of_help "$2" >"$tmp/ways"
	offering=absent
	expect "$1: words of $2, as in its help" 0 \
		"$(sorted $(sed 's/ .*//' "$tmp/ways"))" "" \
		completed_words "$1" vmictl "$2" ""
	offering=good
	while read -r action options; do
		expect "$1: options of $2 $action, as in its help" 0 \
			"$(sorted $(options_of_help) $options)" "" \
			completed "$1" vmictl "$2" "$action" -
	done <"$tmp/ways"
}

# Names of ops and backends are those of the fake kernel.
test_completion() { # SHELL
	mkdir -p "$tmp/bin"
	ln -sf "$(realpath "${VMICTL_FAKE:-$VMICTL}")" "$tmp/bin/vmictl"

	expect "$1: a command" 0 "stats status" "" completed "$1" vmictl stat
	# shellcheck disable=SC2046 # these are words
	expect "$1: all commands" 0 \
		"$(printf '%s\n' help $(commands_of_help | tr -d ,) | LC_ALL=C sort | xargs)" \
		"" completed "$1" vmictl ""
	for command in help $(commands_of_help | tr -d ,); do
		test_completion_of_command "$1" "$command"
	done
	expect "$1: a command for help" 0 "layers list" "" \
		completed "$1" vmictl help l
	expect "$1: options" 0 "--batch --help --json *-p" "" completed "$1" vmictl -
	expect "$1: options of stats" 0 "--interval" "" \
		completed "$1" vmictl stats --i
	expect "$1: options of stats that show" 0 "--histogram" "" \
		completed "$1" vmictl stats --hi
	expect "$1: each CPU" 0 "--per-cpu" "" completed "$1" vmictl stats --pe
	expect "$1: each CPU of a group" 0 "tlb tlb.flush_multi" "" \
		completed "$1" vmictl stats --per-cpu t
	expect "$1: an interval of each CPU" 0 "--interval" "" \
		completed "$1" vmictl stats --per-cpu --i
	expect "$1: no format of histograms" 0 "" "" \
		completed "$1" vmictl stats --histogram --f
	expect "$1: the number of readings" 0 "--count" "" \
		completed "$1" vmictl stats --interval 1 --co
	expect "$1: no histograms at an interval" 0 "" "" \
		completed "$1" vmictl stats --interval 1 --hi
	expect "$1: what to do with histograms" 0 "off on" "" \
		completed "$1" vmictl stats --histogram o
	expect "$1: no reset of histograms" 0 "" "" \
		completed "$1" vmictl stats --histogram re
	expect "$1: nothing to do with each CPU" 0 "" "" \
		completed "$1" vmictl stats --per-cpu o
	expect "$1: a group to measure" 0 "tlb tlb.flush_multi" "" \
		completed "$1" vmictl stats on --histogram t
	expect "$1: an option to measure" 0 "--histogram" "" \
		completed "$1" vmictl stats off --hi
	expect "$1: no interval to measure" 0 "" "" \
		completed "$1" vmictl stats on --i
	expect "$1: no histograms to reset" 0 "" "" \
		completed "$1" vmictl stats reset --hi
	expect "$1: no histograms of top" 0 "" "" \
		completed "$1" vmictl top --hi
	expect "$1: options of top" 0 "--count" "" completed "$1" vmictl top --c
	expect "$1: each CPU of top" 0 "--per-cpu" "" \
		completed "$1" vmictl top --pe
	expect "$1: no format for top" 0 "" "" completed "$1" vmictl top --f
	expect "$1: options of others" 0 "" "" completed "$1" vmictl use --i
	expect "$1: a number" 0 "" "" completed "$1" vmictl stats --interval ""
	expect "$1: a format" 0 "openmetrics" "" \
		completed "$1" vmictl stats --format o
	expect "$1: behind a number" 0 "caps *use" "" \
		completed "$1" vmictl --interval 1 ""
	expect "$1: what to do with counters" 0 "off on" "" \
		completed "$1" vmictl stats o
	expect "$1: a file to check" 0 "_vmictl" "" \
		completed "$1" vmictl check _vm
	expect "$1: a file" 0 "_vmictl" "" completed "$1" vmictl -b _vm
	expect "$1: what to do with policies" 0 "clear load set show" "" \
		completed "$1" vmictl policy ""
	expect "$1: a file of policies" 0 "_vmictl" "" \
		completed "$1" vmictl policy load _vm
	expect "$1: a provider of a policy" 0 "native" "" \
		completed "$1" vmictl policy set lock nat
	[ -n "$VMICTL_FAKE" ] || return 0
	expect "$1: a provider" 0 "builtin kvm native xen" "" \
		completed "$1" vmictl use ""
	expect "$1: an operation" 0 "lock.kick lock.wait" "" \
		completed "$1" vmictl explain l
	expect "$1: a group" 0 "tlb tlb.flush_multi" "" \
		completed "$1" vmictl -j top t
	expect "$1: a group to trace" 0 "tlb tlb.flush_multi" "" \
		completed "$1" vmictl trace t
	expect "$1: a group to count" 0 "tlb tlb.flush_multi" "" \
		completed "$1" vmictl stats -j on t
	expect "$1: a group behind a number" 0 "tlb tlb.flush_multi" "" \
		completed "$1" vmictl stats --interval 1 t
}

# At a terminal, for what only an editor of lines does with what is offered.
edited_by_bash() { # WORDS STEPS
	printf '%s\n' "see ready>*" \
		"press . ./vmictl.bash; clear; echo source''d$(printf '\r')" "see sourced*" \
		"press vmictl $1$(printf '\t')" "$2" \
		"press $(printf '\001\013')exit 0$(printf '\r')" "end 0" |
		PS1="ready> " PATH=$tmp/bin:$PATH FAKE_KERNEL=good TERM=vt52 INPUTRC=$tmp/inputrc \
			$limit "$TERMINAL" bash --noprofile --norc -i
}

test_completion_of_bash() {
	expect "bash: behind a number with =" 0 "tlb tlb.flush_multi" "" \
		completed bash vmictl stats --interval = 1 t
	expect "bash: a number behind =" 0 "" "" \
		completed bash vmictl stats --interval = 1
	expect "bash: a format behind =" 0 openmetrics "" \
		completed bash vmictl stats --format =
	expect "bash: the rest of a format behind =" 0 openmetrics "" \
		completed bash vmictl stats --format = o
	expect "bash: a file behind =" 0 "_vmictl" "" \
		completed bash vmictl --batch = _vm
	[ -n "$TERMINAL" ] || return 0
	mkdir -p "$tmp/a directory"
	echo "set enable-bracketed-paste off" >"$tmp/inputrc"
	expect "bash: a directory with a space" 0 "" "" \
		edited_by_bash "check $tmp/a" "see *vmictl check $tmp/a[\\\\] directory/*"
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
	expect "top in a batch" 1 "" "Error: top cannot *" \
		batch_of top "$VMICTL"
	expect "interval of a batch" 1 "" \
		"Error: a batch has no option --interval (use --json, *)." \
		batch_of stats "$VMICTL" --interval 1
	expect "batch from stdin" 0 "Usage: *" "" \
		batch_from_stdin help "$VMICTL"
}

none="VMI netlink family not found: *CONFIG_VMI*"

test_no_vmi() {
	for command in "" status layers list ops "explain io.delay" trace caps \
		stats "stats on" top "use kvm" policy "policy set io native" \
		"policy clear" monitor; do
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
	expect "truncated reply" 2 "" "Error: *: Bad message." fake truncated
	expect "lost reply" 2 "" "Error: *: No buffer space available." \
		fake overrun
	expect "refusal that is not the kernel's" 0 "active      kvm*" "" \
		fake stranger
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
	expect "explain" 0 \
		"name        lock.wait${newline}does        stops a CPU *${newline}vmi-2006    -${newline}provider    native${newline}reason      not offered${newline}active      kvm${newline}choice      asked for at run time" \
		"" fake good explain lock.wait
	expect "explain in JSON" 0 \
		'{"name":"tlb.flush_multi","does":"drops *","vmi-2006":null,"provider":"kvm","reason":null,"active":"kvm","choice":"asked for at run time"}' \
		"" fake good -j explain tlb.flush_multi
	expect "explain something unknown" 2 "" \
		"Error: unknown op 'tlb' (ops: tlb.flush_multi)." \
		fake good explain tlb
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

clock=sys/devices/system/clocksource/clocksource0
hypervisor_bit='1 0 0 80000000 0'

machine_kvm() { # NAME
	machine "$1" <<-END
		$hypervisor_bit
		40000000 40000001 =KVMKVMKVM
		40000001 01007afb 0 0 1
	END
	machine_file "$1" $clock/current_clocksource tsc
	machine_file "$1" $clock/available_clocksource "tsc kvm-clock "
	machine_file "$1" proc/cmdline "root=/dev/vda quiet"
	machine_file "$1" proc/stat "cpu  1 2 3 4 5 6 7 0 0 0"
	machine_file "$1" proc/interrupts \
		"           CPU0       CPU1$newline HYP:         93         24   Hypervisor callback interrupts"
}

test_detect_none() {
	# Without the bit, what the leaves have is not a hypervisor's.
	machine none <<-END
		1 0 0 7fffffff 0
		40000000 40000001 =KVMKVMKVM
	END
	expect "detect without a hypervisor" 0 \
		"No hypervisor was found.$newline${newline}vmi=auto would choose what the kernel booted with: there is no sign of a hypervisor." \
		"" on none detect
	expect "detect without a hypervisor in JSON" 0 \
		'{"hypervisors":??,"driven":null,"choice":"what *","features":??,"in-use":??}' \
		"" on none -j detect
	machine unknown <<-END
		$hypervisor_bit
		40000000 40000001 =$(printf 'a\033[2Jb')
	END
	expect "detect of a hypervisor without a name" 0 \
		'?{"name":"unknown","signature":null,"evidence":?"CPUID hypervisor bit"?}?' \
		"" part unknown hypervisors driven
	machine new <<-END
		$hypervisor_bit
		40000000 40000001 =NewNewNew
	END
	expect "detect of a hypervisor that is not known" 0 \
		"*unknown     NewNewNew  CPUID 0x40000000*VMI has no backend that can be used here.*" \
		"" on new detect
}

test_detect_kvm() {
	machine_kvm kvm
	expect "detect KVM" 0 \
		"HYPERVISOR *KVM         KVMKVMKVM  CPUID 0x40000000$newline*choose KVM: *Not offered: async-pf-vmexit, msi-ext-dest-id, map-gpa-range, migration-control, mmu-op.*async-pf           yes      certain     /proc/interrupts has HYP, 117 so far*" \
		"" on kvm detect
	expect "features of KVM" 0 \
		'?{"hypervisor":"KVM","name":"kvmclock","offered":true,"source":"CPUID 0x40000001 EAX bit 0, 3"},*"pv-tlb-flush","offered":true,"source":"CPUID 0x40000001 EAX bit 9"}*"migration-control","offered":false,"source":"CPUID 0x40000001 EAX bit 17"}*"realtime-hint","offered":true,"source":"CPUID 0x40000001 EDX bit 0"}?' \
		"" part kvm features in-use
	expect "use of KVM's features" 0 \
		'?{"feature":"clocksource","value":"tsc","confidence":"certain",*{"feature":"kvmclock","value":"yes","confidence":"certain","source":"available_clocksource has kvm-clock"},{"feature":"steal-time","value":"yes","confidence":"likely",*"pv-tlb-flush","value":"yes","confidence":"guess",*"poll-control","value":"unknown","confidence":"none","source":"nothing shows it"}?' \
		"" part kvm in-use end

	machine_kvm steal
	machine_file steal proc/stat "cpu  1 2 3 4 5 6 7 88 0 0"
	expect "stolen time" 0 \
		'*"steal-time","value":"yes","confidence":"certain","source":"/proc/stat has 88 ticks of steal"}*' \
		"" part steal in-use end

	machine_kvm off
	machine_file off $clock/available_clocksource "tsc acpi_pm"
	machine_file off proc/interrupts "  0:   1   2  IO-APIC  timer"
	machine_file off proc/cmdline "nopvspin no-kvmclock"
	expect "features that are off" 0 \
		'*"kvmclock","value":"no","confidence":"certain","source":"the boot line has no-kvmclock"}*"pv-eoi","value":"unknown",*"pv-unhalt","value":"no","confidence":"certain",*"async-pf","value":"no","confidence":"likely","source":"no HYP in /proc/interrupts"}*' \
		"" part off in-use end
	machine_file off proc/cmdline nopv
	expect "nopv" 0 \
		'*"pv-eoi","value":"no","confidence":"certain","source":"the boot line has nopv"}*' \
		"" part off in-use end

	machine bare <<-END
		$hypervisor_bit
		40000000 0 =KVMKVMKVM
		40000001 80000020 0 0 0
	END
	expect "old KVM, no files, and a bit without a name" 0 \
		'*"steal-time","offered":true,*"name":"bit-31","offered":true,"source":"CPUID 0x40000001 EAX bit 31"}*' \
		"" part bare features in-use
	expect "no files, so nothing is known" 0 \
		'?{"feature":"steal-time","value":"unknown",*},{"feature":"vcpu-is-preempted","value":"unknown",*}?' \
		"" part bare in-use end
}

test_detect_vmi() {
	vmi=sys/kernel/vmi
	machine_kvm vmi
	machine_file vmi proc/stat "cpu  1 2 3 4 5 6 7 88 0 0"
	machine_file vmi $vmi/active kvm
	machine_file vmi $vmi/ops/eoi.eoi/provider kvm
	machine_file vmi $vmi/ops/clock.steal_clock/provider native
	machine_file vmi $vmi/ops/tlb.flush_multi/provider null
	machine_file vmi $vmi/backends/null/hypervisor none
	expect "what VMI says" 0 \
		'?{"feature":"vmi","value":"kvm","confidence":"certain",*"steal-time","value":"no","confidence":"certain","source":"VMI has clock.steal_clock on native"}*"pv-eoi","value":"yes","confidence":"likely","source":"VMI has eoi.eoi on kvm"}*"pv-tlb-flush","value":"no","confidence":"certain",*' \
		"" part vmi in-use end
}

test_detect_hyperv() {
	hyperv='40000000 40000006 =Microsoft Hv
40000001 31237648 0 0 0
40000003 00000a6e 00000030 0 00000128
40000004 00000404 00001fff 0 0'
	machine hyperv <<-END
		$hypervisor_bit
		$hyperv
	END
	machine_file hyperv sys/class/dmi/id/sys_vendor "Microsoft Corporation"
	machine_file hyperv sys/class/dmi/id/product_name "Virtual Machine"
	machine_file hyperv $clock/available_clocksource "hyperv_clocksource_tsc_page acpi_pm"
	machine_file hyperv sys/devices/system/clockevents/clockevent0/current_device "Hyper-V clockevent"
	expect "detect Hyper-V" 0 \
		'?{"name":"Hyper-V","signature":"Microsoft Hv","evidence":?"CPUID 0x40000000","DMI sys_vendor Microsoft Corporation"?}?' \
		"" part hyperv hypervisors driven
	expect "features of Hyper-V" 0 \
		'*"reference-tsc","offered":true,"source":"CPUID 0x40000003 EAX bit 9"}*"eoi-assist","offered":false,*"post-messages","offered":true,"source":"CPUID 0x40000003 EBX bit 4"}*"guest-idle","offered":true,"source":"CPUID 0x40000003 EDX bit 5"}*"tlb-flush","offered":true,"source":"CPUID 0x40000004 EAX bit 2"}*"apic-msrs","offered":false,*' \
		"" part hyperv features in-use
	expect "use of Hyper-V's features" 0 \
		'*"reference-tsc","value":"yes","confidence":"certain",*"tlb-flush","value":"yes","confidence":"likely",*"synthetic-timers","value":"yes","confidence":"certain",*"synic","value":"unknown",*' \
		"" part hyperv in-use end

	machine imitated <<-END
		$hypervisor_bit
		$hyperv
		40000100 40000101 =KVMKVMKVM
		40000101 00000020 0 0 0
	END
	expect "Hyper-V that is KVM" 0 \
		"*Hyper-V *KVM *0x40000100*would choose KVM: KVMKVMKVM (CPUID 0x40000100) is the last *steal-time * KVM         CPUID 0x40000101 EAX bit 5*" \
		"" on imitated detect
	machine lacking <<-END
		$hypervisor_bit
		40000000 40000006 =Microsoft Hv
		40000003 00000026 0 0 0
	END
	expect "Hyper-V without what guests need" 0 null "" \
		part lacking driven choice
}

test_detect_xen() {
	machine hvm <<-END
		$hypervisor_bit
		40000000 40000005 =Microsoft Hv
		40000003 00000260 0 0 0
		40000100 40000105 =XenVMMXenVMM
		40000101 00040011 0 0 0
		40000103 00000002 0 0 0
		40000104 00000048 0 0 0
	END
	machine_file hvm sys/hypervisor/type xen
	machine_file hvm sys/hypervisor/guest_type HVM
	machine_file hvm sys/hypervisor/properties/features 00000705
	machine_file hvm $clock/available_clocksource "xen tsc"
	machine_file hvm proc/interrupts \
		" 64:     12      0  xen-percpu    -virq      timer0$newline 66:     5      4  xen-percpu    -ipi       resched0"
	expect "detect Xen behind Hyper-V's signature" 0 \
		'?{"name":"Hyper-V",*},{"name":"Xen","signature":"XenVMMXenVMM","evidence":?"CPUID 0x40000100","version 4.17","/sys/hypervisor/type xen","/sys/hypervisor/guest_type HVM"?}?' \
		"" part hvm hypervisors driven
	expect "Xen is chosen" 0 '"Xen"' "" part hvm driven choice
	expect "features of Xen" 0 \
		'*{"hypervisor":"Xen",*"host-tsc-reliable","offered":true,"source":"CPUID 0x40000103 EAX bit 1"}*"vcpu-id","offered":true,"source":"CPUID 0x40000104 EAX bit 3"}*"upcall-vector","offered":true,*"hvm-safe-pvclock","offered":true,"source":"/sys/hypervisor/properties/features bit 9"}*"dom0","offered":false,*' \
		"" part hvm features in-use
	expect "features of Xen by VMI's names" 0 \
		'*"system-time","offered":true,"source":"/sys/hypervisor/properties/features bit 8, 9"}*"runstate","offered":true,*"event-poll","offered":true,*"event-ipi","offered":true,"source":"/sys/hypervisor/properties/features bit 8"}*"singleshot-timer","offered":true,*' \
		"" part hvm features in-use
	expect "use of Xen's features" 0 \
		'*"system-time","value":"yes","confidence":"certain",*"event-poll","value":"no","confidence":"likely",*"event-ipi","value":"yes","confidence":"certain","source":"/proc/interrupts has resched0, 9 so far"}*' \
		"" part hvm in-use end

	machine_file hvm sys/hypervisor/properties/features 00000505
	expect "no time from Xen without one of its bits" 0 \
		'*"system-time","offered":false,*"event-ipi","offered":true,*' \
		"" part hvm features in-use

	machine pv <<-END
		1 0 0 0 0
		xen $hypervisor_bit
		xen 40000000 40000005 =XenVMMXenVMM
		xen 40000001 00040011 0 0 0
		xen 40000004 ffffffff 0 0 0
	END
	machine_file pv sys/hypervisor/type xen
	machine_file pv sys/hypervisor/guest_type PV
	expect "detect Xen in a PV guest" 0 \
		"*Xen *XenVMMXenVMM  CPUID 0x40000000 with Xen's prefix, version 4.17, *would choose the kernel's own code for Xen: *" \
		"" on pv detect
	machine_file pv sys/hypervisor/properties/features 00000705
	expect "a PV guest has no HVM features" 0 '*"rdtscp-instr",*}?' "" \
		part pv features in-use
	expect "and needs no bit for its time" 0 0 "" \
		counted pv "system-time\",\"offered"
}

test_detect_vmware() {
	vmware='40000000 40000010 =VMwareVMware
40000010 002625a0 000101d0 00000001 0'
	machine vmware <<-END
		$hypervisor_bit
		$vmware
	END
	expect "detect VMware" 0 \
		"*VMware      VMwareVMware  CPUID 0x40000000*choose VMware: *vmmcall *tsc-frequency *VMware *CPUID 0x40000010 EAX, 2500000 kHz*Not offered: vmcall.*" \
		"" on vmware detect
	expect "features of VMware" 0 \
		'*"bus-frequency",*"khz":66000}*"tsc-sched-clock","offered":true,"source":"CPUID 0x40000010 EAX, 2500000 kHz",*"no-io-delay","offered":true,"source":"taken for granted of VMware"}*"reliable-tsc","offered":true,*' \
		"" part vmware features in-use
	machine vmware-kvm <<-END
		$hypervisor_bit
		$vmware
		40000100 40000101 =KVMKVMKVM
		40000101 00000020 0 0 0
	END
	expect "VMware that is KVM" 0 '"KVM"' "" part vmware-kvm driven choice
	echo "1 0 0 0 0" | machine port
	machine_file port sys/class/dmi/id/product_serial "VMware-56 4d 00 01"
	expect "VMware by its serial number, which is not shown" 0 \
		'{"hypervisors":?{"name":"VMware","signature":null,"evidence":?"DMI product_serial VMware"?}?,"driven":"VMware","choice":"VMware, if it answers at its port: *' \
		"" on port -j detect
}

# The header has copies; are they those of the kernel?
compare_bits() { # TREE
	grep -E '^#define [A-Z0-9_a-z]+ ' detect_bits.h | while read -r _ name value; do
		grep -hE "^#define[[:space:]]+${name}[[:space:]]" -r \
			"$1"/arch/x86/include/asm "$1"/include/asm-generic \
			"$1"/include/hyperv "$1"/include/xen/interface \
			"$1"/arch/x86/kernel/cpu/vmware.c 2>/dev/null |
			sed 's,/\*.*,,' | awk '{ $1 = $2 = ""; print }' |
			tr -d ' \t' | grep -qxF "$(echo "$value" | tr -d ' ')" ||
			echo "$name is not $value"
	done
}

test_bits() {
	if [ -d "$VMICTL_TREE/arch/x86" ]; then
		expect "bits as in the kernel" 0 "" "" \
			compare_bits "$VMICTL_TREE"
	else
		report ok "bits as in the kernel" "SKIP there is no kernel tree"
	fi
}

test_stats() {
	expect "stats" 0 "NAME *CALLS  COUNTING  PROVIDER*" "" fake good stats
	expect "stats of a group in JSON" 0 \
		'?{"name":"lock.kick","calls":*},{"name":"lock.wait","calls":0,"counting":false,"provider":"native"}?' \
		"" fake good -j stats lock
	expect "stats of an op" 0 "NAME *tlb.flush_multi     12  yes *kvm" "" \
		fake good stats tlb.flush_multi
	expect "stats of each CPU" 0 \
		"NAME *CALLS *CPU0 *CPU2${newline}tlb.flush_multi *12 *9 *3${newline}*${newline}lock.wait *0 *0 *0" \
		"" fake good stats --per-cpu
	expect "stats of each CPU in JSON" 0 \
		'?{"name":"lock.kick","calls":9223372036854775807,"counting":true,"provider":"kvm","cpus":?{"cpu":0,"calls":9223372036854775807},{"cpu":2,"calls":4611686018427387903}?},{"name":"lock.wait","calls":0,*}?' \
		"" fake good -j stats --per-cpu lock
	expect "stats of each CPU in a single datagram" 0 \
		"NAME *CALLS *CPU0 *CPU2${newline}tlb.flush_multi *12 *9 *3" "" \
		fake packed stats --per-cpu tlb
	expect "stats of each of very many CPUs" 0 "*CPU0 *CPU2 *CPU2998 *CPU2999*" "" \
		fake crowded stats --per-cpu
	expect "stats of very many CPUs, and one op" 0 "*,{\"cpu\":2999,\"calls\":0}?}?" "" \
		fake crowded -j stats --per-cpu lock.wait
	expect "stats of each CPU of something unknown" 2 "" \
		"Error: unknown group or op 'x' (groups: tlb, lock)." \
		fake good stats --per-cpu x
	expect "histograms" 0 \
		"NAME *OF *COUNT *MEAN *P50 *P90 *P99 *MAX *MEASURING *PROVIDER${newline}tlb.flush_multi  cycles     11  272.7  127  255  2047  2047  yes        kvm${newline}tlb.flush_multi  CPUs       11    1.1    1    1     3     3  yes *kvm${newline}lock.wait *cycles *0 *- *- *- *- *-  no *native" \
		"" fake good stats --histogram
	expect "histograms in JSON" 0 \
		'?{"name":"tlb.flush_multi","calls":12,"measuring":true,"provider":"kvm","latency":{"count":11,"sum":3000,"mean":272.727272727273,"p50":127,"p90":255,"p99":2047,"max":2047,"buckets":?{"to":127,"count":6},{"to":255,"count":4},{"to":2047,"count":1}?},"targets":{"count":11,"sum":12,*}}?' \
		"" fake good -j stats --histogram tlb
	expect "histogram that is empty, and none" 0 \
		'?{"name":"lock.kick","calls":*,"measuring":false,"provider":"kvm"},{"name":"lock.wait",*,"latency":{"count":0,"sum":0,"buckets":??}}?' \
		"" fake good -j stats --histogram lock
	expect "nothing was measured" 0 "NAME *PROVIDER" \
		"Warning: nothing was measured yet (vmictl stats on --histogram starts that)." \
		fake good stats --histogram lock.kick
	expect "nothing was measured, in JSON" 0 '?{"name":"lock.kick",*}?' "" \
		fake good -j stats --histogram lock.kick
	expect "histogram of more calls than a number can be" 0 \
		"NAME *${newline}*cycles  9223372036854775807   0.0  255  255  255  2047  *" "" \
		fake overflowing stats --histogram tlb
	expect "histograms of something unknown" 2 "" \
		"Error: unknown group or op 'x' (groups: tlb, lock)." \
		fake good stats --histogram x
	expect "histograms on" 0 "" \
		"Warning: asked for action 1 with histograms of all." \
		fake warning stats on --histogram
	expect "histograms off" 0 "" \
		"Warning: asked for action 0 with histograms of lock." \
		fake warning stats --histogram off lock
	expect "half of the stats of each CPU" 2 "" \
		"Error: the list is too long." fake half stats --per-cpu
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

# Two readings a tenth of a second apart.
watched() { # KERNEL WORD...
	kernel=$1
	shift
	fake "$kernel" stats --interval 0.1 --count 2 "$@"
}

# How many of five were printed, with what a signal means when the program starts.
readings_of() { # default|ignore KERNEL
	FAKE_KERNEL=$2 $limit env "--$1-signal=INT,TERM" "$VMICTL_FAKE" -j \
		stats --interval 0.1 --count 5 >"$tmp/readings" &&
		wc -l <"$tmp/readings"
}

# Do the rates agree with the calls and the seconds, and these with the clock? That
# is looked at for each reading and for each time that is printed, and goes on by
# 4.004004 s whenever somebody does.
check_rates() {
	watched ticking,clockwork -j tlb | tail -n 1 |
		jq '(.seconds - 2 * 4.004004 | fabs) < 0.00001 and
			(.ops[0] | .delta == 10) and
			(.ops[0].rate * .seconds - 10 | fabs) < 0.001'
}

# Are those of an op the sum of those of its CPUs, and do all agree with the seconds?
check_cpu_rates() {
	watched ticking,clockwork -j --per-cpu tlb | tail -n 1 |
		jq '.seconds as $seconds | .ops[0] |
			([.cpus[].cpu] == [0, 2]) and
			([.cpus[].calls] == [17, 5]) and ([.cpus[].delta] == [8, 2]) and
			([.cpus[] | .rate * $seconds - .delta | fabs] | max < 0.001)'
}

test_watch() {
	table="NAME *CALLS *DELTA *RATE/S *CYCLES *COUNTING *PROVIDER"
	time="20[0-9-]*T*+00:00"
	expect "stats at an interval" 0 \
		"$time$newline$table${newline}tlb.flush_multi *12 *-  *-  *-  yes *kvm$newline*$newline$newline$time$newline$table${newline}tlb.flush_multi *22 *10 *[0-9].[0-9] *100  yes *kvm$newline*" \
		"" watched ticking
	expect "stats at an interval in JSON" 0 \
		"{\"time\":\"20*Z\",\"ops\":?{\"name\":\"lock.kick\",\"calls\":9223372036854775807,\"counting\":true,\"provider\":\"kvm\"},{*}?}$newline{\"time\":\"20*Z\",\"seconds\":8.008*,\"ops\":?{\"name\":\"lock.kick\",\"calls\":9223372036854775807,\"delta\":0,\"rate\":0.0,\"counting\":true,\"provider\":\"kvm\"},{*}?}" \
		"" watched ticking,clockwork -j lock
	expect "rates" 0 true "" check_rates
	expect "rates of each CPU" 0 true "" check_cpu_rates
	expect "each CPU at an interval" 0 \
		"$time${newline}NAME *RATE/S *CPU0 *CPU2${newline}tlb.flush_multi *- *- *-$newline$newline$time${newline}NAME *RATE/S *CPU0 *CPU2${newline}tlb.flush_multi *1.2 *1.0 *0.2" \
		"" watched ticking,clockwork --per-cpu tlb
	expect "cycles at an interval in JSON" 0 \
		"{*\"calls\":12,\"counting\"*}$newline{*\"rate\":*,\"cycles\":100,*}" \
		"" watched ticking,clockwork -j tlb
	# The sum is larger than before, so only the CPUs tell.
	expect "counters that were reset and went on" 0 \
		"*22 *10 *[0-9].[0-9] *100  yes *kvm${newline}*flush_multi *32 *-  *-  *-  yes *kvm$newline*flush_multi *42 *10 *[0-9].[0-9] *100  yes*" \
		"" fake ticking,leaping stats --interval 0.1 --count 4 tlb
	expect "CPUs whose counters were reset" 0 \
		"*{\"cpu\":0,\"calls\":32},{\"cpu\":2,\"calls\":0}?}?}" \
		"" fake ticking,leaping -j stats --interval 0.1 --count 3 --per-cpu tlb
	expect "counters that were reset" 0 \
		"*22 *10 *[0-9].[0-9]  *yes *kvm${newline}*flush_multi *3 *-  *-  *yes *kvm$newline*flush_multi *4 *1 *" \
		"" fake ticking,resetting stats --interval 0.1 --count 4 tlb
	expect "reading that was lost" 0 \
		"*flush_multi *12 *-  *-  *-  yes *kvm$newline*flush_multi *32 *20 *[0-9].[0-9] *100  yes *kvm" \
		"Warning: cannot list the counters: No buffer space available." \
		watched ticking,hiccup tlb
	expect "interval of something unknown" 2 "" \
		"Error: unknown group or op 'x' (groups: tlb, lock)." \
		watched ticking x
	expect "interval without a reader" 0 "" "" \
		fake_without_reader stats --interval 0.1
	expect "interval into a full device" 2 "" "Error: cannot write *" \
		fake_into_full stats --interval 0.1
	# They come with the second reading, which is printed before the end.
	for signal in interrupting terminating; do
		expect "interval until a signal, $signal" 0 2 "" \
			readings_of default ticking,$signal
		expect "interval in spite of a signal, $signal" 0 5 "" \
			readings_of ignore ticking,$signal
	done
}

openmetrics_of_tlb_has() { # GROUP
	fake good stats --format openmetrics tlb | grep "group=\"$1\""
}

test_openmetrics() {
	expect "openmetrics" 0 \
		"# TYPE vmi_info gauge
# HELP vmi_info *
vmi_info{active=\"kvm\",requested=\"auto\",state=\"active\",hypervisor=\"KVMKVMKVM\",builtin=\"native\",api=\"1.2\"} 1
# TYPE vmi_switches counter
# HELP vmi_switches *
vmi_switches_total 1
# TYPE vmi_op_calls counter
# HELP vmi_op_calls *
vmi_op_calls_total{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\"} 12
vmi_op_calls_total{op=\"lock.kick\",group=\"lock\",provider=\"kvm\"} 18446744073709551615
vmi_op_calls_total{op=\"lock.wait\",group=\"lock\",provider=\"native\"} 0
# TYPE vmi_op_counting gauge
# HELP vmi_op_counting *
vmi_op_counting{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\"} 1
*
vmi_op_counting{op=\"lock.wait\",group=\"lock\",provider=\"native\"} 0
# TYPE vmi_op_measuring gauge
# HELP vmi_op_measuring *
vmi_op_measuring{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\"} 1
vmi_op_measuring{op=\"lock.kick\",group=\"lock\",provider=\"kvm\"} 0
vmi_op_measuring{op=\"lock.wait\",group=\"lock\",provider=\"native\"} 0
# TYPE vmi_op_latency_cycles histogram
# HELP vmi_op_latency_cycles *
vmi_op_latency_cycles_bucket{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\",le=\"31.0\"} 0
*
vmi_op_latency_cycles_bucket{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\",le=\"255.0\"} 10
*
vmi_op_latency_cycles_bucket{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\",le=\"+Inf\"} 11
vmi_op_latency_cycles_sum{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\"} 3000
vmi_op_latency_cycles_count{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\"} 11
*
# TYPE vmi_op_targets histogram
# HELP vmi_op_targets *
vmi_op_targets_bucket{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\",le=\"0.0\"} 0
vmi_op_targets_bucket{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\",le=\"1.0\"} 10
*
vmi_op_targets_count{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\"} 11
# TYPE vmi_capability_offered gauge
# HELP vmi_capability_offered *
vmi_capability_offered{capability=\"steal-time\",backend=\"kvm\"} 1
vmi_capability_offered{capability=\"async-pf\",backend=\"kvm\"} 1
# TYPE vmi_capability_bound gauge
# HELP vmi_capability_bound *
vmi_capability_bound{capability=\"steal-time\",backend=\"kvm\"} 1
vmi_capability_bound{capability=\"async-pf\",backend=\"kvm\"} 0
# TYPE vmi_capability_uses counter
# HELP vmi_capability_uses *
vmi_capability_uses_total{capability=\"steal-time\",backend=\"kvm\"} 1099511627776
# EOF" "" fake good stats --format openmetrics
	expect "openmetrics without a backend" 0 '*,state="none",*' "" \
		fake native stats --format openmetrics
	expect "openmetrics of what needs quotes" 0 \
		'*,hypervisor="a\\\\b\\"c\\nd",*' "" \
		fake quoting stats --format openmetrics
	expect "openmetrics of control characters" 0 \
		'*,hypervisor="??2Jevil?",*' "" \
		fake hostile stats --format openmetrics
	expect "openmetrics of a group" 0 \
		'*flush_multi",group="tlb",provider="kvm"} 12*' "" \
		fake good stats --format openmetrics tlb
	expect "openmetrics of counters and histograms that were read at once" 0 \
		"*vmi_op_calls_total{op=\"tlb.flush_multi\",group=\"tlb\",provider=\"kvm\"} 12$newline*" "" \
		fake behind stats --format openmetrics tlb
	expect "openmetrics of more calls than a number can be" 0 \
		'*le="255.0"} 18446744073709551615*le="+Inf"} 18446744073709551615*' "" \
		fake overflowing stats --format openmetrics tlb
	expect "openmetrics of no other group" 1 "" "" \
		openmetrics_of_tlb_has lock
	expect "openmetrics of something unknown" 2 "" \
		"Error: unknown group or op 'x' *" \
		fake good stats --format openmetrics x
	expect "half of it is nothing" 2 "" "Error: the list is too long." \
		fake half stats --format openmetrics
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

# What policy load makes of a file.
load_of() { # LINES COMMAND [WORD...]
	# shellcheck disable=SC2059 # with its escapes
	printf "$1" >"$tmp/policy.conf"
	shift
	limited "$@" policy load "$tmp/policy.conf"
}

load_from_stdin() { # LINES COMMAND...
	lines=$1
	shift
	printf '%s\n' "$lines" | limited "$@" policy load -
}

# Without a path, with the lines in the file that is meant then. Who is not root can have
# another /etc as root of a user namespace.
load_default() { # LINES KERNEL [OPTION...]
	mkdir -p "$tmp/etc/vmi"
	rm -f "$tmp/etc/vmi/policy.conf"
	# shellcheck disable=SC2059 # with its escapes
	[ -z "$1" ] || printf "$1" >"$tmp/etc/vmi/policy.conf"
	default_kernel=$2
	shift 2
	# shellcheck disable=SC2086 # these are words
	with_etc env FAKE_KERNEL="$default_kernel" $limit "$VMICTL_FAKE" "$@" policy load
}

with_etc() { # COMMAND [WORD...]
	mkdir -p "$tmp/etc"
	# shellcheck disable=SC2016 # this is for the shell in there
	unshare --map-root-user --mount sh -c \
		'mount --bind "$0" /etc && exec "$@"' "$tmp/etc" "$@"
}

test_default_policy() {
	if ! with_etc true 2>/dev/null; then
		report ok "policy load without a file" "SKIP there are no mount namespaces"
		return
	fi
	default=/etc/vmi/policy.conf
	expect "policy load without a file" 0 "" \
		"Warning: asked for lock=native io=kvm." \
		load_default 'lock native\nio kvm\n' warning
	expect "policy load without a file, refused" 2 "" \
		"Error: $default:2: there is no 'nosuch' (groups: tlb, lock)." \
		load_default '\nnosuch kvm\n' good
	missing="cannot open $default: No such file or directory"
	expect "policy load, the file is missing" 1 "" "Error: $missing." \
		load_default "" good
	expect "policy load, the file is missing, in JSON" 1 "{\"error\":\"$missing\"}" \
		"" load_default "" good -j
}

# What is shown can be loaded.
load_what_is_shown() {
	fake good policy >"$tmp/shown" && fake warning policy load "$tmp/shown"
}

test_policy() {
	shown="lock native${newline}ipi.send xen # waiting for the backend to be loaded"
	expect "policy" 0 "$shown" "" fake good policy
	expect "policy show" 0 "$shown" "" fake good policy show
	expect "policy in JSON" 0 \
		'?{"target":"lock","provider":"native"},{"target":"ipi.send","provider":"xen","reason":"waiting *"}?' \
		"" fake good -j policy
	expect "policy set" 0 "" "Warning: asked for lock=native." \
		fake warning policy set lock native
	expect "policy set in JSON" 0 null "" fake good -j policy set io native
	expect "policy set, refused" 2 "" \
		"Error: there is no 'nosuch' (groups: tlb, lock)." \
		fake good policy set nosuch native
	expect "policy clear" 0 "" "Warning: asked to clear all." \
		fake warning policy clear
	expect "policy clear of one" 0 "" "Warning: asked to clear ipi.send." \
		fake warning policy clear ipi.send
	expect "policy set without permission" 2 "" \
		"Error: cannot set the policy: needs CAP_SYS_ADMIN *" \
		fake eperm policy set lock native
	expect "policy clear without permission" 2 "" \
		"Error: cannot clear the policy: needs CAP_SYS_ADMIN *" \
		fake eperm policy clear
	expect "policy load" 0 "" "Warning: asked for lock=native ipi.send=xen." \
		load_of '# one\n\n lock\tnative # two\r\nipi.send xen' fake warning
	expect "policy load in JSON" 0 null "" load_of 'io native\n' fake good -j
	expect "policy load from stdin" 0 "" "Warning: asked for io=native." \
		load_from_stdin "io native" fake warning
	expect "policy load of what is shown" 0 "" \
		"Warning: asked for lock=native ipi.send=xen." load_what_is_shown
	expect "policy load of nothing" 0 "" "" load_of '# nothing\n' fake refusing
	expect "policy load, refused" 2 "" \
		"Error: $tmp/policy.conf:4: there is no 'nosuch' (use native, builtin, kvm, xen)." \
		load_of 'io native\n\n#\nlock nosuch\nlock native\n' fake good
	expect "policy load, refused in JSON" 2 \
		'{"error":"*/policy.conf:1: there is no *"}' "" \
		load_of 'nosuch native\n' fake good -j
	expect "policy load, refused as a whole" 2 "" \
		"Error: asked for io=native eoi=kvm." \
		load_of 'io native\neoi kvm\n' fake refusing
	expect "policy load without a provider" 1 "" \
		"Error: $tmp/policy.conf:2: no provider: *." \
		load_of 'io native\neoi # native\n' fake warning
	expect "policy load with too many words" 1 "" \
		"Error: $tmp/policy.conf:1: too many words: *." \
		load_of 'io native x\n' fake warning
	expect "policy load with a long name" 1 "" \
		"Error: $tmp/policy.conf:1: a name is too long." \
		load_of 'io 12345678901234567890123456789012\n' fake warning
	expect "policy load with a NUL" 1 "" \
		"Error: $tmp/policy.conf:1: a line is text, *." \
		load_of 'io native\0\n' fake warning
	expect "policy load of no file" 1 "" "Error: cannot open $tmp/none: *" \
		fake good policy load "$tmp/none"
	expect "policy load of a directory" 1 "" "Error: cannot read *" \
		fake good policy load "$tmp"
}

# The local time of a place that is ahead of UTC by an odd distance.
fake_in_nepal() {
	(TZ=NPT-5:45 && fake "$@")
}

fake_in_newfoundland() {
	(TZ=NST3:30 && fake "$@")
}

# Prints nothing if the time is one of the clockwork's, whose first minute this is.
check_clock() { # TIME
	told=$(date -d "$1" +%s) || return
	[ $((told / 60)) -eq $((1764000000 / 60)) ] || echo "it was $told"
}

local_clock() {
	check_clock "$(fake_in_nepal clockwork monitor 2>/dev/null |
		sed -n '1s/ .*//p')"
}

utc_clock() {
	check_clock "$(fake_in_nepal clockwork -j monitor |
		sed -n '1s/^{"time":"\([^"]*\)".*/\1/p')"
}

monitor_at_terminal() {
	printf '%s\n' "see Monitoring, press Ctrl-C to stop. *" \
		"see * status-ntf active kvm *" \
		"see Warning: events were lost; resynchronising. *" \
		"see * lost  *" "see * status-get active native *" \
		"see * policy-get target lock *" "resize 5 40" \
		"press $(printf '\003')" "end 0" |
		FAKE_KERNEL=patient,lost $limit "$TERMINAL" "$VMICTL_FAKE" monitor
}

test_monitor() {
	digits='[0-9][0-9]'
	usec="$digits$digits$digits"
	date="20$digits-[01][0-9]-[0-3][0-9]T$digits:$digits:$digits.$usec"
	there="$date+05:45"
	utc="${date}Z"
	expect "monitor" 0 \
		"$there backend-ntf name kvm state prepared$newline$there status-ntf active kvm *" \
		"Monitoring, press Ctrl-C to stop." fake_in_nepal good monitor
	expect "monitor west of Greenwich" 0 "$date-03:30 backend-ntf *" \
		"*" fake_in_newfoundland good monitor
	expect "local time of an event" 0 "" "" local_clock
	expect "monitor in JSON" 0 \
		"{\"time\":\"$utc\",\"event\":\"backend-ntf\",\"backend\":{\"name\":\"kvm\",*}}$newline{\"time\":\"$utc\",\"event\":\"status-ntf\",\"status\":{*,\"api\":{*},*}}" \
		"" fake_in_nepal good -j monitor
	expect "time of an event in JSON" 0 "" "" utc_clock
	date="$date+00:00"
	expect "lost events" 0 \
		"*backend-ntf *$newline$date status-ntf active kvm *$newline$date lost$newline$date status-get active native *$newline$date backend-get name kvm *$newline$date backend-get name xen *$newline$date policy-get target lock *" \
		"*Warning: events were lost; resynchronising." \
		fake lost monitor
	expect "lost events in JSON" 0 \
		"*\"status-ntf\",*$newline{\"time\":\"$utc\",\"event\":\"lost\"}$newline{\"time\":\"$utc\",\"event\":\"status-get\",\"status\":{\"active\":\"native\",*}}$newline*\"backend-get\",\"backend\":{\"name\":\"xen\",*}}$newline*\"policy-get\",*" \
		"Warning: events were lost; resynchronising." \
		fake lost -j monitor
	expect "lost events, and a state that cannot be read" 0 \
		"*status-ntf active kvm *$newline$date lost" \
		"*Warning: events were lost; resynchronising.${newline}Warning: cannot list the backends: *16 tries; trying again." \
		fake lost,endless monitor
	expect "lost events, and a state that cannot be read once" 0 \
		"*$newline$date lost$newline$date status-get active native *$newline$date backend-get name kvm *$newline$date policy-get target lock *" \
		"*resynchronising.${newline}Warning: cannot list the backends: No buffer space available; trying again." \
		fake lost,patient,hiccup,terminating monitor
	expect "lost events, and a kernel that refuses" 2 \
		"*$newline$date lost" "*Error: the list is too long." \
		fake lost,half monitor
	expect "events of policies" 0 \
		"*$newline$date policy-ntf target lock provider native$newline$date policy-ntf target lock$newline*" \
		"Monitoring, *" fake policy monitor
	expect "events of policies in JSON" 0 \
		"*$newline{\"time\":\"$utc\",\"event\":\"policy-ntf\",\"policy\":{\"target\":\"lock\",\"provider\":\"native\"}}$newline*" \
		"" fake policy -j monitor
	expect "event that is not the kernel's" 0 \
		"$date backend-ntf name kvm state prepared$newline$date status-ntf *" \
		"Monitoring, *" fake stranger monitor
	[ -z "$TERMINAL" ] ||
		expect "monitor at a terminal" 0 "" "" monitor_at_terminal
	expect "monitor without a reader" 0 "" "" fake_without_reader -j monitor
	expect "monitor into a full device" 2 "" \
		"*Error: cannot write *" fake_into_full -j monitor
}

# The library as others find it: below a directory of its own.
install_library() {
	root=$tmp/root
	make_target install PREFIX=/usr &&
		cp lib/example.c "$tmp"
}

libvmi() { # OPTION...
	PKG_CONFIG_PATH=$root/usr/lib/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=$root $limit "$PKG_CONFIG" "$@" libvmi
}

# The fake kernel needs libnl itself.
# shellcheck disable=SC2046,SC2086 # these are words
compile_example() { # PROGRAM [SOURCE...]
	program=$tmp/$1
	shift
	$limit $CC -o "$program" "$tmp/example.c" "$@" "$LIBVMI/tests/fake_kernel.o" \
		$(libvmi --cflags --libs) $("$PKG_CONFIG" --libs libnl-genl-3.0)
}

# In a directory without the shared library, the linker takes the static one.
# shellcheck disable=SC2046,SC2086 # these are words
compile_static_example() {
	mkdir "$tmp/static" && cp "$root/usr/lib/libvmi.a" "$tmp/static" &&
		$limit $CC -o "$tmp/static/example" "$tmp/example.c" -L"$tmp/static" \
			$(libvmi --static --cflags --libs)
}

example() { # PROGRAM KERNEL
	FAKE_KERNEL=$2 LD_LIBRARY_PATH=$root/usr/lib $limit "$tmp/$1"
}

# Exported are the functions that are documented, and nothing else.
exports() {
	sed -n 's/^ \* \(vmi_[a-z_]*\)() - .*/\1@@LIBVMI_0.1/p' lib/vmi.h |
		sort >"$tmp/documented"
	nm -D --defined-only "$root/usr/lib/libvmi.so" |
		awk '$2 != "A" { print $3 }' | sort |
		diff "$tmp/documented" -
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

soname() {
	objdump -p "$root/usr/lib/libvmi.so" | awk '$1 == "SONAME" { print $2 }'
}

# Is there what finds what threads share? Not each compiler comes with it.
finds_races() {
	# shellcheck disable=SC2086 # these are words
	echo "int main(void) { return 0; }" |
		$limit ${MODULE_CC:-cc} -fsanitize=thread -x c -o "$tmp/races" - 2>/dev/null &&
		$limit "$tmp/races" 2>/dev/null
}

test_threads() {
	if ! finds_races; then
		report ok "threads" "SKIP ${MODULE_CC:-cc} has no -fsanitize=thread"
		return
	fi
	expect "program with threads" 0 "" "" \
		make_target CC="${MODULE_CC:-cc}" "$LIBVMI/tests/threads"
	expect "threads" 0 "" "" "$LIBVMI/tests/threads"
	expect "threads that share a handle" 66 "" "*data race*" \
		"$LIBVMI/tests/threads" shared
}

test_library() {
	expect "installation" 0 "" "" install_library
	expect "version" 0 "$("$VMICTL" -V | sed 's/vmictl //')" "" \
		libvmi --modversion
	expect "soname" 0 libvmi.so.0 "" soname
	expect "exported symbols" 0 "" "" exports
	expect "nothing that ends or prints" 1 "" "" \
		ends_or_prints "$root/usr/lib/libvmi.so"
	expect "a program that does both" 0 "*_exit*fputs*puts*" "" \
		ends_or_prints "$root/usr/sbin/vmictl"
	expect "example" 0 "" "" compile_example example
	expect "status and event" 0 \
		"kvm is in charge: asked for at run time${newline}backend kvm is prepared" \
		"" example example patient
	expect "malformed status" 1 "" "*reply is malformed" example example malformed
	expect "example for a newer library" 0 "" "" \
		compile_example newer tests/newer_library.c
	expect "event of a newer library" 0 \
		"kvm is in charge: *${newline}something happened that is not known here" \
		"" example newer patient
	expect "nonsense" 0 "" "" "$LIBVMI/tests/damage"
	expect "misuse" 0 "" "" "$LIBVMI/tests/misuse"
	test_threads
	expect "static example" 0 "" "" compile_static_example
	if [ -d /sys/kernel/vmi ]; then
		report ok "example without VMI" "SKIP this kernel has VMI"
	else
		expect "example without VMI" 1 "" "*: $none" \
			"$tmp/static/example"
	fi
}

# shellcheck source=top.sh
. "$(dirname "$0")/top.sh"
# shellcheck source=install.sh
. "$(dirname "$0")/install.sh"
# shellcheck source=check.sh
. "$(dirname "$0")/check.sh"
# shellcheck source=trace.sh
. "$(dirname "$0")/trace.sh"
# shellcheck source=errors.sh
. "$(dirname "$0")/errors.sh"
# shellcheck source=schema.sh
. "$(dirname "$0")/schema.sh"

: >"$tmp/report"
test_usage
test_output
test_completion bash
test_completion_of_bash
if command -v zsh >/dev/null; then
	test_completion zsh
else
	report ok "completion by zsh" "SKIP there is no zsh"
fi
test_batch
test_no_vmi
test_bits
expect "detect on this machine" 0 "*vmi=auto would choose *" "" "$VMICTL" detect
if [ -n "$VMICTL_FAKE" ]; then
	test_status
	test_lists
	test_detect_none
	test_detect_kvm
	test_detect_vmi
	test_detect_hyperv
	test_detect_xen
	test_detect_vmware
	test_stats
	test_watch
	test_openmetrics
	test_top
	test_check
	test_trace
	test_changes
	test_policy
	test_default_policy
	test_monitor
	test_refusals
	test_usage_errors
	test_schema
else
	report ok "replies" "SKIP VMICTL_FAKE is not set"
fi

if [ -n "$LIBVMI" ]; then
	test_library
	test_install
else
	report ok "library" "SKIP LIBVMI is not set"
fi

echo "KTAP version 1"
echo "1..$count"
cat "$tmp/report"
[ $failed -eq 0 ]
