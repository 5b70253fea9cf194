#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's packages, from their build to their removal in a Debian system of their
# own, and the initramfs that initramfs-tools and dracut make there: with that, KVM
# guests are booted. As root; prints KTAP.
#
# usage: check-package.sh

set -uo pipefail

top=$(realpath "$(dirname "$0")/../..")
cd "$top" || exit 1
package=build/package
root=build/chroot
version=$(ls build/kernel-guest/modroot/lib/modules)

debs()
{
	printf '%s\n' "$package"/*.deb | grep -v -e -dbgsym_
}

in_root()
{
	unshare --mount --pid --fork --mount-proc="$root/proc" \
		chroot "$root" env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# What the packages need besides each other, without versions and alternatives.
dependencies()
{
	local deb

	debs | while read -r deb; do
		dpkg-deb -f "$deb" Depends
	done | tr ',' '\n' | sed -E 's/[|(].*//; s/ //g' | grep -v '^libvmi' | sort -u
}

# All paths but those of the package manager's own records, and of what changes when
# anything is run.
paths()
{
	(cd "$root" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt \
		-o -path ./var/cache -o -path ./var/log -o -path ./proc \
		-o -path ./tmp -o -path ./var/tmp \) -prune -o -print | sort)
}

check_build()
{
	tools/build/package.sh
}

# The project has an address in name only. Who packages it will have one.
check_lintian()
{
	lintian --fail-on error,warning --allow-root --suppress-tags \
		bogus-mail-host,bogus-mail-host-in-debian-changelog \
		"$package"/*.changes
}

# With the kernel of the tests, as its own package would have installed it.
check_chroot()
{
	# shellcheck disable=SC2046 # A list of words on purpose.
	tools/build/chroot.sh "$root" initramfs-tools dracut-core busybox cpio \
		kmod mount udev $(dependencies) || return
	mkdir -p "$root/usr/lib/modules"
	cp -a "build/kernel-guest/modroot/lib/modules/$version" \
		"$root/usr/lib/modules"
	cp build/kernel-guest/.config "$root/boot/config-$version"
	paths > "$package/before"
}

check_install()
{
	local deb names=()

	for deb in $(debs); do
		cp "$deb" "$root/tmp"
		names+=("/tmp/${deb##*/}")
	done
	in_root dpkg -i "${names[@]}" > "$package/install.log" 2>&1 || {
		cat "$package/install.log"
		return 1
	}
	# One that does nothing would be removed cleanly, too.
	! paths | cmp -s - "$package/before" || return
	in_root vmictl -V
}

# At the next start of the system; the unit itself looks whether there is a policy.
check_unit()
{
	[ -L "$root/etc/systemd/system/sysinit.target.wants/vmi-policy.service" ] ||
		return
	systemctl --root="$root" is-enabled vmi-policy.service | grep -qx enabled
}

make_initramfs()
{
	case $1 in
	initramfs-tools)
		in_root mkinitramfs -c gzip -o /tmp/initramfs "$version" ;;
	dracut)
		in_root dracut --no-hostonly --gzip --force /tmp/initramfs "$version" ;;
	esac > "$package/$1.log" 2>&1 || {
		cat "$package/$1.log"
		return 1
	}
	mv "$root/tmp/initramfs" "$package/$1.initramfs"
	rm -rf "$root/tmp/unpacked"
	mkdir "$root/tmp/unpacked"
	gunzip < "$package/$1.initramfs" |
		(cd "$root/tmp/unpacked" && cpio -id --quiet --no-absolute-filenames)
}

# modprobe of the initramfs, by the name that the kernel calls it, asked for what the
# kernel asks for. It says what it would do.
resolve()
{
	in_root chroot /tmp/unpacked "$(sed -n \
		's/^CONFIG_MODPROBE_PATH="\(.*\)"/\1/p' build/kernel-guest/.config)" \
		-S "$version" -n -v "$1" 2> /dev/null
}

