#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Do the tests that are not about a hypervisor have the same results in each scenario? FILE has
# the tests, and what may differ, and why. Prints KTAP.
#
# usage: same.sh LOGS [FILE]
#
# LOGS is the directory of a run of check.sh; FILE is "common", or "common-long" for matrix-long.
#
# environment: MATRIX       the file with the rows (matrix)
#              CHECK_SOME   not empty if the run was of some rows only, which may lack results

set -euo pipefail

here=$(realpath "$(dirname "$0")")
logs=$1
matrix=$(basename "${MATRIX:-matrix}")
common=${2:-$here/common${matrix#matrix}}
. "$here/../lib.sh"
results=$tmp/results
mkdir "$results"
trap 'rm -rf "$tmp"' EXIT

list()
{
	sed -n "s/^$1 = //p" "$common"
}

# Of several rows with the same test in the same scenario, the first one counts.
collect()
{
	local sum row scenario

	for sum in "$logs"/*/sum; do
		[ -f "$sum" ] || continue
		read -r row scenario _ < "$sum"
		[ -f "$logs/$row/ktap" ] || continue
		awk -f "$here/same.awk" "scenario=$scenario" "$logs/$row/ktap" |
		while IFS=$'\t' read -r scenario test answer name; do
			printf '%s\t%s\n' "$answer" "$name" \
				>> "$results/$scenario:$test:$row"
		done
	done
}

# results_of SCENARIO TEST: sets file, to nothing if the test did not run there
results_of()
{
	local files=("$results/$1:$2:"*)

	file=
	[ ! -f "${files[0]}" ] || file=${files[0]}
}

# What SCENARIO may have other than the first one for TEST, as "ANSWER<tab>RESULT".
differences()
{
	awk -F ' *[|] *' -v scenario="$1" -v test="$2" -v OFS='\t' '
		$1 == scenario && $2 == test && NF == 5 { print $4, $3 }' "$common"
}

# The first scenario's results with the differences put in.
expected()
{
	awk -F '\t' -v OFS='\t' '
		FILENAME == ARGV[1] { other[$2] = $1; next }
		"all of it" in other { print other["all of it"], "all of it"; exit }
		{ print $2 in other ? other[$2] : $1, $2 }' \
		<(differences "$1" "$2") "$3"
}

collect
read -ra tests <<< "$(list tests)"
read -ra scenarios <<< "$(list scenarios)"
first=${scenarios[0]}

plan $(((${#scenarios[@]} - 1) * ${#tests[@]}))
for scenario in "${scenarios[@]:1}"; do
	for test in "${tests[@]}"; do
		title="$test answers on $scenario as on $first"
		results_of "$first" "$test"
		wanted=$file
		results_of "$scenario" "$test"
		if [ -n "$file" ] && [ -n "$wanted" ]; then
			check "$title" diff <(expected "$scenario" "$test" "$wanted") "$file"
		elif [ -n "${CHECK_SOME:-}" ]; then
			skip "$title" "it did not run"
		else
			fail "$title" "it did not run"
		fi
	done
done
# Of some rows, there may be nothing to compare.
[ "$ktap_failed" -eq 0 ]
