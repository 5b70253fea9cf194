#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What counting costs per call, in instructions: at most so many while it is on, and
# none while it is off. And what histograms say that a call takes. For a machine whose
# time stamp counter counts instructions: the scenario icount-ops. Where it does not, no
# two readings are the same, and there is nothing to compare.

. ./lib.sh

need_vmi

limit=12
# A stub and a thunk take the place of one instruction.
limit_of_sites=22

modprobe vmi_cost 2> /dev/null || skip_all "there is no module vmi_cost"
cost=/sys/kernel/debug/vmi_cost/ops

# compare BEFORE AFTER LEAST MOST [MOST-OF-SITES]: the calls of each op cost so much more
compare()
{
	printf '%s\n%s\n' "$1" "$2" | awk -v least="$3" -v most_of="$4" -v most_of_sites="${5:-$4}" '
		$1 != "icount" || $3 < 1 { next }
		!($2 in before) { before[$2] = $4; next }
		{
			more = ($4 - before[$2]) / $3
			most = $2 ~ /^lock[.](unlock|vcpu_is_preempted)$/ ? most_of_sites : most_of
			print $2 ": " more " more than " before[$2] / $3
			ops++
			if (more < least || more > most)
				bad = 1
		}
		END {
			print ops + 0 " ops"
			exit bad || ops < 10
		}'
}

# In between the time stamps are the call, its way to the provider, and a few
# instructions of the thunk. An op that others called as well has another mean.
means_agree()
{
	{ printf '%s\n' "$off"; vmictl stats --histogram; } | awk '
		$1 == "icount" { took[$2] = $4 / $3; calls = $3; next }
		$2 != "cycles" || !($1 in took) || $3 > calls * 1.01 { next }
		{
			print $1 ": a mean of " $4 " where a call is " took[$1]
			ops++
			if ($3 < calls || $4 < took[$1] - 16 || $4 > took[$1] + 16)
				bad = 1
		}
		END {
			print ops + 0 " ops"
			exit bad || ops < 5
		}'
}

counting=$(counting_requests)
trap 'restore_counting "$counting"; switch_back; rmmod vmi_cost' EXIT
use native
vmictl stats off
off=$(cat $cost)
[ "$(cat $cost)" = "$off" ] || skip_all "two readings differ: time is not instructions here"
# The irq ops are called within others.
vmictl stats on
vmictl stats off irq
counted=$(cat $cost)
vmictl stats reset
vmictl stats on --histogram
vmictl stats off irq
measured=$(cat $cost)
vmictl stats off
off_again=$(cat $cost)

plan 4
check "at most $limit instructions to count, $limit_of_sites at inline sites" \
	compare "$off" "$counted" 1 "$limit" "$limit_of_sites"
note "$(compare "$off" "$counted" 1 "$limit" "$limit_of_sites")"
check "none when that is off again" compare "$off" "$off_again" 0 0
check "counting costs less than measuring" compare "$counted" "$measured" 1 1000
note "$(compare "$off" "$measured" 1 1000)"
check "histograms show what calls take" means_agree
note "$(means_agree)"
finish
