#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# A test that fails leaves a trace behind: failing.py BUILD

import importlib.util
import os
import pathlib
import sys
import tempfile

spec = importlib.util.spec_from_file_location("run_tests",
                                              "tools/run_tests.py")
run_tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run_tests)
failures = []


def expect(what, good):
    print(("ok    " if good else "FAILED"), what)
    if not good:
        failures.append(what)


def program(folder, name, text):
    path = folder / "tests" / f"test_{name}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def main(build):
    names = run_tests.virtual(build)
    expect("what is in virtual time is known", "trace_replay" in names and
           "tap_slirp" not in names)
    os.environ.pop("NIF_TRACE", None)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        program(folder, "bad", 'echo "# netif-trace 1" >> $NIF_TRACE; exit 1')
        program(folder, "mute", "exit 1")
        run_tests.virtual = lambda _: {"bad", "mute", "good", "script"}
        results = [("bad", "failed", "", 0), ("mute", "failed", "", 0),
                   ("good", "passed", "", 0), ("script", "failed", "", 0),
                   ("real", "failed", "", 0)]
        traces = run_tests.leave_traces(folder, results)
        expect("only what fails and has buses leaves one",
               list(traces) == ["bad"])
        expect("it is what the program wrote, once", traces["bad"].read_text()
               == "# netif-trace 1\n")
        run_tests.leave_traces(folder, results)
        expect("the next one takes its place",
               traces["bad"].read_text() == "# netif-trace 1\n")
        os.environ["NIF_TRACE"] = str(folder / "own")
        expect("whoever traces by himself is left alone",
               run_tests.leave_traces(folder, results) == {})
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
