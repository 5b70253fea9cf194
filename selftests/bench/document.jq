# SPDX-License-Identifier: GPL-2.0-only
#
# What the benchmarks left in JSON, as text for Documentation/measuring.rst. A module:
# document.sh applies one of these functions to each file.

# No ratio where there is nothing to compare with.
def fixed($digits):
	if . == null then
		"-"
	elif $digits == 0 then
		round | tostring
	else
		(. * pow(10; $digits) | round | tostring)
		| "0" * ($digits + 1 - length) + .
		| .[:-$digits] + "." + .[-$digits:]
	end;

# What one of many operations took is not always a whole number. Of large ones, nobody
# wants the fraction.
def count:
	(if . < 100000 then fixed(2) else fixed(0) end | split(".")) as [$whole, $part]
	| ([$whole | while(. != ""; .[:-3]) | .[-3:]] | reverse | join(","))
	+ if $part == null or $part == "00" then "" else "." + $part end;

def literal: "``\(.)``";

def pad_left($width): " " * ($width - length) + .;
def pad_right($width): . + " " * ($width - length);

# simple_table(LEFT): from rows of strings, the first of which is the head. That many
# columns are text, the others numbers.
def simple_table($left):
	if length < 2 then error("there are no results") else . end
	| (transpose | map(map(length) | max)) as $widths
	| ($widths | map("=" * .) | join("  ")) as $rule
	| map([range(length) as $column
		| .[$column]
		| if $column < $left then
			pad_right($widths[$column])
		  else
			pad_left($widths[$column])
		  end] | join("  ") | sub(" +$"; ""))
	| $rule, .[0], $rule, .[1:][], $rule;

# about(COMMAND): a sentence.
def about($command):
	def version: capture("(?<version>[0-9]+\\.[0-9]+)[0-9.]*$").version;

	"``\($command)``: Linux \(.kernel), commit "
	+ (.commit | rtrimstr("+") | literal)
	+ if .commit | endswith("+") then " and changes since,\n" else ", " end
	+ "\(.date), \(.compiler | "\(split(" ")[0]) \(version)"), QEMU "
	+ (.qemu | split(" ")[0] | version) + ".";

# costs(CPU): instructions or, without a CPU, bytes; from bench.json.
def costs($cpu):
	map(select(.cpu == $cpu)) as $all
	| [["row", "nopv", "pv", "xxl", "vmi", "vmi/pv"],
	   ($all[] | select(.kernel == "nopv")
		| .row as $row
		| INDEX($all[] | select(.row == $row); .kernel) as $of
		| [($row | literal),
		   (.instructions // .bytes | count),
		   ($of["pv", "xxl", "vmi"].ratio.nopv | fixed(4)),
		   ($of.vmi.ratio.pv | fixed(5))])]
	| simple_table(1);

# From ops.json.
def op_costs:
	map(select(.cpu == "hypervisor")) as $all
	| [["op", "native boot", "native", "counted", "null"],
	   (.[] | select(.cpu == "native" and .kernel == "native")
		| .row as $row
		| INDEX($all[] | select(.row == $row); .kernel) as $of
		| [($row | literal),
		   (., $of["native", "counted", "null"] | .instructions | count)])]
	| simple_table(1);

# From switch.json.
def switch_costs:
	(map(.row) | unique) as $rows
	| [["CPUs", $rows[]],
	   (group_by(.cpus)[] | INDEX(.row) as $of
		| [(.[0].cpus | tostring), ($of[$rows[]].instructions | count)])]
	| simple_table(1);

# From guest.json: the median, and from the least to the most. The first row is the head.
def guest_rows($hypervisor):
	map(select(.hypervisor == $hypervisor)) as $all
	| ["native", $hypervisor, "builtin"] as $providers
	| [["row", ($providers[] | ., "from", "to"), "\($hypervisor)/native",
	    "\($hypervisor)/builtin"],
	   ($all[] | select(.provider == "native").row
		| . as $row
		| INDEX($all[] | select(.row == $row); .provider) as $of
		| [$row, ($of[$providers[]] | .median, .low, .high | fixed(2)),
		   ($of[$hypervisor].ratio | fixed(2)),
		   ($of | if .builtin.median > 0 then .[$hypervisor].median / .builtin.median
			  else null end | fixed(2))])];

def guest_costs($hypervisor):
	guest_rows($hypervisor) | .[1:][][0] |= literal | simple_table(1);
