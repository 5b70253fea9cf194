#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does verdict.sh accept a clean run only, and refuse each other one for the right reason?
# Prints KTAP. Each case is a clean run with one thing changed.

set -uo pipefail

here=$(realpath "$(dirname "$0")")
. "$here/../lib.sh"
run=$tmp/run
mkdir "$run"

clean_run()
{
	rm -rf "${run:?}"/*
	echo "[    0.000000] Linux version 6.12" | tee "$run"/{console,kernel,l1-console,l1-kernel}.log \
		> /dev/null
	echo 0 > "$run/status"
	echo "l1: hello" > "$run/l1-output"
	: > "$run/qemu.log"
}

# judged STATUS REASON [QEMU-STATUS [crash]]: with that exit status, and that in the first line
# on stderr
judged()
{
	local got=0 said

	said=$("$here/verdict.sh" "$run" "${3:-0}" "${4:-}" 2>&1) || got=$?
	printf 'exit status %s:\n%s\n' "$got" "$said"
	[ "$got" -eq "$1" ] && [[ ${said%%$'\n'*} == *"$2"* ]]
}

# verdict NAME STATUS REASON [QEMU-STATUS [crash]]
verdict()
{
	check "$1" judged "${@:2}"
	clean_run
}

# log_says LOG TEXT
log_says()
{
	printf '<4>[    1.234567] %s\n' "$2" >> "$run/$1.log"
}

logs=(console kernel l1-console l1-kernel)
texts=("WARNING: CPU: 0 PID: 1 at kernel/fork.c:1" "BUG: unable to handle page fault"
	"INFO: task swapper blocked" "INFO: possible recursive locking detected"
	"Oops: 0000 [#1] SMP" "UBSAN: shift-out-of-bounds" "Kernel panic - not syncing"
	"Call Trace:" "watchdog: BUG: soft lockup - CPU#1" "rcu_sched detected stalls on CPUs"
	"clock went backwards")
crash="sysrq: Trigger a crash"
panic="Kernel panic - not syncing: sysrq triggered crash"

plan $((${#logs[@]} + ${#texts[@]} + 14))
clean_run
verdict "a clean run is accepted" 0 ""
echo 3 > "$run/status"
verdict "the command's exit status is that of the run" 3 ""
for log in "${logs[@]}"; do
	log_says "$log" "${texts[0]}"
	verdict "a warning in $log.log is found" 125 "bad kernel log: $log.log"
done
for text in "${texts[@]}"; do
	log_says kernel "$text"
	verdict "'$text' is bad" 125 "bad kernel log: kernel.log"
done
echo "[    1.0] KTAP: WARNING counts" >> "$run/kernel.log"
verdict "a word in the middle of a message is not a warning" 0 ""
rm "$run/status"
verdict "no status is no verdict" 125 "ended without a verdict"
echo "0x" > "$run/status"
verdict "a status that is not a number is no verdict" 125 "ended without a verdict"
rm "$run/kernel.log"
verdict "a guest that left no kernel log has no verdict" 125 "left no kernel log"
verdict "QEMU that timeout ended timed out" 124 "timed out" 124
verdict "QEMU that timeout killed timed out" 124 "timed out" 137
verdict "a guest that sent its status is believed, whatever QEMU exits with" 0 "" 1
log_says console "$crash"
log_says console "$panic"
log_says console "Call Trace:"
verdict "a crash that was asked for is accepted" 0 "" 0 crash
log_says console "$panic"
verdict "a panic before the crash that was asked for is bad" 125 "bad kernel log: console.log" 0 crash
log_says console "$crash"
log_says console "$panic"
log_says console "$panic"
verdict "a second panic is bad" 125 "bad kernel log: console.log" 0 crash
verdict "a crash that was asked for and did not come is bad" 125 "bad kernel log: console.log" 0 crash
log_says console "$crash"
log_says console "$panic"
verdict "a crash that nobody asked for is bad" 125 "bad kernel log: console.log"
finish