# initramfs MAKER: all backends that the kernel has are in it, and are found.
initramfs()
{
	local alias module missing=0

	make_initramfs "$1" || return
	while read -r alias module; do
		resolve "$alias" | grep -q "^insmod .*/$module.ko" && continue
		echo "$alias does not lead to $module"
		missing=1
	done < <(awk '$1 == "alias" && $2 ~ /^vmi-/ { print $2, $3 }' \
		"$root/usr/lib/modules/$version/modules.alias")
	[ "$missing" -eq 0 ] && resolve vmi-hypervisor-KVMKVMKVM
}

check_initramfs_tools()
{
	initramfs initramfs-tools
}

check_dracut()
{
	initramfs dracut
}

# boot MAKER: the kernel asked for the backend by itself, and got it before PID 1.
boot()
{
	local output

	output=$(selftests/vm/run.sh --dir "$package/boot-$1" --vmi auto \
		--initramfs "$package/$1.initramfs" kvm \
		'cat /run/vmi-at-init/*' 2> "$package/boot-$1.log") || {
		cat "$package/boot-$1.log"
		return 1
	}
	echo "$output"
	# Files active, before_init and state, in this order.
	[ "$(sed '/^-----/d' <<< "$output" | tr '\n' ' ')" = "kvm 1 active " ]
}

check_boot_initramfs_tools()
{
	boot initramfs-tools
}

check_boot_dracut()
{
	boot dracut
}

# What keeps a module from being loaded elsewhere does so here as well.
check_blacklist()
{
	local status=0

	echo "blacklist vmi_kvm" > "$root/etc/modprobe.d/test.conf"
	make_initramfs initramfs-tools || return
	rm "$root/etc/modprobe.d/test.conf"
	! resolve vmi-hypervisor-KVMKVMKVM | grep . || status=1
	resolve vmi-hypervisor-XenVMMXenVMM | grep -q vmi_xen || status=1
	return "$status"
}

# no_backend: neither tool takes one.
no_backend()
{
	local maker

	for maker in initramfs-tools dracut; do
		make_initramfs "$maker" || return
		! find "$root/tmp/unpacked" -name 'vmi_*' | grep . || return
	done
}

# A kernel without VMI is none of the hooks' business.
check_other_kernel()
{
	local kernel=$version version=$version-other status=0

	mkdir "$root/usr/lib/modules/$version"
	touch "$root/usr/lib/modules/$version"/modules.{order,builtin}
	in_root depmod "$version"
	sed '/VMI/d' "$root/boot/config-$kernel" > "$root/boot/config-$version"
	no_backend || status=1
	rm -r "$root/usr/lib/modules/$version" "$root/boot/config-$version"
	return "$status"
}

check_removal()
{
	local names deb

	names=$(debs | while read -r deb; do dpkg-deb -f "$deb" Package; done)
	# shellcheck disable=SC2086 # A list of words on purpose.
	in_root dpkg --purge $names > "$package/purge.log" 2>&1 || {
		cat "$package/purge.log"
		return 1
	}
	paths | diff "$package/before" -
}

# Otherwise the checks above would prove nothing.
check_no_hook_no_backend()
{
	no_backend
}

if [ "$(id -u)" -ne 0 ]; then
	echo "check-package: only root can change the root directory" >&2
	exit 1
fi

# Later ones need what earlier ones leave.
checks="build lintian chroot install unit initramfs_tools dracut
	boot_initramfs_tools boot_dracut blacklist other_kernel removal
	no_hook_no_backend"
failed=0
n=0
# shellcheck disable=SC2086 # A list of words on purpose.
set -- $checks
echo "KTAP version 1"
echo "1..$#"
for check in "$@"; do
	n=$((n + 1))
	if output=$("check_$check" 2>&1); then
		echo "ok $n $check"
	else
		echo "not ok $n $check"
		failed=1
	fi
	[ -z "$output" ] || printf '%s\n' "$output" | sed 's/^/# /'
done
[ "$failed" -ne 0 ] || rm -rf "$root"
exit $failed
