#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# PID 1 before init.c, where the boot line has rdinit=/selftests/vm/load.sh, for kernels
# that have what it needs as modules: load all that there are, each where its device is.

find /lib/modules -name '*.ko' | sed 's,.*/,,; s,\.ko$,,' | xargs modprobe -a 2> /dev/null
exec /init
