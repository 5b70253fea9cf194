#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in the guest before its command: have another kernel of the same build take
# over the machine. In that one there is nothing left to do.
#
# usage: next-kernel.sh kexec|crash
#
# After a crash the second kernel has the CPU that crashed and no other.

set -eu

cd /selftests
# shellcheck source=../lib.sh
. ./lib.sh

read -r line < /proc/cmdline
case " $line " in
*" VMI_TEST_NEXT=$1 "*) exit ;;
esac

# Or there would be nothing to leave behind.
if grep -q xen-percpu /proc/interrupts && ! grep -q vmi-lock /proc/interrupts; then
	echo "next-kernel: the backend for Xen has no event channel"
	exit 1
fi

# A file of its own: the kernel reads no initrd from sysfs.
cp /sys/firmware/initrd /tmp/initrd
line="$line VMI_TEST_NEXT=$1"
case $1 in
kexec)
	./helper kexec /bzImage /tmp/initrd "$line"
	;;
crash)
	# The CPU that crashed need not be the first one, and any other would send
	# an INIT to the first one, which resets the machine.
	./helper kexec-on-crash /bzImage /tmp/initrd "$line nr_cpus=1"
	echo c > /proc/sysrq-trigger
	;;
esac
echo "next-kernel: this kernel goes on"
exit 1
