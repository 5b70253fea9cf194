#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A backend stays prepared as long as a CPU, or a task that was preempted, is inside one
# of its ops. The backend "contract" has an op that does not return before it is told to.

. ./lib.sh

need_vmi
hold=/sys/kernel/debug/vmi_contract_hold
[ "$(online_cpus | wc -w)" -gt 1 ] || skip_all "the only CPU would be held"
need_no_policy
modprobe vmi_contract || skip_all "the kernel was built without CONFIG_VMI_SELFTEST_MODULES"
trap 'use native; quiet rmmod vmi_contract; switch_back' EXIT

# What is written to the file, and what is read from it: see vmi_contract.c.
RELEASE=0
HOLD_CPU=1
HOLD_TASK=2
NOT_HELD=0
HELD=1
HELD_AND_DRAINED=2

is_held()
{
	[ "$(cat "$hold")" = "$1" ]
}

# is_waited_for WHAT CPU: the backend goes while the op runs there, and no sooner than it
# has ended. The CPU that is held is not the first one, as the core tells each CPU in turn
# that the backend goes, and the held one cannot be told.
is_waited_for()
{
	vmictl use contract || return 1
	taskset -c "$2" sh -c "echo $1 > $hold" &
	holder=$!
	within 60 is_held "$HELD" || { echo "the op does not run"; return 1; }
	vmictl use native &
	leaver=$!
	within 20 fails is_held "$HELD"
	within 5 fails is_held "$HELD_AND_DRAINED"
	state=$(cat "$hold")
	echo "$RELEASE" > "$hold"
	wait "$holder" || { echo "the op was not held until now"; return 1; }
	wait "$leaver" || return 1
	[ "$state" = "$HELD_AND_DRAINED" ] || { echo "state is $state"; return 1; }
	is_held "$NOT_HELD"
}

# A kernel with PREEMPT_DYNAMIC has its mode in parentheses there.
preempts()
{
	mode=/sys/kernel/debug/sched/preempt
	if [ -r "$mode" ]; then
		grep -q '(full)' "$mode"
	else
		uname -v | grep -q PREEMPT
	fi
}

last=$(online_cpus | tail -n 1)
plan 3
check "backend stays prepared while a CPU is inside its op" is_waited_for "$HOLD_CPU" "$last"
skip_unless "this kernel preempts no task in the kernel" preempts
check "backend stays prepared while a preempted task is inside its op" \
	is_waited_for "$HOLD_TASK" "$last"
skip_no_more
finish_with_clean_log
