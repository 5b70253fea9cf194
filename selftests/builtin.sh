#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own guest code is a provider: it is shown, can be left for native
# code, and taken again.

. ./lib.sh

need_root
need_vmi
[ "$(vmi builtin)" != native ] || skip_all "this kernel booted with native ops"

is_active()
{
	[ "$(vmi active)" = "$1" ]
}

some_op_is()
{
	grep -qx "$1" /sys/kernel/vmi/ops/*/provider
}

quiet vmictl use builtin
plan 8
check "builtin is active" is_active builtin
check "ops are bound to it" some_op_is builtin
check "use native" vmictl use native
check "native is active" is_active native
check "no op is left on builtin" sh -c '! grep -qx builtin /sys/kernel/vmi/ops/*/provider'
check "use builtin" vmictl use builtin
check "builtin is active again" is_active builtin
check "ops are bound to it again" some_op_is builtin
finish
