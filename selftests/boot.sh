#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Compare what the boot line led to, before user space ran, with the row of the matrix.
#
# environment: VMI_WANT   the expected results: the line "want" below the row, see the head of
#                         selftests/vm/matrix
#              VMI_BOOT   the value of vmi= on the boot line
#
# PID 1 wrote what it found to /run/vmi-at-init.

. ./lib.sh

at_init=/run/vmi-at-init
need_vmi
[ -n "${VMI_WANT:-}" ] || skip_all "the environment has no expected results in VMI_WANT"
[ -r $at_init/active ] || skip_all "PID 1 wrote nothing to $at_init"
[ "$(vmi switches)" -le 1 ] || skip_all "a switch since boot hides the results"

vmictl ops > "$tmp/ops"
vmictl caps > "$tmp/caps"
dmesg | grep -F 'vmi: ' > "$tmp/log"

# wanted KEY [DEFAULT]
wanted()
{
	for wanted in $VMI_WANT; do
		[ "${wanted%%=*}" != "$1" ] || { echo "${wanted#*=}"; return; }
	done
	echo "${2:-}"
}

# PROVIDER:OPS for each provider that is not a default one.
bound_ops()
{
	awk 'NR > 1 && $2 != "native" && $2 != "builtin" { ops[$2]++ }
		END { for (provider in ops) print provider ":" ops[provider] }' "$tmp/ops" |
		sort | paste -sd, -
}

# Print each op that is bound otherwise than the row says, or for another kind of reason.
wrong_ops()
{
	awk -v rules="$(wanted ops)" -v state="$state" '
		BEGIN {
			n = split(rules, rule, ",")
			for (i = 1; i <= n; i++) {
				split(rule[i], part, ":")
				wanted[part[1]] = part[2]
			}
		}
		NR > 1 {
			group = $1
			sub(/\..*/, "", group)
			ruled = $1 in wanted ? wanted[$1] : wanted[group]
			by_rule = / (by policy|by nopvspin)$/
			# Only what an active backend does without has a reason.
			explained = by_rule || state == "none" || /implemented by the backend$/
			if (ruled ? $2 != ruled || !explained : by_rule)
				print
		}' "$tmp/ops"
}

# OFFERED/BOUND, of the active backend.
caps()
{
	awk -v backend="$active" '
		$2 == backend { offered += $3 == "yes"; bound += $4 == "yes" }
		END { print offered + 0 "/" bound + 0 }' "$tmp/caps"
}

# Print each capability of the active backend that is offered and unbound, and for which
# neither the file "unbound" nor, where the row has rules for ops, a policy is the reason.
wrong_caps()
{
	awk -v backend="$active" -v rules="$(wanted ops)" '
		FILENAME == ARGV[1] {
			if (!/^#/)
				allowed[$0]
			next
		}
		$2 == backend && $3 == "yes" && $4 == "no" {
			line = $1 " " $2
			$1 = $2 = $3 = $4 = $5 = ""
			sub(/^ +/, "")
			by_rule = /by policy$|by nopvspin$|^another op of its move-together group/
			if (!(line " " $0 in allowed) && !(rules && by_rule))
				print line ": " $0
		}' unbound "$tmp/caps"
}

unknown_words()
{
	sed -n "s/.*left out '\([^']*\)' of vmi=.*/\1/p" "$tmp/log" | paste -sd, -
}

# The hypervisor by the kernel's own line of the log.
hypervisor()
{
	case $(dmesg | sed -n 's/.*Hypervisor detected: //p') in
	"Microsoft Hyper-V") echo Hyper-V ;;
	Xen*) echo Xen ;;
	KVM) echo KVM ;;
	VMware) echo VMware ;;
	*) grep -qw hypervisor /proc/cpuinfo && echo unknown || echo none ;;
	esac
}

# Which calls are measured: no, stats or histograms.
counting()
{
	case $(each_op counting | cut -d ' ' -f 2 | sort -u):$(vmictl -j stats --histogram |
		grep -o '"measuring":[a-z]*' | sort -u) in
	0:*:false) echo no ;;
	1:*:false) echo stats ;;
	1:*:true) echo histograms ;;
	*) echo mixed ;;
	esac
}

# says FILE: no error, or the one that the row expects
says()
{
	error=$(wanted error)
	[ -z "$error" ] || { grep -e "$error" "$1"; return; }
	fails grep -e 'cannot switch' "$1"
}

# What the kernel has to say about the provider that it chose.
sentence()
{
	booted="the kernel booted with it"
	name=$requested
	[ "$name" != auto ] || name=$(vmi hypervisor | tr '[:upper:]' '[:lower:]' | tr -d -)
	case $switches:$requested:$(hypervisor):$(wanted error) in
	1:auto:*) echo "the kernel detected $(hypervisor)" ;;
	1:*) echo "asked for on the boot line" ;;
	0:auto:none:*|0:auto:unknown:*)
		echo "$booted, and detected no hypervisor with a backend" ;;
	0:auto:*:) echo "$booted, and no backend is usable on $(hypervisor)" ;;
	0:*:) echo "$booted" ;;
	*) echo "$booted, and could not switch to '$name'" ;;
	esac
}

active=$(wanted active)
case $active in
native|builtin) switches=$(wanted switches 0) state=none ;;
*) switches=$(wanted switches 1) state=active ;;
esac
requested=${VMI_BOOT:-auto}
requested=${requested%%,*}

plan 18
is "the provider at PID 1" "$(value $at_init/active)" "$active"
is "its state at PID 1" "$(value $at_init/state)" "$state"
is "switches before PID 1" "$(value $at_init/before_init)" "$switches"
is "the active provider" "$(vmi active)" "$active"
is "its state" "$(vmi state)" "$state"
is "switches" "$(vmi switches)" "$switches"
is "the hypervisor" "$(vmi hypervisor)" "$(hypervisor)"
is "the request" "$(vmi requested)" "$requested"
is "the choice is explained" "$(vmi choice)" "$(sentence)"
check "the log names the active provider" grep -qF "running on '$active'" "$tmp/log"
check "the log has the expected error" says "$tmp/log"
if [ -n "$(wanted error)" ]; then
	check "the status has the expected error" says $VMI/last_error
else
	is "the status has no error" "$(vmi last_error)" none
fi
is "ops by provider" "$(bound_ops)" "$(wanted bound)"
is "ops and reasons that contradict the row" "$(wrong_ops)" ""
is "capabilities, offered and bound" "$(caps)" "$(wanted caps 0/0)"
is "unbound capabilities without a known reason" "$(wrong_caps)" ""
is "words that were left out" "$(unknown_words)" "$(wanted unknown)"
is "counting" "$(counting)" "$(wanted counting no)"
# For the table at the end of make check: active, before PID 1, offered, bound.
note "active $(vmi active) $switches $(caps | tr / ' ')"
finish
