# SPDX-License-Identifier: GPL-2.0-only
#
# Make text of what xentrace recorded about a guest: exits, with KVM's names for most of them,
# hypercalls, yields of a CPU, and accesses to MSRs
#
# usage: od -An -v -tu4 -w4 TRACE | awk -f xentrace.awk
#
# A record is a word, perhaps a time of two words, and up to seven words of data. The first word
# has the event in its low 28 bits, then the number of words of data, and in its highest bit
# whether there is a time; see struct t_rec in Xen's public/trace.h, which has the events as well.
# The host has one CPU, so records are in order. Fails if Xen dropped records, or the last one is
# not whole.

function msr(what) {
	printf "xen_msr: msr_%s %x = 0x%08x%08x\n", what, data[1], data[3], data[2]
}

function record() {
	if (event == "1f001")
		lost = 1
	else if (event ~ /^81[01]02$/)
		print "xen_exit: reason " (data[1] in exit_name ? exit_name[data[1]] : data[1])
	else if (event == "82012")
		printf "xen_hypercall: nr 0x%x\n", data[1]
	else if (event == "28005" && data[1] != 0)	# not dom0
		print "xen_sched: yield"
	else if (event == "8200c")
		msr("read")
	else if (event == "8200d")
		msr("write")
}

# uapi/asm/svm.h
BEGIN {
	exit_name[71] = "nm"
	exit_name[96] = "interrupt"
	exit_name[100] = "vintr"
	exit_name[110] = "rdtsc"
	exit_name[114] = "cpuid"
	exit_name[120] = "hlt"
	exit_name[124] = "msr"
	exit_name[129] = "hypercall"
	exit_name[1024] = "npf"
}

!words {
	event = sprintf("%x", $1 % 2^28)
	times = $1 >= 2^31 ? 2 : 0
	words = times + int($1 / 2^28) % 8
	n = -times
	if (!words)
		record()
	next
}

# The data starts at 1, after what there is of a time.
{
	data[++n] = $1
	if (!--words)
		record()
}

END { exit lost || words }
