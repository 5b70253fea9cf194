#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# On a host that offers the interfaces of two hypervisors, their backends are not in use
# at a time: no policy puts the second in use beside the first, and a switch leaves the
# first before it initialises the second.
#
# usage: apart.sh [ROUNDS-UNDER-LOAD]

. ./lib.sh

need_root
need_vmi
rounds=${1:-2}
need_no_policy

# Two that claim the machine, and that CPUID names.
names=
for name in $(vmictl -j layers | jq -r '.[] | .backend // empty'); do
	! usable "$name" || names="$names $name"
done
# shellcheck disable=SC2086 # Words on purpose.
set -- $names
[ $# -ge 2 ] || skip_all "CPUID does not name two hypervisors with usable backends"
one=$1
two=$2

# A group of which a backend that is in charge has all.
group_of()
{
	for group in eoi io idle mm ipi clock; do
		! grep -qvx "$1" "$VMI/ops/$group".*/provider || continue
		echo "$group"
		return
	done
	return 1
}

states()
{
	echo "$(state "$one"):$(state "$two")"
}

# stays WHOSE_OPS STATES: nothing of a refusal is left
stays()
{
	[ "$(bindings)" = "$(cat "$tmp/$1")" ] && [ "$(states)" = "$2" ] && return 0
	echo "states $(states)"
	return 1
}

refused_both()
{
	refused 2 "cannot use both '$1' and '$2': they are for different hypervisors" \
		vmictl policy set "$3" "$4"
}

start_monitor()
{
	begin_monitor "$tmp/events" vmictl monitor && mark_events "$tmp/events" &&
		events_before=$(lines "$tmp/events")
}

# The states that backends went through since the monitor was marked.
events()
{
	sed "1,${events_before}d" "$tmp/events" |
		awk '$2 == "backend-ntf" { printf "%s:%s ", $4, $6 }'
}

under_load()
{
	repeat "$rounds" printf 'use %s\nuse %s\n' "$one" "$two" | vmictl -b - &&
		work_goes_on
}

tmp=$(mktemp -d)
use native
use "$one" || skip_all "cannot use $one"
bindings > "$tmp/one"
of_one=$(group_of "$one")
use native
use "$two" || skip_all "cannot use $two"
bindings > "$tmp/two"
of_two=$(group_of "$two")
use native
bindings > "$tmp/native"
note "$one ($of_one) and $two ($of_two)"

log_mark
plan 18
check "use $one" vmictl use "$one"
check "a policy for $two is refused" refused_both "$one" "$two" "$of_two" "$two"
check "a refusal changes no binding and no state" stays one active:validated
is "a refused policy is not kept" "$(vmictl policy)" ""

check "start monitoring" start_monitor
check "use $two" vmictl use "$two"
mark_events "$tmp/events"
is "$one was left before $two was initialised" "$(events)" \
	"$one:draining $one:validated $two:prepared $two:active "
end_monitor
check "$two has what it has without $one" stays two validated:active
check "a policy for $one is refused" refused_both "$two" "$one" "$of_one" "$one"

check "use native" vmictl use native
check "give $of_one to $one" vmictl policy set "$of_one" "$one"
check "$two cannot be in charge beside a policy for $one" refused 2 \
	"cannot use both '$two' and '$one': they are for different hypervisors" \
	vmictl use "$two"
check "clear the policy" vmictl policy clear
check "a refusal changes no binding and no state" stays native validated:validated

check "each CPU works" begin_work "$tmp/work"
check "switch from $one to $two under load, $rounds times" under_load
check "the work found nothing wrong" end_work "$tmp/work"
log_is_clean "no warning in the log"
rm -rf "$tmp"
finish
