#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots images of a board in QEMU, and asks them what a user would.

    tests/boards/boot.py NIF BUILD-FOLDER BOARD

BOARD is one of `nif fw list`; its images of all examples are built in a folder
of their own below BUILD-FOLDER. First services is behind QEMU's user network: it
gets its address by DHCP, serves its page, and echoes a mebibyte. Then it is at
a TAP device in a private namespace, where the host pings it a thousand times.
Exit code 77: something is missing here.
"""

import random
import socket
import subprocess
import sys
import time

from images import EXAMPLES, Run, images_of, need, row_of, skip
from outside import free_ports

LIMIT_S = 60
PINGS = 1000


def page(port, until):
    """The page, as soon as curl gets one."""
    while time.monotonic() < until:
        done = subprocess.run(["curl", "-s", "--max-time", "5",
                               f"http://127.0.0.1:{port}/"], check=False,
                              capture_output=True, text=True, timeout=LIMIT_S)
        if done.returncode == 0 and "</ul>" in done.stdout:
            return done.stdout
        time.sleep(0.1)
    return ""


def echo(port, data):
    """What comes back of `data`."""
    got = bytearray()
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.setblocking(False)
        at = 0
        until = time.monotonic() + LIMIT_S
        while len(got) < len(data) and time.monotonic() < until:
            try:
                if at < len(data):
                    at += s.send(data[at:at + 65536])
            except BlockingIOError:
                pass
            try:
                got += s.recv(65536)
            except BlockingIOError:
                time.sleep(0.001)
    return bytes(got)


def behind_user_network(command, board, name):
    http, seven = free_ports(2)
    data = random.Random(7).randbytes(1 << 20)
    with Run(*command, "--forward", f"tcp:{http}:80", "--forward",
             f"tcp:{seven}:7") as run:
        text = page(http, time.monotonic() + LIMIT_S)
        back = echo(seven, data) if text else b""
    if f"board <b>{name}</b> at 10.0.2.15" not in text:
        sys.exit(f"{board}: no page: {text!r}\n{run.said}")
    if back != data:
        sys.exit(f"{board}: of {len(data)} bytes {len(back)} came back, "
                 f"{'other ones' if len(back) == len(data) else 'too few'}")
    print(f"{board}: DHCP, its page, 1 MiB there and back")


INSIDE = """
for i in $(seq 100); do
  ping -c 1 -W 1 192.0.2.2 >/dev/null && break
done
ping -q -c %d -i 0.002 -W 2 192.0.2.2
""" % PINGS


def at_a_tap(command, board):
    done = subprocess.run([*command, "--netns", "--", "bash", "-c", INSIDE],
                          text=True, timeout=LIMIT_S, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if "wants a TAP device" in done.stdout or "cannot be made" in done.stdout:
        skip(f"the rest passed; {done.stdout.strip()}")
    if done.returncode or f"{PINGS} received" not in done.stdout:
        sys.exit(f"{board}: not all pings were answered:\n{done.stdout}")
    print(f"{board}: {PINGS} of {PINGS} pings")


def main():
    nif, build, board = sys.argv[1:]
    need("ip", "ping", "curl")
    folder = images_of(nif, build, board, *EXAMPLES)
    command = [nif, "fw", "run", board, "services", "--images", folder,
               "--timeout", str(2 * LIMIT_S)]
    began = time.monotonic()
    behind_user_network(command, board, row_of(nif, board)["image"])
    at_a_tap(command, board)
    print(f"{board}: {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
