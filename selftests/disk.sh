#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A driver of the kernel, the block device of a Xen guest, while providers change below
# it: what the host wrote is what is read, and what is written is what the host finds,
# for which there is host/disk.

. ./lib.sh

disk=/dev/xvdd

need_backend
if [ ! -b $disk ] || [ ! -r /disk.sha256 ]; then
	skip_all "no disk of which the sum is known"
fi

disk_sum()
{
	echo 3 > /proc/sys/vm/drop_caches
	sha256sum < "$disk" | cut -d ' ' -f 1
}

read_again()
{
	for _ in 1 2 3 4; do
		[ "$(disk_sum)" = "$1" ] || return 1
	done
}

# The second half, so that the first one has to stay as it is.
overwrite()
{
	dd if=/dev/urandom of="$tmp/noise" bs=1M count=4 2> /dev/null || return 1
	dd if="$disk" of="$tmp/kept" bs=1M count=4 2> /dev/null || return 1
	dd if="$tmp/noise" of="$disk" bs=1M seek=4 2> /dev/null || return 1
	sync
	written=$(cat "$tmp/kept" "$tmp/noise" | sha256sum | cut -d ' ' -f 1)
}

# Until told to stop; a switch that fails ends it early.
keep_switching()
{
	while [ ! -e "$tmp/stop" ]; do
		use native || return 1
		use "$backend" || return 1
	done
}

# meanwhile COMMAND...: and providers changed at least there and back
meanwhile()
{
	before=$(vmi switches)
	"$@" || return 1
	now=$(vmi switches)
	[ "$now" -ge $((before + 2)) ] || { echo "$((now - before)) switches"; return 1; }
}

plan 5
keep_switching &
switching=$!
check "the disk is what the host made it" meanwhile read_again "$(cat /disk.sha256)"
check "half of it is written" meanwhile overwrite
check "and read again" meanwhile read_again "${written:-}"
touch "$tmp/stop"
check "every switch worked" wait $switching
use "$initial"
note "disk-sha256 ${written:-}"
finish_with_clean_log
