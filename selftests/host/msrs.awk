# SPDX-License-Identifier: GPL-2.0-only
#
# Host half of the test that no memory stays shared behind the guest's back
#
# usage: awk -v CRASH=0|1 -f msrs.awk HOST-TRACE
#
# Follows the MSRs by which a KVM guest shares memory with its host, on each vCPU,
# through the host's kvm:kvm_msr trace: bit 0 of what is written says whether the
# host may write to the memory. They have to be off at the end of the guest. And of
# what was on at a mark "leaving" (mark.h), as many vCPUs as the mark "back" says
# have to have turned all off in between, before they turned anything on again.
# After a crash the CPUs that did not crash stay as they are. Prints KTAP.

function hex(s,    n, i) {
	n = 0
	for (i = 1; i <= length(s); i++)
		n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return n
}

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

function cpu_of(key,    part) {
	split(key, part, " ")
	return part[1]
}

BEGIN {
	# uapi/asm/kvm_para.h; the first ones are what the backend uses.
	name["4b564d01"] = "clock"
	name["4b564d03"] = "steal time"
	name["4b564d04"] = "EOI"
	other["12"]
	other["4b564d02"]
}

# "CPU 0/KVM-123   [000] ...": a thread of QEMU for each vCPU
match($0, /-[0-9]+ +\[/) {
	vcpu = substr($0, RSTART + 1, RLENGTH - 2) + 0
}

# Not what the host refused.
/kvm_msr: msr_write/ && !/#GP/ {
	match($0, /msr_write [0-9a-f]+ = 0x[0-9a-f]+/)
	split(substr($0, RSTART, RLENGTH), word, " ")
	msr = word[2]
	if (!(msr in name) && !(msr in other))
		next
	key = vcpu " " msr
	if (word[4] ~ /[13579bdf]$/) {
		if (key in leaving)
			stayed[vcpu] = 1
		if (!((msr, vcpu) in seen))
			enabled[msr]++
		seen[msr, vcpu] = 1
		on[key] = 1
	} else {
		delete on[key]
	}
	delete leaving[key]
	delete untouched[key]
}

/kvm_hypercall: nr 0x564d4905/ {
	for (key in on) {
		leaving[key] = 1
		left[cpu_of(key)] = 1
	}
}

/kvm_hypercall: nr 0x564d4906/ {
	match($0, /a0 0x[0-9a-f]+/)
	wanted = hex(substr($0, RSTART + 5, RLENGTH - 5))
	for (key in leaving) {
		untouched[key] = 1
		stayed[cpu_of(key)] = 1
		delete leaving[key]
	}
	got = 0
	for (cpu in left) {
		got += !(cpu in stayed)
		delete left[cpu]
	}
	for (cpu in stayed)
		delete stayed[cpu]
	pairs++
	if (got != wanted)
		wrong = wrong " " got " of " wanted " vCPUs the time no. " pairs ";"
}

END {
	print "KTAP version 1"
	print "1..3"

	# Firmware turns on the clock of the first vCPU, so one would not do.
	why = ""
	for (msr in name) {
		if (enabled[msr] < 2)
			why = why " " name[msr]
	}
	check("each MSR was in use", why == "" ? "" : "not on two vCPUs:" why)

	if (pairs)
		check("all are off in between, " pairs " times",
		      wrong == "" ? "" : "turned all off:" wrong)
	else
		print "ok " ++tests " all are off in between # SKIP nothing in between"

	why = ""
	for (key in on) {
		if (!CRASH || !(key in untouched))
			why = why " " key
	}
	check("all are off at the end", why == "" ? "" : "vCPU and MSR:" why)
	exit failed
}
