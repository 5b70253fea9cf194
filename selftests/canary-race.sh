#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs an op with a data race on all CPUs, to prove that KCSAN watches modules of VMI.

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
