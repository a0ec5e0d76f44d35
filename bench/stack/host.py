#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions of the TCP/IP stack on the host with valgrind's
callgrind, beside Debian's lwIP where that is installed, and prints a table.

    bench/stack/host.py BUILD
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from anchors import INSTRUCTIONS

# What host/meter.c has callgrind write: stack, figure, times, stretches,
# pauses; and the instructions.
PART = re.compile(r"^desc: Trigger: Client Request: (\S+) (\S+) (\d+) (\d+)"
                  r" (\d+)$.*?^summary: (\d+)$", re.M | re.S)


def collect(program):
    """[(stack, figure, times, stretches, pauses, instructions)]."""
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no",
             f"--callgrind-out-file={folder}/out", program],
            text=True, capture_output=True, timeout=300)
        if done.returncode:
            print(done.stdout, done.stderr)
            sys.exit("valgrind failed")
        for path in Path(folder).iterdir():
            for stack, figure, *numbers in PART.findall(path.read_text()):
                parts.append((stack, figure, *map(int, numbers)))
    return parts


def measure(program):
    """{stack: {figure: instructions each time}}, without the meter's own."""
    parts = collect(program)
    own = {p[1]: p[5] / p[2] for p in parts if p[0] == "meter"}
    per_stretch, per_pause = own["stretch"], own["pause"] - own["plain"]
    figures = {}
    for stack, figure, times, stretches, pauses, count in parts:
        count -= stretches * per_stretch + pauses * per_pause
        figures.setdefault(stack, {})[figure] = count / times
    return figures


def table(figures):
    lwip = figures.get("lwip", {})
    print("\nInstructions on this host; lwIP is Debian's, measured beside ours\n"
          "                               lwIP   ours  lent  of lwIP")
    for figure, (name, *_) in INSTRUCTIONS.items():
        row = [figures.get(stack, {}).get(figure)
               for stack in ("lwip", "nif", "nif-lend")]
        cells = [f"{'-' if c is None else format(c, '.0f'):>6}" for c in row]
        ratio = (f"{row[1] / row[0]:8.2f}" if row[0] and row[1] is not None
                 else "       -")
        print(f"{name:28} {' '.join(cells)} {ratio}")
    if not lwip:
        print("lwIP is left out: it was not installed (liblwip-dev) when the"
              " build was set up")


def main(build):
    program = Path(build) / "nif_bench_stack"
    if not shutil.which("valgrind"):
        print("skipped: valgrind is not installed")
        return 77
    if not program.exists():
        print("skipped: there was no valgrind/callgrind.h when the build was"
              " set up")
        return 77
    table(measure(program))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
