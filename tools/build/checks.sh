# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Functions as tests; to be sourced.

# run_checks NAME...: call each check_NAME and print KTAP, with what one says as comments.
# Fails if one of them did.
run_checks()
{
	local check output failed=0 n=0

	echo "KTAP version 1"
	echo "1..$#"
	for check in "$@"; do
		n=$((n + 1))
		if output=$("check_$check" 2>&1); then
			echo "ok $n $check"
		else
			echo "not ok $n $check"
			failed=1
		fi
		[ -z "$output" ] || printf '%s\n' "$output" | sed 's/^/# /'
	done
	return "$failed"
}
