# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What is printed as JSON, and as text, for ../schema/check.py. To be sourced by run.sh.

check_schema() { # ARGUMENT...
	$limit "$(dirname "$0")/../schema/check.py" "$@"
}

# Lines of a transcript.
say_as() { # KIND
	sed "s/^/# vmictl: $1 /"
}

# By whatever runs it: fake KERNEL, or on MACHINE.
record() { # STATUS COMMAND... -- WORD...
	wanted=$1 runner=
	shift
	while [ "$1" != -- ]; do
		runner="$runner $1"
		shift
	done
	shift
	echo "# vmictl: begin $*"
	$runner -j "$@" 2>/dev/null | say_as json
	# These say more there: how to stop, and which line failed.
	case $1 in
	monitor | --batch) $runner "$@" 2>/dev/null ;;
	*) $runner "$@" 2>&1 ;;
	esac >"$tmp/text"
	got=$?
	say_as text <"$tmp/text"
	$runner -j "$@" 2>/dev/null | say_as json
	# Without an end, it fails.
	[ $got -eq "$wanted" ] && echo "# vmictl: end $got"
}

# What has no document.
record_metrics() { # KERNEL [GROUP|GROUP.OP]
	echo "# vmictl: begin stats --format openmetrics${2:+ $2}"
	# shellcheck disable=SC2086 # there may be none
	fake "$1" stats --format openmetrics $2 >"$tmp/text" 2>&1
	got=$?
	say_as text <"$tmp/text"
	echo "# vmictl: end $got"
}

fake_transcript() {
	for kernel in good native hostile quoting ticking,clockwork \
		resetting,ticking,clockwork; do
		for words in status layers list ops "explain lock.wait" \
			"explain tlb.flush_multi" trace "trace lock" caps stats "stats lock" \
			"stats on" "use kvm" policy "policy show" \
			"policy set io native" "policy clear" help \
			"stats --per-cpu" "stats --per-cpu lock" "stats --histogram" \
			"stats --histogram lock.kick" "stats on --histogram" \
			"stats off --histogram lock"; do
			# shellcheck disable=SC2086 # these are words
			record 0 fake "$kernel" -- $words
		done
	done
	for kernel in good native hostile quoting unmeasured; do
		for words in "" tlb lock lock.wait; do
			record_metrics "$kernel" "$words"
		done
	done
	# Rates and times are those of the text, with a clock that all of them share.
	for kernel in ticking,clockwork resetting,ticking,clockwork; do
		record 0 fake "$kernel" -- stats --interval 0.1 --count 4
		record 0 fake "$kernel" -- top --interval 0.1 --count 2 tlb
		for words in stats top; do
			record 0 fake "$kernel" -- $words --per-cpu --interval 0.1 --count 4
		done
	done
	for kernel in good native hostile lost,clockwork; do
		record 0 fake "$kernel" -- monitor
	done
	record 0 fake good -- --version
	record 2 fake good -- stats x
	record 2 fake objecting -- ops
	record 1 fake good -- x
	printf '%s\n' status "use kvm" "stats on" stats help caps "explain lock.wait" \
		>"$tmp/batch-good"
	record 0 fake good -- --batch "$tmp/batch-good"
	echo "io native" >"$tmp/policy.conf"
	record 0 fake good -- policy load "$tmp/policy.conf"
	printf '%s\n' status "explain x" >"$tmp/batch-bad"
	record 2 fake good -- --batch "$tmp/batch-bad"
	for machine in "$tmp"/machines/*; do
		# Those of check have no CPUID.
		[ -f "$machine/cpuid" ] || continue
		echo "# vmictl: machine ${machine##*/}"
		record 0 on "${machine##*/}" -- detect
	done
	for words in "0 good" "0 unmarked" "2 both" "2 part" "2 arm64"; do
		# shellcheck disable=SC2086 # these are words
		set -- $words
		record "$1" check_on plain -- check "$tmp/modules/$2.ko"
	done
	record 0 check_on with-modules -- check "$tmp/modules/good.ko"
	echo "# vmictl: commands $(commands_of_help | tr -d ,)"
}

# Each result is one here.
report_schema() { # TRANSCRIPT
	check_schema "$1" >"$tmp/schema"
	schema_status=$?
	while read -r line; do
		line=${line%%"$tmp"*}
		case $line in
		"# "*) echo "$line" >>"$tmp/report" ;;
		"ok "*) report ok "schema: ${line#ok * }" ;;
		"not ok "*) report "not ok" "schema: ${line#not ok * }" ;;
		esac
	done <"$tmp/schema"
	[ $schema_status -eq 0 ] || [ $failed -gt 0 ] ||
		report "not ok" "schema: check.py failed and did not say why"
}

# The transcript of a command, with a change that has to be found.
changed() { # SED-COMMAND [COMMAND]
	# shellcheck disable=SC2086 # these are words
	record 0 fake good -- ${2:-status} | sed "$1" >"$tmp/changed"
	check_schema "$tmp/changed" | grep '^[#n]'
}

