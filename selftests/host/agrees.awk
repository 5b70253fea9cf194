# SPDX-License-Identifier: GPL-2.0-only
#
# Host half of the test that the host counts what the guest counts
#
# usage: awk -f agrees.awk OUTPUT HOST-TRACE
#
# OUTPUT is what host_agrees printed in the guest, HOST-TRACE the events that the
# host traced meanwhile. Of the readings that no event of a kind fell into, the
# first and the last are compared: between them, guest and host must agree
# exactly. Prints KTAP.

function hex(s,    n, i)
{
	s = tolower(s)
	sub(/^0x/, "", s)
	n = 0
	for (i = 1; i <= length(s); i++)
		n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return n
}

function check(name, kind, begin, end, guest_ops,    i, n, op, first, last, g, h)
{
	tests++
	first = last = -1
	for (i = 0; i <= max_sample; i++) {
		if (!((i, begin) in at) || !((i, end) in at) ||
		    at[i, begin, kind] != at[i, end, kind])
			continue
		if (first < 0)
			first = i
		last = i
	}
	if (first < 0 || first == last) {
		print "not ok " tests " " name " # no two quiet readings"
		failed++
		return
	}
	n = split(guest_ops, op, " ")
	g = 0
	for (i = 1; i <= n; i++)
		g += calls[last, op[i]] - calls[first, op[i]]
	h = at[last, begin, kind] - at[first, begin, kind]
	print "# " name ": readings " first " to " last ": guest " g ", host " h
	if (g != h || h < least[kind]) {
		print "not ok " tests " " name
		failed++
	} else {
		print "ok " tests " " name
	}
}

FILENAME == ARGV[1] && $1 == "sample" {
	calls[$2, $3] = $4
	max_sample = $2
	next
}

FILENAME == ARGV[1] || /^#/ { next }

/kvm_hypercall:/ {
	match($0, /nr 0x[0-9a-f]+/)
	nr = hex(substr($0, RSTART + 3, RLENGTH - 3))
	match($0, /a0 0x[0-9a-f]+/)
	a0 = hex(substr($0, RSTART + 3, RLENGTH - 3))
	if (nr in mark) {
		at[a0, mark[nr]] = 1
		for (kind in least)
			at[a0, mark[nr], kind] = seen[kind] + 0
	} else if (nr == send_ipi) {
		seen["ipi"]++
	} else if (nr == kick) {
		seen["kick"]++
	}
}

/kvm_eoi:/ { seen["eoi"]++ }

# One that was sent through the APIC, and not by a hypercall.
/kvm_apic_ipi:/ { seen["apic"]++ }

BEGIN {
	# host_agrees.c, and uapi/linux/kvm_para.h
	mark[hex("564d4901")] = "begin"
	mark[hex("564d4902")] = "end"
	mark[hex("564d4903")] = "begin close"
	mark[hex("564d4904")] = "end close"
	kick = 5
	send_ipi = 10
	# The workload causes that many at the very least; kicks are rare.
	least["ipi"] = 20
	least["apic"] = 20
	least["kick"] = 0
	least["eoi"] = 100
}

END {
	print "KTAP version 1"
	print "1..4"
	check("KVM_HC_SEND_IPI", "ipi", "begin", "end",
	      "ipi.send_mask ipi.send_mask_allbutself ipi.send_allbutself")
	check("IPI through the APIC", "apic", "begin close", "end close",
	      "ipi.send ipi.send_self")
	check("KVM_HC_KICK_CPU", "kick", "begin", "end", "lock.kick")
	check("EOI", "eoi", "begin close", "end close", "eoi.eoi")
	exit failed ? 1 : 0
}
