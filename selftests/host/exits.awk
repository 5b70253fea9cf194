# SPDX-License-Identifier: GPL-2.0-only
#
# Host half of the test that a backend saves exits, and takes no more of them than the kernel's
# own guest code
#
# usage: awk -v RUN=RUN-DIRECTORY -f trace.awk -f count_exits.awk -f exits.awk
#            OUTPUT HOST-TRACE
#
# OUTPUT is what exits.sh printed in the guest. What exits of time there are is shown, and
# not compared. What is left has to be lower than natively, and with builtin the same but for
# chance: whether a CPU is interrupted once or twice for two requests. Least is saved of an IPI to all on KVM, where
# the sender exits twice, and natively once, and half of the interrupts are ended without
# an exit: three and a half exits instead of four. Prints KTAP.

function median(work, provider,    i, j, n, t, v) {
	n = rounds[work, provider]
	for (i = 1; i <= n; i++)
		v[i] = total(work, provider, i, "work") / times[work, provider, i]
	for (i = 1; i <= n; i++)
		for (j = i + 1; j <= n; j++)
			if (v[j] < v[i]) {
				t = v[i]
				v[i] = v[j]
				v[j] = t
			}
	return v[int((n + 1) / 2)]
}

# Of all rounds together, and if it is one in a hundred operations at least.
function print_reasons(work, provider,    i, key, part, done, sum, list) {
	for (i = 1; i <= rounds[work, provider]; i++)
		done += times[work, provider, i]
	for (key in exits) {
		split(key, part, SUBSEP)
		if (part[1] == work && part[2] == provider)
			sum[part[4]] += exits[key]
	}
	for (key in sum)
		if (sum[key] / done >= 0.01)
			list = list sprintf(", %s %.2f", key, sum[key] / done)
	print "#   " provider " by reason: " substr(list, 3)
}

function saves(what) {
	if (rounds[what, "native"] < 3 || rounds[what, "builtin"] < 3 || rounds[what, backend] < 3) {
		check("fewer exits per " what, "it was not measured")
		check("no more exits per " what " than with builtin", "it was not measured")
		return
	}
	printf "# exits per %s: native %.2f, builtin %.2f, %s %.2f\n", what, median(what, "native"),
	       median(what, "builtin"), backend, median(what, backend)
	print_reasons(what, "native")
	print_reasons(what, "builtin")
	print_reasons(what, backend)
	check("fewer exits per " what,
	      median(what, backend) < median(what, "native") ? "" : "not fewer")
	check("no more exits per " what " than with builtin",
	      median(what, backend) <= median(what, "builtin") + CHANCE ? "" : "more")
}

BEGIN { CHANCE = 0.1 }

END {
	print "KTAP version 1"
	print "1..4"
	saves("shootdown")
	saves("ipi")
	exit failed
}
