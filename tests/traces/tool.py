#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# `nif replay` and `nif trace` as a user sees them: what they print, and their
# exit codes.

import json
import pathlib
import re
import subprocess
import sys
import tempfile

CSV = "scenarios/captures/enc28j60-transactions.csv"
failures = []


def nif(*args):
    return subprocess.run([sys.argv[1], *map(str, args)], capture_output=True,
                          text=True, check=False)


def expect(what, good, shown=None):
    print(("ok    " if good else "FAILED"), what)
    if not good:
        failures.append(what)
        if shown is not None:
            print(shown.stdout[-2000:], shown.stderr[-2000:])


def bus_lines(path):
    """What passed on bus and pins."""
    return [line for line in path.read_text().splitlines()
            if re.match(r"\d+ (spi|pin) ", line)]


def check_replay(folder, run):
    """A run of a board, repeated without its chip."""
    again = folder / "again.trace"
    done = nif("replay", run, "enc28j60", "--trace", again)
    expect("replay: exit code 0", done.returncode == 0, done)
    expect("replay: says so", done.stdout.startswith("as recorded: "), done)
    expect("replay: bus and pins are the same bit for bit",
           len(bus_lines(run)) > 300 and bus_lines(run) == bus_lines(again))

    text = run.read_text()
    line = next(line for line in text.splitlines() if " spi enc28j60 198 " in
                line)
    words = line.split()
    words[5] = f"{int(words[5][:2], 16) ^ 1:02x}" + words[5][2:]
    bad = folder / "bad.trace"
    bad.write_text(text.replace(line, " ".join(words)))
    done = nif("replay", bad, "enc28j60", "--json")
    expect("replay: a changed byte: exit code 1", done.returncode == 1, done)
    found = json.loads(done.stdout)
    expect("replay: a changed byte: its index", found["transaction"] == 198 and
           found["bus"] == "enc28j60" and not found["equal"], done)
    done = nif("replay", run, "enc28j60", "--half-duplex")
    expect("replay: another board: exit code 1, in words",
           done.returncode == 1 and "expected  WCR MIWRH 01 (PHCON1 <- 0100)"
           in done.stdout and "got       WCR MIWRH 00 (PHCON1 <- 0000)" in
           done.stdout, done)
    for args in ([], [run], ["no-such-file", "enc28j60"], [sys.argv[0], "enc28j60"],
                 [run, "enc28j60", "--section", "2"], [run, "no-chip"],
                 [run, "enc28j60", "--ip", "nonsense"],
                 [run, "enc28j60", "--nonsense", "1"],
                 [run, "enc28j60", "--json", "more"]):
        expect(f"replay: usage: {args[1:]}",
               nif("replay", *args).returncode == 2)


def with_fewer_polls(text):
    """A trace without one turn of a poll loop, all behind it 1 us later."""
    lines, later = [], 0
    for line in text.splitlines():
        if re.match(r"\d+ spi enc28j60 13 ", line):
            assert " 0a0000 " in line
            later = 1000
        elif line.startswith("#"):
            lines.append(line)
        else:
            at, rest = line.split(" ", 1)
            lines.append(f"{int(at) + later} {rest}")
    return "\n".join(lines) + "\n"


def check_diff(folder, run):
    """Two traces by their meaning."""
    done = nif("trace", "diff", run, folder / "again.trace")
    expect("diff: a repeated run is equal: exit code 0", done.returncode == 0
           and done.stdout.startswith("equal: "), done)
    done = nif("trace", "diff", run, folder / "again.trace", "--times")
    expect("diff: its times, too", done.returncode == 0, done)
    slow = folder / "slow.trace"
    slow.write_text(with_fewer_polls(run.read_text()))
    done = nif("trace", "diff", run, slow)
    expect("diff: polls and times are told, not compared",
           done.returncode == 0 and "poll loops: " in done.stdout and
           "times: at most 1000 ns apart" in done.stdout, done)
    expect("diff: --times: exit code 1",
           nif("trace", "diff", run, slow, "--times").returncode == 1)
    expect("diff: --exact: exit code 1",
           nif("trace", "diff", run, slow, "--exact").returncode == 1)
    done = nif("trace", "diff", run, folder / "bad.trace", "--json")
    found = json.loads(done.stdout)
    expect("diff: a changed byte: exit code 1, its index, in words",
           done.returncode == 1 and found["first"]["a"]["index"] == 198 and
           found["first"]["where"] == "spi enc28j60" and not found["equal"],
           done)
    done = nif("trace", "diff", run, folder / "bad.trace")
    expect("diff: says A and B, and that both go on alike",
           "first difference on spi enc28j60" in done.stdout and
           "1 of A, 1 of B, then both go on alike" in done.stdout, done)
    for args in ([], [run], [run, run, run], [run, "no-such-file"],
                 [run, sys.argv[0]], [run, run, "--tolerance"],
                 [run, run, "--nonsense"]):
        expect(f"diff: usage: {len(args)} words",
               nif("trace", "diff", *args).returncode == 2)


def check_phy():
    """Recordings of MDIO against the PHY model."""
    where = pathlib.Path("scenarios/captures")
    done = nif("trace", "score", "--chip", "lan8720a",
               where / "lan8720a_read_all_plugged.sr", "--stimuli",
               where / "lan8720a-plugged-stimuli.txt")
    expect("phy: 508 of 508 bits: exit code 0", done.returncode == 0 and
           " 508 of 508 right" in done.stdout, done)
    reset = where / "lan8720a_read_write_read.sr"
    done = nif("trace", "score", "--chip", "lan8720a", reset, "--reset-us",
               "10", "--json")
    found = json.loads(done.stdout)
    expect("phy: another reset time: exit code 1", done.returncode == 1 and
           found["driven"] == {"right": 29, "total": 32} and
           found["first"]["frame"] == 2, done)
    for args in ([], ["no-such-file"], [reset, "--stimuli", "no-such-file"],
                 [reset, reset], [reset, "--nonsense"]):
        expect(f"phy: usage: {len(args)} words",
               nif("trace", "score", "--chip", "lan8720a",
                   *args).returncode == 2)


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        nif("trace", "decode", CSV, "--pcap", folder / "in.pcap")
        run = folder / "run.trace"
        done = nif("run", "enc28j60", "--pcap-in", folder / "in.pcap",
                   "--trace", run)
        expect("a run with frames", done.returncode == 0, done)
        check_replay(folder, run)
        check_diff(folder, run)
    check_phy()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
