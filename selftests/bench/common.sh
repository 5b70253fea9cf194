# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the benchmarks have in common; to be sourced. Results go to $dir. What else has
# results says in $area what it is.

top=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
: "${area:=bench}"
dir=$top/build/$area
mkdir -p "$dir"

die()
{
	echo "$area: $*" >&2
	exit 1
}

# What is left of runs goes when this does.
pids=()
trap '[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2> /dev/null || :' EXIT
trap 'exit 1' INT TERM

# about VARIANT [OPTION=VALUE...]: what is being measured, as JSON. To be called first, as
# files may change until there are results. "+" after the commit: and changes that are in
# none. Those in Documentation are not measured, and may be the last results.
about()
{
	local build=$top/build/kernel-$1 commit release compiler qemu

	set -e # Not inherited by $( ).
	if commit=$(git -C "$top" rev-parse --short=8 HEAD); then
		[ -z "$(git -C "$top" status --porcelain -- . ':!Documentation' \
			':!*.md')" ] || commit=$commit+
	else
		commit=unknown
	fi
	release=$(cat "$build/include/config/kernel.release")
	compiler=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"$/\1/p' "$build/.config")
	qemu=$(qemu-system-x86_64 --version | sed -n 's/^QEMU emulator version //p')
	jq -n --arg commit "$commit" --arg date "$(date -u +%F)" --arg kernel "$release" \
		--arg compiler "$compiler" --arg qemu "$qemu" '
		{$commit, $date, $kernel, $compiler, $qemu, options: ($ARGS.positional
			| map(capture("^(?<key>[^=]*)=(?<value>.*)")) | from_entries)}
		' --args "${@:2}"
}

# run_twice NAME SCENARIO COMMAND RUN-OPTIONS...: what it printed is in NAME-1/output.
run_twice()
{
	local name=$1 scenario=$2 command=$3 n failed=

	echo "bench: $name" >&2
	pids=()
	for n in 1 2; do
		rm -rf "$dir/$name-$n"
		mkdir -p "$dir/$name-$n"
		"$top/selftests/vm/run.sh" --dir "$dir/$name-$n" --timeout 3600 \
			"${@:4}" "$scenario" "$command" \
			> "$dir/$name-$n/run.log" 2>&1 &
		pids+=($!)
	done
	for n in 1 2; do
		wait "${pids[n - 1]}" || { cat "$dir/$name-$n/run.log" >&2; failed=1; }
	done
	pids=()
	[ -z "$failed" ] || die "$name: no result"
	cmp "$dir/$name"-{1,2}/output || die "$name: two runs differ"
	grep -q '^icount' "$dir/$name-1/output" || die "$name: nothing was measured"
}
