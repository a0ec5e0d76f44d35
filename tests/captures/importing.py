#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# `nif trace import` and the captures of real hardware: what comes out is what
# is known of them.
#
# Usage: importing.py NIF PROGRAM [--any-memory]
# PROGRAM drives a simulated ENC28J60 in virtual time.

import csv
import hashlib
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile

CAPTURES = pathlib.Path("scenarios/captures")
failures = []


def nif(*args):
    return subprocess.run([sys.argv[1], "trace", *map(str, args)],
                          capture_output=True, text=True, check=False)


def expect(what, good):
    print(("ok    " if good else "FAILED"), what)
    if not good:
        failures.append(what)


def rows(path):
    """A table of ours without its remarks."""
    with open(path, encoding="utf-8") as text:
        return list(csv.DictReader(line for line in text
                                   if not line.startswith("#")))


def imported(*args):
    """Header and events of what an import writes."""
    done = nif("import", *args, "-o", "-")
    lines = done.stdout.splitlines()
    head = [line[2:] for line in lines if line.startswith("#")]
    events = [line.split(" ") for line in lines if not line.startswith("#")]
    return done, head, events


def spi():
    path = CAPTURES / "enc28j60-init-and-ping.sr"
    done, head, events = imported(path, "--chip", "enc28j60")
    want = rows(CAPTURES / "enc28j60-transactions.csv")
    expect("enc28j60: exit code 0", done.returncode == 0)
    expect("enc28j60: roles are guessed and told", done.stderr.startswith(
        "guessed spi0: cs='CS' clk='CLK' mosi='MOSI' miso='MISO' (mode 0)"))
    expect("enc28j60: the file is named with its hash", any(
        line == "source enc28j60-init-and-ping.sr sha256:" +
        hashlib.sha256(path.read_bytes()).hexdigest() for line in head))
    expect("enc28j60: the true grid, not the metadata's",
           "resolution 20" in head)
    expect("enc28j60: clock", any(re.search(r"clock=162\d{5} ", line)
                                  for line in head))
    got = [(int(e[3]), int(e[0]), int(e[0]) + int(e[4]),
            "" if e[5] == "-" else e[5], "" if e[6] == "-" else e[6],
            e[7][5:] if len(e) > 7 else "") for e in events]
    same = [g == (int(w["idx"]), int(w["cs_fall_ns"]), int(w["cs_rise_ns"]),
                  w["mosi_hex"], w["miso_hex"], w["mask"])
            for g, w in zip(got, want)]
    expect("enc28j60: 182 transactions, byte for byte, to the ns, with masks",
           len(got) == len(want) == 182 and all(same))
    expect("enc28j60: the empty select is kept", events[0][3:] ==
           ["0", "+440", "-", "-"])
    if "--any-memory" not in sys.argv:
        expect("enc28j60: under 64 MiB", resource.getrusage(
            resource.RUSAGE_CHILDREN).ru_maxrss < 64 << 10)
    score = nif("score", "--chip", "enc28j60", path)
    expect("enc28j60: score of the .sr", score.returncode == 0 and
           "2744 of 2744 right" in " ".join(score.stdout.split()))


LINK_100FD = """3100 782D 0007 C0F1 01E1 C1E1 000B FFFF FFFF FFFF FFFF FFFF
FFFF FFFF FFFF 0000 0040 0002 60E1 FFFF 0000 0000 0000 0000 FFFF FFFF 0000
000A 0000 00C8 0000 1058""".split()


def mdio():
    done, head, events = imported(CAPTURES / "lan8720a_read_all_plugged.sr")
    expect("mdio: exit code 0", done.returncode == 0)
    expect("mdio: the registers of a LAN8720A with a link",
           [e[5:9] for e in events] ==
           [["read", "1", str(reg), value.lower()]
            for reg, value in enumerate(LINK_100FD)])
    expect("mdio: clock", any("mdio0 mdio clock=17" in line for line in head))
    _, _, events = imported(CAPTURES / "lan8720a_read_write_read.sr")
    expect("mdio: a reset reads back", [e[5:9] for e in events] == [
        ["read", "1", "0", "3000"], ["write", "1", "0", "8000"],
        ["read", "1", "0", "8000"]])


