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

# Root may open any file; there must be nothing that stores.
not_writable()
{
	find "$VMI" -type f ! -perm 0444 | fails grep . || return 1
	for file in $(files); do
		if (echo 1 > "$file") 2>/dev/null; then
			echo "$file"
			return 1
		fi
	done
}

# The files, each with the form of its only line.
documented()
{
	cat <<-'END'
		active ^[a-z][a-z0-9.-]*$
		requested ^[a-z][a-z0-9.-]*$
		choice ^[ -~]+$
		hypervisor ^[ -~]+$
		builtin ^[ -~]+$
		state ^(none|active|draining)$
		last_error ^(none|[a-z]+: .+)$
		before_init ^[01]$
		api_major ^(0|[1-9][0-9]*)$
		api_minor ^(0|[1-9][0-9]*)$
		switches ^(0|[1-9][0-9]*)$
		switched_at_ns ^(0|[1-9][0-9]*)$
		ops/OP/provider ^[a-z][a-z0-9.-]*$
		ops/OP/policy ^[a-z][a-z0-9.-]*$
		ops/OP/function ^[A-Za-z_][A-Za-z0-9_.]*$
		ops/OP/counting ^[01]$
		ops/OP/calls ^(0|[1-9][0-9]*)$
		backends/NAME/state ^(registered|validated|prepared|active|draining|failed)$
		backends/NAME/hypervisor ^[ -~]+$
		backends/NAME/evidence ^[ -~]*$
		backends/NAME/last_error ^(none|[a-z]+: .+)$
	END
}

well_formed()
{
	documented > "$tmp/documented"
	# shellcheck disable=SC2016 # these are fields of awk
	files | xargs awk -v top="$VMI/" '
		FILENAME == ARGV[1] {
			form[$1] = substr($0, length($1) + 2)
			next
		}
		FNR == 1 { n++ }
		{
			name = substr(FILENAME, length(top) + 1)
			kind = name
			sub(/^ops\/[^\/]*/, "ops/OP", kind)
			sub(/^backends\/[^\/]*/, "backends/NAME", kind)
		}
		FNR > 1 || !(kind in form) || $0 !~ form[kind] {
			print name " is \047" $0 "\047"
			bad = 1
		}
		END { exit bad || n != ARGC - 2 }' "$tmp/documented"
}

# There is each op of each group, with each of its files.
complete()
{
	for group in $ALL_GROUPS; do
		all_ops | grep "^${group}[.]" || { echo "no $group"; return 1; }
	done
	all_ops | while read -r op; do
		documented | sed "/^backends/d; s,/OP/,/$op/,; s/ .*//"
	done | while read -r name; do
		[ -f "$VMI/$name" ] || { echo "no $name"; exit 1; }
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

everything_of_vmictl()
{
	for command in status list ops caps stats; do
		vmictl "$command"
		vmictl -j "$command"
	done
	vmictl use no-such-backend 2>&1
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

null_can_go()
{
	[ "$initial" != null ] && quiet modprobe vmi_null
}

pick_backend > /dev/null || :
plan 10
check "all files that are documented are there" complete
check "anybody can read each file" ./helper nobody find "$VMI" -type f -exec cat {} +
check "nobody can write any file" not_writable
check "values are well-formed" well_formed
check "vmictl says by netlink what sysfs says" agree
check "an address would be noticed" fails no_address echo "at ffffffff81000000 here"
check "no address in sysfs" no_address find "$VMI" -type f -exec cat {} +
check "no address from vmictl" no_address everything_of_vmictl
check "no address in the log" no_address sh -c "dmesg | grep vmi"
skip_unless "the null backend is in use or missing" null_can_go
check "a backend's files come and go with it" come_and_go
finish
