#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boot one scenario, run a command in its guest, and exit as the command did.
#
# usage: run.sh [OPTIONS] SCENARIO [COMMAND]
#
#   --vmi VALUE          boot with vmi=VALUE
#   --set KEY=VALUE      change a key of the scenario
#   --append WORDS       further words for the boot line
#   --with DIRECTORY     further files for the guest's root
#   --timeout SECONDS    limit of the whole run
#   --host-trace EVENTS  record these events of the L1 host in host-trace.txt (for Xen,
#                        its mask)
#   --next kexec|crash   before the command, have a next kernel take over
#   --initramfs FILE     boot the guest with that one, in which only a /bin/sh must be;
#                        ours has everything else
#   --interactive        a shell on the console instead of a command
#   --kernels            only print the kernel variants that SCENARIO boots
#   --dir DIRECTORY      keep the logs there, not in build/run/TIME-SCENARIO
#
# environment: ACCEL   QEMU's accelerator (tcg). KVM is never tried by itself:
#                      /dev/kvm may be there and not be able to run a kernel.
#
# exit status: that of the command; 124 the run timed out; 125 there is no valid
# verdict, since the guest died or its kernel log has a warning.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")

# Any trouble ends a guest at once. Emulation is slow, locks up it does not.
bootline="panic=-1 oops=panic panic_on_warn=1 softlockup_panic=1"
bootline="$bootline hung_task_panic=1 watchdog_thresh=60"
bootline="$bootline rcupdate.rcu_cpu_stall_timeout=100 log_buf_len=1M"

# What makes a kernel log bad, at the start of a message or anywhere.
bad_log='^(<[0-9]+>)?(\[[^]]*\])+ *(WARNING|BUG|INFO: (possible|suspicious|task|rcu)|Oops|UBSAN)'
bad_log="$bad_log|possible circular|suspicious RCU|Call Trace:|Kernel panic"
bad_log="$bad_log|soft lockup|detected stalls"

die()
{
	echo "run: $*" >&2
	exit 125
}

say()
{
	echo "run: $*" >&2
}

# The build machine's root, for a guest that mounts it.
root_to_read="local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap"

declare -A scenario

# The keys of a scenario, over those that it is like.
load_scenario()
{
	local section='' found='' key value

	while IFS=$' \t=' read -r key value; do
		case $key in
		''|'#'*) ;;
		\[*\]) section=${key:1:-1} ;;
		*)
			[ "$section" = "$1" ] || continue
			found=1
			if [ "$key" = like ]; then
				load_scenario "$value"
			else
				scenario[$key]=$value
			fi
			;;
		esac
		[ "$section" != "$1" ] || found=1
	done < "$here/scenarios"
	[ -n "$found" ] || die "no scenario '$1' in selftests/vm/scenarios"
}

# load_linux KERNEL INITRD BOOTLINE: what QEMU loads, in the array args.
load_linux()
{
	args=(-kernel "$1" -initrd "$2" -append "console=ttyS0 $3")
}

# load_xen KERNEL INITRD BOOTLINE: Xen, with that as its dom0. To Xen these are two
# modules, and to QEMU an initrd, where a comma ends a module and two are one.
load_xen()
{
	local module="$1 console=hvc0 $3"

	args=(-kernel "$top/build/xen/hypervisor"
		-initrd "${module//,/,,},${2//,/,,}"
		-append "console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=warning dom0_mem=768M,max:768M")
}

# qemu_args LOG-PREFIX: what all machines have in common. What init.c sends through
# which port is said there.
qemu_args()
{
	# shellcheck disable=SC2054 # The commas are QEMU's.
	args+=(
		-nodefaults -no-user-config -display none -monitor none -no-reboot
		-device virtio-serial-pci
		-chardev "file,id=output,path=$1output"
		-device virtserialport,nr=1,chardev=output
		-chardev "file,id=status,path=$1status"
		-device virtserialport,nr=2,chardev=status
		-chardev "file,id=log,path=$1kernel.log"
		-device virtserialport,nr=3,chardev=log
	)
}

# Add a console: its log, and where an interactive one is connected.
console()
{
	local log=$1 backend=${2:-}

	if [ -n "$backend" ]; then
		args+=(-chardev "$backend,id=console,logfile=$log"
			-serial chardev:console)
	else
		args+=(-serial "file:$log")
	fi
}

