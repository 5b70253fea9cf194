#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make the root file system of a guest: init, busybox, the variant's modules,
# vmictl, and the tests.
#
# usage: initramfs.sh [--if-changed] [--modules none|guest|all] [--program PROGRAM]...
#                     [--with DIRECTORY]... VARIANT OUTPUT
#
# "guest" leaves out the modules that an L1 host loads. With --if-changed, OUTPUT stays if none
# of our own files in it is newer; one of several callers makes it. A PROGRAM is from the build machine. A
# file in a DIRECTORY hides ours of the same name.

set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
modules=all
if_changed=
programs=(busybox jq)
with=()
while [ $# -gt 2 ]; do
	case $1 in
	--if-changed) if_changed=1; shift ;;
	--modules) modules=$2; shift 2 ;;
	--program) programs+=("$2"); shift 2 ;;
	--with) with+=("$2"); shift 2 ;;
	*) echo "initramfs: unknown option $1" >&2; exit 1 ;;
	esac
done
variant=$1
output=$2
kernel=$top/build/kernel-$variant

# For find: no module of an L1 host, see config/host.config. A nested guest unpacks them in 1 s.
not_of_host=()
for name in 'kvm*' '9p*' netfs loop xen-blkback 'xen-gnt*' xen-evtchn; do
	not_of_host+=('!' -name "$name.ko")
done

# file SOURCE TARGET: a file, with the libraries that it is linked with.
file()
{
	local source=$1 target=$2 mode=644 library

	[ ! -x "$source" ] || mode=755
	echo "file $target $source $mode 0 0"
	case $target in
	*.ko|*/modules.*|*.sh) return ;;
	esac
	# Fails for what is not a dynamic executable, which then needs nothing.
	for library in $(ldd "$source" 2>/dev/null | grep -o '/[^ ]*'); do
		echo "file $library $(realpath "$library") 755 0 0"
	done
}

# tree SOURCE TARGET FIND-ARGS...: the files below a directory.
tree()
{
	local source=$1 target=$2 path

	find "$source" "${@:3}" -type f -printf '%P\n' | while read -r path; do
		file "$source/$path" "$target/$path"
	done
}

contents()
{
	local name directory

	echo "dir /dev 755 0 0"
	echo "nod /dev/console 600 0 0 c 5 1"
	# Everything executable is in /bin, by all its usual names.
	for name in /sbin /usr/bin /usr/sbin; do
		echo "slink $name /bin 777 0 0"
	done
	echo "dir /host 755 0 0"

	for directory in "${with[@]}"; do
		tree "$directory" ""
	done
	file "$top/build/vm/init" /init
	for name in "${programs[@]}"; do
		file "$(command -v "$name")" "/bin/$name"
	done
	busybox --list | sed 's,.*,slink /bin/& busybox 777 0 0,'
	for name in l/linux v/vt220 x/xterm; do
		file "/lib/terminfo/$name" "/lib/terminfo/$name"
	done
	case $modules in
	none) ;;
	all) tree "$kernel/modroot/lib/modules" /lib/modules ;;
	guest) tree "$kernel/modroot/lib/modules" /lib/modules "${not_of_host[@]}" ;;
	*) echo "initramfs: modules $modules are not none, guest or all" >&2; exit 1 ;;
	esac

	if [ -x "$top/build/tools/vmictl/vmictl" ]; then
		file "$top/build/tools/vmictl/vmictl" /bin/vmictl
	fi
	for name in guest.sh load.sh next-kernel.sh; do
		file "$top/selftests/vm/$name" "/selftests/vm/$name"
	done
	file "$top/selftests/bench/guest_cost.sh" /selftests/guest_cost.sh
	tree "$top/selftests" /selftests -maxdepth 1
	if [ -d "$top/build/selftests" ]; then
		tree "$top/build/selftests" /selftests
	fi
}

# Each directory once, before what is in it; applets never hide a real file.
complete()
{
	awk '
		function dirs(path,    parent) {
			parent = path
			if (!sub(/\/[^\/]+$/, "", parent) || parent == "" || parent in seen)
				return
			dirs(parent)
			seen[parent] = 1
			print "dir " parent " 755 0 0"
		}
		$2 in seen { next }
		{ dirs($2); seen[$2] = 1; print }'
}

# is_current: none of our files in the output has changed; nothing looks at PROGRAMs
is_current()
{
	local inputs=("$top/selftests" "$kernel/modroot" "$top/build/vm/init")

	inputs+=("$top/build/selftests" "$top/build/tools/vmictl/vmictl")
	[ -f "$output" ] &&
		[ -z "$(find "${inputs[@]}" -newer "$output" -print -quit 2> /dev/null)" ]
}

if [ -n "$if_changed" ]; then
	exec {lock}> "$output.lock"
	flock "$lock"
	! is_current || exit 0
fi
list=$(mktemp)
trap 'rm -f "$list"' EXIT
# Real files come first: an applet of the same name steps back.
contents | sort -s -k1,1 | complete > "$list"
"$kernel/usr/gen_init_cpio" -t 0 "$list" > "$output.tmp"
mv "$output.tmp" "$output"
