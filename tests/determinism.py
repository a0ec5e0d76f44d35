#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs each virtual-time test program twice and compares, byte for byte, what
passed on its buses, pins and wires: determinism.py FOLDER PROGRAM..."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path


def traced(program, path):
    """Runs it with NIF_TRACE; its exit code."""
    path.touch()
    return subprocess.run([program], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL,
                          env=dict(os.environ, NIF_TRACE=str(path)),
                          timeout=300).returncode


def same(one, two):
    """Whether two files are equal, without holding them."""
    with open(one, "rb") as a, open(two, "rb") as b:
        while True:
            x, y = a.read(1 << 20), b.read(1 << 20)
            if x != y:
                return False
            if not x:
                return True


def main(folder, names):
    bad = total = 0
    silent = []
    with tempfile.TemporaryDirectory() as temp:
        for name in names:
            traces = [Path(temp) / f"{name}.{n}" for n in (1, 2)]
            codes = [traced(Path(folder) / f"test_{name}", t) for t in traces]
            if codes != [0, 0]:
                print(f"{name}: exit {codes}")
                bad += 1
            elif not same(*traces):
                print(f"{name}: the two traces differ")
                bad += 1
            elif traces[0].stat().st_size == 0:
                silent.append(name)
            else:
                total += traces[0].stat().st_size
            for trace in traces:
                trace.unlink(missing_ok=True)
    told = len(names) - len(silent)
    print(f"<<<\nDeterminism: {told - bad} of {told} test programs wrote the same "
          f"trace twice, {total / 1e6:.1f} MB together\n"
          f"  without bus or wire: {' '.join(silent) or 'none'}\n>>>")
    return 1 if bad or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
