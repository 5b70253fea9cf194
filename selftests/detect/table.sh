#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What do vmictl detect, systemd-detect-virt, virt-what and lscpu say about the hypervisor,
# in each scenario, with a kernel of ours and with Debian's own? Prints a table, and leaves
# it in JSON in build/detect. What is right is in the file "scenarios" of the runner; of what
# is in use, vmictl detect has to be certain of what ../in_use.sh sees.
#
# usage: table.sh [SCENARIO...]     all of those below
#
# exit status: 0 if vmictl detect was right everywhere.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
area=detect
. "$here/../bench/common.sh"

all=(native unknown kvm hyperv hyperv-over-kvm vmware-port vmware-cpuid vmware-over-kvm
	xen-pv xen-pvh xen-hvm)
some=("$@")
[ $# -gt 0 ] || some=("${all[@]}")

"$top/tools/build/stock.sh"
"$top/tools/build/detectors.sh"

# ask SCENARIO VARIANT RUN-OPTION...: a line of JSON
ask()
{
	local run=$dir/$1-$2

	echo "detect: $1 with kernel $2" >&2
	rm -rf "$run"
	mkdir -p "$run"
	"$top/selftests/vm/run.sh" --dir "$run" --with "$dir/root" --set "kernel=$2" \
		"${@:3}" "$1" "$(cat "$here/ask.sh")" > "$run/run.log" 2>&1 ||
		{ cat "$run/run.log" >&2; die "$1 with kernel $2: no answer"; }
	jq -n -c --arg scenario "$1" --arg kernel "$2" \
		--rawfile made "$run/scenario" --slurpfile said "$run/output" '
		($made | [scan("(.*) = (.*)\n") | {(.[0]): .[1]}] | add) as $made
		| {$scenario, $kernel,
		   made: {layers: ($made.layers | split(" ")), driven: $made.driven}}
		+ $said[0]
		| .uses = {missed: (.seen.before - (.seen.before - .seen.after)
				- .vmictl.certain),
			unseen: (.vmictl.certain - .seen.before - .seen.after)}
		| .right = (.made == (.vmictl | {layers, driven})
			and .uses == {missed: [], unseen: []})'
}

mapfile -t versions < <(sed 's/ /=/' "$dir/versions")
about guest stock="$(cat "$top/build/kernel-stock/release")" "${versions[@]}" \
	${1:+scenarios="$*"} > "$dir/about.json"

for scenario in "${some[@]}"; do
	ask "$scenario" guest
	ask "$scenario" stock --append rdinit=/selftests/vm/load.sh --timeout 400
done > "$dir/rows"
jq -s . "$dir/rows" > "$dir/detect.json"

jq -r -L "$here" -L "$here/../bench" 'include "table"; text_table' "$dir/detect.json"
jq -e 'all(.[]; .right)' "$dir/detect.json" > /dev/null || die "vmictl detect was wrong"
