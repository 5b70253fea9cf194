#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A policy for an op or a group has precedence over the provider in charge, outlives it,
# and is gone when it is cleared. What cannot be is refused as a whole, with a sentence.
#
# usage: policy.sh [ROUNDS-UNDER-LOAD]

. ./lib.sh

need_root
need_vmi
rounds=${1:-1}
need_no_policy
backend=$(pick_backend) || skip_all "no usable backend"
# From native, as later: the ops that the backend leaves alone stay with whoever had
# them before, and that may be builtin.
use native
use "$backend" || skip_all "cannot use $backend"
module=$(module_of "$backend")
tmp=$(mktemp -d)

# One that the backend has, a busy one if there is.
pick_op()
{
	for pick in eoi.eoi io.delay tlb.flush_multi clock.steal_clock \
		    clock.sched_clock; do
		if [ "$(provider $pick)" = "$backend" ]; then
			echo $pick
			return
		fi
	done
	return 1
}

# The capability of EOI, where the backend counts what it did itself.
capability()
{
	case $backend in
	null) echo eoi-eoi ;;
	kvm) echo pv-eoi ;;
	hyperv) echo eoi-assist ;;
	esac
}

# Name and column of a capability.
cap_column()
{
	vmictl caps | awk -v name="$1" -v backend="$backend" -v column="$2" '
		$1 == name && $2 == backend { print $column }'
}

policy()
{
	vmi "ops/$1/policy"
}

# The backend's own count stands still, whereas the op is called.
native_by_count()
{
	uses=$(cap_column "$cap" 5)
	counted=$(calls eoi.eoi)
	work 1
	[ "$(cap_column "$cap" 5)" -eq "$uses" ] || { echo "it was used"; return 1; }
	[ "$(calls eoi.eoi)" -gt "$counted" ] || { echo "no calls"; return 1; }
	[ "$(cap_column "$cap" 4)" = no ] || { echo "it is bound"; return 1; }
}

backend_by_count()
{
	uses=$(cap_column "$cap" 5)
	within 60 uses_grow
}

uses_grow()
{
	work 1
	[ "$(cap_column "$cap" 5)" -gt "$uses" ]
}

reason_of()
{
	vmictl ops | awk -v op="$1" '
		NR == 1 { at = index($0, "REASON") }
		$1 == op { print substr($0, at) }'
}

all_of_lock()
{
	for lock_op in $(ops_in lock); do
		[ "$(provider "$lock_op")" = "$1" ] || { echo "$lock_op"; return 1; }
	done
}

# An op that the backend does not have, of a group of which it has another one: the first
# in the kernel's own order.
partial_op()
{
	for group in $ALL_GROUPS; do
		lacking=
		having=
		for group_op in $(vmictl ops | awk '{ print $1 }' | grep "^$group\."); do
			if [ "$(provider "$group_op")" = "$backend" ]; then
				having=$group_op
			else
				lacking=${lacking:-$group_op}
			fi
		done
		if [ -n "$having" ] && [ -n "$lacking" ]; then
			echo "$lacking"
			return
		fi
	done
	return 1
}

shows_lacking()
{
	vmictl policy | grep -F "${lacking%%.*} $backend # $lacking: "
}

# load LINES...
load()
{
	printf '%s\n' "$@" > "$tmp/policy.conf"
	vmictl policy load "$tmp/policy.conf"
}

# Nothing of a file that is refused has an effect.
load_refused()
{
	refused_line=$1
	refused_why=$2
	shift 2
	refused 2 "$tmp/policy.conf:$refused_line: $refused_why" load "$@" &&
		[ -z "$(vmictl policy)" ] && [ "$(bindings)" = "$before" ]
}

comes_back()
{
	rmmod "$module" && [ ! -d "$VMI/backends/$backend" ] &&
		modprobe "vmi-backend-$backend"
}

# It can go when it is not in use, and what is set anew then is done at once.
reload()
{
	vmictl policy clear && comes_back && vmictl policy set "$op" "$backend"
}

