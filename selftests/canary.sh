#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Goes wrong in one way, to prove that this is seen.
#
# VMI_TEST_CANARY in the environment is the way:
#
# dies     fails
# hangs    never ends
# stops    before its plan is fulfilled
# skips    all of itself
# warns    passes, but the kernel log has a warning with many lines after it, so that a reader
#          that stops at the warning stops before the log ends
# panics   kills the kernel
# races    runs an op with a data race on all CPUs, to prove that KCSAN watches modules of VMI
# loads    a module of the kernel's own that does something wrong, whose name is in
#          VMI_TEST_MODULE; some do not stay

. ./lib.sh

case $VMI_TEST_CANARY in
skips) skip_all "no canary" ;;
dies|stops) plan 2 ;;
*) plan 1 ;;
esac
pass "canary sings"
# What it said is on its way.
sleep 1

case $VMI_TEST_CANARY in
dies) fail "canary dies" ;;
hangs) sleep 3600 ;;
stops) exit 0 ;;
panics) echo c > /proc/sysrq-trigger ;;
warns)
	echo "<4>WARNING: canary" > /dev/kmsg
	for n in $(seq 4000); do
		echo "<7>canary: $n ........................................................."
	done > /dev/kmsg
	sleep 1
	;;
races)
	modprobe vmi-backend-bad-race && vmictl use bad-race || exit
	on_each_cpu ./helper fork 2000
	;;
loads)
	! modprobe "$VMI_TEST_MODULE" || modprobe -r "$VMI_TEST_MODULE"
	;;
esac
finish
