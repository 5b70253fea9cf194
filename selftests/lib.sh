# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# KTAP and questions to VMI, for the test scripts. To be sourced from the directory of the
# tests, under any POSIX shell.
#
# A script calls "plan N", then N of check, is, pass, fail and skip, and ends with "finish", or
# with finish_with_clean_log, which has the last of the N results. It may call skip_all before the
# plan. At its end, the provider is switched back. The directory $tmp is for its files.
#
# The shell reads values itself where it can: in an emulated machine a new process costs 1.5
# million instructions.

VMI=/sys/kernel/vmi
ALL_GROUPS="clock idle tlb mm ipi eoi lock io irq"
CPUS=/sys/devices/system/cpu
newline='
'

tmp=$(mktemp -d)
ktap_n=0
ktap_planned=
ktap_failed=0
ktap_passed=0
skip_why=

note()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

plan()
{
	echo "KTAP version 1"
	echo "1..$1"
	ktap_planned=$1
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

# skip_unless WHY COMMAND...: unless the command succeeds, skip the results of check and is
# until skip_no_more
skip_unless()
{
	skip_why=$1
	shift
	! "$@" || skip_why=
}

skip_no_more()
{
	skip_why=
}

# check NAME COMMAND...: the command succeeds, in this shell
check()
{
	check_name=$1
	shift
	if [ -n "$skip_why" ]; then
		skip "$check_name" "$skip_why"
	elif "$@" > "$tmp/check-output" 2>&1; then
		pass "$check_name"
	else
		fail "$check_name" "failed: $*
$(cat "$tmp/check-output")"
	fi
}

# is NAME GOT WANTED
is()
{
	if [ -n "$skip_why" ]; then
		skip "$1" "$skip_why"
	elif [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got '$2', wanted '$3'"
	fi
}

skip_all()
{
	echo "KTAP version 1"
	echo "1..0 # SKIP $1"
	rm -rf "$tmp"
	exit 4
}

# Another number of results than planned is a failure.
finish()
{
	rm -rf "$tmp"
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

# repeat TIMES COMMAND...: until it fails; the command must not call repeat
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

# For a test that asks VMI, as root, and that log_is_clean may end.
need_vmi()
{
	need_root
	[ -d $VMI ] || skip_all "the kernel has no VMI"
	command -v vmictl > /dev/null || skip_all "vmictl is not installed"
	initial=$(vmi active)
	trap switch_back EXIT
	log_mark
}

# For a test of a backend, which it finds in "backend", see pick_backend.
need_backend()
{
	need_vmi
	backend=$(pick_backend) || skip_all "no usable backend"
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

# not_in FILE: the lines of stdin that the file lacks
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

# uses BACKEND CAPABILITY: as the backend itself counts them
uses()
{
	vmictl caps | awk -v backend="$1" -v name="$2" '
		$1 == name && $2 == backend { print $5 }'
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
	ls "$VMI/ops"
}

# has_module NAME: there is one. Whether it can be loaded is for a check to find out.
has_module()
{
	grep -q "/$1[.]ko:" "/lib/modules/$(uname -r)/modules.dep"
}

# A guest of Xen PV calls pv_ops for the interrupt flag. Kernels of the tests have
# CONFIG_VMI_LOWLEVEL.
has_irq_sites()
{
	! grep -qsx PV /sys/hypervisor/guest_type
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
	each_op "$1" | awk -v value="$2" '$2 == value { print $1 }'
}

# Lines of OP PROVIDER.
bindings()
{
	each_op provider
}

# Requests that switch on what is counted and measured now.
counting_requests()
{
	ops_with counting 1 | sed 's/^/stats on /'
	vmictl -j stats --histogram |
		jq -r '.[] | select(.measuring) | "stats on --histogram " + .name'
}

# restore_counting REQUESTS
restore_counting()
{
	quiet vmictl stats off
	echo "$1" | quiet vmictl -b -
}

use()
{
	quiet vmictl use "$1"
}

# begin_monitor FILE COMMAND...: the command writes events to FILE from now on, and anything
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

# A switch to the active provider changes nothing, and is an event.
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

# The backend to test with: the active one, one for this machine, or the null backend.
pick_backend()
{
	for pick in "$initial" kvm hyperv xen vmware null; do
		! usable "$pick" || { echo "$pick"; return; }
	done
	return 1
}

# interrupts KIND [CPU]: how many came, on that CPU or on all; the pattern matches the short
# name in front or that of the handler
interrupts()
{
	awk -v kind="^($1):?$" -v cpu="CPU${2:-}" '
		NR == 1 { for (i = 1; i <= NF; i++) if (cpu == "CPU" || $i == cpu) at[i + 1] }
		$1 ~ kind || $NF ~ kind { for (i in at) sum += $i }
		END { print sum + 0 }' /proc/interrupts
}

# module_file MODULE: where this kernel has it
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
	echo "$busy_said"
	loaded "$1" && echo "$busy_said" | grep -qE 'busy|in use|temporarily unavailable'
}

# refused STATUS TEXT COMMAND...: exits with that status and says that
refused()
{
	refused_status=$1
	refused_text=$2
	shift 2
	refused_got=0
	refused_said=$("$@" 2>&1 > /dev/null) || refused_got=$?
	echo "exit status $refused_got: $refused_said"
	[ "$refused_got" -eq "$refused_status" ] && says "$refused_said" "$refused_text"
}

# says TEXT PART
says()
{
	case $1 in
	*"$2"*) return 0 ;;
	esac
	return 1
}

# Mark this point of the kernel log.
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

# log_is_clean NAME: a result of its own
log_is_clean()
{
	check "$1" nothing_bad_in_log
}

nothing_bad_in_log()
{
	dmesg | grep -qF "$log_mark" || { echo "the mark is gone from the kernel log"; return 1; }
	! log_since_mark | grep -E \
		'WARNING: |BUG: |INFO: (possible|suspicious|task|rcu)|Oops|UBSAN|Call Trace:|soft lockup|detected stalls|memory corruption|went backwards'
}

# The log is clean, as the last result, and the end of the script.
finish_with_clean_log()
{
	log_is_clean "no warning in the log"
	finish
}

# stress [SECONDS]: replaces this shell, so call it in a subshell. On the virtual machines of the
# tests, whose CPUs have their clocks in step, it fails if the kernel compared the clocks and
# found them out of step. A kernel that calls the TSC unstable without looking, as on Hyper-V
# and where a backend's clock may be, is no failure.
stress()
{
	if [ -e /scenario ] && dmesg | grep -E \
		'unstable due to (clocksource watchdog|check_tsc_sync_source)|unstable because the skew'
	then
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

# begin_work FILE: keep the machine busy from now on, and write what is wrong to the file
begin_work()
{
	stress 3600 > "$1" 2>&1 &
	worker=$!
	within 120 is_working
}

# stress ends on SIGTERM once it has threads.
is_working()
{
	set -- "/proc/$worker/task"/*
	[ $# -gt 3 ]
}

# The work ends by itself when something is wrong.
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

# work SECONDS: call each op that an idle guest calls
work()
{
	./helper fork 20 && ./helper mprotect 20 && sleep "$1"
}

# was_done WORK FILE: stress printed to the file that it did some of this work
was_done()
{
	awk -v name="$1" '$1 == name { done = $2 } END { exit !done }' "$2"
}

# The clocksource, once the kernel has decided about the TSC.
clocksource()
{
	clock_is=/sys/devices/system/clocksource/clocksource0/current_clocksource
	within 20 sh -c "! grep -q early $clock_is" || :
	cat $clock_is
}

# The CPUs that are online, one a line.
online_cpus()
{
	sed -n 's/^processor.*: //p' /proc/cpuinfo
}

# on_each_cpu COMMAND...: on all CPUs at once, and wait for the last one
on_each_cpu()
{
	for each_cpu in $(online_cpus); do
		taskset -c "$each_cpu" "$@" &
	done
	wait
}

# A CPU that can be taken offline, or nothing.
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
