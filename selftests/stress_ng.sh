#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's stress-ng, beside switches: what is near to the ops, one after the other and then
# all at once.
#
# VMI_TEST_SECONDS in the environment is how long each of them runs.

. ./lib.sh
. ./switching.sh

need_root
command -v stress-ng > /dev/null || skip_all "stress-ng is not installed"
seconds=${VMI_TEST_SECONDS:-10}
stressors="tlb-shootdown membarrier clock futex fork fault cpu-online"

# run_stress_ng OPTION...: it ends with success, and each stressor has done something. CPUs go
# offline only if it is told that the machine may hang.
run_stress_ng()
{
	stress-ng "$@" --pathological --verify --timeout "$seconds" \
		--temp-path "$tmp" --metrics --yaml "$tmp/yaml" 2>&1 || return
	awk '
		$2 == "stressor:" { name = $3; n++ }
		$1 == "bogo-ops:" { print name, $2; if ($2 > 0) n-- }
		END { exit n != 0 || !name }' "$tmp/yaml"
}

# stress_result NAME OPTION...
stress_result()
{
	stress_name=$1
	shift
	run_stress_ng "$@" > "$tmp/said"
	case $? in
	0) pass "$stress_name" ;;
	4) skip "$stress_name" "$(tail -n 1 "$tmp/said")" ;;
	*) fail "$stress_name" "$(cat "$tmp/said")" ;;
	esac
}

log_mark
begin_switching
plan $((7 + 1 + SWITCHING_RESULTS + 1))
all=
for stressor in $stressors; do
	stress_result "$stressor" "--$stressor" 2
	all="$all --$stressor 1"
done
# shellcheck disable=SC2086 # Words on purpose.
stress_result "all at once" $all
end_switching
finish_with_clean_log
