#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a program does not name is not linked: looks into tests/core/minimal.c
as it was built, linked.py PROGRAM LIBRARY."""

import re
import subprocess
import sys

# Files of the core that only a program that names them may contain.
PARTS = ("acd", "dhcp", "dhcp_acd", "dns", "fragment", "icmp_errors", "igmp",
         "linklocal", "reassembly", "routes", "tcp_early", "tcp_fast",
         "tcp_icmp", "tcp_keep", "tcp_listen", "tcp_pool", "tcp_push",
         "tcp_recovery", "tcp_refs", "tcp_sack", "tcp_stamp", "udp_fast",
         "udp_queue")


def symbols(path, *options):
    out = subprocess.run(["nm", *options, path], text=True, check=True,
                         capture_output=True).stdout
    return out.splitlines()


def of_parts(library):
    """{symbol: part} for every symbol that an optional object defines."""
    found = {}
    part = None
    for line in symbols(library):
        if line.endswith(":"):
            part = re.sub(r"\..*", "", line)
        m = re.match(r"[0-9a-f]+ [A-Za-z] (\w+)$", line)
        if m and part in PARTS:
            found[m[1]] = part
    return found


def main(program, library):
    parts = of_parts(library)
    missing = set(PARTS) - set(parts.values())
    if missing:
        print(f"{library} has no {', '.join(sorted(missing))}")
        return 1
    linked = {line.split()[-1] for line in symbols(program) if line}
    if "nif_tcpip_init_bare" not in linked:
        print(f"{program} has no stack")
        return 1
    # A static helper's name may occur anywhere: those that are told apart.
    bad = sorted(s for s in linked & set(parts)
                 if s.startswith("nif_") or s.startswith(parts[s] + "_"))
    for symbol in bad:
        print(f"{symbol} of {parts[symbol]} is linked, and nobody named it")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
