#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make Debian's packages of vmictl and libvmi, and their source package, in
# build/package.
#
# usage: package.sh
#
# dpkg-buildpackage wants a directory debian/ at the root of a source tree. Here that
# is of one program among others, so it is kept beside it, and the tree that is
# built is put together of what that program needs.

set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
debian=$top/tools/vmictl/debian
package=$top/build/package

version=$(dpkg-parsechangelog -l "$debian/changelog" -S Version)
tree=$package/vmi-$version
said=$(sed -n 's/^.define VMICTL_VERSION "\(.*\)"/\1/p' "$top/tools/vmictl/main.c")
if [ "$version" != "$said" ]; then
	echo "package: debian/changelog says $version, and vmictl is $said" >&2
	exit 1
fi

rm -rf "$package"
mkdir -p "$tree"
cd "$top"
git ls-files -z -- \
	COPYING LICENSES uapi kernel/include tools/vmictl | xargs -0 cp --parents -t "$tree"
mv "$tree/tools/vmictl/debian" "$tree/debian"

cd "$tree"
dpkg-buildpackage --no-sign > "$package/build.log" 2>&1 || {
	tail -n 40 "$package/build.log" >&2
	echo "package: dpkg-buildpackage failed, see build/package/build.log" >&2
	exit 1
}
rm -rf "$tree"
