#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the suites of core, drivers and simulator on another processor.

    tests/target/run.py BUILD-FOLDER m0|m3|m33|rv32|s390x [-v] [TEST...]

The images are built by the processor's preset in a folder of their own below
BUILD-FOLDER, and each is run by QEMU. At the end stands how many tests passed
in how many images. An image that fails, faults, hangs or is missing fails the
run; so does a runner that would not notice a test that fails. Given names of
tests, only those are run, and what they print is shown; -v shows what is not
run, and how long each took. With NIF_FULL in the environment the slow ones are
run, too. Exit code 77: something is missing here.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIP = 77
FULL = bool(os.environ.get("NIF_FULL"))
# Of one image, seconds. Most take a tenth of one.
LIMIT_S = 1800 if FULL else 120

SHARED = ["-display", "none", "-monitor", "none", "-serial", "null",
          "-chardev", "stdio,id=sh", "-nic", "none", "-semihosting-config",
          "enable=on,target=native,chardev=sh"]
# Name, preset, compiler, QEMU and its machine. A microbit has less memory
# than this; but only it and LM3S6965EVB have a Cortex-M0, which faults where
# others load from an odd address.
CPUS = {
    "m0": ("M0", "target-m0", "arm-none-eabi-gcc", [
        "qemu-system-arm", "-M", "microbit",
        "-global", "nrf51-soc.flash-size=0x400000",
        "-global", "nrf51-soc.sram-size=0x1000000", *SHARED]),
    "m3": ("M3", "target-m3", "arm-none-eabi-gcc", [
        "qemu-system-arm", "-M", "mps2-an385", *SHARED]),
    "m33": ("M33", "target-m33", "arm-none-eabi-gcc", [
        "qemu-system-arm", "-M", "mps2-an505", *SHARED]),
    "rv32": ("RV32", "target-rv32", "riscv64-unknown-elf-gcc", [
        "qemu-system-riscv32", "-M", "virt", "-bios", "none", *SHARED]),
    "s390x": ("s390x", "s390x", "s390x-linux-gnu-gcc", ["qemu-s390x"]),
}
LIBRARY = {
    "arm-none-eabi-gcc":
        "/usr/lib/picolibc/arm-none-eabi/include/string.h",
    "riscv64-unknown-elf-gcc":
        "/usr/lib/picolibc/riscv64-unknown-elf/include/string.h",
    "s390x-linux-gnu-gcc": "/usr/s390x-linux-gnu/lib/libc.a",
}

GROUP = re.compile(r"^group .+: (\d+) passed, (\d+) failed, (\d+) skipped$",
                   re.M)
# What check_outcomes must come to, by its own list of tests.
OUTCOMES = (12, (1, 12, 1))


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def build(folder, preset, slow):
    folder = Path(folder) / "target" / preset
    for step in (["cmake", "--preset", preset, "-B", folder],
                 ["ninja", "-C", folder, "target_tests",
                  *(["target_slow"] if FULL or slow else [])]):
        done = subprocess.run(step, cwd=ROOT, text=True, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, step))}\n{done.stdout[-4000:]}")
    return folder


def run(qemu, image):
    """Boots an image. Returns (exit code or None if it hung, output, (passed,
    failed, skipped), seconds)."""
    began = time.monotonic()
    command = ([*qemu, "-kernel", image] if "-kernel" not in qemu and
               qemu[0].startswith("qemu-system") else [*qemu, image])
    try:
        # Semihosting may ignore a polite end, so it is none.
        done = subprocess.run(command, cwd=ROOT, check=False, timeout=LIMIT_S,
                              stdin=subprocess.DEVNULL, errors="replace",
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        code, said = done.returncode, done.stdout
    except subprocess.TimeoutExpired as expired:
        code, said = None, (expired.stdout or b"").decode(errors="replace")
    counts = [tuple(map(int, found)) for found in GROUP.findall(said)]
    return (code, said, tuple(map(sum, zip(*counts))) or (0, 0, 0),
            time.monotonic() - began)


def verdict(result):
    """What is wrong with an image that should pass, or None."""
    code, _, (passed, failed, skipped), _ = result
    if code is None:
        return f"was still running after {LIMIT_S} s"
    if code != 0 or failed:
        return f"{failed} tests failed, exit code {code}"
    if passed + skipped == 0:
        return "ran no test"
    return None


def check_runner(cpu, qemu, tests):
    """Whether an image that fails would be noticed."""
    code, said, counts, _ = run(qemu, tests / "check_outcomes")
    if (code, counts) != OUTCOMES:
        sys.exit(f"{said}\nthe runner counts {counts}, exit code {code}, "
                 f"where {OUTCOMES[1]} and {OUTCOMES[0]} are right")
    result = run(qemu, tests / "check_unaligned")
    if cpu != "m0":
        if verdict(result):
            sys.exit(f"{result[1]}\na word at an odd address: "
                     f"{verdict(result)}")
    elif "ARM fault: hardfault" not in result[1] or not verdict(result):
        sys.exit(f"{result[1]}\na word was loaded from an odd address, and "
                 "nobody noticed")
    else:
        print("M0: a word loaded from an odd address on purpose was caught")


def main(words):
    verbose = "-v" in words
    folder, cpu, *only = [w for w in words if w != "-v"]
    name, preset, compiler, qemu = CPUS[cpu]
    for tool in (qemu[0], compiler):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    if not Path(LIBRARY[compiler]).exists():
        skip(f"{compiler} has no C library: {LIBRARY[compiler]} is missing")
    folder = build(folder, preset, bool(only))
    lines = (folder / "tests.txt").read_text().splitlines()
    absent = [i for i in lines if i.startswith("not here: ") or
              i.startswith("slow: ") and not FULL and not only]
    images = [i.removeprefix("slow: ") for i in lines if i not in absent]
    if only:
        images = [i for i in images if i.removeprefix("test_") in only]
    if only and len(images) != len(only):
        sys.exit(f"not all of these are tests of {name}: {' '.join(only)}")
    check_runner(cpu, qemu, folder / "tests")

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        results = dict(zip(images, pool.map(
            lambda image: run(qemu, folder / "tests" / image), images)))
    bad = {image: verdict(r) for image, r in results.items() if verdict(r)}
    for image, result in results.items():
        if image in bad or only:
            print(f"---- {image}\n{result[1][-4000:]}")
    if verbose:
        print("\n".join(absent))
        for image, result in sorted(results.items(), key=lambda r: -r[1][3]):
            print(f"{result[3]:7.2f} s  {image}")
    for image, why in bad.items():
        print(f"{name}: {image} {why}")
    passed, failed, skipped = map(sum, zip(*(r[2] for r in results.values())))
    print(f"{name}: {passed} tests in {len(images)} files"
          f"{f', {failed} failed' if failed else ', all passed'}"
          f"{f', {skipped} skipped' if skipped else ''}"
          if not bad else
          f"{name}: {passed} tests passed, {failed} failed, "
          f"{len(bad)} of {len(images)} files have not passed")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[2] not in CPUS:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
