#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A CPU comes up in the middle of a backend's release, see vmi_release_window.c.

. ./lib.sh

need_vmi
usable contract || skip_all "no backend 'contract'"
[ "$(online_cpus | wc -l)" -gt 2 ] || skip_all "it takes three CPUs"
cpu=$(pick_cpu)
[ -n "$cpu" ] || skip_all "no CPU can be taken offline"
modprobe vmi_release_window cpu="$cpu" worker=$((cpu - 1)) ||
	skip_all "the kernel is not preemptible, or has no kretprobes"
trap 'quiet rmmod vmi_release_window; switch_back; set_online "$cpu" 1' EXIT

plan 5
check "use the backend" vmictl use contract
check "take a CPU offline" set_online "$cpu" 0
check "release the backend" taskset -c 0 vmictl use native
is "the CPU came up in the middle of it" \
	"$(value /sys/module/vmi_release_window/parameters/came_up)" 1
finish_with_clean_log
