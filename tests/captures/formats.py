#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Formats of which there is no real capture here: files are made, and what
# `nif trace import` makes of them, or says of them, is compared.
#
# Usage: formats.py NIF

import pathlib
import struct
import subprocess
import sys
import tempfile

failures = []
folder = None


def nif(*args):
    return subprocess.run([sys.argv[1], "trace", "import", *map(str, args),
                           "-o", "-"], capture_output=True, text=True,
                          check=False)


def expect(what, good, seen=""):
    print(("ok    " if good else "FAILED"), what)
    if not good:
        failures.append(what)
        print(seen)


def made(name, data):
    path = folder / name
    if isinstance(data, bytes):
        path.write_bytes(data)
    else:
        path.write_text(data)
    return path


def gives(what, files, want, *args, head=()):
    """The import has these events, and these lines in its header."""
    done = nif(*files, *args)
    lines = done.stdout.splitlines()
    events = [line for line in lines if not line.startswith("#")]
    expect(what, done.returncode == 0 and events == want and all(
        "# " + line in lines for line in head), done.stderr + done.stdout)


def refuses(what, file, cause, *args):
    done = nif(file, *args)
    expect(f"refused: {what}", done.returncode == 2 and cause in done.stderr,
           done.stderr)


# One SPI transaction, two bytes, as levels of CS, CLK, MOSI, MISO.
def levels(word=0xA53C):
    rows = [(0, 1, 0, 0, 0), (1000, 0, 0, 0, 0)]
    for i in range(16):
        mosi = word >> (15 - i) & 1
        rows.append((2000 + 1000 * i, 0, 0, mosi, 1 - mosi))
        rows.append((2500 + 1000 * i, 0, 1, mosi, 1 - mosi))
    rows.append((18000, 0, 0, 0, 0))
    rows.append((19000, 1, 0, 0, 0))
    return rows


SPI = ["1000 spi spi0 0 +18000 a53c 5ac3"]


def channels(version, chunked=False, begin=0.0):
    """The four lines as binary exports."""
    for at, name in enumerate(("CS", "CLK", "MOSI", "MISO")):
        rows = [(row[0] / 1e9 + begin, row[at + 1]) for row in levels()]
        edges = [(t, level) for (t, level), (_, before)
                 in zip(rows[1:], rows) if level != before]
        chunks = [(rows[0][1], begin, rows[-1][0], [t for t, _ in edges])]
        if chunked:  # the second part begins when all is over
            chunks.append((rows[-1][1], begin + 0.001, begin + 0.002, []))
        data = b"<SALEAE>" + struct.pack("<ii", version, 0)
        if version == 1:
            data += struct.pack("<Q", len(chunks))
        for level, first, last, times in chunks:
            data += struct.pack("<I", level)
            data += struct.pack("<d", 1e8) if version == 1 else b""
            data += struct.pack("<ddQ", first, last, len(times))
            data += struct.pack(f"<{len(times)}d", *times)
        yield made(f"{name}.bin", data)


def saleae():
    gives("saleae: version 0, one file per channel", list(channels(0)), SPI)
    gives("saleae: version 1", list(channels(1)), SPI)
    gives("saleae: version 1, two chunks", list(channels(1, True)), SPI)
    gives("saleae: times before the trigger", list(channels(0, begin=-0.5)),
          SPI, head=["offset -500000000"])
    whole = next(channels(0)).read_bytes()
    refuses("saleae: cut in its head", made("a.bin", whole[:30]),
            "ends at byte 28, too early")
    refuses("saleae: more transitions than bytes", made(
        "a.bin", whole[:36] + struct.pack("<Q", 1 << 60) + whole[44:]),
        "says 1152921504606846976 transitions, has room for 2")
    refuses("saleae: no number", made(
        "a.bin", whole[:44] + struct.pack("<d", float("nan")) + whole[52:]),
        "byte 44 is not a time")
    refuses("saleae: time backwards", made(
        "a.bin", whole[:44] + struct.pack("<d", -1.0) + whole[52:]),
        "time runs backwards at byte 44")


