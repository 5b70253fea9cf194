#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Malformed requests are refused with a sentence at the attribute, a socket that was handed
# over gives no rights, and random messages change what they may, as root, or nothing.
# ynl.py makes well-formed requests, and unprivileged.sh makes requests without rights.
#
# usage: netlink.sh [SEED]     repeats the random messages of a run that printed this seed

. ./lib.sh

need_vmi
need_no_policy
command -v jq > /dev/null || skip_all "jq is not installed"
seed=${1:-$(date +%s)}

# Print each capability whose backend is not registered.
stray_caps()
{
	printf 'list\ncaps\n' | vmictl -j -b - | jq -c '
		map(.output) as [$backends, $caps]
		| $caps[] | select([.backend] - [$backends[].name] != [])'
}

# family_state FILTER: print all that the family tells, an object in a line, through a filter of jq.
# Leave out counters, and the core's error, which is that of the first request that failed. A
# command that fails leaves a word, which ends jq with an error.
family_state()
{
	for what in status list caps ops "stats --histogram"; do
		# shellcheck disable=SC2086 # words
		vmictl -j $what || echo '"failed"'
	done | jq -cs "flatten[] | if .api then del(.[\"last-error\"]) else . end
		| del(.calls, .uses, .latency, .targets) | $1"
}

everything=.

# Leave out what random messages of root may change: which ops count and measure, and the
# policies for the ops that they name, and so where these are bound.
but_targets='del(.counting, .measuring)
	| if has("offered") then del(.bound, .reason)
	  elif .name // "" | test("^(io|idle|mm)([.]|$)") then del(.provider, .reason, .policy)
	  else . end'

# is_as_in FILE FILTER: the state is what it was when the file was written
is_as_in()
{
	family_state "$2" > "$tmp/now" && diff "$1" "$tmp/now"
}

# send_random COUNT [RUN...]: set accepted, changes and refused; some messages are accepted, not all
send_random()
{
	count=$1
	shift
	"$@" ./netlink random "$count" "$seed" > "$tmp/sent"
	read -r accepted changes refused < "$tmp/sent"
	note "of $count messages, accepted $accepted, of these changes $changes; refused $refused" >&2
	[ "$accepted" -gt 0 ] && [ "$accepted" -lt "$count" ]
}

# Few messages, because some of them patch the text on all CPUs.
send_as_root()
{
	send_random 500 && [ "$refused" -eq 0 ]
}

send_as_nobody()
{
	send_random 3000 ./helper nobody && [ "$refused" -gt 0 ]
}

others_stayed()
{
	[ "$changes" -gt 0 ] && is_as_in "$tmp/others" "$but_targets"
}

restored()
{
	vmictl policy clear && restore_counting "$counting" &&
		is_as_in "$tmp/whole" "$everything"
}

nothing_changed()
{
	[ "$changes" -eq 0 ] && is_as_in "$tmp/whole" "$everything"
}

plan 17
./netlink > "$tmp/results"
while IFS= read -r line; do
	case $line in
	"ok "*) pass "${line#ok }" ;;
	"not ok "*) fail "${line#not ok }" ;;
	*) echo "$line" ;;
	esac
done < "$tmp/results"
is "caps are those of registered backends" "$(stray_caps)" ""

note "seed $seed"
# A random message that asks for the active provider makes it the requested one, like this.
use "$(vmi active)"
counting=$(counting_requests)
family_state "$everything" > "$tmp/whole"
family_state "$but_targets" > "$tmp/others"
check "some random messages of root are accepted, none lacks permission" send_as_root
check "random messages of root change only what they name" others_stayed
check "what they changed can be restored" restored
family_state "$everything" > "$tmp/whole"
check "some random messages of another user lack permission" send_as_nobody
check "random messages of another user change nothing" nothing_changed
finish
