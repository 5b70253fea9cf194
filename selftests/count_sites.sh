#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Read the counters of ops with inline sites around work. The emulator counts how often the machine
# executes these sites (vm/count_sites.c), and takes note when /dev/cpu/0/msr is opened. host/sites
# compares the two. The machine has one CPU, whose scheduler asks for no preempted one.

. ./lib.sh

need_vmi
[ -e /dev/cpu/0/msr ] || skip_all "there is no /dev/cpu/0/msr"

# Without a process, whose calls would be counted.
read_calls()
{
	read -r calls < "$VMI/ops/$1/calls"
}

mark()
{
	: < /dev/cpu/0/msr
}

# Each mark is between two readings of the counter.
count_work()
{
	read_calls "$1" && first=$calls && mark && read_calls "$1" && second=$calls || return 1
	./helper fork 200 && ./helper mprotect 200 || return 1
	read_calls "$1" && third=$calls && mark && read_calls "$1" && fourth=$calls
}

counting=$(counting_requests)
trap 'restore_counting "$counting"' EXIT
plan 6
check "count group irq" vmictl stats on irq
check "count group lock" vmictl stats on lock
for op in irq.save_fl irq.disable irq.enable lock.unlock; do
	check "$op is counted" count_work "$op"
	note "counted $op $first $second $third $fourth"
done
finish
