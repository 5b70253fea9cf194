#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Without a hypervisor, VMI requests no module before PID 1. With a hypervisor it requests the
# backend, which shows that the test detects requests. The boot line must have
# trace_event=module:module_request.

. ./lib.sh

need_vmi
grep -q 'trace_event=module:module_request' /proc/cmdline ||
	skip_all "the boot line does not trace requests for modules"
trace=/sys/kernel/tracing/trace
init_at=$(dmesg | sed -n 's/^\[ *\([0-9.]*\)\] Run .* as init process$/\1/p' | head -n 1)

# Print the modules that the kernel requested before PID 1.
early_requests()
{
	awk -v init_at="$init_at" '
		match($0, / [0-9]+[.][0-9]+: module_request: /) {
			if (substr($0, RSTART, RLENGTH) + 0 >= init_at + 0)
				next
			sub(/.* module_request: /, "")
			print $1
		}' "$trace"
}

# A mount of an unknown file system requests its module.
sees_request()
{
	! mount -t vmi-selftest none /tmp && grep -q 'module_request: fs-vmi-selftest ' "$trace"
}

plan 3
check "the kernel log has the start of PID 1" [ -n "$init_at" ]
check "a request for a module is traced" sees_request
# The kernel requests other modules, to verify signatures for example.
if [ "$(vmi hypervisor)" = none ]; then
	wanted=
else
	wanted="vmi-backend-$(vmi active)"
fi
is "modules of VMI that were requested before PID 1" "$(early_requests | grep '^vmi-')" "$wanted"
finish
