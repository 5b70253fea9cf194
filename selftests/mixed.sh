#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Ops of the null backend by policy, beside another backend that is in charge, or beside
# native where there is no other: they are entered, and nothing else of it is. They stay
# with it when another provider is in charge. A third backend, which looks at how it is
# treated, has an op as well, and is told of CPUs that come and go.
#
# usage: mixed.sh [ROUNDS-UNDER-LOAD]

. ./lib.sh

need_root
need_vmi
rounds=${1:-1}
need_no_policy
usable null || skip_all "no null backend"
main=native
other=builtin
for pick in "$initial" kvm hyperv xen vmware; do
	if [ "$pick" != null ] && usable "$pick"; then
		main=$pick
		other=native
		break
	fi
done
trap 'quiet vmictl policy clear; quiet vmictl stats off; switch_back' EXIT
# From there, as later; see policy.sh.
use "$other"
use "$main" || skip_all "cannot use $main"
note "null beside $main"

tmp=$(mktemp -d)
module=$(module_of null)

# What a backend counted itself of a capability.
uses()
{
	vmictl caps | awk -v name="$2" -v backend="$1" '
		$1 == name && $2 == backend { print $5 }'
}

all_null_uses()
{
	vmictl caps | awk '$2 == "null" { print $1, $5 }'
}

bound_caps()
{
	vmictl -j caps | jq -r '.[] | select(.backend == "null" and .bound) | .name'
}

cap_reason()
{
	vmictl -j caps | jq -r --arg name "$1" '.[] |
		select(.backend == "null" and .name == $name) | .reason // "-"'
}

op_reason()
{
	vmictl -j ops | jq -r --arg name "$1" '.[] |
		select(.name == $name) | .reason // "-"'
}

# The core counts on the way to null, and null for itself. Each reading of null's is
# first taken around, then between readings of the core's.
null_counts_the_same()
{
	outer=$(calls eoi.eoi)
	uses=$(uses null eoi-eoi)
	inner=$(calls eoi.eoi)
	work 1
	inner=$(($(calls eoi.eoi) - inner))
	uses=$(($(uses null eoi-eoi) - uses))
	outer=$(($(calls eoi.eoi) - outer))
	echo "null counted $uses, the core between $inner and $outer"
	[ "$inner" -gt 0 ] && [ "$uses" -ge "$inner" ] && [ "$uses" -le "$outer" ]
}

only_eoi_is_used()
{
	all_null_uses | grep -v '^eoi-eoi ' > "$tmp/before"
	work 1
	all_null_uses | grep -v '^eoi-eoi ' | cmp - "$tmp/before"
}

silently()
{
	said=$("$@" 2>&1) || return 1
	[ -z "$said" ] || { echo "$said"; return 1; }
}

# Whatever it can have of a group.
null_has()
{
	for null_op in $(ops_in "$1"); do
		grep -qx "$null_op" "$tmp/all" || continue
		[ "$(provider "$null_op")" = null ] || { echo "$null_op"; return 1; }
	done
}

goes_and_comes()
{
	rmmod "$module" && modprobe vmi-backend-null
}

# One that fails at the last moment leaves the others in peace.
failing_one_is_refused()
{
	refused 2 "$2" vmictl policy set io "$1" &&
		[ "$(bindings)" = "$(cat "$tmp/with")" ] &&
		[ "$(vmictl policy)" = "eoi null" ] &&
		[ "$(state "$1"):$(state null)" = validated:active ]
}

victim=$(pick_cpu)

cpu_goes_and_comes()
{
	set_online "$victim" 0 && set_online "$victim" 1
}

cpu_comes_back()
{
	cpu_goes_and_comes || return 1
	taskset -c "$victim" ./helper fork 20 || return 1
	null_counts_the_same && (stress 1)
}

# How often the third backend was called for a CPU: to start, to be online, to be offline.
cpu_calls()
{
	echo "$(uses contract cpu-starting) $(uses contract cpu-online)" \
		"$(uses contract cpu-offline)"
}

# is_called "STARTING ONLINE OFFLINE" COMMAND...: so often, while that runs
is_called()
{
	called_wanted=$1
	shift
	called=$(cpu_calls)
	"$@" || return 1
	called=$(echo "$called $(cpu_calls)" | awk '{ print $4 - $1, $5 - $2, $6 - $3 }')
	echo "called $called"
	[ "$called" = "$called_wanted" ]
}

there_and_back()
{
	vmictl use "$other" && vmictl use "$main"
}

switches_beside()
{
	repeat 5 printf 'use %s\nuse %s\n' "$other" "$main" | vmictl -b -
}

# Each group goes from the one in charge to null and back while everything is busy.
groups_to_null_and_back()
{
	for group in $ALL_GROUPS; do
		quiet vmictl policy set "$group" null
		null_has "$group" && there_and_back && null_has "$group" &&
			vmictl policy clear || return 1
	done
	work_goes_on
}

use null
ops_with provider null > "$tmp/all"
use "$main"
log_mark
bindings > "$tmp/was"
op_owner=$(provider eoi.eoi)
reason=$(op_reason eoi.eoi)
switches=$(vmi switches)
quiet vmictl stats on eoi

