#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Switch between native and a backend, again and again, while every CPU works and
# somebody watches the clocks. Nothing may be lost.
#
# usage: switch.sh [ROUND-TRIPS]
#
# VMI_TEST_SWITCHES in the environment is the number of round trips as well: the
# kernel hands NAME=VALUE of its boot line to init. VMI_TEST_PATCHERS=0 is for nobody
# else to patch the text meanwhile, which is slow with the function tracer.

. ./lib.sh

need_root
need_vmi
rounds=${1:-${VMI_TEST_SWITCHES:-50}}
backend=$(pick_backend) || skip_all "no usable backend"
note "native <-> $backend, $rounds times"

tracing=/sys/kernel/tracing
output=$(mktemp)
patched=$(mktemp)

# Others patch the text too: tracepoints have a static key and a static call, and the
# function tracer has a call in each function.
patch_text()
{
	event=$tracing/events/sched/sched_waking/enable
	while [ "${VMI_TEST_PATCHERS:-1}" != 0 ]; do
		echo 1 > "$event" || return
		if grep -qw function $tracing/available_tracers; then
			echo 'vfs_*' > $tracing/set_ftrace_filter
			echo function > $tracing/current_tracer
		fi
		sleep 0.1
		echo 0 > "$event"
		echo nop > $tracing/current_tracer
		sleep 0.1
		echo x >> "$patched"
	done
}

start_work()
{
	# The scheduler looks at its clock for each of these.
	for event in sched_switch sched_wakeup; do
		quiet sh -c "echo 1 > $tracing/events/sched/$event/enable"
	done
	if clocks_differ; then
		note "clocks of the CPUs differ: order is checked on each CPU only"
	fi
	# An hour, should nobody be left to end it.
	stress 3600 > "$output" 2>&1 &
	worker=$!
	(patch_text > /dev/null 2>&1) &
	patcher=$!
}

stop_work()
{
	quiet kill "$patcher"
	quiet sh -c "echo 0 > $tracing/events/sched/sched_waking/enable;
		echo nop > $tracing/current_tracer"
	note "others patched the text $(lines "$patched") times"
	kill -TERM "$worker"
	wait "$worker"
	worker_status=$?
	for event in sched_switch sched_wakeup; do
		quiet sh -c "echo 0 > $tracing/events/sched/$event/enable"
	done
}

# Stops at the first failure.
round_trips()
{
	left=$rounds
	while [ "$left" -gt 0 ]; do
		block=$((left < 10 ? left : 10))
		# Starting a process takes longer than a switch.
		repeat "$block" printf 'use native\nuse %s\n' "$backend" |
			vmictl -b - || return 1
		[ "$(vmi active)" = "$backend" ] || return 1
		kill -0 "$worker" || { echo "work ended early"; return 1; }
		left=$((left - block))
		[ "$(vmi switches)" -eq $((before + 2 * (rounds - left))) ] ||
			return 1
	done
}

count_of()
{
	awk -v name="$1" '$1 == name { print $2 }' "$output"
}

some()
{
	[ "$(count_of "$1")" -gt 0 ]
}

# From native, as each round trip will: the ops that the backend leaves alone stay with
# whoever had them before, and that may be builtin.
start()
{
	vmictl use native && vmictl use "$backend"
}

# What is bound now is what a single switch binds.
same_bindings()
{
	[ "$(bindings)" = "$bindings" ]
}

plan 18
log_mark
check "start on $backend" start
bindings=$(bindings)
before=$(vmi switches)
start_work
started=$(date +%s)
check "$rounds round trips under load" round_trips
note "$(($(date +%s) - started)) s"
stop_work
sed 's/^/# /' "$output"
is "the work found nothing wrong" $worker_status 0
is "as many switches as were made" "$(vmi switches)" $((before + 2 * rounds))
is "$backend is active" "$(vmi active):$(vmi state)" "$backend:active"
check "every op is bound as before" same_bindings
is "there is no error" "$(vmi last_error)" none
for work in execs mmaps zaps zaps_seen locks pipes clocks steals; do
	check "there was work: $work" some $work
done
if [ -d $tracing/instances ]; then
	check "the scheduler clock was watched" some markers
else
	skip "the scheduler clock was watched" "no tracefs"
fi
check "and native again" vmictl use native
log_is_clean "no warning in the log"
rm -f "$output" "$patched"
finish
