#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Changes each number of a driver, one at a time, in a copy of the tree, and
runs the driver's tests there. What no test notices lives on.

    tools/mutate.py drivers/enc28j60 --list tests/enc28j60/mutants.txt \\
        [--sample N] TEST...

TEST are names of test programs ("enc28j60_driver_wire"). A number is a hex or decimal
literal in code. Registers and masks (hex), and small numbers, get their
lowest bit flipped; masks also lose their highest bit; quantities (decimal,
from 16 on) are doubled. The list says which survivors are known, and why:

    drivers/enc28j60/spi.c: return value * 2 + 1; # equivalent: ...

(path, the changed line as it reads afterwards, the reason). A survivor that is
not listed fails; so does more than 3 % of survivors, and a list entry that is
no survivor any more. --sample N tries just N of them, spread evenly.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
                   r"|\b(0[xX][0-9A-Fa-f]+|[0-9]+)([uUlL]*)\b", re.S)
SHARE_MAX = 0.03
FLAGS = ["-std=c11", "-O1", "-w", "-I.", "-Icore/include", "-Idrivers",
         "-D_GNU_SOURCE"]


def changes(path):
    """(offset, old, new) of each change of a file."""
    text = (ROOT / path).read_text()
    for m in TOKEN.finditer(text):
        if not m[1]:
            continue
        line_start = text.rfind("\n", 0, m.start()) + 1
        line = text[line_start:text.find("\n", m.start())]
        if line.lstrip().startswith("#") and "define" not in line:
            continue
        value = int(m[1], 0)
        wanted = [value ^ 1 if value < 16 or "x" in m[1].lower()
                  else 2 * value]
        if "x" in m[1].lower() and value > 1:
            wanted.append(value ^ (1 << (value.bit_length() - 1)))
        for new in dict.fromkeys(wanted):
            width = len(m[1]) - 2
            as_text = (f"0x{new:0{width}X}" if m[1].lower().startswith("0x")
                       else str(new))
            yield m.start(1), m[1], as_text


def mutated_line(text, at, old, new):
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    return (text[start:at] + new + text[at + len(old):end]).strip()


class Lab:
    """A copy of what the tests need, with everything but the driver built."""

    def __init__(self, folder, driver, tests):
        self.folder = Path(folder)
        self.driver = driver
        self.tests = tests
        out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co",
                              "--exclude-standard", "core", "drivers", "sim",
                              "tests", "boards", "examples"],
                             capture_output=True, text=True, check=True).stdout
        for name in out.splitlines():
            if (ROOT / name).is_file():
                to = self.folder / name
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, to)
        self.sources = sorted(str(p.relative_to(self.folder)) for p in
                              (self.folder / driver).glob("*.c"))
        self.fixed = []
        for part in ("core", "sim"):
            for c in sorted((self.folder / part).rglob("*.c")):
                obj = c.with_suffix(".o")
                self.cc("-c", c, "-o", obj, check=True)
                self.fixed.append(obj)
        archive = self.folder / "fixed.a"
        subprocess.run(["ar", "rcs", archive, *self.fixed], check=True)
        self.fixed = archive
        self.objects = {}
        for test, files in tests.items():
            self.objects[test] = []
            for f in files:
                obj = self.folder / f"{test}-{Path(f).stem}.o"
                self.cc("-c", f, "-o", obj, check=True)
                self.objects[test].append(obj)

    def cc(self, *arguments, check=False):
        return subprocess.run(["gcc", *FLAGS, *map(str, arguments)],
                              cwd=self.folder, check=check,
                              capture_output=not check).returncode == 0

    def build_driver(self):
        for c in self.sources:
            if not self.cc("-c", c, "-o", Path(c).with_suffix(".o")):
                return False
        return True

    def notices(self):
        """Whether the driver as it stands fails to build or any test."""
        if not self.build_driver():
            return True
        driver = [Path(c).with_suffix(".o") for c in self.sources]
        for test, objects in self.objects.items():
            program = self.folder / test
            if not self.cc(*objects, *driver, self.fixed, "-lcmocka",
                           "-o", program):
                return True
            if run_quietly(program, self.folder):
                return True
        return False

    def tries(self, path, at, old, new):
        """True if a test notices the change. Leaves the copy as it was."""
        file = self.folder / path
        text = file.read_text()
        file.write_text(text[:at] + new + text[at + len(old):])
        try:
            return self.notices()
        finally:
            file.write_text(text)


def run_quietly(program, folder):
    """The exit code of a test; a hang counts as a failure."""
    process = subprocess.Popen([program], cwd=ROOT, start_new_session=True,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL,
                               env=dict(os.environ, NIF_MUTATION="1"))
    try:
        return process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return 1


def read_list(path):
    """{(path, line): reason}"""
    known = {}
    for line in Path(path).read_text().splitlines():
        if line and not line.startswith("#"):
            place, _, rest = line.partition(": ")
            code, _, why = rest.rpartition(" # ")
            if not why.strip():
                sys.exit(f"{path}: '{line}': no reason")
            known[(place, code.strip())] = why
    return known


def test_sources(names):
    """{test: its sources}, as tests/ has them in CMake."""
    found = {}
    for name in names:
        out = subprocess.run(
            ["ninja", "-C", ROOT / "build", "-t", "query", f"tests/test_{name}"],
            capture_output=True, text=True, check=True).stdout
        found[name] = [re.sub(r".*\.dir/(.+)\.o$", r"\1", o).replace(
            "__/", "../") for o in re.findall(r"(\S+\.c\.o)$", out, re.M)]
        base = re.findall(r"(tests/\S*?)/CMakeFiles", out)[0]
        found[name] = [os.path.normpath(f"{base}/{f}") for f in found[name]]
    return found


def survivors(wanted, driver, tests):
    """The changes among `wanted` that no test notices."""
    jobs = os.cpu_count() or 2
    alive = []
    with tempfile.TemporaryDirectory() as folder:
        labs = [Lab(f"{folder}/{n}", driver, tests) for n in range(jobs)]
        if labs[0].notices():
            sys.exit("the tests fail without any change")

        def work(n):
            return [c for c in wanted[n::jobs] if not labs[n].tries(*c)]
        with ThreadPoolExecutor(jobs) as pool:
            for part in pool.map(work, range(jobs)):
                alive += part
    return alive


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("driver")
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--list", required=True)
    parser.add_argument("--sample", type=int)
    args = parser.parse_args()
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, lambda *_: sys.exit(1))

    wanted = [(str(path.relative_to(ROOT)), *change)
              for path in sorted((ROOT / args.driver).glob("*.[ch]"))
              for change in changes(path.relative_to(ROOT))]
    total = len(wanted)
    if args.sample:
        wanted = wanted[::max(1, total // args.sample)]
    known = read_list(args.list)
    alive = survivors(wanted, args.driver, test_sources(args.tests))

    failed = 0
    seen = set()
    for path, at, old, new in sorted(alive):
        text = (ROOT / path).read_text()
        line = mutated_line(text, at, old, new)
        seen.add((path, line))
        number = text.count("\n", 0, at) + 1
        if (path, line) not in known:
            failed = 1
            print(f"{path}:{number}: {old} -> {new} lives on: {line}")
    if not args.sample:
        for path, line in set(known) - seen:
            failed = 1
            print(f"{args.list}: no survivor any more: {path}: {line}")
    share = len(alive) / max(len(wanted), 1)
    print(f"<<<\nMutation of {args.driver}: {len(wanted)} of {total} changes "
          f"tried, {len(alive)} live on ({100 * share:.1f} %)\n>>>")
    return 1 if failed or share > SHARE_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
