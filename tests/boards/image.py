#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds the images of a real board, and reads each as its boot loader and its
processor would: no emulator has these boards.

    tests/boards/image.py BUILD-FOLDER BOARD

Then copies that were broken on purpose must be refused, each by the name of
what is wrong. What images take is compared with tests/size.budget. Exit code
77: something is missing here.
"""

import struct
import sys
from collections import namedtuple
from pathlib import Path

from images import EXAMPLES, ROOT, make, told

sys.path.insert(0, str(ROOT / "tools"))

import uf2_check  # noqa: E402

CHIPS = ("enc28j60", "w5500", "espat")
STACK_MIN = 4096


class Kind:
    """Where the parts of an image must lie. An image begins at `rom`; its
    vectors lie at `vectors`."""

    def __init__(self, rom, ram, vectors, boot=None, family=None):
        self.rom, self.ram, self.vectors = rom, ram, vectors
        self.boot, self.family = boot, family


MIB = 1 << 20
FLASH, SRAM = 0x10000000, 0x20000000
KINDS = {
    "rp2040": Kind((FLASH, FLASH + 2 * MIB), (SRAM, SRAM + 0x42000),
                   FLASH + 0x100, "boot2", "rp2040"),
    "rp2040-ram": Kind((SRAM, SRAM + 0x42000), (SRAM, SRAM + 0x42000),
                       SRAM + 0x100, "entry", "rp2040"),
    "rp2350": Kind((FLASH, FLASH + 4 * MIB), (SRAM, SRAM + 0x82000), FLASH,
                   "image_def", "rp2350-arm-s"),
    "rp2350-ram": Kind((SRAM, SRAM + 0x82000), (SRAM, SRAM + 0x82000), SRAM,
                       "image_def", "rp2350-arm-s"),
    "stm32f4": Kind((0x08000000, 0x08000000 + MIB), (SRAM, SRAM + 0x20000),
                    0x08000000),
}


def pico(board, chip):
    return [(f"{board}-{device}-{example}{ram}".replace("_", "-"), chip + ram,
             example) for device in CHIPS for example in EXAMPLES
            for ram in ("", "-ram")]


# {board: (preset, [(image, kind, example)])}
BOARDS = {
    "pico": ("cm0plus", pico("pico", "rp2040")),
    "pico2": ("cm33", pico("pico2", "rp2350")),
    "stm32f4": ("cm4", [(f"{board}-{example}".replace("_", "-"), "stm32f4",
                         example) for board in ("stm32f4", "nucleo-f429zi")
                        for example in EXAMPLES]),
}


class Refused(Exception):
    def __init__(self, name, why):
        super().__init__(f"{name}: {why}")
        self.name = name


def refuse(unless, name, why):
    if not unless:
        raise Refused(name, why)


def inside(span, low, high):
    return span[0] <= low <= high <= span[1]


# ---- ELF, as far as it is needed (System V ABI, chapters 4 and 5)

# Where its head is; its bytes in the file; its address when it runs, and in the
# image; its bytes there and here.
Segment = namedtuple("Segment", "head at address load size memory flags")
WRITE, RUN = 2, 1  # PF_W, PF_X


class Elf:
    LOAD = 1  # PT_LOAD

    def __init__(self, data):
        refuse(data[:7] == b"\x7fELF\1\1\1", "elf", "no ELF file of 32 bits, "
               "little endian")
        (kind, machine, _, self.entry, heads, sections, _, _, size, count,
         section_size, section_count, _) = struct.unpack_from("<HHIIIIIHHHHHH",
                                                              data, 16)
        refuse((kind, machine) == (2, 40), "elf", "no program for Arm")
        self.segments = []
        for head in range(heads, heads + count * size, size):
            kind, *rest, _ = struct.unpack_from("<8I", data, head)
            if kind == self.LOAD and rest[4] > 0:
                self.segments.append(Segment(head, *rest))
        self.data = data
        self.sections = [struct.unpack_from("<10I", data,
                                            sections + n * section_size)
                         for n in range(section_count)]

    def image(self):
        """(address, bytes) of what is in the file, gaps filled with zeros."""
        parts = sorted((s.load, self.data[s.at:s.at + s.size])
                       for s in self.segments if s.size > 0)
        low = parts[0][0]
        out = bytearray()
        for address, part in parts:
            refuse(address - low >= len(out), "overlap", "two parts of the "
                   f"image lie at {address:#010x}")
            out = out.ljust(address - low, b"\0") + part
        return low, bytes(out)

    def symbols(self):
        """{name: value} of functions and objects."""
        table = next(s for s in self.sections if s[1] == 2)  # SHT_SYMTAB
        names = self.sections[table[6]][4]
        out = {}
        for at in range(table[4], table[4] + table[5], 16):
            name, value, _, info, _, _ = struct.unpack_from("<IIIBBH",
                                                            self.data, at)
            if info & 15 in (1, 2):
                end = self.data.index(b"\0", names + name)
                out[self.data[names + name:end].decode()] = value
        return out


# ---- what is looked at

def check_places(elf, kind):
    """Each part in its memory, and none where another is."""
    spans = []
    for s in elf.segments:
        refuse(s.size == 0 or inside(kind.rom, s.load, s.load + s.size),
               "place", f"{s.size} bytes to be loaded at {s.load:#010x}")
        home = kind.ram if s.flags & WRITE else kind.rom
        refuse(inside(home, s.address, s.address + s.memory), "place",
               f"{s.memory} bytes at {s.address:#010x}")
        refuse(s.flags & WRITE or s.load == s.address, "place", "code that "
               f"runs at {s.address:#010x} is loaded at {s.load:#010x}")
        spans.append((s.address, s.address + s.memory))
        if s.size and s.load != s.address:
            spans.append((s.load, s.load + s.size))
    spans.sort()
    for (_, end), (begin, _) in zip(spans, spans[1:]):
        refuse(end <= begin, "overlap", f"two parts lie at {begin:#010x}")


def check_vectors(elf, kind, image):
    """Returns how many bytes the stack has."""
    low, data = image
    refuse(kind.vectors % 256 == 0, "vectors", "VTOR takes multiples of 256")
    at = kind.vectors - low
    words = struct.unpack_from("<80I", data, at)
    stack, reset = words[:2]
    refuse(kind.ram[0] < stack <= kind.ram[1] and stack % 8 == 0, "stack",
           f"{stack:#010x} is no end of a stack")
    used = max(s.address + s.memory for s in elf.segments if s.flags & WRITE)
    refuse(used + STACK_MIN <= stack, "stack", f"memory is used up to "
           f"{used:#010x}, the stack begins at {stack:#010x}")
    for n, handler in enumerate(words[1:], 1):
        if handler == 0 and n not in (1, 2, 3):
            continue
        refuse(handler & 1, "reset" if n == 1 else "vectors",
               f"vector {n} is {handler:#010x}: no Thumb code")
        refuse(any(s.flags & RUN and s.address <= handler < s.address + s.size
                   for s in elf.segments),
               "reset" if n == 1 else "vectors",
               f"vector {n} leads to {handler:#010x}, outside the code")
    refuse(reset | 1 == elf.entry | 1, "reset", f"it is {reset:#010x}, the "
           f"program's entry {elf.entry:#010x}")
    return stack - used


def check_boot2(data, _kind):
    crc = 0xFFFFFFFF
    for byte in data[:252]:
        for bit in range(7, -1, -1):
            top = crc >> 31 ^ byte >> bit & 1
            crc = (crc << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 * top)
    refuse(crc == int.from_bytes(data[252:256], "little"), "boot2",
           f"the sum of the second stage is {crc:#010x}")
    refuse(any(data[:16]), "boot2", "there is none")


def check_entry(data, kind):
    """The boot ROM jumps to the first byte: literals of "ldr rN, [pc, #n]"."""
    loads = []
    for at in range(0, 4, 2):
        op = int.from_bytes(data[at:at + 2], "little")
        refuse(op >> 11 == 0b01001, "entry", f"{op:#06x} loads no literal")
        from_ = (at + 4 & ~3) + 4 * (op & 0xFF)
        loads.append(int.from_bytes(data[from_:from_ + 4], "little"))
    refuse(loads == [kind.vectors, 0xE000ED08], "entry", "it does not bring "
           "the vectors to VTOR")


def check_image_def(data, kind):
    """The block within 4 KiB, item by item (RP2350 data sheet 5.9)."""
    at = data.find(struct.pack("<I", 0xFFFFDED3), 0, 4096)
    refuse(at >= 0 and at % 4 == 0, "image_def", "there is no block")
    items = {}
    at += 4
    begin = at
    while data[at] != 0xFF:
        refuse(data[at + 1] > 0 and at - begin < 128, "image_def", "no end")
        items[data[at]] = data[at + 2:at + 4 * data[at + 1]]
        at += 4 * data[at + 1]
    words, = struct.unpack_from("<H", data, at + 1)
    refuse(4 * words == at - begin, "image_def", f"it says {words} words")
    refuse(struct.unpack_from("<II", data, at + 4) == (0, 0xAB123579),
           "image_def", "it does not end with its own address and the mark")
    refuse(items.get(0x42) == b"\x21\x10", "image_def", "no secure executable "
           "for Arm")
    if kind.rom == kind.ram:
        refuse(items.get(3) == bytes(2) + struct.pack("<I", kind.vectors),
               "image_def", "it does not say where the vectors are")


def check_uf2(raw, kind, image):
    try:
        said = uf2_check.check(raw)
    except uf2_check.Refused as why:
        raise Refused("uf2", why) from why
    refuse(said.startswith(kind.family + ","), "uf2", f"for {said}")
    memory = {}
    for at in range(0, len(raw), 512):
        flags, address = struct.unpack_from("<II", raw, at + 8)
        if not flags & 0x8000:
            memory[address] = raw[at + 32:at + 32 + 256]
    e10 = (at + 512) // 512 - len(memory)
    refuse(e10 == (kind.boot == "image_def" and kind.rom != kind.ram), "uf2",
           f"{e10} blocks for erratum E10")
    low, data = image
    refuse(min(memory) == low and b"".join(memory[a] for a in sorted(memory))
           == data + bytes(-len(data) % 256), "uf2", "it has other bytes than "
           "the program")


def check(elf_data, bin_data, uf2_data, kind):
    """Refuses what is wrong. Returns (bytes of flash, of RAM, of stack)."""
    elf = Elf(elf_data)
    check_places(elf, kind)
    image = elf.image()
    refuse(image[0] == kind.rom[0], "place", f"it begins at {image[0]:#010x}")
    room = check_vectors(elf, kind, image)
    if kind.boot:
        globals()["check_" + kind.boot](image[1], kind)
    refuse(bin_data == image[1], "bin", "it has other bytes than the program")
    if kind.family:
        check_uf2(uf2_data, kind, image)
    asks = [s for s in elf.symbols() if s.startswith("semihost")]
    refuse(not asks, "debugger", f"{asks[:1]} waits for one")
    ram = sum(s.memory for s in elf.segments if s.flags & WRITE)
    return len(image[1]), ram, room


# ---- broken on purpose

def put(data, at, form, value):
    out = bytearray(data)
    struct.pack_into(form, out, at, value)
    return bytes(out)


def breaks(elf_data, kind):
    """(name, ELF file) for each way in which it is broken."""
    elf = Elf(elf_data)
    code = next(s for s in elf.segments
                if s.load <= kind.vectors < s.load + s.size)
    at = code.at + kind.vectors - code.load
    first = elf.segments[0].at
    reset, = struct.unpack_from("<I", elf_data, at + 4)

    yield "elf", put(elf_data, 4, "<B", 2)
    yield "elf", put(elf_data, 18, "<H", 243)
    yield "stack", put(elf_data, at, "<I", kind.ram[1] + 8)
    yield "stack", put(elf_data, at, "<I", kind.ram[0])
    yield "stack", put(elf_data, at, "<I", kind.ram[1] - 4)
    yield "reset", put(elf_data, at + 4, "<I", reset & ~1)
    yield "reset", put(elf_data, at + 4, "<I", 0)
    yield "reset", put(elf_data, at + 4, "<I", kind.rom[1] - 1)
    yield "reset", put(elf_data, at + 4, "<I", reset + 2)
    yield "vectors", put(elf_data, at + 12, "<I", 0)
    yield "vectors", put(elf_data, at + 4 * 40, "<I", 0x30000001)
    for s in elf.segments:
        if s.size:
            yield "place", put(elf_data, s.head + 12, "<I", 0x30000000)
        yield "place", put(elf_data, s.head + 8, "<I", 0x30000000)
    if kind.boot == "boot2":
        for where in (0, 100, 251, 252, 255):
            yield "boot2", put(elf_data, first + where, "<B",
                               elf_data[first + where] ^ 1)
    elif kind.boot == "entry":
        yield "entry", put(elf_data, first, "<H", 0xBF00)
        yield "entry", put(elf_data, first + 16, "<I", kind.rom[0])
    elif kind.boot == "image_def":
        block = elf_data.index(struct.pack("<I", 0xFFFFDED3), first)
        for where in range(0, 20, 4):
            yield "image_def", put(elf_data, block + where, "<B",
                                   elf_data[block + where] ^ 0x10)


def stacked(elf_data):
    """The program with its last part loaded where the first is."""
    filled = [s for s in Elf(elf_data).segments if s.size]
    return put(elf_data, filled[-1].head + 12, "<I", filled[0].load + 16)


def check_breaks(elf_data, bin_data, uf2_data, kind):
    """Every broken copy is refused by its name. Returns how many."""
    def refused(name, *data):
        try:
            check(*data, kind)
        except Refused as why:
            if why.name == name:
                return 1
            sys.exit(f"a broken copy ({name}) is refused for {why}")
        sys.exit(f"a broken copy is not refused: {name}")

    count = sum(refused(name, broken, bin_data, uf2_data)
                for name, broken in breaks(elf_data, kind))
    count += refused("overlap", stacked(elf_data), bin_data, uf2_data)
    count += refused("bin", elf_data, bin_data[:-4], uf2_data)
    count += refused("bin", elf_data, put(bin_data, 300, "<B",
                                          bin_data[300] ^ 1), uf2_data)
    count += refused("debugger", elf_data.replace(b"board_main\0",
                                                  b"semihost_x\0"),
                     bin_data, uf2_data)
    if kind.family:
        last = len(uf2_data) - 512 + 40
        other = put(uf2_data, last, "<B", uf2_data[last] ^ 1)
        for data in (uf2_data[512:], uf2_data[:-512],
                     uf2_data + uf2_data[-512:], other):
            count += refused("uf2", elf_data, bin_data, data)
    return count


# ---- sizes

def stack_of(folder, example):
    """Bytes that the application's main function has on the stack."""
    for su in folder.rglob("*.su"):
        if f"nif_example_{example}.dir" in str(su):
            for line in su.read_text().splitlines():
                where, size, _ = line.split("\t")
                if where.endswith(":nif_app"):
                    return int(size)
    sys.exit(f"no .su file says what {example} has on the stack")


