#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The commands that vmictl trace prints work: those that can be run here are run, and of
# the others it is looked whether the kernel has what they name.

. ./lib.sh
. ./programs.sh

need_vmi

tracing=/sys/kernel/tracing

ops()
{
	jq -r ".ops[] | $1" "$tmp/trace"
}

# Names are not more than the names of this kernel.
known_functions()
{
	awk '{ print $3 }' /proc/kallsyms > "$tmp/symbols"
	ops '.function // empty' | sort -u > "$tmp/functions"
	[ -s "$tmp/functions" ] || return 1
	not_in "$tmp/symbols" < "$tmp/functions" > "$tmp/unknown"
	cat "$tmp/unknown"
	[ ! -s "$tmp/unknown" ]
}

# briefly COMMANDS: each of them, in less time
briefly()
{
	sed 's/sleep 10/sleep 0.1/' > "$tmp/commands"
	[ -s "$tmp/commands" ] || return 1
	while IFS= read -r command; do
		"$@" sh -c "cd /tmp && $command" < /dev/null || { echo "$command"; return 1; }
	done < "$tmp/commands"
}

counts()
{
	vmictl -j trace io | jq -r '.ops[].hints[] | select(.tool == "vmictl").command' |
		briefly env
}

# The host has a kernel with KVM; so has this one.
host_events()
{
	sed -n "s/.* -e kvm:\([a-z_]*\).*--filter '\([^']*\)'.*/\1 \2/p
		t
		s/.* -e kvm:\([a-z_]*\) .*/\1 0/p" "$tmp/host" > "$tmp/events"
	[ "$(wc -l < "$tmp/events")" -eq "$(wc -l < "$tmp/host")" ] || return 1
	while read -r event filter; do
		echo "$event $filter"
		echo "$filter" > "$tracing/events/kvm/$event/filter" || return 1
		echo 0 > "$tracing/events/kvm/$event/filter"
	done < "$tmp/events"
}

can_ask_host()
{
	[ -s "$tmp/host" ] && quiet modprobe kvm && [ -d "$tracing/events/kvm" ]
}

# Just those are refused of which vmictl says so.
kprobes_as_said()
{
	ops 'select(.function) | "\(.function) \(.["no-kprobe"] == null)"' |
	while read -r function possible; do
		got=true
		echo "p:vmi_selftest/probe $function" > "$tracing/kprobe_events" || got=false
		echo > "$tracing/kprobe_events"
		[ "$got" = "$possible" ] || { echo "$function: $got"; exit 1; }
	done
}

plan 6
check "it has hints" sh -c "vmictl -j trace > $tmp/trace"
is "for all ops" "$(ops .name | sort)" "$(all_ops | sort)"
check "functions are those of this kernel" known_functions
check "what counts can be run" counts
ops '.hints[] | select(.where == "host").command' | sort -u > "$tmp/host"
skip_unless "no host is known, or this kernel has no KVM to ask" can_ask_host
check "the host has what is to be traced" host_events
skip_no_more
if [ -L /repository ] && enter_programs; then
	jq -r '.switches[] | select(.tool != "bpftrace").command' "$tmp/trace" > "$tmp/switches"
	check "what traces switches can be run" briefly program < "$tmp/switches"
else
	skip_unless "this kernel has no kprobe events" [ -e $tracing/kprobe_events ]
	check "kprobes are as possible as is said" kprobes_as_said
fi
finish
