#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/uf2.py: what it writes, byte by byte, and what its checker refuses; and
the sum of the RP2040's second stage."""

import hashlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"
sys.path[:0] = [str(TOOLS), str(ROOT / "boards/pico")]

import boot2  # noqa: E402
import uf2  # noqa: E402
import uf2_check  # noqa: E402

FLASH, RAM = 0x10000000, 0x20000000
RP2040 = 0xE48BFF56
IMAGE = random.Random(2).randbytes(548)
GOOD = uf2.convert(IMAGE, FLASH, RP2040)


def changed(data, number, offset, form, value):
    """`data` with a word of a block changed."""
    out = bytearray(data)
    struct.pack_into(form, out, number * 512 + offset, value)
    return bytes(out)


class Writes(unittest.TestCase):
    def test_three_blocks_word_by_word(self):
        self.assertEqual(len(GOOD), 1536)
        for n in range(3):
            block = GOOD[n * 512:n * 512 + 512]
            self.assertEqual(struct.unpack("<8I", block[:32]),
                             (0x0A324655, 0x9E5D5157, 0x2000,
                              FLASH + 256 * n, 256, n, 3, RP2040))
            piece = IMAGE[256 * n:256 * n + 256]
            self.assertEqual(block[32:508], piece.ljust(476, b"\0"))
            self.assertEqual(block[508:], bytes.fromhex("306fb10a"))

    def test_a_whole_number_of_payloads_gets_no_more(self):
        self.assertEqual(len(uf2.convert(bytes(512), RAM, RP2040)), 1024)

    def test_the_block_of_erratum_e10(self):
        data = uf2.convert(IMAGE, FLASH, 0xE48BFF59, e10=True)
        self.assertEqual(len(data), 2048)
        self.assertEqual(struct.unpack("<8I", data[:32]),
                         (0x0A324655, 0x9E5D5157, 0xA000, 0x10FFFF00, 256, 0,
                          2, 0xE48BFF57))
        self.assertEqual(data[32 + 256:32 + 264],
                         bytes.fromhex("04e3579900000000"))

    def test_the_command_writes_what_it_checks(self):
        with tempfile.TemporaryDirectory() as place:
            place = Path(place)
            (place / "x.bin").write_bytes(IMAGE)
            self.run_tool("write", place / "x.bin", "-o", place / "x.uf2",
                          "--family", "rp2040", "--address", "0x10000000")
            self.assertEqual((place / "x.uf2").read_bytes(), GOOD)
            said = self.run_tool("check", place / "x.uf2")
            self.assertIn("rp2040, 3 blocks in flash, 0x10000000 to 0x100002ff",
                          said)

    def test_the_command_says_what_is_wrong(self):
        with tempfile.TemporaryDirectory() as place:
            place = Path(place)
            (place / "x.bin").write_bytes(IMAGE)
            (place / "none.bin").write_bytes(b"")
            (place / "bad.uf2").write_bytes(GOOD[:-1])
            write = ("-o", place / "x.uf2", "--family", "rp2040", "--address")
            for code, words, line in (
                    (2, "0x10000010 is no multiple of 256",
                     ("write", place / "x.bin", *write, "0x10000010")),
                    (2, "is empty",
                     ("write", place / "none.bin", *write, "0x10000000")),
                    (2, "nothing.bin",
                     ("write", place / "nothing.bin", *write, "0x10000000")),
                    (1, "bad.uf2: refused: size:",
                     ("check", place / "bad.uf2"))):
                self.assertIn(words, self.run_tool(*line, code=code))

    def run_tool(self, *words, code=0):
        done = subprocess.run([sys.executable, TOOLS / "uf2.py", *words],
                              text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout


class Accepts(unittest.TestCase):
    def test_flash_and_ram_of_each_family(self):
        for name, address, family in (
                ("rp2040", FLASH, RP2040), ("rp2040", RAM, RP2040),
                ("rp2350-arm-s", FLASH, 0xE48BFF59),
                ("rp2350-arm-s", 0x20080000, 0xE48BFF59),
                ("stm32f4", 0x08010000, 0x57755A57)):
            said = uf2_check.check(uf2.convert(IMAGE, address, family))
            self.assertTrue(said.startswith(f"{name}, 3 blocks in"), said)

    def test_the_block_of_erratum_e10_does_not_count(self):
        said = uf2_check.check(uf2.convert(IMAGE, FLASH, 0xE48BFF59, e10=True))
        self.assertIn("3 blocks in flash", said)

    def test_blocks_in_any_order(self):
        turned = GOOD[1024:] + GOOD[:512] + GOOD[512:1024]
        self.assertIn("3 blocks", uf2_check.check(turned))

    def test_a_block_that_is_not_for_main_flash_is_left_out(self):
        aside = changed(GOOD[:512], 0, 8, "<I", 0x2001)
        self.assertIn("3 blocks", uf2_check.check(aside + GOOD))

    def test_a_sum_that_is_right(self):
        self.assertIn("3 blocks", uf2_check.check(with_md5(0)))


def with_md5(error):
    """The image with a sum over its first 512 bytes in the first block."""
    data = changed(GOOD, 0, 8, "<I", 0x6000)
    digest = bytearray(hashlib.md5(IMAGE[:512]).digest())
    digest[15] ^= error
    return (data[:32 + 452] + struct.pack("<II", FLASH, 512) + bytes(digest)
            + data[508:])


def with_tag(raw):
    """The image with a tag in the first block."""
    data = changed(GOOD, 0, 8, "<I", 0xA000)
    return data[:32 + 256] + raw + data[32 + 256 + len(raw):]


class Refuses(unittest.TestCase):
    def refuses(self, name, data):
        with self.assertRaises(uf2_check.Refused) as caught:
            uf2_check.check(data)
        self.assertEqual(caught.exception.name, name, caught.exception)

    def test_a_size_that_is_no_row_of_blocks(self):
        for data in (b"", GOOD[:-1], GOOD + b"\0", GOOD[:100]):
            self.refuses("size", data)

    def test_each_magic_number(self):
        for number in range(3):
            for offset in (0, 4, 508):
                for value in (0, 0x0A324656, 0xFFFFFFFF):
                    self.refuses("magic", changed(GOOD, number, offset, "<I",
                                                  value))

    def test_flags(self):
        for flags in (0x2002, 0x2100, 0x12000, 0x3000):
            self.refuses("flags", changed(GOOD, 1, 8, "<I", flags))

    def test_a_payload_of_another_size(self):
        for size in (0, 255, 257, 476, 477, 0xFFFFFFFF):
            self.refuses("payload", changed(GOOD, 2, 16, "<I", size))

    def test_something_behind_the_payload(self):
        for offset in (32 + 256, 507):
            self.refuses("padding", changed(GOOD, 1, offset, "<B", 1))

    def test_addresses_that_are_not_aligned(self):
        for address in (FLASH + 1, FLASH + 128, FLASH + 1020):
            self.refuses("alignment", changed(GOOD, 2, 12, "<I", address))

    def test_a_family_that_is_missing_unknown_or_another(self):
        self.refuses("family", changed(GOOD, 1, 8, "<I", 0))
        self.refuses("family", changed(GOOD, 1, 28, "<I", 0x12345678))
        self.refuses("family", changed(GOOD, 1, 28, "<I", 0xE48BFF59))

    def test_a_count_that_is_not_that_of_the_blocks(self):
        self.refuses("count", GOOD[:1024])
        self.refuses("count", GOOD[512:])
        self.refuses("count", changed(GOOD, 1, 24, "<I", 4))

    def test_numbers_that_are_there_twice_or_too_high(self):
        self.refuses("number", changed(GOOD, 2, 20, "<I", 1))
        self.refuses("number", changed(GOOD, 2, 20, "<I", 3))

    def test_what_is_written_twice(self):
        self.refuses("overlap", changed(GOOD, 2, 12, "<I", FLASH))

    def test_addresses_where_there_is_no_memory(self):
        for address in (0, 0x0FFFFF00, 0x11000000, 0x20042000, 0xFFFFFF00):
            self.refuses("memory", changed(GOOD, 2, 12, "<I", address))

    def test_an_image_that_is_in_flash_and_ram(self):
        self.refuses("memory", changed(GOOD, 1, 12, "<I", RAM))

    def test_tags_that_are_not_right(self):
        for raw in (bytes(4), b"\x03\1\2\3", b"\xE0\1\2\3"):
            self.refuses("tag", with_tag(raw))
        self.refuses("padding", with_tag(b"\x08\1\2\3abcd\0\0\0\0more"))

    def test_a_sum_that_is_wrong(self):
        self.refuses("md5", with_md5(1))
        moved = bytearray(with_md5(0))
        struct.pack_into("<I", moved, 32 + 456, 0x7FFFFFFF)
        self.refuses("md5", bytes(moved))

    def test_a_byte_that_changes_outside_the_image_is_found(self):
        for at in range(len(GOOD)):
            # The address is as much the image's as what lies there.
            if at % 512 in range(12, 16) or at % 512 in range(32, 32 + 256):
                continue
            data = bytearray(GOOD)
            data[at] ^= 0x10
            with self.assertRaises(uf2_check.Refused, msg=f"byte {at}"):
                uf2_check.check(bytes(data))


class Boot2(unittest.TestCase):
    def test_the_sum_is_that_of_the_boot_rom(self):
        self.assertEqual(boot2.crc32(bytes(252)), 0x7065399A)

    def test_what_is_too_long_or_empty_is_refused(self):
        with tempfile.TemporaryDirectory() as place:
            for length, code in ((252, 0), (1, 0), (253, 1), (0, 1)):
                path = Path(place) / "x"
                path.write_bytes(bytes([7]) * length)
                done = subprocess.run(
                    [sys.executable, ROOT / "boards/pico/boot2.py", path,
                     path.with_suffix(".c")], capture_output=True, check=False)
                self.assertEqual(done.returncode, code, length)


if __name__ == "__main__":
    unittest.main()
