# SPDX-License-Identifier: GPL-2.0-only
#
# What operations of a guest cost its host, for "make bench-guest"
#
# usage: awk -v RUN=RUN-DIRECTORY -f trace.awk -f count_exits.awk -f guest.awk
#            OUTPUT HOST-TRACE
#
# OUTPUT is what guest_cost.sh printed in the guest. Prints lines of HYPERVISOR PROVIDER ROW ROUND
# COUNT for bench.py.

# show(ROW, WORK, KINDS, PER): exits of these kinds, for each time that the work was done
function show(row, work, kinds, per,    key, part, kind, i, j, n, sum) {
	n = split(kinds, kind, " ")
	for (key in rounds) {
		split(key, part, SUBSEP)
		if (part[1] != work)
			continue
		for (i = 1; i <= rounds[key]; i++) {
			sum = 0
			for (j = 1; j <= n; j++)
				sum += total(work, part[2], i, kind[j])
			print hypervisor, part[2], row, i, sum / times[key, i] / per
		}
	}
}

END {
	for (cpus = 1; cpus <= 3; cpus++)
		show("shootdown-" cpus, "shootdown-" cpus, "work", 1)
	show("ipi-single", "ipi-1", "work", 1)
	show("ipi-broadcast", "ipi-3", "work", 1)
	# Each CPU that an IPI is for ends an interrupt.
	show("eoi", "ipi-3", "eoi", 3)
	# Who waits for a lock may halt.
	show("lock-hand-off", "lock", "work hlt", 1)
	show("lock-time-slice", "lock", "interrupt", 1)
	show("idle-second", "idle", "all", 1)
}
