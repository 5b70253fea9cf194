#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A hypervisor that imitates another one has two signatures in CPUID. Every one is
# listed with its evidence and its backend, the choice is explained, and each backend
# that claims the machine can be had.

. ./lib.sh

need_vmi

# Lines of SIGNATURE, a tab, LEAF.
found=$(./helper signature)
first=$(printf '%s\n' "$found" | head -n 1 | cut -f 1)

listed()
{
	vmictl -j layers | jq -r '.[] | .signature + "\t" + (.evidence | sub("CPUID "; ""))'
}

backends()
{
	vmictl -j layers | jq -r '.[] | .backend // empty'
}

# What it saw is where its signature is.
has_evidence()
{
	leaf=$(vmictl -j layers | jq -r --arg name "$1" \
		'.[] | select(.backend == $name) | .evidence')
	echo "'$leaf' should be in: $(vmi "backends/$1/evidence")"
	says "$(vmi "backends/$1/evidence")" "$leaf"
}

is_explained()
{
	case $(state "$1") in
	failed) [ "$(vmi "backends/$1/last_error")" != none ] ;;
	*) has_evidence "$1" ;;
	esac
}

# What the kernel has to say about the provider it chose.
sentence()
{
	layer=$(vmictl -j layers | jq -r --arg name "$best" \
		'.[] | select(.backend == $name) | "\(.signature) (\(.evidence))"')
	if [ -n "$layer" ]; then
		echo "$layer is the last hypervisor with a usable backend"
	elif [ -d "$VMI/backends/$best" ]; then
		echo "it recognised the machine: $(vmi "backends/$best/evidence")"
	elif [ -n "$first" ]; then
		echo "the kernel booted with it, and no backend is usable on $first"
	else
		echo "the kernel booted with it, and found no hypervisor"
	fi
}

# The last of those that can be bound, or what the kernel booted with: a hypervisor has
# the signatures of those that it imitates before its own.
best()
{
	for best in $(backends | tac); do
		case $(state "$best") in
		validated|active) echo "$best"; return ;;
		esac
	done
	# A machine that does not admit to be virtual.
	case $(value /sys/class/dmi/id/product_serial 2>/dev/null) in
	VMware*) ! usable vmware || { echo vmware; return; } ;;
	esac
	[ "$(vmi builtin)" = native ] && echo native || echo builtin
}

words=$(sed -n 's/.*\bvmi=\([^ ,]*\).*/\1/p' /proc/cmdline)
[ "${words:-auto}" = auto ] || skip_all "the boot line does not leave the choice to the kernel"
[ "$(vmi switches)" -le 1 ] || skip_all "there were other switches since boot"

best=$(best)
# shellcheck disable=SC2046 # Words on purpose.
set -- $(backends)
plan $((5 + $# * 2))
is "every hypervisor in CPUID is listed" "$(listed)" "$found"
is "status names the first hypervisor in CPUID" "$(vmi hypervisor)" "${first:-none}"
is "the last hypervisor with a usable backend was chosen" "$(vmi active)" "$best"
is "the choice is explained" "$(vmi choice)" "$(sentence)"
for name in "$@"; do
	check "$name has evidence or a reason" is_explained "$name"
	case $(state "$name") in
	validated|active) check "$name can be had" vmictl use "$name" ;;
	*) check "$name cannot be had" refused 2 "" vmictl use "$name" ;;
	esac
done
check "use $best again" vmictl use "$best"
finish
