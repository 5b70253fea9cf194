# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Switch between native and a backend, 100 ms after the last switch, beside programs of others. To
# be sourced behind lib.sh. A kernel without VMI runs these programs alone, so that their results
# can be compared.

# Results of end_switching.
SWITCHING_RESULTS=2

# A switch takes time as well: a preemptible kernel waits for tasks that it preempted.
LEAST_SWITCHES_PER_SECOND=1

has_vmi()
{
	[ -d $VMI ]
}

is_over()
{
	[ -e "$tmp/stop-switching" ]
}

# switch_requests BACKEND: until there is a file that stops them. Each request waits for the last
# switch, so that none is left when the programs have ended.
switch_requests()
{
	until is_over; do
		for switch_to in native "$1"; do
			echo "use $switch_to"
			until [ "$(vmi active)" = "$switch_to" ] || is_over; do
				sleep 0.1
			done
			sleep 0.1
		done
	done
}

begin_switching()
{
	has_vmi || return 0
	need_vmi
	switch_backend=$(pick_backend) || skip_all "no usable backend"
	trap 'stop_switching; switch_back' EXIT
	note "native <-> $switch_backend, 100 ms after the last switch"
	switches=$(vmi switches)
	read_uptime
	switches_since=$uptime
	switch_requests "$switch_backend" | vmictl -b - > "$tmp/switched" 2>&1 &
	switcher=$!
}

# It ends at the first switch that fails.
stop_switching()
{
	[ -n "${switcher:-}" ] || return 0
	: > "$tmp/stop-switching"
	wait "$switcher"
	switch_status=$?
	switcher=
	cat "$tmp/switched"
	return "$switch_status"
}

switches_went_on()
{
	read_uptime
	switches=$(($(vmi switches) - switches))
	switch_seconds=$((uptime - switches_since))
	echo "$switches switches in $switch_seconds s"
	[ "$switches" -ge $((switch_seconds * LEAST_SWITCHES_PER_SECOND)) ]
}

# end_switching: the results of it
end_switching()
{
	skip_unless "the kernel has no VMI" has_vmi
	check "each switch beside it succeeded" stop_switching
	check "switches went on beside it" switches_went_on
	skip_no_more
}
