#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the Pico's own images, UF2 file and all, on an RP2040 of ours
(tests/boards/rp2040) with a chip model at its port: it gets an address, a page is
fetched, bytes are echoed.

    tests/boards/pico.py BUILD-FOLDER EMULATOR

Those with ESP-AT are told which network to join, the others are as shipped.
Exit code 77: something is missing here.
"""

import subprocess
import sys

from images import make, told

BOTH = ("", "-ram")
# What they are told, and {device of the emulator: images}.
BUILDS = [
    ({}, {chip: [f"pico-{chip}-services{ram}" for ram in BOTH]
          for chip in ("enc28j60", "w5500")}),
    ({}, {"enc28j60": ["pico-enc28j60-iperf3"]}),
    ({"NIF_WIFI_SSID": "netif"},
     {"espat": [f"pico-espat-services{ram}" for ram in BOTH]}),
    ({"NIF_WIFI_SSID": "netif", "NIF_ESPAT_RTS_CTS": "ON"},
     {"espat-rts": ["pico-espat-services-ram"]}),
]
LIMIT_S = 60


def main():
    folder, emulator = sys.argv[1:]
    bad = 0
    for settings, devices in BUILDS:
        home = make(folder, "cm0plus", *[f"{image}.elf" for images in
                                         devices.values() for image in images],
                    options=told(**settings))
        for device, images in devices.items():
            for image in images:
                words = ["192.0.2.2 -t 1"] if "iperf3" in image else []
                done = subprocess.run([emulator, device, home / f"{image}.uf2",
                                       *words], timeout=LIMIT_S, check=False)
                if done.returncode:
                    bad = 1
                    print(f"{image}: exit code {done.returncode}")
    return bad


if __name__ == "__main__":
    sys.exit(main())
