# SPDX-License-Identifier: MIT
"""How big the images of bench/stack/target came out, by their linker maps."""

import re
import subprocess

from anchors import SIZES

KINDS = ("text", "rodata", "data", "bss")
# Sections of input: name, address, size, file; a long name has its own line.
INPUT = re.compile(r"^ (\.[\w.$]+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S+)$",
                   re.M)


def owner(path):
    """Whose a section is: "core", "libraries" (C, compiler) or "image"."""
    if "libnif.a" in path:
        return "core"
    return "libraries" if re.search(r"lib(c|gcc)\w*\.a", path) else "image"


def weigh(image):
    """{owner: {kind: bytes}} of an image, from its .map."""
    text = image.with_suffix(".map").read_text()
    text = text[text.index("Linker script and memory map"):]
    found = {}
    for name, size, path in INPUT.findall(text):
        kind = name.split(".")[1]
        if kind in KINDS:
            sums = found.setdefault(owner(path), dict.fromkeys(KINDS, 0))
            sums[kind] += int(size, 16)
    return found


def breakdown(images):
    """Prints the text of the application's image by object."""
    sums = {}
    text = (images / "bench_base.map").read_text()
    text = text[text.index("Linker script and memory map"):]
    for name, size, path in INPUT.findall(text):
        if name.startswith(".text") and owner(path) != "image":
            path = re.sub(r".*\((.*)\)", r"\1", path)
            sums[path] = sums.get(path, 0) + int(size, 16)
    print("text in bench_base by object")
    for path, size in sorted(sums.items(), key=lambda item: -item[1]):
        print(f"  {size:7}  {path}")


def objects(images):
    """{struct nif_x without its nif_: bytes} on a 32-bit processor."""
    (obj,) = images.rglob("objects.c.obj")
    out = subprocess.run(["arm-none-eabi-nm", "-S", obj], text=True,
                         capture_output=True, check=True).stdout
    return {m[2]: int(m[1], 16)
            for m in re.finditer(r"^\w+ (\w+) . size_(\w+)$", out, re.M)}


def table(images):
    print("\nBytes on Cortex-M0+, gcc -Os; lwIP, floor and aim are constants\n"
          "                                            lwIP  floor    aim   ours")
    for (name, *anchors), ours in zip(SIZES, rows(images)):
        cells = [f"{'-' if c is None else c:>6}" for c in (*anchors, ours)]
        print(f"{name:41} {' '.join(cells)}")


def rows(images):
    """What stands in the last column, in the order of SIZES."""
    base, tcp, full, everything = (weigh(images / f"bench_{i}.elf")
                                   for i in ("base", "tcp", "full", "all"))
    size = objects(images)
    yield from (base["core"][kind] for kind in KINDS)
    yield sum(base["libraries"][kind] for kind in KINDS[:3])
    yield tcp["core"]["text"]
    yield from (full["core"][kind] for kind in KINDS)
    yield from (everything["core"][kind] for kind in ("text", "rodata"))
    yield size["conn"] - size["conn_cfg"]
    yield size["conn"]
    yield size["tcpip"]
    yield size["dhcp"]
    yield size["dns"]
