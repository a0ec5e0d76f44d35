# SPDX-License-Identifier: MIT
"""What a UF2 file must be, so that boot loaders take it: the checker behind
`uf2.py check`. Written from the format's page, not from the writer.

A file is a row of blocks of 512 bytes, all words little endian:

    0    0x0A324655        16   size of payload    32   payload, tags, zeros
    4    0x9E5D5157        20   number, from 0     508  0x0AB16F30
    8    flags             24   count of blocks
    12   address           28   family, or size of the file

Each thing that is wrong has a name, with which the refusal begins: size, magic,
flags, payload, padding, alignment, tag, md5, family, count, number, overlap,
memory.
"""

import hashlib

NOT_MAIN_FLASH, CONTAINER = 0x0001, 0x1000
HAS_FAMILY, HAS_MD5, HAS_TAGS = 0x2000, 0x4000, 0x8000
KNOWN = NOT_MAIN_FLASH | CONTAINER | HAS_FAMILY | HAS_MD5 | HAS_TAGS
ROOM = 476
MD5_ROOM = 24  # at the end of the room: address, length, sum
IGNORE_TAG = 0x9957E3  # RP2350: the block is there for an erratum

# {family: (name, payload of every block or None, [memories])}. An image lies
# in one memory: the boot loader runs what is in RAM, and keeps what is in
# flash.
FAMILIES = {
    0xE48BFF56: ("rp2040", 256, [("flash", 0x10000000, 0x11000000),
                                 ("RAM", 0x20000000, 0x20042000),
                                 ("XIP cache", 0x15000000, 0x15004000)]),
    0xE48BFF57: ("absolute", 256, [("flash", 0x10000000, 0x12000000)]),
    0xE48BFF59: ("rp2350-arm-s", 256, [("flash", 0x10000000, 0x12000000),
                                       ("RAM", 0x20000000, 0x20082000)]),
    0x57755A57: ("stm32f4", None, [("flash", 0x08000000, 0x08200000)]),
}


class Refused(Exception):
    def __init__(self, name, number, why):
        place = "" if number is None else f"block {number}: "
        super().__init__(f"{place}{name}: {why}")
        self.name = name


class Block:
    def __init__(self, at, raw):
        def word(offset):
            return int.from_bytes(raw[offset:offset + 4], "little")
        self.at = at
        for offset, magic in ((0, 0x0A324655), (4, 0x9E5D5157),
                              (508, 0x0AB16F30)):
            if word(offset) != magic:
                self.refuse("magic", f"{word(offset):#010x} at {offset} is not "
                            f"{magic:#010x}")
        self.flags = word(8)
        self.address = word(12)
        self.size = word(16)
        self.number = word(20)
        self.total = word(24)
        self.family = word(28) if self.flags & HAS_FAMILY else None
        self.room = raw[32:32 + ROOM]
        self.tags = []
        self.check()

    def refuse(self, name, why):
        raise Refused(name, self.at, why)

    def check(self):
        if self.flags & ~KNOWN:
            self.refuse("flags", f"{self.flags & ~KNOWN:#x} mean nothing")
        if self.flags & CONTAINER:
            self.refuse("flags", "a container of files is no image")
        room = ROOM - (MD5_ROOM if self.flags & HAS_MD5 else 0)
        if self.size == 0 or self.size > room:
            self.refuse("payload", f"{self.size} bytes; 1 to {room} have room")
        end = self.read_tags(room) if self.flags & HAS_TAGS else self.size
        if any(self.room[end:room]):
            self.refuse("padding", "something lies behind the payload")
        self.check_family()

    def check_family(self):
        if self.family is None:
            self.refuse("family", "the block does not say for whom it is")
        if self.family not in FAMILIES:
            self.refuse("family", f"{self.family:#010x} is not known")
        size = FAMILIES[self.family][1]
        if size is not None and self.size != size:
            self.refuse("payload", f"{self.size} bytes; this family's loader "
                        f"takes {size}")
        if self.address % (size or 4):
            self.refuse("alignment", f"{self.address:#010x} is no multiple of "
                        f"{size or 4}")

    def read_tags(self, room):
        """{type: data}; returns where they end."""
        at = -(-self.size // 4) * 4
        while at < room and self.room[at] != 0:
            size = self.room[at]
            if size < 4 or at + size > room:
                self.refuse("tag", f"{size} bytes at {at} of the payload's room")
            self.tags.append(int.from_bytes(self.room[at + 1:at + 4], "little"))
            at += -(-size // 4) * 4
        if not self.tags:
            self.refuse("tag", "there is none, where the flags promise some")
        return at

    def check_md5(self, memory):
        raw = self.room[ROOM - MD5_ROOM:]
        start = int.from_bytes(raw[:4], "little")
        length = int.from_bytes(raw[4:8], "little")
        data = memory[start:start + length] if length <= len(memory) else None
        if data is None or hashlib.md5(data).digest() != raw[8:]:
            self.refuse("md5", f"of {length} bytes at {start:#010x} is another")


class Memory:
    """What the blocks of a file put where."""

    def __init__(self, blocks):
        self.byte = {}
        for b in blocks:
            for i in range(b.size):
                if b.address + i in self.byte:
                    b.refuse("overlap", f"{b.address + i:#010x} has been "
                             "written before")
                self.byte[b.address + i] = b.room[i]

    def __len__(self):
        return len(self.byte)

    def __getitem__(self, span):
        span = range(span.start, span.stop)
        if not all(at in self.byte for at in span):
            return None
        return bytes(self.byte[at] for at in span)


def check_numbers(blocks):
    for b in blocks:
        if b.total != len(blocks):
            b.refuse("count", f"it says {b.total} blocks, there are "
                     f"{len(blocks)}")
    seen = set()
    for b in blocks:
        if b.number >= b.total or b.number in seen:
            b.refuse("number", f"{b.number} of {b.total} "
                     + ("is there twice" if b.number in seen else "is none"))
        seen.add(b.number)


def check_memory(blocks):
    """The name of the memory in which all of it lies."""
    found = None
    for b in blocks:
        here = [name for name, low, high in FAMILIES[b.family][2]
                if low <= b.address and b.address + b.size <= high]
        if not here:
            b.refuse("memory", f"there is none at {b.address:#010x}")
        if found not in (None, here[0]):
            b.refuse("memory", f"{here[0]}, and {found} before it")
        found = here[0]
    return found


def check(data):
    """A line that says what is in it; raises Refused."""
    if not data or len(data) % 512:
        raise Refused("size", None, f"{len(data)} bytes are no row of blocks "
                      "of 512")
    blocks = [Block(at // 512, data[at:at + 512])
              for at in range(0, len(data), 512)]
    blocks = [b for b in blocks if IGNORE_TAG not in b.tags
              and not b.flags & NOT_MAIN_FLASH]
    if not blocks:
        raise Refused("size", None, "no block of it is for memory")
    for b in blocks:
        if b.family != blocks[0].family:
            b.refuse("family", f"{b.family:#010x}, and {blocks[0].family:#010x}"
                     " before it")
    check_numbers(blocks)
    memory = Memory(blocks)
    for b in blocks:
        if b.flags & HAS_MD5:
            b.check_md5(memory)
    place = check_memory(blocks)
    low = min(b.address for b in blocks)
    high = max(b.address + b.size for b in blocks)
    return (f"{FAMILIES[blocks[0].family][0]}, {len(blocks)} blocks in {place},"
            f" {low:#010x} to {high - 1:#010x}")
