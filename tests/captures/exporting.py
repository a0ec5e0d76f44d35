#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# `nif trace export`: what is exported and imported again is the same, and the
# programs that it is for (sigrok-cli, tshark, capinfos) read it as we do.
#
# Usage: exporting.py NIF

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

CAPTURES = pathlib.Path("scenarios/captures")
SKIP = 77
failures = []
missing = set()

TRACE = """\
# netif-trace 1
# time ns
# bus spi0 spi clock=10000000 mode=3
# bus spi1 spi half-duplex=1 mode=0
# bus spi2 spi mode=1
# bus spi3 spi mode=2
# bus uart0 uart baud=115200 format=8e2
# bus mdio0 mdio clock=2500000
0 pin rst 0
1000 pin rst 1
20000 spi spi0 0 +3000 1d00ff ff..01
30000 spi spi0 1 +300 - -
40000 spi spi1 0 +9000 0102030405 ..........
50000 spi spi2 0 +5000 8001 7ffe
60000 spi spi3 0 +5000 a55a5aa5 12345678
70000 spi spi3 1 +4000 a5c0 1280 bits=3
1000000 uart uart0 0 +416667 tx 41540d0a parity=1
1500000 uart uart0 1 +208333 rx 004b break=0
1800000 uart uart0 2 +104167 rx 21 framing=0
2000000 mdio mdio0 0 +12400 read 1 2 0007
2040000 mdio mdio0 1 +12400 write 31 0 8000
2080000 mdio mdio0 2 +12400 read 2 2 ffff no-answer
2120000 mdio mdio0 3 +12400 c45-read 2 2 1234
2200000 link eth0 up
2300000 eth eth0 tx ffffffffffff0200000000010806000108000604000102000000000\
1c0000202000000000000c0000201
2400000 eth eth0 rx 0200000000010200000000020806000108000604000202000000000\
2c0000201020000000001c0000202
2500000 fault spi0 miso.stuck at=12
2600000 log board hello "world"
"""
# What a waveform can hold of it: buses and pins.
BUSES = [line for line in TRACE.splitlines()
         if re.match(r"\d+ (spi|uart|mdio|pin) ", line)]
GIVEN = ["--uart", "tx=uart0.tx,rx=uart0.rx,baud=115200,format=8e2"]
for bus in ("spi0", "spi2", "spi3"):
    mode = {"spi0": 3, "spi2": 1, "spi3": 2}[bus]
    GIVEN += ["--spi", f"cs={bus}.cs,clk={bus}.clk,mosi={bus}.mosi,"
              f"miso={bus}.miso,name={bus},mode={mode}"]
GIVEN += ["--gspi", "cs=spi1.cs,clk=spi1.clk,data=spi1.data,name=spi1",
          "--mdio", "mdc=mdio0.mdc,mdio=mdio0.mdio"]


def nif(*args):
    return subprocess.run([sys.argv[1], "trace", *map(str, args)],
                          capture_output=True, text=True, check=False)


def other(*args):
    """Runs another program; None if it is not there."""
    if not shutil.which(args[0]):
        missing.add(args[0])
        return None
    return subprocess.run([str(arg) for arg in args], capture_output=True,
                          text=True, check=False)


def expect(what, good):
    print(("ok    " if good else "FAILED"), what)
    if not good:
        failures.append(what)


def events(*args):
    done = nif("import", *args, "-o", "-", "--quiet")
    return [line for line in done.stdout.splitlines()
            if not line.startswith("#")]


def waveforms(folder):
    trace = folder / "all.trace"
    trace.write_text(TRACE)
    for kind in ("vcd", "sr"):
        out = folder / f"all.{kind}"
        expect(f"{kind}: exit code 0",
               nif("export", trace, "-o", out).returncode == 0)
        again = [line for line in events(out, *GIVEN)
                 if "frame-" not in line and "eth0.link" not in line]
        # A session has only two levels.
        want = [line.replace("..01", "0001") if kind == "sr" else line
                for line in BUSES]
        expect(f"{kind}: the same again", again == want)
        expect(f"{kind}: the same with roles and modes guessed", [
            line for line in events(out) if " spi " in line] == [
                line for line in want if " spi " in line])
    slow = folder / "slow.sr"
    nif("export", trace, "-o", slow, "--rate", "10 kHz")
    expect("sr: another rate", any("resolution 100000" in line for line in nif(
        "import", slow, "-o", "-", "--quiet").stdout.splitlines()))


