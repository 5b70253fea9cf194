#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmictl status is not more than twice the work of "ip -j link", from the fork to the
# end of the process, and less than 5 ms of a CPU. For a machine whose time stamp counter
# counts instructions: the scenario icount.

. ./lib.sh

need_vmi
limit=2
# What 5 ms are there: with "-icount shift=0", QEMU takes a nanosecond for each instruction.
# The ratio alone would let both grow.
most=5000000

# is_within LEAST MOST
is_within()
{
	[ "$status_cost" -ge "$1" ] && [ "$status_cost" -le "$2" ]
}

# The shell of busybox would take its own.
for ip in /sbin/ip /bin/ip; do
	[ ! -x "$ip" ] || break
done
"$ip" -V 2>&1 | grep -q iproute2 || skip_all "there is no iproute2"
vmictl=$(command -v vmictl)

plan 4
check "ip lists links" "$ip" -j link
check "vmictl shows the status" vmictl status
ip_cost=$(./icount command "$ip" -j link)
status_cost=$(./icount command "$vmictl" status)
note "vmictl status: $status_cost instructions"
note "ip -j link: $ip_cost instructions"
check "status is at most $limit times ip -j link" is_within 1 $((limit * ip_cost))
check "status is less than $most instructions" is_within 1 $((most - 1))
finish