# An event for each, and the state in it: of a group where all of it has the same.
events()
{
	begin_monitor "$tmp/events" vmictl monitor &&
		vmictl -b - <<-END && within 60 all_events_came
		policy set io native
		policy clear io
		policy set ipi native
		policy clear ipi.send
		policy set ipi builtin
		policy clear
	END
	status=$?
	end_monitor
	[ "$status" -eq 0 ] || policy_events
	return "$status"
}

policy_events()
{
	sed -n 's/.*policy-ntf target //p' "$tmp/events"
}

all_events_came()
{
	[ "$(policy_events)" = "io provider native
io
ipi provider native
ipi.send
ipi provider builtin
ipi" ]
}

tracing=/sys/kernel/tracing
event=$tracing/events/vmi/vmi_policy

traced()
{
	echo > "$tracing/trace"
	echo 1 > "$event/enable" || return 1
	vmictl policy set io native
	vmictl policy clear io
	echo 0 > "$event/enable"
	grep -q 'vmi_policy: target=io provider=native err=0$' "$tracing/trace" &&
		grep -q 'vmi_policy: target=io provider=none err=0$' "$tracing/trace"
}

# Each group goes to native and comes back while everything is busy with it.
groups_to_native_and_back()
{
	for group in $ALL_GROUPS; do
		printf 'policy set %s native\npolicy clear %s\n' "$group" "$group"
	done | vmictl -b - && work_goes_on
}

op=$(pick_op) || skip_all "$backend has none of the ops that are tried"
# The name of a group stands for all of its ops, also if there is only one.
case $op in
eoi.eoi|io.delay) shown=${op%%.*} ;;
*) shown=$op ;;
esac
cap=$(capability)
note "$op of $backend"
log_mark
before=$(bindings)
bindings > "$tmp/before"
switches=$(vmi switches)

plan 60
check "set $op to native" vmictl policy set "$op" native
is "$op is native" "$(provider "$op")" native
is "sysfs has the policy" "$(policy "$op")" native
is "the policy is the reason" "$(reason_of "$op")" "native by policy"
check "no other op moved" others_as_before "$op" "$tmp/before"
if [ "$op" = eoi.eoi ] && [ -n "$cap" ]; then
	counting=$(vmi ops/eoi.eoi/counting)
	quiet vmictl stats on eoi
	check "the backend's own count stands still" native_by_count
	[ "$counting" -eq 1 ] || quiet vmictl stats off eoi
else
	skip "the backend's own count stands still" "$backend counts no $op"
fi
check "clear the policy of $op" vmictl policy clear "$op"
is "each op is bound as before" "$(bindings)" "$before"
is "there is no policy" "$(policy "$op"):$(vmictl policy)" none:
if [ "$op" = eoi.eoi ] && [ -n "$cap" ]; then
	check "the backend's own count goes on" backend_by_count
else
	skip "the backend's own count goes on" "$backend counts no $op"
fi

if [ "$(provider lock.kick)" = "$backend" ]; then
	check "set group lock to native" vmictl policy set lock native
	check "all ops of lock are native" all_of_lock native
	is "a policy for all of a group is shown as one line" "$(vmictl policy)" "lock native"
	check "clear the policy of lock" vmictl policy clear lock
	check "all ops of lock are the backend's" all_of_lock "$backend"
else
	for n in 1 2 3 4 5; do
		skip "lock group: $n" "$backend does not have it here"
	done
fi

check "an op of a move-together group is refused" refused 2 \
	"lock.kick moves together with its group: name all of 'lock'" \
	vmictl policy set lock.kick native
check "an op of a move-together group cannot be cleared" refused 2 "name all of 'lock'" \
	vmictl policy clear lock.kick
check "an unknown op is refused" refused 2 \
	"there is no op or group named 'lock.nosuch' (ops: lock.slowpath, lock.unlock, " \
	vmictl policy set lock.nosuch native
check "an unknown group cannot be cleared" refused 2 \
	"there is no op or group named 'nosuch' (groups: clock, idle, " \
	vmictl policy clear nosuch
check "an unknown provider is refused" refused 2 \
	"no backend named 'nosuch' is registered (use native, builtin, " \
	vmictl policy set "$op" nosuch