def at_lines(path):
    """What `decode` prints of a capture: (probe, seconds, line)."""
    _, head, _ = imported(path)
    probes = {}
    for line in head:
        words = line.split(" ", 3)
        if words[0] == "probe":
            probes[words[1], words[2]] = words[3]
    many = sum(line.startswith("bus ") for line in head) > 1
    found = []
    for line in nif("decode", path, "--quiet").stdout.splitlines():
        at, rest = line[5:].split(" ms  ", 1)
        bus = "uart0"
        if many:
            bus, rest = rest.split(": ", 1)
        for part in rest.split("; ") if "; <-" in rest else [rest]:
            way = {"->": "tx", "<-": "rx"}[part[:2]]
            found.append((probes[bus, way], float(at) / 1e3, part[3:]))
    return sorted(found, key=lambda entry: entry[1])


def uart():
    table = rows(CAPTURES / "pan1321-at-uart.csv")
    files = sorted((CAPTURES / "uart").glob("*pan1321*.sr"))
    total = 0
    for path in files:
        want = [(row["probe"], float(row["t_s"]), row["line"])
                for row in table if row["file"] == path.name]
        got = at_lines(path)
        total += len(want)
        expect(f"uart: {path.name}: {len(want)} lines", len(want) > 0 and
               [(g[0], g[2]) for g in got] == [(w[0], w[2]) for w in want] and
               all(abs(g[1] - w[1]) < 1.1e-6 for g, w in zip(got, want)))
    expect("uart: five sessions", len(files) == 5 and total > 40)


def text_of(events, way=None):
    return b"".join(bytes.fromhex(e[6]) for e in events if e[1] == "uart" and
                    (way is None or e[5] == way))


def uart_formats():
    for name, kind in (("8n1", "8n1"), ("7e1", "7e1")):
        done, head, events = imported(
            CAPTURES / "uart" / f"hello_world_{name}_115200.sr")
        expect(f"uart: {name} and its rate are guessed",
               f"tx='TX' (115200 {kind})" in done.stderr and any(
                   f"baud=115200 format={kind}" in line for line in head))
        text = text_of(events)
        expect(f"uart: {name}: no error, only hello world", len(text) >= 42 and
               text.replace(b"Hello World!\r\n", b"") == b"" and
               all(len(e) == 7 for e in events))
    _, _, events = imported(
        CAPTURES / "uart" / "ampel64_4800_8n1_frame_errors.sr")
    expect("uart: framing errors stand at their words",
           [e[6:] for e in events] == [
               ["4153", "framing=1"], ["55", "framing=0"],
               ["3181", "framing=1"], ["36340a"]])
    _, _, events = imported(CAPTURES / "uart" / "uart_rts_3_excess_bytes.sr")
    stop = next(int(e[0]) for e in events if e[1:] == ["pin", "RTS#", "1"])
    long = next(e for e in events if e[1] == "uart" and e[3] == "1")
    words = len(long[6]) // 2
    each = int(long[4][1:]) / words
    late = sum(int(long[0]) + i * each > stop for i in range(words))
    expect("uart: bytes count up, three of them come after RTS# rose",
           text_of(events) == bytes(i % 256 for i in
                                    range(len(text_of(events)))) and
           late == 3)
    glitch = CAPTURES / "uart" / "glitch_0x45.sr"
    _, head, events = imported(glitch, "--uart", "rx=RX,baud=115200")
    expect("uart: a glitch within a bit does not disturb",
           text_of(events) == b"\x45")
    _, head, events = imported(glitch, "--glitch", "1000")
    expect("uart: the filter takes the glitch out and counts it",
           text_of(events) == b"\x45" and
           "dropped 1 pulses shorter than 1000 ns on RX" in head)