def serial_formats(folder):
    """Every format, drawn and read again."""
    good = []
    for bits in range(5, 10):
        for parity in "neo":
            for stops in "12":
                name = f"{bits}{parity}{stops}"
                width = 4 if bits == 9 else 2
                words = [i * 37 % (1 << bits) for i in range(40)]
                words = [word for word in words if word != 10]
                steps = 1 + bits + (parity != "n") + int(stops)
                line = (f"100000 uart u 0 +{len(words) * steps * 1000} rx " +
                        "".join(f"{word:0{width}x}" for word in words) +
                        (" bits=9" if bits == 9 else ""))
                trace = folder / "format.trace"
                trace.write_text("# netif-trace 1\n# bus u uart baud=1000000 "
                                 f"format={name}\n{line}\n")
                nif("export", trace, "-o", folder / "format.vcd")
                again = events(folder / "format.vcd", "--uart",
                               f"rx=u.rx,name=u,baud=1000000,format={name}")
                good.append(again == [line])
    expect("vcd: serial words of 5 to 9 bits, any parity, 1 or 2 stop bits",
           len(good) == 30 and all(good))


def capture_again(folder):
    first = folder / "first.trace"
    nif("import", CAPTURES / "enc28j60-init-and-ping.sr", "-o", first,
        "--chip", "enc28j60", "--quiet")
    want = events(first)
    for kind in ("vcd", "sr"):
        out = folder / f"again.{kind}"
        nif("export", first, "-o", out)
        expect(f"{kind}: the capture's 182 transactions, times, masks",
               len(want) == 182 and
               events(out, "--chip", "enc28j60") == want)
        if kind == "vcd":
            score = nif("score", "--chip", "enc28j60", out, "--stimuli",
                        CAPTURES / "enc28j60-stimuli.txt")
            expect("vcd: scores as the capture", score.returncode == 0)
    return first


OPS = {"Write Control Register": "WCR", "Read Control Register": "RCR",
       "Bit Field Set": "BFS", "Bit Field Clear": "BFC",
       "Read Buffer Memory": "RBM", "Write Buffer Memory": "WBM"}


def sigrok(folder, first):
    """A part of the capture, in the words of sigrok's decoders and ours."""
    cut = folder / "cut.trace"
    with open(cut, "w", encoding="utf-8") as out:
        for line in first.read_text().splitlines():
            at, _, rest = line.partition(" ")
            if line.startswith("#"):
                out.write(line + "\n")
            elif 124_000_000 <= int(at) < 127_000_000:
                out.write(f"{int(at) - 124_000_000} {rest}\n")
    session = folder / "cut.sr"
    nif("export", cut, "-o", session)
    done = other("sigrok-cli", "-i", session, "-P",
                 "spi:cs=spi0.cs:clk=spi0.clk:mosi=spi0.mosi:miso=spi0.miso,"
                 "enc28j60", "-A", "enc28j60")
    if not done:
        return
    lines = [line.split(": ", 1)[1] for line in done.stdout.splitlines()]
    theirs = []
    for line in lines:
        if line in OPS:
            theirs.append(OPS[line])
        elif line.startswith("Reg ") and "?" not in line:
            theirs[-1] += " " + line[4:]
    ours = [" ".join(line.split("ms  ")[1].split()[:2]) for line in
            nif("decode", cut, "--quiet").stdout.splitlines()]
    # At first sigrok does not know the bank.
    expect("sigrok-cli: the same instructions and registers",
           len(ours) == 39 and theirs[1:] == ours[1:])

    registers = CAPTURES / "lan8720a_read_all_plugged.sr"
    nif("export", registers, "-o", folder / "mdio.sr")
    words = [other("sigrok-cli", "-i", path, "-P", probes, "-A",
                   "mdio=decode").stdout for path, probes in (
        (registers, "mdio:mdc=MDC:mdio=MDIO"),
        (folder / "mdio.sr", "mdio:mdc=mdio0.mdc:mdio=mdio0.mdio"))]
    expect("sigrok-cli: the same MDIO frames as of the capture itself",
           len(words[0].splitlines()) == 32 and words[0] == words[1])

    text = folder / "uart.trace"
    nif("import", CAPTURES / "uart" / "pan1321_JSDA_helloworld.sr", "-o", text,
        "--quiet")
    nif("export", text, "-o", folder / "uart.sr", "--rate", "2 MHz")
    said = other("sigrok-cli", "-i", folder / "uart.sr", "-P",
                 "uart:rx=uart0.tx:baudrate=115200:format=ascii", "-A",
                 "uart=rx-data").stdout
    expect("sigrok-cli: the same serial words", "".join(
        line.split(": ")[1] for line in said.splitlines()) ==
        "AT+JSDA=010,helloworld[0D][0A]")


