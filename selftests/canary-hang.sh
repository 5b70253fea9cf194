#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Never ends, to prove that the runner does.

echo "KTAP version 1"
echo "1..1"
echo "ok 1 canary sings"
sleep 3600
