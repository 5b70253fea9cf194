#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Every file of /sys/kernel/vmi can be read by anybody and written by nobody,
# holds one well-formed value, and nothing shown anywhere is a kernel address.

. ./lib.sh

need_vmi

name_pattern='^[a-z][a-z0-9.-]*$'
state_pattern='^(registered|validated|prepared|active|draining|failed)$'
error_pattern='^(none|[a-z]+: .+)$'
number_pattern='^(0|[1-9][0-9]*)$'

# The pattern of a file's value, by its name below /sys/kernel/vmi.
pattern_of()
{
	case $1 in
	active|requested|ops/*/provider) echo "$name_pattern" ;;
	builtin|hypervisor|backends/*/hypervisor) echo '^[ -~]+$' ;;
	state) echo "^none\$|$state_pattern" ;;
	backends/*/state) echo "$state_pattern" ;;
	backends/*/evidence) echo '^[ -~]*$' ;;
	last_error|backends/*/last_error) echo "$error_pattern" ;;
	before_init|ops/*/counting) echo '^[01]$' ;;
	api_major|api_minor|switches|switched_at_ns|ops/*/calls)
		echo "$number_pattern" ;;
	*) return 1 ;;
	esac
}

files()
{
	find "$VMI" -type f
}

# As root of the machine a file without the right to read can be read as well.
anybody()
{
	if [ "$(id -u)" -eq 0 ]; then
		./helper nobody "$@"
	else
		"$@"
	fi
}

readable()
{
	files | while read -r file; do
		anybody cat "$file" > /dev/null || exit 1
	done
}

not_writable()
{
	bad=$(find "$VMI" -type f ! -perm 0444)
	[ -z "$bad" ] || { echo "$bad"; return 1; }
	if [ "$(id -u)" -eq 0 ]; then
		# Root may open any file; there must be nothing that stores.
		for file in $(files); do
			if (echo 1 > "$file") 2>/dev/null; then
				echo "$file"
				return 1
			fi
		done
	fi
}

well_formed()
{
	for file in $(files); do
		name=${file#"$VMI"/}
		pattern=$(pattern_of "$name") ||
			{ echo "$name is not known"; return 1; }
		lines=$(wc -l < "$file")
		value=$(cat "$file")
		if [ "$lines" -ne 1 ] || ! echo "$value" | grep -Eq "$pattern"; then
			echo "$name is '$value'"
			return 1
		fi
	done
}

complete()
{
	for name in active requested state hypervisor builtin api_major \
		    api_minor switches switched_at_ns before_init last_error; do
		[ -f "$VMI/$name" ] || { echo "no $name"; return 1; }
	done
	for group in $ALL_GROUPS; do
		quiet ls -d "$VMI/ops/$group".*/ || { echo "no $group"; return 1; }
	done
	for op in $(all_ops); do
		for name in provider counting calls; do
			[ -f "$VMI/ops/$op/$name" ] || return 1
		done
	done
}

# vmictl goes by netlink, so the two are told by different code.
agree()
{
	vmictl ops | sed 1d | while read -r op owner _; do
		[ "$(provider "$op")" = "$owner" ] || exit 1
	done || { echo "ops"; return 1; }
	[ "$(vmictl ops | sed 1d | wc -l)" = "$(all_ops | wc -l)" ] || return 1
	vmictl list | sed 1d | while read -r name state _; do
		[ "$(vmi "backends/$name/state")" = "$state" ] || exit 1
	done || { echo "backends"; return 1; }
	vmictl status | grep -q "^active *$(vmi active)\$" || return 1
	vmictl status | grep -q "^switches *$(vmi switches)\$"
}

address='(^|[^0-9a-f])(0x)?ffff[0-9a-f]{12}([^0-9a-f]|$)'

no_address()
{
	! "$@" | grep -E "$address"
}

everything_in_sysfs()
{
	files | xargs cat
}

everything_of_vmictl()
{
	for command in status list ops caps stats; do
		vmictl "$command"
		vmictl -j "$command"
	done
	vmictl use no-such-backend 2>&1
}

log_of_vmi()
{
	dmesg | grep vmi
}

come_and_go()
{
	[ "$(vmi backends/null/state)" = validated ] || return 1
	rmmod vmi_null || return 1
	[ ! -d "$VMI/backends/null" ] || return 1
	modprobe vmi_null && [ -d "$VMI/backends/null" ]
}

filter_works()
{
	echo "at ffffffff81000000 here" | grep -qE "$address"
}

pick_backend > /dev/null || :
plan 10
check "all files that are documented are there" complete
check "anybody can read each file" readable
check "nobody can write any file" not_writable
check "values are well-formed" well_formed
check "vmictl agrees" agree
check "an address would be noticed" filter_works
check "no address in sysfs" no_address everything_in_sysfs
check "no address from vmictl" no_address everything_of_vmictl
if log_of_vmi > /dev/null 2>&1; then
	check "no address in the log" no_address log_of_vmi
else
	skip "no address in the log" "the kernel log cannot be read"
fi
name="a backend's files come and go with it"
if [ "$(id -u)" -ne 0 ]; then
	skip "$name" "needs root"
elif [ "$initial" = null ] || ! quiet modprobe vmi_null; then
	skip "$name" "the null backend is in use or missing"
else
	check "$name" come_and_go
fi
finish
