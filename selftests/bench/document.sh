#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Put the last results of the benchmarks into Documentation/measuring.rst, and their plots
# beside it. All that lies there between a line ".. results: BENCHMARK-NAME" and the next
# ".. end" is replaced; figures in the text around it are not.
#
# usage: document.sh [BENCHMARK...]     all that have a place in the document
#
# If there is anything that is missing, nothing is changed.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
. "$here/common.sh"

document=$top/Documentation/measuring.rst
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What can be between markers: the file it comes from, and the function of document.jq
# that makes it. Each benchmark has BENCHMARK-about, too.
declare -A blocks=(
	[bench-native]='bench.json costs("native")'
	[bench-hypervisor]='bench.json costs("hypervisor")'
	[bench-vmlinux]='bench.json costs("-")'
	[bench-ops]='ops.json op_costs'
	[switch-costs]='switch.json switch_costs'
	[guest-kvm]='guest.json guest_costs("kvm")'
	[guest-hyperv]='guest.json guest_costs("hyperv")'
	[guest-xen]='guest.json guest_costs("xen")'
)

declare -A plots=(
	[bench]=measuring.svg
	[switch]=measuring-switch.svg
	[guest]=measuring-guest.svg
)

# What runs a benchmark.
command_of()
{
	echo "make bench$([ "$1" = bench ] || echo "-$1")"
}

# result BENCHMARK FILE: its path, if it is there.
result()
{
	[ -s "$dir/$2" ] || die "there is no build/bench/$2; run $(command_of "$1")"
	echo "$dir/$2"
}

# make_block NAME
make_block()
{
	local name=$1 benchmark=${1%%-*} file filter source

	if [ "$name" = "$benchmark-about" ]; then
		blocks[$name]="$name.json about(\"$(command_of "$benchmark")\")"
	fi
	[ -n "${blocks[$name]:-}" ] || die "document.sh does not know how to make $name"
	read -r file filter <<< "${blocks[$name]}"
	source=$(result "$benchmark" "$file")
	jq -r -L "$here" "include \"document\"; $filter" "$source" > "$scratch/$name" ||
		die "build/bench/$file is not what document.jq expects for $name"
}

# make_plot BENCHMARK: with the licence, which is asked for in the first lines.
make_plot()
{
	local source

	[ -n "${plots[$1]:-}" ] || die "document.sh does not know the plot of $1"
	source=$(result "$1" "$1.svg")
	sed '1a <!-- SPDX-License-Identifier: GPL-2.0-only -->' "$source" \
		> "$scratch/${plots[$1]}"
}

mapfile -t places < <(sed -n 's/^\.\. results: //p' "$document")
if [ $# -gt 0 ]; then
	benchmarks=("$@")
else
	mapfile -t benchmarks < <(printf '%s\n' "${places[@]%%-*}" | sort -u)
fi

for benchmark in "${benchmarks[@]}"; do
	[[ " ${places[*]}" = *" $benchmark-"* ]] ||
		die "measuring.rst has no place for results of $benchmark"
	about=$(result "$benchmark" "$benchmark-about.json")
	jq -e '(.options.rows // "all") == "all" and
		(.options.hypervisors // "all") == "all"' "$about" > /dev/null ||
		die "the last results of $benchmark are not all there are;" \
			"run $(command_of "$benchmark")"
	for place in "${places[@]}"; do
		[ "${place%%-*}" != "$benchmark" ] || make_block "$place"
	done
	make_plot "$benchmark"
done
awk -v scratch="$scratch" -f "$here/fill_in.awk" "$document" > "$scratch/document"

cp "$scratch/document" "$document"
for benchmark in "${benchmarks[@]}"; do
	cp "$scratch/${plots[$benchmark]}" "$top/Documentation"
done
echo "Documentation/measuring.rst has the last results of: ${benchmarks[*]}"
echo "Figures in its text are written by hand; see git diff."
