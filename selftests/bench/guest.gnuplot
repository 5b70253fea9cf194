# SPDX-License-Identifier: GPL-2.0-only
#
# From the tables of guest.sh in dir: what each row costs a host of hypervisors, with the
# least and the most that were seen.

set terminal svg size 1000,320 * words(hypervisors) font "sans-serif,12"
set output dir . "/guest.svg"
set datafile separator tab
set datafile missing "-"
set multiplot layout words(hypervisors),1
set style data histograms
set style histogram errorbars gap 1.5 linewidth 1
set style fill solid
set key outside top center horizontal noenhanced
set bmargin 5
set xtics rotate by -20 noenhanced
set grid ytics
set logscale y
set yrange [0.01:*]
set ylabel "exits"
set boxwidth 0.9 relative

do for [hypervisor in hypervisors] {
	set title "Guest of " . hypervisor noenhanced
	plot for [at = 2:8:3] dir . "/guest-" . hypervisor . ".tsv" skip 1 \
		using at:at + 1:at + 2:xticlabels(1) \
		title word("native " . hypervisor . " builtin", (at + 1) / 3)
}
unset multiplot
