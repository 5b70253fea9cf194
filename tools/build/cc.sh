#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# gcc through ccache, but for a source that includes a binary file.
#
# In depend mode ccache does not look into the source, so it knows nothing of a file that
# .incbin includes, and returns an object with an older one. The compressed kernel is such a
# file: a kernel whose image had the same size as an earlier one was booted as that one.

for source; do :; done
# "-" is not a file, and is not to be read here.
if [ -f "$source" ] && grep -q '\.incbin' "$source"; then
	exec gcc "$@"
fi
exec ccache gcc "$@"
