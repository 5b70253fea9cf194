# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the test scripts share: KTAP, and asking VMI. To be sourced from the
# directory of the tests, under any POSIX shell.
#
# A script says "plan N", then calls N of check, check_not, pass, fail and skip,
# and ends with "finish". It may call skip_all before the plan. Whatever it
# switched is switched back when it ends.

VMI=/sys/kernel/vmi
ALL_GROUPS="clock idle tlb mm ipi eoi lock io"

ktap_n=0
ktap_planned=
ktap_failed=0
ktap_passed=0

note()
{
	printf '%s\n' "$*" | sed 's/^/# /'
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

# within SECONDS COMMAND...: the command succeeds before the deadline
within()
{
	within_end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$within_end" ] || return 1
		sleep 0.1
	done
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

switch_back()
{
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

vmi()
{
	cat "$VMI/$1"
}

provider()
{
	cat "$VMI/ops/$1/provider"
}

calls()
{
	cat "$VMI/ops/$1/calls"
}

# The sum of the calls of several ops.
sum_calls()
{
	sum=0
	for sum_op in "$@"; do
		sum=$((sum + $(calls "$sum_op")))
	done
	echo "$sum"
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
		[ -n "$mark_at" ] && [ "$(wc -l < "$mark_file")" -gt "$mark_at" ] ||
			return 1
	done
}

# More events than the queue of a program that does not fetch them has room for.
flood_events()
{
	yes "use $(vmi active)" | head -n 500 | quiet vmictl -b -
}

all_ops()
{
	ls $VMI/ops
}

# A PV guest of Xen, in which native ops cannot work.
is_xen_pv()
{
	[ "$(cat /sys/hypervisor/guest_type 2>/dev/null)" = PV ]
}

# usable BACKEND: it is loaded, or can be, and claims the machine
usable()
{
	[ -d "$VMI/backends/$1" ] || quiet modprobe "vmi-backend-$1" || return 1
	case $(vmi "backends/$1/state" 2>/dev/null) in
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

loaded()
{
	grep -q "^$1 " /proc/modules
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
	log_mark="vmi-selftest-$$-$(date +%s)-$ktap_n"
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

# The kernel's word that the clocks of the CPUs are not in step.
clocks_differ()
{
	dmesg | grep -qE 'Marking (TSC )?unstable|TSC found unstable'
}

# stress [SECONDS]: replaces this shell, so to be called in one of its own
stress()
{
	if clocks_differ; then
		export STRESS_CLOCKS_DIFFER=1
	fi
	exec ./stress "$@"
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
	[ "$(find "/proc/$worker/task" -maxdepth 1 | wc -l)" -gt 4 ]
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
	cat "$1"
	return $work_status
}

# The clocksource, once the kernel has made up its mind about the TSC.
clocksource()
{
	clock_is=/sys/devices/system/clocksource/clocksource0/current_clocksource
	within 20 sh -c "! grep -q early $clock_is" || :
	cat $clock_is
}

# Each CPU that is online, as in "0 1 2".
online_cpus()
{
	cpu_list=$(cat /sys/devices/system/cpu/online)
	for cpu_range in $(echo "$cpu_list" | tr ',' ' '); do
		seq "${cpu_range%-*}" "${cpu_range#*-}"
	done
}
