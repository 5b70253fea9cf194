#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A backend's callbacks come once for each switch, and for each CPU that goes or comes. The module
# vmi_contract counts them, and warns about a callback at a wrong moment.

. ./lib.sh

need_vmi
need_no_policy
quiet module_file vmi_contract ||
	skip_all "the kernel was built without CONFIG_VMI_SELFTEST_MODULES"
trap 'quiet vmictl policy clear; switch_back; quiet rmmod vmi_contract vmi_bad_cpu' EXIT

# How often a CPU was started, was online, and went offline.
cpu_calls()
{
	echo "$(uses contract cpu-starting) $(uses contract cpu-online) $(uses contract cpu-offline)"
}

# is_called "STARTING ONLINE OFFLINE" COMMAND...: so often, while the command runs
is_called()
{
	called_wanted=$1
	shift
	called=$(cpu_calls)
	"$@" || return 1
	called=$(echo "$called $(cpu_calls)" | awk '{ print $4 - $1, $5 - $2, $6 - $3 }')
	echo "called $called"
	[ "$called" = "$called_wanted" ]
}

cpu_goes_and_comes()
{
	set_online "$victim" 0 && set_online "$victim" 1
}

takes_all_ops()
{
	vmictl policy set io native && vmictl policy set tlb builtin &&
		[ -z "$(ops_with provider contract)" ] && [ "$(state contract)" = active ] &&
		vmictl policy clear
}

failed_switch()
{
	refused 2 "backend 'bad-cpu' could not set up a CPU" vmictl use bad-cpu &&
		[ "$(state contract):$(vmi active)" = active:contract ]
}

victim=$(pick_cpu)
cpus=$(online_cpus | wc -w)
plan 12
check "load both modules" modprobe -a vmi_contract vmi_bad_cpu
check "use of the backend prepares each CPU" is_called "0 $cpus 0" vmictl use contract
is "the backend has its ops" "$(ops_with provider contract)" "io.delay${newline}tlb.flush_local"
check "module of the active backend is busy" is_busy vmi_contract
skip_unless "no CPU can be taken offline" [ -n "$victim" ]
check "a CPU that goes and comes is taken back and prepared" is_called "1 1 1" cpu_goes_and_comes
skip_no_more
check "policies that take all ops call nothing" is_called "0 0 0" takes_all_ops
check "a failed switch to another backend calls nothing" is_called "0 0 0" failed_switch
is "the backend was initialised once and never drained" \
	"$(uses contract init):$(uses contract drain):$(uses contract exit)" 1:0:0
check "use of $initial takes each CPU back" is_called "0 0 $cpus" vmictl use "$initial"
is "the backend was initialised, drained and left once" \
	"$(uses contract init):$(uses contract drain):$(uses contract exit)" 1:1:1
check "unload both modules" rmmod vmi_contract vmi_bad_cpu
finish_with_clean_log
