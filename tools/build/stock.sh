#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Unpack Debian's own kernel as a variant that guests can boot, build/kernel-stock:
# "run.sh --set kernel=stock". Nothing is installed. The file "release" there has the
# version of the package.
#
# usage: stock.sh     after kernel.sh build guest, whose gen_init_cpio is used

set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
stock=$top/build/kernel-stock
area=stock
. "$top/tools/build/packages.sh"

[ ! -f "$stock/complete" ] || exit 0

# depmod and modprobe are not in everybody's PATH.
PATH=$PATH:/usr/sbin:/sbin

# What init.c needs and Debian has as modules: its ports, and the place where Xen says
# whose domain this is.
drivers="virtio_pci virtio_console xen-blkfront xenfs"

image=$(depends '^linux-image-[0-9].*-amd64$' linux-image-amd64 | sort -V | tail -n 1)
[ -n "$image" ] || die "no package linux-image-amd64: is main in apt's sources?"

echo "stock: unpacking $image" >&2
rm -rf "$stock.tmp"
all=$stock.tmp/all
unpack "$all" "$image"
version=$(cd "$all/lib/modules" && echo *)

mkdir -p "$stock.tmp"/{arch/x86/boot,usr,modroot}
mv "$all/boot/vmlinuz-$version" "$stock.tmp/arch/x86/boot/bzImage"
ln -s ../../kernel-guest/usr/gen_init_cpio "$stock.tmp/usr/gen_init_cpio"

# Some releases have their modules compressed, and busybox may not know how.
find "$all/lib/modules" -name '*.ko.xz' -exec xz -d {} +
depmod -b "$all" "$version"
for driver in $drivers; do
	modprobe -d "$all" -S "$version" --show-depends "$driver"
done | sed -n "s,^insmod $all/\([^ ]*\).*,\1,p" | sort -u > "$stock.tmp/modules"
[ -s "$stock.tmp/modules" ] || die "$image has no modules"
(cd "$all" && xargs cp --parents -t "$stock.tmp/modroot" < "$stock.tmp/modules")
cp "$all/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} \
	"$stock.tmp/modroot/lib/modules/$version"
depmod -b "$stock.tmp/modroot" "$version"

echo "$version ($(apt-cache show --no-all-versions "$image" |
	sed -n 's/^Version: //p'))" > "$stock.tmp/release"
rm -rf "$all" "$stock.tmp/modules"
touch "$stock.tmp/complete"
rm -rf "$stock"
mv "$stock.tmp" "$stock"
