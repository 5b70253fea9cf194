#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Call counters and histograms: switched live, by op, group or all; exact against
# calls whose number is known, against the null backend, which counts by itself, and
# against each other.

. ./lib.sh

need_root
need_vmi

forks=200

counting()
{
	ops_with counting 1
}

# Where the kernel saw no hypervisor, and its boot line names no backend, there are ops
# that are native instructions and no calls.
countable()
{
	if grep -qw hypervisor /proc/cpuinfo ||
	   grep -qE '\bvmi=(null|kvm|hyperv|xen|vmware)' /proc/cmdline; then
		all_ops
	else
		all_ops | grep -vx -e lock.unlock -e lock.vcpu_is_preempted
	fi
}

# zero OP...: these have counted nothing
zero()
{
	[ "$(sum_calls "$@")" -eq 0 ]
}

# What it costs in calls of an op to run the helper with that count.
cost()
{
	cost_before=$(calls "$1")
	./helper "$2" "$3"
	echo $(($(calls "$1") - cost_before))
}

# Each child's memory is torn down once. Whoever else runs can only add to that, to
# what it is without children or with them. So one quiet moment is enough, and fewer
# than the children are never right.
exact_forks()
{
	for n in 1 2 3 4 5; do
		none=$(cost mm.exit_mmap fork 0)
		many=$(cost mm.exit_mmap fork "$forks")
		echo "$many calls for $forks children, $none for none"
		[ "$many" -ge "$forks" ] || return 1
		[ $((many - none)) -ne "$forks" ] || return 0
	done
	return 1
}

# With nothing else on the other CPU, most flushes have to go there. Somebody else may
# run there meanwhile, but not always.
shootdowns()
{
	for n in 1 2 3 4 5; do
		got=$(cost tlb.flush_multi mprotect 200)
		echo "$got calls for 200 changes"
		[ "$got" -lt 100 ] || return 0
	done
	return 1
}

# The core's counters, the null backend's, the core's again, by one process:
# lines of NAME CORE NULL CORE, with the same spelling of names for both.
snapshot()
{
	printf 'stats\ncaps\nstats\n' | vmictl -b - | awk '
		$1 == "NAME" { table++; next }
		{ name = $1; gsub(/[._]/, "-", name) }
		table == 1 && $4 == "null" { first[name] = $2 }
		table == 2 && $2 == "null" { own[name] = $5 }
		table == 3 && $4 == "null" { print name, first[name], own[name], $2 }'
}

# A call that is on its way is counted by the core and not yet by the backend, so
# one odd reading is possible; a lost call stays lost, whenever one looks.
bracketed()
{
	snapshot > "$1.start"
	work 0.1
	(stress 3 > /dev/null) || return 1
	snapshot > "$1.end"
	awk '
		NR == FNR { a[$1] = $2; b[$1] = $3; c[$1] = $4; next }
		{
			n++
			low = $2 - c[$1]
			high = $4 - a[$1]
			delta = $3 - b[$1]
			moved += delta > 0
			exact += low == high
			if (delta < low || delta > high) {
				print $1 ": " delta " not in " low ".." high
				bad = 1
			}
		}
		END {
			print n " ops, " moved + 0 " called, " exact + 0 " exact"
			exit bad || n < 8 || moved < 5 || exact < 3
		}' "$1.start" "$1.end"
}

null_agrees()
{
	file=$(mktemp)
	for n in 1 2 3; do
		bracketed "$file" && break
	done
	bracketed_status=$?
	rm -f "$file" "$file".start "$file".end
	return "$bracketed_status"
}

# Each line is an op, the sum of its calls, and those of each CPU.
per_cpu_adds_up()
{
	vmictl stats --per-cpu | awk '
		NR == 1 { cpus = NF - 2; next }
		{
			sum = 0
			for (i = 3; i <= NF; i++)
				sum += $i
			lines++
			if (sum != $2) {
				print $0 ": the sum is " sum
				bad = 1
			}
		}
		END {
			print lines + 0 " ops on " cpus + 0 " CPUs"
			exit bad || lines != '"$(all_ops | wc -l)"' ||
				cpus < '"$(online_cpus | wc -l)"'
		}'
}

