#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A policy moves an op or a group from the default provider to native or builtin. It
# persists until it is cleared, whatever the default provider is. A policy that is refused
# changes nothing.

. ./lib.sh

need_backend
need_no_policy
# From native, as later: ops that the backend lacks stay native or builtin, whichever they
# were before.
use native
use "$backend" || skip_all "cannot use $backend"
module=vmi_$backend

# An op of the backend, preferably one that is called often.
pick_op()
{
	for pick in eoi.eoi io.delay tlb.flush_multi clock.steal_clock clock.sched_clock; do
		[ "$(provider $pick)" != "$backend" ] || { echo $pick; return; }
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

policy()
{
	vmi "ops/$1/policy"
}

is_bound()
{
	vmictl -j caps | jq -e --arg name "$cap" --arg backend "$backend" \
		'any(.name == $name and .backend == $backend and .bound)'
}

# The op is called, and the backend's own count stands still.
native_by_count()
{
	used=$(uses "$backend" "$cap")
	counted=$(calls eoi.eoi)
	work 1
	[ "$(uses "$backend" "$cap")" -eq "$used" ] || { echo "it was used"; return 1; }
	[ "$(calls eoi.eoi)" -gt "$counted" ] || { echo "no calls"; return 1; }
	fails is_bound
}

uses_grow()
{
	work 1
	[ "$(uses "$backend" "$cap")" -gt "$used" ]
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
	used=$(uses "$backend" "$cap")
	others=$(other_uses)
	within 60 uses_grow && [ "$(other_uses)" = "$others" ]
}

reason_of()
{
	vmictl -j ops | jq -r --arg op "$1" '.[] | select(.name == $op).reason'
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

# No line of the file has an effect.
bad_file_is_refused()
{
	refused 2 "$tmp/policy.conf:3: there is no op or group named 'nosuch'" \
		load "io native" "# a comment" "nosuch native" "idle native" &&
		[ -z "$(vmictl policy)" ] && [ "$(bindings)" = "$before" ]
}

reload()
{
	rmmod "$module" && [ ! -d "$VMI/backends/$backend" ] &&
		modprobe "vmi-backend-$backend"
}

# The second of two equal requests changes nothing.
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

# Lines of OP POLICY.
policy_events()
{
	sed -n 's/.* op-ntf name \([^ ]*\) .* policy \([a-z]*\).*/\1 \2/p' "$tmp/events"
}

# of_ipi POLICY: an event for each op of the group.
of_ipi()
{
	vmictl ops | awk -v policy="$1" '/^ipi[.]/ { print $1, policy }'
}

all_events_came()
{
	[ "$(policy_events)" = "io.delay native
io.delay default
$(of_ipi native)
ipi.send default
$(of_ipi builtin)
$(of_ipi default)" ]
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
before=$(bindings)
switches=$(vmi switches)
counting=$(counting_requests)

plan 37
check "set $op to native" vmictl policy set "$op" native
is "$op is native" "$(provider "$op")" native
is "sysfs has the policy" "$(policy "$op")" native
is "the policy is the reason" "$(reason_of "$op")" "native by policy"
is "no other op moved" "$(bindings | grep -v "^$op ")" "$(echo "$before" | grep -v "^$op ")"
skip_unless "$backend counts no $op" [ -n "$cap" ]
quiet vmictl stats on eoi
check "the backend's own count stands still" native_by_count
restore_counting "$counting"
skip_no_more
check "clear the policy of $op" vmictl policy clear "$op"
is "each op is bound as before" "$(bindings)" "$before"
is "there is no policy" "$(policy "$op"):$(vmictl policy)" default:
skip_unless "$backend counts no $op" [ -n "$cap" ]
check "the backend is entered for its only op that is not native" only_eoi_by_count
quiet vmictl policy clear

skip_unless "$backend has no lock group here" [ "$(provider lock.kick)" = "$backend" ]
quiet vmictl policy set lock native
is "all ops of lock are native" "$(of_lock)" native
is "a policy for all of a group is shown as one line" "$(vmictl policy)" "lock native"
quiet vmictl policy clear lock
is "all ops of lock are the backend's" "$(of_lock)" "$backend"
skip_no_more

check "an op of a move-together group is refused" refused 2 \
	"lock.kick moves together with its group: name all of 'lock'" \
	vmictl policy set lock.kick native
check "an op of a move-together group cannot be cleared" refused 2 "name all of 'lock'" \
	vmictl policy clear lock.kick
check "an unknown op is refused" refused 2 \
	"there is no op or group named 'lock.nosuch' (ops: lock.slowpath, lock.unlock, " \
	vmictl policy set lock.nosuch native
check "a backend is refused" refused 2 "a policy is native, builtin or default, not '$backend'" \
	vmictl policy set "$op" "$backend"
check "the log says who refused it" in_log \
	"vmi: policy refused: a policy is native, builtin or default, not '$backend'"
is "refused policies change nothing" "$(bindings):$(vmictl policy)" "$before:"

check "set $op to builtin" vmictl policy set "$op" builtin
check "use native" vmictl use native
skip_unless "$backend is built in" loaded "$module"
check "reload the module of $backend" reload
skip_no_more
check "use $backend again" vmictl use "$backend"
is "the policy outlives both" "$(reason_of "$op")" "builtin by policy"
check "clear all policies" vmictl policy clear
is "each op is bound as at first" "$(bindings)" "$before"
is "policies do not count as switches" "$(vmi switches)" $((switches + 2))

check "a file with a bad op is refused at its line" bad_file_is_refused
check "a file is loaded" load "# two" "" "$op native # and" "idle.halt builtin"
is "each policy of the file is in effect" "$(policy "$op"):$(policy idle.halt):$(provider "$op")" \
	native:builtin:native
quiet vmictl policy clear
check "each policy that changes is an event" events

use builtin
own=$(ops_with provider builtin | head -n 1)
under=$(bindings)
skip_unless "the kernel booted with native ops" [ -n "$own" ]
quiet vmictl policy set "${own%%.*}" native
is "a policy moves $own from builtin to native" "${own:+$(provider "$own")}" native
quiet vmictl policy clear
is "each op is bound as builtin has it" "$(bindings)" "$under"
skip_no_more
use native
use "$backend"

check "each CPU works" begin_work "$tmp/work"
check "each group to native and back under load" groups_to_native_and_back
check "the work found nothing wrong" end_work "$tmp/work"
finish_with_clean_log
