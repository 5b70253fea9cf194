# SPDX-License-Identifier: GPL-2.0-only
#
# What table.sh left in JSON, as tables. A module.

include "document";

def kernel: {guest: "VMI", stock: "Debian"}[.kernel];

# The one that VMI has a backend for is in brackets.
def layers: .driven as $driven
	| .layers | map(if . == $driven then "[\(.)]" else . end) | join(" ");

def verdict:
	if .right then "yes"
	elif .made == (.vmictl | {layers, driven}) then "no: in use \(.uses)"
	else "no: " + (.made | layers) end;

def words: map(select(. != "")) | if . == [] then "nothing" else join(" ") end;

def lscpu: [.vendor, .type] | map(. // "") | words;

def rows: map([.scenario, kernel, (.vmictl | layers), verdict, .["systemd-detect-virt"],
	(.["virt-what"] | words), (.lscpu | lscpu)]);

def head: ["scenario", "kernel", "vmictl detect", "right", "systemd-detect-virt", "virt-what",
	"lscpu"];

def text_table: [head, rows[]] | simple_table(7);

# Two kernels with the same answers are one row.
def detect_table:
	[head, (rows | reduce .[] as $row ([];
		if length > 0 and (.[-1] | del(.[1])) == ($row | del(.[1])) then
			.[-1][1] = "both"
		else
			. + [$row]
		end) | .[])]
	| .[1:][][0] |= literal
	| simple_table(7);

# about: a sentence, from about.json.
def about_detect: about("make detect-table") as $about
	| .options
	| $about
	+ "\nDebian's kernel is \(.stock), systemd \(.systemd), virt-what \(.["virt-what"]),"
	+ "\ndmidecode \(.dmidecode), util-linux \(.["util-linux"]).";
