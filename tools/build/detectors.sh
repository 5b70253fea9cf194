#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Unpack Debian's programs that tell which hypervisor there is, with the libraries that
# they need, below build/detect/root, as a guest has them. Nothing is installed. The file
# build/detect/versions has the version of each package.
#
# usage: detectors.sh

set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
detect=$top/build/detect
area=detectors
. "$top/tools/build/packages.sh"

[ ! -f "$detect/versions" ] || exit 0

packages=(systemd virt-what dmidecode util-linux)
programs=(usr/bin/systemd-detect-virt usr/sbin/virt-what
	usr/libexec/virt-what-cpuid-helper usr/sbin/dmidecode usr/bin/lscpu)

# The C library is the build machine's, as for all that guests have.
mapfile -t libraries < <(depends '^lib' "${packages[@]}" | grep -vx -e libc6 -e libgcc-s1)

echo "detectors: unpacking ${packages[*]}" >&2
rm -rf "$detect.tmp"
unpack "$detect.tmp/all" "${packages[@]}" "${libraries[@]}"

# libraries PROGRAM: "NAME PATH" for each one, PATH where it is on this machine. A script
# has none.
libraries()
{
	local places

	places=$(find "$detect.tmp/all" -name '*.so*' -printf '%h\n' | sort -u | paste -sd :)
	{ LD_LIBRARY_PATH=$places ldd "$1" 2> /dev/null || :; } |
		awk '$2 == "=>" { print $1, $3 == "not" ? "missing" : $3 }'
}

# Everything executable is in /bin, see initramfs.sh. virt-what looks for its helper in
# libexec first, and in the rest of PATH as well.
root=$detect.tmp/root
mkdir -p "$root/bin" "$root/lib/x86_64-linux-gnu"
for program in "${programs[@]}"; do
	cp "$detect.tmp/all/$program" "$root/bin"
	libraries "$detect.tmp/all/$program"
done > "$detect.tmp/libraries"
while read -r name path; do
	[ "$path" != missing ] || die "there is no $name"
	cp -L "$path" "$root/lib/x86_64-linux-gnu/$name"
done < "$detect.tmp/libraries"

for package in "${packages[@]}"; do
	echo "$package $(apt-cache show --no-all-versions "$package" |
		sed -n 's/^Version: //p')"
done > "$detect.tmp/versions"
rm -rf "$detect.tmp"/{all,libraries} "$detect/root"
mkdir -p "$detect"
mv "$detect.tmp"/{root,versions} "$detect"
rm -rf "$detect.tmp"
