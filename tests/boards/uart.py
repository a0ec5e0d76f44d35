#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A module with AT firmware at QEMU's own serial port: uart.py NIF BUILD.

Firmware, driver and PL011 are those of a board; the module is the model behind
a socket, in real time. The host gets the board's page and has a text echoed;
the board fetches the host's page. Exit code 77: something is missing here.
"""

import subprocess
import sys
import tempfile
import threading
from http.server import HTTPServer
from pathlib import Path

from fw import PAGE, Server
from images import images_of, need, skip

BOARD = "lm3s6965evb"
# Inside the module's network: its page, then an echo of datagrams.
HOST = """
import hashlib, socket, time
board = "192.0.2.2"
until = time.monotonic() + 60
page = b""
while b"</ul>" not in page and time.monotonic() < until:
    try:
        s = socket.create_connection((board, 80), 20)
        s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        page = b""
        while some := s.recv(4096):
            page += some
    except OSError:
        time.sleep(0.2)
print(page.decode())
data = hashlib.shake_256(b"netif").digest(1000)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
good = 0
for n in range(20):
    s.sendto(data[n:], (board, 7))
    try:
        good += s.recv(2048) == data[n:]
    except TimeoutError:
        pass
print("echoes:", good)
"""


def run(nif, example, images, args, *words):
    done = subprocess.run(
        [nif, "fw", "run", BOARD, example, "--images", images, "--chip",
         "espat", "--uart", "--args", args, "--timeout", "120", *words],
        text=True, timeout=150, check=False, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.replace("\r\n", "\n")


def main():
    nif, build = sys.argv[1:]
    need("ip", "unshare")
    if subprocess.run(["unshare", "-Urn", "true"], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        skip("no private network namespaces here")
    images = images_of(nif, build, BOARD, "uart-espat-services",
                       "uart-espat-fetch")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "host.py"
        script.write_text(HOST)
        code, said = run(nif, "services", images, "ip=192.0.2.2/24", "--netns",
                         "--", sys.executable, script)
    # Datagrams may be lost while the line is busy, but not many.
    good = said.split("echoes: ")[-1].split()[0] if "echoes: " in said else "0"
    if code or f"<b>{BOARD}-espat</b> at 192.0.2.2" not in said or \
            int(good) < 18:
        sys.exit(f"services: exit {code}:\n{said}")
    print(f"a page, and {good} of 20 datagrams")

    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://10.0.2.2:{server.server_port}/page"
    code, said = run(nif, "fetch", images, url)
    if code or PAGE not in said:
        sys.exit(f"fetch: exit {code}:\n{said}")
    print(f"a page of {len(PAGE)} bytes from the host")


if __name__ == "__main__":
    main()
