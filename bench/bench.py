#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmarks of a build folder and prints them, with the sizes that
core and drivers have on a Cortex-M0+, what the stack takes on one, in
instructions and bytes, and what it takes on the host beside lwIP."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = 77


def show(*command):
    """Runs a script and prints its tables; False if it failed."""
    done = subprocess.run([sys.executable, *command], text=True,
                          stdout=subprocess.PIPE)
    print(done.stdout.replace("<<<\n", "").replace(">>>\n", ""), end="")
    return done.returncode in (0, SKIPPED)


def main(build):
    code = subprocess.run([Path(build) / "nif_bench"]).returncode
    good = show(ROOT / "tests/gates/cross.py")
    good &= show(ROOT / "bench/stack/target.py",
                 Path(build) / "bench-cm0plus")
    good &= show(ROOT / "bench/stack/host.py", build)
    return code or not good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
