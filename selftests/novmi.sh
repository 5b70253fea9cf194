#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# On a kernel without VMI, vmictl says so and what to do about it.

. ./lib.sh

[ ! -d $VMI ] || skip_all "the kernel has VMI"
plan 6
for command in status list ops caps stats "use native"; do
	# shellcheck disable=SC2086 # words
	check "vmictl $command" refused 2 "this kernel is built without CONFIG_VMI, boot one" \
		vmictl $command
done
finish
