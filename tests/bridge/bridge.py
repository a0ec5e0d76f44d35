#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cross-compiled drivers in QEMU against chip models over the bridge.

    tests/bridge/bridge.py BUILD-FOLDER NIF PRESET BOARD CHIP OPTION...

First the simulator runs the board alone, in a private namespace: the host
pings it and has 64 KiB echoed; what came in is recorded. That run is then
repeated twice in virtual time, by the simulator's own board and by the image
in QEMU that holds the same chip over the bridge: the traces of bus, pins and
wire must be equal, every byte and every time. Last the image is at the
namespace itself, and is pinged and echoes there. OPTION are QEMU's for the
machine. Exit code 77: something is missing here.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIP = 77
LIMIT_S = 120
PINGS = 20
COMPILER = {"rv32": "riscv64-unknown-elf-gcc"}
SHARED = ["-display", "none", "-monitor", "none", "-serial", "stdio",
          "-nic", "none", "-semihosting-config", "enable=on,target=native"]
# What the host does: waits for the board, pings it, has a text echoed. A
# module with few sockets echoes datagrams only.
HOST = """
import hashlib, socket, subprocess, sys, threading
board, proto, pings = "192.0.2.2", sys.argv[1], sys.argv[2]
for _ in range(60):
    if not subprocess.run(["ping", "-qc1", "-W1", board],
                          stdout=subprocess.DEVNULL).returncode:
        break
out = subprocess.run(["ping", "-q", "-c", pings, "-i", "0.02", "-W", "5", board],
                     stdout=subprocess.PIPE, text=True).stdout
data = hashlib.shake_256(b"netif").digest(65536)
got = b""
if proto == "tcp":
    s = socket.create_connection((board, 7), 20)
    s.settimeout(60)
    threading.Thread(target=lambda: s.sendall(data), daemon=True).start()
    while len(got) < len(data) and (some := s.recv(65536)):
        got += some
else:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(2)
    while len(got) < len(data):
        piece = data[len(got):len(got) + 1024]
        for _ in range(10):
            s.sendto(piece, (board, 7))
            try:
                got += s.recv(2048)
                break
            except TimeoutError:
                pass
        else:
            break
print("pings:", f"{pings} received" in out, "echo:", got == data)
"""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def fail(why, said=""):
    print(f"failed: {why}\n{said[-4000:]}")
    sys.exit(1)


def build(folder, preset, image):
    folder = Path(folder) / "boards" / preset
    for step in (["cmake", "--preset", preset, "-B", folder],
                 ["ninja", "-C", folder, image]):
        done = subprocess.run(step, cwd=ROOT, text=True, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            fail(" ".join(map(str, step)), done.stdout)
    return folder / image


def run(command, folder, what):
    done = subprocess.run(command, cwd=folder, text=True, check=False,
                          timeout=LIMIT_S, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        fail(f"{what}: exit {done.returncode}", done.stdout)
    return done.stdout


def bridged(nif, qemu, folder, chip, options, what):
    """Runs `nif chip` and the image at it; what both have said."""
    with (folder / "image.log").open("w") as log:
        image = subprocess.Popen(  # waits for the FIFO's other end
            ["sh", "-c", 'for i in $(seq 100); do [ -p b.in ] && break;'
             ' sleep 0.05; done; exec "$@"', "sh", "timeout", "-k", "2",
             str(LIMIT_S), *qemu], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log)
        try:
            said = run([nif, "chip", chip, "--listen", "fifo:b", *options]
                       if chip else
                       [nif, "chip", "--listen", "fifo:b", *options],
                       folder, what)
            code = image.wait(timeout=10)
        finally:
            image.kill()
            image.wait()
    said += (folder / "image.log").read_text()
    if code != 0:
        fail(f"{what}: the image ended with {code}", said)
    return said


def main():
    folder, nif, preset, board, chip, *machine = sys.argv[1:]
    program = "qemu-system-" + ("riscv32" if preset == "rv32" else "arm")
    for tool in (program, COMPILER.get(preset, "arm-none-eabi-gcc"), "ping"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    if subprocess.run(["unshare", "-Urn", "true"], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        skip("no private network namespaces here")
    nif = str(Path(nif).resolve())
    image = build(folder, preset, f"{board}-bridge-{chip}-services.elf")
    with tempfile.TemporaryDirectory() as temporary:
        here = Path(temporary)
        shutil.copy(image, here / "i.elf")  # the command line is short
        (here / "host.py").write_text(HOST)
        qemu = [program, *machine, *SHARED, "-kernel", "i.elf",
                "-append", "bridge=b"]
        proto = "udp" if chip == "espat" else "tcp"
        host = ["--", sys.executable, "host.py", proto, str(PINGS)]
        good = "pings: True echo: True"

        said = run([nif, "run", chip, "--netns", "--seed", "7",
                    "--record-stimuli", "stimuli", *host], here, "the run")
        if good not in said:
            fail("the simulated board does not answer", said)
        run([nif, "run", "--stimuli", "stimuli", "--trace", "a"], here,
            "its repetition")
        bridged(nif, qemu, here, None, ["--stimuli", "stimuli", "--trace", "b"],
                "the repetition over the bridge")
        a, b = (here / "a").read_bytes(), (here / "b").read_bytes()
        if a != b:
            same = next((i for i, (x, y) in enumerate(
                zip(a.splitlines(), b.splitlines())) if x != y), "the end")
            fail(f"the traces differ, from line {same} on")
        print(f"{chip} on {board}: {len(a.splitlines())} lines of trace, "
              f"{len(a)} bytes, are the same")

        said = bridged(nif, qemu, here, chip, ["--netns", *host],
                       "the image in the namespace")
        if good not in said:
            fail("the image does not answer", said)
        print(f"{chip} on {board}: {PINGS} pings and 64 KiB of {proto} echo")


if __name__ == "__main__":
    main()
