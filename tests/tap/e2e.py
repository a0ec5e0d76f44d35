#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The `nif` program from outside: e2e.py NIF PART.

Each part runs a simulated board against this machine's own kernel and
programs: in a namespace that nif makes, or through libslirp on loopback.
Exit 77 with a line "skipped: why" where the machine lacks what it needs.
"""

import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from outside import (  # noqa: E402
    check, free_ports, need, running, skip, wait_until)

NIF = ""
FOLDER = Path()
MIB = 1 << 20
CHECKS = [f"-o{proto}.check_checksum:TRUE" for proto in ("ip", "tcp", "udp")]
# Once in 65,536 segments Linux says 0xFFFF where the checksum is 0: it adds up
# all the same, but tshark calls it wrong. It must not be one of ours.
WRONG = "_ws.malformed || " + " || ".join(
    f"{proto}.checksum.status == 0" for proto in ("ip", "udp", "icmp")) + (
    " || (tcp.checksum.status == 0 &&"
    " !(tcp.checksum.ffff && ip.src == 192.0.2.1))")
# Run inside the board's network by a Python of its own.
ECHO = """
import hashlib, socket, sys, threading
data = hashlib.shake_256(b"netif").digest(int(sys.argv[3]))
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)
s.settimeout(100)
threading.Thread(target=lambda: (s.sendall(data),
                                 s.shutdown(socket.SHUT_WR)),
                 daemon=True).start()
got = b""
while True:
    some = s.recv(65536)
    if not some:
        break
    got += some
print("identical" if got == data else f"{len(got)} of {len(data)} bytes")
"""

# A module listens a moment after its board has an address.
LATER = ["sh", "-c", 'sleep 1 && exec "$@"', "later"]

# Several clients of the echo at a time.
CROWD = """
import hashlib, socket, sys, threading
host, port, size, count = sys.argv[1], *map(int, sys.argv[2:5])
good = []
def talk(n):
    data = hashlib.shake_256(bytes([n])).digest(size)
    s = socket.create_connection((host, port), 60)
    s.settimeout(100)
    threading.Thread(target=s.sendall, args=[data], daemon=True).start()
    got = b""
    while len(got) < size:
        some = s.recv(65536)
        if not some:
            break
        got += some
    good.append(got == data)
talks = [threading.Thread(target=talk, args=[n]) for n in range(count)]
[t.start() for t in talks]
[t.join() for t in talks]
print(f"{good.count(True)} good")
"""
# A datagram of each size, one after the other.
SIZES = """
import hashlib, socket, sys
host, port, least, most = sys.argv[1], *map(int, sys.argv[2:5])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((host, port))
s.settimeout(5)
for size in range(least, most + 1):
    data = hashlib.shake_256(b"udp").digest(size)
    s.send(data)
    assert s.recv(3000) == data, size
