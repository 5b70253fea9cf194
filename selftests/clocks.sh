#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A backend's clocks start at another time, and steal time is different on each CPU. A switch to
# such clocks or back is no step, also for a CPU that is offline meanwhile. Steal time that the
# host sets back is no step, nor is another uptime of the host after a sleep.

. ./lib.sh

need_vmi
load_clocks || skip_all "there is no module vmi_clocks"
trap 'switch_back; rmmod vmi_clocks' EXIT
victim=$(pick_cpu)

round_trip()
{
	vmictl use clocks && vmictl use native && work_goes_on
}

# What a CPU missed, it must not miss when it is back.
switch_without_cpu()
{
	vmictl use "$1" && set_online "$victim" 0 && vmictl use "$2" &&
		set_online "$victim" 1 && work_goes_on
}

# set_parameter NAME VALUE: of the module
set_parameter()
{
	echo "$2" > "/sys/module/vmi_clocks/parameters/$1"
}

steal_time_is_set_back()
{
	vmictl use clocks && sleep 1 && set_parameter steal_back 500000000000 &&
		sleep 1 && vmictl use native && work_goes_on
}

# The scheduler clock, in seconds, as the log has it.
log_time()
{
	echo "clocks.sh: what time is it?" > /dev/kmsg
	dmesg | sed -n 's/^\[ *\([0-9]*\)\..*clocks.sh: what time is it?$/\1/p' | tail -n 1
}

# The test of the kernel itself stays in the last phase before the sleep for 5 seconds.
# goes_on_after_sleep NS: the host is ahead by so much after the sleep
goes_on_after_sleep()
{
	vmictl use clocks && set_parameter ahead_after_sleep "$1" || return 1
	asleep_at=$(log_time)
	echo core > /sys/power/pm_test && echo mem > /sys/power/state || return 1
	echo none > /sys/power/pm_test
	awake_at=$(log_time)
	vmictl use native
	note "the log goes on at $awake_at s after $asleep_at s"
	[ "$awake_at" -ge "$asleep_at" ] && [ "$awake_at" -lt $((asleep_at + 1000)) ]
}

# perf_time_is VALUE STATS: what perf says of the clock that is in use, counted or not
perf_time_is()
{
	quiet vmictl stats "$2" clock
	said=$(./helper perf-time)
	quiet vmictl stats off clock
	[ "$said" = "$1" ] || { echo "cap_user_time is $said"; return 1; }
}

# perf has to know the clock, and there was no switch yet that gave it an offset.
perf_time=skip
if [ "$initial" = native ] && [ "$(vmi switches)" -eq 0 ]; then
	perf_time=$(./helper perf-time)
fi

plan 15
skip_unless "there was a switch, or perf does not do that" [ "$perf_time" = 1 ]
check "perf computes time from the TSC while its reads are counted" perf_time_is 1 on
use clocks
check "perf does not compute another clock from the TSC" perf_time_is 0 off
skip_no_more
check "use native" vmictl use native
check "each CPU works" begin_work "$tmp/work"
check "switch to other clocks and back under load, 10 times" repeat 10 round_trip
skip_unless "no CPU can be taken offline" [ -n "$victim" ]
check "switch to other clocks while a CPU is offline" switch_without_cpu native clocks
check "switch back while a CPU is offline" switch_without_cpu clocks native
check "switch again with all CPUs" round_trip
skip_no_more
check "steal time goes on when the host sets it back" steal_time_is_set_back
check "no clock went back, made a step or had another rate" end_work "$tmp/work"
check "the scheduler clock was watched" was_done markers "$tmp/work"
check "steal time was watched" was_done steals "$tmp/work"
skip_unless "the kernel was built without CONFIG_PM_SLEEP_DEBUG" [ -w /sys/power/pm_test ]
check "the scheduler clock goes on after a sleep on a host with a longer uptime" \
	goes_on_after_sleep 1000000000000000
# -500 s, in 64 bits.
check "the scheduler clock goes on after a sleep on a host with a shorter uptime" \
	goes_on_after_sleep 18446743573709551616
skip_no_more
finish_with_clean_log
