# SPDX-License-Identifier: GPL-2.0-only
#
# Compare the list of options with configurations, for config.sh.
#
# usage: awk -v mode=list|names|debian|tests|fragments -f config.awk \
#            LIST DEBIAN-CONFIG TESTS-CONFIG NAMES [FRAGMENT...]
#
# NAMES has the names of all options of the kernel, a line each. Print a sentence for each
# line that is wrong in that mode, and fail if there is one.

function complain(sentence)
{
	print sentence
	bad = 1
}

# The option that a line of a configuration is about, with its value in "value".
function option(line,    word)
{
	if (line ~ /^# CONFIG_[A-Za-z0-9_]+ is not set$/) {
		split(line, word, " ")
		value = "n"
		return word[2]
	}
	if (line !~ /^CONFIG_[A-Za-z0-9_]+=/)
		return ""
	value = substr(line, index(line, "=") + 1)
	return substr(line, 1, index(line, "=") - 1)
}

function value_in(config, name)
{
	return (config, name) in values ? values[config, name] : "n"
}

# A line "OPTION DEBIAN-VALUE same", or "OPTION DEBIAN-VALUE TESTS-VALUE # REASON".
function read_list(    same)
{
	if (/^(#|$)/)
		return
	if (!/^CONFIG_[A-Za-z0-9_]+ +[^ #]+ +[^ #]+( +# [^ ].*)?$/) {
		if (mode == "list")
			complain("Line " FNR " of the list has no option with two values: " $0)
		return
	}
	if ($1 in listed && mode == "list")
		complain($1 " is in the list twice.")
	listed[$1]
	order[++nr_listed] = $1
	same = $3 == "same"
	values["listed debian", $1] = $2
	values["listed tests", $1] = same ? $2 : $3
	if (mode != "list")
		return
	if (!same && $2 == $3)
		complain($1 " has the value " $2 " twice in the list, in place of \"same\".")
	else if (!same && NF == 3)
		complain($1 " differs in the list without a reason.")
	else if (same && NF > 3)
		complain($1 " is the same in the list and has a reason to differ.")
}

FILENAME == ARGV[1] { read_list(); next }
FILENAME == ARGV[4] { known["CONFIG_" $1]; next }
{ name = option($0) }
name == "" { next }
FILENAME == ARGV[2] { values["debian", name] = value; next }
FILENAME == ARGV[3] { values["tests", name] = value; next }
{ set[name] }

END {
	if (!nr_listed)
		complain("The list has no options.")
	for (i = 1; i <= nr_listed; i++) {
		name = order[i]
		if (mode == "names" && !(name in known))
			complain(name " is in no Kconfig file of the kernel.")
		if (mode == "debian" || mode == "tests") {
			wanted = value_in("listed " mode, name)
			got = value_in(mode, name)
			whose = mode == "debian" ? "Debian's" : "the tests'"
			if (got != wanted)
				complain(name " is " wanted " for " whose \
					" kernel in the list, and " got " in its configuration.")
		}
	}
	if (mode == "fragments")
		for (name in set) {
			if (name in listed || name ~ /^CONFIG_VMI(_|$)/)
				continue
			if (value_in("tests", name) != value_in("debian", name))
				complain(name " is " value_in("tests", name) \
					" for the tests and " value_in("debian", name) \
					" for Debian, and is missing in the list.")
		}
	exit bad
}
