# SPDX-License-Identifier: GPL-2.0-only
#
# Sum a KTAP document: print "PASSED FAILED SKIPPED", and on stderr what failed, with the last
# comment above it.
#
# Results count where they are innermost. A result with others nested in it counts
# only if it failed and none of those did. A level without a plan, or with another
# number of results than planned, is a failure: a test that died is not a test
# that passed. So is an empty document.

function fail(what) {
	failed++
	print "  failed: " what > "/dev/stderr"
	if (why)
		print "    " substr(why, 1, 300) > "/dev/stderr"
}

# Levels are told apart by their indentation.
function enter(indent) {
	depth++
	level[depth] = indent
	plan[depth] = -1
	results[depth] = 0
	failed_at[depth] = failed
	why = ""
}

function leave() {
	if (plan[depth] < 0)
		fail("no plan" (where ? ", after " where : ""))
	else if (plan[depth] != results[depth])
		fail("planned " plan[depth] ", got " results[depth] \
		     (where ? ", after " where : ""))
	depth--
}

{ sub(/\r$/, "") }

match($0, /^ */) {
	indent = RLENGTH
	line = substr($0, indent + 1)
}

# Behind each row, check.sh says how long it took.
line ~ /^# ./ && line !~ /^# [^ ]+: [0-9]+ s$/ { why = line }

line !~ /^(K?TAP version|1\.\.[0-9]+|ok |not ok )/ { next }

{
	nested = 0
	while (depth && level[depth] > indent) {
		nested = 1
		before = failed_at[depth]
		leave()
	}
}

line ~ /^K?TAP version/ {
	if (depth && level[depth] == indent)
		leave()
	enter(indent)
	next
}

!depth || level[depth] < indent { enter(indent) }

line ~ /^1\.\.[0-9]+/ {
	plan[depth] = substr(line, 4) + 0
	if (plan[depth] == 0 && toupper(line) ~ /# *SKIP/)
		skipped++
	else if (plan[depth] == 0)
		fail("nothing planned" (where ? ", after " where : ""))
	next
}

{
	results[depth]++
	where = line
	if (nested) {
		if (line ~ /^not ok/ && failed == before)
			fail(line)
	} else if (line ~ /^not ok/) {
		fail(line)
	} else if (toupper(line) ~ /# *SKIP/) {
		skipped++
	} else {
		passed++
	}
	why = ""
}

END {
	if (!depth)
		fail("no results")
	while (depth)
		leave()
	print passed + 0, failed + 0, skipped + 0
}
