# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Tests of vmictl top, for run.sh. TERMINAL is the program that is the terminal.

TERMINAL=${TERMINAL:-}

# A VMI kernel that goes on, and whose counters do; STEPS are as in terminal.c.
top() { # KERNEL STEPS [WORD...]
	kernel=$1 steps=$2
	shift 2
	printf '%s\n' "$steps" |
		TERM=vt52 FAKE_KERNEL=patient,ticking,$kernel \
			$limit "$TERMINAL" "$VMICTL_FAKE" top --interval 0.2 "$@"
}

quit="press q
end 0"

# The same at an xterm, which has a second screen, that goes when the program does.
top_at_xterm() { # KERNEL STEPS [WORD...]
	kernel=$1 steps=$2 rmcup=$(printf '\033[?1049l')
	shift 2
	printf '%s\n' "wrote $(printf '\033[?1049h')" "$steps" "wrote $rmcup" |
		TERM=xterm FAKE_KERNEL=patient,ticking,$kernel \
			$limit "$TERMINAL" "$VMICTL_FAKE" top --interval 0.2 "$@"
}

# A terminal without a cursor gets lines.
top_without_cursor() { # TERM
	printf '%s\n' "see NAME *CALLS*DELTA*PROVIDER*" "signal 2" "end 0" |
		TERM=$1 FAKE_KERNEL=patient $limit "$TERMINAL" "$VMICTL_FAKE" top \
			--interval 60
}

test_top_on_screen() {
	expect "top" 0 "" "" top unmeasured "see vmictl top  ??:??:??  every 0.2 s  kvm is in charge  switches 1 *
see asked for at run time *
see  NAME * RATE/S *DELTA *CALLS *PROVIDER *COUNTING *
see  tlb *[0-9].[0-9] *[0-9] *[0-9] *yes *
see    tlb.flush_multi *[0-9].[0-9]  *10 *[0-9]2  kvm  *yes *
see    lock.wait *0.0 *0 *0  native  *no *
$quit"
	expect "what calls take" 0 "" "" top good "see  NAME * RATE/S *PROVIDER *CYCLES *
see    tlb.flush_multi * kvm * 100  yes *
see  tlb * 100  yes *
see    lock.kick * -  yes *
$quit"
	expect "what calls take, at first" 0 "" "" top good \
		"see    tlb.flush_multi * -  yes *
$quit" --interval 60
	expect "nothing is measured" 0 "" "" top unmeasured \
		"see    tlb.flush_multi *[0-9].[0-9] * kvm *
gone *CYCLES*
$quit"
	expect "nothing of a group is measured" 0 "" "" top good \
		"see    lock.kick *
gone *CYCLES*
$quit" lock
	expect "top of a group" 0 "" "" top good "see    lock.kick *
gone *tlb*
$quit" lock
	expect "first reading" 0 "" "" top good \
		"see    tlb.flush_multi * -  * -  *12  kvm  *yes *
$quit" --interval 60
	expect "readings that are counted" 0 "" "" top good \
		"end 0
see    tlb.flush_multi *[34]2  kvm *yes *" --count 3
	expect "sort keys" 0 "" "" top good "see *sorted by RATE/S;*
order *tlb *tlb.flush_multi*lock *lock.kick*lock.wait*
press n
see *sorted by NAME;*
order *lock *lock.kick*lock.wait*tlb *tlb.flush_multi*
press r
order *tlb *tlb.flush_multi*lock *lock.kick*lock.wait*
press c
see *sorted by CALLS;*
order *lock *lock.kick*lock.wait*tlb *tlb.flush_multi*
press y
see *sorted by CYCLES;*
order *tlb *tlb.flush_multi*lock *lock.kick*lock.wait*
$quit"
	expect "no groups" 0 "" "" top good "see  tlb *
press g
gone  tlb *
order * tlb.flush_multi * lock.kick * lock.wait *
press p
order * lock.kick * tlb.flush_multi * lock.wait *native*
press G
see  tlb *
$quit"
	for order in NAME RATE/S CALLS PROVIDER CYCLES; do
		expect "keys are all there by $order" 0 "" "" top good \
			"see *RATE/S; n name c calls p provider y cycles *
press $(echo "$order" | sed 's/CYCLES/y/; s/^\(.\).*/\1/')
see q quit  g groups  1 CPUs  sorted by $order; *[a-z]  *
$quit"
	done
	expect "each CPU" 0 "" "" top good "see    tlb.flush_multi * kvm *
press 1
see All CPUs, calls per second  *
see  NAME  *RATE/S *CPU0 *CPU2  *
see  tlb  *[1-9]*.[0-9] *[1-9]*.[0-9] *[1-9]*.[0-9]  *
see    tlb.flush_multi *[1-9]*.[0-9] *[1-9]*.[0-9] *[1-9]*.[0-9]  *
see    lock.wait  *0.0 *0.0 *0.0  *
gone *PROVIDER *
press 1
see *PROVIDER *
gone All CPUs*
$quit"
	expect "each CPU, at first" 0 "" "" top good \
		"see    tlb.flush_multi  *-  *-  *-  *
$quit" --interval 60 --per-cpu
	expect "more CPUs than columns" 0 "" "" top wide "resize 24 48
see CPU0 to CPU3, 3 of 20 CPUs,*
see  NAME  *RATE/S  *CPU0  *CPU2  *CPU3 *
gone *CPU4*
press $(printf '\033C')
see CPU2 to CPU4, 3 of 20 CPUs,*
see  NAME  *RATE/S  *CPU2  *CPU3  *CPU4 *
see    tlb.flush_multi *[0-9].[0-9] *[1-9]*.[0-9] * 0.0 * 0.0 *
press $(printf '\033C\033C\033C\033C\033C\033C\033C\033C\033C\033C\033C\033C\033C\033C\033C\033C\033C\033C\033C')
see CPU18 to CPU20, 3 of 20 CPUs,*
see  NAME  *CPU18  *CPU19  *CPU20 *
press $(printf '\033D')
see CPU17 to CPU19, 3 of 20 CPUs,*
resize 24 170
see All CPUs, calls per second  *
see  NAME  *CPU0  *CPU2  *CPU20 *
resize 24 24
see No room for any of 20 *
resize 24 80
see CPU0 to CPU7, 7 of 20 CPUs, calls per second; Left and Right for others *
$quit" --per-cpu
	expect "thousands of CPUs" 0 "" "" top crowded "resize 24 55
see CPU0 to CPU3, 3 of 2999 CPUs,*
press $(printf '\033D\033C')
see CPU2 to CPU4, 3 of 2999 CPUs,*
$quit" --per-cpu
	expect "rows below CPUs" 0 "" "" top good "resize 7 80
press n
see  lock  *
see    lock.kick *
gone    lock.wait *
press $(printf '\033B\033B\033B\033B\033B\033B')
see  tlb  *
see    tlb.flush_multi *
gone    lock.wait *
$quit" --per-cpu
	# Events have these seen; the next reading is far away.
	expect "op that changed hands" 0 "" "" top rebinding \
		"see \\*  lock.wait * kvm, was native *
see    lock.kick * kvm *
gone \\*  lock.kick *
$quit" --interval 60
	expect "backend that came back" 0 "" "" top reloading \
		"see \\*  tlb.flush_multi * kvm, bound again *
see \\*  lock.kick * kvm, bound again *
see    lock.wait * native *
see * switches 3 *
$quit" --interval 60
	expect "events that were lost" 0 "" "" top losing \
		"see Events were lost; all was read again. *
see    tlb.flush_multi *[0-9].[0-9] *
$quit"
	expect "reading that fails" 0 "" "" top hiccup \
		"see A reading failed; the next one may not. *
see    tlb.flush_multi *[0-9].[0-9] *
$quit"
	expect "control characters at a terminal" 0 "" "" top hostile \
		"see \\?H\\?J evil *
see vmictl top*
$quit"
	expect "larger and smaller terminal" 0 "" "" top good \
		"see *tlb.flush_multi*
press n
see *sorted by NAME;*
resize 6 30
see  lock *
gone *lock.wait*
gone *COUNTING*
resize 40 120
see *lock.wait*native *
see *PROVIDER *
resize 1 1
resize 24 80
see *lock.wait*native *
$quit"
	expect "scrolling" 0 "" "" top good "resize 6 80
press n
see  lock *
press $(printf '\033B')
see    lock.kick *
see    lock.wait *
gone  lock *
press $(printf '\033A')
see  lock *
press $(printf '\033A\033A\033A\033B')
gone  lock *
see    lock.kick *
$quit"
}

