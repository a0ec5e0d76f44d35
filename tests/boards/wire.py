#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A simulated board and one in QEMU at one wire: wire.py NIF BUILD BOARD.

Each fetches the other's page, with a W5500 that has the sockets and one that
gives frames; with set addresses, and with one that a third board gives out.
Two in QEMU do, too. Then a QEMU that nobody here has started joins, by its own
options, and last two are joined by datagrams. Exit code 77: something is missing here.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from images import Run, images_of, row_of

LIMIT = ["--timeout", "60"]


def fetch(server, name, address, *command):
    """The page of the board `name` is what `command` shows."""
    done = subprocess.run(list(map(str, command)), text=True, check=False,
                          timeout=90, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    want = [f"<p>This is the board <b>{name}</b> at {address}.", "<li>pages: 1",
            "</ul>"]
    missing = [line for line in want if line not in done.stdout]
    if done.returncode or missing:
        sys.exit(f"exit {done.returncode}, without {missing}:\n{done.stdout}\n"
                 f"the server: {' '.join(server.command)}\n")
    print(f"{' '.join(map(str, command[1:4]))} has fetched from {name}")


def each_other(nif, fw, chip, name, wire):
    at = ["--wire", wire]
    with Run(nif, "run", chip, *at, *LIMIT) as server:
        fetch(server, chip, "192.0.2.2", *fw("fetch"), *at, "--args",
              "http://192.0.2.2/")
    with Run(*fw("services"), *at) as server:
        fetch(server, name, "192.0.2.3", nif, "run", chip, *at, *LIMIT,
              "--app", "fetch", "--app-args", "http://192.0.2.3/")


def both_in_qemu(fw, name, wire):
    at = ["--wire", wire]
    with Run(*fw("services"), *at, "--number", "0") as server:
        fetch(server, name, "192.0.2.2", *fw("fetch"), *at, "--args",
              "192.0.2.2")


def by_dhcp(nif, fw, name, wire):
    at = ["--wire", wire]
    with Run(nif, "run", "direct", *at, *LIMIT, "--app", "dhcpd"):
        with Run(*fw("services"), *at, "--dhcp") as server:
            fetch(server, name, "192.0.2.3", nif, "run", "w5500", *at, *LIMIT,
                  "--number", "2", "--app", "fetch", "--app-args", "192.0.2.3")


def qemu(row, folder, example, netdev, args):
    """A command line that somebody else would write."""
    nic = ["-device", "virtio-net-device,netdev=n0,mac=02:00:00:00:00:03"] \
        if row["program"].endswith("riscv32") \
        else ["-net", "nic,netdev=n0,macaddr=02:00:00:00:00:03"]
    return ["timeout", "-k", "2", "60", row["program"], *row["machine"],
            "-display", "none", "-monitor", "none", "-serial", "stdio",
            "-semihosting-config", "enable=on,target=native", "-netdev", netdev,
            *nic, "-kernel", folder / f"{row['image']}-{example}.elf",
            "-append", args]


def by_its_own_options(nif, row, folder, here):
    wire = here / "w"
    with Run(nif, "run", "w5500", "--wire", wire, *LIMIT) as server:
        while not wire.exists():
            time.sleep(0.01)
        fetch(server, "w5500", "192.0.2.2", *qemu(
            row, folder, "fetch", "stream,id=n0,server=off,addr.type=unix,"
            f"addr.path={wire}", "ip=192.0.2.3/24 192.0.2.2"))
    ours, theirs = here / "o", here / "t"
    with Run(nif, "run", "w5500", "--wire", f"dgram:{ours}:{theirs}",
             *LIMIT) as server:
        while not ours.exists():
            time.sleep(0.01)
        fetch(server, "w5500", "192.0.2.2", *qemu(
            row, folder, "fetch", "dgram,id=n0,local.type=unix,"
            f"local.path={theirs},remote.type=unix,remote.path={ours}",
            "ip=192.0.2.3/24 192.0.2.2"))


def main():
    nif, build, board = sys.argv[1:]
    row = row_of(nif, board)
    folder = images_of(nif, build, board, "services", "fetch")

    def fw(example):
        return [nif, "fw", "run", board, example, "--images", folder, *LIMIT]

    with tempfile.TemporaryDirectory() as temporary:
        here = Path(temporary)
        wire = here / "wire"
        for chip in ("w5500", "w5500-raw"):
            each_other(nif, fw, chip, row["image"], wire)
        both_in_qemu(fw, row["image"], wire)
        by_dhcp(nif, fw, row["image"], wire)
        by_its_own_options(nif, row, folder, here)
        if wire.exists():
            sys.exit("the path of the wire is left")


if __name__ == "__main__":
    main()
