# SPDX-License-Identifier: MIT
"""What other stacks take on a Cortex-M0+: constants, measured once in the
same way (gcc 12.2 -Os, software checksums, MSS 1460, eight segments of
window), not measured anew. docs/benchmarks.md says more.

"lwIP" is 2.2.1 as it comes, "best" the least of it, its third checksum
algorithm at -O2, and a checksum in assembly. "floor" is a deliberately bare
stack of 130 lines: one connection, no reassembly, no congestion control. "aim"
is what we want of ours.
"""

# figure: what a person reads, instructions of lwIP, best, floor, aim
INSTRUCTIONS = {
    "tcp-send-ref": ("TCP send, 1460 B referenced", 7382, 2959, 951, 1300),
    "tcp-send": ("TCP send, 1460 B copied", 8415, 3888, 1112, 1450),
    "tcp-look": ("TCP receive, 1460 B in place", 6966, 2446, 841, 1100),
    "tcp-copy": ("TCP receive, 1460 B copied", None, None, None, None),
    "udp-echo-64": ("UDP echo, 64 B", 2041, 1695, 489, 650),
    "udp-echo-1472": ("UDP echo, 1472 B", 11889, 2831, 1721, 1900),
    "ping-56": ("ICMP echo, 56 B", 1488, 1428, 299, 400),
    "ping-1472": ("ICMP echo, 1472 B", 6436, 1927, 845, 950),
    "arp": ("ARP request answered", 1280, 1280, 485, 300),
    "udp-closed": ("UDP broadcast, closed port", 664, 664, 63, 100),
    "connect-active": ("TCP connect", 4398, 4398, 991, 1600),
    "connect-passive": ("TCP accept", 4483, 4483, 1049, 1600),
    "close-active": ("TCP close, first", 5121, 5121, 1182, 1700),
    "close-passive": ("TCP close, second", 5109, 5109, 1168, 1700),
    "message-send": ("TCP message sent, 64 B", 3864, 3700, 598, 900),
    "message-recv": ("TCP message received, 64 B", 3200, 3036, 498, 750),
    "idle": ("idle poll", 24, 24, 12, 15),
    "idle-connected": ("idle poll, one connection", 24, 24, 15, 15),
}

# what a person reads, bytes of lwIP, floor, aim; sizes.py has ours
SIZES = (
    ("ARP IP ICMP UDP TCP DHCP DNS: text", 26308, 3300, 10240),
    ("  rodata", 208, 50, 400),
    ("  data", 8, 0, 0),
    ("  bss, beside the caller's buffers", 14116, 4774, 1024),
    ("  libraries of C and compiler", 1517, 0, 400),
    ("  with all parts of TCP: text", 26308, None, None),
    ("  with fragments, groups, ACD: text", 30474, None, 16384),
    ("  rodata", 280, None, 400),
    ("  data", 8, None, 0),
    ("  bss", 14879, None, 1024),
    ("all that core has: text", None, None, None),
    ("  rodata", None, None, None),
    ("a TCP connection, without nif_conn_cfg", 156, 60, 96),
    ("struct nif_conn", None, None, None),
    ("struct nif_tcpip", None, None, None),
    ("struct nif_dhcp", None, None, None),
    ("struct nif_dns", None, None, None),
)
