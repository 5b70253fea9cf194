# SPDX-License-Identifier: GPL-2.0-only
#
# Of KTAP documents, the results of each test, in lines of SCENARIO, TEST, ANSWER and
# RESULT, separated by tabs. Give scenario=NAME before each document.
#
# The name of a test follows its results, in a level further out. A result's name may
# have that of the backend in it, which is no difference.

BEGIN { OFS = "\t" }

/^ *KTAP version/ { n = 0; next }

# A test that skips itself.
/^ *1[.][.]0/ {
	inner = match($0, /[^ ]/)
	held[n = 1] = "skip" OFS "all of it"
	next
}

match($0, /^ *(not )?ok [0-9]+ /) {
	name = substr($0, RLENGTH + 1)
	indent = match($0, /[^ ]/)
	answer = $1 == "not" ? "fail" : "pass"
	if (sub(/ *# SKIP.*/, "", name))
		answer = "skip"
	if (n && indent < inner) {
		for (i = 1; i <= n; i++)
			print scenario, name, held[i]
		n = 0
		next
	}
	inner = indent
	gsub(/(kvm|hyperv|xen|vmware|null)( |$)/, "BACKEND ", name)
	sub(/ +$/, "", name)
	held[++n] = answer OFS name
}
