#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Module of dracut: the kernel asks for a backend before it runs PID 1, so all
# backends and modprobe have to be in the initramfs.

# depmod lists what modules say of themselves; backends say this.
backends()
{
	# shellcheck disable=SC2154 # This is dracut's.
	awk '$1 == "alias" && $2 ~ /^vmi-backend-/ { print $3 }' \
		"$srcmods/modules.alias" 2>/dev/null
}

check()
{
	[[ -n $(backends) ]] || return 1
}

depends()
{
	echo base
}

# Also in an initramfs for one machine, where dracut takes what is loaded now: its
# disk may be booted on another hypervisor.
installkernel()
{
	local list

	mapfile -t list < <(backends)
	hostonly='' instmods "${list[@]}"
}

install()
{
	local path

	inst_multiple modprobe
	# Where the kernel looks for it, if that is not where it is in any initramfs.
	# shellcheck disable=SC2154 # These are dracut's.
	path=$(sed -n 's/^CONFIG_MODPROBE_PATH="\(.*\)"/\1/p' \
		"$dracutsysrootdir/boot/config-$kernel" 2>/dev/null)
	if [[ -n $path ]]; then
		inst "$(command -v modprobe)" "$path"
	fi
}
