#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does the tests' kernel have Debian's configuration, but for the differences that a list
# explains? Prints KTAP.
#
# usage: config.sh [LIST DEBIAN-CONFIG TESTS-CONFIG KERNEL-TREE FRAGMENT...]
#
# Without arguments: config/debian-KVER, Debian's package linux-config-KVER, and the variant
# guest as tools/build/kernel.sh configured it.

set -uo pipefail

here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")
. "$here/../lib.sh"
KVER=${KVER:-6.12}

if [ $# -eq 0 ]; then
	package=/usr/src/linux-config-$KVER
	xz -dc "$package/config.amd64_none_cloud-amd64.xz" > "$tmp/debian" ||
		echo "config: no configuration in $package: run make deps" >&2
	mapfile -t fragments < <(sed -n 's/^guest: *//p' "$here/config/variants" |
		tr ' ' '\n' | sed "s,.*,$here/config/&.config,")
	set -- "$here/config/debian-$KVER" "$tmp/debian" "$top/build/kernel-guest/.config" \
		"$("$top/tools/build/kernel.sh" source)" "${fragments[@]}"
fi
files=("${@:1:3}" "$tmp/names" "${@:5}")

# The links to directories in a kernel tree are ours.
find "$4" -name 'Kconfig*' -type f -print0 |
	xargs -0 sed -nE 's/^[[:space:]]*(menu)?config[[:space:]]+([A-Za-z0-9_]+).*/\2/p' \
		> "$tmp/names"

compared()
{
	awk -v mode="$1" -f "$here/config.awk" "${files[@]}"
}

plan 5
check "the list is complete and gives a reason for each difference" compared list
check "the kernel knows the options of the list" compared names
check "Debian's kernel has the values of the list" compared debian
check "the tests' kernel has the values of the list" compared tests
check "the list has each difference that a fragment makes" compared fragments
finish
