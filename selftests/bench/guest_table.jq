# SPDX-License-Identifier: GPL-2.0-only
#
# A table from guest.json, for people and for guest.gnuplot. A module.

def hundredths: . * 100 | round / 100;

# guest_table(HYPERVISOR): rows, the first of which is the head.
def guest_table($hypervisor):
	map(select(.hypervisor == $hypervisor)) as $all
	| ["native", $hypervisor, "builtin"] as $providers
	| ["row", ($providers[] | ., "least", "most"), "\($hypervisor)/native", "\($hypervisor)/builtin"],
	  ($all[] | select(.provider == "native").row
		| . as $row
		| INDEX($all[] | select(.row == $row); .provider) as $of
		| [$row, ($of[$providers[]] | .median, .low, .high | hundredths),
		   ($of[$hypervisor].ratio | if . then hundredths else "-" end),
		   (if $of.builtin.median > 0 then
			$of[$hypervisor].median / $of.builtin.median | hundredths
		    else "-" end)]);
