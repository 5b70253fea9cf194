#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Every file of /sys/kernel/vmi can be read by anybody and written by nobody,
# holds one well-formed value, and nothing shown anywhere is a kernel address.

. ./lib.sh

need_vmi

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
	anybody find "$VMI" -type f -exec cat {} + > /dev/null
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

# One line a file, of a form that goes by the name of the file.
well_formed()
{
	# shellcheck disable=SC2016 # these are fields of awk
	files | xargs awk -v top="$VMI/" '
		function form(name) {
			if (name ~ /^(active|requested)$|^ops\/.*\/(provider|policy)$/)
				return "^[a-z][a-z0-9.-]*$"
			if (name ~ /^(builtin|choice|hypervisor)$/ ||
			    name ~ /^backends\/.*\/hypervisor$/)
				return "^[ -~]+$"
			if (name == "state")
				return "^(none|active|draining)$"
			if (name ~ /^backends\/.*\/state$/)
				return "^(registered|validated|prepared|active|draining|failed)$"
			if (name ~ /^backends\/.*\/evidence$/)
				return "^[ -~]*$"
			if (name ~ /^(backends\/.*\/)?last_error$/)
				return "^(none|[a-z]+: .+)$"
			if (name ~ /^ops\/.*\/function$/)
				return "^[A-Za-z_][A-Za-z0-9_.]*$"
			if (name == "before_init" || name ~ /\/counting$/)
				return "^[01]$"
			if (name ~ /^(api_major|api_minor|switches|switched_at_ns)$/ ||
			    name ~ /^ops\/.*\/calls$/)
				return "^(0|[1-9][0-9]*)$"
			return "no such file is documented"
		}
		{ name = substr(FILENAME, length(top) + 1) }
		FNR > 1 || $0 !~ form(name) {
			print name " is \047" $0 "\047"
			bad = 1
		}
		FNR == 1 { n++ }
		END { exit bad || n != ARGC - 1 }'
}

complete()
{
	for name in active choice requested state hypervisor builtin \
		    api_major api_minor switches switched_at_ns before_init last_error; do
		[ -f "$VMI/$name" ] || { echo "no $name"; return 1; }
	done
	for group in $ALL_GROUPS; do
		quiet ls -d "$VMI/ops/$group".*/ || { echo "no $group"; return 1; }
	done
	for op in $(all_ops); do
		for name in provider policy function counting calls; do
			[ -f "$VMI/ops/$op/$name" ] || return 1
		done
	done
}

# vmictl goes by netlink, so the two are told by different code.
agree()
{
	[ "$(vmictl ops | awk 'NR > 1 { print $1, $2 }' | sort)" = "$(bindings)" ] ||
		{ echo "ops"; return 1; }
	vmictl list | sed 1d | while read -r name state _; do
		[ "$(state "$name")" = "$state" ] || exit 1
	done || { echo "backends"; return 1; }
	vmictl status | grep -q "^active *$(vmi active)\$" || return 1
	vmictl status | grep -q "^switches *$(vmi switches)\$"
}

address='(^|[^0-9a-f])(0x)?ffff[0-9a-f]{12}([^0-9a-f]|$)'

# All bits set is a mask, or -1, and gives nothing away.
no_address()
{
	! "$@" | sed 's/ffffffffffffffff//g' | grep -E "$address"
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
	case $(state null) in
	validated|failed) ;;
	*) return 1 ;;
	esac
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
check "vmictl says by netlink what sysfs says" agree
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
