# SPDX-License-Identifier: GPL-2.0-only
#
# Does each file of the core include only headers of its own floor or of a lower one? The
# headers have prototypes of one file each, so an include is a permission to call.
#
# usage: awk -f floors.awk kernel/vmi_core/*.[ch] kernel/vmi_core/x86/*.[ch]
#
# Files of a floor are in an order, too, so that they form no circle.

BEGIN {
	n = split("select registry netlink sysfs " \
		  "policy stats " \
		  "switch " \
		  "validate bind " \
		  "x86/boot x86/cpu x86/clock x86/site x86/inline_site x86/helpers " \
		  "cmdline arch histogram table", order, " ")
	for (i = 1; i <= n; i++)
		place[order[i]] = i
	# Generated code, and trace events, call nothing of the core.
	place["netlink_gen"] = place["trace"] = 0
	free["netlink_gen"] = free["trace"] = 1
}

FNR == 1 {
	file = FILENAME
	sub(/.*vmi_core\//, "", file)
	sub(/\.[ch]$/, "", file)
	folder = file ~ /^x86\// ? "x86/" : ""
	if (!(file in place)) {
		print FILENAME ": is on no floor"
		bad = 1
	}
}

/^#include "/ {
	header = $2
	gsub(/^"|\.h"$/, "", header)
	header = header ~ /^\.\.\// ? substr(header, 4) : folder header
	if (header ~ /^x86\// && !folder) {
		print FILENAME ":" FNR ": the core may not use " header
		bad = 1
	}
	if (!(header in free) && place[header] < place[file]) {
		print FILENAME ":" FNR ": " file " may not use " header
		bad = 1
	}
}

END { exit bad }
