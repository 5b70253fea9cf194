# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the test scripts share: KTAP, and asking VMI. To be sourced from the
# directory of the tests, under any POSIX shell.
#
# A script says "plan N", then calls N of check, is, pass, fail and skip,
# and ends with "finish". It may call skip_all before the plan. Whatever it
# switched is switched back when it ends.
#
# Values are read by the shell itself where that is possible: in an emulated machine
# a new process costs 1.5 million instructions.

VMI=/sys/kernel/vmi
ALL_GROUPS="clock idle tlb mm ipi eoi lock io"
CPUS=/sys/devices/system/cpu
newline='
'

ktap_n=0
ktap_planned=
ktap_failed=0
ktap_passed=0

note()
{
	case $* in
	*"$newline"*) printf '%s\n' "$*" | sed 's/^/# /' ;;
	*) printf '# %s\n' "$*" ;;
	esac
}

plan()
{
	echo "KTAP version 1"
	echo "1..$1"
	ktap_planned=$1
	ktap_output=$(mktemp)
}

pass()
{
	ktap_n=$((ktap_n + 1))
	ktap_passed=$((ktap_passed + 1))
	echo "ok $ktap_n $1"
}

# fail NAME [WHY]
fail()
{
	[ -z "${2:-}" ] || note "$2"
	ktap_n=$((ktap_n + 1))
	ktap_failed=$((ktap_failed + 1))
	echo "not ok $ktap_n $1"
}

# skip NAME WHY
skip()
{
	ktap_n=$((ktap_n + 1))
	echo "ok $ktap_n $1 # SKIP $2"
}

# check NAME COMMAND...: the command succeeds, in this shell
check()
{
	check_name=$1
	shift
	if "$@" > "$ktap_output" 2>&1; then
		pass "$check_name"
	else
		fail "$check_name" "failed: $*
$(cat "$ktap_output")"
	fi
}

# is NAME GOT WANTED
is()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got '$2', wanted '$3'"
	fi
}

skip_all()
{
	echo "KTAP version 1"
	echo "1..0 # SKIP $1"
	exit 4
}

# A test that ran short of its plan, or past it, has failed as well.
finish()
{
	rm -f "$ktap_output"
	if [ "$ktap_n" -ne "$ktap_planned" ]; then
		note "planned $ktap_planned results, had $ktap_n"
		exit 1
	fi
	[ "$ktap_failed" -eq 0 ] || exit 1
	[ "$ktap_passed" -gt 0 ] || exit 4
	exit 0
}

# Seconds since boot, in "uptime".
read_uptime()
{
	read -r uptime _ < /proc/uptime
	uptime=${uptime%.*}
}

# within SECONDS COMMAND...: the command succeeds before the deadline
within()
{
	read_uptime
	within_end=$((uptime + $1))
	shift
	until "$@"; do
		read_uptime
		[ "$uptime" -lt "$within_end" ] || return 1
		sleep 0.1
	done
}

fails()
{
	! "$@"
}

# repeat TIMES COMMAND...: until it fails. The command may not call this itself.
repeat()
{
	repeat_left=$1
	shift
	while [ "$repeat_left" -gt 0 ]; do
		"$@" || return 1
		repeat_left=$((repeat_left - 1))
	done
}

lines()
{
	wc -l < "$1"
}

need_root()
{
	[ "$(id -u)" -eq 0 ] || skip_all "needs root"
}

need_vmi()
{
	[ -d $VMI ] || skip_all "the kernel has no VMI"
	command -v vmictl > /dev/null || skip_all "vmictl is not installed"
	initial=$(vmi active)
	trap switch_back EXIT
}

# For a test that sets policies, and ends with none.
need_no_policy()
{
	[ -z "$(vmictl policy)" ] || skip_all "there are policies already"
	trap 'quiet vmictl policy clear; switch_back' EXIT
}

# A test that ends early leaves no work behind for the next one.
worker=
switch_back()
{
	[ -z "$worker" ] || quiet kill "$worker" || :
	[ "$(vmi active)" = "$initial" ] || quiet vmictl use "$initial" || :
}

# not_in FILE: the lines that it is given and that are not in there
not_in()
{
	awk 'FILENAME == ARGV[1] { there[$0]; next } !($0 in there)' "$1" -
}

quiet()
{
	"$@" > /dev/null 2>&1
}

# value FILE: its first line; a file of VMI has one
value()
{
	IFS= read -r value < "$1" && printf '%s\n' "$value"
}

vmi()
{
	value "$VMI/$1"
}

provider()
{
	value "$VMI/ops/$1/provider"
}

