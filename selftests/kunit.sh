#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Load the KUnit tests of the core, and print the result of each test case.

debugfs=/sys/kernel/debug

if ! modprobe vmi_kunit; then
	echo "1..0 # SKIP no module vmi_kunit"
	exit 4
fi
[ -d $debugfs/kunit ] || mount -t debugfs debugfs $debugfs

# A suite's cases are one level in; what is deeper belongs to a case, and has no
# plan. KUnit is off unless the boot line has kunit.enable=1.
cat $debugfs/kunit/vmi_*/results | awk '
	BEGIN { print "KTAP version 1" }
	/^    # Subtest: / { suite = $3 }
	/^    (not )?ok [0-9]+ / {
		word = $1 == "ok" ? "ok" : "not ok"
		n++
		printf "%s %d %s.%s\n", word, n, suite, $NF
		failed = failed || word != "ok"
		next
	}
	{ print "# " $0 }
	END {
		printf "1..%d\n", n
		exit failed || !n
	}'
status=$?
modprobe -r vmi_kunit
exit $status
