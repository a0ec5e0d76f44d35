#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots images of a board in QEMU, and asks them what a user would.

    tests/boards/boot.py BUILD-FOLDER PRESET BOARD MACHINE-OPTION...

The image BOARD-services.elf is built by PRESET in a folder of its own below
BUILD-FOLDER. First it is behind QEMU's user network: it gets its address by
DHCP, serves its page, and echoes a mebibyte. Then it is at a TAP device in a
private namespace, where the host pings it a thousand times. Every process is
ended, whatever happens. Exit code 77: something is missing here.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIP = 77
LIMIT_S = 60
PINGS = 1000
COMPILER = {"rv32": "riscv64-unknown-elf-gcc"}
SHARED = ["-display", "none", "-monitor", "none", "-serial", "stdio",
          "-semihosting-config", "enable=on,target=native"]


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def build(folder, preset, *images, name=None, options=()):
    """Builds them, and says in which folder: its own for other options."""
    folder = Path(folder) / "boards" / (name or preset)
    for step in (["cmake", "--preset", preset, "-B", folder, *options],
                 ["ninja", "-C", folder, *images]):
        done = subprocess.run(step, cwd=ROOT, text=True, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, step))}\n{done.stdout[-4000:]}")
    return folder


class Qemu:
    """A machine that runs as long as its `with` does."""

    def __init__(self, command):
        self.command = command

    def __enter__(self):
        self.child = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True)
        return self

    def __exit__(self, *_):
        os.killpg(self.child.pid, signal.SIGTERM)
        try:
            self.said, _ = self.child.communicate(timeout=2)
        except subprocess.TimeoutExpired:  # it may be deaf to SIGTERM
            os.killpg(self.child.pid, signal.SIGKILL)
            self.said, _ = self.child.communicate()


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def page(port, until):
    """The page, as soon as there is one."""
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as s:
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                text = b""
                while more := s.recv(4096):
                    text += more
                if b"</ul>" in text:
                    return text.decode()
        except OSError:
            pass
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


def behind_user_network(qemu, nic, image, board):
    http, seven = free_ports(2)
    forward = (f"hostfwd=tcp:127.0.0.1:{http}-10.0.2.15:80,"
               f"hostfwd=tcp:127.0.0.1:{seven}-10.0.2.15:7")
    data = random.Random(7).randbytes(1 << 20)
    with Qemu([*qemu, *nic(f"user,id=n0,{forward}"), "-kernel", image]) as q:
        text = page(http, time.monotonic() + LIMIT_S)
        back = echo(seven, data) if text else b""
    if f"board <b>{board}</b> at 10.0.2.15" not in text:
        sys.exit(f"{board}: no page: {text!r}\n{q.said}")
    if back != data:
        sys.exit(f"{board}: of {len(data)} bytes {len(back)} came back, "
                 f"{'other ones' if len(back) == len(data) else 'too few'}")
    print(f"{board}: DHCP, its page, 1 MiB there and back")


INSIDE = """
set -e
ip link set lo up
ip tuntap add t0 mode tap
ip addr add 192.0.2.1/24 dev t0
ip link set t0 up
"$@" &
trap 'kill -KILL $!' EXIT
for i in $(seq 100); do
  ping -c 1 -W 1 192.0.2.2 >/dev/null && break
done
ping -q -c %d -i 0.002 -W 2 192.0.2.2
""" % PINGS


def at_a_tap(qemu, nic, image, board):
    tap = nic("tap,id=n0,ifname=t0,script=no,downscript=no")
    command = [*qemu, *tap, "-kernel", image, "-append", "ip=192.0.2.2/24"]
    done = subprocess.run(["unshare", "-Urn", "bash", "-c", INSIDE, "boot",
                           *map(str, command)], text=True, timeout=LIMIT_S,
                          stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if f"{PINGS} received" not in done.stdout:
        sys.exit(f"{board}: not all pings were answered:\n{done.stdout}")
    print(f"{board}: {PINGS} of {PINGS} pings")


def main():
    folder, preset, board, *machine = sys.argv[1:]
    program = "qemu-system-" + ("riscv32" if preset == "rv32" else "arm")
    compiler = COMPILER.get(preset, "arm-none-eabi-gcc")
    for tool in (program, compiler, "ip", "ping", "unshare"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    # On Arm the device is on the board; elsewhere it is plugged in.
    device = ["-device", "virtio-net-device,netdev=n0"]
    board_nic = ["-net", "nic,netdev=n0"]

    def nic(backend):
        return ["-netdev", backend, *(device if preset == "rv32"
                                      else board_nic)]

    image = f"{board}-services.elf"
    image = build(folder, preset, image) / image
    qemu = [program, *machine, *SHARED]
    behind_user_network(qemu, nic, image, board)
    if subprocess.run(["unshare", "-Urn", "bash", "-c",
                       "ip tuntap add t0 mode tap"], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        skip("no TAP device in a private namespace here; the rest passed")
    at_a_tap(qemu, nic, image, board)


if __name__ == "__main__":
    main()
