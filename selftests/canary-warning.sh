#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Passes, but the kernel log has a warning, with so much after it that who looks for one
# has long found it when the log ends.

echo "<4>WARNING: canary" > /dev/kmsg
n=0
while [ $n -lt 4000 ]; do
	echo "<7>canary: $n ........................................................."
	n=$((n + 1))
done > /dev/kmsg
sleep 1

echo "KTAP version 1"
echo "1..1"
echo "ok 1 canary sings"
