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
. tools/build/checks.sh
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

package_names()
{
	debs | while read -r deb; do
		dpkg-deb -f "$deb" Package
	done
}

# manage WHAT COMMAND...: in the system, with a log that is shown if that fails
manage()
{
	in_root "${@:2}" > "$package/$1.log" 2>&1 || {
		cat "$package/$1.log"
		return 1
	}
}

# install_all WHAT DIRECTORY: all packages in a directory of the system
install_all()
{
	local packages=()

	mapfile -t packages < <(cd "$root" && printf '/%s\n' "${2#/}"/*.deb)
	manage "$1" dpkg -i "${packages[@]}"
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
	mkdir "$root/tmp/packages"
	debs | xargs cp -t "$root/tmp/packages"
	install_all install /tmp/packages || return
	paths > "$package/after"
	# One that does nothing would be removed cleanly, too.
	! cmp -s "$package/before" "$package/after" || return
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
	[ "$missing" -eq 0 ] && resolve vmi-backend-kvm
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
	! resolve vmi-backend-kvm | grep . || status=1
	resolve vmi-backend-xen | grep -q vmi_xen || status=1
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

# The same files as a version that comes later.
make_newer()
{
	local deb

	mkdir -p "$root/tmp/newer"
	debs | while read -r deb; do
		rm -rf "$package/newer"
		dpkg-deb -R "$deb" "$package/newer" || return
		sed -i -E 's/^Version: .*/&+newer/; s/(libvmi0 \(= [^)]*)\)/\1+newer)/' \
			"$package/newer/DEBIAN/control"
		dpkg-deb -b "$package/newer" "$root/tmp/newer" || return
	done || return
	rm -rf "$package/newer"
}

# What an administrator has set, and whether it is still so.
set_policy()
{
	echo "io native" > "$root/etc/vmi/policy.conf"
}

same_policy()
{
	[ "$(cat "$root/etc/vmi/policy.conf")" = "io native" ]
}

# Back to what an installation leaves.
unset_policy()
{
	rm "$root/etc/vmi/policy.conf"
	paths | diff "$package/after" -
}

check_upgrade()
{
	local versions

	make_newer > "$package/newer.log" || return
	set_policy
	systemctl --quiet --root="$root" disable vmi-policy.service || return
	install_all upgrade /tmp/newer || return
	# shellcheck disable=SC2016,SC2046 # these are for dpkg-query, and words
	versions=$(in_root dpkg-query -W -f '${Package} ${Version}\n' $(package_names)) ||
		return
	! grep -v '+newer$' <<< "$versions" || return
	same_policy || return
	[ "$(systemctl --root="$root" is-enabled vmi-policy.service)" = disabled ] ||
		return
	systemctl --quiet --root="$root" enable vmi-policy.service || return
	unset_policy
}

# Only configuration is kept, and it is still good when they come back.
check_remove()
{
	set_policy
	# shellcheck disable=SC2046 # A list of words on purpose.
	manage remove dpkg --remove $(package_names) || return
	same_policy || return
	paths | diff "$package/before" - | grep '^[<>]' |
		grep -v -e '^> \./etc/' -e '^> \./var/lib/systemd/' > "$package/left"
	cat "$package/left"
	[ ! -s "$package/left" ] || return
	install_all again /tmp/newer || return
	same_policy || return
	check_unit || return
	unset_policy
}

check_purge()
{
	# shellcheck disable=SC2046 # A list of words on purpose.
	manage purge dpkg --purge $(package_names) || return
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
if run_checks build lintian chroot install unit initramfs_tools dracut \
	boot_initramfs_tools boot_dracut blacklist other_kernel upgrade remove purge \
	no_hook_no_backend; then
	rm -rf "$root"
else
	exit 1
fi
