#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each row of tests/conformance/packets.txt is named by a test of the core.

A test names CVE-2020-11896 in a comment or a text; numbers of the same year may
follow it ("CVE-2020-25107 to 25111", "CVE-2020-17439, 17470")."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LIST = "tests/conformance/packets.txt"
WORD = re.compile(r"(?:CVE-)?(\d{4})-(\d+)|\b(to )?(\d{4,5})\b|CVE|\"")


def named(text):
    """The CVEs that the comments and texts of a source name, as YEAR-N."""
    found = set()
    for line in re.findall(r"CVE-\d{4}-.*(?:\n\s*//.*)*", text):
        year, last = None, 0
        for m in WORD.finditer(line):
            if m[1]:
                year, last = m[1], int(m[2])
            elif m[4] and year:
                first = last + 1 if m[3] else int(m[4])
                last = int(m[4])
                found |= {f"{year}-{n:04}" for n in range(first, last)}
            else:
                continue
            found.add(f"{year}-{last:04}")
    return found


def main():
    tests = set()
    for path in (ROOT / "tests/core").glob("test_*.c"):
        tests |= named(path.read_text())
    bad = []
    rows = 0
    for n, line in enumerate((ROOT / LIST).read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.split("|")]
        if not line or line.startswith("#"):
            continue
        ids = cells[0].split()
        rows += 1
        if len(cells) not in (2, 3) or not ids or \
                not all(re.fullmatch(r"\d{4}-\d+", i) for i in ids):
            bad.append(f"{LIST}:{n}: not `CVEs | packet`")
        elif len(cells) == 3 and not cells[2].startswith("n/a: "):
            bad.append(f"{LIST}:{n}: not `n/a: why`")
        elif len(cells) == 2 and not tests & set(ids):
            bad.append(f"{LIST}:{n}: no test names CVE-{ids[0]}")
    print("\n".join(bad) or f"{rows} kinds of packets, each with its test")
    return 1 if bad or rows == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
