#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds core and drivers for Cortex-M0+ as a board would, and prints what
they take. Fails on any warning, on a symbol that freestanding C does not
have, and where a part outgrows tests/size.budget."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PREFIX = "arm-none-eabi-"
# Parts of the stack that are linked only when they are named.
OPTIONAL = ("acd", "fragment", "icmp_errors", "igmp", "reassembly", "routes",
            "tcp_early", "tcp_fast", "tcp_icmp", "tcp_keep", "tcp_listen",
            "tcp_pool", "tcp_push", "tcp_recovery", "tcp_refs", "tcp_sack",
            "tcp_stamp", "udp_fast", "udp_queue")
# What a part may want from outside: the C library's memory functions, and
# the compiler's helpers for what a Cortex-M0+ has no instruction for.
ALLOWED = re.compile(r"^(mem(cpy|set|move|cmp)|str(len|cmp|ncmp)|memchr|"
                     r"__aeabi_\w+|__gnu_thumb1_case_\w+|nif_\w+)$")


def build(folder):
    for command in (
            ["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja",
             f"--toolchain={ROOT}/tools/cmake/cm0plus.cmake",
             "-DNIF_HOST=OFF", "-DNIF_WERROR=ON",
             "-DCMAKE_BUILD_TYPE=MinSizeRel"],
            ["ninja", "-C", folder]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(done.stdout, done.stderr)
            sys.exit(1)


def measure(folder):
    """{part: [text, rodata, data, bss]}; a part is a folder of sources."""
    parts = {}
    for obj in sorted(Path(folder).rglob("*.obj")) + \
            sorted(Path(folder).rglob("*.o")):
        name = part_of(str(obj.relative_to(folder)))
        sizes = parts.setdefault(name, [0, 0, 0, 0])
        out = subprocess.run([PREFIX + "size", "-A", obj], text=True,
                             capture_output=True, check=True).stdout
        for line in out.splitlines():
            fields = line.split()
            for i, kind in enumerate((".text", ".rodata", ".data", ".bss")):
                if fields and re.match(re.escape(kind) + r"(\.|$)", fields[0]):
                    sizes[i] += int(fields[1])
    return parts


def part_of(path):
    m = re.match(r"drivers/(?:CMakeFiles/nif_drivers.dir/)?([a-z]\w+)/", path)
    if m:
        return m[1]
    m = re.match(r"core/CMakeFiles/nif_core.dir/(tcpip|clients)/(\w+)", path)
    if m:
        own = m[1] == "clients" or m[2] in OPTIONAL
        return m[2] if own else "tcpip"
    m = re.match(r"core/CMakeFiles/nif_core.dir/"
                 r"(net|fd|resolver|connector|wait|addr|phy|mac)", path)
    if m:
        return {"wait": "net", "addr": "connector"}.get(m[1], m[1])
    if path.startswith("core/CMakeFiles/nif_core.dir/trace"):
        return "recorder"
    return "interfaces"


def undefined(folder):
    """Symbols that the libraries want and do not have."""
    wanted, had = set(), set()
    for lib in Path(folder).rglob("*.a"):
        out = subprocess.run([PREFIX + "nm", lib], text=True,
                             capture_output=True, check=True).stdout
        for line in out.splitlines():
            m = re.match(r"^[0-9a-f ]{8} ([A-Za-z]) (\S+)$", line)
            if m:
                (wanted if m[1] == "U" else had).add(m[2])
    return sorted(s for s in wanted - had if not ALLOWED.match(s))


def memory(folder):
    """{struct: bytes} of what an application has in its RAM for the stack."""
    names = ("nif_conn", "nif_tcpip", "nif_tcp_more")
    code = '#include "nif/tcpip.h"\n' + "".join(
        f"extern char {n}[]; char {n}[sizeof(struct {n})];\n" for n in names)
    obj = Path(folder) / "memory.o"
    subprocess.run([PREFIX + "gcc", "-mcpu=cortex-m0plus", "-mthumb", "-xc",
                    f"-I{ROOT}/core/include", "-c", "-", "-o", obj],
                   input=code, text=True, check=True)
    out = subprocess.run([PREFIX + "nm", "-S", obj], text=True,
                         capture_output=True, check=True).stdout
    return {line.split()[3]: int(line.split()[1], 16)
            for line in out.splitlines()}


def budgets():
    for line in (ROOT / "tests/size.budget").read_text().splitlines():
        if line and not line.startswith("#"):
            part, limit = line.split()
            if "." not in part:  # else of an image: tests/boards/image.py
                yield part, int(limit)


def main():
    if not shutil.which(PREFIX + "gcc"):
        print(f"skipped: {PREFIX}gcc is not installed")
        return 77
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        build(folder)
        parts = measure(folder)
        missing = undefined(folder)
        ram = memory(folder)
    print("<<<\nCortex-M0+, gcc -Os           text  rodata    data     bss")
    for name, sizes in sorted(parts.items()):
        print(f"  {name:24}" + "".join(f"{s:8}" for s in sizes))
    for name, size in sorted(ram.items()):
        print(f"  struct {name:17}{size:8} bytes of RAM")
    print(">>>")
    for symbol in missing:
        bad = 1
        print(f"{symbol}: not freestanding")
    for part, limit in budgets():
        used = sum(parts[part][:2]) if part in parts else None
        if used is None or used > limit:
            bad = 1
            print(f"{part}: {used} bytes of text and rodata, tests/size.budget"
                  f" allows {limit}")
    return bad


if __name__ == "__main__":
    sys.exit(main())
