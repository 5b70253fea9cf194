# SPDX-License-Identifier: GPL-2.0-only
#
# From the table of switch.sh in dir: what a switch costs on more and more CPUs.

set terminal svg size 1000,500 font "sans-serif,12"
set output dir . "/switch.svg"
set datafile separator tab
set style data linespoints
set key autotitle columnheader outside right noenhanced
set grid
set logscale xy
set xlabel "CPUs"
set ylabel "instructions"
set xtics (1, 2, 4, 8)

set xrange [0.9:9]
plot for [row = 2:6] dir . "/switch.tsv" using 1:row title columnheader(row)
