#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Compare kernels that differ in their paravirtual ops only: instructions per
# operation, on a machine that admits to be virtual and on one that does not, and the
# size of the kernel.
#
# usage: bench.sh
#
# Tables on stdout; build/bench has bench.json, bench.svg, ops.json for what one call of an
# op costs, and bench-about.json for what was measured. Each machine runs twice: what two
# runs do not agree on is no result.
#
# environment: ICOUNT_ROWS   rows of icount.c, separated by commas (all)

set -euo pipefail

here=$(realpath "$(dirname "$0")")
. "$here/common.sh"

mapfile -t kernels < <(sed -n 's/^bench-\(.*\):.*/\1/p' "$top/selftests/vm/config/variants")
declare -A scenarios=([native]=icount [hypervisor]=icount-hypervisor)
cpus=(native hypervisor)
# As plot.gnuplot has them.
ratios="pv/nopv xxl/nopv vmi/nopv vmi/pv"

# What compare.jq reads.
counts()
{
	local kernel cpu

	for kernel in "${kernels[@]}"; do
		for cpu in "${cpus[@]}"; do
			awk -v where="$kernel $cpu" '
				$1 == "icount" { print where, $2, $3, $4 }' \
				"$dir/$kernel-$cpu-1/output"
		done
		size "$top/build/kernel-bench-$kernel/vmlinux" |
			awk -v where="$kernel -" 'NR == 2 {
				print where, "text", 1, $1
				print where, "data", 1, $2
				print where, "bss", 1, $3
			}'
	done
}

# table FILE CPU KERNELS RATIOS: a line for each row, tabs between the columns.
table()
{
	jq -r --arg cpu "$2" --arg kernels "$3" --arg ratios "$4" '
		def rounded($digits): . * pow(10; $digits) | round | . / pow(10; $digits);

		($kernels | split(" ")) as $kernels
		| ($ratios | split(" ")) as $ratios
		| map(select(.cpu == $cpu)) as $all
		| ["row"] + $kernels + $ratios,
		  ($all[] | select(.kernel == $kernels[0]).row
			| . as $row
			| INDEX($all[] | select(.row == $row); .kernel) as $of
			| [$row]
			+ [$kernels[] | $of[.] | .instructions // .bytes | rounded(2)]
			+ [$ratios[] | split("/") as [$this, $base]
				| $of[$this].ratio[$base] | rounded(5)])
		| @tsv' "$1"
}

# What one call of an op costs, as bound natively, counted, and through vmi_null.
# shellcheck disable=SC2016 # It is the guest's shell that expands.
op_costs='modprobe -a vmi_op_cost vmi_null || exit
measure()
{
	sed "s/^icount/icount $1/" /sys/kernel/debug/vmi_op_cost
}
vmictl use native && measure native &&
	vmictl stats on && measure counted && vmictl stats off &&
	vmictl use null && measure null && vmictl use native'

command="exec /selftests/icount"
[ -z "${ICOUNT_ROWS:-}" ] || command="ICOUNT_ROWS='$ICOUNT_ROWS' $command"

about=$(about bench-vmi "rows=${ICOUNT_ROWS:-all}")

for cpu in "${cpus[@]}"; do
	for kernel in "${kernels[@]}"; do
		run_twice "$kernel-$cpu" "${scenarios[$cpu]}" "$command" \
			--set "kernel=bench-$kernel"
	done
	run_twice "ops-$cpu" "${scenarios[$cpu]}" "$op_costs" \
		--set kernel=bench-vmi --set modules=guest
done

# It comes back when all of what it describes is there.
rm -f "$dir/bench-about.json"
counts | jq -n -R --arg bases "nopv pv" -f "$here/compare.jq" > "$dir/bench.json"
for cpu in "${cpus[@]}"; do
	table "$dir/bench.json" "$cpu" "${kernels[*]}" "$ratios" > "$dir/$cpu.tsv"
	echo "Instructions per operation, scenario ${scenarios[$cpu]}"
	column -t "$dir/$cpu.tsv"
	echo
done
echo "Bytes of vmlinux"
table "$dir/bench.json" - "${kernels[*]}" "$ratios" | column -t
gnuplot -e "dir = '$dir'" "$here/plot.gnuplot"

for cpu in "${cpus[@]}"; do
	awk -v cpu="$cpu" '$1 == "icount" { print $2, cpu, $3, $4, $5 }' \
		"$dir/ops-$cpu-1/output"
done | jq -n -R --arg bases native -f "$here/compare.jq" > "$dir/ops.json"
for cpu in "${cpus[@]}"; do
	echo
	echo "Instructions per call of an op, scenario ${scenarios[$cpu]}"
	table "$dir/ops.json" "$cpu" "native counted null" "" | column -t
done
printf '%s\n' "$about" > "$dir/bench-about.json"