calls()
{
	value "$VMI/ops/$1/calls"
}

# state BACKEND
state()
{
	value "$VMI/backends/$1/state"
}

# The sum of the calls of several ops.
sum_calls()
{
	sum=0
	for sum_op in "$@"; do
		read -r sum_calls < "$VMI/ops/$sum_op/calls" || return 1
		sum=$((sum + sum_calls))
	done
	echo "$sum"
}

all_ops()
{
	for all_op in "$VMI"/ops/*; do
		echo "${all_op##*/}"
	done
}

ops_in()
{
	for group_op in "$VMI/ops/$1".*; do
		echo "${group_op##*/}"
	done
}

# each_op FILE: lines of OP VALUE, from the file of that name of each op
each_op()
{
	for each_op in "$VMI"/ops/*; do
		read -r each_value < "$each_op/$1" || return 1
		echo "${each_op##*/} $each_value"
	done
}

# ops_with FILE VALUE: the ops whose file has that value
ops_with()
{
	each_op "$1" | while read -r with_op with_value; do
		[ "$with_value" != "$2" ] || echo "$with_op"
	done
}

# Lines of OP PROVIDER.
bindings()
{
	each_op provider
}

use()
{
	quiet vmictl use "$1"
}

# An event that is known by a word, and one behind it that takes its error back. Waits
# until a monitor has written both to each FILE.
event_marks=0
mark_events()
{
	event_marks=$((event_marks + 1))
	# The first error is kept until a success.
	use "$(vmi active)"
	! use no-such-mark-$event_marks
	use "$(vmi active)"
	within 60 have_mark "$@"
}

have_mark()
{
	for mark_file in "$@"; do
		mark_at=$(grep -n "'no-such-mark-$event_marks'" "$mark_file" |
			tail -n 1 | cut -d: -f1)
		[ -n "$mark_at" ] && [ "$(lines "$mark_file")" -gt "$mark_at" ] ||
			return 1
	done
}

# More events than the queue of a program that does not fetch them has room for.
flood_events()
{
	yes "use $(vmi active)" | head -n 500 | quiet vmictl -b -
}

# begin_monitor FILE COMMAND...: it writes the events to FILE from then on, and anything
# else to FILE.said
begin_monitor()
{
	monitor_file=$1
	shift
	: > "$monitor_file"
	"$@" > "$monitor_file" 2> "$monitor_file.said" &
	monitor=$!
	within 60 monitor_hears
}

# A switch to where we are changes nothing, and is an event.
monitor_hears()
{
	use "$(vmi active)"
	sleep 0.1
	[ -s "$monitor_file" ]
}

end_monitor()
{
	kill -TERM "$monitor"
	wait "$monitor"
}

# A PV guest of Xen, in which native ops cannot work.
is_xen_pv()
{
	[ "$(value /sys/hypervisor/guest_type 2>/dev/null)" = PV ]
}

# usable BACKEND: it is loaded, or can be, and claims the machine
usable()
{
	[ -d "$VMI/backends/$1" ] || quiet modprobe "vmi-backend-$1" || return 1
	case $(state "$1" 2>/dev/null) in
	validated|active) return 0 ;;
	esac
	return 1
}

# The backend to test with: the active one, one that is for this machine, or the null
# backend.
pick_backend()
{
	for pick in "$initial" kvm hyperv xen vmware null; do
		if usable "$pick"; then
			echo "$pick"
			return
		fi
	done
	return 1
}

module_of()
{
	vmictl list | awk -v name="$1" '
		NR == 1 { at = index($0, "MODULE") }
		$1 == name { split(substr($0, at), word, " "); print word[1] }'
}

# module_file MODULE: where this kernel has it, if it has
module_file()
{
	find "/lib/modules/$(uname -r)" -name "$1.ko*" | grep .
}

loaded()
{
	grep -q "^$1 " /proc/modules
}

# is_busy MODULE: it cannot be unloaded, and stays
is_busy()
{
	busy_said=$(rmmod "$1" 2>&1) && return 1
	case $busy_said in
	*busy*|*"in use"*|*"temporarily unavailable"*) loaded "$1" && return ;;
	esac
	echo "$busy_said"
	return 1
}

# refused STATUS TEXT COMMAND...: exits with that status and says that
refused()
{
	refused_status=$1
	refused_text=$2
	shift 2
	refused_got=0
	refused_said=$("$@" 2>&1 > /dev/null) || refused_got=$?
	if [ "$refused_got" -ne "$refused_status" ]; then
		echo "exit status $refused_got, not $refused_status: $refused_said"
		return 1
	fi
	case $refused_said in
	*"$refused_text"*) return 0 ;;
	esac
	echo "no '$refused_text' in: $refused_said"
	return 1
}

