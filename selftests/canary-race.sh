#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Has a backend race with itself, to prove that KCSAN looks at modules of VMI.

. ./lib.sh

echo "KTAP version 1"
echo "1..1"
echo "ok 1 canary sings"
# What it said is on its way.
sleep 1
modprobe vmi-backend-bad-race && vmictl use bad-race || exit
for cpu in $(online_cpus); do
	taskset -c "$cpu" ./helper fork 2000 &
done
wait
