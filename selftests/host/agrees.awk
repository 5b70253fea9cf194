# SPDX-License-Identifier: GPL-2.0-only
#
# Host half of the test that the host counts what the guest counts
#
# usage: awk -v RUN=RUN-DIRECTORY -f trace.awk -f agrees.awk OUTPUT HOST-TRACE
#
# OUTPUT is what host_agrees printed in the guest, HOST-TRACE the events that the host traced
# meanwhile. The guest has counted what the host saw before a reading of its counters, and the
# host sees what the guest has counted soon after. So each reading gives two bounds of the
# host's lead, which may never change. A call that is lost changes the lead, which shows if the
# readings before and after leave no room for it. The room in a reading is what the host saw
# while the guest read. Prints KTAP.

# counted(NAME, COUNTERS, FIRST, LAST): the sum of the guest's counters, from one reading to
# another one; less than 0 if there is no such counter, and test NAME failed
function counted(name, counters, first, last,    i, n, counter, sum) {
	n = split(counters, counter, " ")
	sum = 0
	for (i = 1; i <= n; i++) {
		if (!((last, counter[i]) in value)) {
			check(name, "the guest does not count " counter[i])
			return -1
		}
		sum += value[last, counter[i]] - value[first, counter[i]]
	}
	return sum
}

# agrees(NAME, KIND, LEAST, COUNTERS): there were as many events of a kind as the sum of the
# guest's counters says, and no fewer than LEAST. Most readings leave little room.
function agrees(name, kind, least, counters,    i, g, low, high, low_at, high_at, why, room, rooms, close_by) {
	for (i = 0; i <= max_sample; i++) {
		if (!((i, "begin") in at) || !((i, "end") in at)) {
			check(name, "marks are missing")
			return
		}
		g = counted(name, counters, 0, i)
		if (g < 0)
			return
		room = at[i, "end", kind] - at[i, "begin", kind]
		rooms = rooms " " room
		close_by += room <= most_room[kind == "eoi"]
		if (!i || at[i, "begin", kind] - g > low) {
			low = at[i, "begin", kind] - g
			low_at = i
		}
		if (!i || at[i, "end", kind] - g < high) {
			high = at[i, "end", kind] - g
			high_at = i
		}
	}
	print "# " name ": guest " g ", and the host " low " to " high " more"
	print "# " name ": room in each reading:" rooms
	if (!g && !least && !at[max_sample, "end", kind]) {
		skip(name, "neither the guest nor the host saw any")
		return
	}
	if (low > high)
		why = "the host's lead is at least " low " at reading " low_at \
		      ", and at most " high " at reading " high_at
	else if (g < least)
		why = "wanted at least " least
	else if (2 * close_by <= max_sample) {
		# Timers of a busy host end interrupts while the guest reads.
		skip(name, "only " close_by " readings have room for no more than " \
		     most_room[kind == "eoi"])
		return
	}
	check(name, why)
}

# covers(NAME, KIND, COUNTERS): the guest does not count all events of a kind. From before the
# first reading until after the last one, there were no fewer than the sum of its counters
# says, and not many more. A kind that is left out would show, a single event would not.
function covers(name, kind, counters,    g, h) {
	if (max_sample < 1 || !((0, "begin") in at) || !((max_sample, "end") in at)) {
		check(name, "marks are missing")
		return
	}
	g = counted(name, counters, 0, max_sample)
	if (g < 0)
		return
	h = at[max_sample, "end", kind] - at[0, "begin", kind]
	print "# " name ": guest " g ", host " h
	check(name, g > 0 && h >= g && h <= most * g ? "" : "wanted no fewer, and not many more")
}

# hypercalls(KIND, NUMBERS): these hypercalls are events of a kind
function hypercalls(kind, numbers,    number, n) {
	kinds[kind]
	for (n = split(numbers, number, ","); n; n--)
		kind_of[number[n]] = kind
}

