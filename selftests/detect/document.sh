#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Put the last results of table.sh into Documentation/detect.rst, to the places that are
# marked as in measuring.rst. What its text says of them is written by hand.
#
# usage: document.sh

set -euo pipefail

here=$(realpath "$(dirname "$0")")
area=detect
. "$here/../bench/common.sh"

document=$top/Documentation/detect.rst
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# make_block NAME FILE FILTER
make_block()
{
	[ -s "$dir/$2" ] || die "there is no build/detect/$2; run make detect-table"
	jq -r -L "$here" -L "$here/../bench" "include \"table\"; $3" "$dir/$2" \
		> "$scratch/$1" || die "build/detect/$2 is not what table.jq expects"
}

make_block about about.json about_detect
make_block table detect.json detect_table
jq -e '.options.scenarios == null' "$dir/about.json" > /dev/null ||
	die "the last results are not all there are; run make detect-table"
awk -v scratch="$scratch" -f "$here/../bench/fill_in.awk" "$document" > "$scratch/document"
cp "$scratch/document" "$document"
echo "Documentation/detect.rst has the last results; its text is written by hand."
