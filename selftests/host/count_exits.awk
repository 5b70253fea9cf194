# SPDX-License-Identifier: GPL-2.0-only
#
# Counts the exits of a guest between marks, in what the host traced; comes between
# trace.awk and those who say what the counts mean:
#
# usage: awk -v RUN=RUN-DIRECTORY -f trace.awk -f count_exits.awk -f OTHER.awk
#            OUTPUT HOST-TRACE
#
# OUTPUT is what was printed in the guest: "# measured NUMBER PROVIDER WORK TIMES" for each
# number of a mark. What all vCPUs exited for between these marks is in
# exits[WORK, PROVIDER, ROUND, REASON], the work was done times[WORK, PROVIDER, ROUND]
# times, and in rounds[WORK, PROVIDER] rounds.
#
# The vCPUs share one CPU of the host, so whoever waits for another one waits for its
# time slice, and meanwhile there are exits that only say how long it took, of time:
# interrupts of the host, its own timer's among them; what the guest's ticks take: setting
# the timer, ending its interrupt, reading a clock, by a port as well; CPUs without work
# that halt. And vintr: an interrupt, of a tick or not, came when the guest had them off.

function is_of_time(reason) {
	return reason == "interrupt" || reason == "tick" || reason == "clock" ||
	       reason == "rdtsc" || reason == "io" || reason == "hlt" || reason == "vintr"
}

# total(WORK, PROVIDER, ROUND, KIND): exits of a round: those of "all" reasons, of "work",
# which are not of time, of "time", or of one reason
function total(work, provider, round, kind,    key, part, sum, wanted) {
	for (key in exits) {
		split(key, part, SUBSEP)
		if (part[1] != work || part[2] != provider || part[3] != round)
			continue
		if (kind == "work")
			wanted = !is_of_time(part[4])
		else if (kind == "time")
			wanted = is_of_time(part[4])
		else
			wanted = kind == "all" || kind == part[4]
		if (wanted)
			sum += exits[key]
	}
	return sum + 0
}

# The last exit of this vCPU was for something else than its reason says.
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
	if (reason == "npf") {
		if (/info2 0x0*fee000b0 /)
			reason = "eoi"
		else if (/info2 0x0*fee00380 /)
			reason = "tick"
		else if (/info2 0x0*fed000f0 /)
			reason = "clock"
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

# A guest of Xen has its timer from there: VCPUOP_set_singleshot_timer, a vcpu_op, for each
# tick. That it came is one of the interrupts that were ended, and none says which.
/xen_hypercall: nr 0x18$/ {
	was("tick")
	if (found["eoi"] > 0) {
		found["eoi"]--
		found["tick"]++
	}
}
