#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# `nif replay` and `nif trace` as a user sees them: what they print, and their
# exit codes.

import array
import fcntl
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import termios
import time

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
    real = pathlib.Path("scenarios/captures/enc28j60-init-and-ping.sr")
    done = nif("trace", "diff", real, run, "--chip", "enc28j60")
    expect("diff: a capture of silicon, in the chip's words",
           done.returncode == 1 and "BFC ECON1 BSEL1 BSEL0" in done.stdout,
           done)
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


def crc(data):
    """CRC-16/CCITT."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (0x1021 if value & 0x8000 else 0)) & 0xFFFF
    return value


def framed(*record):
    """A record as a board sends it."""
    data = bytes(record) + crc(bytes(record)).to_bytes(2, "big")
    return data.replace(b"\xdb", b"\xdb\xdd").replace(
        b"\xc0", b"\xdb\xdc") + b"\xc0"


def wait_for(true):
    """Until something is so, or five seconds."""
    until = time.monotonic() + 5
    while not true() and time.monotonic() < until:
        time.sleep(0.01)


def pending(fd):
    """Bytes that wait to be read from a terminal."""
    count = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, count)
    return count[0]


def check_tty(stream):
    """The same over a serial port, until Ctrl-C."""
    master, slave = os.openpty()
    with subprocess.Popen(
            [sys.argv[1], "trace", "import", "--from-board",
             os.ttyname(slave), "-o", "-", "--baud", "1000000"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        wait_for(lambda: not termios.tcgetattr(slave)[3] & termios.ICANON)
        os.write(master, stream)
        wait_for(lambda: pending(slave) == 0)
        time.sleep(0.1)
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=5)
        expect("from board: a serial port, until Ctrl-C", run.returncode == 0
               and "1000000 spi spi0 0 +9000 1dc0,00 ....,db" in out)
    os.close(master)
    os.close(slave)


def check_board(folder):
    """Records of a board, made here by their description."""
    stream = (b"noise\xc0" + framed(1, 1) + framed(2, 0, 4, *b"spi0") +
              framed(4, 0, 0, 0xE8, 7, 5, 2, 0x1D, 0xC0, 7, 1, 0, 0xDB, 0, 9,
                     0) + framed(7, 1, 0, 0xF0, 7, 1))
    file = folder / "board.bin"
    file.write_bytes(stream)
    done = nif("trace", "import", "--from-board", file, "-o", "-")
    expect("from board: exit code 0, and the trace", done.returncode == 0 and
           done.stdout.endswith(
               "# bus spi0 spi mode=0 taped=calls\n"
               "1008000 pin bus1 1\n"
               "1000000 spi spi0 0 +9000 1dc0,00 ....,db\n"), done)
    file.write_bytes(stream + stream)
    done = nif("trace", "import", "--from-board", file, "-o", "-")
    expect("from board: a board that begins again is a new section",
           done.stdout.count("# netif-trace 1\n") == 2 and
           done.stdout.count("# bus spi0 spi") == 2 and
           done.stdout.count(" spi spi0 0 +9000 ") == 2, done)
    check_tty(stream)
    file.write_bytes(stream.replace(b"\x1d", b"\x1c") +
                     framed(3, 0xF8, 7, 5))
    done = nif("trace", "import", "--from-board", file, "-o", "-")
    expect("from board: damage and losses: exit code 1, told",
           done.returncode == 1 and
           "4 records, 5 lost on the board, 1 damaged" in done.stderr and
           "fault board lost=5" in done.stdout, done)
    for args in (["--from-board"], ["--from-board", file],
                 ["--from-board", "no-such-file", "-o", "-"],
                 ["--from-board", file, "-o", "-", "--baud", "7"],
                 ["--from-board", file, "-o", folder / "no" / "x"]):
        expect(f"from board: usage: {len(args)} words",
               nif("trace", "import", *args).returncode == 2)


def check_minimise(folder, run):
    """The least that still fails."""
    small = folder / "small.trace"
    done = nif("trace", "minimise", run, "-o", small, "--", "sh", "-c",
               "! (grep -q ' spi enc28j60 17 ' {} && "
               "grep -q ' spi enc28j60 150 ' {})")
    kept = [line for line in small.read_text().splitlines()
            if not line.startswith("#")]
    expect("minimise: two of hundreds of lines", done.returncode == 0 and
           len(kept) == 2 and " 17 " in kept[0] and " 150 " in kept[1], done)
    expect("minimise: what is left is a trace", nif(
        "trace", "diff", small, small).stdout.startswith("equal: 2 events"))

    # A driver's failure that takes two faults of five.
    faults = folder / "faults.txt"
    faults.write_text("# found by chance\n" + "".join(
        f"miso.noise at={at} count=1 byte=0 value=00\n"
        for at in (3, 12, 50, 77, 90)))
    least = folder / "least.txt"
    done = nif("trace", "minimise", faults, "-o", least, "--", "sh", "-c",
               "grep -q at=12 $0 && grep -q at=90 $0 && exit 7; exit 0")
    expect("minimise: a list of faults", done.returncode == 0 and
           [line.split()[1] for line in least.read_text().splitlines()[1:]] ==
           ["at=12", "at=90"], done)
    done = nif("trace", "minimise", faults, "-o", least, "--", "sh", "-c",
               "grep -q at=12 $0 || exit 3; grep -q at=77 $0 && exit 7")
    expect("minimise: another exit code is another failure",
           done.returncode == 0 and
           [line.split()[1] for line in least.read_text().splitlines()[1:]] ==
           ["at=12", "at=77"], done)
    done = nif("trace", "minimise", faults, "-o", least, "--", "true")
    expect("minimise: what does not fail: exit code 1", done.returncode == 1)
    done = nif("trace", "minimise", run, "-o", small, "--runs", "5", "--",
               "sh", "-c", "grep -q ' spi enc28j60 17 ' $0 && exit 1; exit 0")
    kept = small.read_text().splitlines()
    expect("minimise: ended early: exit code 124, the best is kept",
           done.returncode == 124 and len(kept) < 200 and
           any(" spi enc28j60 17 " in line for line in kept), done)
    with subprocess.Popen([sys.argv[1], "trace", "minimise", run, "-o", small,
                           "--", "sh", "-c",
                           "sleep 0.1; grep -q ' enc28j60 17 ' $0 && "
                           "exit 1; exit 0"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as slow:
        time.sleep(0.7)
        slow.send_signal(signal.SIGINT)
        slow.communicate(timeout=5)
        expect("minimise: Ctrl-C: exit code 124, the best is kept",
               slow.returncode == 124 and len(
                   small.read_text().splitlines()) < len(
                   run.read_text().splitlines()))
    for args in ([], [run], [run, "-o", small], [run, "-o", small, "--"],
                 ["no-such-file", "-o", small, "--", "false"],
                 [sys.argv[0], "-o", small, "--", "false"],
                 [run, "-o", small, "--runs", "x", "--", "false"]):
        expect(f"minimise: usage: {len(args)} words",
               nif("trace", "minimise", *args).returncode == 2)


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
        check_board(folder)
        check_minimise(folder, run)
    check_phy()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
