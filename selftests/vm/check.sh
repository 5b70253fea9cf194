#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the rows of the matrix, print one KTAP document, and close with the line
# "N passed, N failed, N skipped".
#
# usage: check.sh [ROW...]     a row's name may be a pattern; default is all
#
# environment: MATRIX   the file with the rows (matrix)
#
# exit status: 0 unless something failed.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")
matrix_file=$(cd "$here" && realpath "${MATRIX:-matrix}")
logs=$top/build/run/$(date +%Y%m%d-%H%M%S)-check

die()
{
	echo "check: $*" >&2
	exit 1
}

# Reads "passed failed skipped" of a KTAP document.
sum()
{
	awk -f "$here/ktap.awk" "$1"
}

# result NUMBER NAME STATUS: the line that closes a test, as guest.sh has them.
result()
{
	case $3 in
	0) echo "ok $1 $2" ;;
	4)
		case " $may_skip " in
		*" $2 "*) echo "ok $1 $2 # SKIP" ;;
		*) echo "not ok $1 $2 # ERROR it skipped all of itself" ;;
		esac
		;;
	124) echo "not ok $1 $2 # TIMEOUT" ;;
	*) echo "not ok $1 $2 # exit status $3" ;;
	esac
}

# The commands on the build machine that belong to a row, each one a test.
local_test()
{
	local number=$1 name=$2 status=0

	"${@:3}" 2>&1 < /dev/null | sed 's/^/  /' || status=$?
	result "$number" "$name" "$status"
}

# boot_row: a row's guest, and what is then checked from outside.
boot_row()
{
	local guest=() host=() test status=0 n=1 args=(--dir "$dir")

	for test in $tests; do
		case $test in
		host:*) host+=("${test#host:}") ;;
		*) guest+=("$test") ;;
		esac
	done
	[ -z "$vmi" ] || args+=(--vmi "$vmi")
	[ -z "$append" ] || args+=(--append "$append")
	[ -z "$timeout" ] || args+=(--timeout "$timeout")
	[ -z "$next" ] || args+=(--next "$next")

	echo "1..$((1 + ${#host[@]}))"
	"$here/run.sh" "${args[@]}" "$scenario" \
		"VMI_SCENARIO=$scenario VMI_BOOT='$vmi' VMI_MAY_SKIP='$may_skip' /selftests/vm/guest.sh ${guest[*]}" \
		> /dev/null 2> "$dir/run.log" || status=$?
	sed 's/^/  /' "$dir/output"
	[ "$status" -eq 0 ] || sed 's/^/# /' "$dir/run.log"
	echo "$status" > "$dir/result"
	result 1 guest "$status"

	for test in "${host[@]}"; do
		n=$((n + 1))
		if [ "$status" -eq 0 ]; then
			local_test $n "$test" "$top/selftests/host/$test" "$dir"
		else
			echo "not ok $n $test # the guest failed"
		fi
	done
}

make_target()
{
	timeout -k 10 1800 make -s -C "$top" "$1"
}

# What can be said when the rows before have ended.
look_at_logs()
{
	"$here/$1" "$logs"
}

# local_row COMMAND: a row without a guest. Each of its tests is given to COMMAND.
local_row()
{
	local command=$1 test n=0

	# shellcheck disable=SC2086 # Words on purpose.
	set -- $tests
	echo "1..$#"
	for test in "$@"; do
		n=$((n + 1))
		local_test $n "$test" "$command" "$test"
	done
}

# Runs the row that is in the row_* variables, its document in $dir/ktap.
run_row()
{
	local passed failed skipped actual

	mkdir -p "$dir"
	{
		echo "KTAP version 1"
		case $scenario in
		make) local_row make_target ;;
		logs) local_row look_at_logs ;;
		*) boot_row ;;
		esac
	} > "$dir/ktap"
	read -r passed failed skipped < <(sum "$dir/ktap" 2> "$dir/failed")

	echo "$name $scenario $passed $failed $skipped $((SECONDS - started))" > "$dir/sum"
	if [ -z "$expect" ]; then
		sed 's/^/  /' "$dir/ktap"
		[ "$failed" -eq 0 ]
		return
	fi
	# Shown as comments: these failures are wanted.
	sed 's/^/# /' "$dir/ktap"
	actual=$(cat "$dir/result")
	echo "# expected exit status $expect and a failure;" \
		"got $actual, $passed passed, $failed failed, $skipped skipped"
	[ "$actual" = "$expect" ] && [ "$failed" -gt 0 ]
}

