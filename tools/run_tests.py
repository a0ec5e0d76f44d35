#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs every test and says at the end what passed, failed and was skipped.

    tools/run_tests.py [--full] [--quick] [CTEST-OPTION...]

Two builds: as a user builds it, and with the address and undefined behaviour
sanitizers, counting the lines that run. With ctest options (-R, -L, ...) only
the first. --quick is the first build alone. The long searches visit a part of
their points in the second, unless --full is given.
"""

import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# One more than processors: the end-to-end tests, one of which always runs,
# wait most of the time.
JOBS = str((os.cpu_count() or 2) + 1)
COVERED = ["core/", "drivers/", "sim/chips/"]
COVERAGE_MIN = 90
# Of the points of a race search, the sanitizers see one of so many.
SAMPLE = "16"
# Not repeated in the second build: what reads sources rather than runs code,
# and what measures against the host's clock.
ONCE = "gate|once"


def say(what):
    print(f"tools/dev: {what}", flush=True)


def make(preset, folder):
    """Builds a preset; a failure ends everything."""
    steps = []
    if not (ROOT / folder / "build.ninja").exists():
        steps.append(["cmake", "--preset", preset])
        if preset != "host":
            say(f"building {folder}, which takes a few minutes")
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
    say(f"testing {folder}")
    subprocess.run(["ctest", "--test-dir", folder, "-j", JOBS,
                    *(["--progress"] if sys.stdout.isatty() else []),
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


def virtual(folder):
    """Names of the tests of a build that are programs in virtual time."""
    done = subprocess.run(["ctest", "--test-dir", folder,
                           "--show-only=json-v1"], cwd=ROOT, text=True,
                          capture_output=True, check=True)
    names = set()
    for test in json.loads(done.stdout)["tests"]:
        labels = [p["value"] for p in test["properties"]
                  if p["name"] == "LABELS"]
        if "realtime" not in sum(labels, []):
            names.add(test["name"])
    return names


def leave_trace(folder, name):
    """Runs a failed program once more and keeps what passed on its buses.
    Time in it is virtual: it fails in the same way."""
    program = folder / "tests" / f"test_{name}"
    trace = folder / "failed" / f"{name}.trace"
    if not program.exists():
        return None
    trace.parent.mkdir(exist_ok=True)
    trace.unlink(missing_ok=True)
    try:
        subprocess.run([program], cwd=ROOT, timeout=300, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env=dict(os.environ, NIF_TRACE=str(trace)))
    except subprocess.TimeoutExpired:
        pass
    return trace if trace.exists() and trace.stat().st_size else None


def leave_traces(folder, results):
    """For each failed test of a build in virtual time; {name: trace}."""
    failed = {name for name, outcome, *_ in results if outcome == "failed"}
    if not failed or os.environ.get("NIF_TRACE"):
        return {}
    traces = {name: leave_trace(ROOT / folder, name)
              for name in sorted(failed & virtual(folder))}
    return {name: trace for name, trace in traces.items() if trace}


def coverage():
    """Prints line coverage by part; the share over all of COVERED."""
    total = [0, 0]
    done = subprocess.run(
        ["gcovr", "--root", ".", "--csv=-", "build-asan",
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

    if not options:
        say("on two processors all tests take ten to twenty minutes; "
            "-R NAME is one, or some")
    make("host", "build")
    first = ctest("build", options)
    results += first
    traces = leave_traces("build", first)
    if not quick and not options:
        if not full:
            os.environ.setdefault("NIF_SAMPLE", SAMPLE)
        make("asan", "build-asan")
        for old in (ROOT / "build-asan").rglob("*.gcda"):
            old.unlink()
        second = ctest("build-asan", ["-LE", ONCE])
        results += [(f"asan/{n}", *rest) for n, *rest in second]
        traces.update({f"asan/{n}": trace for n, trace in
                       leave_traces("build-asan", second).items()})
        share = coverage()
        results.append(("line coverage", "passed" if share >= COVERAGE_MIN
                        else "failed", "", 0))
    show_measured(first)

    by = {kind: [r for r in results if r[1] == kind]
          for kind in ("passed", "failed", "skipped")}
    for name, _, text, _ in by["skipped"]:
        print(f"skipped: {name}: {reason(text)}")
    for name, *_ in by["failed"]:
        print(f"failed: {name}" + (f" (its trace: {traces[name]})"
                                   if name in traces else ""))
    print(f"{time.monotonic() - began:.0f} s")
    print(f"{len(by['passed'])} passed, {len(by['failed'])} failed, "
          f"{len(by['skipped'])} skipped")
    return 1 if by["failed"] or not by["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
