# SPDX-License-Identifier: MIT
"""For tests that start programs and look at them from outside."""

import os
import shutil
import socket
import sys
import time
from pathlib import Path

SKIP = 77


def check(true, what):
    if not true:
        sys.exit(f"failed: {what}")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def need(*programs):
    for program in programs:
        if not shutil.which(program, path=os.environ["PATH"] +
                            ":/usr/sbin:/sbin"):
            skip(f"{program} is not installed")


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def running(mark):
    """Processes with that word on their command line: [(id, name)]."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            name = (folder / "comm").read_text().strip()
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in words:
            found.append((int(folder.name), name))
    return found


def wait_until(true):
    """Asks for up to ten seconds; returns whether it came true."""
    for _ in range(200):
        if true():
            return True
        time.sleep(0.05)
    return False
