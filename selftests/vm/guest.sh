#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in the guest: run tests, and print one KTAP document of their results.
#
# usage: guest.sh TEST...
#
# A test is an executable in /selftests; it prints KTAP, or just exits: 0 is
# passed, 4 is skipped.
#
# environment: VMI_MAY_SKIP   the tests of which nothing has to run. Skipping is for
#                             machines that somebody else has; a test that is given to
#                             one of ours was meant to run there.

cd /selftests || exit 1
limit=${VMI_TEST_TIMEOUT:-400}
status=0
n=0

echo "KTAP version 1"
echo "1..$#"
for test in "$@"; do
	n=$((n + 1))
	# Line by line, so that what a dying guest said last is not lost.
	{
		timeout "$limit" "./$test" 2>&1
		echo $? > /tmp/status
	} | while IFS= read -r line; do
		printf '  %s\n' "$line"
	done
	case $(cat /tmp/status) in
	0) echo "ok $n $test" ;;
	4)
		case " $VMI_MAY_SKIP " in
		*" $test "*) echo "ok $n $test # SKIP" ;;
		*) echo "not ok $n $test # ERROR it skipped all of itself"; status=1 ;;
		esac
		;;
	143) echo "not ok $n $test # TIMEOUT after $limit s"; status=1 ;;
	*) echo "not ok $n $test"; status=1 ;;
	esac
done
exit $status
