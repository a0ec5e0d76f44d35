#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The bridge over a unix socket, between two programs:

    tests/bridge/unix.py NIF CLIENT

CLIENT, an example in C, holds each chip. Then either side dies, at every place
of a conversation, a second program comes, and programs of other versions meet.
"""

import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from outside import check  # noqa: E402

NIF, CLIENT = "", ""
PATH = Path()
HELLO = struct.pack("<BBH4sB", 1, 0, 5, b"NIFB", 1)
BYE = struct.pack("<BBH", 2, 0, 0)
NOW = struct.pack("<BBH", 0x10, 0, 0)


class Chip:
    """`nif chip` as long as its `with` does; then its exit code and words."""

    def __init__(self, chip, *words):
        self.command = [NIF, "chip", chip, "--listen", f"unix:{PATH}", *words]

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.line = self.process.stdout.readline()
        check(f"is at {PATH}" in self.line, f"it is there: {self.line}")
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            try:
                self.said, _ = self.process.communicate(timeout=20)
            finally:
                self.process.kill()
            self.code = self.process.returncode
        else:
            self.process.kill()


def client(timeout=20):
    done = subprocess.run([CLIENT, PATH], capture_output=True, text=True,
                          timeout=timeout, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(str(PATH))
    return s


def read(s, count):
    data = b""
    while len(data) < count:
        some = s.recv(count - len(data))
        if not some:
            raise EOFError(data)
        data += some
    return data


def ask(s, request):
    """The flags, result and payload of the reply."""
    s.sendall(request)
    head = read(s, 24)
    what, flags, count, result = struct.unpack("<BBHi", head[:8])
    check(what == request[0], f"the reply is to the request: {head}")
    read(s, 12 * head[20])
    return flags, result, read(s, count)


# ---- parts

def each_chip():
    for chip, says in (("enc28j60", "enc28j60: revision 6, at 1003 us"),
                       ("w5500", "w5500: version 4, at 1001 us"),
                       ("w5500-raw", "w5500-raw: version 4, at 1001 us"),
                       ("lan8720", "lan8720: PHY 1 is 0007:c0f1, at"),
                       ("espat", "espat: ATOK, at")):
        with Chip(chip) as served:
            code, said = client()
        check(code == 0 and says in said, f"{chip}: {code} {said}")
        check(served.code == 0 and " 0 of them refused" in served.said,
              f"{chip}: {served.code} {served.said}")
        check(not PATH.exists(), f"{chip}: the path is gone")


def the_program_dies():
    # In a request, between two, in an answer.
    whole = HELLO + NOW + NOW
    for at in (1, 5, len(HELLO), len(HELLO) + 2, len(whole)):
        with Chip("enc28j60") as served:
            s = connect()
            s.sendall(whole[:at])
            s.close()
        check(served.code == 1 and "the other side is gone" in served.said,
              f"after {at} bytes: {served.code} {served.said}")
        check("complaint" not in served.said, served.said)
        check(not PATH.exists(), "the path is gone")
    with Chip("enc28j60") as served:  # who goes without a word was not there
        connect().close()
        check(client()[0] == 0, "the next one is served")
    check(served.code == 0, served.said)
    with Chip("enc28j60") as served:  # in the middle of a transaction
        s = connect()
        check(ask(s, HELLO)[0] == 0, "hello")
        check(ask(s, struct.pack("<BBH", 0x20, 0, 0))[1] == 0, "selected")
        s.close()
    check(served.code == 1 and "complaint" not in served.said, served.said)


def the_chip_dies():
    # A server by hand, so that it dies where it is wanted to.
    answer = served_answer()
    for at in (0, 10, 24, len(answer) - 1, len(answer)):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(PATH))
            listener.listen()
            process = subprocess.Popen([CLIENT, PATH], text=True,
                                       stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            s, _ = listener.accept()
            read(s, len(HELLO))
            s.sendall(answer[:at])
            s.close()
            _, err = process.communicate(timeout=10)
        PATH.unlink()
        check(process.returncode == 1 and "nobody answers" in err,
              f"after {at} bytes: {process.returncode} {err}")
    # One that is told to stop says that it is over.
    with Chip("enc28j60") as served:
        s = connect()
        check(ask(s, HELLO)[0] == 0, "hello")
        served.process.send_signal(signal.SIGINT)
        check(read(s, 24)[1] == 2, "over")
    check(served.code == 0, f"{served.code} {served.said}")
    # Killed, it leaves its path, which the next one takes over.
    with Chip("enc28j60") as served:
        served.process.kill()
    check(PATH.exists() and client()[0] == 1, "nobody listens there")
    with Chip("enc28j60") as served:
        check(client()[0] == 0, "the next one is there")


def served_answer():
    """What a chip says to HELLO, byte by byte."""
    with Chip("enc28j60") as served:
        s = connect()
        s.sendall(HELLO)
        head = read(s, 24)
        answer = head + read(s, struct.unpack("<H", head[2:4])[0])
        check(ask(s, BYE)[0] == 0, "good-bye")
    check(served.code == 0, served.said)
    return answer


def a_second_program_is_told():
    with Chip("enc28j60") as served:
        first = connect()
        check(ask(first, HELLO)[0] == 0, "hello")
        for _ in range(3):
            code, said = client()
            check(code == 1 and "another program has this chip" in said,
                  f"the second: {code} {said}")
        s = connect()  # one that only looks
        time.sleep(0.1)
        check(ask(first, NOW)[0] == 0, "the first goes on")
        s.close()
        check(ask(first, BYE)[0] == 0, "good-bye")
    check(served.code == 0, f"{served.code} {served.said}")


def other_versions():
    for bad, says in ((b"NIFB\x02", "version"), (b"NIFA\x01", ""), (b"", "")):
        with Chip("enc28j60") as served:
            s = connect()
            flags, result, why = ask(
                s, struct.pack("<BBH", 1, 0, len(bad)) + bad)
            check(flags == 1 and result == -8 and says in why.decode() and why,
                  f"{bad}: {flags} {result} {why}")
        check(served.code == 1 and why.decode() in served.said,
              f"{bad}: {served.code} {served.said}")
    with Chip("enc28j60") as served:  # no HELLO at all
        s = connect()
        check(ask(s, NOW)[0] == 1, "it is refused")
    check(served.code == 1, served.said)
    # A server of the future, which refuses, or does not know us.
    answer = served_answer()
    why = b"version 1 is too old, get the next one"
    refusal = struct.pack("<BBHiQIB3x", 1, 1, len(why), -8, 0, 0, 0) + why
    for reply, says in ((refusal, why.decode()),
                        (answer[:24] + b"\x02" + answer[25:], "protocol")):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(PATH))
            listener.listen()
            process = subprocess.Popen([CLIENT, PATH], text=True,
                                       stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            s, _ = listener.accept()
            read(s, len(HELLO))
            s.sendall(reply)
            _, err = process.communicate(timeout=10)
            s.close()
        PATH.unlink()
        check(process.returncode == 1 and says in err,
              f"{process.returncode} {err}")


def a_serial_line():
    """There is no bridge: who is there speaks AT."""
    command = [NIF, "chip", "espat", "--listen", f"uart:{PATH}"]
    served = subprocess.Popen(command, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        check(f"is at {PATH}" in served.stdout.readline(), "it is there")
        s = connect()
        s.settimeout(0.5)
        heard = b""
        for _ in range(30):  # it is still booting, perhaps
            s.sendall(b"AT\r\n")
            try:
                while b"\r\nOK\r\n" not in heard:
                    heard += s.recv(4096)
                break
            except TimeoutError:
                pass
        check(b"\r\nOK\r\n" in heard, f"the module answers: {heard}")
        check(not PATH.exists() and client()[0] == 1, "nobody else can come")
        s.close()
        said, _ = served.communicate(timeout=20)
    finally:
        served.kill()
    check(served.returncode == 0 and "requests" not in said,
          f"the program goes, and that is the end: {said}")
    done = subprocess.run([NIF, "chip", "w5500", "--listen", f"uart:{PATH}"],
                          capture_output=True, text=True, timeout=20)
    check(done.returncode == 2 and "no serial line" in done.stderr, str(done))
    check(not PATH.exists(), "the path is gone")


def bad_paths():
    for where, code, says in (
            ("unix:/nonexistent/x", 1, "/nonexistent/x"),
            ("unix:/dev/null", 1, "/dev/null"),
            ("unix:", 2, "unix:PATH, fifo:PATH"),
            ("unix:" + "x" * 104, 2, "103 bytes"),
            ("tcp:1", 2, "unix:PATH, fifo:PATH")):
        done = subprocess.run([NIF, "chip", "enc28j60", "--listen", where],
                              capture_output=True, text=True, timeout=20)
        check(done.returncode == code and says in done.stderr,
              f"{where}: {done}")
    with Chip("enc28j60") as served:
        done = subprocess.run(served.command, capture_output=True, text=True,
                              timeout=20)
        check(done.returncode == 1 and "in use" in done.stderr.lower(),
              f"two servers: {done}")
        check(client()[0] == 0, "the first is still served there")
    done = subprocess.run([NIF, "chip", "direct", "--listen", f"unix:{PATH}"],
                          capture_output=True, text=True, timeout=20)
    check(done.returncode == 2 and "no bus" in done.stderr, str(done))


def fifos():
    """What is not its own it leaves alone; what was left behind it takes."""
    base = Path(f"{PATH}-fifo")
    ends = [base.with_name(base.name + end) for end in (".out", ".in")]
    command = [NIF, "chip", "w5500", "--listen", f"fifo:{base}"]
    def refused(words, says):
        done = subprocess.run(words, capture_output=True, text=True,
                              timeout=20, stdin=subprocess.DEVNULL)
        check(done.returncode == 1 and says in done.stderr, f"{done}")
    def begin():
        served = subprocess.Popen(command, text=True, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE)
        check("is at" in served.stdout.readline(), "it is there")
        return served
    refused([*command[:-1], "fifo:/nonexistent/x"], "No such file")
    for end in ends:
        end.write_text("mine")
        refused(command, "no FIFO")
        check(end.read_text() == "mine", f"{end} is left alone")
        end.unlink()
    served = begin()
    refused(command, "another program")
    check(all(end.is_fifo() for end in ends), "the first one's stay")
    served.kill()
    served.communicate()
    served = begin()
    served.send_signal(signal.SIGINT)
    served.communicate(timeout=20)
    check(served.returncode == 0 and not any(end.exists() for end in ends),
          "what a run that was killed has left is taken and goes in the end")


def main():
    global NIF, CLIENT, PATH
    NIF, CLIENT = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        PATH = Path(folder) / "chip"
        for part in (each_chip, the_program_dies, the_chip_dies,
                     a_second_program_is_told, other_versions, a_serial_line,
                     bad_paths, fifos):
            part()
            print(f"{part.__name__}: good")


if __name__ == "__main__":
    main()
