#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Unpack Debian's Xen, the hypervisor and its tools, below build/xen. Nothing is
# installed: the machine's boot stays as it is.
#
# usage: xen.sh

set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
xen=$top/build/xen

area=xen
. "$top/tools/build/packages.sh"

[ ! -f "$xen/complete" ] || exit 0

# A Debian release has one version.
hypervisor=$(apt-cache search --names-only '^xen-hypervisor-[0-9.]+-amd64$' |
	sort -V | awk 'END { print $1 }')
[ -n "$hypervisor" ] || die "no package with a hypervisor: is main in apt's sources?"
version=${hypervisor#xen-hypervisor-}
version=${version%-amd64}

# The tools, and the libraries that come with them.
mapfile -t packages < <(depends '^(libxen|libyajl|xen-utils-|xenstore-utils)' \
	"xen-utils-$version")
# The device model of HVM guests. Its data and other libraries are those of QEMU.
packages+=(qemu-system-xen)

echo "xen: unpacking $hypervisor and its tools" >&2
rm -rf "$xen.tmp"
unpack "$xen.tmp" "$hypervisor" "${packages[@]}"

# QEMU's multiboot loader unpacks nothing. Names without the version are for the scripts
# in the virtual machines.
gunzip -c "$xen.tmp/boot/xen-$version-amd64.gz" > "$xen.tmp/hypervisor"
ln -s "usr/lib/xen-$version/bin" "$xen.tmp/bin"
ln -s "usr/lib/xen-$version/boot/hvmloader" "$xen.tmp/hvmloader"
ln -s usr/libexec/xen-qemu-system-i386 "$xen.tmp/device-model"
# The device model looks for its data from where it is itself.
ln -s /usr/share/qemu "$xen.tmp/usr/share/qemu"
touch "$xen.tmp/complete"
rm -rf "$xen"
mv "$xen.tmp" "$xen"
