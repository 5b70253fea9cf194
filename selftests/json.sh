#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What each command prints as JSON and as text, for the build machine to compare with
# the schema and with each other (host/schema). Here there is no validator.

. ./lib.sh

need_root
command -v vmictl > /dev/null || skip_all "vmictl is not installed"

tmp=$(mktemp -d)
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

# run FORM OPTION...: prints what the command in $words prints
run()
{
	form=$1
	shift
	ended=0
	# shellcheck disable=SC2086 # words
	vmictl "$@" $words > "$out" 2>&1 || ended=$?
	say_all "$form" "$out"
	[ "$ended" -eq "$wanted" ] || wrong="exit status $ended"
}

# record STATUS COMMAND [NAME]: before and after the text there is a document
record()
{
	wanted=$1
	words=$2
	name=${3:-$words}
	wrong=
	say begin "$words"
	run json -j
	run text
	run json -j
	say end "$wanted"
	is "vmictl $name" "$wrong" ""
}

# record_text COMMAND: one that has no document
record_text()
{
	wanted=0
	words=$1
	wrong=
	say begin "$words"
	run text
	say end "$wanted"
	is "vmictl $words" "$wrong" ""
}

# Two that are told of the same events.
record_monitor()
{
	begin_monitor "$tmp/json" vmictl -j monitor
	json=$monitor
	begin_monitor "$tmp/text" vmictl monitor
	mark_events "$tmp/json" "$tmp/text"
	json_from=$(($(lines "$tmp/json") + 1)) text_from=$(($(lines "$tmp/text") + 1))
	use no-such-backend
	use native
	use "$initial"
	mark_events "$tmp/json" "$tmp/text"
	kill "$json"
	wait "$json"
	end_monitor
	sed -i "$json_from,\$!d" "$tmp/json"
	sed -i "$text_from,\$!d" "$tmp/text"
	say begin monitor
	say_all json "$tmp/json"
	say_all text "$tmp/text"
	say end 0
	check "vmictl monitor has events" [ -s "$tmp/json" ]
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

# Rates have to be the same in all readings. Those that did count go on afterwards.
stop_counting()
{
	vmictl -j ops | jq -r '.[] | select(.counting) | "stats on " + .name' \
		> "$tmp/counting"
	measured=$(vmictl -j stats --histogram |
		jq -r '.[] | select(.measuring) | .name')
	quiet vmictl stats off
}

start_counting()
{
	quiet vmictl -b "$tmp/counting"
	for op in $measured; do
		quiet vmictl stats on --histogram "$op"
	done
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

# One that a newer vmictl has besides these is recorded as well.
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
		record_text "stats --format openmetrics"
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
	stop_counting
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
[ ! -d $VMI ] || start_counting
rm -rf "$tmp"
finish