# on_cpu N OP: calls of the op on that CPU
on_cpu()
{
	vmictl stats --per-cpu "$2" | awk -v cpu="CPU$1" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == cpu) at = i }
		NR == 2 { print $at }'
}

# A process makes its calls where it runs: it forks on one CPU, and its children end
# there. Others add to what the other CPUs have, but not that much.
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
	vmictl -j stats --histogram "$@" | sed 's/{"name":/\n&/g' | awk '
		function value(key, at, rest) {
			at = index($0, key)
			if (!at)
				return "-"
			rest = substr($0, at + length(key))
			sub(/[",}].*/, "", rest)
			return rest
		}
		/"name":/ {
			print value("\"name\":\""), value("\"measuring\":"),
				value("\"calls\":"),
				value("\"latency\":{\"count\":"),
				value("\"targets\":{\"count\":")
		}'
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

# The same as of the counter, see above.
exact_histogram()
{
	for n in 1 2 3 4 5; do
		histogram_before=$(in_histogram mm.exit_mmap)
		./helper fork 0
		histogram_between=$(in_histogram mm.exit_mmap)
		./helper fork "$forks"
		none=$((histogram_between - histogram_before))
		many=$(($(in_histogram mm.exit_mmap) - histogram_between))
		echo "$many in the histogram for $forks children, $none for none"
		[ "$many" -ge "$forks" ] || return 1
		[ $((many - none)) -ne "$forks" ] || return 0
	done
	return 1
}

# Of the ops that were measured from zero on, each call is in the histogram, and in
# that of the targets where there is one. To be called when all is off.
all_agree()
{
	measured | awk -v cpus="$(online_cpus | wc -l)" '
		$4 == "-" { next }
		{ n++; called += $3 > 0; targets += $5 != "-" && $3 > 0 }
		$4 != $3 || ($5 != "-" && $5 != $3) { print; bad = 1 }
		END {
			print n + 0 " ops, " called + 0 " called, " targets + 0 " with targets"
			exit bad || called < 5 || (cpus > 1 && targets < 1)
		}'
}

# The bucket of the largest number ends before twice the number of CPUs. Where there is
# more than one, masks of them were among the calls.
targets_exist()
{
	vmictl stats --histogram | awk -v cpus="$(online_cpus | wc -l)" '
		$2 != "CPUs" || $3 == 0 { next }
		{ print; lines++; bad = bad || $8 >= 2 * cpus || $5 > $6 || $7 > $8 }
		END { exit bad || (cpus > 1 && !lines) }'
}

# Nobody is inside of a measured call any more, but perhaps a CPU that sleeps in one.
settled()
{
	for cpu in $(online_cpus); do
		taskset -c "$cpu" true
	done
	all_agree
}

load()
{
	(stress 3 > /dev/null)
}

# Of groups that are called now, or whose calls take long.
policies_while_measuring()
{
	for group in tlb idle io mm; do
		vmictl policy set "$group" builtin && work &&
			vmictl policy clear "$group" || return 1
	done
}

was_counting=$(counting)
was_measuring=$(measuring)
plan 51
check "switch all off" vmictl stats off
is "none counts" "$(counting)" ""
check "off means that trampolines enter providers" ./inline
check "reset all" vmictl stats reset
# shellcheck disable=SC2046 # one word per op
check "all are zero" zero $(all_ops)
before=$(each_op calls)
work 0.1
is "off means that counters stand still" "$(each_op calls)" "$before"

check "switch one op on" vmictl stats on mm.exit_mmap
is "that one counts" "$(counting)" mm.exit_mmap
work 0.1
check "it has counted" test "$(calls mm.exit_mmap)" -ge 20
# shellcheck disable=SC2046 # one word per op
check "no other has" zero $(all_ops | grep -vx mm.exit_mmap)
check "the number of calls is exact" exact_forks

check "each CPU counts its own calls" made_there

check "switch a group on" vmictl stats on tlb
is "that group counts too" "$(counting)" "mm.exit_mmap$newline$(ops_in tlb)"
check "switch one op of it off" vmictl stats off tlb.flush_one
stands=$(calls tlb.flush_one)
work 0.1
is "that one stands still" "$(calls tlb.flush_one)" "$stands"
if [ "$(online_cpus | wc -l)" -gt 1 ]; then
	check "a flush of another CPU is counted" shootdowns
else
	skip "a flush of another CPU is counted" "one CPU"
fi
check "switch the group off" vmictl stats off tlb
is "the other op still counts" "$(counting)" mm.exit_mmap
check "reset a group" vmictl stats reset tlb
# shellcheck disable=SC2046 # one word per op
check "that group is zero" zero $(ops_in tlb)
check "the other op is not" test "$(calls mm.exit_mmap)" -gt 0
check "an unknown name is refused" \
	refused 2 "there is no op or group named 'nonsense' (groups: clock, idle, " vmictl stats on nonsense

check "switch all on" vmictl stats on
is "all count" "$(counting)" "$(countable)"
check "by way of thunks" ./inline
check "the CPUs add up" per_cpu_adds_up
if backend=$(pick_backend); then
	use native && use "$backend"
	is "counting goes on across a switch" "$(counting)" "$(countable)"
	check "and is as exact" exact_forks
	use "$initial"
else
	skip "counting goes on across a switch" "no usable backend"
	skip "and is as exact" "no usable backend"
fi
if [ "$(online_cpus | wc -l)" -gt 1 ] || [ -n "$backend" ]; then
	check "the clock is counted" test "$(calls clock.sched_clock)" -gt 0
else
	skip "the clock is counted" "no backend"
fi

check "all off again" vmictl stats off
check "and zero" vmictl stats reset
check "measure one op" vmictl stats on --histogram mm.exit_mmap
is "that one is measured" "$(measuring)" mm.exit_mmap
is "and counted" "$(counting)" mm.exit_mmap
check "by way of a thunk" ./inline
check "the histogram is exact" exact_histogram
check "stop measuring" vmictl stats off --histogram mm.exit_mmap
is "it is counted on" "$(counting):$(measuring)" mm.exit_mmap:
stands=$(in_histogram mm.exit_mmap)
check "and as exact" exact_forks
is "the histogram stands still" "$(in_histogram mm.exit_mmap)" "$stands"

vmictl stats off
vmictl stats reset
is "a reset empties the histogram" "$(in_histogram mm.exit_mmap)" 0
log_mark
vmictl stats on --histogram
is "all are measured" "$(measuring)" "$(countable)"
work 0.1
check "under load" load
if [ -n "$backend" ]; then
	use native
	work 0.1
	use "$backend"
	work 0.1
	check "under policies that come and go" policies_while_measuring
	use "$initial"
else
	skip "under policies that come and go" "no backend"
fi
check "targets are CPUs" targets_exist
vmictl stats off
check "each call is in the histograms" within 20 settled
log_is_clean "no warning in the log of that"

vmictl stats on
if usable null && use null; then
	log_mark
	check "the null backend counts the same" null_agrees
	log_is_clean "no warning in the log"
	use "$initial"
else
	skip "the null backend counts the same" "no null backend"
	skip "no warning in the log" "no null backend"
fi
vmictl stats off
for op in $was_counting; do
	vmictl stats on "$op"
done
for op in $was_measuring; do
	vmictl stats on --histogram "$op"
done
is "as before" "$(counting):$(measuring)" "$was_counting:$was_measuring"
finish
