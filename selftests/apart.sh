#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# On a host that offers the interfaces of two hypervisors, a switch from the backend of one
# to the backend of the other goes through native or builtin.
#
# usage: apart.sh [ROUNDS-UNDER-LOAD]

. ./lib.sh

need_root
need_vmi
rounds=${1:-2}
need_no_policy

# Two backends that claim the machine, and whose signatures are in CPUID.
names=
for name in $(vmictl -j layers | jq -r '.[] | .backend // empty'); do
	! usable "$name" || names="$names $name"
done
# shellcheck disable=SC2086 # Words on purpose.
set -- $names
[ $# -ge 2 ] || skip_all "CPUID does not name two hypervisors with usable backends"
one=$1
two=$2

# Binding of each op, and both states.
everything()
{
	bindings
	echo "$(state "$one"):$(state "$two")"
}

# direct_switch FROM TO: the answer is shorter than the sentence, of which the log has all
direct_switch()
{
	before=$(everything)
	refused 2 "'$1' and '$2' are for different hypervisors" vmictl use "$2" &&
		in_log "'$1' and '$2' are for different hypervisors: use native or builtin in between" &&
		[ "$(everything)" = "$before" ]
}

under_load()
{
	repeat "$rounds" printf 'use %s\nuse native\nuse %s\nuse builtin\n' "$one" "$two" |
		vmictl -b - && work_goes_on
}

tmp=$(mktemp -d)
use native
log_mark
plan 11
check "use $one" vmictl use "$one"
check "a direct switch from $one to $two is refused and changes nothing" \
	direct_switch "$one" "$two"
check "use native" vmictl use native
check "use $two" vmictl use "$two"
is "$two is active and $one is not" "$(state "$one"):$(state "$two")" validated:active
is "no op is left on $one" "$(ops_with provider "$one")" ""
check "a direct switch from $two to $one is refused and changes nothing" \
	direct_switch "$two" "$one"
use native
check "each CPU works" begin_work "$tmp/work"
check "use $one and $two in turn under load, $rounds times" under_load
check "the work found nothing wrong" end_work "$tmp/work"
log_is_clean "no warning in the log"
rm -rf "$tmp"
finish
