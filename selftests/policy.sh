#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A policy moves an op or a group from the default provider to native or builtin. It
# persists until it is cleared, whatever the default provider is. A policy that is refused
# changes nothing.
#
# usage: policy.sh [ROUNDS-UNDER-LOAD]

. ./lib.sh

need_root
need_vmi
rounds=${1:-1}
need_no_policy
backend=$(pick_backend) || skip_all "no usable backend"
# From native, as later: ops that the backend lacks stay native or builtin, whichever they
# were before.
use native
use "$backend" || skip_all "cannot use $backend"
module=$(module_of "$backend")
tmp=$(mktemp -d)

# An op of the backend, preferably one that is called often.
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

# The capability of EOI, where the backend counts its uses.
capability()
{
	case $backend in
	null) echo eoi-eoi ;;
	kvm) echo pv-eoi ;;
	hyperv) echo eoi-assist ;;
	esac
}

# cap_column NAME COLUMN
cap_column()
{
	vmictl caps | awk -v name="$1" -v backend="$backend" -v column="$2" '
		$1 == name && $2 == backend { print $column }'
}

policy()
{
	vmi "ops/$1/policy"
}

uses()
{
	cap_column "$cap" 5
}

# The op is called, and the backend's own count stands still.
native_by_count()
{
	used=$(uses)
	counted=$(calls eoi.eoi)
	work 1
	[ "$(uses)" -eq "$used" ] || { echo "it was used"; return 1; }
	[ "$(calls eoi.eoi)" -gt "$counted" ] || { echo "no calls"; return 1; }
	[ "$(cap_column "$cap" 4)" = no ] || { echo "it is bound"; return 1; }
}

uses_grow()
{
	work 1
	[ "$(uses)" -gt "$used" ]
}

# The uses of each other capability of the backend.
other_uses()
{
	vmictl caps | awk -v cap="$cap" -v backend="$backend" '
		$1 != cap && $2 == backend { print $1, $5 }'
}

# With all other ops native, the backend counts nothing else.
only_eoi_by_count()
{
	for group in $ALL_GROUPS; do
		[ "$group" = eoi ] || vmictl policy set "$group" native || return 1
	done
	used=$(uses)
	others=$(other_uses)
	within 60 uses_grow && [ "$(other_uses)" = "$others" ]
}

reason_of()
{
	vmictl ops | awk -v op="$1" '
		NR == 1 { at = index($0, "REASON") }
		$1 == op { print substr($0, at) }'
}

# The providers of its ops.
of_lock()
{
	cat "$VMI"/ops/lock.*/provider | sort -u
}

# load LINES...
load()
{
	printf '%s\n' "$@" > "$tmp/policy.conf"
	vmictl policy load "$tmp/policy.conf"
}

# load_refused LINE WHY LINES...: no line of the file has an effect
load_refused()
{
	refused_line=$1
	refused_why=$2
	shift 2
	refused 2 "$tmp/policy.conf:$refused_line: $refused_why" load "$@" &&
		[ -z "$(vmictl policy)" ] && [ "$(bindings)" = "$before" ]
}

reload()
{
	rmmod "$module" && [ ! -d "$VMI/backends/$backend" ] &&
		modprobe "vmi-backend-$backend"
}

# The second of two equal requests changes nothing. The target of an event is a group where
# all of its ops have the same policy.
events()
{
	begin_monitor "$tmp/events" vmictl monitor &&
		vmictl -b - <<-END && within 60 all_events_came
		policy set io native
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
	grep -q 'vmi_policy: target=io provider=native$' "$tracing/trace" &&
		grep -q 'vmi_policy: target=io provider=none$' "$tracing/trace"
}

groups_to_native_and_back()
{
	for group in $ALL_GROUPS; do
		printf 'policy set %s native\npolicy clear %s\n' "$group" "$group"
	done | vmictl -b - && work_goes_on
}

