#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots the images of the STM32F4 boards in QEMU's netduinoplus2, an STM32F405:
flash, RAM, processor and console are there. Clocks, pins and the Ethernet MAC
are not, but QEMU tells each access to them, so that their settings and order
can be read.

    tests/boards/stm32f4.py BUILD-FOLDER

Exit code 77: something is missing here.
"""

import re
import sys
import tempfile
import time
from pathlib import Path

from images import Run, make, need, told

LIMIT_S = 60
ADDRESS = "mac=02:00:00:00:00:07"  # QEMU has no number of the chip
SAID = ["the PLL does not start: no network at 16 MHz"]
LINE = re.compile(r"(\w+): unimplemented device (read |write) +\(size 4, "
                  r"offset (0x\w+)(?:, value (0x\w+))?")
RMII = {"A1", "A2", "A7", "C1", "C4", "C5"}  # REF_CLK MDIO CRS_DV MDC RXD0 1
BOARDS = {
    "stm32f4": {"B11", "B12", "B13"},  # TX_EN TXD0 TXD1
    "nucleo-f429zi": {"G11", "G13", "B13"},
}
MODER, OSPEEDR, AFR = 0x00, 0x08, (0x20, 0x24)
TRIES = 3


def writes(text):
    """(device, offset, value) of each write."""
    return [(device, int(offset, 16), int(value, 16))
            for device, kind, offset, value in LINE.findall(text)
            if kind == "write"]


def run(image):
    """What the board says, and what it wrote until it tried TRIES times."""
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log"
        command = ["qemu-system-arm", "-M", "netduinoplus2", "-display", "none",
                   "-monitor", "none", "-serial", "null", "-serial", "null",
                   "-serial", "stdio", "-d", "unimp", "-D", log, "-kernel",
                   image]
        until = time.monotonic() + LIMIT_S
        with Run(*command) as q:
            while time.monotonic() < until:
                time.sleep(0.3)
                text = log.read_text() if log.exists() else ""
                if text.count("Ethernet: unimplemented device read") >= TRIES:
                    break
        return q.said, writes(text)


def pins(list_, function):
    """The pins that were given a function at their highest speed."""
    speed, mode, out = set(), set(), set()
    for device, offset, value in list_:
        if not device.startswith("GPIO"):
            continue
        port = device[4:]
        if offset in AFR:
            out |= {f"{port}{8 * AFR.index(offset) + n}" for n in range(8)
                    if value >> 4 * n & 15 == function}
        for reg, want, into in ((MODER, 2, mode), (OSPEEDR, 3, speed)):
            if offset == reg:
                into |= {f"{port}{n}" for n in range(16)
                         if value >> 2 * n & 3 == want}
    return out & speed & mode


def position(list_, device, offset, bits):
    for n, (name, at, value) in enumerate(list_):
        if (name, at) == (device, offset) and value & bits == bits:
            return n
    sys.exit(f"nobody wrote {bits:#x} to {device} + {offset:#x}")


def check(board, said, list_):
    lines = said.replace("\r", "").splitlines()
    if lines[0] != board or "fault" in said or \
            f"board: {SAID[0]}" not in lines:
        sys.exit(f"{board} says {lines}")
    if pins(list_, 7) != {"D8", "D9"}:
        sys.exit(f"{board}: the console is at {sorted(pins(list_, 7))}")
    if pins(list_, 11) != RMII | BOARDS[board]:
        sys.exit(f"{board}: the MAC is at {sorted(pins(list_, 11))}")
    # As stm32_eth.h asks for: SYSCFG runs, pins, clocks, reset, then the MAC.
    first_pin = next(n for n, (device, offset, value) in enumerate(list_)
                     if device.startswith("GPIO") and offset in AFR
                     and any(value >> 4 * k & 15 == 11 for k in range(8)))
    order = [position(list_, "RCC", 0x00, 1 << 16),  # HSEON
             position(list_, "RCC", 0x04, 336 << 6),
             position(list_, "RCC", 0x00, 1 << 24),  # PLLON
             position(list_, "RCC", 0x40, 1 << 18),  # USART3
             position(list_, "RCC", 0x44, 1 << 14),  # SYSCFG
             first_pin,
             position(list_, "RCC", 0x30, 7 << 25),  # MAC, TX, RX
             position(list_, "RCC", 0x10, 1 << 25),
             next(n for n, (device, *_) in enumerate(list_)
                  if device == "Ethernet")]
    if order != sorted(order):
        sys.exit(f"{board}: not in the order that the MAC wants: {order}")
    bypass = any((d, o) == ("RCC", 0) and v >> 18 & 1 for d, o, v in list_)
    if bypass != (board == "nucleo-f429zi"):
        sys.exit(f"{board}: HSE bypass is {bypass}")
    print(f"{board}: console, pins, clocks and MAC in order; the driver has "
          f"tried again when no MAC was there")


def main():
    need("qemu-system-arm")
    images = [f"{board}-services.elf" for board in BOARDS]
    home = make(sys.argv[1], "cm4", *images, options=told(NIF_ARGS=ADDRESS))
    for board, image in zip(BOARDS, images):
        check(board, *run(home / image))


if __name__ == "__main__":
    main()