# initrd VARIANT NAME COMMAND [LIST-LINE...]: the variant's initramfs, followed by
# an archive with what is particular to this run.
initrd()
{
	local kernel=$top/build/kernel-$1 file=$run/$2.initrd options=() program

	case ${scenario[modules]} in
	yes) ;;
	no) options+=(--without-modules) ;;
	*) die "modules = ${scenario[modules]} is neither yes nor no" ;;
	esac
	for program in ${scenario[programs]:-}; do
		options+=(--program "$program")
	done
	[ -z "$with" ] || [ "$2" != guest ] || options+=(--with "$with")

	printf '%s\n' "$3" > "$run/$2.cmd"
	if [ "$2:${initramfs:+other}" = guest:other ]; then
		# The kernel wants the next archive at a multiple of four.
		cp "$initramfs" "$file"
		truncate -s %4 "$file"
	else
		"$here/initramfs.sh" "${options[@]}" "$1" "$file"
	fi
	printf '%s\n' "file /cmd $run/$2.cmd 755 0 0" "${@:4}" > "$run/$2.list"
	"$kernel/usr/gen_init_cpio" -t 0 "$run/$2.list" >> "$file"
	rm -f "$run/$2.list"
}

# The guest's memory, boot line and initramfs, for whoever loads it.
prepare_guest()
{
	local kernel=$top/build/kernel-${scenario[kernel]}
	local files=("file /scenario $run/scenario 644 0 0")

	printf '%s = %s\n' layers "${scenario[layers]}" driven "${scenario[driven]}" \
		> "$run/scenario"
	mem=${scenario[mem]}
	words="$bootline ${vmi:+vmi=$vmi} ${scenario[append]:-} $append"
	# Each character on a nested serial port is two trips to L1.
	[ -z "$nested" ] || words="loglevel=5 $words"
	[ -z "$interactive" ] || files+=("file /interactive /dev/null 644 0 0")
	if [ -n "$initramfs" ]; then
		files+=("file /init-vmi $top/build/vm/init 755 0 0")
		words="rdinit=/init-vmi $words"
	fi
	if [ -n "$next" ]; then
		files+=("file /bzImage $kernel/arch/x86/boot/bzImage 644 0 0")
		words="retain_initrd $words"
		# Wherever the kernel was put, one part of the rest has these 256M.
		[ "$next" != crash ] || words="crashkernel=256M $words" mem=1024M
		command="/selftests/vm/next-kernel.sh $next || exit
$command"
	fi
	if [ "${scenario[root]}" = yes ]; then
		files+=("slink /repository /host$top 777 0 0")
	fi
	if [ "${scenario[host]}" = xen ]; then
		xen_disk
		files+=("file /disk.sha256 $run/disk.sha256 644 0 0")
	fi
	initrd "${scenario[kernel]}" guest "$command" "${files[@]}"
	bzimage=$kernel/arch/x86/boot/bzImage
}

# The guest's QEMU command line in args, for the build machine or for L1.
guest_args()
{
	local extra=() accel=$accel backend=

	[ -z "$interactive" ] || backend=stdio,signal=off
	if [ -n "$nested" ]; then
		accel=kvm
		[ -z "$interactive" ] || backend=serial,path=/dev/ttyS1
	fi
	if [ "${scenario[host]}" = dom0 ]; then
		load_xen "$bzimage" "$run/guest.initrd" "$words"
	else
		load_linux "$bzimage" "$run/guest.initrd" "$words"
	fi
	qemu_args "$run/"
	console "$run/console.log" "$backend"
	read -ra extra <<< "${scenario[qemu]:-}"
	args+=(-machine "${scenario[machine]}" -accel "$accel"
		-cpu "${scenario[cpu]}" -smp "${scenario[smp]}"
		-m "$mem" "${extra[@]}")
	[ "${scenario[root]}" != yes ] || args+=(-virtfs "$root_to_read")
	args=(qemu-system-x86_64 "${args[@]}")
}

# What the L1 host of a nested guest is, but for its processor: the build machine's
# root is there to be read, and its pulse to be felt, see pulse().
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
	# All threads on one CPU of the build machine, any one. The thread of the emulated
	# CPU changes the word with its pending interrupts at each entry of a guest and each
	# exit, without a lock, in one instruction. On another CPU, the thread with the
	# timers could do so in the middle of it: that interrupt was lost, or the guest got
	# its last one a second time.
	args=(taskset -c "$(taskset -cp $$ | sed 's/.*[^0-9]//')" qemu-system-x86_64
		"${args[@]}")
}

