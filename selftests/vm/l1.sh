#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in the L1 host: start a guest with the build machine's own QEMU, whose
# root is mounted read-only, and record what the host's KVM does meanwhile.
#
# usage: l1.sh RUN-DIRECTORY "EVENT..." QEMU ARGS...

set -eu

run=$1
events=$2
shift 2

tracing=/sys/kernel/tracing
options=trans=virtio,version=9p2000.L,msize=262144

# KVM keeps the first value that the kernel had for the frequency of the TSC. Where a later
# one differs by more than is tolerated, KVM lets the TSC of each vCPU catch up by itself,
# and the clocks of a guest were seen 2 s apart.
modprobe kvm halt_poll_ns=0 tsc_tolerance_ppm=50000
modprobe -a kvm_amd 9pnet_virtio 9p

mount -t 9p -o "$options,ro,cache=loose" root /host
# The guest's logs and verdict appear on the build machine as they are written.
mount -t 9p -o "$options,cache=none" run "/host$run"
mount --bind /dev /host/dev
mount -t proc proc /host/proc

# The host has nothing of it in memory yet.
if [ -f "/host$run/slow" ]; then
	modprobe loop
	losetup /dev/loop0 "/host$run/slow"
fi

/pulse.sh

# The guest's CPUs share this machine's only one. A guest CPU that waits for another
# one by spinning should not do so for a whole tick.
echo HRTICK > /sys/kernel/debug/sched/features
echo 300000 > /sys/kernel/debug/sched/base_slice_ns

[ -c /dev/kvm ] || { echo "l1: no /dev/kvm"; exit 1; }

if [ -n "$events" ]; then
	echo 262144 > $tracing/buffer_size_kb
	for event in $events; do
		echo "$event" >> $tracing/set_event
	done
fi

status=0
chroot /host "$@" || status=$?

if [ -n "$events" ]; then
	echo 0 > $tracing/tracing_on
	# A trace with holes proves nothing, and is not left for anybody to use.
	if grep -h '^overrun:' $tracing/per_cpu/cpu*/stats | grep -qvx 'overrun: 0'; then
		echo "l1: the trace lost events"
		exit 1
	fi
	cat $tracing/trace > "/host$run/host-trace.txt"
fi
exit $status
