#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Break the code in one way after the other, and see that a row of the matrix fails.
#
# usage: run.sh [PATCH...]     names of patches here, without .patch; default is all
#
# The head of a patch says what is broken, and has these lines:
#
#   Row: NAME      the row of selftests/vm/matrix that has to fail
#   Finds: PATTERN matches the name of a result that fails, or the warning that ends the
#                  guest
#
# A row finds a mutant if it passes without it, and with it fails in that result.
# Mutants are made in place, and each one is undone before the next. One that is left by a
# run that was killed is undone at the next start.
#
# exit status: 0 unless a mutant was not found.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")
logs=$top/build/mutants
applied=$logs/applied.patch
. "$here/../lib.sh"
cd "$top"

die()
{
	echo "mutants: $*" >&2
	exit 1
}

# head_of PATCH WORD: the rest of the line in the head that begins with it
head_of()
{
	sed -n "/^--- /q; s/^$2: *//p" "$here/$1.patch"
}

undo()
{
	[ -f "$applied" ] || return 0
	patch -R -p1 -s -f --no-backup-if-mismatch < "$applied" ||
		die "cannot undo $applied"
	rm "$applied"
}

# run_row ROW LOG: build what it needs, and fail as the row does
run_row()
{
	selftests/vm/check.sh "$1" > "$2" 2>&1
}

# failed_results LOG: names of results of tests, which are two levels below that of a row, and
# warnings of the guest's kernel
failed_results()
{
	sed -nE 's/^ {4,}not ok [0-9]+ //p; s/^  # run: .*\] (WARNING: .*)/\1/p' "$1"
}

passes_unbroken()
{
	local row=$1

	if [ -z "${unbroken[$row]:-}" ]; then
		unbroken[$row]=failed
		! run_row "$row" "$logs/$row.log" || unbroken[$row]=passed
	fi
	[ "${unbroken[$row]}" = passed ]
}

# why_not_found PATCH: prints nothing if its row finds it
why_not_found()
{
	local log=$logs/$1.log finds

	finds=$(head_of "$1" Finds)
	if ! patch -p1 -s -f --dry-run < "$here/$1.patch" > "$log" 2>&1; then
		echo "the patch does not apply"
		return
	fi
	cp "$here/$1.patch" "$applied"
	patch -p1 -s -f --no-backup-if-mismatch < "$applied"
	if run_row "$(head_of "$1" Row)" "$log"; then
		echo "the row passes"
	elif ! failed_results "$log" | grep -E -- "$finds" > /dev/null; then
		echo "the row fails, but not in '$finds': see $log"
	fi
	undo
}

# result PATCH
result()
{
	local row why title

	row=$(head_of "$1" Row)
	title="$1 is found by $row"
	if ! passes_unbroken "$row"; then
		fail "$title" "the row fails without it"
		return
	fi
	why_not_found "$1" > "$logs/why"
	read -r why < "$logs/why" || why=
	if [ -n "$why" ]; then
		fail "$title" "$why"
	else
		note "$(failed_results "$logs/$1.log")"
		pass "$title"
	fi
}

declare -A unbroken=()
mkdir -p "$logs"
undo
trap undo EXIT
trap 'exit 1' INT TERM

[ $# -gt 0 ] || set -- "$here"/*.patch
plan $#
for name in "$@"; do
	name=$(basename "$name" .patch)
	[ -f "$here/$name.patch" ] || die "no $name.patch in $here"
	result "$name"
done
finish
