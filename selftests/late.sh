#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A policy of the boot line waits for a backend whose module does not load, and gets its
# ops when it does, without another word.

. ./lib.sh

need_root
need_vmi
case $(vmictl policy) in
*"io bad-load # waiting"*) ;;
*) skip_all "no policy of the boot line waits for bad-load" ;;
esac
trap 'quiet vmictl policy clear io; quiet rmmod vmi_bad_load; switch_back' EXIT

tmp=$(mktemp -d)

bindings()
{
	cat $VMI/ops/*/provider
}

# What became of one policy, with its reason.
policy()
{
	vmictl policy | grep "^$1 "
}

still_waits()
{
	! quiet modprobe vmi_bad_load || return 1
	[ "$(policy io)" = "io bad-load # waiting for the backend to be loaded" ] &&
		[ "$(bindings)" = "$(cat "$tmp/was")" ]
}

is_busy()
{
	refused 1 "temporarily unavailable" rmmod vmi_bad_load && loaded vmi_bad_load
}

# Others than io.delay are with whoever had them.
others_as_before()
{
	bindings > "$tmp/now"
	all_ops | paste - "$tmp/was" "$tmp/now" |
		awk '$1 != "io.delay" && $2 != $3 { print; bad = 1 } END { exit bad }'
}

log_mark
bindings > "$tmp/was"
plan 13
check "a module that fails after it registered changes nothing" still_waits
check "one that does not fail loads" modprobe vmi_bad_load result=0
is "and has its op" "$(provider io.delay)" bad-load
is "the policy waits no more" "$(policy io)" "io bad-load"
check "nothing else moved" others_as_before
check "its module is busy" is_busy
check "the log says so" in_log "policy for io is bad-load"
check "use native" vmictl use native
is "it keeps its op" "$(provider io.delay)" bad-load
check "clear the policy" vmictl policy clear io
is "it has none then" "$(provider io.delay):$(vmi backends/bad-load/state)" native:validated
check "and can go" rmmod vmi_bad_load
log_is_clean "no warning in the log"
rm -rf "$tmp"
finish
