#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Did the boot line get what it asked for, before userspace ran? What PID 1 found
# is in /run/vmi-at-init, if the machine's init wrote it there.
#
# Everything expected is worked out from /proc/cmdline, CPUID and DMI.

. ./lib.sh

at_init=/run/vmi-at-init
need_vmi
[ -r $at_init/active ] || skip_all "init left nothing in $at_init"

# The words of every vmi= on the boot line; the last one about something wins. Excluded are
# ops with a policy for native or builtin, and those that nopvspin keeps from every backend.
# Named are ops with a policy for a backend, as OP:BACKEND.
requested=auto
excluded=
barred=
named=
want_stats=
want_histograms=false
unknown=
parse_boot_line()
{
	read -r line < /proc/cmdline
	for arg in $line; do
		case $arg in
		vmi=*) ;;
		nopvspin) barred=lock; continue ;;
		*) continue ;;
		esac
		words=$(echo "${arg#vmi=}" | tr ',' ' ')
		case $arg in
		vmi=,*) ;;
		*)
			requested=${words%% *}
			words=${words#"$requested"}
			;;
		esac
		for word in $words; do
			parse_modifier "$word"
		done
	done
}

# What an earlier word said about an op.
forget()
{
	kept=
	for entry in $excluded; do
		[ "$entry" = "$1" ] || kept="$kept $entry"
	done
	excluded=$kept
	kept=
	for entry in $named; do
		[ "${entry%%:*}" = "$1" ] || kept="$kept $entry"
	done
	named=$kept
}

parse_modifier()
{
	known=
	case $1 in
	stats)
		want_stats=1
		return
		;;
	histograms)
		want_stats=1
		want_histograms=true
		return
		;;
	esac
	for op in $(all_ops); do
		case $1 in
		"$op="auto|"${op%%.*}="auto|"$op="stats|"${op%%.*}="stats) ;;
		"$op="histograms|"${op%%.*}="histograms) ;;
		"-$op"|"-${op%%.*}"|"$op="native|"${op%%.*}="native|"$op="builtin|"${op%%.*}="builtin)
			forget "$op"
			excluded="$excluded $op"
			known=1
			;;
		"$op="[a-z]*|"${op%%.*}="[a-z]*)
			forget "$op"
			named="$named $op:${1#*=}"
			known=1
			;;
		esac
	done
	[ -n "$known" ] || unknown="$unknown $1"
}

is_excluded()
{
	[ "${1%%.*}" != "$barred" ] || return 0
	case " $excluded " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

# A backend that policies can give ops to: no other hypervisor's than that of the one in
# charge, and none that breaks a rule.
can_be_named()
{
	case $1 in
	null|contract) has_module "$1" && ! is_xen_pv ;;
	*)
		machine_backends | grep -qx "$1" || return 1
		case $wanted in
		native|builtin|null|"$1") ;;
		*) return 1 ;;
		esac
		;;
	esac
}

# The backend that a policy gives an op to, beside the one that is wanted. That those which
# need no hypervisor have it is certain; whether others can, check_named() looks at.
named_for()
{
	for entry in $named; do
		name=${entry#*:}
		[ "${entry%%:*}:$name" != "$1:$wanted" ] || continue
		[ "${entry%%:*}" = "$1" ] || continue
		can_be_named "$name" || continue
		case $name:$(provider "$1") in
		null:*|contract:*|"$name:$name") echo "$name" ;;
		esac
	done
}

# What policy show says about the policy of an op.
policy_reason()
{
	vmictl policy | awk -v op="$1" -v group="${1%%.*}" '
		($1 == op || $1 == group) && sub(/.* # /, "")'
}

# Those that policies name were loaded, and have their ops, or it is known why not. What
# was tried in vain is an error.
why_named=
check_named()
{
	for entry in $named; do
		op=${entry%%:*}
		name=${entry#*:}
		! is_excluded "$op" || continue
		bound=
		[ "$(provider "$op")" != "$name" ] || bound=1
		if [ "$name" = bad-load ]; then
			in_boot_log "registered backend 'bad-load'" || return 1
			wants="waiting for the backend to be loaded"
		elif ! has_module "$name"; then
			wants="waiting for the backend to be loaded"
		elif [ "$name" = bad-init ]; then
			wants="backend 'bad-init' failed to initialise: error *"
			why_named="backend 'bad-init' failed to initialise: error "
		elif can_be_named "$name"; then
			wants="not offered by the hypervisor"
			[ "$(vmi builtin)" = native ] ||
				wants="backend '$name' has no op that can be bound here"
			case $name:$bound in
			null:*|contract:*|*:1) wants= ;;
			esac
		elif is_xen_pv; then
			wants="builtin is mandatory here: *"
		elif machine_backends | grep -qx "$name"; then
			wants="a backend for another hypervisor is in use"
			why_named=": they are for different hypervisors"
		else
			wants="* is not the hypervisor of this machine"
		fi
		# shellcheck disable=SC2254
		case ${bound:-0}:$(policy_reason "$op") in
		1:|1:"${op%%.*}."*": "*) [ -z "$wants" ] || { echo "$entry is bound"; return 1; } ;;
		0:$wants|0:"${op%%.*}."*": "$wants) [ -n "$wants" ] || { echo "$entry is not bound"; return 1; } ;;
		*) echo "$entry: '$(policy_reason "$op")'"; return 1 ;;
		esac
	done
}

