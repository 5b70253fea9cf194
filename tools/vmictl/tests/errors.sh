# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Errors: commands, and what can go wrong with them. To be sourced by run.sh.

# What is on standard error is a sentence, and nothing is on standard output. A usage
# error of a command has its usage in a second line. In JSON the same sentence is the
# document, without its full stop, and standard error is silent.
sentence() { # NAME STATUS SENTENCE KERNEL WORD...
	name=$1 status=$2 sentence=$3 kernel=$4
	shift 4
	expect "$name" "$status" "" "Error: $sentence." one_sentence "$kernel" "$@"
	expect "$name, in JSON" "$status" "{\"error\":\"$sentence\"}" "" \
		fake "$kernel" -j "$@"
}

# The usage is looked at here, and left out of what is compared.
one_sentence() { # KERNEL WORD...
	fake "$@" 2>"$tmp/said"
	said=$?
	awk -v status=$said '
		NR == 2 && status == 1 && /^Usage: vmictl \[OPTIONS\] [a-z]/ { next }
		NR > 1 { print "a line too many:" }
		{ print }' "$tmp/said" >&2
	return $said
}

# Each command that asks the kernel, as the words are given to it.
asking() { # FUNCTION ARGUMENT...
	for words in status layers list ops "explain lock.wait" trace "trace lock" \
		policy "policy set io native" "policy clear lock" caps stats \
		"stats lock" "stats --interval 0.1" "stats --format openmetrics" \
		"stats --per-cpu" "stats --per-cpu lock" "stats --histogram" \
		"stats --histogram lock" top "use kvm" "stats on" "stats off lock" \
		"stats reset" "stats on --histogram" "stats off lock --histogram" \
		"policy clear"; do
		"$@"
	done
}

# The sentence says what it was that failed.
refused_by() { # KERNEL WHAT
	# shellcheck disable=SC2086 # these are words
	expect "$words, $1" 2 "" "Error: $2." one_sentence "$1" $words
	# That is no format of JSON.
	case $words in
	*--format*) return ;;
	esac
	# shellcheck disable=SC2086 # these are words
	expect "$words, $1, in JSON" 2 "{\"error\":\"$2\"}" "" \
		fake "$1" -j $words
}

test_refusals() {
	asking refused_by absent "$none"
	asking refused_by denying "cannot *: needs CAP_SYS_ADMIN in the initial user namespace"
	asking refused_by objecting "this is not the time"
	asking refused_by failing "cannot *: Input/output error"
	asking refused_by nonsense "cannot *: the kernel's reply is malformed"
	lookup="cannot look up the VMI netlink family"
	for words in status "use kvm" monitor; do
		refused_by cut "$lookup: Bad message"
		refused_by truncated "$lookup: Bad message"
		refused_by overrun "$lookup: No buffer space available"
	done
	words=monitor
	refused_by absent "$none"
	refused_by deaf "cannot subscribe to the events: No such file or directory"
}

# All of its words, so a reader needs not look elsewhere.
commands_of_help() {
	$limit "$VMICTL" help | sed -n 's/^  \([a-z][a-z-]*\).*/\1/p' | grep -vx help |
		tr '\n' ',' | sed 's/,$//; s/,/, /g'
}

# The same of its options, one on a line: those of all commands, and those of one.
options_of_help() { # [COMMAND]
	$limit "$VMICTL" help | awk -v command="$1" '
		/^Options/ {
			gsub(/[:,]/, " ")
			taken = $2 != "of"
			for (i = 3; i <= NF; i++)
				taken = taken || $i == command
			next
		}
		taken { for (i = 1; $i ~ /^-/; i++) { sub(/,$/, "", $i); print $i } }'
}

long_options() { # [COMMAND]
	options_of_help "$@" | grep '^--' | paste -sd , | sed 's/,/, /g'
}

# The words behind a command that its usage has, each on a line, with its options.
actions_of_help() { # COMMAND
	$limit "$VMICTL" help "$1" | sed -n '1s/^Usage: vmictl [[]OPTIONS[]] [a-z]* *[[]*//p' |
		awk '{
			gsub(/ [|] /, "\n")
			count = split($0, ways, "\n")
			for (i = 1; i <= count; i++) {
				if (ways[i] !~ /^[a-z]/) continue
				options = ""
				rest = ways[i]
				while (match(rest, /--[a-z-]+/)) {
					options = options " " substr(rest, RSTART, RLENGTH)
					rest = substr(rest, RSTART + RLENGTH)
				}
				match(ways[i], /^[a-z|]+/)
				actions = split(substr(ways[i], 1, RLENGTH), names, "|")
				for (j = 1; j <= actions; j++) print names[j] options
			}
		}'
}

