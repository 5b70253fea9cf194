#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What can be said about the code without running it, as KTAP.
#
# usage: style.sh [CHECK...]     one of the functions check_*, without the prefix

set -uo pipefail

cd "$(dirname "$0")/../.." || exit 1
. tools/build/checks.sh
kernel=tools/build/kernel.sh
tree=$($kernel source) || exit 1

# tracked PATTERN...: files of ours; git knows which are not built.
tracked()
{
	git ls-files --cached --others --exclude-standard -- "$@"
}

# Neither generated code, nor the macro language of trace events.
check_checkpatch_code()
{
	tracked 'kernel/*.[ch]' 'selftests/modules/*.[ch]' 'uapi/*.h' |
		grep -v -e _gen -e /trace.h |
		xargs "$tree/scripts/checkpatch.pl" --no-tree \
			--strict --terse --no-summary --show-types -f
}

# From stdin: a file that git knows would be checked as source, not as a patch.
# Licences are looked at below, with what is here already.
check_checkpatch_patches()
{
	local patch status=0

	for patch in $(tracked 'kernel/patches/*.patch'); do
		GIT_DIR=/nonexistent "$tree/scripts/checkpatch.pl" --root "$tree" \
			--strict --terse --no-summary --show-types - < "$patch" |
			sed "s,^-,$patch," || status=1
	done
	return "$status"
}

# W=1 and sparse for what is below virt/vmi, in a build directory of its own: the
# flags would otherwise cause everything to be built again.
check_sparse_and_warnings()
{
	local log status=0

	log=$(mktemp)
	$kernel config style &&
		$kernel make style prepare &&
		$kernel make style W=1 C=2 CF=-Wsparse-error virt/vmi/ \
			2> "$log" || status=1
	cat "$log"
	# A note of the compiler does not fail the build, a warning shall.
	[ "$status" -eq 0 ] && ! grep -E 'warning:|error:' "$log" > /dev/null || status=1
	rm -f "$log"
	return "$status"
}

# The core's own files. Tests look into every floor.
check_floors()
{
	tracked 'kernel/vmi_core/*.[ch]' | grep -v -e kunit -e /tests/ |
		xargs awk -f tools/build/floors.awk
}

check_shellcheck()
{
	local file

	tracked | while read -r file; do
		! head -n 1 "$file" 2>/dev/null | grep -qaE '^#!.*sh$' || echo "$file"
	done | xargs shellcheck
}

check_clang_format()
{
	tracked 'tools/*.[ch]' 'selftests/*.[ch]' ':!selftests/modules' |
		xargs clang-format --dry-run -Werror
}

check_man_pages()
{
	tracked 'tools/vmictl/*.[1-9]' | xargs -r mandoc -Tlint -Wwarning
}

# Not in files whose format has no comments, see COPYING.
check_spdx()
{
	local file status=0

	for file in $(tracked ':!*.md' ':!COPYING' ':!LICENSES' ':!*.patch' \
			':!tools/vmictl/debian/'{changelog,copyright,source/format}); do
		[ ! -s "$file" ] || head -n 5 "$file" | grep -q SPDX-License-Identifier || {
			echo "$file: no SPDX-License-Identifier"
			status=1
		}
	done
	return "$status"
}

# What the tests' kernel has of Debian's configuration; it need not be built.
check_debian_config()
{
	$kernel config guest && selftests/vm/config.sh
}

[ $# -gt 0 ] || set -- checkpatch_code checkpatch_patches sparse_and_warnings floors \
	shellcheck clang_format man_pages spdx debian_config

run_checks "$@"