def timing_only():
    path = CAPTURES / "cyw43439-ref-enable.bin"
    want = rows(CAPTURES / "cyw43439-picosdk-boot.csv")
    done, head, events = imported(path, "--spi", "cs=0", "--glitch", "100")
    expect("cyw43439: exit code 0", done.returncode == 0)
    expect("cyw43439: glitches are counted", any(
        line.startswith("dropped 2 pulses") for line in head))
    expect("cyw43439: all bytes are unknown", all(
        e[5:] == ["?", "?"] for e in events))
    expect("cyw43439: 3693 selects at their times",
           len(events) == len(want) == 3693 and all(
               abs(int(e[0]) - float(w["cs_fall_s"]) * 1e9) < 2 and
               abs(int(e[4]) - float(w["cs_low_us"]) * 1e3) < 2
               for e, w in zip(events, want)))


def given():
    path = CAPTURES / "lan8720a_read_write_read.sr"
    for args, cause in (
            (["--mdio", "mdc=MDC,mdio=NONE"],
             "there is no channel 'NONE'; there are 2: MDC, MDIO"),
            (["--mdio", "mdc=MDC,what=MDIO"], "MDIO knows nothing of 'what'"),
            (["--spi", "cs=MDC,mode=4"], "SPI knows nothing of 'mode'"),
            (["--uart", "rx=MDC,format=4n1"], "cannot have, 'format'")):
        done = nif("import", path, "-o", "-", *args)
        expect(f"given: {args[1]}: exit code 2 and why",
               done.returncode == 2 and cause in done.stderr)
    _, head, events = imported(path, "--mdio", "mdc=0,mdio=1,name=phy",
                               "--rate", "24 MHz")
    expect("given: channels by number, a name, another rate",
           [e[2] for e in events] == ["phy"] * 3 and
           abs(int(events[0][0]) - 11417) <= 1 and
           any("phy mdio clock=3" in line for line in head))


def recorded():
    """What a simulated run records is read by the same commands."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "run.trace"
        subprocess.run([sys.argv[2]], env=dict(os.environ,
                                               NIF_TRACE=str(path)),
                       capture_output=True, check=False)
        lines = path.read_text().splitlines()
        done = nif("decode", path, "--chip", "enc28j60")
        expect("recorded: a run in virtual time is decoded, each line",
               done.returncode == 0 and len(lines) > 1000 and
               len(done.stdout.splitlines()) ==
               sum(not line.startswith("#") for line in lines))
        expect("recorded: in the data sheet's words",
               "RCR EREVID -> 06" in done.stdout and
               ": sent a frame of" in done.stdout and
               "unknown instruction" not in done.stdout)
        copy = nif("import", path, "-o", "-")
        expect("recorded: and written again as it was", [
            line for line in copy.stdout.splitlines()
            if not line.startswith(("# source", "# by"))] == lines)
        path.write_bytes(path.read_bytes()[:-7])
        cut = nif("decode", path, "--chip", "enc28j60")
        expect("recorded: a killed run is readable, and said to be cut",
               cut.returncode == 0 and "last line is cut" in cut.stderr)


def refused():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        cases = (("a.sal", b"PK\3\4rest", "not public"),
                 ("a.logicdata", b"x", "not public"),
                 ("a.bin", b"nonsense", "neither a trace nor a capture"),
                 ("a.sr", b"PK\3\4nonsense", "as a ZIP archive"),
                 ("b.bin", b"<SALEAE>\2\0\0\0\0\0\0\0", "version 0 or 1"),
                 ("c.bin", b"<SALEAE>\0\0\0\0\1\0\0\0", "analog"))
        for name, data, cause in cases:
            (folder / name).write_bytes(data)
            done = nif("import", folder / name, "-o", folder / "out")
            expect(f"refused: {name}: {cause}", done.returncode == 2 and
                   cause in done.stderr and name in done.stderr)
    expect("refused: no file", nif("import", "no-such", "-o", "-")
           .returncode == 2)
    expect("refused: nowhere to write", nif(
        "import", CAPTURES / "lan8720a_read_write_read.sr", "-o",
        "/no/where").returncode == 2)
    full = nif("import", CAPTURES / "lan8720a_read_write_read.sr", "-o",
               "/dev/full")
    expect("refused: a full disk: exit code 1", full.returncode == 1 and
           "No space" in full.stderr)


def main():
    for part in (spi, mdio, uart, uart_formats, timing_only, given,
                 recorded, refused):
        part()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
