#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Fail each allocation of requests to VMI, see failalloc.c.

. ./lib.sh

need_vmi
debug=/sys/kernel/debug
[ -w $debug/failslab/ignore-gfp-wait ] || skip_all "the kernel cannot fail allocations"
[ "$initial" = native ] || skip_all "it begins with native"
need_no_policy
file=$(module_file vmi_null) || skip_all "there is no module vmi_null"
! loaded vmi_null || rmmod vmi_null || skip_all "vmi_null is in use"

# Addresses: of the function that registers a backend, and of the next one.
registration()
{
	sort /proc/kallsyms | awk '
		found { print "0x" $1; exit }
		$3 == "vmi_table_register" { print "0x" $1; found = 1 }'
}

# By default only allocations that may not sleep fail, and pages only from two of them on.
for attributes in failslab fail_page_alloc; do
	echo N > $debug/$attributes/ignore-gfp-wait
	echo 0 > $debug/$attributes/verbose
done
echo 0 > $debug/fail_page_alloc/min-order
# shellcheck disable=SC2046 # Two words on purpose.
./failalloc "$file" $(registration)
