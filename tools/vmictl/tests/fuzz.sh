#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the fuzzer, and one with a mistake that it has to find; KTAP on stdout.
#
# usage: fuzz.sh DIRECTORY SECONDS
#
# A third of the time what commands print is text, and then it is JSON; in the last third,
# files of modules are read.
#
# DIRECTORY is the one of the build. What was learnt stays in fuzz/corpus-* there, and
# is the beginning of the next run; an input that fails stays in fuzz/findings.

# For libFuzzer, a third of 2 would be no limit.
case $2 in
"" | *[!0-9]* | 0 | 1 | 2)
	echo "fuzz: FUZZ_SECONDS is a number from 3 on, not '$2'" >&2
	exit 1
	;;
esac

seconds=$(($2 / 3))
programs=$1/fuzz
log=$programs/log
number=0
failed=0

# fuzz PROGRAM SECONDS FUZZ CORPUS SEEDS
fuzz()
{
	mkdir -p "$programs/$4"
	FUZZ=$3 "$programs/$1" -max_total_time="$2" -max_len=16384 -timeout=10 \
		-print_final_stats=1 -artifact_prefix="$programs/findings/" \
		"$programs/$4" "$programs/$5" > "$log" 2>&1
}

result() # STATUS NAME
{
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number $2"
	else
		echo "not ok $number $2"
		failed=1
	fi
}

# How far the fuzzer came, or what it found.
fuzz_for_real() # FUZZ CORPUS SEEDS
{
	fuzz fuzz "$seconds" "$@"
	status=$?
	{
		awk '/ cov: / { line = $0 } END { print line }' "$log"
		grep -E '^stat::(number_of_executed_units|peak_rss_mb)' "$log"
		[ $status -eq 0 ] || sed -n '/^#/!{/^[[:space:]]*$/!p}' "$log"
	} | sed 's/^/# /'
	result $status "$1 for $seconds s without a finding"
}

rm -rf "$programs/seeds" "$programs/modules" "$programs/findings" "$programs/corpus-canary"
mkdir -p "$programs/seeds" "$programs/modules" "$programs/findings"

echo "KTAP version 1"
echo "1..6"

FUZZ=$programs/seeds "$programs/fuzz" 2>&1 | sed 's/^/# /'
[ "$(find "$programs/seeds" -size +0 | wc -l)" -gt 500 ]
result $? "answers of the fake kernel are the seeds"

# Modules with all that vmictl check has something to say about.
status=0
for macro in GOOD SET=.api_major=2 SET=.name=NULL OPS= SET=.ops=NULL SET=.detect=dump_stack \
		NO_BACKEND; do
	$CC -std=gnu11 -O2 -fno-pic -fno-pie -fcf-protection=none -D"$macro" -c \
		-o "$programs/modules/$macro" tests/fake_module.c || status=1
done
result $status "modules of all kinds are the seeds"

# With a corpus of its own, for what it looks for may not be in the other one.
fuzz fuzz-canary 60 text corpus-canary seeds
grep -q 'AddressSanitizer: heap-buffer-overflow' "$log" &&
	grep -q 'Test unit written' "$log"
status=$?
grep -E 'ERROR: |Test unit written' "$log" | sed 's/^/# /'
result $status "the mistake of the canary is found"
rm -rf "$programs/findings" "$programs/corpus-canary"
mkdir -p "$programs/findings"

fuzz_for_real text corpus seeds
fuzz_for_real json corpus seeds
fuzz_for_real modules corpus-modules modules
exit $failed
