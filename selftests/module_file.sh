#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What vmictl check says of the file of a module is what the kernel then does with it.

. ./lib.sh

need_vmi
quiet module_file vmi_bad_major ||
	skip_all "the kernel was built without CONFIG_VMI_SELFTEST_MODULES"

before=$(vmi active)

# The first of its reasons, or nothing.
reason()
{
	vmictl -j check "$1" | jq -r '.reasons[0] // empty'
}

# With checksums of symbols, the release makes no difference.
compares_vermagic()
{
	vmictl check "$1" | grep -E "^compared +vermagic( but for the release)? with that of /lib/modules/"
}

# The core refuses it, and both say why in the same words.
refused_alike()
{
	quiet rmmod "vmi_bad_$1"
	use "$before"
	check "$1: the file is refused" status_is 2 "$(module_file "vmi_bad_$1")"
	check "$1: so is the module" fails insmod "$(module_file "vmi_bad_$1")"
	said=$(vmi last_error)
	is "$1: for the same reason" "$(reason "$(module_file "vmi_bad_$1")")" "${said#*: }"
}

# Not to be seen before it runs.
loads()
{
	quiet rmmod "$1"
	skip_unless "$1 was not built" [ -n "$(module_file "$1")" ]
	check "$1: the file is good" status_is 0 "$(module_file "$1")"
	check "$1: it loads" insmod "$(module_file "$1")"
	skip_no_more
	quiet rmmod "$1"
}

status_is()
{
	status=0
	vmictl check "$2" || status=$?
	[ "$status" -eq "$1" ]
}

ops_in_file()
{
	vmictl -j check "$1" | jq -r '.backend.ops[].name' | sort
}

null=$(module_file vmi_null)
quiet rmmod vmi_null
plan 38
for rule in major size lock text rodata inittext; do
	refused_alike $rule
done
for module in vmi_bad_init vmi_bad_cpu vmi_kvm vmi_hyperv vmi_vmware vmi_xen; do
	loads $module
done
check "vermagic is compared with that of a module of this kernel" compares_vermagic "$null"
is "the null backend has all ops" "$(ops_in_file "$null")" "$(all_ops | sort)"
check "a module that holds no backend is refused" refused 2 "is a module, but no backend" \
	vmictl check "$(module_file vmi_kunit)"
unsigned_is_rejected()
{
	log_mark
	fails insmod "$tmp/vmi_null.ko" && in_log "Loading of unsigned module is rejected"
}

# A signature ends with a line of 28 characters, by which it is found.
head -c -28 "$null" > "$tmp/vmi_null.ko"
skip_unless "this kernel loads modules without a signature" \
	[ "$(value /sys/module/module/parameters/sig_enforce)" = Y ]
check "unsigned: the file is refused" status_is 2 "$tmp/vmi_null.ko"
is "unsigned: a signature is what it lacks" "$(reason "$tmp/vmi_null.ko")" \
	"it is not signed, as this kernel demands"
check "unsigned: so is the module" unsigned_is_rejected
skip_no_more
loads vmi_null
use "$before"
finish
