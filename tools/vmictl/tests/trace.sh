# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Tests of vmictl trace, to be sourced by run.sh. The fake kernel has three ops: kvm has
# tlb.flush_multi and lock.kick, and lock.wait is native.

trace_on() { # MACHINE WORD...
	machine=$1
	shift
	FAKE_KERNEL=good FAKE_MACHINE=$tmp/machines/$machine "$VMICTL_FAKE" "$@"
}

tracers() { # MACHINE
	for function in tlb.flush_multi:vmi_kvm_flush_multi \
		lock.kick:vmi_kvm_kick lock.wait:none; do
		machine_file "$1" "/sys/kernel/vmi/ops/${function%:*}/function" \
			"${function#*:}"
	done
}

test_trace() {
	kick="perf record -q -a -e kvm:kvm_hypercall --filter 'nr == 5' sleep 10 && perf script"
	probe="perf probe -q -m vmi_kvm vmi_kvm_kick && perf record -q -a -e probe:vmi_kvm_kick sleep 10 && perf script"
	tracers without-probes
	tracers with-probes
	machine_file with-probes /sys/kernel/tracing/kprobe_events ""
	tracers with-functions
	machine_file with-functions /sys/kernel/tracing/kprobe_events ""
	machine_file with-functions /sys/kernel/tracing/available_filter_functions \
		"vmi_kvm_kick_all [vmi_kvm]${newline}vmi_kvm_kick [vmi_kvm]"
	tracers forbidding
	machine_file forbidding /sys/kernel/tracing/kprobe_events ""
	machine_file forbidding /sys/kernel/debug/kprobes/blacklist \
		"0xffffffff81000000-0xffffffff81000010	vmi_kvm_kick"

	expect "trace" 0 \
		"tlb.flush_multi, bound to kvm: vmi_kvm_flush_multi$newline  guest vmictl *lock.wait, bound to native: -$newline*switches and registrations$newline*-e 'vmi:\\*' *" \
		"" trace_on without-probes trace
	expect "trace an op" 0 \
		"lock.kick, bound to kvm: vmi_kvm_kick$newline  guest vmictl    vmictl stats on lock.kick && sleep 10 && vmictl stats off lock.kick && vmictl stats lock.kick$newline  host  perf      $kick$newline  no kprobe: this kernel has no kprobe events${newline}switches *" \
		"" trace_on without-probes trace lock.kick
	expect "trace a group" 0 "lock.kick, *lock.wait, *" "" \
		trace_on without-probes trace lock
	expect "trace with kprobes" 0 \
		"*  guest perf      $probe$newline  guest bpftrace  bpftrace -e 'kprobe:vmi_kvm_kick { @?kstack? = count(); }'$newline  host *" \
		"" trace_on with-probes trace lock.kick
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
	expect "trace something unknown" 2 "" \
		"Error: unknown group or op 'x' (groups: *)." fake good trace x
	expect "trace two" 1 "" "Error: trace: unexpected word 'b'.*" \
		fake good trace a b
}
