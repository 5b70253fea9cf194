#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Load the KUnit tests of the core and of backends, and print the result of each test
# case. On the build machine, host/kunit looks whether all of them are there.

. ./lib.sh

need_root
modules=$(module_file 'vmi_*kunit' | sed 's,.*/,,; s,\.ko.*,,' | sort)
[ -n "$modules" ] || skip_all "no module with tests"
grep -qw kunit.enable=1 /proc/cmdline ||
	skip_all "KUnit is off unless the boot line has kunit.enable=1"
for module in $modules; do
	# One that is there and cannot be loaded must not go unnoticed.
	modprobe "$module" || exit 1
done

# A suite's cases are one level in, with a plan. The parameters of a case are another level
# in, have no plan, and come before its verdict: CASE/PARAMETER. The verdict on a suite
# comes after its cases.
cat /sys/kernel/debug/kunit/vmi_*/results | awk '
	function result(word, name) {
		printf "%s %d %s\n", word == "ok" ? word : "not ok", ++n, name
		failed = failed || word != "ok"
	}
	BEGIN { print "KTAP version 1" }
	/^    # Subtest: / { suite = $3; cases = 0 }
	/^    1[.][.]/ { planned = substr($1, 4) + 0 }
	/^        # Subtest: / { parametric = $3 }
	/^        (not )?ok [0-9]+ / {
		word = $1
		sub(/^        (not )?ok [0-9]+ /, "")
		result(word, suite "." parametric "/" $0)
		next
	}
	/^    (not )?ok [0-9]+ / {
		word = $1
		cases++
		sub(/^    (not )?ok [0-9]+ /, "")
		result(word, suite "." $0)
		next
	}
	/^(not )?ok [0-9]+ / {
		if (cases != planned)
			result("not ok", suite " has " cases " results of " planned " cases")
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
