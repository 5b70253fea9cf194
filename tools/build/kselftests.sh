#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build those of the kernel tree's own selftests that run beside switches.
#
# usage: kselftests.sh
#
# Leaves in build/kselftests/kselftests what "make run_tests" would run of each of the targets
# below, and in the file "list" a line TARGET:PROGRAM for each. Programs that only
# "run_destructive_tests" runs are left out, and so is timers/rtcpie: in this machine it fails
# without VMI as well, as soon as another task keeps a CPU busy.

set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
targets=(timers membarrier futex/functional cpu-hotplug)
output=$top/build/kselftests/kselftests
headers=$top/build/headers
tree=$("$top/tools/build/kernel.sh" source)
tests=$tree/tools/testing/selftests

# Those of the system may be older than what is tested.
make -s -C "$tree" O="$headers" headers
mkdir -p "$output"
: > "$output/list"
for target in "${targets[@]}"; do
	directory=$output/$target
	mkdir -p "$directory"
	# Without a library, also the one that pthread_exit() loads.
	make -s -C "$tests/$target" OUTPUT="$directory" TEST_GEN_PROGS_EXTENDED= \
		KHDR_INCLUDES="-isystem $headers/usr/include" USERLDFLAGS=-static all
	make -s -C "$tests/$target" OUTPUT="$directory" COLLECTION="$target" emit_tests \
		>> "$output/list"
done
sed -i '/^timers:rtcpie$/d' "$output/list"
# Scripts stay where they are in such a build.
while IFS=: read -r target program; do
	[ ! -f "$tests/$target/$program" ] ||
		cp "$tests/$target/$program" "$output/$target/$program"
done < "$output/list"
