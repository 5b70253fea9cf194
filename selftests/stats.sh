#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Call counters and histograms: switched live, by op, group or all; exact against
# calls whose number is known, against the null backend, which counts by itself, and
# against each other.

. ./lib.sh

need_vmi

forks=200

counting()
{
	ops_with counting 1
}

countable()
{
	if has_irq_sites; then
		all_ops
	else
		all_ops | grep -v '^irq[.]'
	fi
}

# zero OP...: these have counted nothing
zero()
{
	[ "$(sum_calls "$@")" -eq 0 ]
}

# exact COMMAND...: the command prints how many processes had their memory torn down, which
# is once for each child. Other processes can only add to it, so one round without them is
# enough, and fewer than the children are always wrong.
exact()
{
	for n in 1 2 3 4 5; do
		exact_begin=$("$@")
		./helper fork 0
		exact_between=$("$@")
		./helper fork "$forks"
		exact_end=$("$@")
		none=$((exact_between - exact_begin))
		many=$((exact_end - exact_between))
		echo "$many calls for $forks children, $none for none"
		[ "$many" -ge "$forks" ] || return 1
		[ $((many - none)) -ne "$forks" ] || return 0
	done
	return 1
}

# Most flushes have to go to the other CPU, unless another process runs there, which does not
# happen each time.
shootdowns()
{
	for n in 1 2 3 4 5; do
		flushes=$(calls tlb.flush_multi)
		./helper mprotect 200
		got=$(($(calls tlb.flush_multi) - flushes))
		echo "$got calls for 200 changes"
		[ "$got" -lt 100 ] || return 0
	done
	return 1
}

# snapshots WHEN: three times the core's counters, the null backend's and the core's again, by
# one process, in lines of WHEN NAME CORE NULL CORE
snapshots()
{
	repeat 3 printf 'stats\ncaps\nstats\n' | vmictl -b - | awk -v when="$1" '
		$1 == "NAME" { table = table % 3 + 1; next }
		{ name = $1; gsub(/[._]/, "-", name) }
		table == 1 && $4 == "null" { first[name] = $2 }
		table == 2 && $2 == "null" { own[name] = $5 }
		table == 3 && $4 == "null" { print when, name, first[name], own[name], $2 }'
}

# The null backend's lead over the core never changes. A reading gives two bounds of it. They
# are too low if only the core has counted a call that is on its way, and never too high, so
# take the largest of three. A single call that is lost or made up is found where the core's
# counter stood still.
null_agrees()
{
	{ snapshots start && work 0.1 && load && snapshots end; } |
	awk '
		!(($1, $2) in own) || $4 - $5 > low[$1, $2] { low[$1, $2] = $4 - $5 }
		!(($1, $2) in own) || $4 - $3 > high[$1, $2] { high[$1, $2] = $4 - $3 }
		{ own[$1, $2] = $4; names[$2] }
		END {
			for (name in names) {
				n++
				s = "start" SUBSEP name
				e = "end" SUBSEP name
				called += own[e] > own[s]
				exact += low[s] == high[s] && low[e] == high[e]
				if (high[e] >= low[s] && low[e] <= high[s])
					continue
				print name ": null was " low[s] " to " high[s] \
					" ahead of the core, and is " low[e] " to " high[e]
				bad = 1
			}
			print n + 0 " ops, " called + 0 " called, " exact + 0 " exact"
			exit bad || n < 8 || called < 5 || exact < 3
		}'
}

# on_cpu N OP: calls of the op on that CPU
on_cpu()
{
	vmictl stats --per-cpu "$2" | awk -v cpu="CPU$1" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == cpu) at = i }
		NR == 2 { print $at }'
}

# A process that forks on one CPU makes its calls there, and so do its children. Other
# processes make fewer calls on the other CPUs.
made_there()
{
	for cpu in $(online_cpus); do
		cpu_before=$(on_cpu "$cpu" mm.exit_mmap)
		others_before=$(calls mm.exit_mmap)
		taskset -c "$cpu" ./helper fork "$forks"
		here=$(($(on_cpu "$cpu" mm.exit_mmap) - cpu_before))
		all=$(($(calls mm.exit_mmap) - others_before))
		echo "CPU $cpu: $here of $all calls"
		[ "$here" -ge "$forks" ] && [ "$((all - here))" -lt "$forks" ] ||
			return 1
	done
}

# measured [TARGET]: lines of NAME MEASURING CALLS and how many of these are in the
# histograms of latency and of targets, all from one message for each op
measured()
{
	vmictl -j stats --histogram "$@" | jq -r '.[] |
		"\(.name) \(.measuring) \(.calls) \(.latency.count // "-") \(.targets.count // "-")"'
}

measuring()
{
	measured | sort | awk '$2 == "true" { print $1 }'
}

# How many calls of an op are in its histogram.
in_histogram()
{
	measured "$1" | awk '{ print $4 }'
}

# Each call of the ops that were measured from zero on is in the histogram, and in that of the
# targets if there is one. To be called when all is off.
all_agree()
{
	measured | awk -v cpus="$cpus" '
		$4 == "-" { next }
		{ n++; called += $3 > 0; targets += $5 != "-" && $3 > 0 }
		$4 != $3 || ($5 != "-" && $5 != $3) { print; bad = 1 }
		END {
			print n + 0 " ops, " called + 0 " called, " targets + 0 " with targets"
			exit bad || called < 5 || (cpus > 1 && targets < 1)
		}'
}

