#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The tests that ran before leaked no memory. VMI's modules are unloaded first: memory that
# a module still points to does not count as leaked.

. ./lib.sh

need_vmi
kmemleak=/sys/kernel/debug/kmemleak
[ -e "$kmemleak" ] || skip_all "the kernel was built without CONFIG_DEBUG_KMEMLEAK"
modules=$(awk '/^vmi_/ { print $1 }' /proc/modules)
trap 'load_again; switch_back' EXIT

load_again()
{
	for module in $modules; do
		quiet modprobe "$module"
	done
}

unload_all()
{
	for module in $modules; do
		rmmod "$module" || return 1
	done
}

# An object is reported if it is older than five seconds, and if two scans in a row found no
# pointer to it and the same content.
scan_twice()
{
	sleep 6 && echo scan > "$kmemleak" && echo scan > "$kmemleak"
}

reports_nothing()
{
	leaks=$(cat "$kmemleak") || return 1
	printf '%s\n' "$leaks"
	[ -z "$leaks" ]
}

plan 5
check "use native" vmictl use native
check "unload the modules of VMI" unload_all
check "scan the memory" scan_twice
check "no memory was leaked" reports_nothing
finish_with_clean_log
