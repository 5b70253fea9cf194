# SPDX-License-Identifier: GPL-2.0-only
#
# Count the exits of a guest between marks, in what the host traced; comes between trace.awk
# and a file that says what the counts mean:
#
# usage: awk -v RUN=RUN-DIRECTORY -f trace.awk -f count_exits.awk -f OTHER.awk
#            OUTPUT HOST-TRACE
#
# OUTPUT is what was printed in the guest: "# measured NUMBER PROVIDER WORK TIMES" for each
# number of a mark. What all vCPUs exited for between these marks is in
# exits[WORK, PROVIDER, ROUND, REASON], the work was done times[WORK, PROVIDER, ROUND]
# times, and in rounds[WORK, PROVIDER] rounds.
#
# The vCPUs share one CPU of the host, so a vCPU that waits for another one waits for its time
# slice. Meanwhile there are exits that only say how long it took, exits of time: interrupts of
# the host; what the guest's ticks take, which is setting the timer, ending its interrupt and
# reading a clock, also by a port; CPUs without work that halt; and vintr, for an interrupt that
# came when the guest had them off.

# total(WORK, PROVIDER, ROUND, KIND): exits of a round: those of "all" reasons, of "work",
# which are not of time, or of one reason
function total(work, provider, round, kind,    key, part, sum) {
	for (key in exits) {
		split(key, part, SUBSEP)
		if (part[1] != work || part[2] != provider || part[3] != round)
			continue
		if (kind == "all" || kind == part[4] ||
		    kind == "work" && part[4] !~ /^(interrupt|tick|clock|rdtsc|io|hlt|vintr)$/)
			sum += exits[key]
	}
	return sum + 0
}

# The last exit of this vCPU was for another reason than it says.
function was(reason) {
	if (!(vcpu in last))
		return
	found[last[vcpu]]--
	found[reason]++
	last[vcpu] = reason
}

# asm/irq_vectors.h
BEGIN { timer_vector = 236 }

FILENAME == ARGV[1] && /# measured [0-9]/ {
	number = $3
	name_of[number] = $5 SUBSEP $4
	times_of[number] = $6
	if ($4 != "native" && $4 != "builtin")
		backend = $4
}

FILENAME == ARGV[1] || /^#/ { next }

mark == "begin" {
	inside = mark_argument in name_of
	number = mark_argument
	split("", found)
	split("", last)
}

mark == "end" && inside && number == mark_argument {
	round = ++rounds[name_of[number]]
	times[name_of[number], round] = times_of[number]
	for (reason in found)
		exits[name_of[number], round, reason] = found[reason]
	inside = 0
}

!inside { next }

match($0, /(kvm|xen)_exit: .*reason [^ ]+/) {
	reason = substr($0, RSTART, RLENGTH)
	sub(/.*reason /, "", reason)
	# Registers in memory: the APIC's EOI and timer, and the HPET's counter.
	if (reason == "npf" && match($0, /info2 0x0*(fee000b0|fee00380|fed000f0) /)) {
		address = substr($0, RSTART + RLENGTH - 9, 8)
		reason = address == "fee000b0" ? "eoi" : address == "fee00380" ? "tick" : "clock"
	}
	last[vcpu] = reason
	ended[vcpu] = ""
	found[reason]++
	next
}

match($0, /kvm_eoi: .*vector [0-9]+/) {
	ended[vcpu] = substr($0, RSTART, RLENGTH)
	sub(/.* /, "", ended[vcpu])
	if (last[vcpu] == "eoi" && ended[vcpu] == timer_vector)
		was("tick")
	next
}

# The same registers as MSRs, EOI also as Hyper-V's; KVM tells after it has done it.
last[vcpu] == "msr" && /(kvm|xen)_msr: msr_write (838|6e0) / { was("tick") }

last[vcpu] == "msr" && /(kvm|xen)_msr: msr_write (80b|40000070) / {
	was(ended[vcpu] == timer_vector ? "tick" : "eoi")
}

# A guest of Xen sets its timer by VCPUOP_set_singleshot_timer, a vcpu_op, for each tick. One of
# the interrupts that were ended is the tick's, and none says which.
/xen_hypercall: nr 0x18$/ {
	was("tick")
	if (found["eoi"] > 0) {
		found["eoi"]--
		found["tick"]++
	}
}
