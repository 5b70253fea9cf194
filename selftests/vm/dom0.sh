#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in Xen's dom0: start the guest that is described in the run directory, wait for its end,
# and hand on what it wrote and, with a mask of events, what Xen traced. Programs and libraries
# are in the build machine's root, which is mounted read-only.
#
# usage: dom0.sh RUN-DIRECTORY XEN-DIRECTORY EVENT-MASK

set -eu

run=/host$1
xen=/host$2
events=$3
options=trans=virtio,version=9p2000.L,msize=262144
files=/run/guest

modprobe -a 9pnet_virtio 9p loop xen-evtchn xen-gntdev xen-gntalloc xen-blkback
mount -t 9p -o "$options,ro,cache=loose" root /host
mount -t 9p -o "$options,cache=none" run "$run"

mkdir -p /dev/pts /run/xen /run/xenstored /run/lock /var/lib/xen \
	/var/lib/xenstored /var/log/xen/console $files
ln -s /host/usr/share /usr/share
ln -s /run /var/run
ln -s /run/lock /var/lock
mount -t devpts devpts /dev/pts
mount -t xenfs xenfs /proc/xen

/pulse.sh

export PATH="$PATH:$xen/bin:$xen/usr/bin"
for dir in "$xen/usr/lib" /host/usr/lib /host/lib; do
	LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$dir/x86_64-linux-gnu
done
export LD_LIBRARY_PATH

xenstored --pid-file /run/xenstored.pid
waited=0
until xenstore-read / > /dev/null 2>&1; do
	[ $waited -lt 20 ] || { echo "dom0: no xenstore"; exit 1; }
	waited=$((waited + 1))
	sleep 1
done
xen-init-dom0
xenconsoled --log=guest --log-dir=/var/log/xen/console

# The ports are disks of zeros, large enough.
number=0
for name in output status log; do
	truncate -s 4M $files/$name
	losetup /dev/loop$number $files/$name
	number=$((number + 1))
done
cp "$run/disk" $files/disk
losetup /dev/loop$number $files/disk

: > "$run/output"
: > "$run/console.log"

# append FROM TO: what there is, zeros aside, after what was copied before
append()
{
	done=$(stat -c %s "$2")
	tr -d '\000' < "$1" | tail -c +$((done + 1)) >> "$2"
}

hand_on()
{
	append $files/output "$run/output"
	append /var/log/xen/console/guest-guest.log "$run/console.log"
	# Of the device model of an HVM guest, and of the xl that looks after a guest.
	cat /var/log/xen/qemu-dm-*.log > "$run/device-model.log" 2> /dev/null || :
	cat /var/log/xen/xl-*.log > "$run/xl.log" 2> /dev/null || :
}

last_mark()
{
	grep -ao '# channels-[a-z]*' "$run/output" | tail -n 1
}

# The guest's event channels, if it is between the marks of channels.sh all the while.
take_channels()
{
	[ "$(last_mark)" = "# channels-begin" ] || return 0
	lsevtchn "$1" > $files/channels || return 0
	hand_on
	[ "$(last_mark)" != "# channels-begin" ] || cp $files/channels "$run/channels"
}

# The buffer is for what comes while this machine has no time for xentrace.
if [ -n "$events" ]; then
	xentrace -D -S 1024 -e "$events" $files/trace &
	tracer=$!
fi

# While a guest is reset for its next kernel, it has no name.
xl create "$run/guest.cfg"
id=$(xl domid guest) || id=gone
while xl list "$id" > /dev/null 2>&1; do
	sleep 1
	hand_on
	take_channels "$id"
done
hand_on
tr -d '\000' < $files/log > "$run/kernel.log"
tr -d '\000' < $files/status > "$run/status"
sha256sum < $files/disk | cut -d ' ' -f 1 > "$run/disk.sha256-after"
xl dmesg -c > "$run/xen.log"
if [ -n "$events" ]; then
	# It reads what is left before it ends.
	if ! kill "$tracer" || ! wait "$tracer"; then
		echo "dom0: xentrace failed"
		exit 1
	fi
	cp $files/trace "$run/host-trace.raw"
fi