l1_kernel=$top/build/kernel-guest/arch/x86/boot/bzImage

# Wrap the guest into an L1 host, whose command is to start the guest's QEMU. KVM
# there keeps the first value that the kernel had for the frequency of the TSC. Where
# a later one differs by more than is tolerated, KVM lets the TSC of each vCPU catch
# up by itself, and the clocks of a guest were seen 2 s apart.
kvm_host_args()
{
	local quoted

	printf -v quoted '%q ' "$run" "${scenario[trace]:-}" "${args[@]}"
	initrd guest l1 "exec /l1.sh $quoted" "file /l1.sh $here/l1.sh 755 0 0" \
		"file /pulse.sh $here/pulse.sh 755 0 0"
	load_linux "$l1_kernel" "$run/l1.initrd" \
		"$bootline vmi=native kvm.halt_poll_ns=0 kvm.tsc_tolerance_ppm=50000"
	l1_args
	args+=(-cpu max)
}

# A disk for the guest: noise, which the guest knows the sum of.
xen_disk()
{
	head -c 8M /dev/urandom > "$run/disk"
	sha256sum < "$run/disk" | cut -d ' ' -f 1 > "$run/disk.sha256"
}

# Xen, with dom0 as the L1 host. What another guest sends through virtio ports, this
# one writes to disks of its own.
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
	load_xen "$l1_kernel" "$run/l1.initrd" "$bootline vmi=builtin"
	l1_args
	args+=(-cpu "${scenario[cpu]}")
}

# An interrupt for the L1 host, five times a second. If one of its timer is lost all the
# same, see l1_args(), nothing sets the timer again, and it was seen to let one vCPU run
# for 64 s. Any other interrupt brings back what is pending. Read-write, so as not to wait for a QEMU
# that may never open it.
pulse()
{
	while kill -0 $$ 2> /dev/null; do
		printf .
		sleep 0.2
	done 1<> "$run/pulse"
}

# Xen's trace as text. One with holes proves nothing, and is not left for anybody to use.
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

# Run QEMU within the time limit, and show the command's output as it comes.
launch()
{
	local pid status=0
	local limited=(timeout --foreground -k 5 "$limit" "${args[@]}")

	if [ -n "$interactive" ]; then
		"${limited[@]}" 2> "$run/qemu.log" || status=$?
		return $status
	fi
	: > "$run/output"
	"${limited[@]}" < /dev/null > "$run/qemu.log" 2>&1 &
	pid=$!
	trap 'kill $pid' INT TERM
	tail -s 0.2 -n +1 -f --pid=$pid "$run/output"
	wait $pid || status=$?
	return $status
}

# A log without the panic and the trace that are wanted: one of each, once the
# kernel said that it is about to crash.
wanted_crash()
{
	if [ "$next:$1" != "crash:$run/console.log" ]; then
		cat "$1"
		return
	fi
	awk '
		/sysrq: Trigger a crash/ { wanted = 1 }
		wanted && !panic && /Kernel panic - not syncing: sysrq triggered crash/ {
			panic = 1
			next
		}
		panic && !trace && /Call Trace:/ { trace = 1; next }
		{ print }
		END { if (!panic) print "Kernel panic - missing" }' "$1"
}

