#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Generate the netlink policies and the uAPI header from uapi/vmi.yaml with the
# kernel tree's own generator.
#
# usage: ynl.sh [--check] KERNEL-TREE
#
# --check generates into a scratch directory and fails where the checked-in
# files differ.

set -eu

check=
if [ "$1" = --check ]; then
	check=1
	shift
fi
ksrc=$(realpath "$1")
cd "$(dirname "$0")/../.."

# The generator writes the spec's path into its output, looks for the schema in
# the directory above the spec, and for a MAINTAINERS file in all those above.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/Documentation/netlink/specs"
touch "$scratch/MAINTAINERS"
cp "$ksrc"/Documentation/netlink/genetlink.yaml "$scratch/Documentation/netlink/"
cp uapi/vmi.yaml "$scratch/Documentation/netlink/specs/"

generate()
{
	out=$1
	shift
	(cd "$scratch" && python3 "$ksrc/tools/net/ynl/ynl-gen-c.py" \
		--spec Documentation/netlink/specs/vmi.yaml -o "$out" "$@")
	sed -i 's,Documentation/netlink/specs/vmi.yaml,uapi/vmi.yaml,' \
		"$scratch/$out"
}

status=0
while read -r file args; do
	out=$(basename "$file")
	# shellcheck disable=SC2086 # A list of words on purpose.
	generate "$out" $args
	if [ -z "$check" ]; then
		cp "$scratch/$out" "$file"
	elif ! diff -u "$file" "$scratch/$out"; then
		echo "ynl: $file differs from its spec: run make gen" >&2
		status=1
	fi
done <<EOF
uapi/linux/vmi.h --mode uapi --header
kernel/vmi_core/netlink_gen.h --mode kernel --header
kernel/vmi_core/netlink_gen.c --mode kernel --source
EOF
exit $status
