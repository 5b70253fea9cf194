# SPDX-License-Identifier: GPL-2.0-only
#
# From the tables in dir, the plot of a benchmark: what each row costs, compared with a
# kernel without paravirtual ops (bench), a host of hypervisors, with the least and the most
# that were seen (guest), and what a switch costs on more and more CPUs (switch).

hypervisors = "kvm hyperv xen"
panels = benchmark eq "switch" ? 1 : benchmark eq "bench" ? 2 : words(hypervisors)
set terminal svg size 1000,(benchmark eq "guest" ? 320 * panels : 500 * panels) font "sans-serif,12"
set output dir . "/" . benchmark . ".svg"
set datafile separator tab
set datafile missing "-"
set style fill solid
set boxwidth 0.9 relative
set key autotitle columnheader outside top center horizontal noenhanced
set xtics noenhanced
set grid ytics

if (benchmark eq "switch") {
	set style data linespoints
	set key right vertical
	set grid xtics
	set logscale x 2
	set logscale y
	set xlabel "CPUs"
	set ylabel "instructions"
	stats dir . "/switch-costs.tsv" skip 1 nooutput
	plot for [row = 2:STATS_columns] dir . "/switch-costs.tsv" using 1:row title columnheader(row)
	exit
}

set style data histograms
set multiplot layout panels,1
if (benchmark eq "bench") {
	set style histogram clustered gap 1.5
	set bmargin 9
	set xtics rotate by -40
	set ylabel "% more instructions than nopv"
	do for [cpu in "native hypervisor"] {
		set title "CPU: " . cpu
		plot for [kernel in "pv xxl vmi vmi-xxl"] dir . "/bench-" . cpu . ".tsv" \
			using (100 * (column(kernel) - 1)):xticlabels(1) title kernel, \
			0 notitle linecolor "black"
	}
} else {
	set style histogram errorbars gap 1.5 linewidth 1
	set bmargin 5
	set xtics rotate by -20
	set logscale y
	set yrange [0.01:*]
	set ylabel "exits"
	do for [hypervisor in hypervisors] {
		set title "Guest of " . hypervisor noenhanced
		plot for [at = 2:8:3] dir . "/guest-" . hypervisor . ".tsv" skip 1 \
			using at:at + 1:at + 2:xticlabels(1) \
			title word("native " . hypervisor . " builtin", (at + 1) / 3)
	}
}
unset multiplot