# The kernel log from a mark on, which is unique for this process.
log_mark()
{
	read_uptime
	log_mark="vmi-selftest-$$-$uptime-$ktap_n"
	echo "$log_mark" > /dev/kmsg
}

log_since_mark()
{
	dmesg | awk -v mark="$log_mark" 'found; index($0, mark) { found = 1 }'
}

in_log()
{
	log_since_mark | grep -qF -- "$1"
}

# What no test may leave in the log.
bad_log()
{
	log_since_mark | grep -E \
		'WARNING: |BUG: |INFO: (possible|suspicious|task|rcu)|Oops|UBSAN|Call Trace:|soft lockup|detected stalls|memory corruption|went backwards'
}

# log_is_clean NAME: a result of its own
log_is_clean()
{
	if ! log_since_mark > /dev/null || ! dmesg | grep -qF "$log_mark"; then
		fail "$1" "the mark is gone from the kernel log"
	elif bad=$(bad_log); then
		fail "$1" "$bad"
	else
		pass "$1"
	fi
}

# The kernel compared the clocks of the CPUs, and found them out of step. It also calls the TSC
# unstable without looking: on Hyper-V, and where a backend's clock may be. That says nothing.
clocks_differ()
{
	dmesg | grep -qE \
		'unstable due to (clocksource watchdog|check_tsc_sync_source)|unstable because the skew'
}

# stress [SECONDS]: replaces this shell, so to be called in one of its own. It fails if the
# clocks of the CPUs are not in step. They are on the virtual machines of the tests, so
# there the kernel's word is a failure even if nothing shows.
stress()
{
	if [ -e /scenario ] && clocks_differ; then
		echo "the kernel found the clocks of the CPUs out of step"
		exit 1
	fi
	exec ./stress "$@"
}

# Load the backend "clocks", and for stress the file with the values of steal time.
load_clocks()
{
	trampoline=$(grep -m 1 ' __SCT__pv_steal_clock$' /proc/kallsyms) &&
		quiet modprobe vmi_clocks trampoline="0x${trampoline%% *}"
}

# watch_steal FILE, and end_work FILE: nothing but that
watch_steal()
{
	./stress steal > "$1" 2>&1 &
	worker=$!
}

# begin_work FILE: the machine is busy from then on, and what it finds is in there
begin_work()
{
	stress 3600 > "$1" 2>&1 &
	worker=$!
	within 30 is_working
}

# It can be told to end once it has threads.
is_working()
{
	set -- "/proc/$worker/task"/*
	[ $# -gt 3 ]
}

# It did not end by itself, which it does when something is wrong.
work_goes_on()
{
	kill -0 "$worker"
}

# end_work FILE: fails if it found something wrong
end_work()
{
	kill -TERM "$worker"
	wait "$worker"
	work_status=$?
	worker=
	cat "$1"
	return $work_status
}

# work SECONDS: each op that an idle guest calls is called some times
work()
{
	./helper fork 20 && ./helper mprotect 20 && sleep "$1"
}

# done_of WORK FILE: how much of it was done, from what stress printed at the end
done_of()
{
	awk -v name="$1" '$1 == name { done = $2 } END { print done + 0 }' "$2"
}

# The clocksource, once the kernel has made up its mind about the TSC.
clocksource()
{
	clock_is=/sys/devices/system/clocksource/clocksource0/current_clocksource
	within 20 sh -c "! grep -q early $clock_is" || :
	cat $clock_is
}

# Each CPU that is online, in a line.
online_cpus()
{
	read -r cpu_ranges < $CPUS/online
	while [ -n "$cpu_ranges" ]; do
		cpu_last=${cpu_ranges%%,*}
		cpu_ranges=${cpu_ranges#"$cpu_last"}
		cpu_ranges=${cpu_ranges#,}
		online_cpu=${cpu_last%-*}
		cpu_last=${cpu_last#*-}
		while [ "$online_cpu" -le "$cpu_last" ]; do
			echo "$online_cpu"
			online_cpu=$((online_cpu + 1))
		done
	done
}

# A CPU that can be taken offline, if there is one.
pick_cpu()
{
	for pick in $(online_cpus); do
		[ ! -w "$CPUS/cpu$pick/online" ] || pick_cpu=$pick
	done
	echo "${pick_cpu:-}"
}

# set_online CPU 0|1
set_online()
{
	echo "$2" > "$CPUS/cpu$1/online" && [ "$(value "$CPUS/cpu$1/online")" = "$2" ]
}
