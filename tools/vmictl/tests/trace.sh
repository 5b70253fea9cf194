# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Tests of vmictl trace, to be sourced by run.sh. The fake kernel has three ops: kvm has
# tlb.flush_multi and lock.kick, and lock.wait is native.

trace_on() { # MACHINE WORD...
	machine=$1
	shift
	FAKE_KERNEL=good FAKE_MACHINE=$tmp/machines/$machine \
		$limit "$VMICTL_FAKE" "$@"
}

tracers() { # MACHINE
	for function in tlb.flush_multi:vmi_kvm_flush_multi \
		lock.kick:vmi_kvm_kick lock.wait:none; do
		machine_file "$1" "/sys/kernel/vmi/ops/${function%:*}/function" \
			"${function#*:}"
	done
}

host_of() { # KERNEL OP
	FAKE_KERNEL=$1 FAKE_MACHINE=$tmp/machines/without-probes "$VMICTL_FAKE" \
		trace "$2" | sed -n 's/^  host  perf  *//p'
}

# The fake kernel's hypervisor is KVM, which imitates Hyper-V.
test_trace_host() {
	flushes="perf record -q -a -e kvm:kvm_pv_tlb_flush sleep 10 && perf script"
	codes="code == 0x2 || code == 0x3 || code == 0x13 || code == 0x14"

	expect "host of the kvm backend" 0 "$flushes" "" host_of good tlb.flush_multi
	expect "host of the kernel's own code" 0 "$flushes" "" \
		host_of builtin tlb.flush_multi
	expect "host of the hyperv backend on KVM" 0 \
		"*-e kvm:kvm_hv_hypercall --filter '$codes' *" "" \
		host_of hyperv tlb.flush_multi
	expect "host that halts" 0 \
		"*--filter '(isa == 1 && exit_reason == 12) || (isa == 2 && exit_reason == 0x078)' *" \
		"" host_of waiting lock.wait
	expect "host that says KVM nowhere, with the kvm backend" 0 "$flushes" "" \
		host_of unnested tlb.flush_multi
	for kernel in builtin hyperv; do
		expect "host that says KVM nowhere, with $kernel" 0 "" "" \
			host_of unnested,$kernel tlb.flush_multi
	done
}

test_trace() {
	kick="perf record -q -a -e kvm:kvm_hypercall --filter 'nr == 5' sleep 10 && perf script"
	probe="perf probe -q -m vmi_kvm vmi_kvm_kick && perf record -q -a -e probe:vmi_kvm_kick sleep 10 && perf script"
	own="0000000000000000 T vmi_pv_lock_slowpath${newline}0000000000000000 t vmi_kvm_kick	[vmi_kvm]"
	tracers without-probes
	tracers with-probes
	machine_file with-probes /sys/kernel/tracing/kprobe_events ""
	machine_file with-probes /proc/kallsyms "$own"
	for machine in helper namesake elsewhere unlisted; do
		tracers $machine
		machine_file $machine /sys/kernel/tracing/kprobe_events ""
	done
	machine_file helper /sys/kernel/vmi/ops/lock.kick/function vmi_pv_lock_slowpath
	machine_file helper /proc/kallsyms "$own"
	machine_file namesake /proc/kallsyms \
		"0000000000000000 t vmi_kvm_kick${newline}0000000000000000 t vmi_kvm_kick	[aaa]$newline$own${newline}0000000000000000 t vmi_kvm_kick	[zzz]"
	machine_file elsewhere /proc/kallsyms \
		"0000000000000000 t vmi_kvm_kick_all	[vmi_kvm]${newline}0000000000000000 t vmi_kvm_kick	[aaa]${newline}0000000000000000 t vmi_kvm_kick	[zzz]"
	tracers with-functions
	machine_file with-functions /sys/kernel/tracing/kprobe_events ""
	machine_file with-functions /sys/kernel/tracing/available_filter_functions \
		"vmi_kvm_kick_all [vmi_kvm]${newline}vmi_kvm_kick [vmi_kvm]"
	tracers forbidding
	machine_file forbidding /sys/kernel/tracing/kprobe_events ""
	machine_file forbidding /sys/kernel/debug/kprobes/blacklist \
		"0xffffffff81000000-0xffffffff81000010	vmi_kvm_kick"

	expect "trace" 0 \
		"tlb.flush_multi, bound to kvm: vmi_kvm_flush_multi$newline  guest vmictl *lock.wait, bound to native: -$newline*switches, registrations and policies$newline*-e 'vmi:\\*' *" \
		"" trace_on without-probes trace
	expect "trace an op" 0 \
		"lock.kick, bound to kvm: vmi_kvm_kick$newline  guest vmictl    vmictl stats on lock.kick && sleep 10 && vmictl stats off lock.kick && vmictl stats lock.kick$newline  host  perf      $kick$newline  no kprobe: this kernel has no kprobe events${newline}switches, *" \
		"" trace_on without-probes trace lock.kick
	expect "trace a group" 0 "lock.kick, *lock.wait, *" "" \
		trace_on without-probes trace lock
	expect "trace with kprobes" 0 \
		"*  guest perf      $probe$newline  guest bpftrace  bpftrace -e 'kprobe:vmi_kvm_kick { @?kstack? = count(); }'$newline  host *" \
		"" trace_on with-probes trace lock.kick
	expect "trace a helper of the kernel" 0 \
		"*  guest perf      perf probe -q vmi_pv_lock_slowpath && perf record -q -a -e probe:vmi_pv_lock_slowpath *" \
		"" trace_on helper trace lock.kick
	expect "trace a function of which others have the name" 0 "* $probe$newline*" \
		"" trace_on namesake trace lock.kick
	expect "trace a function of another module" 0 "* perf probe -q -m aaa vmi_kvm_kick *" \
		"" trace_on elsewhere trace lock.kick
	expect "trace a function that is not listed" 0 "* perf probe -q vmi_kvm_kick *" \
		"" trace_on unlisted trace lock.kick
	expect "trace a function in a module" 0 \
		"*  guest trace-cmd trace-cmd record -p function -l vmi_kvm_kick sleep 10 && trace-cmd report$newline*" \
		"" trace_on with-functions trace lock.kick
	expect "trace one that is notrace" 0 "*  no kprobe: the function must not be traced (notrace)$newline*" \
		"" trace_on with-functions trace tlb.flush_multi
	expect "trace one that is noinstr" 0 "*  no kprobe: the function must not be instrumented (noinstr)$newline*" \
		"" trace_on forbidding trace lock.kick
	expect "trace one without a function" 0 "lock.wait, bound to native: -$newline*  no kprobe: no function *" \
		"" trace_on with-probes trace lock.wait
	expect "trace in JSON" 0 \
		"{\"ops\":?{\"name\":\"lock.kick\",\"provider\":\"kvm\",\"function\":\"vmi_kvm_kick\",\"no-kprobe\":\"this kernel has no kprobe events\",\"hints\":?{\"where\":\"guest\",\"tool\":\"vmictl\",\"command\":\"*\"},{\"where\":\"host\",\"tool\":\"perf\",\"command\":\"$kick\"}?}?,\"switches\":?{\"where\":\"guest\",\"tool\":\"perf\",*}" \
		"" trace_on without-probes -j trace lock.kick
	test_trace_host
	expect "trace something unknown" 2 "" \
		"Error: unknown group or op 'x' (groups: *)." fake good trace x
	expect "trace two" 1 "" "Error: trace: unexpected word 'b'.*" \
		fake good trace a b
}