def packets(folder):
    trace = folder / "all.trace"
    out = folder / "all.pcapng"
    expect("pcapng: exit code 0",
           nif("export", trace, "-o", out).returncode == 0)
    info = other("capinfos", out)
    if info:
        expect("pcapng: capinfos: in order, all packets, no warning",
               info.returncode == 0 and not info.stderr.replace(
                   "Running as user", "").strip().startswith("capinfos:") and
               re.search(r"Strict time order: +True", info.stdout) and
               re.search(r"Number of packets: +20", info.stdout) and
               re.search(r"Number of interfaces in file: 9", info.stdout))
    table = other("tshark", "-r", out, "-T", "fields", "-e",
                  "frame.interface_name", "-e", "_ws.col.Protocol", "-e",
                  "frame.comment")
    if table:
        rows = [line.split("\t") for line in table.stdout.splitlines()]
        expect("pcapng: tshark: interfaces, protocols, words",
               ["spi0", "SPI", "spi0: 3 bytes 1D 00 FF"] in rows and
               ["mdio0", "MDIO", "mdio0: PHY 1 PHYID1 = 0007"] in rows and
               ["events", "LINK", "eth0: link up "] in rows and
               ["events", "LOG", 'board: hello "world"'] in rows and
               [row[:2] for row in rows].count(["eth0", "ARP"]) == 2)
        deep = other("tshark", "-r", out, "-V").stdout
        expect("pcapng: tshark: nothing is malformed", not re.search(
            r"Malformed|Expert Info \((Warn|Error)", deep))

    frames = folder / "wire.pcap"
    expect("pcap: of one wire", nif("export", trace, "-o", frames, "--wire",
                                    "eth0").returncode == 0)
    lines = other("tshark", "-r", frames)
    if lines:
        expect("pcap: both frames", "Who has 192.0.2.1? Tell 192.0.2.2" in
               lines.stdout and "192.0.2.1 is at 02:00:00:00:00:02" in
               lines.stdout)
    expect("pcap: no such wire: exit code 2", nif(
        "export", trace, "-o", frames, "--wire", "eth9").returncode == 2)


def lines_of_json(folder):
    done = nif("export", folder / "all.trace", "-o", "-", "--format", "jsonl")
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    spi = next(entry for entry in entries if entry["kind"] == "spi")
    expect("jsonl: fields", spi == {
        "kind": "spi", "at_ns": 20000, "len_ns": 3000, "index": 0,
        "where": "spi0", "mosi": "1d00ff", "miso": "ff..01",
        "text": "3 bytes 1D 00 FF"})
    expect("jsonl: quotes", entries[-1]["text"] == 'hello "world"')
    expect("jsonl: errors of words", any(
        entry.get("errors") == [{"word": 1, "error": "parity"}]
        for entry in entries))


def refused(folder):
    trace = folder / "all.trace"
    for args, cause in ((["-o", folder / "x.docx"], "which format?"),
                        (["-o", "/no/where.vcd"], "No such file"),
                        (["-o", "/no/where.sr"], "No such file"),
                        (["-o", "/dev/full", "--format", "vcd"], "No space"),
                        ([], "-o OUT is missing")):
        done = nif("export", trace, *args)
        expect(f"refused: {cause}: exit code 2", done.returncode == 2 and
               cause in done.stderr)
    two = folder / "two.trace"
    two.write_text(TRACE + TRACE)
    done = nif("export", two, "-o", folder / "two.vcd")
    expect("refused: two worlds have no common time",
           done.returncode == 2 and "2 worlds" in done.stderr)
    long = folder / "long.trace"
    long.write_text("# netif-trace 1\n0 pin a 0\n900000000000000 pin a 1\n")
    done = nif("export", long, "-o", folder / "long.sr", "--rate", "1 GHz")
    expect("refused: more samples than anybody wants",
           done.returncode == 2 and "slower --rate" in done.stderr)


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        waveforms(folder)
        serial_formats(folder)
        first = capture_again(folder)
        sigrok(folder, first)
        packets(folder)
        lines_of_json(folder)
        refused(folder)
    if failures:
        return 1
    if missing:
        print("skipped: not installed:", *sorted(missing))
        return SKIP
    return 0


if __name__ == "__main__":
    sys.exit(main())