BEGIN {
	# Seen were 1.0003 to 1.003.
	most = 1.1
	# Timers of all CPUs end interrupts while one of them reads.
	most_room[0] = 4
	most_room[1] = 40
	kinds["apic"]
	kinds["eoi"]
	if (hypervisor == "kvm") {	# uapi/linux/kvm_para.h
		hypercalls("kick", "nr 0x5")
		hypercalls("ipi", "nr 0xa")
	} else if (hypervisor == "hyperv") {	# asm-generic/hyperv-tlfs.h
		hypercalls("flush", "code 0x2,code 0x3,code 0x13,code 0x14")
		hypercalls("ipi", "code 0xb,code 0x15")
	} else if (hypervisor == "xen") {	# xen/interface/xen.h
		hypercalls("poll", "nr 0x1d")
		hypercalls("event", "nr 0x20")
	}
}

# A counter, or the counts of each CPU for a kind of interrupts.
FILENAME == ARGV[1] && $1 == "sample" {
	sum = 0
	for (i = 4; $i ~ /^[0-9]+$/; i++)
		sum += $i
	value[$2, $3] = sum
	max_sample = $2
}

FILENAME == ARGV[1] || /^#/ { next }

mark != "" {
	at[mark_argument, mark] = 1
	for (kind in kinds)
		at[mark_argument, mark, kind] = seen[kind] + 0
}

match($0, /(kvm|kvm_hv|xen)_hypercall: (nr|code) 0x[0-9a-f]+/) {
	number = substr($0, RSTART, RLENGTH)
	sub(/.*: /, "", number)
	if (number in kind_of)
		seen[kind_of[number]]++
	last_call = number
	next
}

# The hypercall was no poll: the kernel yields after it sent an IPI to a vCPU that does not run.
/xen_sched: yield/ {
	if (last_call == "nr 0x1d")
		seen["poll"]--
	else
		stray++
}
{ last_call = "" }

/kvm_eoi:/ { seen["eoi"]++ }

# An IPI through the APIC, and not by a hypercall.
/kvm_apic_ipi:/ { seen["apic"]++ }

# The x2APIC's registers are MSRs: EOI, ICR, and an interrupt to oneself.
/xen_msr: msr_write 80b / { seen["eoi"]++ }
/xen_msr: msr_write (830|83f) / { seen["apic"]++ }

# IPIs to oneself are rare. Xen sees kicks and IPIs as events, like those of drivers. An event
# that is sent before the last one arrived does not arrive itself.
END {
	print "KTAP version 1"
	if (hypervisor == "kvm") {
		print "1..5"
		agrees("KVM_HC_SEND_IPI", "ipi", 20,
		       "ipi.send_mask ipi.send_mask_allbutself ipi.send_allbutself")
		agrees("KVM_HC_SEND_IPI and pv-ipi", "ipi", 20, "pv-ipi")
		agrees("KVM_HC_KICK_CPU", "kick", 0, "lock.kick")
		agrees("IPI through the APIC", "apic", 20, "ipi.send ipi.send_self")
	} else if (hypervisor == "hyperv") {
		print "1..4"
		agrees("flush hypercalls and tlb-flush", "flush", 20, "tlb-flush")
		agrees("IPI hypercalls and cluster-ipi", "ipi", 20, "cluster-ipi")
		agrees("IPI through the APIC", "apic", 0, "ipi.send_self")
	} else if (hypervisor == "xen") {
		print "1..5"
		check("yields are hypercalls", stray ? stray " are not" : "")
		agrees("SCHEDOP_poll and event-poll", "poll", 10, "event-poll")
		covers("event channel hypercalls", "event",
		       "lock.kick RES: CAL:")
		agrees("IPI through the APIC", "apic", 0,
		       "ipi.send ipi.send_self ipi.send_mask ipi.send_mask_allbutself ipi.send_allbutself")
	} else {
		print "1..1"
	}
	agrees("EOI", "eoi", 100, "eoi.eoi")
	exit failed
}
