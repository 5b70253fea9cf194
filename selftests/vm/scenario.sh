# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Reading the file "scenarios", for run.sh.

declare -A scenario

# The keys of a scenario, over those that it is like.
load_scenario()
{
	local section='' found='' key value

	while IFS=$' \t=' read -r key value; do
		case $key in
		''|'#'*) ;;
		\[*\]) section=${key:1:-1} ;;
		*)
			[ "$section" = "$1" ] || continue
			found=1
			if [ "$key" = like ]; then
				load_scenario "$value"
			else
				scenario[$key]=$value
			fi
			;;
		esac
		[ "$section" != "$1" ] || found=1
	done < "$here/scenarios"
	[ -n "$found" ] || die "no scenario '$1' in selftests/vm/scenarios"
}

# is_nested: the guest runs in an L1 host of ours. With real KVM below, a guest of KVM needs
# none.
is_nested()
{
	case ${scenario[host]} in
	kvm) [ "$accel" != kvm ] ;;
	xen) true ;;
	none|dom0) false ;;
	*) die "unknown host '${scenario[host]}' of a scenario" ;;
	esac
}

# needs: what has to be built for the scenario, as targets of the Makefile
needs()
{
	echo "kernel-${scenario[kernel]}"
	! is_nested || [ "${scenario[kernel]}" = guest ] || echo "kernel-guest"
	case ${scenario[host]} in
	xen|dom0) echo "xen" ;;
	esac
	[ -z "${scenario[with]:-}" ] || echo "${scenario[with]}"
}
