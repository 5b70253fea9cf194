#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run one job of check.sh's queue, and record how it ends and how long it takes.
#
# usage: job.sh LOGS NAME COMMAND [ARGUMENT...]
#
# Leaves in LOGS/jobs: NAME.log, the output; NAME.started, the time, while the job runs;
# NAME.done, "STATUS SECONDS", when it has ended.
#
# exit status: always 0, so that the queue goes on. A job that depends on this one looks
# at NAME.done.

set -uo pipefail

job=$1/jobs/$2
status=0
started=$(date +%s)

echo "$started" > "$job.started"
"${@:3}" > "$job.log" 2>&1 < /dev/null || status=$?
echo "$status $(($(date +%s) - started))" > "$job.tmp"
mv "$job.tmp" "$job.done"
rm -f "$job.started"
