#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest half of "make bench-guest": the same work with each provider in turn, between
# marks for the host's trace. selftests/bench/guest.awk reads what is printed here.
#
# usage: guest_cost.sh ROUNDS PROVIDER...

cd "$(dirname "$0")" || exit
# shellcheck source=SCRIPTDIR/../lib.sh
. ./lib.sh

rounds=$1
shift
times=100
seconds=5
number=0

# measured WORK TIMES LEAST: as many times, which is not less than LEAST
measured()
{
	if [ "$2" -lt "$3" ]; then
		echo "guest_cost: $provider: $1: $2 times, not $3" >&2
		exit 1
	fi
	note "measured $number $provider $1 $2"
	number=$((number + 1))
}

# operation WORK CPUS COUNTER...: done by "helper WORK" for that many CPUs. Some do not take
# place, because these CPUs do something else than run the process just then: the command
# COUNTER tells how many did.
operation()
{
	work=$1 others=$2
	shift 2
	before=$("$@")
	./helper "$work" "$times" "$others" "$number" || exit
	done=$(($("$@") - before))
	[ "$work" = shootdown ] || done=$((done / others))
	[ $done -lt "$times" ] || done=$times
	measured "$work-$others" $done $((times * 9 / 10))
}

hand_offs()
{
	cut -d' ' -f1 /sys/kernel/debug/vmi_cost/lock
}

measure()
{
	for cpus in 1 2 3; do
		operation shootdown $cpus calls tlb.flush_multi
	done
	# CPUs had to call functions for another one. No op counts that in a guest of Xen, whose
	# kernel sends an event.
	for cpus in 1 3; do
		operation ipi $cpus interrupts CAL
	done

	before=$(hand_offs)
	./helper contend $seconds $number || exit
	measured lock $(($(hand_offs) - before)) 100

	./helper idle $seconds $number || exit
	measured idle $seconds 1
}

modprobe vmi_cost && vmictl stats on || exit
for round in $(seq "$rounds"); do
	for provider; do
		vmictl use "$provider" || exit
		# What it took to switch is over.
		sleep 1
		measure
	done
done
