#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Loads a module of the kernel's own that does something wrong, to prove that the kernel finds it.
#
# VMI_TEST_MODULE in the environment is its name. Some do not stay.

echo "KTAP version 1"
echo "1..1"
echo "ok 1 canary sings"
# What it said is on its way.
sleep 1
! modprobe "$VMI_TEST_MODULE" || modprobe -r "$VMI_TEST_MODULE"
exit 0
