#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmictl monitor shows each event of a switch, once and in order.

. ./lib.sh

need_root
need_vmi
rounds=3
backend=$(pick_backend) || skip_all "no usable backend"

tmp=$(mktemp -d)

# Lines are TIMESTAMP EVENT KEY VALUE...; put what matters of each in one word.
events()
{
	sed 1,"$skip_lines"d "$tmp/events" | awk '
		$2 == "status-ntf" { print "status:" $4 }
		$2 == "backend-ntf" { print $4 ":" $6 }
		$2 !~ /-ntf$/ { print }'
}

start()
{
	begin_monitor "$tmp/events" "$@" vmictl monitor && settle
}

# What came until now is not looked at.
settle()
{
	mark_events "$tmp/events" || return 1
	skip_lines=$(lines "$tmp/events")
}

enough()
{
	[ "$(events | wc -l)" -ge "$(lines "$tmp/expected")" ]
}

# What PROGRAM... does has to show as just the words in tmp/expected.
shows()
{
	"$@" || { echo "failed: $*"; return 1; }
	within 60 enough || echo "timed out"
	sleep 0.5
	events > "$tmp/got"
	cmp -s "$tmp/expected" "$tmp/got" && return 0
	diff "$tmp/expected" "$tmp/got"
	return 1
}

round_trip()
{
	use "$backend" && use native
}

expect_round_trips()
{
	repeat "$rounds" printf '%s\n' "$backend:prepared" "$backend:active" \
		"status:$backend" "$backend:draining" \
		"$backend:validated" "status:native" > "$tmp/expected"
}

refused_switch()
{
	! use no-such-backend
}

switch_stats()
{
	vmictl stats on io && vmictl stats off io && vmictl stats reset io
}

reload()
{
	rmmod "$(module_of "$backend")" && modprobe "vmi-backend-$backend"
}

complaints()
{
	grep -v '^Monitoring' "$tmp/events.said"
}

# The queue of a program that is stopped runs over.
overrun()
{
	kill -STOP "$monitor"
	flood_events
	kill -CONT "$monitor"
	within 60 grep -q "events were lost" "$tmp/events.said"
}

# at_terminal STEP...: as in tools/vmictl/tests/terminal.c; Ctrl-C is the end.
at_terminal()
{
	printf '%s\n' "see Monitoring, press Ctrl-C to stop. *" "$@" \
		"press $(printf '\003')" "end 0" | ./terminal vmictl monitor
}

use native
plan 18
check "start monitoring" start
expect_round_trips
check "$rounds round trips show" shows repeat "$rounds" round_trip
settle
echo status:native > "$tmp/expected"
check "a refused switch shows" shows refused_switch
check "the event of a refused switch has the reason" grep -q "no backend named 'no-such-backend'" "$tmp/events"
settle
use native
settle
if [ -n "$(module_of "$backend")" ] && loaded "$(module_of "$backend")"; then
	# Of one that has gone, only the name is left to tell.
	printf '%s\n' "$backend:" "$backend:validated" > "$tmp/expected"
	check "loading and unloading show" shows reload
	settle
else
	skip "loading and unloading show" "backend $backend is built in"
fi
check "the monitor survives a reload" kill -0 "$monitor"
check "the monitor ends by SIGTERM" end_monitor
is "the monitor had no complaint" "$(complaints)" ""

check "an ordinary user may monitor" start ./helper nobody
expect_round_trips
check "the monitor of an ordinary user sees $rounds round trips" shows repeat "$rounds" round_trip
end_monitor
is "the monitor of an ordinary user had no complaint" "$(complaints)" ""

check "start monitoring once more" start
check "the monitor says that events were lost" overrun
settle
expect_round_trips
check "the monitor shows events after the lost ones" shows repeat "$rounds" round_trip
end_monitor

# Each size is an empty screen, so that nothing is seen that was there before.
check "a terminal shows a switch" at_terminal \
	"do vmictl use $backend" \
	"see * status-ntf active $backend *" \
	"do vmictl use native" \
	"see * status-ntf active native *"
check "a terminal may have another size" at_terminal \
	"do vmictl use $backend" \
	"see * status-ntf active $backend *" \
	"resize 5 60" \
	"do vmictl use native" \
	"see * status-ntf active native *" \
	"resize 24 160" \
	"do vmictl use $backend" \
	"see * status-ntf active $backend requested * switches [0-9]* *" \
	"do vmictl use native" \
	"see * status-ntf active native requested * switches [0-9]* *"
module=$(module_of "$backend")
if [ -n "$module" ] && loaded "$module"; then
	check "a terminal shows a backend that is loaded again" at_terminal \
		"do rmmod $module && modprobe vmi-backend-$backend" \
		"see * backend-ntf name $backend  *" \
		"see * backend-ntf name $backend state validated *" \
		"do vmictl use $backend" \
		"see * status-ntf active $backend *" \
		"do vmictl use native" \
		"see * status-ntf active native *"
else
	skip "a terminal shows a backend that is loaded again" \
		"backend $backend is built in"
fi
check "a terminal is told of lost events, and shows what is true" at_terminal \
	"signal 19" \
	"do . ./lib.sh && flood_events" \
	"do vmictl use $backend" \
	"signal 18" \
	"see Warning: events were lost; resynchronising. *" \
	"see * lost  *" \
	"see * status-get active $backend *" \
	"see * backend-get name $backend state active *" \
	"resize 24 80" \
	"do vmictl use native" \
	"see * status-ntf active native *"
rm -rf "$tmp"
finish
