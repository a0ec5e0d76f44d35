#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# `nif trace` as a user sees it: what it prints, its exit codes, and the
# frames that it extracts.

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

CSV = "scenarios/captures/enc28j60-transactions.csv"
failures = []


def run(*args):
    return subprocess.run([sys.argv[1], "trace", *args], capture_output=True,
                          text=True, check=False)


def expect(what, good):
    print(("ok    " if good else "FAILED"), what)
    if not good:
        failures.append(what)


def frames_of(path):
    """The frames of a classic pcap file."""
    data = path.read_bytes()
    magic, link = struct.unpack_from("<I", data)[0], struct.unpack_from(
        "<I", data, 20)[0]
    assert magic in (0xA1B2C3D4, 0xA1B23C4D) and link == 1
    at, frames = 24, []
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        frames.append(data[at + 16:at + 16 + size])
        at += 16 + size
    return frames


def main():
    score = run("score", "--chip", "enc28j60", CSV)
    expect("score: exit code 0", score.returncode == 0)
    expect("score: 2744 of 2744", "2744 of 2744 right" in
           " ".join(score.stdout.split()))

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        lines = pathlib.Path(CSV).read_text().splitlines(keepends=True)
        lines = [line.replace("3,116968047,116970787,2,1d00,0001,0F",
                              "3,116968047,116970787,2,1d00,0003,0F")
                 for line in lines]
        bad = folder / "bad.csv"
        bad.write_text("".join(lines))
        flip = run("score", "--chip", "enc28j60", str(bad), "--stimuli",
                   "scenarios/captures/enc28j60-stimuli.txt", "--json")
        expect("flipped byte: exit code 1", flip.returncode == 1)
        found = json.loads(flip.stdout)
        expect("flipped byte: 2743", found["driven"]["right"] == 2743)
        expect("flipped byte: its place", found["first"]["transaction"] == 3
               and found["first"]["byte"] == 1)
        expect("stimuli beside the capture are missing: exit code 2",
               run("score", "--chip", "enc28j60", str(bad)).returncode == 2)

        bad.write_text("".join(lines[:20]) + "nonsense\n")
        broken = run("decode", str(bad))
        expect("nonsense: exit code 2, file and line",
               broken.returncode == 2 and f"{bad}:21: 1 fields" in
               broken.stderr)

        out = folder / "out.pcap"
        decode = run("decode", CSV, "--pcap", str(out))
        expect("decode: exit code 0", decode.returncode == 0)
        expect("decode: 182 lines", len(decode.stdout.splitlines()) == 182)
        expect("decode: words", "RCR MISTAT -> 09 BUSY" in decode.stdout and
               "BFS ECON1 TXRTS" in decode.stdout and
               "WBM 1343 bytes at 1000" in decode.stdout)
        expect("show: the same",
               run("show", CSV).stdout == decode.stdout)
        frames = frames_of(out)
        expect("decode: four frames of 1342 bytes",
               [len(frame) for frame in frames] == [1342] * 4)
        expect("decode: the replies have what the requests had",
               frames[0][42:] == frames[1][42:] and
               frames[2][42:] == frames[3][42:])
        nowhere = run("decode", CSV, "--pcap", str(folder / "no" / "x"))
        expect("pcap cannot be written: exit code 2", nowhere.returncode == 2)

        kept = folder / "kept.csv"
        kept.write_text(pathlib.Path(CSV).read_text())
        for args in (["import", "-o"], ["decode", "--pcap"], ["export",
                     "--format", "vcd", "-o"]):
            over = run(args[0], str(kept), *args[1:], f"{folder}/./kept.csv")
            expect(f"over itself: {args}", over.returncode == 2 and
                   "while it is read" in over.stderr and
                   kept.read_text() == pathlib.Path(CSV).read_text())

    for args in ([], ["score"], ["score", CSV], ["score", "--chip", "w5500",
                 CSV], ["decode"], ["decode", CSV, "--json"], ["decode", CSV,
                 "--pcap"], ["decode", "no-such-file"], ["shrink"]):
        expect(f"usage: {args}", run(*args).returncode == 2)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
