#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Kills the kernel, to prove that a dead guest is not taken for a silent one.

echo "KTAP version 1"
echo "1..1"
echo "ok 1 canary sings"
# What it said is on its way.
sleep 1
echo c > /proc/sysrq-trigger
