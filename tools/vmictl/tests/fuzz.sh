#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the fuzzer, and one with a mistake that it has to find; KTAP on stdout.
#
# usage: fuzz.sh DIRECTORY SECONDS
#
# Half of the time what commands print is text, and then it is JSON.
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
		return
	fi
	echo "not ok $2 $3"
	failed=1
}

# What a person wants to know of the log: how far it came, or what was found.
summary()
{
	awk '/ cov: / { line = $0 } END { print line }' "$log"
	grep -E '^stat::(number_of_executed_units|peak_rss_mb)' "$log"
	[ "$1" -eq 0 ] || sed -n '/^#/!{/^[[:space:]]*$/!p}' "$log"
}

say()
{
	sed 's/^/# /'
}

rm -rf "$seeds" "$findings"
mkdir -p "$seeds" "$corpus" "$findings"

echo "KTAP version 1"
echo "1..4"

"$1/tests/fuzz_seeds" "$seeds" 2>&1 | say
[ "$(find "$seeds" -size +0 | wc -l)" -gt 500 ]
result $? 1 "answers of the fake kernel are the seeds"

# With a corpus of its own, for what it looks for may not be in the other one.
mkdir -p "$programs/canary-corpus"
fuzz fuzz-canary 60 "$programs/canary-corpus" "$seeds"
grep -q 'AddressSanitizer: heap-buffer-overflow' "$log" &&
	grep -q 'Test unit written' "$log"
status=$?
grep -E 'ERROR: |Test unit written' "$log" | say
result $status 2 "the mistake of the canary is found"
rm -rf "$findings" "$programs/canary-corpus"
mkdir -p "$findings"

# fuzz_for_real NUMBER NAME
fuzz_for_real()
{
	fuzz fuzz $((seconds / 2)) "$corpus" "$seeds"
	status=$?
	summary $status | say
	result $status "$1" "$2 for $((seconds / 2)) s without a finding"
}

fuzz_for_real 3 "text"
export FUZZ_JSON=1
fuzz_for_real 4 "JSON"
exit $failed
