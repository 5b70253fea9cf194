#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run one row of the matrix.
#
# usage: row.sh LOGS ROW
#
# Leaves in LOGS/ROW: ktap, the document; sum, "ROW SCENARIO PASSED FAILED SKIPPED"; and the
# logs of its run.
#
# environment: MATRIX   the file with the rows (matrix)
#
# exit status: 0 if the row did what it has to do, which for a row with expect= is to fail
# in the expected way.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")
matrix_file=$(cd "$here" && realpath "${MATRIX:-matrix}")
logs=$1
dir=$logs/$2

. "$here/matrix.sh"

# take_cpu: keep to a CPU of the build machine that no other row keeps to, if there is one. An L1
# host has to be on a single CPU, see l1_args() in host.sh.
take_cpu()
{
	local range cpu lock

	for range in $(taskset -cp $$ | sed 's/.*: //; s/,/ /g'); do
		for cpu in $(seq "${range%-*}" "${range#*-}"); do
			exec {lock}> "$top/build/.cpu-$cpu.lock"
			if flock -n "$lock"; then
				taskset -cp "$cpu" $$ > /dev/null
				return
			fi
			exec {lock}>&-
		done
	done
}

# result NUMBER NAME STATUS: the line that closes a test, as guest.sh has them
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

# local_test NUMBER NAME COMMAND...: a command on the build machine that is a test
local_test()
{
	local number=$1 name=$2 status=0

	"${@:3}" 2>&1 < /dev/null | sed 's/^/  /' || status=$?
	result "$number" "$name" "$status"
}

# host_test NUMBER NAME: a test of what was seen from outside. Once it has passed, as the
# number after that, it has to find that its logs were tampered with.
host_test()
{
	local tests=$top/selftests/host copy=$dir/spoilt/$2 pattern said
	local title="$(($1 + 1)) $2 finds what was spoilt in its logs"

	said=$(local_test "$1" "$2" "$tests/$2" "$dir")
	printf '%s\n' "$said"
	if [ "${said##*$'\n'}" != "ok $1 $2" ]; then
		echo "not ok $title # it failed without"
	elif ! pattern=$("$tests/spoil" "$2" "$dir" "$copy" 2>&1); then
		echo "not ok $title # $pattern"
	elif said=$("$tests/$2" "$copy" 2>&1 < /dev/null || :) && grep -qE -- "$pattern" <<< "$said"
	then
		echo "ok $title"
	else
		printf "no '%s' in:\n%s\n" "$pattern" "$said" | sed 's/^/# /'
		echo "not ok $title"
	fi
	rm -rf "$dir/spoilt"
}

# boot_row: a guest that runs tests, and the tests of what was seen from outside
boot_row()
{
	local guest=() host=() test option status=0 n args=(--dir "$dir")

	for test in $tests; do
		case $test in
		host:*) host+=("${test#host:}") ;;
		*) guest+=("$test") ;;
		esac
	done
	for option in vmi append timeout next; do
		[ -z "${!option}" ] || args+=("--$option" "${!option}")
	done
	for option in $set; do
		args+=(--set "$option")
	done

	take_cpu
	# Each host test counts only if it fails on logs that were tampered with.
	echo "1..$((1 + 2 * ${#host[@]}))"
	"$here/run.sh" "${args[@]}" "$scenario" \
		"VMI_SCENARIO=$scenario VMI_BOOT='$vmi' VMI_WANT='$want' VMI_MAY_SKIP='$may_skip' /selftests/vm/guest.sh ${guest[*]}" \
		> /dev/null 2> "$dir/run.log" || status=$?
	[ ! -f "$dir/output" ] || sed 's/^/  /' "$dir/output"
	[ "$status" -eq 0 ] || sed 's/^/# /' "$dir/run.log"
	echo "$status" > "$dir/result"
	result 1 guest "$status"

	n=2
	for test in "${host[@]}"; do
		if [ "$status" -eq 0 ]; then
			host_test $n "$test"
		else
			echo "not ok $n $test # the guest failed"
			echo "not ok $((n + 1)) $test # the guest failed"
		fi
		n=$((n + 2))
	done
}

look_at_logs()
{
	"$here/$1" "$logs"
}

# local_row COMMAND...: a row without a guest, each of whose tests is an argument of COMMAND
local_row()
{
	local test n=0

	echo "1..$(wc -w <<< "$tests")"
	for test in $tests; do
		n=$((n + 1))
		local_test $n "$test" "$@" "$test"
	done
}

# missing_builds: what the row needs and check.sh's queue could not build
missing_builds()
{
	local job

	for job in $(row_builds); do
		grep -q '^0 ' "$logs/jobs/$job.done" 2> /dev/null || echo "$job"
	done
}

document()
{
	local missing

	echo "KTAP version 1"
	missing=$(missing_builds)
	if [ -n "$missing" ]; then
		echo "1..1"
		echo "not ok 1 needs $(echo "$missing" | xargs), see $logs/jobs"
		return
	fi
	case $scenario in
	make) local_row timeout --foreground -k 10 "${timeout:-1800}" make -s -C "$top" ;;
	logs) local_row look_at_logs ;;
	*) boot_row ;;
	esac
}

# as_expected: the row failed with the exit status and for the reasons in expect=. Without
# reasons, a row that could not even boot would do.
as_expected()
{
	local actual reason status=0

	actual=$(cat "$dir/result" 2> /dev/null || echo none)
	if [ "$actual" != "${expect%%:*}" ] || [ "$failed" -eq 0 ]; then
		echo "# expected exit status ${expect%%:*} and a failure; got $actual," \
			"$passed passed, $failed failed, $skipped skipped"
		status=1
	fi
	for reason in $(tr ':' '\n' <<< "${expect#*:}"); do
		if ! grep -qsE -- "$reason" "$dir/ktap" "$dir/failed" "$dir/run.log"; then
			echo "# expected to see '$reason', and did not"
			status=1
		fi
	done
	return $status
}

load_row "$2"
mkdir -p "$dir"
document > "$dir/ktap"
counts=$(awk -f "$here/ktap.awk" "$dir/ktap" 2> "$dir/failed")
read -r passed failed skipped <<< "$counts"
status=0
if [ -z "$expect" ]; then
	[ "$failed" -eq 0 ] || status=1
else
	# The failures are wanted, so make comments of them.
	sed -i 's/^/# /' "$dir/ktap"
	as_expected >> "$dir/ktap" || status=1
fi
echo "$name $scenario $counts" > "$dir/sum"
exit $status