# WORDS | SENTENCE, in which * is whatever
usage_errors() {
	options="(use $(long_options))"
	cat <<-END
		x | unknown command 'x' (use $(commands_of_help) or help)
		help x | unknown command 'x' (use $(commands_of_help) or help)
		help status list | help is about one command at a time
		-x | unknown option '-x' $options
		status --x | unknown option '--x' $options
		--help -xh | unknown option '-x' $options
		--help -hx | unknown option '-x' $options
		--help -: | unknown option '-:' $options
		--help=x -h | unknown option '--help=x' $options
		stats --x | unknown option '--x' (use $(long_options stats))
		--interval 1 -xc top | unknown option '-x' (use $(long_options top))
		--x -y use --z | unknown option '--x' $options
		--x x | unknown option '--x' $options
		--p stats | unknown option '--p' (use $(long_options stats))
		--help -hb | option -b needs a file
		--help --batch | option --batch needs a file
		-b | option -b needs a file
		--format | option --format needs a value
		use | use: give exactly one provider
		use a b | use: give exactly one provider
		use 12345678901234567890123456789012 | use: a name has 1 to 31 characters
		check | check: give exactly one file
		check a b | check: give exactly one file
		explain | explain: give exactly one operation
		explain a b | explain: give exactly one operation
		stats x lock | stats: unknown action 'x' (use on, off or reset)
		stats on a b | stats: too many words
		stats --count 1 | stats: --count needs --interval
		stats on --interval 1 | stats: on has no option but --histogram
		stats off --per-cpu | stats: off has no option but --histogram
		list --per-cpu | list has no option --per-cpu (use $(long_options list))
		stats reset --histogram | stats: reset has no options
		stats --per-cpu --histogram | stats: --histogram goes with no other option
		stats --per-cpu --count 1 | stats: --count needs --interval
		stats --format openmetrics --per-cpu | stats: --format goes with neither another option nor JSON
		stats --interval 1 --histogram | stats: --histogram goes with no other option
		stats --format openmetrics --histogram | stats: --format goes with neither another option nor JSON
		stats --histogram x lock | stats: unknown action 'x' (use on, off or reset)
		top --histogram | top has no option --histogram (use $(long_options top))
		policy x | policy: unknown action 'x' (use show, set, clear or load)
		policy set lock | policy: set takes a group or an op, and a provider
		stats --format x | unknown format 'x' (use openmetrics)
		stats --interval x | an interval has 0.1 to 86400 seconds, not 'x'
		stats --interval 1 --count x | a count is a number from 1 on, not 'x'
		top a b | top: unexpected word 'b'
		top --format openmetrics | top has no option --format (use $(long_options top))
		--batch - --count 1 | a batch has no option --count $options
	END
	for command in status layers detect list ops caps monitor; do
		echo "$command x | $command: unexpected word 'x'"
	done
	for command in status layers detect check list ops caps monitor use explain; do
		echo "$command --interval 1 | $command has no option --interval $options"
	done
}

# WORDS | what there is instead, behind the kernel's sentence. There is nothing where the
# kernel does not find what it has listed.
not_found() {
	cat <<-END
		use x | (use native, builtin, kvm, xen)
		use xen |
		use native |
		stats on x | (groups: tlb, lock)
		stats off tlb.x | (ops: tlb.flush_multi)
		stats off tl.x | (groups: tlb, lock)
		stats reset x | (groups: tlb, lock)
		stats on lock |
		stats on --histogram x | (groups: tlb, lock)
		stats off --histogram lock.x | (ops: lock.kick, lock.wait)
		stats on --histogram lock |
		policy set x native | (groups: tlb, lock)
		policy set x y | (groups: tlb, lock)
		policy set lock y | (use native, builtin, kvm, xen)
		policy set lock auto | (use native, builtin, kvm, xen)
		policy set lock.kick xen |
		policy clear x | (groups: tlb, lock)
		policy clear lock.x | (ops: lock.kick, lock.wait)
		policy clear tlb |
		policy clear |
	END
}

test_usage_errors() {
	usage_errors >"$tmp/usage"
	while IFS='|' read -r words text; do
		# shellcheck disable=SC2086 # these are words
		sentence "usage: ${words% }" 1 "${text# }" good $words
	done <"$tmp/usage"
	for seconds in "" x 0 1; do
		expect "seconds of the fuzzer, '$seconds'" 1 "" \
			"fuzz: FUZZ_SECONDS is a number from 2 on, not '$seconds'" \
			sh tests/fuzz.sh "$tmp/none" "$seconds"
	done
	sentence "unknown group or op" 2 \
		"unknown group or op 'x' (groups: tlb, lock)" good stats x
	for words in "stats --histogram" "stats --per-cpu" "stats --interval 1" \
		"stats --interval 1 --per-cpu" top trace; do
		# shellcheck disable=SC2086 # these are words
		sentence "unknown group or op, $words" 2 \
			"unknown group or op 'x' (groups: tlb, lock)" \
			good $words x
		# shellcheck disable=SC2086 # these are words
		sentence "unknown op of a group, $words" 2 \
			"unknown group or op 'lock.x' (ops: lock.kick, lock.wait)" \
			good $words lock.x
	done
	not_found >"$tmp/not-found"
	while IFS='|' read -r words text; do
		# shellcheck disable=SC2086 # these are words
		sentence "not found: ${words% }" 2 "nothing has that name$text" \
			picky $words
	done <"$tmp/not-found"
	sentence "groups with names that are no text" 2 \
		"unknown group or op 'x' (groups: tlb, l[?]ck)" \
		unreadable stats x
	sentence "ops with names that are no text" 2 \
		"unknown op 'x' (ops: tlb.flush_multi, l[?]ck.kick, lock.wait)" \
		unreadable explain x
	for name in x .kick lock. lock.kick.x; do
		case $name in
		lock*) ops="lock.kick, lock.wait" ;;
		*) ops="tlb.flush_multi, lock.kick, lock.wait" ;;
		esac
		sentence "unknown op $name" 2 "unknown op '$name' (ops: $ops)" \
			good explain $name
	done
}
