#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the TCP/IP stack on a Cortex-M0 in QEMU and prints tables of
instructions and sizes. As a program:

    bench/stack/target.py BUILD           # builds in BUILD, prints the tables
    bench/stack/target.py BUILD --check   # two runs must be equal; and what
                                          # -O3 makes must work, too
"""

import shutil
import subprocess
import sys
from pathlib import Path

import sizes
from anchors import INSTRUCTIONS

ROOT = Path(__file__).resolve().parent.parent.parent
GCC = "arm-none-eabi-gcc"
QEMU = "qemu-system-arm"
# Without virtual time there would be nothing to count (target/meter.S).
MACHINE = ["-M", "lm3s6965evb", "-cpu", "cortex-m0",
           "-icount", "shift=10,sleep=off"]
SILENT = ["-display", "none", "-monitor", "none", "-serial", "null",
          "-nic", "none", "-chardev", "stdio,id=out", "-semihosting-config",
          "enable=on,target=native,chardev=out"]


def missing():
    """The first tool that is not installed, or None."""
    return next((t for t in (GCC, QEMU, "cmake", "ninja")
                 if not shutil.which(t)), None)


def run(command):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300)
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-4000:])
        sys.exit(f"{command[0]} failed: {done.returncode}")
    return done.stdout


def build(folder, kind="MinSizeRel"):
    """Builds the images in `folder`; returns where they are."""
    run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja",
         f"--toolchain={ROOT}/tools/cmake/cm0plus.cmake",
         "-DNIF_HOST=OFF", "-DNIF_BENCH_IMAGE=ON", "-DNIF_WERROR=ON",
         f"-DCMAKE_BUILD_TYPE={kind}"])
    run(["ninja", "-C", folder])
    return Path(folder)


def emulate(image, *options):
    """Runs an image in QEMU; returns what it printed."""
    return run([QEMU, *MACHINE, *SILENT, *options, "-kernel", image])


def measure(images):
    """{device: {figure: instructions each time}}."""
    figures = {}
    for line in emulate(images / "bench_stack.elf").splitlines():
        device, figure, count, times = line.split()
        figures.setdefault(device, {})[figure] = int(count) / int(times)
    return figures


def ratio(a, b):
    return f"{a / b:7.2f}" if a is not None and b is not None else "      -"


def table(figures):
    gather, lend = figures["gather"], figures["lend"]
    print("\nInstructions on Cortex-M0+, gcc -Os; lwIP, best, floor and aim are"
          " constants\n"
          "                               lwIP   best  floor    aim   ours  lent"
          "  of lwIP   of aim")
    for figure, (name, *anchors) in INSTRUCTIONS.items():
        ours, lent = gather.get(figure), lend.get(figure)
        cells = [f"{'-' if c is None else format(c, '.0f'):>6}"
                 for c in (*anchors, ours, lent)]
        print(f"{name:28} {' '.join(cells)}  {ratio(ours, anchors[0])}"
              f"  {ratio(ours, anchors[3])}")
    print("lent: over a device that lends memory to build frames in")


def check(folder):
    images = build(folder)
    print(emulate(images / "test_words.elf"), end="")
    first, second = measure(images), measure(images)
    if first != second:
        sys.exit("two runs counted differently")
    fast = measure(build(f"{folder}-O3", "Release"))
    if any(fast[d].keys() != first[d].keys() for d in first):
        sys.exit("with -O3 there are other figures")
    wanted = set(INSTRUCTIONS)
    for device in ("gather", "lend"):
        absent = wanted - set(first.get(device, ()))
        if absent:
            sys.exit(f"{device}: no figure for {', '.join(sorted(absent))}")
    print(f"{sum(map(len, first.values()))} figures, twice the same")


def main(folder, *options):
    if missing():
        print(f"skipped: {missing()} is not installed")
        return 77
    if "--check" in options:
        check(folder)
    else:
        images = build(folder)
        table(measure(images))
        sizes.table(images)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
