#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Compare what vmictl detect says of the machine with the kernel, and both with what it was made
# to be. The virtual machines of the tests have that in /scenario.

. ./lib.sh

need_vmi

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
	jq -r "$@" < "$tmp/detect"
}

# Lines of SIGNATURE, a tab, LEAF. Only Xen's PV guests have to ask in another way.
layers_by_detect()
{
	detected '.hypervisors[] | select(.signature) | .signature + "\t"
		+ (.evidence[0] | sub("^CPUID "; "") | sub(" with Xen.s prefix$"; ""))'
}

# Lines of HYPERVISOR NAME OFFERED, of each capability of a backend that could look.
caps_by_kernel()
{
	jq -r --slurpfile backends "$tmp/backends" '
		INDEX($backends[0][]; .name) as $of
		| .[]
		| $of[.backend] as $backend
		| select($backend.evidence and $backend.hypervisor != "none")
		| "\($backend.hypervisor) \(.name) \(.offered)"' < "$tmp/caps"
}

# Features that only a hypercall or VMware's port tells: detect makes no such calls.
is_asked_by_call()
{
	case $1 in
	"Xen pagetable-dying"|"VMware steal-clock") return 0 ;;
	"VMware tsc-sched-clock"|"VMware bus-frequency")
		[ "$(detected 'any(.features[]; .name == "tsc-frequency")')" = false ] ;;
	*) return 1 ;;
	esac
}

# Print each capability that both do not agree about.
different_caps()
{
	detected '.features[] | "\(.hypervisor) \(.name) \(.offered)"' > "$tmp/features"
	while read -r hypervisor name offered; do
		if grep -qxF "$hypervisor $name $offered" "$tmp/features"; then
			continue
		elif grep -q "^$hypervisor $name " "$tmp/features"; then
			echo "$hypervisor $name: the kernel says $offered"
		elif ! is_asked_by_call "$hypervisor $name"; then
			echo "$hypervisor $name: detect does not know it"
		fi
	done < "$tmp/capabilities"
}

# Lines of OP PROVIDER that detect has from VMI.
vmi_by_detect()
{
	detected '.["in-use"][].source | capture("^VMI has (?<op>.*) on (?<provider>.*)$")
		| "\(.op) \(.provider)"'
}

# The same ops by netlink, where detect reads files.
vmi_by_netlink()
{
	vmi_by_detect | while read -r op _; do
		jq -r --arg op "$op" '.[] | select(.name == $op) | "\(.name) \(.provider)"' \
			< "$tmp/ops"
	done
}

vmictl -j detect > "$tmp/detect"
driven=$(detected '.driven // "none"')
# Interrupts come meanwhile, and a clock may be found to be unstable.
./in_use.sh "$driven" > "$tmp/in-use"
vmictl -j detect > "$tmp/detect"
./in_use.sh "$driven" > "$tmp/in-use-then"
vmictl -j list > "$tmp/backends"
vmictl -j caps > "$tmp/caps"
vmictl -j ops > "$tmp/ops"
jq -r -f certain.jq "$tmp/detect" > "$tmp/certain"
plan 7
is "detect finds the signatures in CPUID" "$(layers_by_detect)" "$(./helper signature)"
skip_unless "the log has no beginning" says "$(dmesg)" "Linux version"
sort "$tmp/in-use" "$tmp/in-use-then" | uniq -d > "$tmp/both"
cat "$tmp/in-use" "$tmp/in-use-then" > "$tmp/either"
is "detect is certain of what the kernel is seen to use" "$(not_in "$tmp/certain" < "$tmp/both")" ""
is "detect is certain of nothing else" "$(not_in "$tmp/either" < "$tmp/certain")" ""
skip_unless "there is no feature that a provider would have" [ -n "$(vmi_by_detect)" ]
is "ops that detect says a provider has are bound to it" "$(vmi_by_detect)" "$(vmi_by_netlink)"
caps_by_kernel > "$tmp/capabilities"
skip_unless "no backend could look" [ -s "$tmp/capabilities" ]
is "detect and the backends say the same of what is offered" "$(different_caps)" ""
skip_unless "nobody says what this machine is" [ -r /scenario ]
is "detect finds the hypervisors that the machine was made with" \
	"$(detected '[.hypervisors[].name] | join(" ")')" "$(made layers)"
is "detect names the hypervisor that VMI was meant for" "$driven" "$(made driven)"
finish
