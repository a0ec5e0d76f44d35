#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Changes each number or text of a driver, one at a time, in a copy of the
tree, and runs the driver's tests there. What no test notices lives on.

    tools/mutate.py drivers/enc28j60 [--list tests/enc28j60/mutants.txt]
        [--texts] [--files NAME] [--sample N] [--build FOLDER] TEST...

TEST are names of test programs ("enc28j60_driver_wire"), best the quickest
first. A number is a hex or decimal literal in code. Registers and masks
(hex), and small numbers, get their lowest bit flipped; masks also lose their
highest bit; quantities (decimal, from 16 on) are doubled. With --texts it is
each string literal that is changed: the character in its middle is another,
or its last one is missing. --files NAME (may be repeated) leaves out all files
of the driver but these. The list says which survivors are known, and why:

    drivers/enc28j60/spi.c: return value * 2 + 1; # equivalent: ...

(path, the changed line as it reads afterwards, the reason; one entry for each
survivor, also where two read alike). A survivor that is not listed fails; so
does more than 3 % of survivors, and a list entry that is no survivor any
more. --sample N tries just N of them, spread evenly, unless NIF_FULL is set.
FOLDER, build by default, is a configured build that knows the sources of the
tests, of the libraries that they link, and what is defined for them;
nothing is written there, nor anywhere else in the tree.
"""

import argparse
import os
import re
import resource
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
                   r"|\b(0[xX][0-9A-Fa-f]+|[0-9]+)([uUlL]*)\b", re.S)
SHARE_MAX = 0.03
SKIP = 77
CPU_S = 30   # a test that takes so much processor time hangs
WALL_S = 600  # or sleeps
FLAGS = ["-std=c11", "-O1", "-w", "-I.", "-Icore/include", "-Idrivers",
         "-D_GNU_SOURCE"]


class Children:
    """The processes that run; all of them end when we are told to."""

    def __init__(self):
        self.lock = threading.Lock()
        self.running = set()
        self.stopped = False

    def start(self, command, **options):
        with self.lock:
            if self.stopped:
                raise SystemExit(1)
            child = subprocess.Popen(command, start_new_session=True,
                                     stdin=subprocess.DEVNULL, **options)
            self.running.add(child)
        return child

    def kill(self, child):
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def done(self, child):
        code = child.wait()
        with self.lock:
            self.running.discard(child)
        return code

    def stop(self):
        """Called by a signal handler's thread: must not wait for the lock
        that the same thread may hold."""
        self.stopped = True
        for child in list(self.running):
            self.kill(child)


CHILDREN = Children()


def run(command, folder):
    """True if it succeeds; what it says is dropped."""
    child = CHILDREN.start(command, cwd=folder, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    return CHILDREN.done(child) == 0


def passes(program):
    """True if a test passes. It ends at its first failure."""
    def limit():  # not by the clock: the machine may be busy
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    child = CHILDREN.start([program], cwd=ROOT, stdout=subprocess.DEVNULL,
                           preexec_fn=limit,
                           stderr=subprocess.PIPE,
                           env=dict(os.environ, CMOCKA_MESSAGE_OUTPUT="STDOUT",
                                    NIF_TRACE=""))
    until = time.monotonic() + WALL_S
    failed = False
    with selectors.DefaultSelector() as selector, child.stderr as pipe:
        selector.register(pipe, selectors.EVENT_READ)
        while not failed:
            left = until - time.monotonic()
            failed = left <= 0
            if not failed and selector.select(left):
                text = os.read(pipe.fileno(), 65536)
                if not text:
                    break
                failed = b"[  FAILED  ]" in text
        if failed:
            CHILDREN.kill(child)
    return CHILDREN.done(child) == 0 and not failed


def tokens(text):
    """The tokens of a file that stand in code."""
    for m in TOKEN.finditer(text):
        line_start = text.rfind("\n", 0, m.start()) + 1
        line = text[line_start:text.find("\n", m.start())].lstrip()
        if (not line.startswith("#") or "define" in line) and \
                not line.startswith("_Static_assert"):
            yield m


def other(character):
    """A character in its place, of the same kind where there are kinds."""
    if character.isdigit():
        return str(int(character) ^ 1)
    if character.isalpha():
        return chr(ord(character) + (-1 if character in "zZ" else 1))
    return "#"


def text_changes(path):
    """(offset, old, new) of each change of a string literal."""
    for m in tokens((ROOT / path).read_text()):
        parts = re.findall(r"\\.|[^\\]", m[0][1:-1], re.S)
        if not m[0].startswith('"') or not parts:
            continue
        at = len(parts) // 2
        changed = parts[:at] + [other(parts[at])] + parts[at + 1:]
        for new in (changed, parts[:-1]):
            yield m.start(), m[0], f'"{"".join(new)}"'


def changes(path):
    """(offset, old, new) of each change of a number."""
    for m in tokens((ROOT / path).read_text()):
        if not m[1]:
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
    """A copy of what the tests need, with everything but a change built."""

    def __init__(self, folder, driver, tests):
        self.folder = Path(folder)
        self.driver = driver
        out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co",
                              "--exclude-standard", "core", "drivers", "sim",
                              "boards", "tests"],
                             capture_output=True, text=True, check=True).stdout
        for name in out.splitlines():
            if (ROOT / name).is_file() and name.endswith((".c", ".h")):
                to = self.folder / name
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, to)
        self.sources = [str(p.relative_to(self.folder)) for p in
                        sorted((self.folder / driver).glob("*.c"))]
        # What the tests link, but for the driver.
        fixed = [c for c in dict.fromkeys(
                     c for test in tests.values() for c in test.libraries)
                 if c not in self.sources]
        self.library = self.folder / "fixed.a"
        # What tests share may include what their own folder has.
        self.flags = FLAGS + sorted({f"-I{os.path.dirname(f)}"
                                     for test in tests.values()
                                     for f in test.sources})
        self.objects = {name: [self.object(f, name) for f in test.sources]
                        for name, test in tests.items()}
        wanted = [(f,) for f in (*fixed, *self.sources)] + [
            (f, None, self.object(f, name), test.defines)
            for name, test in tests.items() for f in test.sources]
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            if not all(pool.map(lambda one: self.compile(*one), wanted)):
                sys.exit("the tree does not compile")
        run(["ar", "rcs", self.library, *map(self.object, fixed)],
            self.folder)

    def object(self, source, test=""):
        return self.folder / (test + source.replace("/", "-") + ".o")

    def compile(self, source, base=None, to=None, defines=()):
        """`base`: a folder whose files go before those of the copy."""
        flags = [f"-I{base}"] if base else []
        flags += defines
        return run(["gcc", *flags, *self.flags, "-c",
                    f"{base}/{source}" if base else source,
                    "-o", to or self.object(source)], self.folder)

    def code(self, source, base=None):
        """What the compiler sees of it."""
        flags = [f"-I{base}"] if base else []
        child = CHILDREN.start(
            ["gcc", *flags, *self.flags, "-E", "-P",
             f"{base}/{source}" if base else source], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with child.stdout as pipe:
            code = pipe.read()
        CHILDREN.done(child)
        return code

    def tries(self, folder, path=None, at=0, old="", new=""):
        """True if a test notices the change, made in `folder`."""
        driver = Path(folder) / "drivers" / Path(self.driver).name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder / self.driver, driver)
        touched = []
        if path:
            text = (ROOT / path).read_text()
            (driver / Path(path).name).write_text(
                text[:at] + new + text[at + len(old):])
            touched = [path] if path.endswith(".c") else [
                c for c in self.sources
                if self.code(c, folder) != self.code(c)]
            if not touched:
                return False
        objects = {c: self.object(c) for c in self.sources}
        for c in touched:
            objects[c] = Path(folder) / (Path(c).stem + ".o")
            if not self.compile(c, folder, objects[c]):
                return True
        if touched and all(objects[c].read_bytes() ==
                           self.object(c).read_bytes() for c in touched):
            return False
        for test, mine in self.objects.items():
            program = Path(folder) / test
            if not run(["gcc", *mine, *objects.values(), self.library,
                        "-lcmocka", "-o", program], self.folder):
                return True
            if not passes(program):
                return True
        return False


def read_list(path):
    """How often each (path, line) may live on."""
    known = Counter()
    for line in Path(path).read_text().splitlines():
        if line and not line.startswith("#"):
            place, _, rest = line.partition(": ")
            code, _, why = rest.rpartition(" # ")
            if not why.strip():
                sys.exit(f"{path}: '{line}': no reason")
            known[(place, code.strip())] += 1
    return known


class Test:
    """What a test program is made of, as the build knows it."""

    def __init__(self, name, build):
        objects, archives = self.inputs(f"tests/test_{name}", build)
        self.sources = [self.source(o) for o in objects]
        self.libraries = [self.source(o) for archive in archives
                          for o in self.inputs(archive, build)[0]]
        commands = subprocess.run(
            ["ninja", "-C", build, "-t", "commands", "-s", objects[0]],
            capture_output=True, text=True, check=True).stdout
        self.defines = [word for word in shlex.split(commands)
                        if word.startswith("-DNIF_")]

    def inputs(self, target, build):
        """Its objects, and the libraries that it links, in order."""
        out = subprocess.run(["ninja", "-C", build, "-t", "query", target],
                             capture_output=True, text=True, check=True).stdout
        return (re.findall(r"^    (\S+\.c\.o)$", out, re.M),
                re.findall(r"^    \| (\S+\.a)$", out, re.M))

    def source(self, made):
        folder, file = re.fullmatch(r"(.+)/CMakeFiles/[^/]+\.dir/(.+)\.o",
                                    made).groups()
        return os.path.normpath(f"{folder}/{file.replace('__/', '../')}")


def survivors(wanted, driver, tests):
    """The changes among `wanted` that no test notices."""
    jobs = os.cpu_count() or 2
    with tempfile.TemporaryDirectory(prefix="nif-mutate-") as folder:
        lab = Lab(f"{folder}/tree", driver, tests)
        if lab.tries(f"{folder}/0"):
            sys.exit("the tests fail without any change")
        names = threading.local()
        numbers = iter(range(jobs))

        def work(change):
            if not hasattr(names, "folder"):
                names.folder = f"{folder}/{next(numbers)}"
            return lab.tries(names.folder, *change)

        with ThreadPoolExecutor(jobs) as pool:
            try:
                noticed = list(pool.map(work, wanted))
            except BaseException:
                CHILDREN.stop()
                pool.shutdown(cancel_futures=True)
                raise
    return [c for c, seen in zip(wanted, noticed) if not seen]


def on_signal(number, _frame):
    CHILDREN.stop()
    sys.exit(128 + number)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("driver")
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--list")
    parser.add_argument("--texts", action="store_true")
    parser.add_argument("--files", action="append", metavar="NAME")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--build", default=ROOT / "build", type=Path)
    args = parser.parse_args()
    for tool in ("gcc", "ninja"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            return SKIP
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, on_signal)
    if os.environ.get("NIF_FULL"):
        args.sample = None

    files = sorted((ROOT / args.driver).glob("*.[ch]"))
    if args.files:
        strangers = set(args.files) - {path.name for path in files}
        if strangers:
            sys.exit(f"{args.driver}: no such file: {', '.join(strangers)}")
        files = [path for path in files if path.name in args.files]
    find = text_changes if args.texts else changes
    wanted = [(str(path.relative_to(ROOT)), *change) for path in files
              for change in find(path.relative_to(ROOT))]
    total = len(wanted)
    if args.sample and args.sample < total:
        wanted = [wanted[i * total // args.sample]
                  for i in range(args.sample)]
    left = read_list(args.list) if args.list else Counter()
    allowed = sum(left.values())
    alive = survivors(wanted, args.driver,
                      {name: Test(name, args.build) for name in args.tests})

    failed = False
    for path, at, old, new in sorted(alive):
        text = (ROOT / path).read_text()
        line = mutated_line(text, at, old, new)
        if left[(path, line)] > 0:
            left[(path, line)] -= 1
            continue
        failed = True
        number = text.count("\n", 0, at) + 1
        print(f"{path}:{number}: {old} -> {new} lives on: {line}")
    if len(wanted) == total:
        for path, line in +left:
            failed = True
            print(f"{args.list}: no survivor any more: {path}: {line}")
    # A sample may hit many of the listed ones by chance; the list as a whole
    # may not be longer than the share.
    share = max(len(alive) / total, allowed / total)
    print(f"<<<\nMutation of {args.driver}: {len(wanted)} of {total} changes "
          f"tried, {len(alive)} live on, {allowed} are listed "
          f"({100 * share:.1f} %)\n>>>")
    return 1 if failed or share > SHARE_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
