#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest half of the test that a backend saves exits: the same work natively, with builtin and
# with the backend, in turn, between marks for the host's trace. selftests/host/exits reads
# what is printed here.

. ./lib.sh

need_backend
others=$(($(online_cpus | wc -l) - 1))
[ $others -gt 0 ] || skip_all "one CPU"
times=100
number=0

# measure PROVIDER WORK OP...: the work is calls of these ops, or there is nothing to
# compare
measure()
{
	provider=$1
	work=$2
	shift 2
	calls=$(sum_calls "$@")
	./helper "$work" "$times" "$others" "$number" || return 1
	calls=$(($(sum_calls "$@") - calls))
	[ "$calls" -ge "$times" ] || { echo "$calls calls of $*"; return 1; }
	note "measured $number $provider $work $times" >> "$tmp/measured"
	number=$((number + 1))
}

# With each provider the two kinds of work.
round()
{
	for user in native builtin "$backend"; do
		vmictl use "$user" || return 1
		measure "$user" shootdown tlb.flush_multi || return 1
		measure "$user" ipi ipi.send_mask ipi.send_mask_allbutself \
			ipi.send_allbutself || return 1
	done
}

plan 4
check "count calls" sh -c "vmictl stats on tlb && vmictl stats on ipi"
for n in 1 2 3; do
	check "native, builtin and $backend, round $n" round
done
cat "$tmp/measured"
vmictl stats off tlb
vmictl stats off ipi
finish