# The backends for this machine, the best one last: by what DMI says, or by the
# signatures in CPUID, where those that are imitated come first.
machine_backends()
{
	case $(cat /sys/class/dmi/id/product_serial 2>/dev/null) in
	VMware*) echo vmware ;;
	esac
	for signature in $(./helper signature); do
		case $signature in
		KVMKVMKVM) echo kvm ;;
		Microsoft) echo hyperv ;;
		VMwareVMware) echo vmware ;;
		XenVMMXenVMM) echo xen ;;
		esac
	done
}

has_module()
{
	[ -d "$VMI/backends/$1" ] || find_module "vmi_$(echo "$1" | tr - _).ko"
}

find_module()
{
	find "/lib/modules/$(uname -r)" -name "$1*" | grep -q .
}

# What the kernel boots with before anything is switched.
base=native
[ "$(vmi builtin)" = native ] || base=builtin

# Sets wanted, and the sentence of a refusal.
expect()
{
	wanted=$base
	sentence=
	if is_xen_pv; then
		case $requested in
		auto|builtin) ;;
		*) sentence="builtin is mandatory here" ;;
		esac
		return
	fi
	case $requested in
	native|builtin)
		wanted=$requested
		;;
	auto)
		# What the kernel's own code has bound on KVM stays with it.
		if [ -n "$machine" ] && has_module "$machine" &&
		   [ "$machine:$(vmi builtin)" != kvm:KVM ]; then
			wanted=$machine
		fi
		;;
	null)
		wanted=null
		;;
	kvm|vmware|hyperv|xen)
		if machine_backends | grep -qx "$requested"; then
			wanted=$requested
		else
			sentence="is not the hypervisor of this machine"
		fi
		;;
	bad-major) sentence="the major version must be equal" ;;
	bad-size) sentence="bytes in the backend and" ;;
	bad-lock) sentence="the group moves together" ;;
	bad-text) sentence="points outside its own text" ;;
	bad-init) sentence="failed to initialise: error" ;;
	bad-cpu) sentence="could not set up a CPU: error" ;;
	*) sentence="no backend named '$requested' is registered" ;;
	esac
}

# Why an offered capability may rightly stay unbound.
excuse()
{
	case $1 in
	"user space would read a page that outlives the module"|\
	"the host notifies by an interrupt, and modules have no vector"|\
	"the APIC has registers of its own for that"|\
	"the kernel's own Xen guest code has it, and it is no op"|\
	"reading it takes an exit, so it only stands in for reference-tsc"|\
	"it belongs to the kernel's haltpoll driver and not to an op"|\
	"owned by the kernel's own KVM guest code"|\
	"the timer of the local APIC is calibrated before there are modules"|\
	"whether to trust the TSC is decided before there are modules"|\
	"there is only one possible CPU") return 0 ;;
	"the lock ops move together, and pv-unhalt is not usable")
		[ "$(cat /sys/devices/system/cpu/possible)" != 0 ] || return 0
		! vmictl caps | grep -q '^pv-unhalt *kvm *no ' || return 0 ;;
	esac
	case $named:$1 in
	?*:"another backend by policy") return 0 ;;
	esac
	[ -n "$excluded$barred" ] || return 1
	case $1 in
	"native by policy"|"builtin by policy"|"left out by nopvspin"|\
	"another op of its move-together group cannot be bound") return 0 ;;
	esac
	return 1
}

# Every line of the table is NAME BACKEND OFFERED BOUND USED REASON...
check_caps()
{
	caps=$(vmictl caps | sed 1d)
	bad=
	count=0
	while read -r name backend offered bound _ reason; do
		[ "$backend:$offered" = "$wanted:yes" ] || continue
		count=$((count + 1))
		[ "$bound" = no ] || continue
		excuse "$reason" || bad="$bad $name ($reason)"
	done <<-END
	$caps
	END
	if [ "$count" -eq 0 ]; then
		fail "offered capabilities are bound" "none is offered"
	elif [ -n "$bad" ]; then
		fail "offered capabilities are bound" "not bound:$bad"
	else
		pass "offered capabilities are bound"
	fi
}

group_excluded()
{
	for excluded_op in $excluded; do
		[ "${excluded_op%%.*}" != "${1%%.*}" ] || return 0
	done
	return 1
}

