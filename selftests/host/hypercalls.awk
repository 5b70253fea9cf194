# SPDX-License-Identifier: GPL-2.0-only
#
# Host half of the test that no hypercall is taken for another hypervisor's
#
# usage: awk -v RUN=RUN-DIRECTORY -v driven=HYPERVISOR -v cpu=OPTION
#            -f trace.awk -f hypercalls.awk HOST-TRACE
#
# KVM takes a hypercall for one of Hyper-V once the guest has written its identity to an MSR of
# Hyper-V, and for one of its own before that. OPTION is not empty if KVM offers to send IPIs, which
# each boot uses. Prints KTAP.

match($0, /kvm_hv_hypercall: code 0x[0-9a-f]+/) {
	hyperv++
	code = substr($0, RSTART + 23, RLENGTH - 23)
	# asm-generic/hyperv-tlfs.h: flush, IPI, long wait for a spinlock
	if (code !~ /^0x(2|3|13|14|b|15|8)$/)
		strange = strange " " code
	next
}

match($0, /kvm_hypercall: nr 0x[0-9a-f]+/) {
	kvm++
	code = substr($0, RSTART + 18, RLENGTH - 18)
	# uapi/linux/kvm_para.h: kick, clock, IPI, yield
	if (code !~ /^0x(5|9|a|b)$/)
		strange = strange " " code
	next
}

/kvm_msr: / { msrs++ }
/kvm_msr: msr_write 40000000 / { enabled++ }

END {
	print "KTAP version 1"
	print "1..4"
	print "# hypercalls of KVM " kvm + 0 ", of Hyper-V " hyperv + 0
	check("the host saw the guest", msrs ? "" : "no access to an MSR")
	check("each hypercall has a known number", strange)
	if (driven == "KVM") {
		check("no hypercall is taken for one of Hyper-V",
		      hyperv || enabled ? hyperv + 0 ", enabled " enabled + 0 " times" : "")
		check("KVM gets its own hypercalls if it offers them",
		      !cpu == !kvm ? "" : kvm + 0 " of them")
	} else {
		check("no hypercall is taken for one of KVM", kvm ? kvm : "")
		check("Hyper-V gets its own hypercalls", hyperv && enabled ? "" : "none")
	}
	exit failed
}
