# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Debian packages that are unpacked and not installed; to be sourced. $area is the name
# of who does it.

: "${area:=packages}"

die()
{
	echo "$area: $*" >&2
	exit 1
}

# depends PATTERN PACKAGE...: those that these need, directly or not, whose names match.
depends()
{
	apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts \
		--no-breaks --no-replaces --no-enhances "${@:2}" |
		grep -E "$1" | sort -u
}

# unpack DIRECTORY PACKAGE...: into that directory, which has to be a new one.
unpack()
{
	local directory=$1 package

	mkdir -p "$directory/packages"
	(cd "$directory/packages" &&
		apt-get -q -o APT::Sandbox::User=root download "${@:2}" \
			> download.log 2>&1) ||
		{ cat "$directory/packages/download.log" >&2; die "download failed"; }
	for package in "$directory"/packages/*.deb; do
		dpkg-deb -x "$package" "$directory"
	done
	rm -rf "$directory/packages"
}
