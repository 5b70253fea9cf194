#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Stops before its plan is fulfilled, to prove that this is not taken for success.

echo "KTAP version 1"
echo "1..2"
echo "ok 1 canary sings"
