#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes of the second stage's bytes what the RP2040's boot ROM wants: 252 bytes
and their CRC-32, as a C file.

    boards/pico/boot2.py BOOT2.bin OUT.c
"""

import sys
from pathlib import Path

LEN = 252


def crc32(data):
    """Most significant bit first, from ones, not inverted at the end."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
    return crc


def main():
    code = Path(sys.argv[1]).read_bytes()
    if not 0 < len(code) <= LEN:
        sys.exit(f"{sys.argv[1]}: {len(code)} bytes; {LEN} have room")
    code = code.ljust(LEN, b"\0")
    code += crc32(code).to_bytes(4, "little")
    rows = "".join("    " + " ".join(f"0x{b:02x}," for b in code[at:at + 12])
                   + "\n" for at in range(0, len(code), 12))
    Path(sys.argv[2]).write_text(
        "// Made by boot2.py.\n"
        "#include <stdint.h>\n\n"
        "extern const uint8_t pico_boot2[256];\n"
        '__attribute__((section(".boot.flash"), used))\n'
        f"const uint8_t pico_boot2[256] = {{\n{rows}}};\n")


if __name__ == "__main__":
    main()
