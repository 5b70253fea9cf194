#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A CPU comes up while a backend is released. The backend "contract" warns if it was called
# for a CPU on the way up and not on its way down.
#
# Both tasks are on one CPU. The one that onlines the other CPU has a real-time priority: it
# waits for the lock of CPU hotplug, and on a preemptible kernel it runs as soon as the
# release drops that lock, before the release takes its next step.

. ./lib.sh

need_root
need_vmi
need_no_policy
usable contract || skip_all "no backend 'contract'"
cpu=$(pick_cpu)
[ -n "$cpu" ] || skip_all "no CPU can be taken offline"

# How often the backend was called for a CPU that came up.
starts()
{
	vmictl caps | awk '$1 == "cpu-starting" && $2 == "contract" { print $5 }'
}

switch_often()
{
	repeat 30 taskset -c 0 sh -c "vmictl use contract && vmictl use native"
}

log_mark
plan 6
check "use native" vmictl use native
./helper realtime taskset -c 0 sh -c "
	while :; do
		echo 0 > $CPUS/cpu$cpu/online
		echo 1 > $CPUS/cpu$cpu/online
	done" &
worker=$!
check "use the backend and release it, while a CPU comes and goes" switch_often
check "the CPU comes and goes to the end" work_goes_on
switch_back
wait "$worker" 2> /dev/null
worker=
check "the backend saw CPUs come up" test "$(starts)" -gt 0
check "take the CPU online" set_online "$cpu" 1
log_is_clean "no warning in the log"
finish
