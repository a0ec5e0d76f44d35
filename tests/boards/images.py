# SPDX-License-Identifier: MIT
"""Images of boards, for the tests that run them in QEMU by `nif fw`."""

import json
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from outside import SKIP, need, skip  # noqa: E402, F401

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("services", "neighbour", "fetch", "iperf3", "iperf3_client",
            "dhcpd")
COMPILER = {"rv32": "riscv64-unknown-elf-gcc"}


def row_of(nif, board):
    """What `nif fw list` knows of a board."""
    done = subprocess.run([nif, "fw", "list", "--json"], text=True, check=True,
                          stdout=subprocess.PIPE)
    return {row["board"]: row for row in json.loads(done.stdout)}[board]


def told(**settings):
    """Options of make() for what real boards are told when they are built."""
    plain = {"NIF_ARGS": "", "NIF_WIFI_SSID": "", "NIF_WIFI_PASSPHRASE": "",
             "NIF_ESPAT_RTS_CTS": "OFF"}
    return [f"-D{name}={value}" for name, value in (plain | settings).items()]


def make(build, preset, *images, options=()):
    """Builds images in a folder below `build`. Options stay until others are
    given: the settings of real boards are to be given each time."""
    need(COMPILER.get(preset, "arm-none-eabi-gcc"))
    folder = Path(build).resolve() / "boards" / preset
    for step in (["cmake", "--preset", preset, "-B", folder, *options],
                 ["ninja", "-C", folder, *images]):
        done = subprocess.run(step, cwd=ROOT, text=True, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, step))}\n{done.stdout[-4000:]}")
    return folder


def images_of(nif, build, board, *examples):
    """Builds a board's images of some examples. Returns their folder."""
    row = row_of(nif, board)
    need(row["program"])
    return make(build, row["preset"],
                *(f"{row['image']}-{example}.elf".replace("_", "-")
                  for example in examples))


class Run:
    """A program that runs as long as its `with` does, and what it `said`."""

    def __init__(self, *command):
        self.command = list(map(str, command))
        self.said = ""

    def __enter__(self):
        self.child = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGINT)
        try:
            self.said, _ = self.child.communicate(timeout=10)
        finally:
            self.child.kill()
        self.code = self.child.returncode