# NAME PATTERN SED-COMMAND
canary() {
	expect "schema: $1" 0 "# $2${newline}*not ok 1 status" "" changed "$3"
}

# The same of what has no document.
changed_metrics() { # SED-COMMAND
	record_metrics good | sed "$1" >"$tmp/changed"
	check_schema "$tmp/changed" | grep '^[#n]'
}

# NAME PATTERN SED-COMMAND
canary_of_metrics() {
	expect "openmetrics: $1" 0 "# $2${newline}not ok 1 stats --format openmetrics" \
		"" changed_metrics "$3"
}

test_canaries_of_metrics() {
	expect "openmetrics: nothing is changed" 1 "" "" changed_metrics ""
	canary_of_metrics "nothing but the end" "there is no vmi*there is no vmi_op_calls*" \
		'/text # EOF$/!{/ text /d}'
	canary_of_metrics "another status" "the exit status is 2" 's/end 0/end 2/'
	canary_of_metrics "no end" "no OpenMetrics: Missing # EOF*" '/# EOF$/d'
	canary_of_metrics "a line behind the end" "no OpenMetrics: *after # EOF*" \
		'/text # EOF$/s/.*/&\n&/'
	canary_of_metrics "a line that is empty" "no OpenMetrics: *blank line" \
		'/# TYPE vmi_info/s/info.*/&\n# vmictl: text /'
	canary_of_metrics "nothing" "no OpenMetrics: *" '/ text /d'
	canary_of_metrics "a sentence" "no OpenMetrics: *" 's/# EOF/Error: no./'
	canary_of_metrics "a name of a counter" "no OpenMetrics: *" 's/_calls_total/_calls/'
	canary_of_metrics "a type that is none" "no OpenMetrics: Invalid metric type: *" \
		's/ counter$/ count/'
	canary_of_metrics "no type" "vmi_switches_total has no type, or no help*" \
		'/vmi_switches /d'
	canary_of_metrics "no help" "vmi_info has no type, or no help" '/HELP vmi_info/d'
	canary_of_metrics "a quote" "no OpenMetrics: Invalid labels: *" 's/KVMKVM/K"M/'
	canary_of_metrics "a label twice" "no OpenMetrics: Invalid labels: *" \
		's/,group=/,op=/'
	canary_of_metrics "a sample twice" "vmi_op_counting{op=\"lock.kick\",*} is there 2 times" \
		'/op_counting{op="lock.kick"/p'
	canary_of_metrics "a bucket with less than the one before" \
		"no OpenMetrics: Bucket values out of order: *" '/le="255.0"/s/10$/1/'
	canary_of_metrics "no last bucket" "no OpenMetrics: [+]Inf bucket missing: *" \
		'/[+]Inf/d'
	canary_of_metrics "a count that is not that of the buckets" \
		"no OpenMetrics: Count does not match*" '/cycles_count/s/11$/12/'
}

