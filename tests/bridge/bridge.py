#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cross-compiled drivers in QEMU against chip models over the bridge.

    tests/bridge/bridge.py NIF BUILD-FOLDER BOARD CHIP

First the simulator runs the board alone, in a private namespace: the host
pings it and has 64 KiB echoed; what came in is recorded. That run is then
repeated twice in virtual time, by the simulator's own board and by the image
in QEMU that holds the same chip over the bridge: the traces of bus, pins and
wire must be equal, every byte and every time. Last the image is at the
namespace itself, and is pinged and echoes there. BOARD is one of `nif fw
list`. Exit code 77: something is missing here.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "boards"))
from images import images_of, need, skip  # noqa: E402

LIMIT_S = 120
PINGS = 20
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


def fail(why, said=""):
    print(f"failed: {why}\n{said[-4000:]}")
    sys.exit(1)


def run(command, folder, what):
    done = subprocess.run(command, cwd=folder, text=True, check=False,
                          timeout=LIMIT_S, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        fail(f"{what}: exit {done.returncode}", done.stdout)
    return done.stdout


def main():
    nif, build, board, chip = sys.argv[1:]
    need("ping", "unshare")
    if subprocess.run(["unshare", "-Urn", "true"], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        skip("no private network namespaces here")
    nif = str(Path(nif).resolve())
    images = images_of(nif, build, board, f"bridge-{chip}-services")
    image = [nif, "fw", "run", board, "services", "--images", images,
             "--chip", chip]
    with tempfile.TemporaryDirectory() as temporary:
        here = Path(temporary)
        (here / "host.py").write_text(HOST)
        proto = "udp" if chip == "espat" else "tcp"
        host = ["--", sys.executable, "host.py", proto, str(PINGS)]
        good = "pings: True echo: True"

        said = run([nif, "run", chip, "--netns", "--seed", "7",
                    "--record-stimuli", "stimuli", *host], here, "the run")
        if good not in said:
            fail("the simulated board does not answer", said)
        run([nif, "run", "--stimuli", "stimuli", "--trace", "a"], here,
            "its repetition")
        run([*image, "--stimuli", "stimuli", "--trace", "b"], here,
            "the repetition over the bridge")
        a, b = (here / "a").read_bytes(), (here / "b").read_bytes()
        if a != b:
            same = next((i for i, (x, y) in enumerate(
                zip(a.splitlines(), b.splitlines())) if x != y), "the end")
            fail(f"the traces differ, from line {same} on")
        print(f"{chip} on {board}: {len(a.splitlines())} lines of trace, "
              f"{len(a)} bytes, are the same")

        said = run([*image, "--netns", *host], here,
                   "the image in the namespace")
        if good not in said:
            fail("the image does not answer", said)
        print(f"{chip} on {board}: {PINGS} pings and 64 KiB of {proto} echo")


if __name__ == "__main__":
    main()