# rows [PATTERN...]: the matrix, without what is not asked for.
rows()
{
	local line name pattern

	grep -v -e '^#' -e '^[[:space:]]*$' "$matrix_file" |
	while read -r line; do
		name=${line%%[ |]*}
		[ $# -gt 0 ] || echo "$line"
		for pattern in "$@"; do
			# shellcheck disable=SC2254 # A pattern on purpose.
			case $name in
			$pattern) echo "$line"; break ;;
			esac
		done
	done
}

trim()
{
	local word=$1

	word=${word#"${word%%[![:space:]]*}"}
	word=${word%"${word##*[![:space:]]}"}
	[ "$word" = - ] || printf '%s' "$word"
}

mkdir -p "$logs"
ln -sfn "$(basename "$logs")" "$top/build/run/latest"
mapfile -t matrix < <(rows "$@")
# For what looks at the whole run in the end.
CHECK_SOME=$*
export CHECK_SOME
[ ${#matrix[@]} -gt 0 ] || die "no such row in selftests/vm/matrix"

run_rows()
{
	local name scenario vmi append options tests expect next timeout may_skip dir
	local row option started n=0

	echo "KTAP version 1"
	echo "1..${#matrix[@]}"
	for row in "${matrix[@]}"; do
		IFS='|' read -r name scenario vmi append options tests <<< "$row"
		name=$(trim "$name")
		scenario=$(trim "$scenario")
		vmi=$(trim "$vmi")
		append=$(trim "$append")
		tests=$(trim "$tests")
		expect=
		next=
		timeout=
		may_skip=
		for option in $(trim "$options"); do
			case $option in
			expect=*) expect=${option#*=} ;;
			next=*) next=${option#*=} ;;
			timeout=*) timeout=${option#*=} ;;
			may-skip=*) may_skip+=" ${option#*=}" ;;
			*) die "row $name: unknown option $option" ;;
			esac
		done

		n=$((n + 1))
		dir=$logs/$name
		started=$SECONDS
		if run_row; then
			echo "ok $n $name"
		else
			echo "not ok $n $name"
			echo "$name" >> "$logs/failed"
		fi
		echo "# $name: $((SECONDS - started)) s"
	done
}

# What was in charge in each row: what boot.sh saw, if it ran there.
report()
{
	local row name

	{
		echo "row scenario active pid1 offered bound passed failed skipped seconds"
		for row in "${matrix[@]}"; do
			name=${row%%[ |]*}
			[ -f "$logs/$name/sum" ] || continue
			# shellcheck disable=SC2046 # Words on purpose.
			set -- $(cat "$logs/$name/sum") \
				$(sed -n 's/^ *# in-charge //p' "$logs/$name/ktap" | head -n 1)
			echo "$1 $2 ${7:--} ${8:--} ${9:--} ${10:--} $3 $4 $5 $6"
		done
	} | column -t | sed 's/^/# /'
}

# What went wrong with the guests of failed rows: the end of a long log may be all of
# it that somebody gets to see.
explain()
{
	local name

	[ -f "$logs/failed" ] || return 0
	while read -r name; do
		[ ! -f "$logs/$name/run.log" ] ||
			sed -n "s/^run: /  $name: /p" "$logs/$name/run.log"
	done < "$logs/failed"
}

run_rows | tee "$logs/ktap"
echo
report
explain >&2
# What failed goes to stderr, next to the sum.
read -r passed failed skipped < <(sum "$logs/ktap")
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
