#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes UF2 files, which boards with such a boot loader take by copying them to
a drive, and checks them.

    tools/uf2.py write IMAGE.bin -o OUT.uf2 --family rp2040 --address 0x10000000
    tools/uf2.py check FILE.uf2...
    tools/uf2.py families

The checker is a reading of the format of its own: uf2_check.py. Exit code 1: a
file is refused; 2: the command line is.
"""

import argparse
import struct
import sys
from pathlib import Path

import uf2_check

BLOCK = struct.Struct("<8I476sI")
PAYLOAD = 256
FLAG_FAMILY = 0x2000
FLAG_TAGS = 0x8000
FAMILIES = {
    "rp2040": 0xE48BFF56,
    "rp2350-arm-s": 0xE48BFF59,
    "stm32f4": 0x57755A57,
}
# Erratum RP2350-E10: a first block of the family "absolute" at the end of
# flash, by its tag to be ignored, keeps revision A2 from erasing at a wrong
# place.
ABSOLUTE = 0xE48BFF57
E10_ADDRESS = 0x10FFFF00
E10_TAG = 0x9957E304


def block(address, number, total, family, payload, tags=b""):
    flags = FLAG_FAMILY | (FLAG_TAGS if tags else 0)
    return BLOCK.pack(0x0A324655, 0x9E5D5157, flags, address, PAYLOAD, number,
                      total, family, payload.ljust(PAYLOAD, b"\0") + tags,
                      0x0AB16F30)


def convert(image, address, family, e10=False):
    """The blocks of `image`, which is to lie at `address`."""
    total = -(-len(image) // PAYLOAD)
    out = []
    if e10:
        out.append(block(E10_ADDRESS, 0, 2, ABSOLUTE, b"\xEF" * PAYLOAD,
                         struct.pack("<I", E10_TAG)))
    for n in range(total):
        at = n * PAYLOAD
        out.append(block(address + at, n, total, family,
                         image[at:at + PAYLOAD]))
    return b"".join(out)


def number(text):
    return int(text, 0)


def write(args):
    image = Path(args.image).read_bytes()
    if not image:
        raise ValueError(f"{args.image} is empty")
    if args.address % PAYLOAD:
        raise ValueError(f"address {args.address:#x} is no multiple of "
                         f"{PAYLOAD}")
    Path(args.output).write_bytes(convert(image, args.address,
                                          FAMILIES[args.family], args.e10))
    return 0


def check(args):
    bad = 0
    for name in args.file:
        try:
            print(f"{name}: {uf2_check.check(Path(name).read_bytes())}")
        except uf2_check.Refused as why:
            bad = 1
            print(f"{name}: refused: {why}", file=sys.stderr)
    return bad


def families(_args):
    for name, value in FAMILIES.items():
        print(f"{value:#010x} {name}")
    return 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writer = commands.add_parser("write", help="make a UF2 file of an image")
    writer.add_argument("image", help="bytes as they are to lie in memory")
    writer.add_argument("-o", "--output", required=True)
    writer.add_argument("--family", required=True, choices=FAMILIES)
    writer.add_argument("--address", required=True, type=number,
                        help="where the image begins, as 0x10000000")
    writer.add_argument("--e10", action="store_true",
                        help="begin with the block that erratum RP2350-E10 "
                        "wants: for images in flash")
    writer.set_defaults(run=write)
    checker = commands.add_parser("check", help="refuse what is not right")
    checker.add_argument("file", nargs="+")
    checker.set_defaults(run=check)
    commands.add_parser("families", help="list the families that are known"
                        ).set_defaults(run=families)
    args = parser.parse_args()
    try:
        return args.run(args)
    except (OSError, ValueError) as why:
        print(f"uf2.py: {why}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
