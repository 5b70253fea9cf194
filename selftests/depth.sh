#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# With call depth tracking, the kernel rewrites each call to enter an accounting thunk in front of
# its target, those of static calls as well. Switches have to work all the same.

. ./lib.sh

need_vmi
usable null || skip_all "backend null is not usable"

round_trip()
{
	use null && use native
}

plan 3
check "the kernel tracks the depth of calls" \
	sh -c "dmesg | grep -F 'Setting up call depth tracking'"
check "switch there and back, 10 times" repeat 10 round_trip
finish_with_clean_log
