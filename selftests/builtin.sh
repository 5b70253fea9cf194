#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own guest code is a provider: it is shown, can be left for native
# code, and taken again.

. ./lib.sh

need_vmi
[ "$(vmi builtin)" != native ] || skip_all "this kernel booted with native ops"

quiet vmictl use builtin
plan 8
is "builtin is active" "$(vmi active)" builtin
check "ops are bound to it" [ -n "$(ops_with provider builtin)" ]
check "use native" vmictl use native
is "native is active" "$(vmi active)" native
is "no op is left on builtin" "$(ops_with provider builtin)" ""
check "use builtin" vmictl use builtin
is "builtin is active again" "$(vmi active)" builtin
check "ops are bound to it again" [ -n "$(ops_with provider builtin)" ]
finish
