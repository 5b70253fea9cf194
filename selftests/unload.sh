#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The module of the active backend stays; any other can go, come back and be used again, and
# nothing writes to the memory that it left.

. ./lib.sh

need_backend
rounds=${VMI_TEST_RELOADS:-20}
module=vmi_$backend
loaded "$module" || skip_all "backend $backend is built in"

is_gone()
{
	! loaded "$module" && [ ! -d "$VMI/backends/$backend" ]
}

reload()
{
	modprobe "vmi-backend-$backend" && vmictl use "$backend" &&
		[ "$(vmi active)" = "$backend" ] && ./helper fork 5 &&
		vmictl use native && rmmod "$module" || return 1
	is_gone || { echo "something is left"; return 1; }
	work_goes_on
}

# Free pages hold a pattern, which is looked at when they are used again. This
# uses most of the free memory, once what was freed had time to be written to.
churn()
{
	mount -t tmpfs -o size=90% none "$tmp/memory" || return 1
	for n in 1 2 3; do
		free=$(awk '/^MemFree/ { print int($2 / 1024 * 7 / 10) }' \
			/proc/meminfo)
		dd if=/dev/zero of="$tmp/memory/fill" bs=1M count="$free" 2>/dev/null ||
			return 1
		rm -f "$tmp/memory/fill"
		(stress 1 > /dev/null) || return 1
	done
	umount "$tmp/memory"
}

no_corruption()
{
	! log_since_mark | grep -E 'memory corruption|pagealloc'
}

# /tmp need not be in memory, and without swap this must not fill it.
mkdir "$tmp/memory"
plan 15
check "use $backend" vmictl use "$backend"
check "its module is busy, and stays" is_busy "$module"
is "$backend is active" "$(vmi active)" "$backend"
check "use native" vmictl use native
check "unload the module" rmmod "$module"
check "nothing is left of the module" is_gone
check "the backend without its module cannot be used" refused 2 "no backend named '$backend'" \
	vmictl use "$backend"
check "each CPU works" begin_work "$tmp/work"
check "load, use, leave and unload under load, $rounds times" repeat "$rounds" reload
check "the work found nothing wrong" end_work "$tmp/work"
is "native is active" "$(vmi active):$(vmi state)" native:none
sleep 1
skip_unless "needs page_poison=1 on the boot line" grep -qw page_poison=1 /proc/cmdline
check "use the memory that was freed" churn
check "nobody wrote to memory that was freed" no_corruption
skip_no_more
check "load the module again" modprobe "vmi-backend-$backend"
finish_with_clean_log
