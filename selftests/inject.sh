#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A host that refuses while a backend is being prepared, an MSR that faults or a
# hypercall that fails, at each place where that can be: nothing is bound, nothing is
# left, and it works the next time.

. ./lib.sh

need_backend
inject=/sys/kernel/debug/fail_function
[ -w $inject/inject ] || skip_all "the kernel has no fault injection"
module=vmi_$backend
case $backend in
kvm|hyperv) function=vmi_${backend}_set_msr ;;
xen) function=vmi_xen_bind_ipi ;;
*) skip_all "backend $backend asks nothing of its host" ;;
esac
# As many as a backend for these CPUs could ask for.
places=$(($(online_cpus | wc -l) * 4 + 3))

# fail_at NUMBER: the call of that number fails, and no other.
fail_at()
{
	echo "$1" > "$inject/space"
	echo 1 > "$inject/times"
}

nothing_failed()
{
	[ "$(cat "$inject/times")" -ne 0 ]
}

as_before()
{
	[ "$(vmi active)" = native ] && [ "$(bindings)" = "$before" ] &&
		[ "$(state "$backend")" = validated ]
}

# Sets refusals. A number that is never reached ends well.
attempts()
{
	refusals=0
	n=0
	while [ "$n" -lt "$places" ]; do
		n=$((n + 1))
		fail_at "$n"
		if vmictl use "$backend"; then
			nothing_failed || { echo "call $n failed unseen"; return 1; }
			vmictl use native || return 1
			continue
		fi
		nothing_failed && { echo "refused for another reason"; return 1; }
		refusals=$((refusals + 1))
		as_before || { echo "call $n left something"; return 1; }
		case $(vmi last_error) in
		init:*|cpu:*) ;;
		*) vmi last_error; return 1 ;;
		esac
	done
	nothing_failed || { echo "there are more than $places places"; return 1; }
	echo 0 > "$inject/times"
	echo "$refusals refusals"
	[ "$refusals" -gt 3 ]
}

plan 10
check "use native" vmictl use native
before=$(bindings)
check "prepare the fault injection" sh -c "
	echo $function > $inject/inject
	printf %#x -5 > $inject/$function/retval
	echo 100 > $inject/probability
	echo 0 > $inject/verbose
	echo 1 > $inject/interval"
check "each attempt that fails leaves all as it was" attempts
check "end the fault injection" sh -c "echo '!$function' > $inject/inject"
check "unload $module" rmmod "$module"
check "load $module again" modprobe "vmi-backend-$backend"
check "use $backend after the failures" vmictl use "$backend"
is "$backend is active" "$(vmi active):$(vmi state)" "$backend:active"
check "use native again" vmictl use native
finish_with_clean_log
