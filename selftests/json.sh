#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What each command prints as JSON, for the build machine to compare with the schema
# (host/schema). Here there is no validator. That the text says the same is looked at with
# a fake kernel, in tools/vmictl/tests.

. ./lib.sh

need_root
command -v vmictl > /dev/null || skip_all "vmictl is not installed"

out=$tmp/out

# Lines of check.py, which says what they are for.
say()
{
	printf '# vmictl: %s\n' "$*"
}

say_all()
{
	sed "s/^/# vmictl: $1 /" "$2"
}

# record STATUS COMMAND [NAME]: metrics are text for another program, and have no document
record()
{
	case $2 in
	*openmetrics) form=text options= ;;
	*) form=json options=-j ;;
	esac
	status=0
	say begin "$2"
	# shellcheck disable=SC2086 # words
	vmictl $options $2 > "$out" 2>&1 || status=$?
	say_all $form "$out"
	say end "$status"
	is "vmictl ${3:-$2}" "$status" "$1"
}

record_monitor()
{
	begin_monitor "$out" vmictl -j monitor
	use no-such-backend
	use native
	use "$initial"
	within 60 has_seen_error
	end_monitor
	say begin monitor
	say_all json "$out"
	say end 0
	check "vmictl monitor has events" has_seen_error
}

# The event behind that of the error has come as well.
has_seen_error()
{
	[ "$(sed -n '/no-such-backend/,$p' "$out" | wc -l)" -gt 1 ]
}

record_policy()
{
	vmictl policy show > "$tmp/policies"
	record 0 "policy set io builtin" "policy set"
	echo "idle.halt builtin" > "$tmp/policy.conf"
	record 0 "policy load $tmp/policy.conf" "policy load"
	record 0 policy
	record 2 "policy set nothing builtin"
	record 0 "policy clear"
	vmictl policy load "$tmp/policies"
}

measured_something()
{
	vmictl -j stats --histogram | jq -e 'any(.latency.count > 0)'
}

# Histograms that have something in them and stand still: nobody is inside of a measured
# call any more once each CPU did something else.
record_histograms()
{
	quiet vmictl stats on --histogram
	work 0.1
	quiet vmictl stats off
	for cpu in $(online_cpus); do
		taskset -c "$cpu" true
	done
	check "histograms have something in them" measured_something
	record 0 "stats --histogram"
	record 0 "stats --per-cpu"
}

# A command that is not in this list, of a newer vmictl, is recorded as well.
record_command()
{
	case $1 in
	explain)
		vmictl -j ops | jq -r '.[] | "explain " + .name' > "$tmp/batch"
		record 0 "--batch $tmp/batch" "explain, each op"
		record 0 "explain lock.wait"
		record 2 "explain no.such-op"
		;;
	stats)
		record 0 stats
		record_histograms
		record 0 "stats --format openmetrics"
		record 0 "stats --interval 0.1 --count 2"
		record 0 "stats --per-cpu --interval 0.1 --count 2"
		record 2 "stats nothing"
		;;
	top)
		record 0 "top --interval 0.1 --count 1 lock"
		record 0 "top --per-cpu --interval 0.1 --count 1 lock"
		;;
	check)
		record 0 "check $(module_file vmi_null)" "check, what the kernel takes"
		record 2 "check $(module_file vmi_bad_major)" "check, what it refuses"
		record 2 "check lib.sh"
		;;
	use)
		record 0 "use $initial" "use, what is in use"
		record 2 "use no-such-backend"
		;;
	policy) record_policy ;;
	monitor) record_monitor ;;
	*) record 0 "$1" ;;
	esac
}

# Without a kernel that has VMI, the commands have an error to print.
record_error()
{
	case $1 in
	detect) record 0 detect ;;
	check) record 2 "check lib.sh" ;;
	explain) record 2 "explain lock.wait" ;;
	use) record 2 "use native" ;;
	*) record 2 "$1" ;;
	esac
}

commands=$(vmictl help | sed -n 's/^  \([a-z][a-z-]*\).*/\1/p' | grep -vx help)
# shellcheck disable=SC2086 # words
set -- $commands
if [ -d $VMI ]; then
	need_vmi
	# Sums are compared, so nothing counts meanwhile. What did count goes on afterwards.
	counting=$(counting_requests)
	quiet vmictl stats off
	# Those of a command that has more than one, and a document of its own.
	plan $(($# + 2 + 7 + 1 + 2 + 1 + 4 + 2))
	each=record_command
else
	plan $(($# + 2))
	each=record_error
fi
# shellcheck disable=SC2086 # words
say commands $commands
for command in "$@"; do
	$each "$command"
done
record 0 --version
record 1 no-such-command
[ ! -d $VMI ] || restore_counting "$counting"
finish
