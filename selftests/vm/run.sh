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
#   --next kexec|crash   a second kernel takes over before the command
#   --initramfs FILE     boot the guest with it and ours; it needs /bin/sh only
#   --interactive        a shell on the console instead of a command
#   --needs              print targets of the Makefile that SCENARIO needs, and exit
#   --dir DIRECTORY      keep the logs there, not in build/run/TIME-SCENARIO
#
# environment: ACCEL   QEMU's accelerator (tcg). KVM has to be asked for, since a /dev/kvm may
#                      not be able to run a kernel.
#
# exit status: that of the command; 124 if the run timed out; 125 if there is no valid verdict,
# since the guest died or its kernel log has a warning.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")

# Any trouble ends a guest at once. Do not check the timer, which may be late on a busy machine.
bootline="no_timer_check panic=-1 oops=panic panic_on_warn=1 softlockup_panic=1"
bootline="$bootline hung_task_panic=1 watchdog_thresh=60"
bootline="$bootline rcupdate.rcu_cpu_stall_timeout=100 log_buf_len=1M"

say()
{
	echo "run: $*" >&2
}

die()
{
	say "$@"
	exit 125
}

. "$here/scenario.sh"
. "$here/host.sh"

# The build machine's root, for a guest that mounts it.
root_to_read="local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap"

# load_linux KERNEL INITRD BOOTLINE: what QEMU loads, in the array args.
load_linux()
{
	args=(-kernel "$1" -initrd "$2" -append "console=ttyS0 $3")
}

# qemu_args LOG-PREFIX: what all machines have in common. init.c writes to the ports.
qemu_args()
{
	local file nr=0

	args+=(-nodefaults -no-user-config -display none -monitor none -no-reboot
		-device "virtio-serial-pci,max_ports=5")
	for file in output status kernel.log; do
		nr=$((nr + 1))
		args+=(-chardev "file,id=port$nr,path=$1$file"
			-device "virtserialport,nr=$nr,chardev=port$nr")
	done
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

# initrd VARIANT NAME COMMAND [LIST-LINE...]: the variant's initramfs, and an archive of this run
initrd()
{
	local kernel=$top/build/kernel-$1 file=$run/$2.initrd root=() program

	if [ "$2" = guest ]; then
		root=(--modules "${scenario[modules]}" "$1")
		for program in ${scenario[programs]:-}; do
			root=(--program "$program" "${root[@]}")
		done
		[ -z "${scenario[with]:-}" ] ||
			root=(--with "$top/build/${scenario[with]}" "${root[@]}")
		[ -z "$with" ] || root=(--with "$with" "${root[@]}")
	else
		root=(--modules all "$1")
	fi
	if [ "$2:${initramfs:+other}" = guest:other ]; then
		# The kernel wants the next archive at a multiple of four.
		cp "$initramfs" "$file"
		truncate -s %4 "$file"
	elif [ ${#root[@]} -gt 3 ]; then
		"$here/initramfs.sh" "${root[@]}" "$file"
	else
		# Most runs begin with the same one.
		"$here/initramfs.sh" --if-changed "${root[@]}" "$kernel/root-${root[1]}.cpio"
		cp "$kernel/root-${root[1]}.cpio" "$file"
	fi
	printf '%s\n' "$3" > "$run/$2.cmd"
	printf '%s\n' "file /cmd $run/$2.cmd 755 0 0" "${@:4}" > "$run/$2.list"
	"$kernel/usr/gen_init_cpio" -t 0 "$run/$2.list" >> "$file"
	rm -f "$run/$2.list"
}

# The guest's memory, boot line and initramfs.
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
	[ "${scenario[root]}" != yes ] || files+=("slink /repository /host$top 777 0 0")
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
		-cpu "${scenario[cpu]}$without" -smp "${scenario[smp]}"
		-m "$mem" "${extra[@]}")
	if [ "${scenario[plugin]:-}" = count_sites ]; then
		"$here/list_sites.py" "${bzimage%/arch/*}/vmlinux" msr_open > "$run/sites"
		args+=(-plugin "$top/build/vm/count_sites.so,sites=$run/sites,counts=$run/site-counts")
	fi
	[ "${scenario[root]}" != yes ] || args+=(-virtfs "$root_to_read")
	args=(qemu-system-x86_64 "${args[@]}")
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

vmi='' append='' with='' limit='' interactive='' needs='' next='' initramfs='' run=''
changes=()
while [ $# -gt 0 ]; do
	case $1 in
	--vmi) vmi=$2; shift 2 ;;
	--set) changes+=("$2"); shift 2 ;;
	--append) append=$2; shift 2 ;;
	--with) with=$2; shift 2 ;;
	--timeout) limit=$2; shift 2 ;;
	--next) next=$2; shift 2 ;;
	--initramfs) initramfs=$2; shift 2 ;;
	--dir) run=$2; shift 2 ;;
	--needs) needs=1; shift ;;
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
limit=${limit:-${scenario[timeout]}}
without=${scenario[lacks]:+,-${scenario[lacks]}}

# One thread for all virtual CPUs: with one each, QEMU 7.2 ran code that another CPU had just
# patched, in its old form.
accel=${scenario[accel]:-${ACCEL:-tcg,thread=single}}

if [ -n "$needs" ]; then
	needs
	exit
fi
nested=
! is_nested || nested=1
[ -z "${scenario[trace]:-}${scenario[slow]:-}" ] || [ -n "$nested" ] ||
	die "scenario $name: only an L1 host of ours can be traced, or has a slow disk"
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
	[ -f "$top/build/xen/complete" ] || die "scenario $name needs Xen: run make xen"
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
	mkdir -p "$top/build/run"
	# Two runs may begin in the same second.
	run=$top/build/run/$(date +%Y%m%d-%H%M%S)-$name
	mkdir "$run" 2> /dev/null || run=$(mktemp -d "$run.XXX")
	ln -sfn "$(basename "$run")" "$top/build/run/latest"
fi
mkdir -p "$run"
run=$(realpath "$run")
# Remove what an earlier run left in this directory.
rm -f "$run"/{status,l1-status,host-trace.txt,channels,disk.sha256-after}

prepare_guest
if [ "${scenario[host]}" = xen ]; then
	xen_host_args
else
	guest_args
	[ -z "$nested" ] || kvm_host_args
fi
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
result=0
"$here/verdict.sh" "$run" "$status" "$next" || result=$?
[ -n "$interactive" ] || echo "----- exit status $result"
say "$((SECONDS - started)) s"
rm -f "$run"/*.initrd "$run/pulse"
exit "$result"
