#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Check that instructions padded by prefixes have their usual effect under KVM, with nested paging
# and with shadow page tables (vm/prefixes.S). QEMU's emulator executes them in the kernel of this
# machine.

. ./lib.sh
. ./programs.sh

need_root
need_program qemu-system-x86_64
bare=$repository/build/vm/prefixes
[ -e "$programs_root$bare" ] || skip_all "there is no $bare"
letters=SCUNRTMEXZ

# executes NPT: a machine of KVM with (1) or without (0) nested paging
executes()
{
	quiet rmmod kvm_amd
	modprobe kvm_amd "npt=$1" || return 1
	console=$(mktemp -u)
	program timeout 60 qemu-system-x86_64 -accel kvm -cpu qemu64 -m 64 -kernel "$bare" \
		-display none -debugcon "file:$console" -device isa-debug-exit,iobase=0xf4
	# The device doubles what it is given, and adds 1.
	executes_status=$?
	executes_said=$(cat "$programs_root$console")
	rm -f "$programs_root$console"
	echo "status $executes_status, '$executes_said'"
	[ "$executes_status" -eq 1 ] && [ "$executes_said" = "$letters" ]
}

trap 'quiet rmmod kvm_amd' EXIT
plan 2
check "padded instructions under KVM with nested paging" executes 1
check "padded instructions under KVM with shadow page tables" executes 0
finish
