# SPDX-License-Identifier: GPL-2.0-only
#
# What an operation costs in several kernels, from lines
#
#	KERNEL CPU ROW OPERATIONS COUNT
#
# A list of {row, kernel, cpu, instructions, ratio}. Several processes measured a row, and
# the median is taken. ratio has one to each of the kernels in $bases. Where there is no
# CPU, "-", bytes were counted and not instructions.
#
# usage: jq -n -R --arg bases "KERNEL..." -f compare.jq

reduce (inputs | split(" ")) as [$kernel, $cpu, $row, $operations, $count] ({};
	setpath([$kernel, $cpu, $row]; getpath([$kernel, $cpu, $row])
		+ [($count | tonumber) / ($operations | tonumber)]))
| map_values(map_values(map_values(sort | .[(length - 1) / 2 | floor])))
| . as $costs
| [
	paths(numbers) as [$kernel, $cpu, $row]
	| $costs[$kernel][$cpu][$row] as $cost
	| {$row, $kernel, $cpu}
	+ if $cpu == "-" then {bytes: $cost} else {instructions: $cost} end
	+ {ratio: ($bases | split(" ") | map($costs[.][$cpu][$row] as $base
		| select($base > 0)
		| {key: ., value: ($cost / $base)}) | from_entries)}
]
