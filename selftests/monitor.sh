#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmictl monitor shows each event of a switch, once and in order.

. ./lib.sh

need_backend
rounds=3
module=vmi_$backend

# Cause an event with a known word, and one that clears its error. Wait until the monitor has
# written both. Events before are ignored.
marks=0
settle()
{
	marks=$((marks + 1))
	# The first error is kept until a success.
	use "$(vmi active)"
	! use no-such-mark-$marks
	use "$(vmi active)"
	within 60 is_settled
}

is_settled()
{
	[ "$(behind_mark | wc -l)" -gt 1 ]
}

# From the event of the mark on.
behind_mark()
{
	sed -n "/'no-such-mark-$marks'/,\$p" "$tmp/events"
}

# Lines are TIMESTAMP EVENT KEY VALUE...; make a word of each.
events()
{
	behind_mark | sed 1,2d | awk '
		$2 == "status-ntf" { print "status:" $4 }
		$2 == "backend-ntf" { print $4 ":" $6 }
		$2 !~ /-ntf$/ { print }'
}

start()
{
	begin_monitor "$tmp/events" "$@" vmictl monitor && settle
}

enough()
{
	[ "$(events | wc -l)" -ge "$(lines "$tmp/expected")" ]
}

# shows COMMAND...: the command shows as just the words in tmp/expected
shows()
{
	"$@" || { echo "failed: $*"; return 1; }
	within 60 enough || echo "timed out"
	sleep 0.5
	events > "$tmp/got"
	diff "$tmp/expected" "$tmp/got"
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

reload()
{
	rmmod "$module" && modprobe "vmi-backend-$backend"
}

complaints()
{
	grep -v '^Monitoring' "$tmp/events.said"
}

# The queue of a program that is stopped overflows with that many events.
overrun()
{
	kill -STOP "$monitor"
	yes "use $(vmi active)" | head -n 500 | quiet vmictl -b -
	kill -CONT "$monitor"
	within 60 grep -q "events were lost" "$tmp/events.said"
}

use native
plan 14
check "start monitoring" start
expect_round_trips
check "$rounds round trips show" shows repeat "$rounds" round_trip
settle
echo status:native > "$tmp/expected"
check "a refused switch shows" shows fails use no-such-backend
check "the event of a refused switch has the reason" grep -q "no backend named 'no-such-backend'" "$tmp/events"
use native
settle
# The event of a backend that has gone has only the name.
printf '%s\n' "$backend:" "$backend:validated" > "$tmp/expected"
skip_unless "backend $backend is built in" loaded "$module"
check "loading and unloading show" shows reload
skip_no_more
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
finish