plan 51
check "set eoi to null, which is not in charge" silently vmictl policy set eoi null
is "the policy takes effect at once" "$(provider eoi.eoi):$(vmictl policy)" "null:eoi null"
is "$main is in charge" "$(vmi active)" "$main"
check "no other op moved" others_as_before eoi.eoi "$tmp/was"
is "a policy does not count as a switch" "$(vmi switches)" "$switches"
is "null is active" "$(state null)" active
if [ "$main" = native ]; then
	is "without a backend in charge, eoi has no other reason" "$(op_reason eoi.eoi)" -
elif [ "$op_owner" = "$main" ]; then
	is "$main says why it does not have it" "$(op_reason eoi.eoi)" "another backend by policy"
else
	is "$main does not have it anyway" "$(op_reason eoi.eoi)" "$reason"
fi
is "null says why it does not have io" "$(cap_reason io-delay)" "the backend is not in charge"
check "null and the core count the same" null_counts_the_same
check "null counts nothing else" only_eoi_is_used
if loaded "$module"; then
	check "the module of null is busy" is_busy "$module"
else
	skip "the module of null is busy" "null is built in"
fi

bindings > "$tmp/with"
if quiet module_file vmi_contract; then
	modprobe vmi-backend-bad-init
	modprobe vmi-backend-bad-cpu
	check "a backend that cannot be initialised is refused by policy" failing_one_is_refused bad-init \
		"backend 'bad-init' failed to initialise"
	check "a backend that cannot prepare CPUs is refused by policy" failing_one_is_refused bad-cpu \
		"backend 'bad-cpu' could not set up a CPU"
	check "unload both refused backends" rmmod vmi_bad_init vmi_bad_cpu

	modprobe vmi-backend-contract
	check "a third backend gets an op" is_called "0 $(online_cpus | wc -w) 0" \
		vmictl policy set io contract
	is "the three backends have their ops" \
		"$(provider io.delay):$(provider eoi.eoi):$(vmi active)" "contract:null:$main"
	if [ -n "$victim" ]; then
		check "the third backend is told of a CPU that goes and comes" is_called "1 1 1" \
			cpu_goes_and_comes
	else
		skip "the third backend is told of a CPU that goes and comes" "no CPU can be taken offline"
	fi
	check "the third backend stays prepared when the provider in charge changes" is_called "0 0 0" \
		there_and_back
	check "the module of the third backend is busy" is_busy vmi_contract
	check "the third backend is left without its op" is_called "0 0 $(online_cpus | wc -w)" \
		vmictl policy clear io
	is "the third backend was initialised, drained and left once" \
		"$(uses contract init):$(uses contract drain):$(uses contract exit)" 1:1:1
	check "unload the third backend" rmmod vmi_contract
else
	for n in 1 2 3 4 5 6 7 8 9 10 11; do
		skip "other backends: $n" "no modules for that"
	done
fi

check "use $other" vmictl use "$other"
is "null keeps its op under $other" "$(provider eoi.eoi):$(vmi active):$(vmi state)" "null:$other:none"
is "null has no other op under $other" "$(ops_with provider null)" eoi.eoi
check "null and the core count the same under $other" null_counts_the_same
if [ -n "$victim" ]; then
	check "null and the core count the same after a CPU was offline" cpu_comes_back
else
	skip "null and the core count the same after a CPU was offline" "no CPU can be taken offline"
fi
check "use $main" vmictl use "$main"
is "each op is bound as with the policy before" "$(bindings)" "$(cat "$tmp/with")"
if [ -n "$victim" ]; then
	check "null and $main work after a CPU was offline" cpu_comes_back
else
	skip "null and $main work after a CPU was offline" "no CPU can be taken offline"
fi

check "$main comes and goes beside null" switches_beside
is "each op is bound as with the policy before" "$(bindings)" "$(cat "$tmp/with")"

# In use for one op, it has to begin again to have all of them.
check "use null, which is in use" vmictl use null
is "null is in charge" "$(vmi active)" null
is "null has all ops that it can have" "$(ops_with provider null)" "$(cat "$tmp/all")"
check "use $main again" vmictl use "$main"
is "null has no more than the policy says" "$(ops_with provider null)" eoi.eoi
is "other capabilities of null are not bound" "$(bound_caps)" eoi-eoi

check "clear the policy of eoi" vmictl policy clear eoi
is "each op is bound as at first" "$(bindings)" "$(cat "$tmp/was")"

one=$(grep '^tlb\.' "$tmp/all" | head -n 1)
check "set one op of a group to null" silently vmictl policy set "$one" null
is "null has the one op" "$(provider "$one")" null
check "no op beside $one moved" others_as_before "$one" "$tmp/was"
check "clear the policy of one op" vmictl policy clear "$one"

is "null is not in use" "$(state null):$(cap_reason eoi-eoi)" \
	"validated:the backend is not active"
if loaded "$module"; then
	check "reload the module of null" goes_and_comes
else
	skip "reload the module of null" "null is built in"
fi

check "each CPU works" begin_work "$tmp/work"
check "each group to null and back, $rounds times under load" repeat "$rounds" \
	groups_to_null_and_back
check "the work found nothing wrong" end_work "$tmp/work"
is "each op is bound as at first" "$(bindings)" "$(cat "$tmp/was")"
log_is_clean "no warning in the log"
rm -rf "$tmp"
finish
