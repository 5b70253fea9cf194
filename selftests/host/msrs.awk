# SPDX-License-Identifier: GPL-2.0-only
#
# Host half of the test that no memory stays shared behind the guest's back
#
# usage: awk -v RUN=RUN-DIRECTORY -f trace.awk -f msrs.awk HOST-TRACE
#
# Follows the MSRs by which a guest shares memory with its host through the host's
# kvm:kvm_msr trace: those that each vCPU has, and those of the whole machine. They
# have to be off at the end of the guest. And of what was on at a mark "leaving"
# (mark.h), as many vCPUs as the mark "back" says have to have turned all off in
# between, before they turned anything on again; if the machine leaves, what it has
# must be off as well, and if only a CPU does, must be left alone. After a crash the
# CPUs that did not crash stay as they are. Prints KTAP.

# Bit 0 is for on, unless the MSR is a number of which 0 means nobody.
function is_on(msr, value) {
	if (msr in number)
		return value !~ /^0x0+$/
	return value ~ /[13579bdf]$/
}

# A vCPU, or the machine.
function owner_of(key,    part) {
	split(key, part, " ")
	return part[1]
}

function go(whole) {
	machine_leaves = whole
	for (key in on) {
		leaving[key] = 1
		left[owner_of(key)] = 1
	}
}

function come_back(wanted,    got, cpu) {
	for (key in leaving) {
		untouched[key] = 1
		stayed[owner_of(key)] = 1
		delete leaving[key]
	}
	pairs++
	if (machine_leaves && ("machine" in left) && ("machine" in stayed))
		wrong = wrong " not all of the machine's, the time no. " pairs ";"
	if (!machine_leaves && ("machine" in touched))
		wrong = wrong " the machine's for one CPU, the time no. " pairs ";"
	delete left["machine"]
	got = 0
	for (cpu in left) {
		got += !(cpu in stayed)
		delete left[cpu]
	}
	for (cpu in stayed)
		delete stayed[cpu]
	for (cpu in touched)
		delete touched[cpu]
	if (got != wanted)
		wrong = wrong " " got " of " wanted " vCPUs the time no. " pairs ";"
}

# What the backends use has a name. Nobody turns on the others.
BEGIN {
	if (hypervisor == "kvm") {	# uapi/asm/kvm_para.h
		of_vcpu["4b564d01"] = "clock"
		of_vcpu["4b564d03"] = "steal time"
		of_vcpu["4b564d04"] = "EOI"
		of_vcpu["12"]
		of_vcpu["4b564d02"]
	} else if (hypervisor == "hyperv") {	# asm/hyperv-tlfs.h
		of_vcpu["40000073"] = "assist page"
		of_vcpu["40000082"]
		of_vcpu["40000083"]
		of_machine["40000000"] = "guest's identity"
		of_machine["40000001"] = "hypercall page"
		of_machine["40000021"] = "reference TSC"
		number["40000000"]
	}
}

# Not what the host refused.
/kvm_msr: msr_write/ && !/#GP/ {
	match($0, /msr_write [0-9a-f]+ = 0x[0-9a-f]+/)
	split(substr($0, RSTART, RLENGTH), word, " ")
	msr = word[2]
	if (msr in of_machine)
		owner = "machine"
	else if (msr in of_vcpu)
		owner = vcpu
	else
		next
	key = owner " " msr
	if (is_on(msr, word[4])) {
		if (key in leaving)
			stayed[owner] = 1
		if (!((msr, owner) in seen))
			enabled[msr]++
		seen[msr, owner] = 1
		on[key] = 1
	} else {
		if (key in leaving)
			touched[owner] = 1
		delete on[key]
	}
	delete leaving[key]
	delete untouched[key]
}

mark == "cpu-leaving" { go(0) }
mark == "machine-leaving" { go(1) }
mark == "back" { come_back(mark_argument) }

END {
	print "KTAP version 1"
	print "1..3"

	# Firmware turns on the clock of the first vCPU, so one would not do.
	why = ""
	known = 0
	for (msr in of_vcpu) {
		known++
		if (of_vcpu[msr] != "" && enabled[msr] < 2)
			why = why " " of_vcpu[msr] " not on two vCPUs;"
	}
	for (msr in of_machine) {
		if (!enabled[msr])
			why = why " " of_machine[msr] ";"
	}
	if (!known)
		why = "none is known of '" hypervisor "'"
	check("each MSR was in use", why == "" ? "" : "not in use:" why)

	if (pairs)
		check("all are off in between, " pairs " times",
		      wrong == "" ? "" : "turned off:" wrong)
	else if (wants_marks)
		check("all are off in between", "there is no mark in the trace")
	else
		print "ok " ++tests " all are off in between # SKIP nothing in between"

	why = ""
	for (key in on) {
		if (next_kernel != "crash" || owner_of(key) == "machine" ||
		    !(key in untouched))
			why = why " " key
	}
	check("all are off at the end", why == "" ? "" : "vCPU and MSR:" why)
	exit failed
}
