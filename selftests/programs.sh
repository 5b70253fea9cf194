# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Programs that are too large for an initramfs. In a scenario with root = yes they are
# run in the build machine's root, which is at /host; elsewhere they are installed, or
# the test is skipped. To be sourced behind lib.sh.

# Where the repository is for these programs.
if [ -L /repository ]; then
	programs_root=/host
	repository=$(readlink /repository)
	repository=${repository#/host}
else
	programs_root=/
	repository=$(realpath "$(dirname "$(readlink -f lib.sh)")/..")
fi

# What they run a command of this machine with.
export VMI_GUEST="chroot /proc/1/root"

enter_programs()
{
	[ "$programs_root" != / ] || return 0
	! grep -q '^root /host 9p' /proc/mounts || return 0
	modprobe -a 9pnet_virtio 9p &&
	mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose \
		root /host &&
		mount --bind /dev /host/dev &&
		mount -t proc proc /host/proc &&
		mount --rbind /sys /host/sys &&
		mount -t tmpfs tmpfs /host/tmp
}

# program NAME ARGUMENTS...
program()
{
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		chroot "$programs_root" "$@"
}

need_program()
{
	enter_programs || skip_all "cannot mount the build machine's root"
	# shellcheck disable=SC2016 # For the other shell.
	program sh -c 'command -v "$1" > /dev/null' sh "$1" ||
		skip_all "$1 is not installed"
}
