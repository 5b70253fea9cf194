#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# How often does a switch interrupt the other CPUs? A batch of call sites takes three
# interrupts of each, and there are about ten batches in a switch, however many ops
# and call sites there are, and one for each 256 inline sites.

# shellcheck disable=SC2086 # Words on purpose.

. ./lib.sh

need_backend
cpus=$(online_cpus | wc -l)
[ "$cpus" -gt 1 ] || skip_all "there is one CPU"
limit=$((60 * (cpus - 1)))

# least PREPARATION COMMAND: the least of some, since others send interrupts too
least()
{
	least=
	for n in 1 2 3 4 5; do
		vmictl $1 || return 1
		begin=$(interrupts CAL)
		vmictl $2 || return 1
		got=$(($(interrupts CAL) - begin))
		[ -n "$least" ] && [ "$least" -le "$got" ] || least=$got
	done
	[ "$least" -gt 0 ] && [ "$least" -le "$limit" ]
}

plan 2
check "a switch to $backend" least "use native" "use $backend"
note "$least interrupts of $((cpus - 1)) other CPUs, at most $limit"
check "counting all ops" least "stats off" "stats on"
note "$least interrupts"
quiet vmictl stats off
finish
