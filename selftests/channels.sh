#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The event channels of a Xen guest, as its kernel lists them. The backend has some only while it
# is bound. host/channels compares them with Xen's for this guest, recorded between the marks.

. ./lib.sh

need_vmi
grep -q xen-percpu /proc/interrupts || skip_all "no event channels of Xen"

# How many lines there are with these words: a kind of channel, and whose it is.
count()
{
	grep -c "xen-[a-z]* *$1" /proc/interrupts
}

wanted=$(find /sys/devices/system/cpu -maxdepth 1 -name 'cpu[0-9]*' | wc -l)
# Nobody waits for another CPU.
[ "$wanted" -gt 1 ] || wanted=0

plan 7
is "the backend is active" "$(vmi active)" xen
is "a channel per CPU to wait for locks" "$(count '-event *vmi-lock')" "$wanted"
check "native" vmictl use native
is "none with native" "$(count '-event *vmi-lock')" 0
check "the backend again" vmictl use xen
is "the same as before" "$(count '-event *vmi-lock')" "$wanted"

# To the host, those for locks are IPIs as well.
before="ipi=$(($(count '-ipi') + $(count '-event *vmi-lock'))) virq=$(count '-virq')"
note "channels-begin $before"
sleep 15
note "channels-end"
after="ipi=$(($(count '-ipi') + $(count '-event *vmi-lock'))) virq=$(count '-virq')"
is "they stayed as they were" "$after" "$before"
finish
