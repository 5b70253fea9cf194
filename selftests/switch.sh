#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Switch between a backend and native or builtin, while each CPU works and the clocks are
# watched. Nothing may be lost.
#
# environment, which the kernel takes from its boot line:
#   VMI_TEST_SWITCHES   the number of round trips
#   VMI_TEST_OTHER      the provider to switch to and back from (native)
#   VMI_TEST_PATCHERS   0 for no other patches of the text, slow with the function tracer

. ./lib.sh

need_backend
rounds=${VMI_TEST_SWITCHES:-50}
other=${VMI_TEST_OTHER:-native}

tracing=/sys/kernel/tracing
output=$tmp/output
patched=$tmp/patched
nmi=/sys/kernel/debug/vmi_cost/nmi

# Patch the text by other means: tracepoints have a static key and a static call, the function
# tracer has a call where each function begins, and a kprobe behind it has an int3 or a jump. Count
# in one file; errors are in another one. NMIs arrive anywhere, also where interrupts are masked.
patch_text()
{
	event=$tracing/events/sched/sched_waking/enable
	grep -qw function $tracing/available_tracers && tracer=function || tracer=
	while :; do
		echo 1 > "$event" || return
		if [ -n "$tracer" ]; then
			echo 'vfs_*' > $tracing/set_ftrace_filter || return
			echo function > $tracing/current_tracer || return
		fi
		if [ -w $tracing/kprobe_events ]; then
			echo 'p:vmi_test vfs_read+9' > $tracing/kprobe_events &&
				echo 1 > $tracing/events/kprobes/vmi_test/enable || return
		fi
		[ ! -e "$nmi" ] || cat "$nmi" >> "$patched.nmis" || return
		sleep 0.1
		echo 0 > "$event" || return
		[ -z "$tracer" ] || echo nop > $tracing/current_tracer || return
		if [ -w $tracing/kprobe_events ]; then
			echo 0 > $tracing/events/kprobes/vmi_test/enable &&
				echo > $tracing/kprobe_events || return
		fi
		sleep 0.1
		echo x >> "$patched"
	done
}

others_patched()
{
	cat "$patched.errors"
	echo "$(lines "$patched") times"
	[ ! -s "$patched.errors" ] && [ "$(lines "$patched")" -gt 0 ]
}

# Each NMI found its CPU, and what it executed there was right.
nmis_arrived()
{
	echo "$(lines "$patched.nmis") rounds"
	sort -u "$patched.nmis"
	[ "$(sort -u "$patched.nmis")" = $((100 * $(online_cpus | wc -l))) ]
}

# scheduler_events 0|1: the scheduler reads its clock for each of them
scheduler_events()
{
	for event in sched_switch sched_wakeup; do
		quiet sh -c "echo $1 > $tracing/events/sched/$event/enable"
	done
}

start_patching()
{
	: > "$patched"
	(patch_text) 2> "$patched.errors" &
	patcher=$!
}

# The tracer may still be on.
stop_patching()
{
	quiet kill "$patcher"
	wait "$patcher" 2> /dev/null
	quiet sh -c "echo 0 > $tracing/events/sched/sched_waking/enable;
		echo 0 > $tracing/events/kprobes/vmi_test/enable
		echo > $tracing/kprobe_events
		echo nop > $tracing/current_tracer"
}

# Stops at the first failure.
round_trips()
{
	left=$rounds
	while [ "$left" -gt 0 ]; do
		block=$((left < 10 ? left : 10))
		# Starting a process takes longer than a switch.
		repeat "$block" printf 'use %s\nuse %s\n' "$other" "$backend" |
			vmictl -b - || return 1
		[ "$(vmi active)" = "$backend" ] || return 1
		work_goes_on || { echo "work ended early"; return 1; }
		left=$((left - block))
		[ "$(vmi switches)" -eq $((before + 2 * (rounds - left))) ] ||
			return 1
	done
}

# Come from the other provider, as each round trip does: it keeps the ops that the backend lacks.
start()
{
	vmictl use "$other" && vmictl use "$backend"
}

plan 22
check "start on $backend" start
check "ops are bound to $backend" [ -n "$(ops_with provider "$backend")" ]
bindings=$(bindings)
before=$(vmi switches)
load_clocks
nmis=
[ "$backend" != null ] || ! has_module vmi_cost || nmis=yes
[ -z "$nmis" ] || quiet modprobe vmi_cost
scheduler_events 1
check "each CPU works" begin_work "$output"
[ "${VMI_TEST_PATCHERS:-1}" = 0 ] || [ ! -d $tracing/events/sched ] || start_patching
check "$rounds round trips under load" round_trips
[ -z "${patcher:-}" ] || stop_patching
skip_unless "VMI_TEST_PATCHERS is 0, or there is no tracefs" [ -n "${patcher:-}" ]
check "others patched the text meanwhile" others_patched
skip_unless "VMI_TEST_PATCHERS is 0, the backend is not null, or there is no module vmi_cost" \
	[ "${patcher:+$nmis}" ]
check "NMIs arrived meanwhile" nmis_arrived
skip_no_more
check "the work found nothing wrong" end_work "$output"
scheduler_events 0
is "as many switches as were made" "$(vmi switches)" $((before + 2 * rounds))
is "$backend is active" "$(vmi active):$(vmi state)" "$backend:active"
is "every op is bound as before" "$(bindings)" "$bindings"
is "there is no error" "$(vmi last_error)" none
for work in execs mmaps zaps zaps_seen locks pipes clocks; do
	check "there was work: $work" was_done $work "$output"
done
skip_unless "there is no tracefs" [ -e $tracing/instances ]
check "the scheduler clock was watched" was_done markers "$output"
skip_unless "there is no module vmi_clocks" [ -e /sys/kernel/debug/vmi_steal_clock ]
check "steal time was watched" was_done steals "$output"
skip_no_more
check "use $other" vmictl use "$other"
quiet rmmod vmi_clocks vmi_cost
finish_with_clean_log
