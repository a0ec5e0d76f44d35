#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs each virtual-time test program twice, both at once, and compares, byte
for byte, what passes on its buses, pins and wires: determinism.py FOLDER
PROGRAM..."""

import os
import subprocess
import sys
from pathlib import Path

CHUNK = 1 << 20


def start(program):
    """Starts it with its trace going into a pipe; (process, pipe)."""
    out, into = os.pipe()
    process = subprocess.Popen(
        [program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        pass_fds=[into], env=dict(os.environ, NIF_TRACE=f"/dev/fd/{into}"))
    os.close(into)
    return process, open(out, "rb")


def compare(one, two):
    """Reads both to their ends; how many bytes, and whether they are equal."""
    size, equal, x, y = 0, True, b" ", b" "
    while x or y:
        x, y = one.read(CHUNK), two.read(CHUNK)
        size += len(x)
        equal = equal and x == y
    return size, equal


def main(folder, names):
    bad = total = 0
    silent = []
    for name in names:
        runs = [start(Path(folder) / f"test_{name}") for _ in range(2)]
        size, equal = compare(*(pipe for _, pipe in runs))
        codes = [process.wait() for process, _ in runs]
        for _, pipe in runs:
            pipe.close()
        if codes != [0, 0]:
            print(f"{name}: exit {codes}")
            bad += 1
        elif not equal:
            print(f"{name}: the two traces differ")
            bad += 1
        elif not size:
            silent.append(name)
        total += size
    told = len(names) - len(silent)
    print(f"<<<\nDeterminism: {told - bad} of {told} test programs wrote the same "
          f"trace twice, {total / 1e6:.1f} MB together\n"
          f"  without bus or wire: {' '.join(silent) or 'none'}\n>>>")
    return 1 if bad or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
