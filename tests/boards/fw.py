#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`nif fw run` from outside: fw.py NIF BUILD.

How it ends, what it leaves, what it passes on. Images of riscv-virt are built
in a folder of their own below BUILD. Exit code 77: something is missing here.
"""

import http.server
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from images import EXAMPLES, Run, images_of
from outside import check, need, running, wait_until

BOARD = "riscv-virt"
NIF = ""
IMAGES = Path()
HERE = Path()
PAGE = "".join(f"line {n}\n" for n in range(400))


def fw(*words, timeout=60, start=()):
    """Runs an example to its end; returns (exit code, stdout, stderr)."""
    done = subprocess.run([*start, NIF, "fw", "run", BOARD, words[0],
                           "--images", IMAGES, *map(str, words[1:])],
                          capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def expect(code, says, *words, **more):
    got, out, err = fw(*words, **more)
    check(got == code and says in out + err,
          f"{words}: exit {got}, not {code}, or it does not say {says!r}:\n"
          f"{out}{err}")
    return out, err


class Server(http.server.BaseHTTPRequestHandler):
    """Of the host's page."""

    def do_GET(self):
        data = PAGE.encode() if self.path == "/page" else b"no\n"
        self.send_response(200 if self.path == "/page" else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def fetches():
    """The image's end is the end; the host is 10.0.2.2."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://10.0.2.2:{server.server_port}"
    out, err = expect(0, "line 399", "fetch", "--args", f"{url}/page")
    check(PAGE == out.replace("\r\n", "\n"), f"the whole page: {out}")
    check(err == "", f"QEMU's words about itself are left out: {err}")
    expect(1, "HTTP/1.0 404", "fetch", "--args", f"{url}/nonsense")
    expect(1, "the application ended", "fetch", "--args", "")
    for chip in ("enc28j60", "w5500"):
        out, err = expect(0, "line 399", "fetch", "--chip", chip, "--args",
                          f"{url}/page", "--slirp", "--timeout", "50")
        check(PAGE in out.replace("\r\n", "\n"), f"{chip}: {out}{err}")
    # A chip whose world ends first: that is no accident either.
    expect(0, "requests", "services", "--chip", "enc28j60", "--duration",
           "0.5", "--args", "page")
    server.shutdown()


def wrong_words():
    expect(2, "this is not understood", "services", "--args", "ip=nonsense")
    expect(2, "a board has room for", "services", "--args", "x" * 140)
    expect(2, "--qemu: that is more than", "services", "--qemu", "x " * 60)
    expect(2, "there is: dhcpd fetch iperf3 iperf3-client neighbour services",
           "nonsense")
    expect(77, "with lan8720 in", "services", "--chip", "lan8720")
    expect(2, "no such option", "services", "--chip", "w5500", "--nonsense")
    with tempfile.TemporaryDirectory() as empty:
        got = subprocess.run([NIF, "fw", "run", BOARD, "services", "--images",
                              empty], capture_output=True, text=True)
        check(got.returncode == 77 and
              f"tools/dev build --board {BOARD}" in got.stderr, str(got))
    expect(1, "nonsense", "services", "--qemu", "-nonsense")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        expect(1, "host forwarding", "services", "--forward", f"tcp:{port}:80")


def by_file():
    image = IMAGES / f"{BOARD}-fetch.elf"
    done = subprocess.run([NIF, "fw", "run", "--board", BOARD, image],
                          capture_output=True, text=True, timeout=30)
    check(done.returncode == 1 and "[http://]HOST" in done.stdout, str(done))


def times():
    begun = time.monotonic()
    expect(124, "--timeout", "services", "--timeout", "0.5")
    expect(0, "", "services", "--duration", "0.5")
    expect(124, "--timeout", "services", "--chip", "enc28j60", "--timeout",
           "0.7")
    check(time.monotonic() - begun < 20, "none of them waits for nothing")


def starts(mark, *words):
    """A run that is up: its QEMU is there."""
    process = subprocess.Popen(
        [NIF, "fw", "run", BOARD, "services", "--images", IMAGES, "--qemu",
         f"-name {mark}", *words], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    check(wait_until(lambda: any(name.startswith("qemu")
                                 for _, name in running(mark))), "QEMU starts")
    return process


def fifos():
    return set(Path("/tmp").glob("nif-fw-*"))


def leftovers():
    before = fifos()
    mark = f"m{os.getpid()}{time.time_ns() % 1000000:06}"
    cases = [(stop, words) for words in
             ([], ["--chip", "enc28j60", "--netns"], ["--netns"])
             for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)]
    for stop, words in cases:
        process = starts(mark, *words)
        process.send_signal(stop)
        code = process.wait(15)
        err = process.stderr.read()
        check(code == (-9 if stop == signal.SIGKILL else 0),
              f"{words}: {stop.name}: exit {code}: {err}")
        check(wait_until(lambda: not running(mark)),
              f"{words}: {stop.name} leaves {running(mark)}")
    # One that hears nothing.
    process = starts(mark)
    [qemu] = [pid for pid, name in running(mark) if name.startswith("qemu")]
    os.kill(qemu, signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    check(process.wait(15) == 0 and not running(mark), "a deaf QEMU is ended")
    # One that dies.
    for words in ([], ["--chip", "enc28j60"]):
        process = starts(mark, *words)
        for pid, name in running(mark):
            if name.startswith("qemu"):
                os.kill(pid, signal.SIGKILL)
        code, err = process.wait(15), process.stderr.read()
        check(code == 137 and "killed by signal 9" in err, f"{code}: {err}")
        check(not running(mark), "nobody outlives it")
    # Another run may be under way here, but none ends and leaves its FIFOs.
    check(wait_until(lambda: not fifos() - before),
          f"FIFOs are left: {fifos() - before}")


def commands():
    ping = "for i in $(seq 50); do ping -c1 -W1 %s && exit 7; done"
    expect(7, "1 received", "services", "--netns", "--", "sh", "-c",
           ping % "192.0.2.2")
    expect(7, "1 received", "services", "--netns", "--ip", "10.9.8.7/16",
           "--", "sh", "-c", ping % "10.9.8.7")
    expect(7, "1 received", "services", "--chip", "enc28j60", "--netns", "--",
           "sh", "-c", ping % "192.0.2.2")
    expect(1, "the application ended", "fetch", "--netns", "--", "sleep", "40")
    inside = [*("unshare -Urn sh -c".split()),
              'ip link set lo up; "$@" & for i in $(seq 50); do '
              "ping -c1 -W1 192.0.2.2 && break; done; wait $!", "tap"]
    expect(0, "1 received", "services", "--tap", "t0", "--duration", "4",
           start=inside)


def captures():
    pcap = HERE / "a,b.pcap"
    expect(0, "", "services", "--duration", "1", "--pcap", pcap, "--seed",
           "0x070809", "--number", "3")
    data = pcap.read_bytes()
    check(data[:4] == b"\xd4\xc3\xb2\xa1", "it is a pcap file")
    check(data[40 + 6:40 + 12] == bytes([2, 0, 7, 8, 9, 5]),
          f"seed and number are in the address: {data[40:60].hex()}")
    expect(0, "1 received", "services", "--netns", "--pcap", pcap, "--", "sh",
           "-c", "for i in $(seq 50); do ping -c1 -W1 192.0.2.2 && break; done")
    data = pcap.read_bytes()
    ping = bytes([192, 0, 2, 1, 192, 0, 2, 2, 8, 0])
    at = data.index(ping) - 12 - 14  # of the Ethernet head
    check(int.from_bytes(data[at - 8:at - 4], "little") == 14 + 84,
          "nothing stands before a frame")
    expect(1, "/nonexistent", "services", "--pcap", "/nonexistent/x")


def others():
    """What the other examples are for: a measurement by the real program, both
    ways and from either side; addresses; what a host knows."""
    def measures(*words):
        done = subprocess.run(["iperf3", *words], capture_output=True,
                              text=True, timeout=30)
        check(done.returncode == 0, f"iperf3 {words}: {done}")
    def board(example, *words):
        return Run(NIF, "fw", "run", BOARD, example, "--images", IMAGES,
                   "--timeout", "60", *words)
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    if shutil.which("iperf3"):
        with board("iperf3", "--forward", f"tcp:127.0.0.1:{port}:5201"):
            check(wait_until(lambda: subprocess.run(
                ["iperf3", "-c", "127.0.0.1", "-p", str(port), "-n", "1M"],
                capture_output=True, timeout=30).returncode == 0), "iperf3")
            measures("-c", "127.0.0.1", "-p", str(port), "-t", "1", "-R")
        with Run("iperf3", "-s", "-1", "-p", str(port)):
            expect(0, "the other side has counted", "iperf3-client", "--args",
                   f"10.0.2.2 -p {port} -n 2000000")
    else:
        print("iperf3 is not installed: its examples were not tried")
    wire = HERE / "wire"
    with board("dhcpd", "--wire", wire):
        done = subprocess.run(
            [NIF, "run", "w5500", "--wire", wire, "--number", "7", "--dhcp",
             "--duration", "4"], capture_output=True, text=True, timeout=30)
        check("at 192.0.2." in done.stdout and "link up" in done.stdout,
              f"an address from the board: {done}")
    with board("neighbour", "--forward", f"tcp:127.0.0.1:{port}:79") as told:
        def asks():
            try:
                with socket.create_connection(("127.0.0.1", port), 5) as s:
                    return b"10.0.2.15" in s.recv(4096)
            except OSError:
                return False
        check(wait_until(asks), f"what it knows: {told.command}")


def main():
    global NIF, IMAGES, HERE
    NIF, build = sys.argv[1:]
    need("ip", "ping", "unshare")
    IMAGES = images_of(NIF, build, BOARD, *EXAMPLES, *(
        f"{chip}{example}" for chip in ("bridge-enc28j60-", "bridge-w5500-")
        for example in ("services", "fetch")))
    with tempfile.TemporaryDirectory() as folder:
        HERE = Path(folder)
        for part in (fetches, wrong_words, by_file, times, captures, commands,
                     others, leftovers):
            begun = time.monotonic()
            part()
            print(f"{part.__name__}: good, {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
