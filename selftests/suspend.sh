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
[ -e $alarm ] || quiet modprobe rtc-cmos
[ -n "${VMI_TEST_SUSPEND:-}" ] || skip_all "sleeps, so it has to be asked for"
backend=$(pick_backend) || skip_all "no usable backend"

need_no_policy

tmp=$(mktemp -d)

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

# sleep_for SECONDS: an alarm that came while the machine is on its way would wake nobody up.
# The kernel turns back then, if it was told how many wakeup events there had been before.
sleep_for()
{
	read -r wakeups < "$power/wakeup_count" &&
		echo 0 > "$alarm" && echo "+$1" > "$alarm" &&
		echo "$wakeups" > "$power/wakeup_count" &&
		echo mem > "$power/state"
}

# The first alarm may be too early for a slow machine.
sleep_once()
{
	./helper mark machine-leaving
	sleep_for 10 || sleep_for 40 || sleep_for 100 || return 1
	./helper mark back "$(nproc)"
}

# NAME BACKEND OFFERED BOUND, without how often each was used
caps()
{
	vmictl caps | awk '{ print $1, $2, $3, $4 }'
}

# Of these groups it has by policy what it had when it was in charge.
has_what_it_had()
{
	awk -v name="$backend" '
		$1 !~ /^(clock|eoi)\./ { next }
		NR == FNR { had[$1] = $2 == name; some += $2 == name; next }
		had[$1] && $2 != name { print; bad = 1 }
		END { exit bad || !some }' "$tmp/providers" "$tmp/mixed"
}

# How often the second backend was called.
uses()
{
	vmictl caps | awk -v name="$1" '$1 == name && $2 == "contract" { print $5 }'
}

works_on_each_cpu()
{
	for cpu in $(online_cpus); do
		taskset -c "$cpu" ./helper fork 20 || return 1
	done
	(stress 2)
}

log_mark
plan 27
check "there is suspend to RAM" is_deep
check "use $backend" vmictl use "$backend"
caps > "$tmp/caps"
bindings > "$tmp/providers"
cpus=$(online_cpus)
source=$(clocksource)
before=$(slept)
check "each CPU works" begin_work "$tmp/output"
check "sleep and wake up" sleep_once
is "the machine was asleep" "$(slept)" $((before + 1))
check "sleep and wake up again" sleep_once
is "the machine was asleep again" "$(slept)" $((before + 2))
check "the work found nothing wrong" end_work "$tmp/output"
note "$(cat "$tmp/output")"
is "all CPUs are back" "$(online_cpus)" "$cpus"
is "$backend is active" "$(vmi active):$(vmi state)" "$backend:active"
is "every op is bound as before" "$(bindings)" "$(cat "$tmp/providers")"
is "every capability is as before" "$(caps)" "$(cat "$tmp/caps")"
is "the clocksource is the same" "$(clocksource)" "$source"
check "each CPU works when it is awake" works_on_each_cpu

# With the backend in use by policy only, for what it has of this, and another one.
check "use native" vmictl use native
for group in clock eoi; do
	quiet vmictl policy set $group "$backend"
done
if modprobe vmi-backend-contract; then
	check "a second backend has an op by policy" vmictl policy set io contract
else
	skip "a second backend has an op by policy" "no module for that"
fi
bindings > "$tmp/mixed"
check "$backend has ops by policy" has_what_it_had
check "sleep and wake up with ops by policy" sleep_once
is "the machine was asleep with ops by policy" "$(slept)" $((before + 3))
is "every op is bound as before by policy" "$(bindings)" "$(cat "$tmp/mixed")"
if loaded vmi_contract; then
	is "the second backend was told of the sleep" "$(uses suspend):$(uses resume)" 1:1
	is "the second backend was told of the CPUs" "$(uses cpu-starting):$(uses cpu-offline)" \
		"$(online_cpus | wc -w):$(online_cpus | sed 1d | wc -w)"
else
	skip "the second backend was told of the sleep" "no module for that"
	skip "the second backend was told of the CPUs" "no module for that"
fi
check "each CPU works after a sleep with ops by policy" works_on_each_cpu
quiet vmictl policy clear
if loaded vmi_contract; then
	check "unload the second backend" rmmod vmi_contract
else
	skip "unload the second backend" "no module for that"
fi
check "use $backend again" vmictl use "$backend"
check "switch to native and back" sh -c "vmictl use native && vmictl use $backend"
log_is_clean "no warning in the log"
rm -rf "$tmp"
finish
