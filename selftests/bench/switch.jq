# SPDX-License-Identifier: GPL-2.0-only
#
# What a switch costs, from lines
#
#	CPUS ROW OPERATIONS COUNT
#
# A list of {row, cpus, instructions, ratio}: the median of what was counted, and its
# ratio to one static_call_update() on the same machine.

reduce (inputs | split(" ")) as [$cpus, $row, $operations, $count] ({};
	setpath([$cpus, $row]; getpath([$cpus, $row])
		+ [($count | tonumber) / ($operations | tonumber)]))
| map_values(map_values(sort | .[(length - 1) / 2 | floor]))
| [
	to_entries[] | (.key | tonumber) as $cpus | .value as $costs
	| $costs | to_entries[]
	| {row: .key, $cpus, instructions: .value,
	   ratio: (.value / $costs["static-call-update"])}
]
