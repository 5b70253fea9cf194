# SPDX-License-Identifier: GPL-2.0-only
#
# What those who read the host's trace have in common; comes before their own file:
#
# usage: awk -v RUN=RUN-DIRECTORY -f trace.awk -f OTHER.awk ...
#
# From the guest's command: hypervisor, which is how the scenario's name begins. From each line
# of a trace: vcpu, and if it is a mark, mark and mark_argument.

function hex(s,    n, i) {
	s = tolower(s)
	sub(/^0x/, "", s)
	n = 0
	for (i = 1; i <= length(s); i++)
		n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return n
}

# check(NAME, WHY): a result of KTAP, good if nothing says why not
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

# skip(NAME, WHY): a result of KTAP that says nothing
function skip(name, why) {
	print "ok " ++tests " " name " # SKIP " why
}

BEGIN {
	# mark.h
	split("begin end", mark_name, " ")

	while ((getline guest_cmd < (RUN "/guest.cmd")) > 0) {
		if (match(guest_cmd, /VMI_SCENARIO=[a-z]+/))
			hypervisor = substr(guest_cmd, RSTART + 13, RLENGTH - 13)
	}
}

{ mark = "" }

# "qemu-system-x86-38      [000] ...": a thread of QEMU for each vCPU
match($0, /-[0-9]+ +\[/) {
	vcpu = substr($0, RSTART + 1, RLENGTH - 2) + 0
}

match($0, /(kvm|xen)_msr: msr_read 564d[0-9a-f][0-9a-f][0-9a-f][0-9a-f] /) {
	mark = mark_name[hex(substr($0, RSTART + 22, 1))]
	mark_argument = hex(substr($0, RSTART + 23, 3))
}
