#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Everybody may look, and only root of the machine may change anything: not an
# ordinary user, and not the root of a user namespace.

. ./lib.sh

need_root
need_vmi

sentence="needs CAP_SYS_ADMIN in the initial user namespace"

everything()
{
	cat $VMI/active $VMI/switches $VMI/ops/*/counting $VMI/ops/*/provider \
		$VMI/ops/*/policy
}

# reads WHO: what is read has content, not just a good exit status
reads()
{
	for command in status layers list ops caps stats "stats --per-cpu" \
		       "stats --histogram"; do
		# shellcheck disable=SC2086 # words
		text=$(./helper "$1" vmictl $command) || return 1
		[ -n "$text" ] || return 1
	done
	# A table of nothing has its titles, too.
	./helper "$1" vmictl stats --histogram mm.exit_mmap |
		grep -q '^mm\.exit_mmap  *cycles  *[1-9]' || return 1
	./helper "$1" vmictl status | grep -q "^active *$(vmi active)\$"
}

# changes WHO NAME: each is refused
changes()
{
	before=$(everything)
	for provider in native builtin null no-such-backend; do
		check "$2 may not use $provider" refused 2 "$sentence" \
			./helper "$1" vmictl use $provider
	done
	for action in on off reset; do
		check "$2 may not switch statistics $action" \
			refused 2 "$sentence" ./helper "$1" vmictl stats $action
	done
	check "$2 may not reset one group" refused 2 "$sentence" \
		./helper "$1" vmictl stats reset clock
	check "$2 may not measure" refused 2 "$sentence" \
		./helper "$1" vmictl stats on --histogram
	check "$2 may not set a policy" refused 2 "$sentence" \
		./helper "$1" vmictl policy set io builtin
	check "$2 may not clear policies" refused 2 "$sentence" \
		./helper "$1" vmictl policy clear
	is "nothing changed by requests of $2" "$(everything)" "$before"
}

skip_changes()
{
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		skip "$1: change $n" "$2"
	done
}

# For a histogram that is there to be read.
measure()
{
	counting=$(vmi ops/mm.exit_mmap/counting)
	quiet vmictl stats on --histogram mm.exit_mmap
	./helper fork 1
	quiet vmictl stats off mm.exit_mmap
	[ "$counting" -eq 0 ] || quiet vmictl stats on mm.exit_mmap
}

pick_backend > /dev/null || :
measure
plan 38
check "an ordinary user can read" reads nobody
changes nobody "an ordinary user"
if ./helper userns true; then
	is "the namespace has a root" "$(./helper userns id -u)" 0
	check "root of a user namespace can read" reads userns
	changes userns "root of a user namespace"
else
	skip "the namespace has a root" "no user namespaces"
	skip "root of a user namespace can read" "no user namespaces"
	skip_changes "root of a user namespace" "no user namespaces"
fi
if ./helper netns true; then
	check "another network namespace can read" reads netns
	if is_xen_pv; then
		skip "root can switch from another network namespace" "builtin is mandatory"
		skip "the switch from another network namespace took place" "builtin is mandatory"
	else
		check "root can switch from another network namespace" ./helper netns vmictl use native
		is "the switch from another network namespace took place" "$(vmi active)" native
	fi
	check "root can switch back from another network namespace" ./helper netns vmictl use "$initial"
	is "the switch back took place" "$(vmi active)" "$initial"
else
	for n in 1 2 3 4 5; do
		skip "another network namespace: $n" "no network namespaces"
	done
fi
counting=$(vmi ops/io.delay/counting)
check "root may switch statistics on" vmictl stats on io
is "statistics are on after root switched them on" "$(vmi ops/io.delay/counting)" 1
check "root may switch statistics off" vmictl stats off io
is "statistics are off after root switched them off" "$(vmi ops/io.delay/counting)" 0
[ "$counting" -eq 0 ] || quiet vmictl stats on io
if is_xen_pv; then
	skip "root may use native" "builtin is mandatory"
	skip "native is in use after root used it" "builtin is mandatory"
else
	check "root may use native" vmictl use native
	is "native is in use after root used it" "$(vmi active)" native
fi
finish