test_top_ends() {
	for signal in 1 2 3 15; do
		expect "top ends by signal $signal" 0 "" "" top_at_xterm good \
			"signal $signal
end 0"
	done
	expect "top ends by Ctrl-C" 0 "" "" top_at_xterm good \
		"press $(printf '\003')
end 0"
	expect "top ends by a key" 0 "" "" top_at_xterm good "$quit"
	expect "top ends by Q" 0 "" "" top_at_xterm good "press Q
end 0"
	expect "top ends by an error" 0 "" "" top dying \
		"end 2
see *Error: no more of this.*"
}

test_top_in_lines() {
	expect "top without a terminal" 0 \
		"20*NAME *CALLS *DELTA *CYCLES *$newline*12 *-  *-  *-  yes *$newline${newline}20*22 *10 *[0-9].[0-9] *100  yes *" \
		"" fake ticking top --interval 0.1 --count 2
	expect "top in JSON" 0 \
		'{"time":"20*,"delta":10,"rate":*' "" \
		fake ticking -j top --interval 0.1 --count 2 tlb
	expect "top of each CPU without a terminal" 0 \
		"20*NAME *RATE/S *CPU0 *CPU2${newline}tlb.flush_multi *-  *-  *-$newline${newline}20*NAME *RATE/S *CPU0 *CPU2${newline}tlb.flush_multi *[0-9].[0-9] *[0-9].[0-9] *[0-9].[0-9]" \
		"" fake ticking top --interval 0.1 --count 2 --per-cpu tlb
	expect "top of something unknown" 2 "" "Error: unknown group *" \
		fake good top x
	[ -n "$TERMINAL" ] || return 0
	for term in dumb "" nonsense; do
		expect "top at a terminal '$term'" 0 "" "" \
			top_without_cursor "$term"
	done
}

# Output that does not end keeps nobody from seeing that the time is over.
at_noise() { # STEPS
	printf '%s\n' "$1" | TERMINAL_PATIENCE=1 $limit "$TERMINAL" yes
}

test_terminal() {
	expect "a terminal with patience" 1 "" \
		"terminal: failed: see something else$newline*|y *" \
		at_noise "see something else"
	expect "a terminal that has seen it" 1 "" \
		"terminal: failed: it has not ended$newline*" at_noise "see y *"
}

test_top() {
	test_top_in_lines
	if [ -n "$TERMINAL" ]; then
		test_terminal
		test_top_on_screen
		test_top_ends
	else
		report ok "top on a screen" "SKIP TERMINAL is not set"
	fi
}
