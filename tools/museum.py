#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants bugs that other drivers of a chip have had into ours, one at a time,
and runs tests on each until one notices.

    tools/museum.py CHIP [--quick] [--build FOLDER] [--only BUG]
        [--page FILE [--write]] --general TEST... [--own TEST...]

The bugs are tests/museum/CHIP/BUG.patch: a sentence that says what is wrong,
a line "Seen: " that says where, an empty line, and the change. Those that
cannot be had are in tests/museum/CHIP/absent.txt, "BUG | where | what | why"
in each line. --general names the suites that every device of its class runs,
--own those written for this driver; they are asked in that order. It fails if
a bug lives on, if a row of --page, docs/reference/museum.md as a rule, is not
what was found, or if less than 80 % of the planted bugs on that page fell to
general suites. --write puts the rows there. With --quick, and without NIF_FULL,
it is only seen whether each can still be planted, and has its row.

FOLDER, build by default, has the tests built. They are linked anew with what a
bug changes before what is in the libraries. Nothing is written there, nor
anywhere else in the tree.
"""

import argparse
import json
import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mutate
from mutate import ROOT, SKIP

GENERAL_MIN = 0.80
TIMES = 3  # a test that takes so many times its processor time hangs


class Bug:
    """A planted bug: what is wrong, where it was seen, and the change."""

    def __init__(self, path):
        head, _, self.change = path.read_text().partition("\n\n")
        what, _, seen = head.partition("\nSeen: ")
        self.name = path.stem
        self.what = " ".join(what.split())
        self.seen = " ".join(seen.split())
        if not self.what or not self.seen or "+++ b/" not in self.change:
            sys.exit(f"{path}: wants a sentence, 'Seen: ', and a change")

    def plant(self, folder):
        """Copies the folders that the change touches to `folder`, changed.
        Returns the sources that are to be compiled, relative to it."""
        names = [line[6:].split("\t")[0] for line in self.change.splitlines()
                 if line.startswith("+++ b/")]
        for part in {str(Path(name).parent) for name in names}:
            shutil.copytree(ROOT / part, Path(folder) / part,
                            ignore=lambda where, files: [
                                f for f in files if (Path(where) / f).is_dir()])
        done = subprocess.run(
            ["patch", "-p1", "--batch", "--no-backup-if-mismatch"],
            cwd=folder, input=self.change, text=True, capture_output=True,
            check=False)
        if done.returncode:
            sys.exit(f"{self.name}: the change does not fit any more; plant "
                     f"it anew:\n{done.stdout}{done.stderr}")
        sources = {name for name in names if name.endswith(".c")}
        for name in names:
            if name.endswith(".h"):  # all that may include it
                sources |= {str(p.relative_to(folder)) for p in
                            (Path(folder) / name).parent.glob("*.c")}
        return sorted(sources)


class Lab:
    """What is needed to link a test with something changed."""

    def __init__(self, build, tests):
        self.build = Path(build).resolve()
        self.tests = tests
        entries = json.loads(
            (self.build / "compile_commands.json").read_text())
        self.flags = {os.path.relpath(e["file"], ROOT):
                      shlex.split(e["command"]) for e in entries}
        self.links = {}
        for test in tests:
            done = subprocess.run(
                ["ninja", "-C", self.build, "-t", "commands",
                 f"tests/test_{test}"], capture_output=True, text=True,
                check=True)
            last = done.stdout.strip().splitlines()[-1]
            self.links[test] = shlex.split(
                last.removeprefix(": && ").removesuffix(" && :"))

    def compile(self, folder, source):
        """The object of a changed source; None if there is none."""
        command = list(self.flags[source])
        to = Path(folder) / (source.replace("/", "-") + ".o")
        command[command.index("-o") + 1] = str(to)
        command[command.index("-c") + 1] = str(Path(folder) / source)
        return to if mutate.run([*command, "-w"], self.build) else None

    def noticed_by(self, folder, bug):
        """The first test that notices it; "compiler"; or None."""
        objects = [self.compile(folder, s) for s in bug.plant(folder)]
        if None in objects:
            return "compiler"
        for test in self.tests:
            command = list(self.links[test])
            program = Path(folder) / f"test_{test}"
            at = command.index("-o")
            command[at:at + 2] = [*map(str, objects), "-o", str(program)]
            if not mutate.run(command, self.build):
                return "compiler"
            if not mutate.passes(program):
                return test
        return None


def measure(build, tests):
    """The processor time of the slowest test, without any bug, in seconds."""
    longest = 0
    for test in tests:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        if not mutate.passes(Path(build).resolve() / "tests" / f"test_{test}"):
            sys.exit(f"{test} fails without any bug")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        longest = max(longest, after.ru_utime + after.ru_stime -
                      before.ru_utime - before.ru_stime)
    return longest


def noticed(bugs, lab):
    """{name: the test that noticed it, "compiler" or None}"""
    mutate.CPU_S = 300
    mutate.CPU_S = int(TIMES * measure(lab.build, lab.tests)) + 5

    def work(bug):
        with tempfile.TemporaryDirectory(prefix="nif-museum-") as folder:
            return lab.noticed_by(folder, bug)

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        try:
            return dict(zip((b.name for b in bugs), pool.map(work, bugs)))
        except BaseException:
            mutate.CHILDREN.stop()
            pool.shutdown(cancel_futures=True)
            raise


def absent(folder):
    """(name, where, what, why) of each bug that cannot be had."""
    path = folder / "absent.txt"
    if not path.exists():
        return []
    rows = []
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            row = [part.strip() for part in line.split("|")]
            if len(row) != 4 or not all(row):
                sys.exit(f"{path}: '{line}': wants BUG | where | what | why")
            rows.append(row)
    return rows


def rows_of(chip, bugs, found, missing, general):
    """The rows of the page, each a line."""
    rows = []
    for bug in bugs:
        test = found[bug.name]
        kind = "general" if test in general else "own"
        rows.append((bug.name, f"| {bug.name} | {chip} | {bug.seen} | "
                     f"{bug.what} | `{test}` | {kind} |"))
    for name, where, what, why in missing:
        rows.append((name, f"| {name} | {chip} | {where} | {what} | "
                     f"not planted: {why} | |"))
    return [row for _, row in sorted(rows)]


def is_of(chip, line):
    return line.startswith("| ") and line.split("|")[2].strip() == chip


def write_page(page, chip, rows):
    lines = page.read_text().splitlines()
    kept = [line for line in lines if not is_of(chip, line)]
    head = next(i for i, line in enumerate(kept)
                if line.startswith("| --- ")) + 1
    body = sorted(kept[head:] + rows)
    page.write_text("\n".join(kept[:head] + body) + "\n")


def share(page):
    """Of the planted bugs on a page, how many fell to general suites."""
    kinds = [line.split("|")[-2].strip()
             for line in page.read_text().splitlines()
             if line.startswith("| ")]
    planted = [kind for kind in kinds if kind in ("general", "own")]
    return planted.count("general") / max(len(planted), 1)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("chip")
    parser.add_argument("--general", nargs="+", required=True)
    parser.add_argument("--own", nargs="+", default=[])
    parser.add_argument("--only")
    parser.add_argument("--quick", action="store_true",
                        help="without NIF_FULL, only see whether they fit")
    parser.add_argument("--build", default=ROOT / "build", type=Path)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def chosen(bugs, args):
    if args.only:
        return [bug for bug in bugs if bug.name == args.only]
    if args.quick and not os.environ.get("NIF_FULL"):
        return []
    return bugs


def still_fit(chip, bugs, page):
    """Plants each without running anything; whether the page has them all."""
    lines = page.read_text().splitlines() if page else []
    there = True
    for bug in bugs:
        with tempfile.TemporaryDirectory() as folder:
            bug.plant(folder)
        if page and not any(line.startswith(f"| {bug.name} | {chip} |")
                            for line in lines):
            there = False
            print(f"{page.name} does not have {bug.name} of {chip}")
    return there


def main():
    args = arguments()
    for tool in ("gcc", "ninja", "patch"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            return SKIP
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, mutate.on_signal)
    folder = ROOT / "tests/museum" / args.chip
    everything = [Bug(path) for path in sorted(folder.glob("*.patch"))]
    bugs = chosen(everything, args)
    if not bugs and args.quick and everything:
        fit = still_fit(args.chip, everything, args.page)
        print(f"<<<\nMuseum of {args.chip}: {len(everything)} bugs can be "
              "planted; --full does\n>>>")
        return 0 if fit else 1
    if not bugs:
        sys.exit(f"there is no such bug in {folder}")
    found = noticed(bugs, Lab(args.build, [*args.general, *args.own]))

    failed = False
    for name, test in found.items():
        if test in (None, "compiler"):
            failed = True
            print(f"{name}: " + ("lives on" if test is None
                                 else "does not compile"))
    general = sum(test in args.general for test in found.values())
    rows = rows_of(args.chip, bugs, found, absent(folder), args.general)
    if args.page and args.write and bugs == everything:
        write_page(args.page, args.chip, rows)
    elif args.page:
        page = args.page.read_text().splitlines()
        for row in rows:
            if row not in page:
                failed = True
                print(f"{args.page.name} does not have: {row}")
    print(f"<<<\nMuseum of {args.chip}: {len(bugs)} of {len(everything)} bugs "
          f"planted, {general} fall to general suites\n>>>")
    for row in rows:
        print(row)
    if args.page and share(args.page) < GENERAL_MIN:
        failed = True
        print(f"{args.page.name}: less than {100 * GENERAL_MIN:.0f} % of the "
              "planted bugs fell to general suites")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
