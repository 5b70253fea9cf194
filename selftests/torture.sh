#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own torture tests of locks, RCU and function calls between CPUs, beside
# switches.
#
# VMI_TEST_SECONDS in the environment is how long each of them runs.

. ./lib.sh
. ./switching.sh

need_root
seconds=${VMI_TEST_SECONDS:-20}
for module in locktorture rcutorture scftorture; do
	[ -n "$(module_file $module)" ] || skip_all "there is no module $module"
done

# The kernel's last word about a torture test is in the log.
ended_well()
{
	log_since_mark | grep -F -- "--- End of test" | tee /dev/stderr |
		grep -qF -- "--- End of test: SUCCESS"
}

# did_work WORDS: the number behind them, in what was logged last, is not 0
did_work()
{
	log_since_mark | awk -v words="$1" '
		match($0, words "[0-9]+") {
			done = substr($0, RSTART, RLENGTH)
			sub(/.*[^0-9]/, "", done)
		}
		END { print done + 0, "times"; exit done + 0 == 0 }'
}

# torture NAME WORDS MODULE [PARAMETER...]: WORDS are a pattern for what stands before the
# number of times that something was done
torture()
{
	torture_name=$1
	torture_words=$2
	torture_module=$3
	shift 2
	log_mark
	check "$torture_name starts" modprobe "$@"
	sleep "$seconds"
	check "$torture_name can be unloaded" rmmod "$torture_module"
	check "$torture_name ends with success" ended_well
	check "$torture_name did something" did_work "$torture_words"
}

begin_switching
plan $((5 * 4 + 1 + SWITCHING_RESULTS))
for lock in spin_lock rwsem_lock mutex_lock; do
	torture "$lock" "Writes: +Total: " locktorture torture_type="$lock"
done
torture rcu " [vV][eE][rR]: " rcutorture
torture scf "scf_invoked_count [vV][eE][rR]: " scftorture
check "what they share can be unloaded" rmmod torture
end_switching
finish
