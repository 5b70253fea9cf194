#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Load the KUnit tests of the core, and print the results that they leave.

debugfs=/sys/kernel/debug
suites="vmi_registry vmi_validate vmi_switch"

if ! modprobe vmi_kunit; then
	echo "1..0 # SKIP no module vmi_kunit"
	exit 4
fi
[ -d $debugfs/kunit ] || mount -t debugfs debugfs $debugfs

echo "KTAP version 1"
echo "1..3"
n=0
status=0
for suite in $suites; do
	n=$((n + 1))
	results=$debugfs/kunit/$suite/results
	# KUnit is off unless the boot line has kunit.enable=1.
	sed 's/^/  /' "$results"
	if grep -q "^ok 1 $suite" "$results"; then
		echo "ok $n $suite"
	else
		echo "not ok $n $suite"
		status=1
	fi
done
modprobe -r vmi_kunit
exit $status
