#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Install what the build and the tests need, on Debian 12 or 13.
#
# usage: deps.sh [--check] run|check|package
#
#   run      to build kernels and programs, and to run them
#   check    ... and to test them
#   package  to build Debian's packages of ours, and to look at them
#
# --check only reports. The kernel source package is in Debian 13's own archive
# and in Debian 12's backports; the backports suite is derived from the mirror
# apt already uses, so that no mirror is ever named here.

set -eu

KVER=${KVER:-6.12}

# The programs of tools/ and selftests/.
programs="
	make gcc pkg-config libc6-dev
	libnl-3-dev libnl-genl-3-dev libjansson-dev libncurses-dev libelf-dev libkmod-dev
"

# A kernel, and a machine that runs it.
run="$programs
	flex bison bc libssl-dev openssl cpio kmod lz4 xz-utils ccache
	qemu-system-x86 busybox-static jq
	linux-source-$KVER
"

# The tests of those programs.
test="
	python3 python3-yaml python3-jsonschema python3-prometheus-client python3-pyte python3-pyelftools jq zsh
	xz-utils zstd openssl
"

# The rest, a line for each reason.
check="$run $test
	sparse shellcheck clang-format mandoc bsdextrautils
	clang libclang-rt-dev llvm
	linux-config-$KVER
	gnuplot-nox iproute2 trace-cmd linux-perf stress-ng
"

# What knows where units belong is a package of its own since Debian 13.
unit_directory()
{
	# shellcheck source=/dev/null
	if [ "$(. /etc/os-release && echo "${VERSION_ID:-13}")" -ge 13 ]; then
		echo systemd-dev
	else
		echo systemd
	fi
}

only_report=
set=
for word; do
	case $word in
	--check) only_report=1; continue ;;
	run) packages=$run how="make deps-run" ;;
	check) packages=$check how="make deps" ;;
	package)
		packages="$programs $test debhelper lintian mmdebstrap $(unit_directory)"
		how="tools/build/deps.sh package"
		;;
	*)
		echo "deps: unknown word '$word'" >&2
		exit 1
		;;
	esac
	set=$word
done
[ -n "$set" ] || { echo "deps: which set? run, check or package" >&2; exit 1; }

missing()
{
	# shellcheck disable=SC2086 # A list of words on purpose.
	installed=$(dpkg-query -W -f '${Package} ${Status}\n' $packages 2> /dev/null |
		sed -n 's/ .* ok installed$//p')
	for pkg in $packages; do
		echo "$installed" | grep -qxF "$pkg" || printf '%s ' "$pkg"
	done
}

# The suite's own stanza or line, with the suite's name replaced: keys, mirror
# and options stay those of the machine.
add_backports()
{
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	target=/etc/apt/sources.list.d/vmi-backports

	for file in /etc/apt/sources.list.d/*.sources; do
		[ -f "$file" ] || continue
		awk -v suite="$codename" -v RS= '
			/^#/ { sub(/^(#[^\n]*\n)+/, "") }
			$0 ~ "(^|\n)Suites:[^\n]*[ \t]" suite "([ \t\n]|$)" {
				sub(/Suites:[^\n]*/, "Suites: " suite "-backports")
				print
				exit
			}' "$file" > "$target.sources"
		[ -s "$target.sources" ] && return 0
		rm -f "$target.sources"
	done

	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -f "$file" ] || continue
		sed -nE "/^deb .*[ \t]${codename}[ \t]/{s/([ \t])${codename}([ \t])/\1$codename-backports\2/;p;q}" \
			"$file" > "$target.list"
		[ -s "$target.list" ] && return 0
		rm -f "$target.list"
	done

	echo "deps: no apt source for '$codename' to derive its backports from" >&2
	return 1
}

have_candidate()
{
	apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

todo=$(missing)
[ -n "$todo" ] || exit 0

if [ -n "$only_report" ] || [ "$(id -u)" -ne 0 ]; then
	echo "deps: missing packages: $todo" >&2
	echo "deps: run this once, as root: $how" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
started=$(date +%s)

apt-get -q update
case $todo in
*"linux-source-$KVER "*)
	if ! have_candidate "linux-source-$KVER"; then
		add_backports
		apt-get -q update
	fi
	;;
esac
# shellcheck disable=SC2086 # A list of words on purpose.
apt-get -q install -y --no-install-recommends $todo

todo=$(missing)
if [ -n "$todo" ]; then
	echo "deps: still missing after installation: $todo" >&2
	exit 1
fi
echo "deps: packages installed in $(($(date +%s) - started)) s" >&2
