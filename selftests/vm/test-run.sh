#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Do "make run" and "make shell" do what the README says? Prints KTAP.
#
# Runs on the build machine, with everything built.
#
# shellcheck disable=SC2016 # What is quoted is for the guest's shell.

set -uo pipefail

here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")
. "$here/../lib.sh"
errors=$tmp/errors
console=$tmp/console

# has NAME TEXT LINE: the text has that line
has()
{
	is "$1" "$(grep -xF -- "$3" <<< "$2" | head -n 1)" "$3"
}

# run COMMAND...: set said and status
run()
{
	said=$("$@" 2> "$errors" < /dev/null)
	status=$?
	note "$(cat "$errors")"
}

# make_run VARIABLE=VALUE...: VMI in lib.sh is not the boot word that the Makefile calls so
make_run()
{
	run env -u VMI make -s -C "$top" run "$@"
}

plan 15

# A dollar sign is two for make.
make_run HV=native VMI=null CMD='echo "it'\''s a; $$((6 * 7))"; vmictl -j | jq -r .active'
is "the command's output, between marks, and nothing else" "$said" \
	"----- output
it's a; 42
null
----- exit status 0"
is "success" "$status" 0

# make has one status for all failures, so the exact one is in what is printed.
make_run HV=native VMI=native CMD='echo before; exit 3'
is "the command's status after its output" "$said" "----- output
before
----- exit status 3"
is "make fails" "$status" 2
run "$here/run.sh" native 'exit 3'
is "run.sh exits as the command does" "$status" 3

run "$here/run.sh" nowhere true
is "an unknown scenario is an error" "$status:$said" "125:"
is "and one sentence" "$(cat "$errors")" "run: no scenario 'nowhere' in selftests/vm/scenarios"

# As a person would type it, once there is a prompt.
typed()
{
	local n=0

	until grep -q '# $' "$console" || [ $((n += 1)) -gt 300 ]; do
		sleep 0.2
	done
	printf 'echo a$((6 * 7))b\nvmictl -j | jq -r .requested\nexit\n'
}

typed | "$here/run.sh" --vmi builtin --interactive native > "$console" 2> "$errors"
said=$(tr -d '\r' < "$console")
has "a shell answers" "$said" "a42b"
has "in a guest with that boot line" "$said" "builtin"

make_run
is "make run succeeds" "$status" 0
for object in status caps ops stats; do
	has "it shows vmictl $object" "$said" "# vmictl $object"
done
has "of a KVM guest on its backend" "$(grep -E '^active ' <<< "$said" | tr -s ' ')" "active kvm"
finish
