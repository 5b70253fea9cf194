#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Does the kernel of a KVM guest know what a backend would be too late to tell it? If
# "nopv" does not forbid it, as with the kernel's own guest code.

. ./lib.sh

./helper signature | grep -q "^KVMKVMKVM" || skip_all "this is no guest of KVM"
grep -qw x2apic /proc/cpuinfo || grep -qw nopv /proc/cmdline ||
	skip_all "the CPU has no x2APIC mode"
wanted=yes
! grep -qw nopv /proc/cmdline || wanted=no

if_found()
{
	if "$@"; then
		echo yes
	else
		echo no
	fi
}

in_dmesg()
{
	dmesg | grep -qF "$1"
}

plan 3
is "the kernel knows of KVM" "$(if_found in_dmesg "Hypervisor detected: KVM")" $wanted
is "x2APIC mode" "$(if_found in_dmesg "APIC routing to: physical x2apic")" $wanted
is "the host tells the frequency of the TSC" \
	"$(if_found grep -qw tsc_known_freq /proc/cpuinfo)" $wanted
finish
