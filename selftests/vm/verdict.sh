#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How did a run end? Exit as the guest's command did, if there is a valid verdict.
#
# usage: verdict.sh RUN-DIRECTORY QEMU-STATUS [crash]
#
# QEMU-STATUS is QEMU's exit status, or that of timeout(1) if it ended QEMU. With "crash",
# the guest's console has to show the panic that was asked for.
#
# exit status: that of the command; 124 the run timed out; 125 there is no valid verdict,
# with the reason on stderr.

set -euo pipefail

run=$1
qemu_status=$2
next=${3:-}

# What makes a kernel log bad, at the start of a message or anywhere.
bad_log='^(<[0-9]+>)?(\[[^]]*\])+ *(WARNING|BUG|INFO: (possible|suspicious|task|rcu)|Oops|UBSAN)'
bad_log="$bad_log|possible circular|suspicious RCU|Call Trace:|Kernel panic"
bad_log="$bad_log|soft lockup|detected stalls|went backwards"

say()
{
	echo "run: $*" >&2
}

# without_wanted_crash LOG: the log without the first panic and the first trace after the kernel
# said that it is about to crash
without_wanted_crash()
{
	if [ "$next:$1" != "crash:$run/console.log" ]; then
		cat "$1"
		return
	fi
	awk '
		/sysrq: Trigger a crash/ { wanted = 1 }
		wanted && !panic && /Kernel panic - not syncing: sysrq triggered crash/ {
			panic = 1
			next
		}
		panic && !trace && /Call Trace:/ { trace = 1; next }
		{ print }
		END { if (!panic) print "Kernel panic - missing" }' "$1"
}

invalid=125
if [ "$qemu_status" -eq 124 ] || [ "$qemu_status" -eq 137 ]; then
	say "timed out"
	invalid=124
fi

for log in "$run"/*{console,kernel}.log; do
	[ -f "$log" ] || continue
	# Show the lines after it, as the logs may be out of reach. grep reads to the end: with
	# its reader gone, awk would fail.
	grep_status=0
	lines=$(without_wanted_crash "$log" | grep -aE -A20 "$bad_log") || grep_status=$?
	[ "$grep_status" -ne 1 ] || continue
	say "bad kernel log: $(basename "$log"):"
	sed -n 's/\r//g; 1,21s/^/run:   /p' <<< "$lines" >&2
	exit $invalid
done
[ $invalid -ne 124 ] || exit 124

status=$(cat "$run/status" 2> /dev/null || :)
if ! [[ $status =~ ^[0-9]+$ ]]; then
	say "the guest ended without a verdict (QEMU's exit status is $qemu_status)"
	tail -n 5 "$run"/qemu.log "$run"/l1-output 2> /dev/null >&2 || :
	exit 125
fi
# PID 1 saves the kernel log before it sends the status.
if [ ! -s "$run/kernel.log" ]; then
	say "the guest left no kernel log"
	exit 125
fi
exit "$status"
