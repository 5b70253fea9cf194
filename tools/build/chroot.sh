#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Make a Debian system of this machine's release in a directory, with the sources that
# apt has here. As root.
#
# usage: chroot.sh DIRECTORY [PACKAGE...]

set -eu

root=$1
shift
packages=$(echo "$*" | tr ' ' ,)

# shellcheck source=/dev/null
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")

set --
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
	/etc/apt/sources.list.d/*.sources; do
	! grep -qs '^\(deb\|Types:\)' "$file" || set -- "$@" "$file"
done
if [ $# -eq 0 ]; then
	echo "chroot: apt has no sources here" >&2
	exit 1
fi

rm -rf "$root"
mkdir -p "$(dirname "$root")"
mmdebstrap --quiet --variant=apt --include="$packages" \
	"$codename" "$root" "$@"
