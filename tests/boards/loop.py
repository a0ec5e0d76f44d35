#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the image lm3s6965evb-loop in QEMU: drivers of PL011 and PL022 whose
bytes come back.

    tests/boards/loop.py BUILD-FOLDER PRESET CPU

First without anybody at UART1, which is to hear itself. Where QEMU cannot do
that, a thread here is at its other end and sends back what it hears. Exit code
77: something is missing here.
"""

import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from images import SKIP, make, need

LIMIT_S = 60
SHARED = ["-display", "none", "-monitor", "none", "-serial", "stdio",
          "-semihosting-config", "enable=on,target=native"]


class Echo:
    """Sends back what comes. Never waits to send: QEMU would wait for us."""

    def __init__(self, path):
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(1)
        self.heard = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        peer, _ = self.server.accept()
        while data := peer.recv(4096):
            self.heard += len(data)
            peer.sendall(data)  # the image has at most 150 bytes on the way


def run(image, cpu, *more):
    return subprocess.run(
        ["qemu-system-arm", "-M", "lm3s6965evb", "-cpu", cpu, *SHARED,
         "-nic", "none", "-kernel", image, *more],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, timeout=LIMIT_S, check=False)


def main():
    folder, preset, cpu = sys.argv[1:]
    need("qemu-system-arm")
    image = "lm3s6965evb-loop.elf"
    image = make(folder, preset, image) / image
    done = run(image, cpu)
    print(done.stdout, end="")
    if done.returncode != SKIP:
        sys.exit(done.returncode)
    print("this QEMU's PL011 does not hear itself: it gets an echo")
    with tempfile.TemporaryDirectory() as place:
        path = str(Path(place) / "echo")
        echo = Echo(path)
        done = run(image, cpu, "-chardev", f"socket,id=u1,path={path}",
                   "-serial", "chardev:u1", "-append", "peer")
    print(done.stdout, end="")
    if done.returncode == 0 and echo.heard < 150 * 151 // 2:
        sys.exit(f"the echo has heard {echo.heard} bytes only")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
