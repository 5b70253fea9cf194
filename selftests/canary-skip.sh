#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Does not run, to prove that a row does not take that for success.

. ./lib.sh

skip_all "no canary"