def lines():
    """Ways in which SPI can be wired, given or left out."""
    head = "Time [s],CS,CLK,MOSI,MISO\n"

    def table(flip=0, word=0x1234):
        return made("a.csv", head + "".join(
            f"{t / 1e9:.9f},{a ^ flip},{b},{c},{d}\n"
            for t, a, b, c, d in levels(word)))
    all_lines = "cs=CS,clk=CLK,mosi=MOSI,miso=MISO"
    gives("spi: most significant bit first", [table()],
          ["1000 spi spi0 0 +18000 1234 edcb"], "--spi", all_lines)
    gives("spi: least significant bit first", [table()],
          ["1000 spi spi0 0 +18000 482c b7d3"], "--spi", all_lines + ",lsb")
    gives("spi: chip select is active high", [table(1)],
          ["1000 spi spi0 0 +18000 1234 edcb"], "--spi",
          all_lines + ",cs-high")
    gives("spi: without chip select a pause ends it", [table()],
          ["0 pin CS 1", "1000 pin CS 0",
           "2500 spi spi0 0 +15000 1234 edcb", "19000 pin CS 1"], "--spi",
          "clk=CLK,mosi=MOSI,miso=MISO")


def raw_csv():
    head = "Time [s],CS,CLK,MOSI,MISO\n"
    body = "".join(f"{t / 1e9:.9f},{a},{b},{c},{d}\n"
                   for t, a, b, c, d in levels())
    gives("csv: raw data", [made("a.csv", head + body)], SPI)
    early = "".join(f"{(t - 5000) / 1e9:.9f},{a},{b},{c},{d}\n"
                    for t, a, b, c, d in levels())
    gives("csv: times before the trigger", [made("a.csv", head + early)],
          SPI, head=["offset -5000"])
    lost = body.replace(",0,1,1,0\n", ",0,1,X,0\n", 1)
    gives("csv: one unknown bit makes its byte unknown",
          [made("a.csv", head + lost)],
          ["1000 spi spi0 0 +18000 ..3c 5ac3"])
    cells = body.splitlines()
    refuses("csv: analog", made("a.csv", head + "0,1.5,0,0,0\n"),
            "a.csv:2: '1.5' is no level; analog")
    refuses("csv: wall clock", made(
        "a.csv", head + "2026-01-01T00:00:00Z,1,0,0,0\n"),
        "a.csv:2: '2026-01-01T00:00:00Z' is no time")
    refuses("csv: too few fields", made("a.csv", head + "0,1\n"),
            "a.csv:2: 2 fields, there must be 5")
    refuses("csv: time backwards", made(
        "a.csv", head + cells[5] + "\n" + cells[4] + "\n"),
        "a.csv:3: time runs backwards")
    refuses("csv: nothing in it", made("a.csv", head), "no row")
    sigrok = "; Channels (4/4): CS, CLK, MOSI, MISO\n; Samplerate: 2 MHz\n" \
        "logic,logic,logic,logic\n"
    rows = {t // 500: row for t, *row in levels()}
    row, samples = None, ""
    for i in range(40):
        row = rows.get(i, row)
        samples += ",".join(map(str, row)) + "\n"
    gives("csv: of sigrok-cli, a row for each sample",
          [made("a.csv", sigrok + samples)], SPI)


def vcd():
    head = "$date today $end $timescale 1ns $end\n$scope module m $end\n"
    wires = "".join(f"$var wire 1 {code} {name} $end\n" for code, name in
                    zip("!\"#$", ("CS", "CLK", "MOSI", "MISO")))
    body = "$upscope $end $enddefinitions $end\n"
    last = {}
    for t, *row in levels():
        body += f"#{t}\n"
        for code, level in zip("!\"#$", row):
            if last.get(code) != level:
                body += f"{level}{code}\n"
                last[code] = level
    gives("vcd: wires", [made("a.vcd", head + wires + body)], SPI)
    gives("vcd: picoseconds, sections, a real, a string",
          [made("a.vcd", (head + wires).replace("1ns", "100 ps") +
                "$var real 64 %r temp $end $var string 1 %s text $end\n" +
                body.replace("#1000\n", "r1.5 %r\nsabc %s\n#1000\n")
                .replace("#0\n", "#0\n$dumpvars\n", 1)
                .replace("#1000\n", "$end\n$comment 1! $end\n#1000\n", 1))],
          ["100 spi spi0 0 +1800 a53c 5ac3"])
    vector = head + "$var wire 2 v data [1:0] $end\n$var wire 1 ! CS $end\n" \
        "$enddefinitions $end\n#0 b0 v 1! #10 b11 v #20 bx1 v #30 bz v 0! #40\n"
    gives("vcd: a vector becomes one channel for each bit",
          [made("a.vcd", vector)],
          ["0 pin data[0] 0", "0 pin data[1] 0", "10 pin data[0] 1",
           "10 pin data[1] 1", "20 pin data[1] x", "30 pin data[0] x",
           "30 spi spi0 0 +10 ? ? cut"], "--spi", "cs=CS")
    for what, text, cause in (
            ("no wire of that code", head + wires + body + "0Z\n",
             "no variable has the code 'Z'"),
            ("time backwards", head + wires + body + "#5\n",
             "time runs backwards at '#5'"),
            ("no time", head + wires + body + "#x\n", "no time: '#x'"),
            ("a negative time", head + wires + body + "#-5\n", "'#-5'"),
            ("no time scale", wires + body, "no $timescale"),
            ("a strange time scale", "$timescale 3 weeks $end\n",
             "no time scale: 'weeks'"),
            ("2^32 channels", "$var wire 4294967296 ! bus $end\n",
             "too many wires"),
            ("cut in its head", head + "$var wire 1", "the file ends within"),
            ("nothing in it", head, "ends without a change"),
            ("nonsense", head + wires + body + "?!", "no change of a value: '?!'")):
        refuses("vcd: " + what, made("a.vcd", text), cause)


def tables():
    gives("table: SPI of Logic 2, columns in any order, values in any form",
          [made("a.csv", 'type,name,duration,start_time,"miso","mosi"\n'
                '"enable","SPI",1e-9,0,,\n'.replace("1e-9", "0.000000001") +
                '"result","SPI",0.0000005,0.0000005,0x00,0x1D\n'
                '"result","SPI",0.0000005,0.000001,18,\'A\'\n'
                '"disable","SPI",0.000000001,0.000002,,\n'
                '"enable","SPI",0.000000001,0.000003,,\n'
                '"disable","SPI",0.000000001,0.000004,,\n')],
          ["0 spi SPI 0 +2000 1d41 0012", "3000 spi SPI 1 +1000 - -"])
    gives("table: SPI with packet numbers",
          [made("a.csv", "Time [s],Packet ID,MOSI,MISO\n"
                "0.000001,0,0x1D,0x00\n0.000002,0,0x02,0xFF\n"
                "0.000005,1,0x1D,0x00\n")],
          ["1000 spi spi0 0 +1000 1d02 00ff", "5000 spi spi0 1 +0 1d 00"])
    gives("table: the masks of a chip", [folder / "a.csv"],
          ["1000 spi spi0 0 +1000 1d02 00ff mask=0F",
           "5000 spi spi0 1 +0 1d 00 mask=0"], "--chip", "enc28j60")
    gives("table: serial, two directions, an error",
          [made("a.csv", "name,type,start_time,duration,data,error\n"
                "\"Async TX\",data,-0.001,0.0000868,'A',\n"
                "\"Async TX\",data,-0.0009132,0.0000868,0x54,parity\n"
                "\"Async RX\",data,0.002,0.0000868,\\n,\n")],
          ["0 uart Async_TX 0 +173600 tx 4154 parity=1",
           "3000000 uart Async_RX 0 +86800 rx 0a"], head=["offset -1000000"])
    gives("table: serial of older versions",
          [made("a.csv", "Time [s],Value,Parity Error,Framing Error\n"
                "0.001,A,,\n0.002,0x0a,,Error\n")],
          ["1000000 uart uart0 0 +0 rx 41",
           "2000000 uart uart0 1 +0 rx 0a framing=0"])
    head = "Time [s],Packet ID,MOSI,MISO\n"
    refuses("table: no byte", made("a.csv", head + "0,0,0x100,0\n"),
            "a.csv:2: '0x100', '0' are not bytes")
    refuses("table: time backwards", made(
        "a.csv", head + "2,0,1,1\n1,0,1,1\n"), "a.csv:3: time runs backwards")
    refuses("table: fields", made("a.csv", head + "0,0,1\n"),
            "a.csv:2: 3 fields, there must be 4")


def main():
    global folder
    with tempfile.TemporaryDirectory() as temp:
        folder = pathlib.Path(temp)
        lines()
        saleae()
        raw_csv()
        vcd()
        tables()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