# Sets result, and explains any that is not the command's own.
verdict()
{
	local status lines log

	if [ "$1" -eq 124 ] || [ "$1" -eq 137 ]; then
		say "timed out after $limit s"
		result=124
		return
	fi
	result=125
	for log in "$run"/*{console,kernel}.log; do
		# With what explains it, where the logs themselves may be out of reach.
		# To the end: who writes into a pipe that nobody reads fails, and the log
		# with it.
		lines=$(wanted_crash "$log" | grep -aE -A20 "$bad_log" | tr -d '\r') ||
			continue
		say "bad kernel log: $(basename "$log"):"
		sed -n '1,21s/^/run:   /p' <<< "$lines" >&2
		return
	done
	status=$(cat "$run/status" 2>/dev/null || :)
	if [[ $status =~ ^[0-9]+$ ]]; then
		result=$status
		return
	fi
	say "the guest ended without a verdict (QEMU's exit status is $1)"
	tail -n 5 "$run"/qemu.log "$run"/l1-output 2>/dev/null >&2 || :
}

vmi=
append=
with=
limit=
interactive=
kernels=
next=
initramfs=
run=
trace=
changes=()
while [ $# -gt 0 ]; do
	case $1 in
	--vmi) vmi=$2; shift 2 ;;
	--set) changes+=("$2"); shift 2 ;;
	--append) append=$2; shift 2 ;;
	--with) with=$2; shift 2 ;;
	--timeout) limit=$2; shift 2 ;;
	--host-trace) trace=$2; shift 2 ;;
	--next) next=$2; shift 2 ;;
	--initramfs) initramfs=$2; shift 2 ;;
	--dir) run=$2; shift 2 ;;
	--kernels) kernels=1; shift ;;
	--interactive) interactive=1; shift ;;
	-*) die "unknown option $1" ;;
	*) break ;;
	esac
done
name=${1:-}
command=${2:-}
[ -n "$name" ] || die "which scenario?"
load_scenario default
load_scenario "$name"
for change in "${changes[@]}"; do
	[[ $change == *=* ]] || die "--set $change: no value"
	[[ -v scenario[${change%%=*}] ]] || die "scenario $name has no '${change%%=*}'"
	scenario[${change%%=*}]=${change#*=}
done
[ -z "$trace" ] || scenario[trace]=$trace
limit=${limit:-${scenario[timeout]}}
# One thread for all virtual CPUs: with one each, QEMU 7.2 was seen to run code that
# another one had just patched, in its old form.
accel=${scenario[accel]:-${ACCEL:-tcg,thread=single}}

# With real KVM below, the guest needs no emulated host around it.
nested=
case ${scenario[host]} in
none|dom0) ;;
kvm) [ "$accel" = kvm ] || nested=1 ;;
xen) nested=1 ;;
*) die "scenario $name: unknown host '${scenario[host]}'" ;;
esac
if [ -n "$kernels" ]; then
	printf '%s\n' "${scenario[kernel]}" ${nested:+guest} | sort -u
	exit
fi
if [ -n "${scenario[trace]:-}" ] && [ -z "$nested" ]; then
	die "scenario $name: only an L1 host of ours can be traced"
fi

[ -z "$initramfs" ] || [ -f "$initramfs" ] || die "no initramfs $initramfs"
case $next in
''|kexec|crash) ;;
*) die "unknown next kernel '$next'" ;;
esac

case ${scenario[host]} in
dom0|xen)
	[ -z "$interactive" ] || die "scenario $name: there is no shell on Xen"
	# Before another kernel starts, Xen has to give up what it shares with the last.
	[ -z "$next" ] || [ "${scenario[domain]:-}" = hvm ] ||
		die "scenario $name: Xen's tools reset HVM guests only"
	"$top/tools/build/xen.sh" || die "scenario $name needs Xen"
	;;
esac

if [ -n "$interactive" ]; then
	command="echo; exec sh -l"
	limit=86400
	bootline="$bootline quiet"
elif [ -z "$command" ]; then
	die "which command?"
fi

if [ -z "$run" ]; then
	run=$top/build/run/$(date +%Y%m%d-%H%M%S)-$name
	mkdir -p "$top/build/run"
	ln -sfn "$(basename "$run")" "$top/build/run/latest"
fi
mkdir -p "$run"
run=$(realpath "$run")
# Of an earlier run in this directory, nothing may be taken for this one's.
rm -f "$run"/{status,l1-status,host-trace.txt,channels,disk.sha256-after}

prepare_guest
case ${scenario[host]} in
xen)
	xen_host_args
	;;
*)
	guest_args
	[ -z "$nested" ] || kvm_host_args
	;;
esac
printf '%q ' "${args[@]}" > "$run/qemu.cmd"

say "$name${vmi:+, vmi=$vmi}: logs in ${run#"$top"/}, limit $limit s"
started=$SECONDS
[ -n "$interactive" ] || echo "----- output"
status=0
pulse=
if [ -n "$nested" ]; then
	pulse &
	pulse=$!
fi
launch || status=$?
[ -z "$pulse" ] || kill "$pulse"
reduce_trace
verdict "$status"
[ -n "$interactive" ] || echo "----- exit status $result"
say "$((SECONDS - started)) s"
rm -f "$run"/*.initrd "$run/pulse"
exit "$result"
