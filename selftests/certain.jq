# SPDX-License-Identifier: GPL-2.0-only
#
# Of what vmictl -j detect says to be in use, that of which it is certain, in lines of
# FEATURE VALUE as in_use.sh has them. That something is not may be by VMI or by the boot
# line, and who is active is looked at elsewhere.

.["in-use"][]
| select(.confidence == "certain" and .value != "no" and .feature != "vmi")
| "\(.feature) \(.value)"
