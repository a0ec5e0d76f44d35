#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The gates that look at source, not at behaviour: gate.py NAME BUILD.

format      clang-format finds nothing to change
clang-tidy  with the settings of .clang-tidy; its analyzer with NIF_FULL
cppcheck
headers     each header compiles alone, as C11 and, where public, as C++
spelling    codespell, where it is installed
shell       shellcheck, where it is installed
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SKIP = 77
# Folders whose headers an application or another repository may include.
PUBLIC = ("core/include/", "drivers/", "sim/", "boards/host/")


def files(*patterns):
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co",
                          "--exclude-standard", *patterns],
                         capture_output=True, text=True, check=True).stdout
    return [f for f in out.splitlines() if (ROOT / f).exists()]


def tool(name):
    if not shutil.which(name):
        print(f"skipped: {name} is not installed")
        sys.exit(SKIP)
    return name


def run_each(commands):
    """Runs commands two at a time; prints what fails; 1 if any did."""
    def run(command):
        return subprocess.run(command, cwd=ROOT, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    failed = 0
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for done in pool.map(run, commands):
            if done.returncode:
                failed += 1
                print(done.stdout, end="")
    print(f"{len(commands)} looked at, {failed} with findings")
    return 1 if failed or not commands else 0


def gate_format(_build):
    sources = files("*.c", "*.h")
    return run_each([[tool("clang-format"), "--dry-run", "-Werror",
                      *sources[n:n + 50]] for n in range(0, len(sources), 50)])


def gate_clang_tidy(build):
    tool("clang-tidy")
    database = json.loads((build / "compile_commands.json").read_text())
    known = {os.path.relpath(e["file"], ROOT) for e in database}
    # The analyzer follows paths and takes nine tenths of the time.
    checks = [] if os.environ.get("NIF_FULL") else \
        ["--checks=-clang-analyzer-*"]
    return run_each([["clang-tidy", "--quiet", *checks, "-p", str(build), f]
                     for f in files("*.c") if f in known])


def gate_cppcheck(_build):
    return run_each([[
        tool("cppcheck"), "--quiet", "--std=c11", "--inline-suppr",
        "--enable=warning,style,performance,portability", "-j2",
        "--suppress=missingIncludeSystem", "--suppress=unusedStructMember",
        "--suppress=variableScope", "-D__GNUC__",
        "--error-exitcode=1", "-Icore/include", "-Idrivers", "-I.",
        *files("core/*.c", "drivers/*.c", "sim/*.c", "tap/*.c",
               "boards/*.c", "examples/*.c", "tools/*.c", "bench/*.c")]])


def gate_headers(_build):
    commands = []
    with tempfile.TemporaryDirectory() as folder:
        for n, header in enumerate(files("*.h")):
            flags = ["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I.",
                     "-Icore/include", "-Idrivers"]
            if not header.startswith(("core/", "drivers/")):
                flags.append("-D_GNU_SOURCE")
            alone = Path(folder) / f"{n}.c"
            alone.write_text(f'#include "{ROOT / header}"\n'
                             "extern int nif_not_empty;\n")
            commands.append(["gcc", "-std=c11", "-Wpedantic", *flags,
                             str(alone)])
            if header.startswith(PUBLIC) and "internal" not in header:
                commands.append(["g++", "-x", "c++", "-std=c++11", *flags,
                                 "-Wno-missing-field-initializers",
                                 str(alone)])
        return run_each(commands)


def gate_spelling(_build):
    text = files("*.c", "*.h", "*.md", "*.py", "*.cmake", "*.txt", "tools/dev")
    return run_each([[tool("codespell"), *(f for f in text if not
                                           f.startswith("scenarios/"))]])


def gate_shell(_build):
    return run_each([[tool("shellcheck"), "tools/dev", ".ci/run"]])


def main():
    gate = globals()["gate_" + sys.argv[1].replace("-", "_")]
    return gate(Path(sys.argv[2]).resolve())


if __name__ == "__main__":
    sys.exit(main())
