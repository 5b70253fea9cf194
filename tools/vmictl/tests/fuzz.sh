#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the fuzzer, at first with a mistake that it has to find; KTAP on stdout.
#
# usage: fuzz.sh DIRECTORY SECONDS
#
# A third of the time what commands print is text, and then it is JSON; in the last third,
# files of modules are read.
#
# DIRECTORY is the one of the build. What was learnt stays in fuzz/corpus there, and
# is the beginning of the next run; an input that fails stays in fuzz/findings.

# For libFuzzer, half of 1 would be no limit.
case $2 in
"" | *[!0-9]* | 0 | 1)
	echo "fuzz: FUZZ_SECONDS is a number from 2 on, not '$2'" >&2
	exit 1
	;;
esac

programs=$1/fuzz
seconds=$2
seeds=$programs/seeds
modules=$programs/modules
corpus=$programs/corpus
findings=$programs/findings
log=$programs/log
failed=0

# fuzz PROGRAM SECONDS DIRECTORY...
fuzz()
{
	program=$1 limit=$2
	shift 2
	"$programs/$program" -max_total_time="$limit" -max_len=16384 -timeout=10 \
		-print_final_stats=1 \
		-artifact_prefix="$findings/" "$@" > "$log" 2>&1
}

result() # STATUS NUMBER NAME
{
	if [ "$1" -eq 0 ]; then
		echo "ok $2 $3"
	else
		echo "not ok $2 $3"
		failed=1
	fi
}

# fuzz_for_real NUMBER NAME PROGRAM DIRECTORY...: with how far it came, or what was found.
fuzz_for_real()
{
	number=$1 name=$2 program=$3
	shift 3
	fuzz "$program" $((seconds / 3)) "$@"
	status=$?
	{
		awk '/ cov: / { line = $0 } END { print line }' "$log"
		grep -E '^stat::(number_of_executed_units|peak_rss_mb)' "$log"
		[ $status -eq 0 ] || sed -n '/^#/!{/^[[:space:]]*$/!p}' "$log"
	} | sed 's/^/# /'
	result $status "$number" "$name for $((seconds / 3)) s without a finding"
}

rm -rf "$seeds" "$modules" "$findings" "$programs/canary-corpus"
mkdir -p "$seeds" "$modules" "$corpus" "$findings" "$programs/canary-corpus" \
	"$programs/module-corpus"

echo "KTAP version 1"
echo "1..5"

"$1/tests/fuzz_seeds" "$seeds" 2>&1 | sed 's/^/# /'
[ "$(find "$seeds" -size +0 | wc -l)" -gt 500 ]
result $? 1 "answers of the fake kernel are the seeds"

# With a corpus of its own, for what it looks for may not be in the other one.
FUZZ_CANARY=1
export FUZZ_CANARY
fuzz fuzz 60 "$programs/canary-corpus" "$seeds"
unset FUZZ_CANARY
grep -q 'AddressSanitizer: heap-buffer-overflow' "$log" &&
	grep -q 'Test unit written' "$log"
status=$?
grep -E 'ERROR: |Test unit written' "$log" | sed 's/^/# /'
result $status 2 "the mistake of the canary is found"
rm -f "$findings"/*

fuzz_for_real 3 "text" fuzz "$corpus" "$seeds"
FUZZ_JSON=1
export FUZZ_JSON
fuzz_for_real 4 "JSON" fuzz "$corpus" "$seeds"

# Make modules that differ in what vmictl check reports. If one cannot be made, the directory
# does not exist.
for macro in GOOD FIELDS=.api_major=2 FIELDS=.name=NULL OPS= FIELDS=.ops=NULL \
	FIELDS=.detect=dump_stack NO_BACKEND; do
	$CC -std=gnu11 -O2 -fno-pic -fno-pie -fcf-protection=none -D"$macro" -c \
		-o "$modules/$macro" tests/fake_module.c || rm -rf "$modules"
done
fuzz_for_real 5 "modules" fuzz-module "$programs/module-corpus" "$modules"
exit $failed
