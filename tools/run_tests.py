#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs every test and says at the end what passed, failed and was skipped.

    tools/run_tests.py [--full] [--quick] [CTEST-OPTION...]

Three builds: as a user builds it, with the address and undefined behaviour
sanitizers, and counting lines. With ctest options (-R, -L, ...) only the
first. --quick is the first build alone.
"""

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOBS = str(os.cpu_count() or 2)
COVERED = ["core/", "drivers/", "sim/chips/"]
COVERAGE_MIN = 90
# Not repeated in the sanitizer and coverage builds: what reads sources
# rather than runs code, and what measures against the host's clock.
ONCE = "gate|once"


def make(preset, folder):
    """Builds a preset; a failure ends everything."""
    steps = []
    if not (ROOT / folder / "build.ninja").exists():
        steps.append(["cmake", "--preset", preset])
    steps.append(["ninja", "-C", folder, "--quiet"])
    for step in steps:
        done = subprocess.run(step, cwd=ROOT, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            print(done.stdout)
            print(f"the {preset} build failed")
            sys.exit(1)


def ctest(folder, options):
    """Runs a build's tests; returns [(name, outcome, text, seconds)]."""
    report = ROOT / folder / "report.xml"
    report.unlink(missing_ok=True)
    subprocess.run(["ctest", "--test-dir", folder, "-j", JOBS,
                    "--output-on-failure", "--output-junit", report,
                    *options], cwd=ROOT, check=False)
    if not report.exists():
        print("ctest left no report")
        sys.exit(1)
    results = []
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        outcome = {"run": "passed", "fail": "failed", "notrun": "skipped",
                   "disabled": "skipped"}.get(case.get("status"), "failed")
        text = case.findtext("system-out") or ""
        results.append((case.get("name"), outcome, text,
                        float(case.get("time") or 0)))
    return results


def reason(text):
    """Why a test was skipped: its last line that says so."""
    said = re.findall(r"skipped: (.+)", text)
    return said[-1] if said else "it did not say why"


def coverage():
    """Prints line coverage by part; the share over all of COVERED."""
    total = [0, 0]
    done = subprocess.run(
        ["gcovr", "--root", ".", "--csv=-", "build-coverage",
         "--exclude-throw-branches", *(f"--filter={f}" for f in COVERED)],
        cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr)
        return 0
    parts = {}
    for line in done.stdout.splitlines()[1:]:
        fields = line.split(",")
        name = next(f for f in COVERED if fields[0].startswith(f))
        part = parts.setdefault(name, [0, 0])
        for counts in (part, total):
            counts[0] += int(fields[1])
            counts[1] += int(fields[2])
    print("\nLine coverage")
    for name, (lines, hit) in sorted(parts.items()):
        print(f"  {name:12} {100 * hit / lines:5.1f} % of {lines}")
    share = 100 * total[1] / max(total[0], 1)
    print(f"  {'together':12} {share:5.1f} % of {total[0]}")
    return share


def show_measured(results):
    """Prints the tables that some tests make: lines between marks."""
    for _, outcome, text, _ in results:
        for table in re.findall(r"^<<<\n(.*?)^>>>$", text, re.S | re.M):
            print("\n" + table.rstrip())


def main(options):
    began = time.monotonic()
    full = "--full" in options
    quick = "--quick" in options
    options = [o for o in options if o not in ("--full", "--quick")]
    os.environ["NIF_FULL"] = "1" if full else ""
    results = []

    make("host", "build")
    first = ctest("build", options)
    results += first
    if not quick and not options:
        make("asan", "build-asan")
        results += [(f"asan/{n}", o, t, s)
                    for n, o, t, s in ctest("build-asan", ["-LE", ONCE])]
        make("coverage", "build-coverage")
        for old in (ROOT / "build-coverage").rglob("*.gcda"):
            old.unlink()
        results += [(f"coverage/{n}", o, t, s)
                    for n, o, t, s in ctest("build-coverage", ["-LE", ONCE])]
        share = coverage()
        results.append(("line coverage", "passed" if share >= COVERAGE_MIN
                        else "failed", "", 0))
    show_measured(first)

    by = {kind: [r for r in results if r[1] == kind]
          for kind in ("passed", "failed", "skipped")}
    for name, _, text, _ in by["skipped"]:
        print(f"skipped: {name}: {reason(text)}")
    for name, *_ in by["failed"]:
        print(f"failed: {name}")
    print(f"{time.monotonic() - began:.0f} s")
    print(f"{len(by['passed'])} passed, {len(by['failed'])} failed, "
          f"{len(by['skipped'])} skipped")
    return 1 if by["failed"] or not by["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
