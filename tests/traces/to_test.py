#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# From a capture to a test: what `nif trace to-test` makes of the captures of
# this repository is what is committed; what it makes elsewhere compiles,
# passes, and fails once the model's timing is changed.
#
# Usage: to_test.py NIF BUILD [CC]

import pathlib
import subprocess
import sys
import tempfile
import time

CAPTURES = pathlib.Path("scenarios/captures")
MADE = pathlib.Path("tests/captures/made")
NIF, BUILD = sys.argv[1], pathlib.Path(sys.argv[2])
CC = sys.argv[3] if len(sys.argv) > 3 else "cc"
failures = []

SPI = [CAPTURES / "enc28j60-init-and-ping.sr", "--chip", "enc28j60",
       "--stimuli", CAPTURES / "enc28j60-stimuli.txt", "--name",
       "enc28j60_init_and_ping"]
RECIPES = [
    SPI,
    [CAPTURES / "lan8720a_read_all_plugged.sr", "--stimuli",
     CAPTURES / "lan8720a-plugged-stimuli.txt", "--name", "lan8720a_plugged"],
    [CAPTURES / "lan8720a_read_write_read.sr", "--name", "lan8720a_reset"],
    *([path] for path in sorted((CAPTURES / "uart").glob("*.sr"))
      if path.stem != "glitch_0x45"),  # its rate must be given
]


def to_test(*args):
    return subprocess.run([NIF, "trace", "to-test", *map(str, args)],
                          capture_output=True, text=True, check=False)


def expect(what, good, shown=None):
    print(("ok    " if good else "FAILED"), what)
    if not good:
        failures.append(what)
        if shown is not None:
            print(shown.stdout[-2000:], shown.stderr[-2000:])


def outcome(folder, name, *objects):
    """Compiles a made test and runs it; its exit code."""
    program = folder / f"run_{name}"
    command = [CC, "-std=gnu11", "-I.", "-Icore/include",
               folder / f"test_{name}.c", *objects,
               BUILD / "sim/libnif-sim.a", BUILD / "core/libnif.a", "-lcmocka",
               "-o", program]
    subprocess.run(list(map(str, command)), check=True)
    return subprocess.run([str(program)], capture_output=True, text=True,
                          check=False)


def spoiled(folder, path, text, instead):
    """An object of a source in which something is changed."""
    source = pathlib.Path(path).read_text()
    assert source.count(text) == 1
    changed = folder / pathlib.Path(path).name
    changed.write_text(source.replace(text, instead))
    target = changed.with_suffix(".o")
    subprocess.run([CC, "-std=gnu11", "-D_GNU_SOURCE", "-I.", "-Icore/include",
                    f"-I{pathlib.Path(path).parent}", "-c", str(changed), "-o",
                    str(target)], check=True)
    return target


def own_run(folder):
    """A run of a board of ours becomes a test, too."""
    subprocess.run([NIF, "trace", "decode", SPI[0], "--chip", "enc28j60",
                    "--pcap", folder / "in.pcap"], check=True,
                   capture_output=True)
    run = folder / "bus.trace"
    subprocess.run([NIF, "run", "enc28j60", "--pcap-in", folder / "in.pcap",
                    "--trace", run], check=True, capture_output=True)
    done = to_test(run, "--name", "own", "-o", folder)
    made = folder / "own.run.trace"
    expect("a run of ours: exit code 0, repeated", done.returncode == 0 and
           "as recorded: " in done.stdout and made.exists(), done)
    expect("a run of ours: bus and pins, no frames",
           " pin enc28j60.int 0" in made.read_text() and
           " eth " not in made.read_text())
    run.write_text(run.read_text().replace(" 9f80 ", " 9f00 ", 1))
    done = to_test(run, "--name", "own", "-o", folder)
    expect("a run of ours: one that differs: exit code 1",
           done.returncode == 1 and "the driver leaves the recording" in
           done.stdout, done)


def main():
    with tempfile.TemporaryDirectory() as temp:
        folder = pathlib.Path(temp)
        for recipe in RECIPES:
            done = to_test(*recipe, "-o", folder)
            expect(f"{recipe[0].name}: passes: exit code 0",
                   done.returncode == 0, done)
        for path in sorted(folder.iterdir()):
            expect(f"{path.name}: as committed", (MADE / path.name).exists()
                   and path.read_bytes() == (MADE / path.name).read_bytes())
        expect("nothing else is committed", sorted(
            path.name for path in folder.iterdir()) == sorted(
            path.name for path in MADE.iterdir()
            if path.name != "CMakeLists.txt"))

        name = "enc28j60_init_and_ping"
        began = time.monotonic()
        done = to_test(*SPI, "-o", folder)
        green = outcome(folder, name)
        expect("from a file to a green test", green.returncode == 0, green)
        print(f"      in {time.monotonic() - began:.1f} s")
        busy = spoiled(folder, "sim/chips/enc28j60/mii.c",
                       "#define MII_NS 10240", "#define MII_NS 5000")
        red = outcome(folder, name, busy)
        expect("red when BUSY takes another time, and says where",
               red.returncode == 1 and "RCR MISTAT: silicon 01, model 00: BUSY"
               in red.stderr, red)
        phy = spoiled(folder, "sim/chips/phy.c",
                      "cfg->reset_ns, 100 * SIM_US", "cfg->reset_ns, 9000")
        red = outcome(folder, "lan8720a_reset", phy)
        expect("red when a reset takes another time", red.returncode == 1 and
               "register 0 BMCR: silicon 8000, model 3000" in red.stderr, red)

        # A capture that the model does not answer.
        trace = (MADE / f"{name}.trace").read_text()
        line = next(line for line in trace.splitlines() if " spi0 37 " in line)
        words = line.split(" ")
        words[6] = words[6][:-2] + "09"
        bad = folder / "bad.trace"
        bad.write_text(trace.replace(line, " ".join(words)))
        done = to_test(bad, *SPI[1:-2], "--name", "cut", "-o", folder)
        expect("what fails is made all the same: exit code 1",
               done.returncode == 1 and "it fails now: transaction 37" in
               done.stdout, done)
        kept = (folder / "cut.trace").read_text().splitlines()
        expect("and cut behind the difference",
               sum(" spi spi0 " in line for line in kept) == 54)
        red = outcome(folder, "cut")
        expect("and is red", red.returncode == 1 and "transaction 37" in
               red.stderr, red)

        own_run(folder)
        for args in ([], [bad], ["no-such-file"], [bad, "--chip", "w5500"],
                     [bad, "--name"], [bad, "--until", "x"],
                     [*SPI, "-o", folder / "nowhere"]):
            expect(f"usage: {len(args)} words", to_test(*args).returncode == 2)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
