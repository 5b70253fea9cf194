#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Print what this kernel is seen to use of a hypervisor, in lines of FEATURE VALUE. vmictl detect,
# which looks into other places where it can, has to be certain of just these. Clocks are from
# the kernel log, and timers from /proc/timer_list.
#
# usage: in_use.sh HYPERVISOR     as vmictl detect names it; only the clocksource for others

. ./lib.sh

registered()
{
	grep -q "clocksource: $1: mask: " "$log"
}

# timer NAME: a CPU has its ticks from there
timer()
{
	grep -qx "Clock Event Device: $1" /proc/timer_list
}

came()
{
	[ "$(interrupts "$1")" -gt 0 ]
}

# With VMI, detect only says which provider has the ops for these.
stolen()
{
	[ ! -d "$VMI" ] && awk '$1 == "cpu" { exit !$9 }' /proc/stat
}

polls()
{
	[ ! -d "$VMI" ] && came spinlock0
}

# yes FEATURE COMMAND...
yes()
{
	yes_feature=$1
	shift
	! "$@" || echo "$yes_feature yes"
}

log=$tmp/log
trap 'rm -rf "$tmp"' EXIT
# Not before the kernel has made its choice.
clocksource > /dev/null
dmesg > "$log"
sed -n 's/.*clocksource: Switched to clocksource \([^ ]*\).*/clocksource \1/p' "$log" |
	tail -n 1
case $1 in
KVM)
	yes kvmclock registered '\(vmi-\)\?kvm-clock'
	yes steal-time stolen
	yes async-pf came HYP
	;;
Hyper-V)
	yes reference-time registered hyperv_clocksource_msr
	yes reference-tsc registered '\(hyperv_clocksource_tsc_page\|vmi-hyperv-clock\)'
	yes synthetic-timers timer 'Hyper-V clockevent'
	yes stimer-direct came HVS
	yes synic came HYP
	yes reenlightenment came HRE
	;;
Xen)
	yes system-time registered xen
	yes runstate stolen
	yes event-poll polls
	yes event-ipi came resched0
	yes singleshot-timer timer xen
	yes hvm-callback-vector came HYP
	;;
VMware)
	yes steal-clock stolen
	;;
esac
