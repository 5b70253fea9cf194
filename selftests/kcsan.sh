#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# KCSAN watched VMI during the tests before this one, and found no data race. No other code is
# instrumented.

. ./lib.sh

need_root
kcsan=/sys/kernel/debug/kcsan
[ -e "$kcsan" ] || skip_all "the kernel was built without CONFIG_KCSAN"

counter()
{
	awk -v name="$1:" '$1 == name { print $2 }' "$kcsan"
}

has_watched()
{
	cat "$kcsan"
	[ "$(counter setup_watchpoints)" -gt 10000 ]
}

plan 4
is "KCSAN is enabled" "$(counter enabled)" 1
check "VMI's accesses were watched" has_watched
is "there was no data race" "$(counter data_races)" 0
is "no value changed under a watchpoint" "$(counter races_unknown_origin)" 0
finish
