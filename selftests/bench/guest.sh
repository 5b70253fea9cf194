#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a guest with four vCPUs costs its host: exits, as the host counts them, for each
# TLB shootdown, IPI, lock that is handed over, and second without work. With native ops,
# with those of the hypervisor's backend, and with the kernel's own guest code.
#
# usage: guest.sh [HYPERVISOR...]     kvm, hyperv and xen are all there are
#
# A table on stdout; build/bench has guest.json, guest.svg, and guest-about.json for what
# was measured. Everything is measured five times; the host is emulated and none of it is
# the same twice, so there are the median, the least and the most. Fails if the backend
# takes more than the kernel's own code takes: if the medians differ by more than a
# twentieth, and by more than half of what the rounds of either differ. How long something
# took is not compared: two boots differ by more than their rounds do.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
. "$here/common.sh"

rounds=5
all=(kvm hyperv xen)
hypervisors=("$@")
[ $# -gt 0 ] || hypervisors=("${all[@]}")
which=all
[ "$(printf '%s\n' "${hypervisors[@]}" | sort)" = "$(printf '%s\n' "${all[@]}" | sort)" ] ||
	which=${hypervisors[*]}
about=$(about guest "hypervisors=$which" "rounds=$rounds")

# measure HYPERVISOR PROVIDERS RUN-OPTIONS...: prints what guest.jq reads.
measure()
{
	local hypervisor=$1 providers=$2
	local run=$dir/guest-$hypervisor-${providers// /-}

	echo "bench: guest of $hypervisor: $providers" >&2
	rm -rf "$run"
	mkdir -p "$run"
	"$top/selftests/vm/run.sh" --dir "$run" --timeout 3600 "${@:3}" "$hypervisor-exits" \
		"VMI_SCENARIO=$hypervisor exec /selftests/guest_cost.sh $rounds $providers" \
		> "$run/run.log" 2>&1 &
	pids=($!)
	wait "${pids[0]}" ||
		{ cat "$run/run.log" >&2; die "guest of $hypervisor: no result"; }
	pids=()
	[ -f "$run/host-trace.txt" ] || die "guest of $hypervisor: the host lost events"
	awk -v RUN="$run" -f "$top/selftests/host/trace.awk" \
		-f "$top/selftests/host/count_exits.awk" -f "$here/guest.awk" \
		"$run/output" "$run/host-trace.txt"
}

# A kernel with the guest code of KVM and of Hyper-V leaves a backend little to do. That of
# Xen is needed by the backend, and is in one kernel with it.
for hypervisor in "${hypervisors[@]}"; do
	case $hypervisor in
	kvm|hyperv)
		measure "$hypervisor" "native $hypervisor" --vmi auto
		measure "$hypervisor" builtin --vmi builtin --set kernel=builtin
		;;
	xen)
		measure xen "native xen builtin" --vmi auto
		;;
	*)
		die "unknown hypervisor '$hypervisor', there are: ${all[*]}"
		;;
	esac
done > "$dir/guest.counts"

# It comes back when all of what it describes is there.
rm -f "$dir/guest-about.json"
jq -n -R --arg hypervisors "${hypervisors[*]}" --argjson rounds $rounds \
	-f "$here/guest.jq" "$dir/guest.counts" > "$dir/guest.json"

for hypervisor in "${hypervisors[@]}"; do
	jq -r -L "$here" --arg hypervisor "$hypervisor" '
		include "document"; guest_rows($hypervisor)[] | @tsv
		' "$dir/guest.json" > "$dir/guest-$hypervisor.tsv"
	echo "Exits of a guest of $hypervisor: median of $rounds, from the least to the most"
	column -t -s $'\t' "$dir/guest-$hypervisor.tsv"
	echo
done
gnuplot -e "dir = '$dir'; hypervisors = '${hypervisors[*]}'" "$here/guest.gnuplot"
echo "$about" > "$dir/guest-about.json"

worse=$(jq -r 'group_by(.hypervisor, .row)[]
	| (.[] | select(.provider == "builtin")) as $builtin
	| .[] | select(.provider == .hypervisor and .row != "lock-time-slice")
	| (.median - $builtin.median) as $more
	| select($more > $builtin.median / 20 and
		$more > ([., $builtin | .high - .low] | max) / 2)
	| "  \(.hypervisor) \(.row): \(.median), and \($builtin.median) with builtin"
	' "$dir/guest.json")
[ -z "$worse" ] || die "the backend takes more exits than the kernel's own code:
$worse"
