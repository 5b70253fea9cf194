#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Some ops are single instructions in the kernel's text, until someone counts them or binds them to
# another function. Where they are bound to null, its own counters are a second witness of the
# calls.

. ./lib.sh

need_vmi
ops="irq.save_fl irq.disable irq.enable lock.unlock lock.vcpu_is_preempted"
least_calls=100

# grows COUNTER...: while the machine works, by some calls at least. The scheduler asks only now and
# then whether a CPU is preempted.
grows()
{
	grows_from=$("$@") && work 1 && grows_to=$("$@") || return 1
	echo "$* grew by $((grows_to - grows_from))"
	case $* in
	*preempted) grows_least=10 ;;
	*) grows_least=$least_calls ;;
	esac
	[ $((grows_to - grows_from)) -ge "$grows_least" ]
}

stands_still()
{
	still=$("$@") && work 1 && [ "$("$@")" = "$still" ]
}

# for_both COMMAND...
for_both()
{
	"$@" irq && "$@" lock
}

each_grows()
{
	for op in $ops; do
		grows calls "$op" || return 1
	done
}

none_grows()
{
	for op in $ops; do
		stands_still calls "$op" || return 1
	done
}

are_bound_to()
{
	for op in $ops; do
		[ "$(provider "$op")" = "$1" ] || return 1
	done
}

# Each reading of the one counter is between two readings of the other.
null_counts_alike()
{
	before_reset=$(uses null irq-disable) && vmictl stats reset irq &&
		after_reset=$(uses null irq-disable) && work 1 || return 1
	counted=$(calls irq.disable)
	used=$(uses null irq-disable)
	counted_later=$(calls irq.disable)
	echo "null counted $((used - after_reset)) to $((used - before_reset)) calls," \
		"the core $counted to $counted_later"
	[ "$counted" -ge "$least_calls" ] && [ "$counted" -le $((used - before_reset)) ] &&
		[ $((used - after_reset)) -le "$counted_later" ]
}

# A module's sites are hooked before its text runs for the first time. It executes them when it is
# loaded, too, where only the unlock is hooked. In the time that it takes to read a file, the rest
# of the kernel makes fewer calls than the module.
sites_of_a_module_count()
{
	quiet rmmod vmi_cost
	before=$(each_calls)
	cat /proc/uptime > /dev/null
	others=$(each_calls)
	modprobe vmi_cost || return 1
	loaded=$(each_calls)
	made=$(cat /sys/kernel/debug/vmi_cost/sites)
	after=$(each_calls)
	rmmod vmi_cost
	printf '%s\n' "$before" "$others" "$loaded" "$after" | awk -v made="$made" '
		{ for (i = 1; i <= NF; i++) calls[NR, i] = $i }
		END {
			for (i = 1; i <= NF; i++) {
				other = calls[2, i] - calls[1, i]
				loading = calls[3, i] - calls[2, i]
				got = calls[4, i] - calls[3, i]
				print got " and " loading " calls for " made ", " other \
					" of others before"
				bad += i == 4 && loading < made || got < made || got > 2 * made ||
					other >= made
			}
			exit bad || NR != 4
		}'
}

each_calls()
{
	for op in $ops; do
		printf '%s ' "$(calls "$op")"
	done
	echo
}

# Prints SYMBOL+OFFSET of the site.
find_site()
{
	./inline | sed -n "s/^# site of $1: //p"
}

probe()
{
	echo "p:vmi_test $1" > /sys/kernel/tracing/kprobe_events
}

remove_probe()
{
	echo > /sys/kernel/tracing/kprobe_events
}

# A kprobe behind a site shows that the function may have some.
probe_behind()
{
	probe "${1%+*}+$((${1#*+} + 5))" && remove_probe
}

# Without an address, or with that of an event that is there already, each probe would be refused.
probe_is_refused()
{
	[ -n "$1" ] || return 1
	! probe "$1" || { remove_probe; return 1; }
}

null_and_module()
{
	usable null && has_module vmi_cost
}

# There are some thousand sites of group irq.
perf_is_told()
{
	hooks=$(./helper count-hooks "vmictl stats on irq") || return 1
	echo "$hooks hooks"
	[ "$hooks" -gt 900 ]
}

counting=$(counting_requests)
trap 'quiet rmmod vmi_cost; restore_counting "$counting"; switch_back' EXIT
plan 28
quiet vmictl stats off
check "use native" vmictl use native
check "ops with inline sites are native" are_bound_to native
check "calls are not counted" none_grows
check "native sites are padded instructions" ./inline
site=$(find_site irq.disable)
skip_unless "the kernel has no kprobe events" [ -w /sys/kernel/tracing/kprobe_events ]
check "a kprobe behind a native site is accepted" probe_behind "$site"
check "a kprobe at a native site is refused" probe_is_refused "$site"
skip_no_more
check "perf is told of hooks" perf_is_told
check "count the calls" for_both vmictl stats on
check "each op is counted" each_grows
check "counted sites are calls" ./inline
skip_unless "the kernel has no kprobe events" [ -w /sys/kernel/tracing/kprobe_events ]
check "a kprobe at a hooked site is refused" probe_is_refused "$site"
skip_unless "there is no module vmi_cost" has_module vmi_cost
check "the sites of a module that is loaded meanwhile count" sites_of_a_module_count
skip_no_more
check "stop counting" for_both vmictl stats off
check "no op is counted any more" none_grows
check "sites are native again" ./inline
skip_unless "there is no null backend" usable null
check "use null" vmictl use null
check "ops with inline sites are bound to null" are_bound_to null
check "sites bound to null are calls" ./inline
for op in $ops; do
	check "null counts calls of $op" grows uses null "$(echo "$op" | tr ._ --)"
done
quiet for_both vmictl stats on
check "null and the core count the same calls" null_counts_alike
skip_unless "there is no null backend, or no module vmi_cost" null_and_module
check "the sites of a module count on null" sites_of_a_module_count
skip_no_more
quiet for_both vmictl stats off
check "use native again" vmictl use native
check "sites are native after null" ./inline
finish_with_clean_log
