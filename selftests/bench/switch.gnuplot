# SPDX-License-Identifier: GPL-2.0-only
#
# From the table of switch.sh in dir: what a switch costs on more and more CPUs.

set terminal svg size 1000,500 font "sans-serif,12"
set output dir . "/switch.svg"
set datafile separator tab
set style data linespoints
set key autotitle columnheader outside right noenhanced
set grid
set logscale x 2
set logscale y
set xlabel "CPUs"
set ylabel "instructions"

stats dir . "/switch.tsv" skip 1 nooutput
plot for [row = 2:STATS_columns] dir . "/switch.tsv" using 1:row title columnheader(row)
