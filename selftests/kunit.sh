#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Load the KUnit tests of the core and of backends, and print the result of each test
# case.

debugfs=/sys/kernel/debug

modules=$(find "/lib/modules/$(uname -r)" -name 'vmi_*kunit.ko*' |
	sed 's,.*/,,; s,\.ko.*,,' | sort)
if [ -z "$modules" ]; then
	echo "1..0 # SKIP no module with tests"
	exit 4
fi
for module in $modules; do
	# One that is there and cannot be loaded must not go unnoticed.
	modprobe "$module" || exit 1
done
[ -d $debugfs/kunit ] || mount -t debugfs debugfs $debugfs

# A suite's cases are one level in; what is deeper belongs to a case, and has no
# plan. KUnit is off unless the boot line has kunit.enable=1.
cat $debugfs/kunit/vmi_*/results | awk '
	BEGIN { print "KTAP version 1" }
	/^    # Subtest: / { suite = $3 }
	/^    (not )?ok [0-9]+ / {
		word = $1 == "ok" ? "ok" : "not ok"
		n++
		sub(/^    (not )?ok [0-9]+ /, "")
		printf "%s %d %s.%s\n", word, n, suite, $0
		failed = failed || word != "ok"
		next
	}
	{ print "# " $0 }
	END {
		printf "1..%d\n", n
		exit failed || !n
	}'
status=$?
for module in $modules; do
	modprobe -r "$module"
done
exit $status