is "refused policies change nothing" "$(bindings):$(vmictl policy)" "$before:"
if lacking=$(partial_op); then
	check "what a backend lacks of a group is remarked on" \
		refused 0 "Warning: $lacking: " vmictl policy set "${lacking%%.*}" "$backend"
	check "policy show says what the backend lacks" shows_lacking
	is "an op that the backend lacks stays where it is" "$(bindings)" "$before"
	quiet vmictl policy clear
else
	skip "what a backend lacks of a group is remarked on" "$backend has whole groups"
	skip "policy show says what the backend lacks" "$backend has whole groups"
	skip "an op that the backend lacks stays where it is" "$backend has whole groups"
fi

# A backend that is given less has prepared less, and has to begin again for more.
check "use native" vmictl use native
check "set $op to $backend, which is not in charge" vmictl policy set "$op" "$backend"
is "$backend has the op of its policy, and no other" "$(ops_with provider "$backend")" "$op"
check "set $op to builtin before the backend is used" \
	vmictl policy set "$op" builtin
if loaded "$module"; then
	check "reload the module of $backend" comes_back
else
	skip "reload the module of $backend" "$backend is built in"
fi
check "use $backend again" vmictl use "$backend"
is "the policy outlives a reload" "$(reason_of "$op")" "builtin by policy"
check "clear the policy, which prepares the backend again" vmictl policy clear
is "each op is bound as at first" "$(bindings)" "$before"
is "$backend is active" "$(vmi active):$(vmi state)" "$backend:active"
is "policies do not count as switches" "$(vmi switches)" $((switches + 2))

check "set $op to $backend" vmictl policy set "$op" "$backend"
is "a policy for the backend in charge changes nothing" "$(bindings)" "$before"
if loaded "$module"; then
	check "the module of the backend in charge is busy" is_busy "$module"
	quiet vmictl use native
	is "native is in charge" "$(vmi active)" native
	check "the module of a backend with an op by policy is busy" is_busy "$module"
	check "reload the module without a policy, and set it again" reload
	use "$backend"
else
	skip "the module of the backend in charge is busy" "$backend is built in"
	skip "native is in charge" "$backend is built in"
	skip "the module of a backend with an op by policy is busy" "$backend is built in"
	skip "reload the module without a policy, and set it again" "$backend is built in"
fi
is "the policy is in effect after the reload" "$(vmictl policy)" "$shown $backend"
check "clear all policies" vmictl policy clear

check "a file with a bad op is refused at its line" load_refused 3 \
	"there is no op or group named 'nosuch'" \
	"io native" "# a comment" "nosuch native" "idle native"
check "a file with a bad provider is refused at its line" load_refused 2 \
	"no backend named 'nosuch' is registered" \
	"io native" "idle nosuch"
check "a file is loaded" load "# two" "" "$op native # and" "idle.halt builtin"
is "each policy of the file is in effect" "$(policy "$op"):$(policy idle.halt):$(provider "$op")" \
	native:builtin:native
vmictl policy show > "$tmp/shown"
quiet vmictl policy clear
check "what is shown can be loaded" vmictl policy load "$tmp/shown"
is "policies are shown as they were loaded" "$(vmictl policy)" "$(cat "$tmp/shown")"
check "clear the policies of the file" vmictl policy clear
check "each policy that changes is an event" events
if [ -d "$event" ]; then
	check "each policy that changes is traced" traced
else
	skip "each policy that changes is traced" "no tracefs"
fi

# The kernel's own guest code is a provider like others.
use builtin
own=$(ops_with provider builtin | head -n 1)
if [ -n "$own" ]; then
	under=$(bindings)
	check "set the group of $own to native under builtin" \
		vmictl policy set "${own%%.*}" native
	is "$own is native" "$(provider "$own")" native
	check "clear the policy of $op" vmictl policy clear
	is "each op is bound as builtin has it" "$(bindings)" "$under"
else
	for n in 1 2 3 4; do
		skip "under builtin: $n" "the kernel booted with native ops"
	done
fi
use native
use "$backend"

check "each CPU works" begin_work "$tmp/work"
check "each group to native and back, $rounds times under load" \
	repeat "$rounds" groups_to_native_and_back
check "the work found nothing wrong" end_work "$tmp/work"
log_is_clean "no warning in the log"
rm -rf "$tmp"
finish
