#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Everybody may look, and only root of the machine may change anything: not an
# ordinary user, and not the root of a user namespace.

. ./lib.sh

need_vmi

sentence="needs CAP_SYS_ADMIN in the initial user namespace"

everything()
{
	cat $VMI/active $VMI/switches $VMI/ops/*/counting $VMI/ops/*/provider \
		$VMI/ops/*/policy
}

user_namespace()
{
	./helper nobody unshare -U -r "$@"
}

# reads RUN...: what vmictl reads, run by these words, has content, not just a good exit status
reads()
{
	for command in status list ops caps stats "stats --per-cpu" \
		       "stats --histogram"; do
		# shellcheck disable=SC2086 # words
		text=$("$@" vmictl $command) || return 1
		[ -n "$text" ] || return 1
	done
	# An empty table has its titles, too.
	"$@" vmictl stats --histogram mm.exit_mmap |
		grep -q '^mm\.exit_mmap  *cycles  *[1-9]' || return 1
	"$@" vmictl status | grep -q "^active *$(vmi active)\$"
}

# changes WHO RUN...: each change is refused
changes()
{
	who=$1
	shift
	before=$(everything)
	for request in "use native" "use builtin" "use null" "use no-such-backend" \
		       "stats on" "stats off" "stats reset" "stats reset clock" \
		       "stats on --histogram" "policy set io builtin" "policy clear"; do
		# shellcheck disable=SC2086 # words
		check "$who may not request '$request'" refused 2 "$sentence" \
			"$@" vmictl $request
	done
	is "nothing changed by requests of $who" "$(everything)" "$before"
}

counting=$(counting_requests)
# For a histogram that is there to be read.
quiet vmictl stats on --histogram mm.exit_mmap
./helper fork 1
restore_counting "$counting"

command -v unshare > /dev/null || skip_all "unshare is not installed"
pick_backend > /dev/null || :
plan 38
check "an ordinary user can read" reads ./helper nobody
changes "an ordinary user" ./helper nobody
skip_unless "no user namespaces" user_namespace true
is "the namespace has a root" "$(user_namespace id -u)" 0
check "root of a user namespace can read" reads user_namespace
changes "root of a user namespace" user_namespace
skip_unless "no network namespaces" unshare -n true
check "another network namespace can read" reads unshare -n
skip_unless "builtin is mandatory" fails is_xen_pv
check "root can switch from another network namespace" unshare -n vmictl use native
is "the switch from another network namespace took place" "$(vmi active)" native
skip_unless "no network namespaces" unshare -n true
check "root can switch back from another network namespace" unshare -n vmictl use "$initial"
is "the switch back took place" "$(vmi active)" "$initial"
skip_no_more
check "root may switch statistics on" vmictl stats on io
is "statistics are on after root switched them on" "$(vmi ops/io.delay/counting)" 1
check "root may switch statistics off" vmictl stats off io
is "statistics are off after root switched them off" "$(vmi ops/io.delay/counting)" 0
restore_counting "$counting"
skip_unless "builtin is mandatory" fails is_xen_pv
check "root may use native" vmictl use native
is "native is in use after root used it" "$(vmi active)" native
finish
