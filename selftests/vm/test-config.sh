#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does config.sh find each way in which the list and the configurations can disagree? Prints
# KTAP. Each case is a list that agrees with two configurations, with one thing changed.

set -uo pipefail

here=$(realpath "$(dirname "$0")")
. "$here/../lib.sh"
tree=$tmp/tree
list=$tmp/list
debian=$tmp/debian
tests=$tmp/tests
fragment=$tmp/fragment

agreeing_files()
{
	mkdir -p "$tree"
	printf 'config %s\n' XEN PREEMPT NR_CPUS KUNIT > "$tree/Kconfig"
	printf 'CONFIG_%s\n' "XEN y same" "PREEMPT n same" "NR_CPUS 64 8 # few CPUs" \
		"KUNIT n m # the tests" > "$list"
	printf 'CONFIG_%s\n' XEN=y NR_CPUS=64 > "$debian"
	printf 'CONFIG_%s\n' XEN=y NR_CPUS=8 KUNIT=m VMI=y > "$tests"
	printf 'CONFIG_%s\n' XEN=y KUNIT=m VMI=y > "$fragment"
}

# judged STATUS [SENTENCE]: config.sh has that exit status and prints that line
judged()
{
	local got=0 said

	said=$("$here/config.sh" "$list" "$debian" "$tests" "$tree" "$fragment" 2>&1) || got=$?
	printf 'exit status %s:\n%s\n' "$got" "$said"
	[ "$got" -eq "$1" ] && { [ $# -eq 1 ] || grep -qxF "# $2" <<< "$said"; }
}

# config NAME STATUS [SENTENCE]
config()
{
	check "$1" judged "${@:2}"
	agreeing_files
}

plan 13
agreeing_files
config "configurations that agree with the list are accepted" 0
sed -i s/XEN=y/XEN=m/ "$debian"
config "an option that Debian has otherwise is found" 1 \
	"CONFIG_XEN is y for Debian's kernel in the list, and m in its configuration."
sed -i /XEN/d "$debian"
config "an option that Debian lacks is found" 1 \
	"CONFIG_XEN is y for Debian's kernel in the list, and n in its configuration."
echo CONFIG_PREEMPT=y >> "$debian"
config "an option that Debian added is found" 1 \
	"CONFIG_PREEMPT is n for Debian's kernel in the list, and y in its configuration."
sed -i s/NR_CPUS=8/NR_CPUS=64/ "$tests"
config "an option that the tests' kernel has otherwise is found" 1 \
	"CONFIG_NR_CPUS is 8 for the tests' kernel in the list, and 64 in its configuration."
sed -i 's/.*XEN.*/# CONFIG_XEN is not set/' "$tests"
config "an option that the tests' kernel lacks is found" 1 \
	"CONFIG_XEN is y for the tests' kernel in the list, and n in its configuration."
sed -i /KUNIT/d "$list"
config "a difference of a fragment that the list lacks is found" 1 \
	"CONFIG_KUNIT is m for the tests and n for Debian, and is missing in the list."
sed -i /PREEMPT/d "$tree/Kconfig"
config "an option that the kernel does not know is found" 1 \
	"CONFIG_PREEMPT is in no Kconfig file of the kernel."
echo "CONFIG_XEN y same" >> "$list"
config "an option that the list has twice is found" 1 "CONFIG_XEN is in the list twice."
sed -i 's/ # few CPUs//' "$list"
config "a difference without a reason is found" 1 \
	"CONFIG_NR_CPUS differs in the list without a reason."
sed -i 's/XEN y same/& # a reason/' "$list"
config "a reason without a difference is found" 1 \
	"CONFIG_XEN is the same in the list and has a reason to differ."
sed -i 's/PREEMPT n same/PREEMPT n/' "$list"
config "a line with one value is found" 1 \
	"Line 2 of the list has no option with two values: CONFIG_PREEMPT n"
: > "$list"
config "an empty list is found" 1 "The list has no options."
finish
