#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmictl top, at a terminal, on a kernel where things happen.

. ./lib.sh

need_root
need_vmi
backend=$(pick_backend) || skip_all "no usable backend"
module=$(module_of "$backend")

# Whoever sleeps sends IPIs, and interrupts end.
op=eoi.eoi

# at_terminal STEPS [WORD...]: as in tools/vmictl/tests/terminal.c
at_terminal()
{
	steps=$1
	shift
	printf '%s\n' "$steps" "press q" "end 0" |
		TERM=vt52 ./terminal vmictl top --interval 0.2 "$@"
}

# Steps that bring the backend in from nowhere, if it can go.
reload_steps()
{
	[ -z "$module" ] || ! loaded "$module" ||
		echo "do rmmod $module && modprobe vmi-backend-$backend"
	echo "do vmictl use $backend"
}

use native
counting=$(vmi "ops/$op/counting")
quiet vmictl stats on $op

plan 6
check "calls are counted" at_terminal \
	"see *native is active*
see    $op * [1-9]* native *yes *" eoi
check "each CPU has a column" at_terminal \
	"see    $op * native *yes *
press 1
see *CPUs, calls per second*
see  NAME *RATE/S *CPU0 *
see    $op *[1-9]*.[0-9] *[0-9].[0-9] *
press 1
see    $op * native *yes *" eoi
check "a switch shows" at_terminal \
	"see *native is active*
do vmictl use $backend
see *$backend is active*
do vmictl use native
see *native is active*"
check "a backend that is loaded again shows" at_terminal \
	"do vmictl use $backend
see *$backend is active*
do vmictl use native
see *native is active*
$(reload_steps)
see *$backend is active*
do vmictl use native
see *native is active*"
check "it is drawn again for another size" at_terminal \
	"see    $op *
resize 5 40
see  eoi *
gone *PROVIDER*
resize 24 80
see *PROVIDER*
see    $op *" eoi
check "lost events are made up for" at_terminal \
	"see *native is active*
signal 19
do . ./lib.sh && flood_events
do vmictl use $backend
signal 18
see Events were lost; all was read again. *
see *$backend is active*
do vmictl use native
see *native is active*"
[ "$counting" = 1 ] || quiet vmictl stats off $op
finish
