#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# CPUs go and come while a backend is active, and while it is being switched.
#
# VMI_TEST_HOTPLUG in the environment is for how many round trips of the latter.

. ./lib.sh

need_backend

victim=$(pick_cpu)
[ -n "$victim" ] || skip_all "no CPU can be taken offline"
trips=${VMI_TEST_HOTPLUG:-10}

offline_and_online()
{
	set_online "$victim" 0 || { echo "offline"; return 1; }
	[ "$(vmi active)" = "$backend" ] || return 1
	set_online "$victim" 1 || { echo "online"; return 1; }
	[ "$(vmi active):$(vmi state)" = "$backend:active" ]
}

# Of the local APIC's timer, or of Xen's.
ticks()
{
	interrupts "LOC|timer$victim" "$victim"
}

ipis()
{
	interrupts "RES|CAL" "$victim"
}

# The CPU runs tasks, has its timer, and gets IPIs.
works()
{
	ticks=$(ticks)
	ipis=$(ipis)
	taskset -c "$victim" ./helper fork 50 || return 1
	taskset -c "$victim" sleep 0.1 || return 1
	(stress 2) || return 1
	[ "$(ticks)" -gt "$ticks" ] || { echo "no ticks"; return 1; }
	[ "$(ipis)" -gt "$ipis" ] || { echo "no IPIs"; return 1; }
}

round_trip()
{
	vmictl use native && vmictl use "$backend"
}

online_under_native()
{
	set_online "$victim" 0 && vmictl use native && set_online "$victim" 1 &&
		vmictl use "$backend"
}

hotplug_until()
{
	while [ ! -e "$1" ]; do
		set_online "$victim" 0 && set_online "$victim" 1 || return 1
		echo x >> "$1.count"
	done
}

switch_and_hotplug()
{
	before=$(vmi switches)
	hotplug_until "$tmp/stop" &
	plugger=$!
	repeat "$1" round_trip || { echo "switch failed"; return 1; }
	touch "$tmp/stop"
	wait "$plugger" || { echo "hotplug failed"; return 1; }
	plugged=$(lines "$tmp/stop.count")
	[ "$plugged" -gt 1 ] || return 1
	[ "$(vmi switches)" -eq $((before + 2 * $1)) ]
}

plan 16
# The work that end_work ends is nothing but looking at steal time.
if load_clocks; then
	./stress steal > "$tmp/steal" 2>&1 &
	worker=$!
fi
check "use $backend" vmictl use "$backend"
source=$(clocksource)
check "take the CPU offline and online, 5 times" repeat 5 offline_and_online
check "the CPU works" works
is "the clocksource is the same" "$(clocksource)" "$source"

# The backend comes while the CPU is not there, and has to meet it later.
check "take the CPU offline under $backend" set_online "$victim" 0
check "use native while the CPU is offline" vmictl use native
check "use $backend while the CPU is offline" vmictl use "$backend"
check "take the CPU online" set_online "$victim" 1
check "the CPU works after a switch it missed" works

# And the other way round: it must not be prepared for one that has gone.
check "offline under the backend, online under native" online_under_native
check "the CPU works after it went and came under different providers" works

check "hotplug during $trips round trips" switch_and_hotplug "$trips"
check "the CPU works in the end" works
is "the backend is active" "$(vmi active):$(vmi state)" "$backend:active"
skip_unless "there is no module vmi_clocks" [ -n "$worker" ]
check "steal time of each possible CPU never went back, nor grew by more than the time" \
	end_work "$tmp/steal"
skip_no_more
quiet rmmod vmi_clocks
finish_with_clean_log
