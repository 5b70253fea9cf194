#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does a backend that is built out of the tree, as backend-howto.rst says, load and work? Prints
# KTAP. The backend is for a hypervisor that the kernel has no guest code for.
#
# shellcheck disable=SC2016 # What is quoted is for sed, and for the guest's shell.

set -uo pipefail

here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")
. "$here/../lib.sh"
folder=$tmp/vendor

# The lines behind the sentence that ends with "M=" are the Kbuild.
write_folder()
{
	mkdir -p "$folder" &&
		cp "$top/selftests/modules/vmi_contract.c" "$folder" &&
		sed -n '/``M=`` against/,/^The module/s/^  //p' "$top/Documentation/backend-howto.rst" |
		sed s/vmi_my/vmi_contract/ > "$folder/Kbuild" &&
		grep . "$folder/Kbuild"
}

plan 3
check "the document has a Kbuild" write_folder
check "the backend builds in a folder of its own" \
	"$top/tools/build/kernel.sh" make guest M="$folder" modules
check "it is accepted by vmictl check, loads, is used, is left and unloads" \
	"$here/run.sh" --vmi native --with "$folder" native '
	vmictl check /vmi_contract.ko && insmod /vmi_contract.ko && vmictl use contract &&
	[ "$(vmictl -j | jq -r .active)" = contract ] && vmictl use native && rmmod vmi_contract'
finish
