#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the Pico's own images, UF2 file and all, on an RP2040 of ours
(tests/boards/rp2040) with a chip model at its port: a page is fetched, bytes are
echoed.

    tests/boards/pico.py BUILD-FOLDER EMULATOR

They differ from those that are shipped by an address and a network only. Exit
code 77: something is missing here.
"""

import subprocess
import sys

from images import make

CHIPS = ("enc28j60", "w5500", "espat")
OPTIONS = ["-DNIF_ARGS=ip=192.0.2.2/24", "-DNIF_WIFI_SSID=netif"]
LIMIT_S = 60


def main():
    folder, emulator, *chips = sys.argv[1:]
    images = [(chip, f"pico-{chip}-services{ram}")
              for chip in chips or CHIPS for ram in ("", "-ram")]
    home = make(folder, "cm0plus", *[f"{name}.elf" for _, name in images],
                name="pico", options=OPTIONS)
    bad = 0
    for chip, name in images:
        done = subprocess.run([emulator, chip, home / f"{name}.uf2"],
                              timeout=LIMIT_S, check=False)
        if done.returncode:
            bad = 1
            print(f"{name}: exit code {done.returncode}")
    return bad


if __name__ == "__main__":
    sys.exit(main())
