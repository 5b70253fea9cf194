# SPDX-License-Identifier: GPL-2.0-only
#
# From the tables of bench.sh in dir: what each row costs, compared with a kernel
# without paravirtual ops.

set terminal svg size 1000,1000 font "sans-serif,12"
set output dir . "/bench.svg"
set datafile separator tab
set multiplot layout 2,1
set style data histograms
set style histogram clustered gap 1.5
set style fill solid
set key autotitle columnheader outside top center horizontal
set bmargin 9
set xtics rotate by -40 noenhanced
set grid ytics
set ylabel "% more instructions than nopv"
set boxwidth 0.9 relative

do for [cpu in "native hypervisor"] {
	set title "CPU: " . cpu
	plot for [ratio in "pv/nopv xxl/nopv vmi/nopv"] dir . "/" . cpu . ".tsv" \
		using (100 * (column(ratio) - 1)):xticlabels(1) title ratio, \
		0 notitle linecolor "black"
}
unset multiplot
