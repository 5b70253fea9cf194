#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in an L1 host: take what the build machine sends to have an interrupt here, see
# pulse() in run.sh. Ends when that has begun.

waited=0
until [ -c /dev/vport0p4 ]; do
	[ $waited -lt 20 ] || { echo "pulse: no port"; exit 1; }
	waited=$((waited + 1))
	sleep 1
done
cat /dev/vport0p4 > /dev/null &