print("all sizes")
"""


def nif(*words, timeout=150, **more):
    """Runs nif to its end; returns (exit code, stdout, stderr)."""
    done = subprocess.run([NIF, *words], capture_output=True, text=True,
                          timeout=timeout, **more)
    return done.returncode, done.stdout, done.stderr


def need_netns():
    need("ip", "ping")
    code, out, _ = nif("doctor", "--json")
    found = json.loads(out)
    check((code == 0) == found["ping"], "doctor's verdict is its exit code")
    if not found["namespaces"]["ok"]:
        skip(found["namespaces"]["text"])


class Board:
    """A board behind libslirp, until the end of a `with`."""

    def __init__(self, *words, chip="enc28j60"):
        self.process = subprocess.Popen(
            [NIF, "run", chip, *words], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.said = []

    def __enter__(self):
        for line in self.process.stdout:
            self.said.append(line)
            if "link up" in line:
                return self
        self.process.wait(10)  # its output has ended
        check(False, "the board did not come up: " + "".join(self.said))

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=10)
        self.said.append(rest)


def tshark_finds_nothing(capture):
    if not shutil.which("tshark"):
        print("tshark is not installed: the capture was not looked at")
        return
    def shown(*words):
        return subprocess.run(["tshark", "-r", capture, *CHECKS, *words],
                              capture_output=True, text=True,
                              timeout=100, check=True).stdout.splitlines()
    bad = shown("-Y", WRONG)
    if bad: # it may not come again: keep it
        kept = Path(NIF).resolve().parent / "failed" / Path(capture).name
        kept.parent.mkdir(exist_ok=True)
        shutil.copy(capture, kept)
        check(False, f"tshark finds {len(bad)} frames wrong: {bad[:3]}; "
              f"the capture is {kept}")
    # It does look at checksums: as many were found good.
    good = shown("-Y", "ip.checksum.status == 1")
    check(len(good) > 5, "tshark has validated checksums")


# ---- parts

def cli():
    table = [
        ([], 2, "usage: nif COMMAND"),
        (["--version"], 0, "nif "),
        (["help"], 0, "usage: nif COMMAND"),
        (["--help"], 0, "usage: nif COMMAND"),
        (["help", "run"], 0, "usage: nif run CHIP"),
        (["run", "--help"], 0, "usage: nif run CHIP"),
        (["ping", "--help"], 0, "usage: nif ping CHIP"),
        (["doctor", "--help"], 0, "usage: nif doctor"),
        (["help", "fw"], 0, "usage: nif fw list"),
        (["fw"], 2, "usage: nif fw list"),
        (["fw", "nonsense"], 2, "'nonsense'"),
        (["fw", "list", "nonsense"], 2, "'nonsense'"),
        (["fw", "list"], 0, "riscv-virt"),
        (["fw", "run", "--help"], 0, "usage: nif fw run BOARD EXAMPLE"),
        (["fw", "run"], 2, "which board and example"),
        (["fw", "run", "riscv-virt"], 2, "which board and example"),
        (["fw", "run", "nonsense", "services"], 2, "there is: lm3s6965evb"),
        (["fw", "run", "riscv-virt", "x", "--images", "/nonexistent"], 77,
         "`tools/dev build --board riscv-virt`"),
        (["fw", "run", "--board", "riscv-virt", "/nonexistent"], 77,
         "/nonexistent"),
        (["fw", "run", "riscv-virt", "x", "--nonsense"], 2, "--nonsense"),
        (["fw", "run", "riscv-virt", "x", "--timeout"], 2, "needs a value"),
        (["fw", "run", "riscv-virt", "x", "--timeout", "0"], 2, "'0'"),
        (["fw", "run", "riscv-virt", "x", "--number", "253"], 2, "'253'"),
        (["fw", "run", "riscv-virt", "x", "--forward", "tcp:x"], 2,
         "write it as"),
        (["fw", "run", "riscv-virt", "x", "--netns", "--forward", "tcp:1:1"],
         2, "--slirp"),
        (["fw", "run", "riscv-virt", "x", "--", "true"], 2, "--netns"),
        (["fw", "run", "riscv-virt", "x", "--netns", "--"], 2, "which command"),
        (["fw", "run", "riscv-virt", "x", "--dhcp", "--ip", "1.2.3.4"], 2,
         "one of them"),
        (["fw", "run", "riscv-virt", "x", "--uart"], 2, "with --chip only"),
        (["fw", "run", "riscv-virt", "x", "--chip", "nonsense"], 2,
         "there is: enc28j60"),
        (["chip"], 2, "--listen: where?"),
        (["chip", "w5500", "--listen"], 2, "--listen: where?"),
        (["trace", "--help"], 0, "usage: nif trace"),
        (["help", "nonsense"], 2, "no command 'nonsense'"),
        (["nonsense"], 2, "no command 'nonsense'"),
        (["doctor", "nonsense"], 2, "usage: nif doctor"),
        (["run"], 2, "which chip"),
        (["run", "nonsense"], 2, "there is: enc28j60"),
        (["run", "enc28j60", "more"], 2, "more"),
        (["run", "enc28j60", "--nonsense"], 2, "--nonsense"),
        (["run", "enc28j60", "--seed"], 2, "--seed"),
        (["run", "enc28j60", "--seed", "x"], 2, "'x'"),
        (["run", "enc28j60", "--drop-chance", "101"], 2, "'101'"),
        (["run", "enc28j60", "--ip", "1.2.3"], 2, "'1.2.3'"),
        (["run", "enc28j60", "--ip", "1.2.3.4/31"], 2, "'1.2.3.4/31'"),
        (["run", "enc28j60", "--link", "sideways"], 2, "'sideways'"),
        (["run", "enc28j60", "--revision", "B9"], 2, "B1, B4, B5"),
        (["run", "direct", "--app", "nonsense"], 2, "'nonsense'"),
        (["help", "run"], 0, "iperf3-client"),
        (["run", "direct", "--spi-hz", "1000000"], 2, "no chip"),
        (["run", "stm32_eth", "--spi-hz", "1000000"], 2, "clock of MDIO"),
        (["run", "w5500", "--ssid", "home"], 2, "no radio"),
        (["run", "lan8720", "--passphrase", "12345678"], 2, "no radio"),
        (["run", "direct", "--dialect", "1.7"], 2, "no serial line"),
        (["run", "enc28j60", "--no-rts-cts"], 2, "no serial line"),
        (["chip", "w5500", "--listen", "unix:/nonexistent/x", "--baud",
          "9600"], 2, "no serial line"),
        (["run", "enc28j60", "--tap", "t", "--forward", "tcp:1:1"], 2,
         "--slirp"),
        (["run", "enc28j60", "--slirp", "--", "true"], 2, "--netns"),
        (["run", "enc28j60", "--forward", "nonsense"], 1, "write it as"),
        (["run", "enc28j60", "--pcap-in", "/nonexistent"], 1, "/nonexistent"),
        (["run", "enc28j60", "--pcap-in", __file__], 1,
         f"{__file__}: unknown file format"),
        (["run", "enc28j60", "--pcap", "/nonexistent/x"], 1, "/nonexistent"),
        (["run", "enc28j60", "--trace", "/nonexistent/x"], 1, "/nonexistent"),
        (["run", "--stimuli", "/nonexistent"], 1, "/nonexistent"),
        (["run", "--stimuli", "/dev/null"], 1, "/dev/null"),
        (["run", "enc28j60", "--record-stimuli", "/nonexistent/x"], 1,
         "/nonexistent"),
        (["run", "enc28j60", "--wire", "/nonexistent/x"], 1,
         "--wire: /nonexistent/x: No such file"),
        (["run", "enc28j60", "--wire", "/dev/null"], 1, "no socket"),
        (["run", "enc28j60", "--number", "253"], 2, "'253'"),
        (["run", "direct", "--app", "fetch", "--timeout", "5"], 1,
         "fetch: [http://]HOST"),
        (["run", "enc28j60", "--live", "nonsense0"], 1, "--live nonsense0"),
        (["run", "enc28j60", "--duration", "0.05"], 0, "frames from"),
        (["run", "enc28j60", "--timeout", "0.05"], 124, "--timeout"),
    ]
    for words, code, says in table:
        got, out, err = nif(*words)
        check(got == code, f"nif {words}: exit {got}, not {code}: {err}")
        check(says in out + err, f"nif {words} does not say {says!r}: {err}")
        check(code in (0, 124) or err, f"nif {words}: errors go to stderr")
    one_file()
    code, out, _ = nif("run", "enc28j60", "--duration", "0.5", "--json")
    found = json.loads(out)
    check(code == 0 and found["chip"] == "enc28j60" and
          found["address"] == "10.0.2.15" and found["complaints"] == 0,
          f"the summary for programs: {out}")


def one_file():
    """A file that is written is no other file of the run."""
    here, there = str(FOLDER / "one"), f"{FOLDER}/./one"
    old = FOLDER / "old"
    old.write_text("kept")
    alias = FOLDER / "alias"
    alias.symlink_to(old)
    for first, second, words in [
            ("pcap", "trace", [here, here]),
            ("pcap", "trace", [here, there]),
            ("trace", "record-stimuli", [str(old), str(alias)]),
            ("pcap", "pcap-in", [str(old), str(old)]),
            ("trace", "stimuli", [str(old), str(old)])]:
        code, _, err = nif("run", "enc28j60", f"--{first}", words[0],
                           f"--{second}", words[1])
        check(code == 2 and f"--{first} and --{second}: {words[1]} cannot be "
              "both" in err, f"--{first} and --{second} in one file: {err}")
    check(old.read_text() == "kept" and not Path(here).exists(),
          "what is refused writes nothing")
    for words in (["/dev/null", "/dev/null"], [here, str(FOLDER / "two")]):
        code, _, err = nif("run", "enc28j60", "--duration", "0.01", "--pcap",
                           words[0], "--trace", words[1])
        check(code == 0, f"--pcap and --trace {words}: {err}")


def ping():
    need_netns()
    capture = str(FOLDER / "ping.pcap")
    code, out, err = nif("ping", "enc28j60", "--count", "1000", "--interval",
                         "0.002", "--pcap", capture)
    print("\n".join(out.splitlines()[-2:]), err)
    check(code == 0, f"exit {code}")
    check("1000 packets transmitted, 1000 received, 0% packet loss" in out,
          "all replies have come")
    tshark_finds_nothing(capture)
    for words in (["--no-tun"], ["--size", "1472"], ["--polling"],
                  ["--half-duplex"], ["--spi-hz", "8000000"],
                  ["--revision", "B1"], ["--revision", "B4"],
                  ["--revision", "B5"]):
        code, out, err = nif("ping", "enc28j60", "--count", "20", "--interval",
                             "0.01", "--json", *words)
        found = json.loads(out)
        check(code == 0 and found["received"] == 20, f"{words}: {out}{err}")
    # The longest there can be: 45 fragments each way.
    code, out, err = nif("ping", "enc28j60", "--count", "5", "--interval",
                         "0.4", "--size", "65507", "--json")
    check(code == 0 and json.loads(out)["received"] == 5, f"{out}{err}")


def unplugged():
    need_netns()
    code, out, err = nif("ping", "enc28j60", "--count", "2", "--link", "down")
    check(code == 1, f"exit {code}")
    check("2 packets transmitted, 0 received" in out, "ping's own words")
    check("link is down (--link down)" in err, f"a line says so: {err}")
    # Some loss is a failure, too, although ping itself does not say so.
    code, out, err = nif("ping", "enc28j60", "--count", "100", "--interval",
                         "0.002", "--drop-chance", "20")
    check(code == 1 and "were not answered" in err, f"loss: {code} {err}")


def page():
    need("curl")
    [port] = free_ports(1)
    capture = str(FOLDER / "page.pcap")
    with Board("--slirp", "--forward", f"tcp:127.0.0.1:{port}:80", "--pcap",
               capture) as board:
        for _ in range(5):
            done = subprocess.run(
                ["curl", "-sS", "--max-time", "10",
                 f"http://127.0.0.1:{port}/"], capture_output=True, text=True)
            check(done.returncode == 0 and "10.0.2.15" in done.stdout and
                  "enc28j60" in done.stdout, f"the page: {done}")
    check(board.process.returncode == 0, "Ctrl-C is a good end: " +
          "".join(board.said))
    tshark_finds_nothing(capture)


def wire():
    """Boards that share a wire: one has the addresses, one a page, and one
    fetches it; when who holds the wire goes, the others go on."""
    path = str(FOLDER / "wire")
    def board(chip, number, *words):
        return Board("--wire", path, "--number", str(number), *words,
                     chip=chip)
    with board("direct", 0, "--app", "dhcpd") as dhcpd:
        with board("w5500", 1, "--dhcp") as served:
            found = [line.split(" at ")[1].split(",")[0]
                     for line in served.said if "link up" in line]
            fetch = ["--number", "2", "--dhcp", "--wire", path, "--app",
                     "fetch", "--app-args", found[0], "--timeout", "30"]
            def fetches(chip):
                code, out, err = nif("run", chip, *fetch)
                check(code == 0 and f"<b>w5500</b> at {found[0]}." in out,
                      f"{chip} fetches: {code} {out} {err}")
            fetches("enc28j60")
            fetches("w5500-raw")
            dhcpd.process.send_signal(signal.SIGINT)
            check(dhcpd.process.wait(10) == 0, "it ends well")
            fetch[2] = "--ip"
            fetch.insert(3, "192.0.2.99")
            stimuli = str(FOLDER / "stimuli")
            fetch += ["--record-stimuli", stimuli]
            fetches("direct")
    code, out, err = nif("run", "--stimuli", stimuli)
    check(code == 0 and f"<b>w5500</b> at {found[0]}." in out,
          f"the same once more, by nobody: {code} {out} {err}")
    check("held here" in "".join(dhcpd.said), "who came first holds it")
    check("who held it has left; it is held here" in "".join(served.said),
          "the next holds it: " + "".join(served.said))
    check(served.process.returncode == 0, "".join(served.said))
    check(not Path(path).exists(), "the path is gone with the last")


def echo_slirp():
    [port] = free_ports(1)
    capture = str(FOLDER / "echo.pcap")
    with Board("--forward", f"tcp:{port}:7", "--forward", f"udp:{port}:7",
               "--pcap", capture) as board:
        done = subprocess.run(
            [sys.executable, "-c", ECHO, "127.0.0.1", str(port), str(MIB)],
            capture_output=True, text=True, timeout=150)
        check(done.stdout == "identical\n", f"1 MiB: {done}")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            for size in (1, 18, 512, 1472):
                data = hashlib.shake_256(b"udp").digest(size)
                s.sendto(data, ("127.0.0.1", port))
                check(s.recv(2000) == data, f"a datagram of {size} bytes")
    check(board.process.returncode == 0, "".join(board.said))
    tshark_finds_nothing(capture)


def echo_netns():
    need_netns()
    capture = str(FOLDER / "echo.pcap")
    code, out, err = nif(
        "run", "enc28j60", "--netns", "--drop-chance", "5",
        "--reorder-chance", "5", "--pcap", capture, "--",
        sys.executable, "-c", ECHO, "192.0.2.2", "7", str(MIB), timeout=170)
    check(code == 0 and "identical" in out, f"1 MiB: {code} {out} {err}")
    tshark_finds_nothing(capture)


def syn_options(capture):
    """The kinds of options in the SYN of 192.0.2.2 that a capture has."""
    data, at, kinds = Path(capture).read_bytes(), 24, set()
    while at < len(data):
        size = int.from_bytes(data[at + 8:at + 12], sys.byteorder)
        frame, at = data[at + 16:at + 16 + size], at + 16 + size
        tcp = frame[34:]
        if frame[12:14] + frame[23:24] + frame[26:30] != \
                bytes([8, 0, 6, 192, 0, 2, 2]) or not tcp[13] & 2:
            continue
        options = tcp[20:(tcp[12] >> 4) * 4]
        while options and options[0]:
            kinds.add(options[0])
            options = options[1 if options[0] == 1 else options[1]:]
    return kinds


def direct():
    """The stack at the wire without a chip: ping, page, echo with all options
    of TCP, repetition."""
    need_netns()
    need("curl")
    capture = str(FOLDER / "direct.pcap")
    stimuli = str(FOLDER / "stimuli")
    code, out, err = nif("ping", "direct", "--count", "1000", "--interval",
                         "0.002", "--pcap", capture, "--json")
    found = json.loads(out)
    check(code == 0 and found["received"] == 1000, f"pings: {out} {err}")
    tshark_finds_nothing(capture)
    code, out, err = nif("run", "direct", "--netns", "--", "curl", "-sS",
                         "--max-time", "10", "http://192.0.2.2/")
    check(code == 0 and "<b>direct</b> at 192.0.2.2" in out,
          f"the page: {code} {out} {err}")
    code, out, err = nif(
        "run", "direct", "--netns", "--drop-chance", "2", "--reorder-chance",
        "2", "--record-stimuli", stimuli, "--pcap", capture, "--",
        sys.executable, "-c", ECHO, "192.0.2.2", "7", str(MIB), timeout=170)
    check(code == 0 and "identical" in out, f"1 MiB: {code} {out} {err}")
    check(syn_options(capture) >= {2, 3, 4, 8},
          f"MSS, scale, SACK, timestamps: {syn_options(capture)}")
    tshark_finds_nothing(capture)
    again = str(FOLDER / "again.pcap")
    code, out, err = nif("run", "--stimuli", stimuli, "--pcap", again)
    check(code == 0, f"the repetition: {code} {out} {err}")
    check(Path(capture).read_bytes() == Path(again).read_bytes(),
          "a repeated run has the same bytes on its wire")
    [port] = free_ports(1)
    with Board("--forward", f"tcp:{port}:7", chip="direct"):
        done = subprocess.run(
            [sys.executable, "-c", ECHO, "127.0.0.1", str(port), str(8 * MIB)],
            capture_output=True, text=True, timeout=150)
        check(done.stdout == "identical\n", f"8 MiB: {done}")


def quadrant(chip, words=(), clients=4, size=MIB, half=True, most=1472):
    """The same application on each kind of chip: ping, page, echo. `half`: the
    echo goes on when its client has told its end."""
    need_netns()
    need("curl")
    capture = str(FOLDER / "quadrant.pcap")
    python = [sys.executable, "-c"]
    def echo(host, port):
        if half:
            return "identical", [*python, ECHO, host, port, str(size)]
        return "1 good", [*python, CROWD, host, port, str(size), "1"]
    code, out, err = nif("ping", chip, *words, "--count", "1000", "--interval",
                         "0.002", "--pcap", capture, "--json")
    check(code == 0 and json.loads(out)["received"] == 1000,
          f"pings: {out} {err}")
    tshark_finds_nothing(capture)
    for name, says, command in [
            ("page", f"<b>{chip}</b> at 192.0.2.2",
             ["curl", "-sS", "--max-time", "20", "http://192.0.2.2/"]),
            ("echo", *echo("192.0.2.2", "7")),
            ("crowd", f"{clients} good",
             [*python, CROWD, "192.0.2.2", "7", "65536", str(clients)]),
            ("sizes", "all sizes",
             [*python, SIZES, "192.0.2.2", "7", "1", str(most)])]:
        serve = ["--app-args", "page" if name == "page" else "echo"]
        code, out, err = nif("run", chip, *words, *serve, "--netns", "--pcap",
                             capture, "--", *LATER, *command, timeout=170)
        check(code == 0 and says in out, f"{name}: {code} {out} {err}")
        if name != "page":  # which is a handful of frames
            tshark_finds_nothing(capture)
    [port] = free_ports(1)
    with Board(*words, "--app-args", "page", "--forward",
               f"tcp:{port}:80", chip=chip) as board:
        time.sleep(1)
        done = subprocess.run(
            ["curl", "-sS", "--max-time", "20", f"http://127.0.0.1:{port}/"],
            capture_output=True, text=True)
        check(done.returncode == 0 and f"<b>{chip}</b> at 10.0.2.15" in
              done.stdout, f"the page through libslirp: {done}")
    check(board.process.returncode == 0, "".join(board.said))
    echo_through_slirp(chip, words, port, *echo("127.0.0.1", str(port)))


def echo_through_slirp(chip, words, port, says, command):
    with Board(*words, "--app-args", "echo", "--forward",
               f"tcp:{port}:7", chip=chip) as board:
        time.sleep(1)
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=150)
        check(says in done.stdout, f"through libslirp: {done}")
    check(board.process.returncode == 0, "".join(board.said))


def quadrant_enc28j60():
    quadrant("enc28j60")


def quadrant_w5500():
    quadrant("w5500")


def quadrant_w5500_raw():
    quadrant("w5500-raw")


def quadrant_lan8720():
    quadrant("lan8720")


def quadrant_stm32_eth():
    quadrant("stm32_eth")


def quadrant_espat():
    quadrant("espat", ["--baud", "2000000"], clients=3, half=False, most=1460)
    # At 115200 baud, without flow control.
    code, out, err = nif("run", "espat", "--no-rts-cts", "--netns",
                         "--app-args", "echo", "--", sys.executable, "-c",
                         CROWD, "192.0.2.2", "7", "65536", "1", timeout=170)
    check(code == 0 and "1 good" in out, f"115200 baud: {code} {out} {err}")
    [port] = free_ports(1)
    echo_through_slirp("espat", ["--no-rts-cts"], port, "1 good",
                       [sys.executable, "-c", CROWD, "127.0.0.1", str(port),
                        "65536", "1"])


def iperf3_sums(chip, *words):
    """Runs the real client against the board; what it says at the end."""
    log = FOLDER / "iperf3.json"
    log.unlink(missing_ok=True)
    code, out, err = nif("run", chip, "--netns", "--app", "iperf3", "--",
                         "iperf3", "-c", "192.0.2.2", "-J", "--logfile",
                         str(log), *words)
    check(code == 0, f"iperf3 {words}: {code} {out[-600:]} {err}")
    return json.loads(log.read_text())["end"]


def iperf3():
    """The examples against the real program, both ways."""
    need_netns()
    need("iperf3")
    for words in (["-t", "1"], ["-n", "10M", "-R"], ["-t", "1", "-P", "3"],
                  ["-n", "10M", "-R", "-P", "3"]):
        sums = iperf3_sums("direct", *words)
        sent = sums["sum_sent"]["bytes"]
        got = sums["sum_received"]["bytes"]
        check(sent > 2e6 and 0.5 * sent < got <= sent * 1.01 + 1e6,
              f"{words}: {sent} bytes sent, {got} received")
    for words in ([], ["-R"]):
        sums = iperf3_sums("direct", "-u", "-b", "5M", "-t", "1", *words)
        check(6e5 < sums["sum"]["bytes"] < 6.6e5 and
              sums["sum"]["lost_packets"] < 20, f"datagrams {words}: {sums}")
    sums = iperf3_sums("enc28j60", "-t", "1")
    check(sums["sum_received"]["bytes"] > 3e5, f"10BASE-T: {sums}")
    code, out, err = nif("run", "direct", "--netns", "--app", "iperf3", "--",
                         "iperf3", "-c", "192.0.2.2", "--bidir")
    check(code == 1 and "not implemented" in (out + err).lower(),
          f"what it cannot do it says: {code} {out} {err}")
    for words in ("-t 1", "-t 1 -R", "-t 1 -u -b 5M", "-t 1 -u -b 5M -R"):
        code, out, err = nif("run", "direct", "--netns", "--app",
                             "iperf3-client", "--app-args",
                             f"192.0.2.1 {words}", "--", "iperf3", "-s", "-1")
        check(code == 0 and "the other side has counted" in out,
              f"client {words}: {code} {out} {err}")
    code, out, err = nif("run", "direct", "--netns", "--app", "iperf3-client",
                         "--app-args", "--nonsense")
    check(code == 1 and "NIF_EINVAL" in err, f"nonsense: {code} {err}")


def replay():
    need_netns()
    def name(kind, n):
        return str(FOLDER / f"{kind}{n}")
    stimuli = name("stimuli", 0)
    code, out, err = nif(
        "run", "enc28j60", "--netns", "--seed", "5", "--drop-chance", "3",
        "--reorder-chance", "3", "--duplicate-chance", "5", "--jitter", "1",
        "--record-stimuli", stimuli,
        "--trace", name("trace", 0), "--pcap", name("pcap", 0), "--",
        sys.executable, "-c", ECHO, "192.0.2.2", "7", "65536")
    check(code == 0 and "identical" in out, f"the run itself: {out} {err}")
    for n in (1, 2):
        code, out, err = nif("run", "--stimuli", stimuli, "--trace",
                             name("trace", n), "--pcap", name("pcap", n))
        check(code == 0, f"the repetition: {code} {out} {err}")
        for kind in ("trace", "pcap"):
            check(Path(name(kind, 0)).read_bytes() ==
                  Path(name(kind, n)).read_bytes(), f"{kind}s are the same")
    check(" spi enc28j60 " in Path(name("trace", 0)).read_text(),
          "the bus is in the trace")

    # With another seed it is another run, and that is told with the line.
    other = name("stimuli", 1)
    Path(other).write_text(Path(stimuli).read_text().replace(
        "# option seed 5\n", "# option seed 6\n"))
    code, _, err = nif("run", "--stimuli", other)
    check(code == 1 and f"{other}:" in err and "differs" in err,
          f"a difference: {code} {err}")
    code, _, err = nif("run", "--stimuli", stimuli, "--seed", "6")
    check(code == 2 and "--seed" in err, f"its options are its own: {err}")


def capture():
    """Frames of a capture, in virtual time, twice the same."""
    need_netns()
    first = str(FOLDER / "first.pcap")
    code, _, err = nif("ping", "enc28j60", "--count", "5", "--pcap", first)
    check(code == 0, err)
    seen = []
    for n in (1, 2):
        trace = FOLDER / f"trace{n}"
        code, out, err = nif("run", "enc28j60", "--pcap-in", first,
                             "--trace", str(trace), "--json")
        check(code == 0, f"exit {code} {err}")
        seen.append(trace.read_bytes())
        # Among the frames are the board's own, which it does not answer.
        check(json.loads(out)["frames_from_board"] >= 5, out)
    check(seen[0] == seen[1], "the same bytes twice")


def stop_and_look(process, mark, stop):
    """Ends a run by a signal and sees that nothing of it is left."""
    def names():
        return sorted(name for _, name in running(mark))
    everybody = ["nif", "nif-netns", "sleep", "sleep"]
    check(wait_until(lambda: names() == everybody),
          f"all are there at first: {names()}")
    process.send_signal(stop)
    code = process.wait(10)
    check(code == (-9 if stop == signal.SIGKILL else 0),
          f"{stop.name}: exit {code}")
    check(wait_until(lambda: not running(mark)),
          f"{stop.name} leaves {running(mark)}")


def leftovers():
    need_netns()
    mark = f"{os.getpid()}{time.time_ns() % 1000000:06}"  # of seconds
    links = Path("/sys/class/net")
    before = sorted(os.listdir(links))
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = subprocess.Popen(
            [NIF, "run", "enc28j60", "--netns", "--trace",
             str(FOLDER / "trace"), "--", "sh", "-c",
             f"sleep {mark} & exec sleep {mark}"], stdout=subprocess.DEVNULL)
        try:
            stop_and_look(process, mark, stop)
        finally:
            process.kill()
            process.wait()
        check(sorted(os.listdir(links)) == before, "interfaces are left")
        trace = (FOLDER / "trace").read_bytes()
        check(stop == signal.SIGKILL or trace.endswith(b"\n"),
              "the trace ends with a whole line")


def user():
    """As somebody who is not root."""
    need_netns()
    if os.geteuid() != 0:
        skip("this is an ordinary user already: the other parts show it")
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(NIF, folder)
        done = subprocess.run(
            [program, "ping", "enc28j60", "--count", "20", "--interval",
             "0.01"], capture_output=True, text=True, timeout=60, cwd="/",
            user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    if "cannot be made" in done.stderr:
        skip(done.stderr.strip())
    check(done.returncode == 0 and "20 received" in done.stdout, str(done))


def main():
    global NIF, FOLDER
    NIF = sys.argv[1]
    parts = [cli, ping, unplugged, page, echo_slirp, echo_netns, direct,
             quadrant_enc28j60, quadrant_w5500, quadrant_w5500_raw,
             quadrant_lan8720, quadrant_stm32_eth, quadrant_espat, iperf3,
             replay, capture, leftovers, user, wire]
    with tempfile.TemporaryDirectory() as folder:
        FOLDER = Path(folder)
        {part.__name__: part for part in parts}[sys.argv[2]]()
    print("good")


if __name__ == "__main__":
    main()
