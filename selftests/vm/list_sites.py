#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
List the inline sites of a kernel, for count_sites.c: lines of ADDRESS OP.

usage: list_sites.py VMLINUX MARK

The function MARK is listed as "mark". The kernel has to run where it was linked. Text that is freed
after the boot is left out.
"""

import struct
import sys

from elftools.elf.elffile import ELFFile

ALT_INSTR = struct.Struct("<iiIBB")  # asm/alternative.h
ALT_FLAG_VMI = 4 << 16
THUNK = "vmi_enter_"
CALL, JMP, PUSH = 0xe8, 0xe9, 0x68
LONGEST_STUB = 24


class Kernel:
    """Code by address, and functions by address and by name."""

    def __init__(self, elf):
        self.sections = [section for section in elf.iter_sections() if section["sh_addr"] and
                         section["sh_type"] == "SHT_PROGBITS"]
        self.data = {}
        symbols = elf.get_section_by_name(".symtab").iter_symbols()
        self.address = {symbol.name: symbol["st_value"] for symbol in symbols}
        self.name = {address: name for name, address in self.address.items()
                     if name.startswith(THUNK)}

    def section(self, address):
        """The section at an address."""
        return next(section for section in self.sections if
                    0 <= address - section["sh_addr"] < section["sh_size"])

    def read(self, address, length):
        """The bytes at an address."""
        section = self.section(address)
        data = self.data.setdefault(section.name, section.data())
        at = address - section["sh_addr"]
        return data[at:at + length]

    def target(self, address):
        """The opcode of the instruction there, and its target."""
        opcode, value = struct.unpack("<Bi", self.read(address, 5))
        return opcode, value % 2 ** 64 if opcode == PUSH else address + 5 + value

    def thunk(self, hook):
        """The thunk that a hook calls, directly or in its stub."""
        opcode, target = self.target(hook)
        if opcode != JMP:
            return self.name[target]
        for at in range(target, target + LONGEST_STUB):
            opcode, thunk = self.target(at)
            if opcode == CALL and thunk in self.name:
                return self.name[thunk]
        raise ValueError(f"the stub at {target:x} calls no thunk")


def main(path, mark):
    with open(path, "rb") as file:
        elf = ELFFile(file)
        kernel = Kernel(elf)
        table = elf.get_section_by_name(".altinstructions")
        print(f"{kernel.address[mark]:x} mark")
        for number, (site, hook, flags, _, _) in enumerate(ALT_INSTR.iter_unpack(table.data())):
            at = table["sh_addr"] + number * ALT_INSTR.size
            if flags & ALT_FLAG_VMI and kernel.section(at + site).name != ".init.text":
                op = kernel.thunk(at + 4 + hook).removeprefix(THUNK).replace("_", ".", 1)
                print(f"{at + site:x} {op}")


if __name__ == "__main__":
    main(*sys.argv[1:])
