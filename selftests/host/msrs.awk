# SPDX-License-Identifier: GPL-2.0-only
#
# Host half of the test that no kernel leaves shared memory behind
#
# usage: awk -v CRASH=0|1 -f msrs.awk HOST-TRACE
#
# Follows the MSRs by which a KVM guest shares memory with its host, on each vCPU,
# through the host's kvm:kvm_msr trace: bit 0 of what is written says whether the
# host may write to the memory. They have to be off at the end of the guest, and
# before another kernel takes over the machine (marks of next-kernel.sh). After a
# crash that is true for the CPU that crashed: the others are stopped where they
# are, and the next kernel runs in memory of its own. Prints KTAP.

function check(name, why) {
	tests++
	if (why == "") {
		print "ok " tests " " name
		return
	}
	print "# " why
	print "not ok " tests " " name
	failed = 1
}

# "CPU 0/KVM-123   [000] ...": a thread of QEMU for each vCPU
function vcpu() {
	match($0, /-[0-9]+ +\[/)
	return substr($0, RSTART + 1, RLENGTH - 2) + 0
}

BEGIN {
	# uapi/asm/kvm_para.h
	name["4b564d01"] = "clock"
	name["4b564d03"] = "steal time"
	name["4b564d04"] = "EOI"
}

/kvm_msr: msr_write/ {
	match($0, /msr_write [0-9a-f]+ = 0x[0-9a-f]+/)
	split(substr($0, RSTART, RLENGTH), word, " ")
	if (!(word[2] in name))
		next
	key = vcpu() " " word[2]
	# Refused by the host.
	if ($0 ~ /#GP/)
		next
	enabling = word[4] ~ /[13579bdf]$/
	if (enabling) {
		enabled[word[2]]++
		if (key in inherited)
			left[key] = 1
	}
	delete inherited[key]
	if (enabling)
		on[key] = 1
	else
		delete on[key]
}

/kvm_hypercall: nr 0x564d4905/ {
	last_word = 1
	for (key in on) {
		inherited[key] = 1
		shared++
	}
}

/kvm_hypercall: nr 0x564d4906/ {
	next_kernel = 1
	crashed = vcpu()
	for (key in inherited)
		untouched[key] = 1
}

END {
	print "KTAP version 1"
	print "1..3"

	why = ""
	for (msr in name) {
		if (!enabled[msr])
			why = why " " name[msr]
	}
	check("each MSR was in use", why == "" ? "" : "never enabled:" why)

	if (!last_word) {
		tests++
		print "ok " tests " all are off when the next kernel starts # SKIP there was one kernel"
	} else {
		why = next_kernel && shared ? "" : " no next kernel, or nothing to turn off"
		for (key in left)
			why = why " " key
		for (key in untouched) {
			split(key, part, " ")
			if (CRASH && part[1] != crashed)
				continue
			why = why " " key
		}
		check("all are off when the next kernel starts",
		      why == "" ? "" : "vCPU and MSR:" why)
	}

	why = ""
	for (key in on) {
		if (!CRASH || !(key in untouched))
			why = why " " key
	}
	check("all are off at the end", why == "" ? "" : "vCPU and MSR:" why)
	exit failed
}
