#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build what the rows of the matrix need, run them, print one KTAP document, and close
# with the line "N passed, N failed, N skipped".
#
# usage: check.sh [ROW...]     a row's name may be a pattern; default is all
#
# Builds and rows are jobs of one queue, of which as many run at once as the machine has
# CPUs. The queue is a makefile, so that make's job server shares the CPUs among rows and
# compilers. Documents are printed in the order of the matrix.
#
# environment: MATRIX         the file with the rows (matrix)
#              CHECK_UNTIL    end at that time, in seconds since 1970; what has not ended by
#                             then has failed
#
# exit status: 0 unless something failed.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")
matrix_file=$(cd "$here" && realpath "${MATRIX:-matrix}")
logs=$top/build/run/$(date +%Y%m%d-%H%M%S)-check
seconds_file=$top/build/seconds
jobs_at_once=$(nproc)
target=check${matrix_file##*/matrix}

. "$here/matrix.sh"

# select_rows [PATTERN...]: set rows to the names that are asked for, and those that they
# come after, in the order of the matrix
select_rows()
{
	local line pattern wanted=' ' all=()

	[ $# -gt 0 ] || set -- '*'
	while read -r line; do
		parse_row "$line"
		all+=("$name")
		for pattern in "$@"; do
			# shellcheck disable=SC2053 # A pattern on purpose.
			[[ $name != $pattern ]] || wanted+="$name $after "
		done
	done < <(matrix_lines)
	rows=()
	for name in "${all[@]}"; do
		[[ $wanted != *" $name "* ]] || rows+=("$name")
	done
}

# job NAME COMMAND [PREREQUISITE...]: a rule of the queue. "+" hands the job server on.
job()
{
	printf '.PHONY: %s\n%s:%s\n\t+@%q/job.sh %q %s %s\n' \
		"$1" "$1" "${*:3}" "$here" "$logs" "$1" "$2"
}

# expected_seconds: of the parsed row, from an earlier run or, in the first one, its limit
expected_seconds()
{
	{ cat "$seconds_file" 2> /dev/null || :; echo "row-$name ${timeout:-0}"; } |
		awk -v job="row-$name" '$1 == job && !n++ { print $2 }'
}

# place PREREQUISITES: of the parsed row in the queue: a class and the seconds it takes. make
# passes over a row whose kernel is still being built until it has started all others. So rows
# with a kernel of their own come behind the long rows of the first kernel, and before the
# short ones, which fill the CPUs in the end.
place()
{
	local seconds

	seconds=$(expected_seconds)
	if [[ ${1//kernel-guest/} == *kernel-* ]]; then
		echo "2 $seconds"
	else
		echo "$((seconds < 60 ? 3 : 1)) $seconds"
	fi
}

# write_queue: the makefile with all jobs, in the order in which they start: the kernel that
# most rows boot, the other kernels, the rows by their places, the longest of each class first
write_queue()
{
	local row builds=() build prerequisites first='' kernels='' order=()

	echo ".PHONY: all"
	for row in "${rows[@]}"; do
		load_row "$row"
		prerequisites=$(row_builds | xargs)
		# shellcheck disable=SC2206 # Words on purpose.
		builds+=($prerequisites)
		[ -z "$after" ] || prerequisites+=" row-$after"
		[ "$scenario" != logs ] || prerequisites=${order[*]##* }
		order+=("$(place "$prerequisites") row-$name")
		job "row-$name" "$here/row.sh $logs $name" "$prerequisites"
	done
	[[ " ${builds[*]} " != *" kernel-guest "* ]] || first=kernel-guest
	for build in $(printf '%s\n' "${builds[@]}" | sort -u); do
		prerequisites=
		# The other variants begin with a copy of its objects.
		if [[ $build = kernel-* && $build != kernel-guest ]]; then
			prerequisites=$first
			kernels+=" $build"
		fi
		job "$build" "nice -n 10 make -s -C $top $build" "$prerequisites"
	done
	echo "all: $first$kernels $(printf '%s\n' "${order[@]}" | sort -s -k1,1n -k2,2nr |
		cut -d ' ' -f 3 | xargs)"
}

# run_queue: in a process group, which ends as a whole when its time is over
run_queue()
{
	local seconds=0

	# At least one second, since 0 is no limit.
	[ -z "${CHECK_UNTIL:-}" ] ||
		seconds=$((CHECK_UNTIL > $(date +%s) ? CHECK_UNTIL - $(date +%s) : 1))
	# The queue has a job server of its own.
	unset MAKEFLAGS MFLAGS MAKELEVEL
	exec timeout -k 30 "$seconds" make -s -j "$jobs_at_once" -f "$logs/queue.mk" all \
		> "$logs/queue.log" 2>&1 < /dev/null
}

# seconds_of JOB: how long it has been running, or took
seconds_of()
{
	local job=$logs/jobs/$1 status seconds

	if read -r status seconds 2> /dev/null < "$job.done"; then
		echo "$seconds"
	elif read -r seconds 2> /dev/null < "$job.started"; then
		echo $(($(date +%s) - seconds))
	fi
}

# seconds_left: an estimate, from what each job took in an earlier run on this machine, if most
# of the jobs have run here
seconds_left()
{
	local job

	[ -f "$seconds_file" ] || return 0
	for job in "${jobs[@]}"; do
		[ -f "$logs/jobs/$job.done" ] || echo "$job $(seconds_of "$job")"
	done | awk -v at_once="$jobs_at_once" '
		FILENAME == ARGV[1] { took[$1] = $2; next }
		{ waiting++ }
		$1 in took { known++; left += took[$1] > $2 ? took[$1] - $2 : 0 }
		END { if (4 * known >= 3 * waiting) print int(left / at_once) }' "$seconds_file" -
}

# state: where the queue is, in one line
state()
{
	local job name running='' left rows_done=("$logs"/jobs/row-*.done)

	for job in "$logs"/jobs/*.started; do
		[ -f "$job" ] || continue
		name=$(basename "$job" .started)
		running+=", ${name#row-} $(seconds_of "$name") s"
		# A kernel's log ends in how far it is.
		[[ $name != kernel-* ]] || running+=$(sed -n \
			's/^kernel: .*: \([0-9].*objects\).*/ (\1)/p' "${job%.started}.log" |
			tail -n 1)
	done
	[ -f "${rows_done[0]}" ] || rows_done=()
	left=$(seconds_left)
	echo "${#rows_done[@]} of ${#rows[@]} rows${left:+, about $(((left + 59) / 60)) min left};" \
		"running: ${running#, }"
}

# Rewrite a line each second on a terminal, and print one each half minute elsewhere.
shown=0
progress()
{
	if [ -t 2 ]; then
		printf '\r\033[K%.*s' "$(($(tput cols 2> /dev/null || echo 80) - 1))" \
			"check: $(state)" >&2
	elif [ $((SECONDS - shown)) -ge 30 ]; then
		shown=$SECONDS
		echo "check: $(state)" >&2
	fi
}

clear_progress()
{
	[ ! -t 2 ] || printf '\r\033[K' >&2
}

# has_ended JOB: or the queue has, so that the job never will
has_ended()
{
	[ -f "$logs/jobs/$1.done" ] || ! kill -0 "$queue" 2> /dev/null
}

print_row()
{
	local number=$1 name=$2 job=$logs/jobs/row-$2 status=''

	read -r status _ 2> /dev/null < "$job.done" || :
	[ ! -f "$logs/$name/ktap" ] || sed 's/^/  /' "$logs/$name/ktap"
	if [ "$status" = 0 ]; then
		echo "ok $number $name"
	elif [ -n "$status" ]; then
		[ ! -s "$job.log" ] || sed 's/^/# /' "$job.log"
		echo "not ok $number $name"
	elif [ -f "$job.started" ]; then
		echo "not ok $number $name # was still running"
	else
		echo "not ok $number $name # was not started"
	fi
	[ "$status" = 0 ] || echo "$name" >> "$logs/failed"
	echo "# $name: $(seconds_of "row-$name") s"
}

print_rows()
{
	local name n=0

	echo "KTAP version 1"
	echo "1..${#rows[@]}"
	for name in "${rows[@]}"; do
		until has_ended "row-$name"; do
			progress
			sleep 1
		done
		clear_progress
		n=$((n + 1))
		print_row $n "$name"
	done
}

# The active provider of each row: what boot.sh saw, if it ran there.
report()
{
	local name

	{
		echo "row scenario active pid1 offered bound passed failed skipped seconds"
		for name in "${rows[@]}"; do
			[ -f "$logs/$name/sum" ] || continue
			# shellcheck disable=SC2046 # Words on purpose.
			set -- $(cat "$logs/$name/sum") \
				$(sed -n 's/^ *# active //p' "$logs/$name/ktap" | head -n 1)
			echo "$1 $2 ${6:--} ${7:--} ${8:--} ${9:--} $3 $4 $5" \
				"$(seconds_of "row-$name")"
		done
	} | column -t | sed 's/^/# /'
}

# The seconds of each job: the longest ones are shown, and all are the estimates of later runs.
keep_seconds()
{
	local job name

	for job in "$logs"/jobs/*.done; do
		[ -f "$job" ] || continue
		name=$(basename "$job" .done)
		echo "$name $(seconds_of "$name")"
	done | sort -k2,2nr > "$logs/seconds"
	echo "# The ten longest of $(wc -l < "$logs/seconds") jobs, in seconds; $SECONDS in all:"
	head -n 10 "$logs/seconds" | column -t | sed 's/^/#   /'
	touch "$seconds_file"
	awk '!seen[$1]++' "$logs/seconds" "$seconds_file" > "$seconds_file.tmp"
	mv "$seconds_file.tmp" "$seconds_file"
}

# explain_row NAME: and where its machines had come to
explain_row()
{
	local log

	[ ! -f "$logs/$1/run.log" ] || sed -n "s/^run: /  $1: /p" "$logs/$1/run.log"
	for log in console.log l1-console.log; do
		[ ! -s "$logs/$1/$log" ] || tail -n 3 "$logs/$1/$log" | tr -d '\r' |
			cut -c 1-150 | sed "s/^/  $1: $log: /"
	done
	echo "  to repeat $1: make $target ROWS=$1"
}

# What went wrong, in the last lines: the end of a long log may be all of it that
# somebody gets to see.
explain()
{
	local name

	for name in "$logs"/jobs/*.done; do
		! grep -qv '^0 ' "$name" || [[ $name = */row-* ]] || {
			echo "  $(basename "$name" .done) failed:"
			tail -n 10 "${name%.done}.log" | sed 's/^/    /'
		}
	done
	[ -f "$logs/failed" ] || return 0
	while read -r name; do
		explain_row "$name"
	done < "$logs/failed"
}

mkdir -p "$logs/jobs"
ln -sfn "$(basename "$logs")" "$top/build/run/latest"
select_rows "$@"
[ ${#rows[@]} -gt 0 ] || die "no such row in selftests/vm/${matrix_file##*/}"
# For what looks at the whole run in the end.
export CHECK_SOME=$*
write_queue > "$logs/queue.mk"
mapfile -t jobs < <(sed -n 's/^\([a-z][a-z0-9-]*\):.*/\1/p' "$logs/queue.mk" | grep -vx all)

run_queue &
queue=$!
# shellcheck disable=SC2046 # A word for each job.
trap 'kill $(jobs -p) 2> /dev/null || :; wait' EXIT
trap 'exit 130' INT TERM HUP
# The shell handles a signal while it waits, but not before the end of a command in the foreground.
print_rows | tee "$logs/ktap" &
wait $!
queue_status=0
wait "$queue" || queue_status=$?
case $queue_status in
0) ;;
124) echo "# ended, since its time was over" ;;
*) echo "# the queue ended with status $queue_status, see queue.log in $logs" ;;
esac
echo
report
keep_seconds
explain >&2
# What failed goes to stderr, next to the sum.
read -r passed failed skipped < <(awk -f "$here/ktap.awk" "$logs/ktap")
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
