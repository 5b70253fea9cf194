#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Does vmictl detect, which asks the machine, say what the kernel says, which looked for
# itself? And do both say what the machine was made to be? The virtual machines of the
# tests have that in /scenario.

. ./lib.sh

need_root
need_vmi

asked=$(sed -n 's/.*\bvmi=\([^ ,]*\).*/\1/p' /proc/cmdline)
if [ "$(vmi switches)" -gt 1 ]; then
	[ ! -e /scenario ] || { note "it has to come before tests that switch"; exit 1; }
	skip_all "there were other switches since boot"
fi

# made KEY: of the scenario
made()
{
	sed -n "s/^$1 = //p" /scenario
}

detected()
{
	jq -r "$@" < /tmp/detect
}

# Lines of SIGNATURE, a tab, LEAF. Only Xen's PV guests have to ask in another way.
layers_by_detect()
{
	detected '.hypervisors[] | select(.signature) | .signature + "\t"
		+ (.evidence[0] | sub("^CPUID "; "") | sub(" with Xen.s prefix$"; ""))'
}

layers_by_kernel()
{
	vmictl -j layers | jq -r '.[] | .signature + "\t" + (.evidence | sub("^CPUID "; ""))'
}

# backend_for HYPERVISOR STATE...: a backend that is in one of these states
backend_for()
{
	backend_for=$1
	shift
	jq -r --arg hypervisor "$backend_for" '.[]
		| select(.hypervisor == $hypervisor and IN(.state; $ARGS.positional[])).name' \
		--args "$@" < /tmp/backends
}

# all_owned BACKEND: the kernel's own code has all that there is to have
all_owned()
{
	jq -e --arg backend "$1" 'map(select(.backend == $backend and .offered))
		| . != [] and all(.[]; .reason // "" | startswith("owned by the kernel"))' \
		< /tmp/caps > /dev/null
}

# What has to be active where detect names that hypervisor, or none. The kernel's own
# code stays where no backend may be, and where it leaves a backend nothing to bind.
active_on()
{
	backend=$(backend_for "$1" active validated)
	refused=$(backend_for "$1" failed)
	if is_xen_pv; then
		echo builtin
	elif [ -n "$backend" ]; then
		echo "$backend"
	elif [ "$1" = none ]; then
		[ "$(vmi builtin)" = native ] && echo native || echo builtin
	elif [ -n "$refused" ] && all_owned "$refused"; then
		echo builtin
	else
		echo "a backend for $1"
	fi
}

# Lines of HYPERVISOR NAME OFFERED, of each capability of a backend that could look.
caps_by_kernel()
{
	jq -r --slurpfile backends /tmp/backends '
		INDEX($backends[0][]; .name) as $of
		| .[]
		| $of[.backend] as $backend
		| select($backend.evidence and $backend.hypervisor != "none")
		| "\($backend.hypervisor) \(.name) \(.offered)"' < /tmp/caps
}

# What only a hypercall tells, or VMware's port: detect makes no such calls.
is_asked_by_call()
{
	case $1 in
	"Xen pagetable-dying"|"VMware steal-clock") return 0 ;;
	"VMware tsc-sched-clock"|"VMware bus-frequency")
		[ "$(detected 'any(.features[]; .name == "tsc-frequency")')" = false ] ;;
	*) return 1 ;;
	esac
}

# Both sides of each capability that they do not agree about.
different_caps()
{
	detected '.features[] | "\(.hypervisor) \(.name) \(.offered)"' > /tmp/features
	while read -r hypervisor name offered; do
		if grep -qxF "$hypervisor $name $offered" /tmp/features; then
			continue
		elif grep -q "^$hypervisor $name " /tmp/features; then
			echo "$hypervisor $name: the kernel says $offered"
		elif ! is_asked_by_call "$hypervisor $name"; then
			echo "$hypervisor $name: detect does not know it"
		fi
	done < /tmp/capabilities
}

# Lines of OP PROVIDER, where VMI's word was taken.
vmi_by_detect()
{
	detected '.["in-use"][].source | capture("^VMI has (?<op>.*) on (?<provider>.*)$")
		| "\(.op) \(.provider)"'
}

# What VMI says of the same ops by netlink, where detect reads files.
vmi_by_netlink()
{
	vmi_by_detect | while read -r op _; do
		jq -r --arg op "$op" '.[] | select(.name == $op) | "\(.name) \(.provider)"' \
			< /tmp/ops
	done
}

vmictl -j detect > /tmp/detect
driven=$(detected '.driven // "none"')
# Interrupts come meanwhile, and a clock may be found to be unstable.
./in_use.sh "$driven" > /tmp/in-use
vmictl -j detect > /tmp/detect
./in_use.sh "$driven" > /tmp/in-use-then
vmictl -j list > /tmp/backends
vmictl -j caps > /tmp/caps
vmictl -j ops > /tmp/ops
jq -r -f certain.jq /tmp/detect > /tmp/certain
note "layers: $(detected '[.hypervisors[].name] | join(", ")')"
note "choice: $(detected .choice)"
note "in use: $(tr '\n' ',' < /tmp/certain)"
plan 9
is "the signatures that detect finds are the kernel's" "$(layers_by_detect)" "$(layers_by_kernel)"
is "the signatures that detect finds are those in CPUID" "$(layers_by_detect)" "$(./helper signature)"
if [ "${asked:-auto}" = auto ]; then
	is "the active provider is for the hypervisor that detect names" "$(vmi active)" \
		"$(active_on "$driven")"
else
	skip "the active provider is for the hypervisor that detect names" "the boot line asks for $asked"
fi
if dmesg | grep -q 'Linux version'; then
	sort /tmp/in-use /tmp/in-use-then | uniq -d > /tmp/both
	cat /tmp/in-use /tmp/in-use-then > /tmp/either
	is "detect is certain of what the kernel is seen to use" \
		"$(not_in /tmp/certain < /tmp/both)" ""
	is "detect is certain of nothing else" "$(not_in /tmp/either < /tmp/certain)" ""
else
	skip "detect is certain of what the kernel is seen to use" "the log has no beginning"
	skip "detect is certain of nothing else" "the log has no beginning"
fi
if [ -n "$(vmi_by_detect)" ]; then
	is "ops that detect says a provider has are bound to it" \
		"$(vmi_by_detect)" "$(vmi_by_netlink)"
else
	skip "ops that detect says a provider has are bound to it" "there is no feature that it would have"
fi
caps_by_kernel > /tmp/capabilities
if [ ! -s /tmp/capabilities ]; then
	skip "detect and the backends say the same of what is offered" "no backend could look"
else
	note "$(wc -l < /tmp/capabilities) capabilities"
	is "detect and the backends say the same of what is offered" "$(different_caps)" ""
fi
if [ -r /scenario ]; then
	is "detect finds the hypervisors that the machine was made with" \
		"$(detected '[.hypervisors[].name] | join(" ")')" "$(made layers)"
	is "detect names the hypervisor that VMI was meant for" "$driven" "$(made driven)"
else
	skip "detect finds the hypervisors that the machine was made with" "nobody says what this machine is"
	skip "detect names the hypervisor that VMI was meant for" "nobody says what this machine is"
fi
finish