# NAME PROVIDER COUNTING CALLS REASON..., for each op: excluded ones are not the
# backend's, and any other that is not has another reason than the boot line.
check_exclusions()
{
	bad=
	bound=0
	while read -r op owner _ _ reason; do
		if is_excluded "$op"; then
			[ "$owner" != "$wanted" ] || bad="$bad $op:bound"
			case $reason in
			"native by policy"|"builtin by policy"|"left out by nopvspin"|\
			"not implemented by the backend") ;;
			*) bad="$bad $op:'$reason'" ;;
			esac
		elif [ -n "$(named_for "$op")" ]; then
			[ "$owner:$reason" = "$(named_for "$op"):another backend by policy" ] ||
				bad="$bad $op:$owner:'$reason'"
		elif [ "$owner" = "$wanted" ]; then
			bound=$((bound + 1))
		elif [ "${op%%.*}" = lock ] && group_excluded "$op"; then
			:
		else
			case $reason in
			-|*" by policy"|*" by nopvspin") bad="$bad $op:'$reason'" ;;
			esac
		fi
	done <<-END
	$(vmictl ops | sed 1d)
	END
	[ "$bound" -gt 0 ] || bad="$bad nothing is bound"
	is "just the ops left out on the boot line are left out" "$bad" ""
}

check_backend()
{
	is "state at PID 1 is active" "$(cat $at_init/state)" active
	is "state is still active" "$(vmi state)" active
	check_caps
	check_exclusions
}

check_no_backend()
{
	for op in $(all_ops); do
		case $(provider "$op") in
		native|builtin|"$(named_for "$op")") ;;
		*) echo "$op: $(provider "$op")"; return 1 ;;
		esac
	done
}

check_error()
{
	sentence=${sentence:-$why_named}
	if [ -z "$sentence" ]; then
		is "there is no error" "$(vmi last_error)" none
		check "and none in the log" not_in_boot_log "cannot switch"
		return
	fi
	case $(vmi last_error) in
	*"$sentence"*) pass "the status says why" ;;
	*) fail "the status says why" "$(vmi last_error)" ;;
	esac
	check "and so does the log" in_boot_log "$sentence"
}

in_boot_log()
{
	dmesg | grep -F 'vmi: ' | grep -qF -- "$1"
}

not_in_boot_log()
{
	! in_boot_log "$1"
}

check_unknown()
{
	for word in $unknown; do
		in_boot_log "unknown word '$word' in vmi=" || return 1
	done
}

check_counting()
{
	for op in $(all_ops); do
		[ "$(cat "$VMI/ops/$op/counting")" = "${want_stats:-0}" ] ||
			return 1
	done
	[ "$(vmictl -j stats --histogram | grep -o '"measuring":[a-z]*' |
		sort -u)" = "\"measuring\":$want_histograms" ]
}

parse_boot_line
machine=$(machine_backends | tail -n 1)
expect
note "vmi=$requested, left out:${excluded:- nothing} ${barred}; expecting $wanted"
if [ "$(vmi switches)" -gt 1 ]; then
	skip_all "there were other switches since boot"
fi

switched=1
[ "$wanted" != "$base" ] || switched=0

plan $((15 + (${#named} > 0)))
is "PID 1 found the right provider" "$(cat $at_init/active)" "$wanted"
is "it was switched before PID 1" "$(cat $at_init/before_init)" "$switched"
is "the same provider is active now" "$(vmi active)" "$wanted"
is "status names the hypervisor" "$(vmi hypervisor)" \
	"$(./helper signature | head -n 1 | cut -f 1 | grep . || echo none)"
is "as many switches as it took" "$(vmi switches)" "$switched"
is "status tells what was requested" "$(vmi requested)" "$requested"
if [ -n "$named" ]; then
	check "backends that policies name have their ops" check_named
fi
check_error
case $wanted in
native|builtin)
	is "state at PID 1 is none" "$(cat $at_init/state)" none
	is "state is none" "$(vmi state)" none
	check "no op has a backend but by policy" check_no_backend
	check "vmictl agrees" sh -c \
		"vmictl status | grep -q '^active *$wanted\$'"
	;;
*)
	check_backend
	;;
esac
if [ -n "$unknown" ]; then
	check "unknown words are in the log, with the valid ones" check_unknown
	check "valid words of the same line count" check_counting
else
	check "no word is called unknown" not_in_boot_log "unknown word"
	check "counting is as the boot line says" check_counting
fi
check "the log names the provider in charge" in_boot_log \
	"running on '$wanted'"
# For the table at the end of make check: active, before PID 1, offered, bound.
note "in-charge $(cat $at_init/active) $(cat $at_init/before_init) $(vmictl caps | awk '
	NR > 1 { offered += $3 == "yes"; bound += $4 == "yes" }
	END { print offered + 0, bound + 0 }')"
finish
