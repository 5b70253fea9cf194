#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own guest code is a provider: it is shown, can be left for native
# code, and taken again.

. ./lib.sh

need_vmi
[ "$(vmi builtin)" != native ] || skip_all "this kernel booted with native ops"

# What the backend for Hyper-V says of a capability.
hyperv_says()
{
	vmictl -j caps | jq -r --arg name "$1" '.[] |
		select(.backend == "hyperv" and .name == $name) | .reason // "-"'
}

quiet vmictl use builtin
plan 9
is "builtin is active" "$(vmi active)" builtin
check "ops are bound to it" [ -n "$(ops_with provider builtin)" ]
check "use native" vmictl use native
is "native is active" "$(vmi active)" native
is "no op is left on builtin" "$(ops_with provider builtin)" ""
check "use builtin" vmictl use builtin
is "builtin is active again" "$(vmi active)" builtin
check "ops are bound to it again" [ -n "$(ops_with provider builtin)" ]
# A test of its own only where the kernel's own code leaves the op alone: kvm-pv-tlb-flush.
if [ "$(vmi builtin)" = KVM ] && ./helper signature | grep -q "^Microsoft Hv"; then
	is "no hypercalls are made for another hypervisor" "$(hyperv_says tlb-flush)" \
		"would end the hypercalls of the kernel's own KVM guest code"
else
	skip "no hypercalls are made for another hypervisor" "there is one hypervisor"
fi
finish
