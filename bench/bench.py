#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmarks of a build folder and prints them with the sizes that
core and drivers have on a Cortex-M0+."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(build):
    code = subprocess.run([Path(build) / "nif_bench"]).returncode
    done = subprocess.run([sys.executable, ROOT / "tests/gates/cross.py"],
                          text=True, stdout=subprocess.PIPE)
    print(done.stdout.replace("<<<\n", "").replace(">>>\n", ""), end="")
    return code or (0 if done.returncode == 77 else done.returncode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
