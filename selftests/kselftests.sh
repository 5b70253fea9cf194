#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own selftests of timers, membarrier, futex and CPU hotplug, beside switches
# (tools/build/kselftests.sh builds them). Each of their results is one here, and so is the
# exit status of each program.
#
# What is known to fail on this kernel without VMI is skipped, if it fails.

. ./lib.sh
. ./switching.sh

need_root
programs=/kselftests
[ -s $programs/list ] || skip_all "there is no $programs"
limit=600

# For the clocks that go on while the machine sleeps.
quiet modprobe rtc_cmos

# They failed on Linux 6.12 without VMI, seen on 2026-11-30. Why has not been looked at.
known_failures="
timers/posix_timers: check_sig_ign SIGEV_SIGNAL
timers/posix_timers: check_rearm
timers/posix_timers: check_delete
"

is_known()
{
	says "$known_failures" "$newline$1$newline"
}

# results_in FILE TARGET: lines of ANSWER, NAME, separated by a tab. What is skipped has its
# name behind the word.
results_in()
{
	awk -v target="$2" -v OFS='\t' '
		match($0, /^(not )?ok [0-9]+ /) {
			answer = $1 == "not" ? "fail" : "pass"
			name = substr($0, RLENGTH + 1)
			if (sub(/^# SKIP */, "", name))
				answer = "skip"
			sub(/ +$/, "", name)
			print answer, target ": " name
		}' "$1"
}

# run_program TARGET PROGRAM
run_program()
{
	read_uptime
	program_since=$uptime
	(cd "$programs/$1" && timeout $limit "./$2") > "$tmp/said" 2>&1
	program_status=$?
	read_uptime
	results_in "$tmp/said" "$1/$2" | while IFS='	' read -r answer name; do
		[ "$answer" != fail ] || ! is_known "$name" || answer=known
		printf '%s\t%s\n' "$answer" "$name"
	done > "$tmp/of-program"
	case $program_status in
	0) answer=pass ;;
	4) answer=skip ;;
	1) only_known_failures "$tmp/of-program" && answer=known || answer=fail ;;
	*) answer=fail ;;
	esac
	[ "$answer" != fail ] || note "$(tail -n 50 "$tmp/said")"
	note "$1/$2: exit status $program_status after $((uptime - program_since)) s"
	printf '%s\t%s\n' "$answer" "$1/$2" | cat "$tmp/of-program" - >> "$tmp/results"
}

only_known_failures()
{
	grep -q '^known' "$1" && ! grep -q '^fail' "$1"
}

log_mark
begin_switching
while IFS=: read -r target program; do
	run_program "$target" "$program" < /dev/null
done < $programs/list
plan $(($(lines "$tmp/results") + 1 + SWITCHING_RESULTS))
while IFS='	' read -r answer name; do
	case $answer in
	pass) pass "$name" ;;
	skip) skip "$name" "it says so" ;;
	known) skip "$name" "it is known to fail on this kernel without VMI" ;;
	fail) fail "$name" ;;
	esac
done < "$tmp/results"
end_switching
finish_with_clean_log
