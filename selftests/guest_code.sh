#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# List what the kernel's own guest code gives, with VMI or without. selftests/host/guest_code
# compares the listing, and the kernel log up to it, with those of the same kernel without VMI.
# In such a row this test comes first.
#
# environment: VMI_WANT   guest=NAME:VALUE[,...]: features with the values that they must have

. ./lib.sh

need_root
log_mark
KVM_MSRS="0x4b564d01 0x4b564d03 0x4b564d04 0x4b564d05"
HYPERV_MSRS="0x40000000 0x40000001 0x40000021 0x40000073 0x40000080 0x40000082 0x40000083
	0x40000092 0x400000b0 0x400000b2 0x400000b4 0x400000b6 0x40000105"

# list SECTION: print stdin as lines of that section
list()
{
	sed "s/^/# guest-code $1 /"
}

# Print the names of interrupts and of their handlers, without counts.
interrupt_names()
{
	awk '
		NR == 1 { cpus = NF; next }
		{
			for (i = 2; i <= cpus + 1 && $i ~ /^[0-9]+$/; i++)
				$i = ""
			gsub(/ +/, " ")
			sub(/ $/, "")
			print
		}' /proc/interrupts
}

# The shell itself reads single bytes, of which these files have one.
kernel_sysctl()
{
	cat "/proc/sys/kernel/$1" 2> /dev/null || echo none
}

yes_if()
{
	"$@" && echo yes || echo no
}

# Print what each CPU registered with the hypervisor: flags and numbers, without addresses.
registered()
{
	# shellcheck disable=SC2086 # Words on purpose.
	./helper msrs 3 $KVM_MSRS
	./helper msrs f 0x4b564d02
	./helper msrs ff 0x4b564d06
	# shellcheck disable=SC2086 # Words on purpose.
	./helper msrs fff $HYPERV_MSRS
}

# Print two times of all CPUs in milliseconds: stolen, and counted for no task.
steal_times()
{
	awk '
		$1 == "cpu" { stolen = $9 * 10 }
		$1 == ".clock" { left_out += $3 }
		$1 == ".clock_task" { left_out -= $3 }
		END { print stolen, int(left_out) }' /proc/stat /sys/kernel/debug/sched/debug
}

# Print whether the scheduler leaves out stolen time, while all CPUs compete for one of the host.
scheduler_leaves_out_steal()
{
	before=$(steal_times)
	on_each_cpu timeout 2 sh -c 'while :; do :; done'
	after=$(steal_times)
	stolen=$((${after% *} - ${before% *}))
	left_out=$((${after#* } - ${before#* }))
	note "stolen $stolen ms, left out by the scheduler $left_out ms" >&2
	if [ "$stolen" -lt 200 ]; then
		echo none
	elif [ $((left_out * 2)) -ge "$stolen" ]; then
		echo yes
	else
		echo no
	fi
}

# Print whether interrupts announce pages that the host had to read from a disk. The memory of
# the device is such a disk.
has_async_page_faults()
{
	for device in /sys/bus/pci/devices/*; do
		[ "$(value "$device/device")" = 0x1110 ] || continue
		ready=$(interrupts HYP)
		echo 1 > "$device/enable"
		./helper touch "$device/resource2"
		ready=$(($(interrupts HYP) - ready))
		note "$ready interrupts for pages that are ready" >&2
		yes_if [ "$ready" -gt 0 ]
		return
	done
	echo none
}

# Print whether the kernel takes note of a stop by the host. The port leads to the monitor of the
# guest's own QEMU. The soft lockup detector looks for it every 8 seconds with this threshold.
notices_that_it_was_stopped()
{
	port=/dev/vport0p4
	[ -c "$port" ] || { echo no-port; return; }
	threshold=$(kernel_sysctl watchdog_thresh)
	echo 20 > /proc/sys/kernel/watchdog_thresh
	printf 'stop\ncont\n' > "$port"
	./helper guest-stopped || echo none
	echo "$threshold" > /proc/sys/kernel/watchdog_thresh
}

features()
{
	./helper clock-syscalls | sed 's/^/syscalls-/'
	echo "perf-user-time $(./helper perf-time)"
	# The scenario sets the CMOS clock to 2001.
	echo "time-of-cmos $(yes_if [ "$(date +%Y)" -lt 2002 ])"
	echo "async-page-faults $(has_async_page_faults)"
	echo "stopped-guest $(notices_that_it_was_stopped)"
	echo "hard-lockup-detector $(kernel_sysctl nmi_watchdog)"
	echo "soft-lockup-detector $(kernel_sysctl soft_watchdog)"
	echo "stable-sched-clock $(awk '$1 == "sched_clock_stable()" { print $3 }' \
		/sys/kernel/debug/sched/debug)"
	echo "synthetic-timer-interrupts $(yes_if [ "$(interrupts HVS)" -gt 0 ])"
	echo "steal-accounting $(scheduler_leaves_out_steal)"
}

# Print each feature that has another value than the row says.
wrong_features()
{
	for wrong in $VMI_WANT; do
		case $wrong in
		guest=*) printf '%s\n' "${wrong#guest=}" | tr ',:' '\n ' ;;
		esac
	done | not_in "$tmp/features"
}

# Print each word of the boot line that turns a feature off and that vmictl does not give as the
# reason why an op or a capability is not bound.
words_without_effect()
{
	{ vmictl ops; vmictl caps; } > "$tmp/reasons" 2>&1
	for word in no-kvmclock nopvspin hv_nopvspin no-vmw-sched-clock; do
		! grep -qw -e "$word" /proc/cmdline || grep -qw -e "$word" "$tmp/reasons" ||
			echo "$word"
	done
}

clocksource > /dev/null
features > "$tmp/features"
list feature < "$tmp/features"
registered | list registered
interrupt_names | list interrupt
grep -r . /sys/devices/system/clocksource /sys/devices/system/clockevents/*/current_device \
	2> /dev/null | sort | list clock
grep -m 2 -E '^(flags|bugs)' /proc/cpuinfo | list system
grep . /sys/devices/system/cpu/cpuidle/current_* /sys/class/ptp/*/clock_name \
	/sys/hypervisor/type /sys/hypervisor/guest_type 2> /dev/null | list system

plan 4
check "the row says which features there must be" says " ${VMI_WANT:-}" " guest="
check "a system call for a clock is seen" grep -qx 'syscalls-process 1' "$tmp/features"
is "features that contradict the row" "$(wrong_features)" ""
skip_unless "the kernel has no VMI" [ -d $VMI ]
is "boot words that vmictl does not give as a reason" "$(words_without_effect)" ""
finish
