#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Backends that break a rule are refused, each with a sentence that says which,
# and leave nothing behind.

. ./lib.sh

need_vmi
quiet module_file vmi_bad_major ||
	skip_all "the kernel was built without CONFIG_VMI_SELFTEST_MODULES"

status_says()
{
	vmi last_error
	says "$(vmi last_error)" "$1"
}

status_in_vmictl()
{
	vmictl status | grep '^last-error' | grep -qF -- "$1"
}

provider_stays()
{
	[ "$(vmi active)" = "$before" ] && [ "$(vmi switches)" = "$switches" ] &&
		[ "$(bindings)" = "$bindings" ]
}

forget_error()
{
	# A switch that works does that, even one to where we are.
	use "$before" && [ "$(vmi last_error)" = none ]
}

# refusal_is_told RULE SENTENCE: in the status, by vmictl and in the log
refusal_is_told()
{
	check "$1: the provider stays" provider_stays
	check "$1: status says why" status_says "$2"
	check "$1: vmictl says why" status_in_vmictl "$2"
	check "$1: the log says why" in_log "$2"
}

# refused_at_load RULE SENTENCE: the module does not even register.
refused_at_load()
{
	quiet rmmod "vmi_bad_$1"
	log_mark
	check "$1: forget earlier errors" forget_error
	check "$1: the module does not load" fails modprobe "vmi-backend-bad-$1"
	refusal_is_told "$@"
	check "$1: the module is gone" fails loaded "vmi_bad_$1"
	check "$1: it cannot be used" refused 2 "no backend named 'bad-$1'" \
		vmictl use "bad-$1"
}

# refused_at_switch RULE SENTENCE: it is known, but fails when it should start.
refused_at_switch()
{
	quiet rmmod "vmi_bad_$1"
	log_mark
	check "$1: forget earlier errors" forget_error
	check "$1: the module loads" modprobe "vmi-backend-bad-$1"
	check "$1: the switch is refused" refused 2 "$2" vmictl use "bad-$1"
	refusal_is_told "$@"
	check "$1: its module can go" rmmod "vmi_bad_$1"
}

is_registered()
{
	[ -d "$VMI/backends/bad-load" ]
}

# The text of a module is freed if its init fails, so nothing of it may be bound before.
refused_while_loading()
{
	modprobe vmi_bad_load wait_ms=5000 &
	loader=$!
	within 60 is_registered && refused 2 "the module of backend 'bad-load' is still being loaded" \
		vmictl use bad-load
	status=$?
	wait "$loader"
	return "$status"
}

# The init of the module fails after it registered its backend.
refused_by_module_init()
{
	log_mark
	check "load: its backend is refused during its init" refused_while_loading
	check "load: forget earlier errors" forget_error
	check "load: the module does not load" fails modprobe vmi_bad_load
	check "load: no backend is left" fails is_registered
	check "load: the provider stays" provider_stays
	check "load: the module loads without its failure" modprobe vmi_bad_load result=0
	check "load: use its backend" vmictl use bad-load
	is "load: its backend has its op" "$(provider io.delay)" bad-load
	check "load: its module is busy" is_busy vmi_bad_load
	check "load: use $before" vmictl use "$before"
	check "load: its module can go" rmmod vmi_bad_load
}

# The whole way there and back, so that a failed switch broke nothing.
good_switch()
{
	use "$good" && [ "$(vmi active)" = "$good" ] &&
		[ "$(vmi last_error)" = none ] &&
		use "$before" && [ "$(vmi active)" = "$before" ]
}

# Boot lines that ask for one of these are checked by boot.sh; use what it found.
before=$(vmi active)
good=native
[ "$before" != native ] || good=$(pick_backend) || skip_all "no usable backend"
switches=$(vmi switches)
bindings=$(bindings)

plan 85
refused_at_load major "the major version must be equal"
refused_at_load size "bytes in the backend and"
refused_at_load lock \
	"backend 'bad-lock' has lock.kick but not lock.slowpath: the group moves together"
for rule in text rodata inittext; do
	refused_at_load $rule "io.delay of backend 'bad-$rule' points outside its own text"
done
refused_at_load noinstr "irq.save_fl of backend 'bad-noinstr' is not noinstr"
refused_at_switch init "backend 'bad-init' failed to initialise: error -12"
refused_at_switch cpu "backend 'bad-cpu' could not set up a CPU: error -5"
refused_by_module_init
log_is_clean "no warning in the log"
check "a good switch works afterwards" good_switch

finish
