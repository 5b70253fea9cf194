#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What vmictl check says of the file of a module is what the kernel then does with it.

. ./lib.sh

need_root
need_vmi
quiet module_file vmi_bad_major ||
	skip_all "the kernel was built without CONFIG_VMI_SELFTEST_MODULES"

tmp=$(mktemp -d)
before=$(vmi active)

# The first of its reasons, or nothing.
reason()
{
	vmictl -j check "$1" | jq -r '.reasons[0] // empty'
}

compares_all()
{
	vmictl check "$1" | grep -q "^compared  *vermagic with that of /lib/modules/"
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
	check "$1: the file is good" status_is 0 "$(module_file "$1")"
	check "$1: it loads" insmod "$(module_file "$1")"
	quiet rmmod "$1"
}

# The kernel takes no such file as a module.
no_module()
{
	check "$1: the file is refused" status_is 2 "$2"
	check "$1: so is the module" fails insmod "$2"
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
sed 's/mod_unload/mod_upload/g' "$null" > "$tmp/magic.ko"
head -c 5000 "$null" > "$tmp/short.ko"

quiet rmmod vmi_null
plan 37
for rule in major size lock text rodata inittext; do
	refused_alike $rule
done
for module in vmi_bad_init vmi_bad_cpu vmi_kvm vmi_hyperv vmi_vmware; do
	loads $module
done
check "all of vermagic is compared" compares_all "$null"
is "the null backend has all ops" "$(ops_in_file "$null")" "$(all_ops | sort)"
no_module vermagic "$tmp/magic.ko"
no_module truncated "$tmp/short.ko"
check "a module that holds no backend is refused" refused 2 "is a module, but no backend" \
	vmictl check "$(module_file vmi_kunit)"
loads vmi_null
rm -rf "$tmp"
use "$before"
finish
