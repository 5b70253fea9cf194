# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the benchmarks have in common; to be sourced. Results go to $dir.

top=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
dir=$top/build/bench
mkdir -p "$dir"

die()
{
	echo "bench: $*" >&2
	exit 1
}

# run_twice NAME COMMAND RUN-OPTIONS...: what it printed is in NAME-1/output.
run_twice()
{
	local name=$1 command=$2 n pids=()

	echo "bench: $name" >&2
	for n in 1 2; do
		rm -rf "$dir/$name-$n"
		mkdir -p "$dir/$name-$n"
		"$top/selftests/vm/run.sh" --dir "$dir/$name-$n" --timeout 3600 \
			"${@:3}" icount "$command" \
			> "$dir/$name-$n/run.log" 2>&1 &
		pids+=($!)
	done
	for n in 1 2; do
		wait "${pids[n - 1]}" || {
			cat "$dir/$name-$n/run.log" >&2
			die "$name: no result"
		}
	done
	cmp "$dir/$name"-{1,2}/output || die "$name: two runs differ"
}
