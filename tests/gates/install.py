#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installs the build into a temporary folder and builds somebody else's
repository (tests/toy) against it: once through find_package(netif), once
through pkg-config."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **options)
    if done.returncode:
        print(done.stdout)
        print("failed:", *command)
        sys.exit(1)
    return done.stdout


def main(build):
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "prefix"
        # A copy, so that nothing of the source tree is in reach.
        toy = Path(folder) / "toy"
        run("cp", "-r", ROOT / "tests/toy", toy)
        run("cmake", "--install", build, "--prefix", prefix)

        run("cmake", "-S", toy, "-B", toy / "build", "-G", "Ninja",
            f"-DCMAKE_PREFIX_PATH={prefix}")
        run("ninja", "-C", toy / "build")
        print(run(toy / "build/test_toy"))

        pc = [f for f in prefix.rglob("pkgconfig")]
        env = dict(os.environ, PKG_CONFIG_PATH=str(pc[0]))
        flags = run("pkg-config", "--define-prefix", "--cflags", "--libs",
                    "nif-sim", env=env).split()
        run("gcc", "-std=c11", toy / "toy.c", toy / "toy_model.c",
            toy / "test_toy.c", *flags, "-lcmocka", "-o", toy / "by_pc")
        run(toy / "by_pc")
        print(run(prefix / "bin/nif", "--version"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
