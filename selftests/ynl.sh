#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel tree's own netlink client does what the specification says, see ynl.py.

. ./lib.sh
. ./programs.sh

need_backend
need_program python3

library=tools/testing/selftests/net/lib/py/ynl.py
# The tree that a kernel was built from, or the one that these tests are linked into.
for tree in "$repository/build/kernel-guest/source" "$PWD/../../../.."; do
	! program test -f "$tree/$library" || break
	tree=
done
[ -n "$tree" ] || skip_all "no kernel tree with $library"

status=0
program python3 -Bu "$repository/selftests/ynl.py" "$tree/tools/testing/selftests" \
	"$repository/uapi/vmi.yaml" "$backend" || status=$?
exit $status