# The bucket of the largest number ends before twice the number of CPUs. With more than one
# CPU, masks of them were among the calls.
targets_exist()
{
	vmictl stats --histogram | awk -v cpus="$cpus" '
		$2 != "CPUs" || $3 == 0 { next }
		{ print; lines++; bad = bad || $8 >= 2 * cpus || $5 > $6 || $7 > $8 }
		END { exit bad || (cpus > 1 && !lines) }'
}

# No task is inside of a measured call any more, but perhaps a CPU that sleeps in one.
settled()
{
	for cpu in $(online_cpus); do
		taskset -c "$cpu" true
	done
	all_agree
}

# Take groups that are called now, or whose calls take long.
policies_while_measuring()
{
	for group in tlb idle io mm; do
		vmictl policy set "$group" builtin && work 0.1 &&
			vmictl policy clear "$group" || return 1
	done
}

load()
{
	(stress 3 > /dev/null)
}

# The scheduler clock of a lone CPU without a backend is no call.
clock_is_called()
{
	[ "$cpus" -gt 1 ] || [ -n "$backend" ]
}

use_null()
{
	usable null && use null
}

cpus=$(online_cpus | wc -l)
tlb_ops=$(all_ops | grep '^tlb\.')
was_counting=$(counting_requests)
plan 50
check "switch counting off for all ops" vmictl stats off
is "no op counts when all are off" "$(counting)" ""
check "call sites enter providers where nothing counts" ./inline
check "reset all counters" vmictl stats reset
# shellcheck disable=SC2046 # one word per op
check "all counters are zero after a reset" zero $(all_ops)
before=$(each_op calls)
work 0.1
is "counters that are off stand still" "$(each_op calls)" "$before"

check "switch counting on for mm.exit_mmap" vmictl stats on mm.exit_mmap
is "only mm.exit_mmap counts" "$(counting)" mm.exit_mmap
work 0.1
check "mm.exit_mmap has counted calls" test "$(calls mm.exit_mmap)" -ge 20
# shellcheck disable=SC2046 # one word per op
check "no other op has counted calls" zero $(all_ops | grep -vx mm.exit_mmap)
check "mm.exit_mmap counts as many calls as processes end" exact calls mm.exit_mmap

check "each CPU counts its own calls" made_there

check "switch counting on for group tlb" vmictl stats on tlb
is "group tlb counts as well" "$(counting)" "mm.exit_mmap$newline$tlb_ops"
check "switch counting off for tlb.flush_one" vmictl stats off tlb.flush_one
stands=$(calls tlb.flush_one)
work 0.1
is "the counter of tlb.flush_one stands still" "$(calls tlb.flush_one)" "$stands"
skip_unless "one CPU" [ "$cpus" -gt 1 ]
check "a flush of another CPU is counted" shootdowns
skip_no_more
check "switch counting off for group tlb" vmictl stats off tlb
is "mm.exit_mmap still counts" "$(counting)" mm.exit_mmap
check "reset the counters of group tlb" vmictl stats reset tlb
# shellcheck disable=SC2086 # one word per op
check "the counters of group tlb are zero" zero $tlb_ops
check "the counter of mm.exit_mmap is not zero" test "$(calls mm.exit_mmap)" -gt 0
check "an unknown name is refused" \
	refused 2 "there is no op or group named 'nonsense' (groups: clock, idle, " vmictl stats on nonsense

check "switch counting on for all ops" vmictl stats on
is "all ops count" "$(counting)" "$(countable)"
check "call sites enter thunks where calls are counted" ./inline
backend=$(pick_backend) || backend=
skip_unless "no usable backend" [ -n "$backend" ]
use native && use "$backend"
is "counting goes on across a switch" "$(counting)" "$(countable)"
check "calls are as exact after a switch" exact calls mm.exit_mmap
use "$initial"
skip_unless "no backend" clock_is_called
check "the clock is counted" test "$(calls clock.sched_clock)" -gt 0
skip_no_more

check "switch counting off for all ops again" vmictl stats off
check "reset all counters again" vmictl stats reset
check "measure mm.exit_mmap" vmictl stats on --histogram mm.exit_mmap
is "only mm.exit_mmap is measured" "$(measuring)" mm.exit_mmap
is "an op that is measured is counted" "$(counting)" mm.exit_mmap
check "call sites enter the thunk that measures" ./inline
check "the histogram is exact" exact in_histogram mm.exit_mmap
check "stop measuring mm.exit_mmap" vmictl stats off --histogram mm.exit_mmap
is "mm.exit_mmap is counted and not measured" "$(counting):$(measuring)" mm.exit_mmap:
stands=$(in_histogram mm.exit_mmap)
check "calls are as exact when nothing is measured" exact calls mm.exit_mmap
is "the histogram stands still when nothing is measured" "$(in_histogram mm.exit_mmap)" "$stands"

vmictl stats off
vmictl stats reset
is "a reset empties the histogram" "$(in_histogram mm.exit_mmap)" 0
vmictl stats on --histogram
is "all ops are measured" "$(measuring)" "$(countable)"
work 0.1
check "measure all ops under load" load
skip_unless "no backend" [ -n "$backend" ]
use native
work 0.1
use "$backend"
work 0.1
check "measure all ops while policies come and go" policies_while_measuring
use "$initial"
skip_no_more
check "histograms of targets have no more CPUs than there are" targets_exist
vmictl stats off
check "each call is in the histograms" within 20 settled
log_is_clean "no warning in the log after measuring"

vmictl stats on
skip_unless "no null backend" use_null
check "the null backend counts the same" null_agrees
log_is_clean "no warning in the log"
use "$initial"
skip_no_more
restore_counting "$was_counting"
is "the same ops count and are measured as at first" "$(counting_requests)" "$was_counting"
finish
