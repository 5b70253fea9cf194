# SPDX-License-Identifier: GPL-2.0-only
#
# Host half of the test that a backend saves exits, and takes no more of them than the kernel's
# own guest code
#
# usage: awk -v RUN=RUN-DIRECTORY -f trace.awk -f count_exits.awk -f exits.awk
#            OUTPUT HOST-TRACE
#
# OUTPUT is what exits.sh printed in the guest. Exits of time are shown, and not compared. A
# shootdown has to take fewer of the others than natively. An IPI to all CPUs need not on KVM:
# the sender exits twice, and natively once, and whether an interrupt is ended without an exit
# depends on the load of the host. Both have to take no more than with builtin but for chance.
# Prints KTAP.

function median(work, provider,    i, j, n, v, value) {
	n = rounds[work, provider]
	for (i = 1; i <= n; i++) {
		value = total(work, provider, i, "work") / times[work, provider, i]
		for (j = i; j > 1 && v[j - 1] > value; j--)
			v[j] = v[j - 1]
		v[j] = value
	}
	return v[int((n + 1) / 2)]
}

# Print the reasons of all rounds together that make at least one exit in a hundred operations.
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

function was_measured(what) {
	return rounds[what, "native"] >= 3 && rounds[what, "builtin"] >= 3 &&
	       rounds[what, backend] >= 3
}

function show(what) {
	if (!was_measured(what))
		return
	printf "# exits per %s: native %.2f, builtin %.2f, %s %.2f\n", what, median(what, "native"),
	       median(what, "builtin"), backend, median(what, backend)
	print_reasons(what, "native")
	print_reasons(what, "builtin")
	print_reasons(what, backend)
}

function compare(title, what, good) {
	check(title, was_measured(what) ? good ? "" : "they are not" : "it was not measured")
}

function saves(what) {
	compare("fewer exits per " what, what, median(what, backend) < median(what, "native"))
}

function takes_no_more_than_builtin(what) {
	compare("no more exits per " what " than with builtin", what,
		median(what, backend) <= median(what, "builtin") + CHANCE)
}

BEGIN { CHANCE = 0.25 }

END {
	print "KTAP version 1"
	print "1..3"
	show("shootdown")
	show("ipi")
	saves("shootdown")
	takes_no_more_than_builtin("shootdown")
	takes_no_more_than_builtin("ipi")
	exit failed
}
