#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A PV guest of Xen cannot run native code, and no other provider than builtin can be
# had there. Each refusal says so, and changes nothing.

. ./lib.sh

need_vmi
is_xen_pv || skip_all "this is no PV guest of Xen"

# Backends that are modules of this kernel, but for those that are broken on purpose.
backends()
{
	sed -n 's/^alias vmi-backend-\([^ ]*\) .*/\1/p' \
		"/lib/modules/$(uname -r)/modules.alias" | grep -v '^bad-' | sort
}

is_refused()
{
	[ "$1" = native ] || quiet modprobe "vmi-backend-$1" || return 1
	refused 2 "builtin is mandatory here" vmictl use "$1"
}

names="native $(backends | tr '\n' ' ')"
before=$(bindings)
case $names in
*xen*) ;;
*) skip_all "the kernel was built without backends as modules" ;;
esac
# shellcheck disable=SC2086 # Words on purpose.
set -- $names
plan $(($# + 7))
is "builtin is active" "$(vmi active)" builtin
check "some ops are builtin" [ -n "$(ops_with provider builtin)" ]
for name in "$@"; do
	check "$name is refused" is_refused "$name"
done
check "native is refused for a single op" refused 2 "builtin is mandatory here" \
	vmictl policy set io native
is "a refused policy is not kept" "$(vmictl policy)" ""
is "each op is bound as before" "$(bindings)" "$before"
check "use builtin" vmictl use builtin
is "builtin is still active, without a switch" "$(vmi active):$(vmi switches)" builtin:0
finish