op=$(pick_op) || skip_all "$backend has none of the ops that are tried"
cap=$(capability)
[ "$op" = eoi.eoi ] || cap=
note "$op of $backend"
log_mark
before=$(bindings)
switches=$(vmi switches)
counting=$(vmi ops/eoi.eoi/counting)

plan 41
check "set $op to native" vmictl policy set "$op" native
is "$op is native" "$(provider "$op")" native
is "sysfs has the policy" "$(policy "$op")" native
is "the policy is the reason" "$(reason_of "$op")" "native by policy"
is "no other op moved" "$(bindings | grep -v "^$op ")" "$(echo "$before" | grep -v "^$op ")"
if [ -n "$cap" ]; then
	quiet vmictl stats on eoi
	check "the backend's own count stands still" native_by_count
	[ "$counting" -eq 1 ] || quiet vmictl stats off eoi
else
	skip "the backend's own count stands still" "$backend counts no $op"
fi
check "clear the policy of $op" vmictl policy clear "$op"
is "each op is bound as before" "$(bindings)" "$before"
is "there is no policy" "$(policy "$op"):$(vmictl policy)" none:
if [ -n "$cap" ]; then
	check "the backend is entered for its only op that is not native" only_eoi_by_count
	quiet vmictl policy clear
else
	skip "the backend is entered for its only op that is not native" "$backend counts no $op"
fi

if [ "$(provider lock.kick)" = "$backend" ]; then
	quiet vmictl policy set lock native
	is "all ops of lock are native" "$(of_lock)" native
	is "a policy for all of a group is shown as one line" "$(vmictl policy)" "lock native"
	quiet vmictl policy clear lock
	is "all ops of lock are the backend's" "$(of_lock)" "$backend"
else
	for n in 1 2 3; do
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
check "a backend is refused" refused 2 "a policy is native or builtin, not '$backend'" \
	vmictl policy set "$op" "$backend"
is "refused policies change nothing" "$(bindings):$(vmictl policy)" "$before:"

check "set $op to builtin" vmictl policy set "$op" builtin
check "use native" vmictl use native
if loaded "$module"; then
	check "reload the module of $backend" reload
else
	skip "reload the module of $backend" "$backend is built in"
fi
check "use $backend again" vmictl use "$backend"
is "the policy outlives both" "$(reason_of "$op")" "builtin by policy"
check "clear all policies" vmictl policy clear
is "each op is bound as at first" "$(bindings)" "$before"
is "policies do not count as switches" "$(vmi switches)" $((switches + 2))

check "a file with a bad op is refused at its line" load_refused 3 \
	"there is no op or group named 'nosuch'" \
	"io native" "# a comment" "nosuch native" "idle native"
check "a file with a bad provider is refused at its line" load_refused 2 \
	"a policy is native or builtin, not 'nosuch'" \
	"io native" "idle nosuch"
check "a file is loaded" load "# two" "" "$op native # and" "idle.halt builtin"
is "each policy of the file is in effect" "$(policy "$op"):$(policy idle.halt):$(provider "$op")" \
	native:builtin:native
vmictl policy show > "$tmp/shown"
quiet vmictl policy clear
check "what is shown can be loaded" vmictl policy load "$tmp/shown"
is "policies are shown as they were loaded" "$(vmictl policy)" "$(cat "$tmp/shown")"
quiet vmictl policy clear
check "each policy that changes is an event" events
if [ -d "$event" ]; then
	check "each policy that changes is traced" traced
else
	skip "each policy that changes is traced" "no tracefs"
fi

use builtin
own=$(ops_with provider builtin | head -n 1)
if [ -n "$own" ]; then
	under=$(bindings)
	quiet vmictl policy set "${own%%.*}" native
	is "a policy moves $own from builtin to native" "$(provider "$own")" native
	quiet vmictl policy clear
	is "each op is bound as builtin has it" "$(bindings)" "$under"
else
	skip "a policy moves an op from builtin to native" "the kernel booted with native ops"
	skip "each op is bound as builtin has it" "the kernel booted with native ops"
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
