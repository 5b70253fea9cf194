#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""
Does the unwinder know of the word that PUSHF leaves on the stack at an inline site? Prints KTAP.

usage: test-unwind.py VMLINUX

A kernel with PARAVIRT_XXL has three alternatives at the same addresses, and one table for all of
them, in which each instruction has to have the depth of the stack of its own alternative.
"""

import bisect
import struct
import sys

from elftools.elf.elffile import ELFFile

from list_sites import ALT_FLAG_VMI, ALT_INSTR, PUSH

ALT_FLAG_DIRECT_CALL = 2 << 16  # asm/alternative.h
ORC_ENTRY = struct.Struct("<hhH")  # asm/orc_types.h
ORC_REG_SP = 5
PADDED_LENGTH = 5


def pushf_sites(sections):
    """Find the sites of PUSHF, and the places of return addresses in their other alternatives.

    Their entry in .altinstructions records a thunk by PUSH, see asm/vmi_site.h.
    """
    table, replacements = sections[".altinstructions"], sections[".altinstr_replacement"]
    code = replacements.data()
    calls, sites = {}, []
    for number, (site, other, flags, _, length) in enumerate(ALT_INSTR.iter_unpack(table.data())):
        at = table["sh_addr"] + number * ALT_INSTR.size
        offset = at + 4 + other - replacements["sh_addr"]
        if flags & ALT_FLAG_DIRECT_CALL:
            calls[at + site] = at + site + length
        if flags & ALT_FLAG_VMI and code[offset] == PUSH:
            sites.append(at + site)
    return [(site, calls.get(site)) for site in sites]


def unwind_table(sections):
    """Return addresses, in order, and from each of them on the depth and the register it is of."""
    index = sections[".orc_unwind_ip"]
    addresses = [index["sh_addr"] + 4 * number + offset
                 for number, (offset,) in enumerate(struct.iter_unpack("<i", index.data()))]
    entries = [(depth, flags & 15)
               for depth, _, flags in ORC_ENTRY.iter_unpack(sections[".orc_unwind"].data())]
    return zip(*sorted(zip(addresses, entries)))


def main(path):
    with open(path, "rb") as file:
        sections = {section.name: section for section in ELFFile(file).iter_sections()}
        addresses, entries = unwind_table(sections)
        sites = pushf_sites(sections)

    def depth(at):
        return entries[bisect.bisect_right(addresses, at) - 1]

    found, wrong = 0, []
    for site, returns in sites:
        # Where another register holds the frame, PUSHF changes nothing.
        if depth(site)[1] != ORC_REG_SP:
            continue
        found += 1
        # The unwinder looks for the last byte of a call.
        if (depth(site + PADDED_LENGTH)[0] != depth(site)[0] + 8 or
                returns and depth(returns - 1) != depth(site)):
            wrong.append(hex(site))
    print("KTAP version 1\n1..1")
    print(f"# {found} sites, wrong: {' '.join(wrong) or 'none'}")
    good = found > 100 and not wrong
    print(f"{'' if good else 'not '}ok 1 the unwinder knows of the word between PUSHF and POP")
    return 0 if good else 1


sys.exit(main(sys.argv[1]))
