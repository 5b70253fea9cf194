#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a switch costs: instructions of all CPUs of the machine together, from the request
# to the answer, for all ops and for one. Beside it one static_call_update() of the same
# kernel, the kernel's own way to rebind one call, as kernel/patches has it patch the
# sites of a call in one batch.
#
# usage: switch.sh
#
# A table on stdout; build/bench has switch.json, switch.svg, and switch-about.json for what
# was measured. Each machine runs twice: what two runs do not agree on is no result.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
. "$here/common.sh"

all_cpus=(1 2 4 8)
rounds=10

# What leaves just one op to vmi_null, io.delay.
ops=$top/kernel/include/linux/vmi_ops.h
[ "$(grep -c '^	OP(io, ' "$ops")" -eq 1 ] || die "the group io has not one op"
mapfile -t groups < <(sed -n 's/^\tGROUP(\([a-z]*\), .*/\1/p' "$ops" | grep -vx io)
one_op=native$(printf ',-%s' "${groups[@]}")

command="modprobe -a vmi_null vmi_patch_cost && /selftests/switch_cost null $rounds &&
for n in \$(seq $rounds); do cat /sys/kernel/debug/vmi_patch_cost; done"

about=$(about bench-vmi "cpus=${all_cpus[*]}" "rounds=$rounds")

for cpus in "${all_cpus[@]}"; do
	for what in all one; do
		vmi=native
		[ $what = all ] || vmi=$one_op
		run_twice "switch-$what-$cpus" icount-hypervisor "$command" \
			--set kernel=bench-vmi --set modules=guest --set "smp=$cpus" \
			--vmi "$vmi"
	done
done

# It comes back when all of what it describes is there.
rm -f "$dir/switch-about.json"
for cpus in "${all_cpus[@]}"; do
	for what in all one; do
		awk -v cpus="$cpus" -v what=$what '$1 == "icount" {
			row = $2
			sub(/^switch/, what == "all" ? "all-ops" : "one-op", row)
			if (row != $2 || what == "all")
				print cpus, row, $3, $4
		}' "$dir/switch-$what-$cpus-1/output"
	done
done | jq -n -R -f "$here/switch.jq" > "$dir/switch.json"

jq -r '(map(.row) | unique) as $rows
	| ["CPUs", $rows[]],
	  (group_by(.cpus)[] | INDEX(.row) as $of
		| [.[0].cpus, $of[$rows[]].instructions])
	| @tsv' "$dir/switch.json" > "$dir/switch.tsv"
echo "Instructions, by number of CPUs"
column -t "$dir/switch.tsv"
gnuplot -e "dir = '$dir'" "$here/switch.gnuplot"
printf '%s\n' "$about" > "$dir/switch-about.json"
