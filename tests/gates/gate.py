#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The gates that look at source, not at behaviour: gate.py NAME BUILD.

format      clang-format finds nothing to change
clang-tidy  with the settings of .clang-tidy, what is for boards too; its
            analyzer with NIF_FULL
cppcheck
headers     each header compiles alone, as C11 and, where public, as C++
spelling    codespell, where it is installed
shell       shellcheck, where it is installed
"""

import json
import os
import shlex
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
# Presets that together have all that is compiled for boards only.
TARGETS = ("cm0", "cm0plus", "cm4", "cm33", "rv32")
# A board's registers are at addresses.
TARGET_CHECKS = "-performance-no-int-to-ptr"


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


def compiled(build):
    """{file: the words that compile it}, of a configured build."""
    return {os.path.relpath(e["file"], ROOT): shlex.split(e["command"])
            for e in json.loads((build / "compile_commands.json").read_text())}


def configured(preset, folder):
    """False if its compiler is not here."""
    done = subprocess.run(["cmake", "--preset", preset, "-B", folder],
                          cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode and "CMAKE_C_COMPILER" not in done.stdout:
        sys.exit(done.stdout)
    if done.returncode:
        print(f"not looked at: what is compiled for {preset}")
    return done.returncode == 0


def clang_words(words):
    """The same for clang: what it must know of a cross compiler."""
    kept = [w for w in words[1:]
            if w.startswith(("-I", "-D", "-std", "-mcpu", "-mthumb", "-mabi",
                             "-march", "-mfloat", "-mfpu", "-ffreestanding"))]
    asked = subprocess.run([*words[:1], *(w for w in words if
                                          w.startswith(("-m", "--specs"))),
                            "-E", "-v", "-x", "c", "/dev/null"], text=True,
                           capture_output=True, check=True).stderr
    folders = asked.split("search starts here:")[-1].split("End of")[0].split()
    target = "riscv32" if "riscv" in words[0] else "arm-none-eabi"
    return [f"--target={target}", *kept,
            *(w for folder in folders if "/gcc/" not in os.path.abspath(folder)
              for w in ("-isystem", folder))]


def gate_clang_tidy(build):
    tool("clang-tidy")
    # The analyzer follows paths and takes nine tenths of the time.
    off = "" if os.environ.get("NIF_FULL") else "-clang-analyzer-*,"
    sources = files("*.c")
    known = compiled(build)
    commands = [["clang-tidy", "--quiet", f"--checks={off}", "-p", str(build),
                 f] for f in sources if f in known]
    for preset in TARGETS:
        folder = build / "tidy" / preset
        if not configured(preset, folder):
            continue
        more = {f: words for f, words in compiled(folder).items()
                if f not in known and f in sources}
        known.update(more)
        commands += [["clang-tidy", "--quiet",
                      f"--checks={off}{TARGET_CHECKS}", f, "--",
                      *clang_words(words)] for f, words in more.items()]
    return run_each(commands)


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
