#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Check that IBT is off while pv_ops leads to trampolines without ENDBR, until their call sites are
# patched. The emulator has no IBT, so look at the order of the calls in the kernel's text. Print
# KTAP.
#
# usage: test-boot-order.sh VMLINUX

# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

wanted="ibt_save vmi_bind_boot apply_alternatives vmi_sites_add ibt_restore"

order()
{
	objdump -d --no-show-raw-insn --disassemble=alternative_instructions "$1" |
		grep -oE "<($(echo "$wanted" | tr ' ' '|'))>" | tr -d '<>' | uniq | xargs
}

plan 1
is "VMI takes over pv_ops while IBT is off" "$(order "$1")" "$wanted"
finish
