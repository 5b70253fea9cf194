#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does same.sh accept the same results only, and those that may differ? Prints KTAP. Each
# case is a run with the same results in two scenarios, with one thing changed.

set -uo pipefail

here=$(realpath "$(dirname "$0")")
. "$here/../lib.sh"
dir=$tmp/run
common=$tmp/common

# document ROW RESULT...: of a row whose only test had these results
document()
{
	local row=$1 result

	shift
	mkdir -p "$dir/$row"
	echo "$row $row 0 0 0" > "$dir/$row/sum"
	{
		echo "  KTAP version 1"
		echo "  1..$#"
		for result; do
			echo "  $result"
		done
		echo "ok 1 a.sh"
	} > "$dir/$row/ktap"
}

same_results()
{
	printf '%s = %s\n' tests a.sh scenarios "first second" > "$common"
	document first "ok 1 one" "ok 2 two # SKIP no reason"
	document second "ok 1 one" "ok 2 two # SKIP no reason"
}

may_differ()
{
	echo "second | a.sh | $1 | $2 | it has to" >> "$common"
}

# said STATUS [TEXT]: same.sh has that exit status and says that
said()
{
	local got=0 said

	said=$(CHECK_SOME='' "$here/same.sh" "$dir" "$common" 2>&1) || got=$?
	printf 'exit status %s:\n%s\n' "$got" "$said"
	[ "$got" -eq "$1" ] && [[ $said == *"${2:-}"* ]]
}

# same NAME STATUS [TEXT]
same()
{
	check "$1" said "${@:2}"
	same_results
}

tab=$'\t'
plan 9
same_results
same "the same results are accepted" 0 "ok 1 a.sh answers on second as on first"
document second "ok 1 one # SKIP" "ok 2 two # SKIP no reason"
same "a result that is skipped in one scenario only is found" 1 "> skip${tab}one"
document second "ok 1 one" "ok 2 two"
same "a result that is not skipped in one scenario only is found" 1 "> pass${tab}two"
document second "not ok 1 one" "ok 2 two # SKIP no reason"
same "a result that fails in one scenario only is found" 1 "> fail${tab}one"
document second "ok 1 one"
same "a result that is missing is found" 1 "< skip${tab}two"
document second "ok 1 one" "ok 2 two # SKIP no reason" "ok 3 three"
same "a result that only one scenario has is found" 1 "> pass${tab}three"
rm -r "$dir/second"
same "a test that did not run is found" 1 "it did not run"
may_differ two pass
document second "ok 1 one" "ok 2 two"
same "a difference that has to be is accepted" 0 "ok 1"
may_differ two pass
same "a difference that has to be and is not there is found" 1 "< pass${tab}two"
finish
