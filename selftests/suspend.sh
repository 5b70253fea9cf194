#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Sleep with the backend active, while the clocks are watched, and wake up with all in order.
#
# VMI_TEST_SUSPEND in the environment asks for it: a machine that does not wake up by its clock
# would not come back.

. ./lib.sh

need_backend
power=/sys/power
alarm=/sys/class/rtc/rtc0/wakealarm
[ -e $alarm ] || quiet modprobe rtc-cmos
[ -n "${VMI_TEST_SUSPEND:-}" ] || skip_all "sleeps, so it has to be asked for"

slept()
{
	value $power/suspend_stats/success
}

# Not the sleep in which CPUs only idle.
is_deep()
{
	grep -qw mem "$power/state" && echo deep > "$power/mem_sleep" &&
		grep -qF '[deep]' "$power/mem_sleep"
}

# An alarm has to come after the machine fell asleep, which took a busy emulator more than ten
# seconds. Measure the way down and back with pm_test, which leaves out the sleep itself, and set
# alarm_after to eight seconds more than twice that time.
measure_way()
{
	alarm_after=30
	[ -w "$power/pm_test" ] || return 0
	delay=/sys/module/suspend/parameters/pm_test_delay
	old_delay=$(value "$delay")
	echo 0 > "$delay"
	echo core > "$power/pm_test"
	read_uptime
	started=$uptime
	way_status=0
	echo mem > "$power/state" || way_status=1
	read_uptime
	alarm_after=$((8 + 2 * (uptime - started)))
	echo none > "$power/pm_test"
	echo "$old_delay" > "$delay"
	return "$way_status"
}

# sleep_for SECONDS: the kernel aborts the sleep if a wakeup event comes on the way down,
# since it is told the number of events so far.
sleep_for()
{
	read -r wakeups < "$power/wakeup_count" &&
		echo 0 > "$alarm" && echo "+$1" > "$alarm" &&
		echo "$wakeups" > "$power/wakeup_count" &&
		echo mem > "$power/state"
}

sleep_once()
{
	sleep_for "$alarm_after" || sleep_for $((2 * alarm_after)) ||
		sleep_for $((4 * alarm_after))
}

# NAME BACKEND OFFERED BOUND, without how often each was used
caps()
{
	vmictl caps | awk '{ print $1, $2, $3, $4 }'
}

has_contract()
{
	[ "$backend" = null ] && modprobe vmi_contract
}

works_on_each_cpu()
{
	for cpu in $(online_cpus); do
		taskset -c "$cpu" ./helper fork 20 || return 1
	done
	(stress 2)
}

plan 22
check "there is suspend to RAM" is_deep
check "use $backend" vmictl use "$backend"
caps > "$tmp/caps"
bindings > "$tmp/providers"
cpus=$(online_cpus)
source=$(clocksource)
check "each CPU works" begin_work "$tmp/output"
check "measure the way to sleep and back" measure_way
note "alarms after $alarm_after s"
before=$(slept)
check "sleep and wake up" sleep_once
is "the machine was asleep" "$(slept)" $((before + 1))
check "sleep and wake up again" sleep_once
is "the machine was asleep again" "$(slept)" $((before + 2))
check "the work found nothing wrong" end_work "$tmp/output"
is "all CPUs are back" "$(online_cpus)" "$cpus"
is "$backend is active" "$(vmi active):$(vmi state)" "$backend:active"
is "every op is bound as before" "$(bindings)" "$(cat "$tmp/providers")"
is "every capability is as before" "$(caps)" "$(cat "$tmp/caps")"
is "the clocksource is the same" "$(clocksource)" "$source"
check "each CPU works when it is awake" works_on_each_cpu

skip_unless "the backend is $backend, or there is no module" has_contract
check "use contract" vmictl use contract
check "sleep and wake up with contract" sleep_once
is "contract was told of the sleep" "$(uses contract suspend):$(uses contract resume)" 1:1
is "contract was told of the CPUs" "$(uses contract cpu-starting):$(uses contract cpu-offline)" \
	"$(echo "$cpus" | wc -l):$(echo "$cpus" | sed 1d | wc -l)"
use "$backend"
check "unload the module of contract" rmmod vmi_contract
skip_no_more
check "switch to native and back" sh -c "vmictl use native && vmictl use $backend"
finish_with_clean_log
