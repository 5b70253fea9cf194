# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Runs in the guest: what each program says about the hypervisor, as an object of JSON in
# one line, and what the kernel is seen to use of it, before vmictl was asked and after
# that. systemd-detect-virt exits with 1 and says "none" where it finds nothing; virt-what
# says nothing then.

set -eu

# systemd has it mounted, and programs look there.
[ ! -d /proc/xen ] || mount -t xenfs xenfs /proc/xen

seen()
{
	(cd /selftests && ./in_use.sh "$(jq -r '.driven // "none"' /tmp/vmictl)")
}

vmictl -j detect > /tmp/vmictl
seen > /tmp/before
vmictl -j detect > /tmp/vmictl
seen > /tmp/after
jq -r -f /selftests/certain.jq /tmp/vmictl > /tmp/certain
lscpu -J > /tmp/lscpu
systemd=$(systemd-detect-virt) || [ "$systemd" = none ]
virt_what=$(virt-what)

jq -n -c --arg release "$(uname -r)" --arg systemd "$systemd" \
	--arg virt_what "$virt_what" --slurpfile vmictl /tmp/vmictl --slurpfile lscpu /tmp/lscpu \
	--rawfile before /tmp/before --rawfile after /tmp/after \
	--rawfile certain /tmp/certain '
	def lines: split("\n") | map(select(. != ""));

	def of_lscpu($field): first($lscpu[0] | .. | objects | select(.field? == $field).data)
		// null;

	{$release,
	 vmictl: ($vmictl[0] | {layers: [.hypervisors[].name], driven: (.driven // "none"),
		choice, certain: ($certain | lines)}),
	 seen: {before: ($before | lines), after: ($after | lines)},
	 "systemd-detect-virt": $systemd,
	 "virt-what": ($virt_what | split("\n")),
	 lscpu: {vendor: of_lscpu("Hypervisor vendor:"), type: of_lscpu("Virtualization type:")}}'
