#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A switch patches the trampolines that ops are called through, and takes the int3 of a
# kprobe there for a broken trampoline. So the core forbids such a kprobe. The kernel also
# refuses events of kprobes there, because these functions are notrace.

. ./lib.sh

need_vmi
events=/sys/kernel/tracing/kprobe_events
[ -w $events ] || skip_all "the kernel was built without CONFIG_KPROBE_EVENTS"

probe()
{
	echo "p:vmi_test $1" > "$events"
}

plan 4
check "kprobe in a function of the core is accepted" probe vmi_switch
check "remove the kprobe" sh -c "echo > $events"
check "trampolines of ops are forbidden for kprobes" \
	grep -q '[[:space:]]__SCT__vmi_site_io_delay$' /sys/kernel/debug/kprobes/blacklist
check "kprobe in a trampoline of an op is refused" fails probe __SCT__vmi_site_io_delay
finish
