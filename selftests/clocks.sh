#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The clocks of a backend have a zero of their own, and steal time is another one on each
# CPU. No switch to them or back may be a step, also for a CPU that is offline meanwhile.
# On any machine: the backend is one for tests.
#
# usage: clocks.sh [ROUNDS]

. ./lib.sh

need_root
need_vmi
rounds=${1:-10}
load_clocks || skip_all "there is no module vmi_clocks"
trap 'switch_back; rmmod vmi_clocks' EXIT
tmp=$(mktemp -d)
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

was_watched()
{
	[ "$(done_of "$1" "$tmp/work")" -gt 0 ]
}

log_mark
plan 10
check "use native" vmictl use native
check "each CPU works" begin_work "$tmp/work"
check "switch to other clocks and back under load, $rounds times" repeat "$rounds" round_trip
if [ -n "$victim" ]; then
	check "switch to other clocks while a CPU is offline" switch_without_cpu native clocks
	check "switch back while a CPU is offline" switch_without_cpu clocks native
	check "switch again with all CPUs" round_trip
else
	for name in "switch to other clocks while a CPU is offline" \
		    "switch back while a CPU is offline" "switch again with all CPUs"; do
		skip "$name" "no CPU can be taken offline"
	done
fi
check "no clock went back, made a step or had another rate" end_work "$tmp/work"
note "$(cat "$tmp/work")"
check "the scheduler clock was watched" was_watched markers
check "steal time was watched" was_watched steals
log_is_clean "no warning in the log"
rm -rf "$tmp"
finish
