# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Reading the matrix, for check.sh and row.sh. The caller has set matrix_file.

die()
{
	echo "$(basename "$0" .sh): $*" >&2
	exit 1
}

# matrix_lines: the rows, without comments, each with its expected results as a last column.
# There are no blanks around columns, and one with nothing but "-" is empty.
matrix_lines()
{
	awk '
		function print_row() {
			gsub(/[ \t]*[|][ \t]*/, "|", row)
			while (sub(/[|]-[|]/, "||", row))
				;
			if (row)
				print row
		}
		/^#/ || !NF { next }
		/^[ \t]/ { sub(/^[ \t]+want /, ""); row = row "|" $0; next }
		{ print_row(); row = $0 }
		END { print_row() }' "$matrix_file"
}

# parse_row LINE: set name, scenario, vmi, append, tests and want, and a variable for each
# option. The option set= may be given several times.
# shellcheck disable=SC2034 # For the caller.
parse_row()
{
	local options option key

	IFS='|' read -r name scenario vmi append options tests want <<< "$1"
	expect='' next='' timeout='' may_skip='' set='' needs='' after=''
	for option in $options; do
		key=${option%%=*}
		key=${key//-/_}
		[[ $option = *=* && " expect next timeout may_skip set needs after " = *" $key "* ]] ||
			die "row $name: unknown option $option"
		[ -z "${!key}" ] || [ "$key" = set ] || die "row $name: $key= is there twice"
		printf -v "$key" '%s' "${!key}${!key:+ }${option#*=}"
	done
}

# load_row NAME: parse_row() for the row with that name
load_row()
{
	local line

	while read -r line; do
		[ "${line%%[ |]*}" = "$1" ] || continue
		parse_row "$line"
		return
	done < <(matrix_lines)
	die "no row '$1' in ${matrix_file##*/}"
}

# row_builds: the jobs that have to succeed before the parsed row can run
row_builds()
{
	local booted=$scenario

	case $scenario in
	logs) return ;;
	make) booted=$needs ;;
	esac
	echo programs
	[ -z "$booted" ] || "$here/run.sh" --needs "$booted"
}