def check_budget(board, sizes):
    bad = 0
    for line in (ROOT / "tests/size.budget").read_text().splitlines():
        name, _, limit = line.partition(" ")
        if name.startswith(board + "-") and \
                sizes.get(name, MIB) > int(limit):
            bad = 1
            print(f"{name}: {sizes.get(name)} bytes, tests/size.budget allows "
                  f"{limit}")
    return bad


def main():
    folder, board = sys.argv[1:]
    preset, images = BOARDS[board]
    home = make(folder, preset, *[f"{name}.elf" for name, *_ in images],
                options=told())
    sizes = {}
    broken = 0
    for name, kind, example in images:
        files = [(home / f"{name}.{end}").read_bytes() if KINDS[kind].family
                 or end != "uf2" else None for end in ("elf", "bin", "uf2")]
        try:
            flash, ram, room = check(*files, KINDS[kind])
        except Refused as why:
            sys.exit(f"{name}: {why}")
        stack = stack_of(home, example)
        if stack + STACK_MIN > room:
            sys.exit(f"{name}: the application wants {stack} bytes of stack, "
                     f"and those that it calls {STACK_MIN}; it has {room}")
        sizes[f"{name}.flash"], sizes[f"{name}.ram"] = flash, ram + stack
        print(f"{name:34}{flash:6} bytes of image, {ram:6} of RAM, {stack:6} "
              f"of {room:6} of stack")
        broken += check_breaks(*files, KINDS[kind])
    print(f"{len(images)} images; {broken} broken copies were refused")
    return check_budget(board, sizes)


if __name__ == "__main__":
    sys.exit(main())
