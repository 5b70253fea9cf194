#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Always fails, to prove that a failure is seen.

echo "KTAP version 1"
echo "1..2"
echo "ok 1 canary sings"
echo "not ok 2 canary dies"
exit 1
