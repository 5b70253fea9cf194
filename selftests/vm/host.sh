# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The L1 host: an emulated machine whose KVM or Xen runs the guest. For run.sh.

l1_kernel=$top/build/kernel-guest/arch/x86/boot/bzImage
# The host is a tool. Without these, each exit of a guest takes fewer instructions.
l1_words="mitigations=off init_on_alloc=0"

# load_xen KERNEL INITRD BOOTLINE: Xen, with that as its dom0. Both are modules to Xen, and to QEMU
# an initrd, in which a comma ends a module and two commas are one.
load_xen()
{
	local module="$1 console=hvc0 $3"

	args=(-kernel "$top/build/xen/hypervisor"
		-initrd "${module//,/,,},${2//,/,,}"
		-append "console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=warning dom0_mem=768M,max:768M")
}

# The L1 host of a nested guest, but for its processor. It reads the build machine's root, and
# gets interrupts from pulse().
l1_args()
{
	rm -f "$run/pulse"
	mkfifo "$run/pulse"
	qemu_args "$run/l1-"
	console "$run/l1-console.log"
	[ -z "$interactive" ] ||
		args+=(-chardev "stdio,id=guest,signal=off" -serial chardev:guest)
	args+=(-machine pc -accel "tcg,thread=multi" -smp 1 -m 2G
		-virtfs "$root_to_read"
		-virtfs "local,path=$run,mount_tag=run,security_model=none"
		-chardev "pipe,id=pulse,path=$run/pulse"
		-device "virtserialport,nr=4,chardev=pulse")
	# Keep all threads on one CPU of the build machine. The thread of the emulated CPU
	# changes the word with its pending interrupts at each entry and exit of a guest in one
	# instruction, without a lock. In the middle of it, the thread with the timers on
	# another CPU changed it: that interrupt was lost, or the guest got its last one again.
	args=(taskset -c "$(taskset -cp $$ | sed 's/.*[^0-9]//')" qemu-system-x86_64
		"${args[@]}")
}

# Wrap the guest into an L1 host, whose command is to start the guest's QEMU.
kvm_host_args()
{
	local quoted

	[ -z "${scenario[slow]:-}" ] || truncate -s "${scenario[slow]}" "$run/slow"
	printf -v quoted '%q ' "$run" "${scenario[trace]:-}" "${args[@]}"
	initrd guest l1 "exec /l1.sh $quoted" "file /l1.sh $here/l1.sh 755 0 0" \
		"file /pulse.sh $here/pulse.sh 755 0 0"
	load_linux "$l1_kernel" "$run/l1.initrd" "$bootline $l1_words vmi=native"
	l1_args
	args+=(-cpu "max$without")
}

# A disk for the guest, of noise whose sum the guest knows.
xen_disk()
{
	head -c 8M /dev/urandom > "$run/disk"
	sha256sum < "$run/disk" | cut -d ' ' -f 1 > "$run/disk.sha256"
}

# Xen, with dom0 as the L1 host. Its guest has disks in place of virtio ports.
xen_host_args()
{
	local disks='' name n=0 letters=(a b c d) xen

	for name in output status log disk; do
		disks+="\"format=raw,vdev=xvd${letters[n]},access=rw,script=/block.sh,target=/dev/loop$n\", "
		n=$((n + 1))
	done
	# In dom0, a link of the build machine leads nowhere.
	bzimage=$(realpath "$bzimage")
	xen=$(realpath "$top/build/xen")
	# Xen does not trust the TSC of an emulated CPU, and by itself has each RDTSC of the guest
	# exit. With native TSC, a boot takes a quarter of the time; all vCPUs share a CPU, so
	# they read the same one.
	cat > "$run/guest.cfg" <<-EOF
		name = "guest"
		type = "${scenario[domain]}"
		vcpus = ${scenario[smp]}
		memory = ${mem%M}
		kernel = "/host$bzimage"
		ramdisk = "/host$run/guest.initrd"
		extra = "console=hvc0 VMI_PORTS=/dev/xvda,/dev/xvdb,/dev/xvdc $words"
		disk = [ $disks ]
		on_poweroff = "destroy"
		on_reboot = "destroy"
		on_crash = "destroy"
		tsc_mode = "native"
	EOF
	[ "${scenario[domain]}" != hvm ] || cat >> "$run/guest.cfg" <<-EOF
		on_soft_reset = "soft-reset"
		device_model_version = "qemu-xen"
		bios = "seabios"
		device_model_override = "/host$xen/device-model"
		firmware_override = "/host$xen/hvmloader"
		bios_path_override = "/host/usr/share/seabios/bios-256k.bin"
		viridian = 1
		vga = "none"
		vnc = 0
		usb = 0
		acpi = 1
	EOF
	initrd guest l1 "exec /dom0.sh '$run' '$xen' '${scenario[trace]:-}'" \
		"file /dom0.sh $here/dom0.sh 755 0 0" \
		"file /pulse.sh $here/pulse.sh 755 0 0" \
		"file /block.sh $here/dom0-block.sh 755 0 0"
	load_xen "$l1_kernel" "$run/l1.initrd" "$bootline $l1_words vmi=builtin"
	l1_args
	args+=(-cpu "${scenario[cpu]}$without")
}

# Interrupt the L1 host five times a second. If an interrupt of its timer is lost all the same,
# see l1_args(), nothing sets the timer again: the host let one vCPU run for 64 s. Any other
# interrupt brings back what is pending. Open the pipe read-write, which does not wait for QEMU.
pulse()
{
	while kill -0 $$ 2> /dev/null; do
		printf .
		sleep 0.2
	done 1<> "$run/pulse"
}

# Make text of Xen's trace, and remove a trace with holes, which proves nothing.
reduce_trace()
{
	local raw=$run/host-trace.raw

	[ -f "$raw" ] || return 0
	if od -An -v -tu4 -w4 "$raw" | awk -f "$here/xentrace.awk" > "$raw.txt"; then
		mv "$raw.txt" "$run/host-trace.txt"
	else
		say "the trace lost events"
	fi
	rm -f "$raw" "$raw.txt"
}