test_canaries() {
	expect "schema: nothing is changed" 1 "" "" changed ""
	canary "a key too many" "$: Additional properties *'x' was unexpected*" \
		's/{"active"/{"x":1,"active"/'
	canary "a key that is missing" "$: 'choice' is a required property" \
		's/,"choice":"[^"]*"//'
	canary "a number that is a string" "$.switches: '1' is not of type 'integer'" \
		's/"switches":1/"switches":"1"/'
	canary "a number that is negative" "$.switches: -1 is less than *" \
		's/"switches":1/"switches":-1/'
	canary "a word that is none" "$.state: 'lazy' is not one of *" \
		's/"state":"active"/"state":"lazy"/'
	canary "null where there is none" "$.active: None is not of type 'string'" \
		's/"active":"kvm"/"active":null/'
	canary "a character that is none" "$.hypervisor: *does not match*" \
		's/"KVMKVMKVM"/"\\u001b"/'
	expect "schema: a sum that the numbers in these buckets cannot have" 0 \
		"# $*.latency.sum: 4000 is not between 1920 and 3829, as the buckets say*" \
		"" changed 's/"sum":3000/"sum":4000/g' "stats --histogram"
	canary "a key twice" "no JSON document: a key is there twice" \
		's/"switches":1/"switches":1,"switches":1/'
	canary "half a document" "no JSON document: *" 's/}$//'
	canary "no text" "there is no text" '/ text /d'
	canary "no document" "there is no document" '/ json /d'
	canary "no end" "the record has no end" '/ end /d'
	canary "a number of the text that is another one" \
		"'77' of the text is not in the document: switches *" \
		's/^\(.* text switches  *\).*/\177/'
	canary "a time of the text that is another one" \
		"'1.412346' of the text is not in the document: switched *" \
		's/1\.412345 s/1.412346 s/'
	record 0 fake good -- list | sed '/text xen /d' >"$tmp/changed"
	expect "schema: a line that is missing" 1 \
		"*# text and document do not fit: 2 lines of text for 2 and 2 rows*" \
		"" check_schema "$tmp/changed"
	record 0 fake good -- stats --histogram |
		sed 's/text \(.*CPUs.*\)  11/text \1  272/' >"$tmp/changed"
	expect "schema: a number of another histogram" 1 \
		"*'272' of the text is not *" "" check_schema "$tmp/changed"
	record 0 fake good -- stats --histogram | sed '/text .*CPUs/d' >"$tmp/changed"
	expect "schema: a histogram that is missing" 1 \
		"*3 lines of text for 3 and 3 rows*" "" check_schema "$tmp/changed"
	record 0 fake good -- stats --histogram lock.wait |
		sed 's/"count":0,/&"mean":0,/' >"$tmp/changed"
	expect "schema: a mean of nothing" 1 "*False schema does not allow 0*" "" \
		check_schema "$tmp/changed"
	record 0 fake good -- stats --histogram | sed 's/"mean":272[.0-9]*/"mean":272/' \
		>"$tmp/changed"
	expect "schema: a mean that is another one" 1 \
		"*[[]0[]].latency.mean: 272 is not 272.727272727273*" "" \
		check_schema "$tmp/changed"
	record 0 fake good -- stats --histogram | sed 's/"count":4}/"count":3}/' \
		>"$tmp/changed"
	expect "schema: a count that is not that of the buckets" 1 \
		"*[[]0[]].latency.count: 11 is not the sum, 10*" "" \
		check_schema "$tmp/changed"
	record 0 fake good -- stats --per-cpu | sed 's/"cpu":2,"calls":3/"cpu":2,"calls":2/' \
		>"$tmp/changed"
	expect "schema: calls that are not those of the CPUs" 1 \
		"*[[]0[]].calls: 12 is not the sum, 11*" "" check_schema "$tmp/changed"
	record 0 fake good -- stats --histogram tlb |
		sed 's/"sum":12,/&"x":0,/' >"$tmp/changed"
	expect "schema: a key too many in a histogram" 1 \
		"*'x' was unexpected*" "" check_schema "$tmp/changed"
	record 0 fake good -- stats --per-cpu |
		sed 's/"cpus":[[][^]]*[]]/"cpus":[]/' >"$tmp/changed"
	expect "schema: no CPU" 1 "*cpus: [[]] *" "" check_schema "$tmp/changed"
	record 0 fake ticking,clockwork -- stats --interval 0.1 --count 2 >"$tmp/plain"
	sed 's/"cycles":100/"cycles":101/' "$tmp/plain" >"$tmp/changed"
	expect "schema: cycles that are others" 1 "*'100' of the text is not *" "" \
		check_schema "$tmp/changed"
	sed 's/"provider":"kvm"/&,"cpus":[{"cpu":0,"calls":1}]/' "$tmp/plain" >"$tmp/changed"
	expect "schema: CPUs that nobody asked for" 1 \
		"*False schema does not allow*" "" check_schema "$tmp/changed"
	record 0 fake ticking,clockwork -- top --per-cpu --interval 0.1 --count 2 \
		>"$tmp/plain"
	sed 's/,"cpus":[[][^]]*[]]//' "$tmp/plain" >"$tmp/changed"
	expect "schema: no CPUs of top" 1 "*'cpus' is a required property*" "" \
		check_schema "$tmp/changed"
	sed 's/,"delta":8//' "$tmp/plain" >"$tmp/changed"
	expect "schema: a rate of a CPU without its calls" 1 \
		"*'delta' is a dependency of 'rate'*" "" check_schema "$tmp/changed"
	sed 's/"delta":8,"rate":[0-9.]*/"delta":8,"rate":7.5/' "$tmp/plain" >"$tmp/changed"
	expect "schema: another rate of a CPU" 1 "*'1.0' of the text is not *" "" \
		check_schema "$tmp/changed"
	record 0 fake good -- ops | sed 's/text \(.*\)  12/text \1  13/' >"$tmp/changed"
	expect "schema: a number of another line" 1 "*'13' of the text is not *" \
		"" check_schema "$tmp/changed"
	echo "# vmictl: commands status" >"$tmp/changed"
	expect "schema: a command that was not recorded" 1 \
		"*# it was not recorded${newline}not ok 1 status" "" \
		check_schema "$tmp/changed"
	record 0 fake good -- status | sed 's/begin status/begin nothing/' >"$tmp/changed"
	expect "schema: a command that it does not have" 1 \
		"*the schema has no definition*" "" check_schema "$tmp/changed"
	: >"$tmp/changed"
	expect "schema: nothing" 1 "*1..0" "" check_schema "$tmp/changed"
}

test_schema() {
	expect "schema: names of the specification" 0 "" "" \
		check_schema --spec ../../uapi/vmi.yaml
	fake_transcript >"$tmp/transcript"
	report_schema "$tmp/transcript"
	test_canaries
	test_canaries_of_metrics
}
