#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Where there is no hypervisor, waiters for a spinlock queue with any provider. Queueing
# is bypassed while the lock ops are exchanged, and must not stay so.

. ./lib.sh

need_vmi
debugfs=/sys/kernel/debug
lock=$debugfs/vmi_cost/lock
[ "$(vmi hypervisor)" = none ] || skip_all "in a virtual machine, native waiters never queue"
[ "$(online_cpus | wc -w)" -gt 1 ] || skip_all "nobody waits for a lock on one CPU"
modprobe vmi_cost || skip_all "the kernel was built without CONFIG_VMI_SELFTEST_MODULES"
[ -d $debugfs/kunit ] || mount -t debugfs debugfs $debugfs
trap 'quiet rmmod vmi_cost; switch_back' EXIT

waiters_queue()
{
	vmictl use "$1" || return 1
	[ "$(provider lock.slowpath)" = "$1" ] ||
		{ echo "lock.slowpath is with $(provider lock.slowpath)"; return 1; }
	before=$(cat "$lock")
	on_each_cpu cat "$lock" "$lock" "$lock" "$lock" "$lock" > /dev/null
	after=$(cat "$lock")
	echo "hand-offs and waiters in the queue: $before, then $after"
	[ "${after% *}" -gt "${before% *}" ] && [ "${after#* }" -gt "${before#* }" ]
}

backend=$(pick_backend) || skip_all "no usable backend"
log_mark
plan 4
check "waiters for a spinlock queue with $backend" waiters_queue "$backend"
check "waiters for a spinlock queue with native" waiters_queue native
check "waiters for a spinlock queue with $backend again" waiters_queue "$backend"
finish_with_clean_log
