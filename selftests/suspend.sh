#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Sleep with the backend active, while others look at the clocks, and wake up with
# all of it in order.
#
# VMI_TEST_SUSPEND in the environment asks for it: a machine that does not wake up
# by its clock would not come back.

. ./lib.sh

need_root
need_vmi
power=/sys/power
alarm=/sys/class/rtc/rtc0/wakealarm
[ -n "${VMI_TEST_SUSPEND:-}" ] || skip_all "sleeps, so it has to be asked for"
backend=$(pick_backend) || skip_all "no usable backend"

[ -z "$(vmictl policy)" ] || skip_all "there are policies already"
trap 'quiet vmictl policy clear; switch_back' EXIT

tmp=$(mktemp -d)

slept()
{
	cat $power/suspend_stats/success
}

# Not the sleep in which CPUs only idle.
is_deep()
{
	grep -qw mem "$power/state" && echo deep > "$power/mem_sleep" &&
		grep -qF '[deep]' "$power/mem_sleep"
}

# Long enough for a slow machine to be asleep by then: an alarm that comes earlier
# wakes nobody up.
sleep_once()
{
	./helper mark machine-leaving
	echo 0 > "$alarm" && echo +10 > "$alarm" && echo mem > "$power/state" ||
		return 1
	./helper mark back "$(nproc)"
}

# NAME BACKEND OFFERED BOUND, without how often each was used
caps()
{
	vmictl caps | awk '{ print $1, $2, $3, $4 }'
}

works_on_each_cpu()
{
	for cpu in $(online_cpus); do
		taskset -c "$cpu" ./helper fork 20 || return 1
	done
	(stress 2)
}

log_mark
plan 23
check "there is suspend to RAM" is_deep
check "use $backend" vmictl use "$backend"
caps > "$tmp/caps"
cat $VMI/ops/*/provider > "$tmp/providers"
cpus=$(online_cpus)
source=$(clocksource)
before=$(slept)
stress 3600 > "$tmp/output" 2>&1 &
worker=$!
check "the work has begun" within 20 test -d /sys/kernel/tracing/instances/vmi-stress
check "sleep and wake up" sleep_once
is "the machine was asleep" "$(slept)" $((before + 1))
check "sleep and wake up again" sleep_once
is "and asleep again" "$(slept)" $((before + 2))
kill -TERM $worker
wait $worker
is "the work found nothing wrong" $? 0
sed 's/^/# /' "$tmp/output"
is "all CPUs are back" "$(online_cpus)" "$cpus"
is "$backend is active" "$(vmi active):$(vmi state)" "$backend:active"
is "every op is bound as before" "$(cat $VMI/ops/*/provider)" "$(cat "$tmp/providers")"
is "and every capability" "$(caps)" "$(cat "$tmp/caps")"
is "the clocksource is the same" "$(clocksource)" "$source"
check "each CPU works" works_on_each_cpu

# With the backend in use by policy only, for whatever of this it has.
check "use native" vmictl use native
for group in clock eoi; do
	vmictl policy set $group "$backend" > "$tmp/policy" 2>&1 || :
done
cat $VMI/ops/*/provider > "$tmp/mixed"
is "$backend has ops by policy" "$(vmi "backends/$backend/state"):$(vmi state)" active:none
check "sleep and wake up with these" sleep_once
is "the machine was asleep then" "$(slept)" $((before + 3))
is "every op is bound as before that" "$(cat $VMI/ops/*/provider)" "$(cat "$tmp/mixed")"
check "each CPU works after that" works_on_each_cpu
quiet vmictl policy clear
check "use $backend again" vmictl use "$backend"
check "native and back" sh -c "vmictl use native && vmictl use $backend"
log_is_clean "no warning in the log"
rm -rf "$tmp"
finish
