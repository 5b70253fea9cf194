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

log_mark
bindings > "$tmp/was"
plan 13
check "a module that fails after it registered changes nothing" still_waits
check "load the module without its failure" modprobe vmi_bad_load result=0
is "the backend has the op that the policy names" "$(provider io.delay)" bad-load
is "the policy does not wait any more" "$(policy io)" "io bad-load"
check "no other op moved" others_as_before io.delay "$tmp/was"
check "the module of a backend with an op is busy" is_busy vmi_bad_load
check "the log tells of the policy" in_log "policy for io is bad-load"
check "use native" vmictl use native
is "the backend keeps its op under native" "$(provider io.delay)" bad-load
check "clear the policy" vmictl policy clear io
is "the backend has no op without the policy" "$(provider io.delay):$(state bad-load)" native:validated
check "unload the module" rmmod vmi_bad_load
log_is_clean "no warning in the log"
rm -rf "$tmp"
finish
