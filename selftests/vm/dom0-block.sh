#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in dom0, called by xl: tell the kernel's block back end which device a disk of
# the guest is. "params" and the answers are those of Xen's docs/misc/block-scripts.txt.
#
# usage: XENBUS_PATH=PATH dom0-block.sh add|remove

set -eu

[ "$1" = add ] || exit 0

device=$(xenstore-read "$XENBUS_PATH/params")
xenstore-write "$XENBUS_PATH/physical-device" "$(stat -L -c %t:%T "$device")" \
	"$XENBUS_PATH/hotplug-status" connected
