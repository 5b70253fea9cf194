# SPDX-License-Identifier: GPL-2.0-only
#
# What guests cost their hosts, from the lines of guest.awk.
#
# A list of {hypervisor, provider, row, median, low, high, ratio}: of all rounds, and the
# ratio of the median to that with native ops. It is an error if one is missing.
#
# usage: jq -n -R --arg hypervisors "HYPERVISOR..." --argjson rounds ROUNDS -f guest.jq

reduce (inputs | split(" ")) as [$hypervisor, $provider, $row, $round, $count] ({};
	setpath([$hypervisor, $row, $provider]; getpath([$hypervisor, $row, $provider])
		+ [$count | tonumber]))
| . as $all
| (map_values(keys) | add // [] | unique) as $rows
| [($hypervisors | split(" ")[]) as $hypervisor
	| $rows[] as $row | ("native", $hypervisor, "builtin") as $provider
	| select($all[$hypervisor][$row][$provider] | length != $rounds)
	| "\($hypervisor) \($row) \($provider)"] as $missing
| if $rows == [] or $missing != [] then
	error("not measured \($rounds) times: \($missing | join(", "))")
  else . end
| map_values(map_values(map_values(sort
	| {median: .[(length - 1) / 2 | floor], low: .[0], high: .[-1]})))
| [
	to_entries[] | .key as $hypervisor | .value | to_entries[]
	| .key as $row | .value as $costs
	| $costs | to_entries[]
	| {$hypervisor, provider: .key, $row} + .value
	+ {ratio: (if $costs.native.median > 0 then .value.median / $costs.native.median
		else null end)}
]
