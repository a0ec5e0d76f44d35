#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The stack against programs that others wrote: interop.py NIF PART.

The stack stands at the wire without a chip (`nif run direct`), in a network
namespace of its own; each program runs inside as its peer. What passed is
looked at by tshark, with checksum validation on: nothing may be malformed,
and on a wire without losses nothing may be sent twice, go missing or come
out of order.

Exit 77 with a line "skipped: why" where the machine lacks a program.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import e2e
from e2e import check, need, need_netns

BOARD = "192.0.2.2"
HOST = "192.0.2.1"
CAPTURE = ""
# What tshark calls an anomaly and a wire without losses does not explain.
ANOMALY = " || ".join(f"tcp.analysis.{flag}" for flag in (
    "retransmission", "fast_retransmission", "spurious_retransmission",
    "out_of_order", "lost_segment", "ack_lost_segment", "duplicate_ack"))


def board(inside, *options, timeout=100, pcap=True):
    """Runs a board and, in its network, `inside`: a list of commands.

    Returns what each said and its exit code, as a list of (code, text).
    """
    script = Path(CAPTURE).parent / "inside.json"
    script.write_text(json.dumps(inside))
    words = ["run", "direct", "--netns", *options]
    if pcap:
        words += ["--pcap", CAPTURE]
    code, out, err = e2e.nif(*words, "--", sys.executable, __file__,
                             "--inside", str(script), timeout=timeout)
    lines = [line for line in out.splitlines() if line.startswith("{")]
    check(code == 0 and len(lines) == len(inside), f"{code} {out} {err}")
    said = [json.loads(line) for line in lines]
    return [(s["code"], s["text"]) for s in said]


def inside(script):
    """In the namespace: runs the commands, one after the other. One that
    begins with "&" goes on beside the next, and is ended at the end."""
    beside = []
    # To who acknowledges selectively, Linux says its last segment again when
    # the answer is late by two round trips (RFC 8985 7). On a busy machine it
    # may be, and nothing was lost.
    Path("/proc/sys/net/ipv4/tcp_early_retrans").write_text("0")
    for command in json.loads(Path(script).read_text()):
        if command[0] == "&":
            beside.append(subprocess.Popen(
                command[1:], text=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
            time.sleep(0.5)
            result = {"code": 0, "text": ""}
        else:
            done = subprocess.run(command, text=True, errors="replace",
                                  stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            result = {"code": done.returncode, "text": done.stdout}
        print(json.dumps(result), flush=True)
    for child in beside:
        child.terminate()
        child.wait(5)


def tshark(*words):
    return subprocess.run(["tshark", "-r", CAPTURE, *e2e.CHECKS, *words],
                          capture_output=True, text=True, timeout=100,
                          check=True).stdout.splitlines()


def clean_wire():
    """Nothing malformed, no anomaly."""
    need("tshark")
    e2e.tshark_finds_nothing(CAPTURE)
    odd = tshark("-Y", ANOMALY)
    check(not odd, f"{len(odd)} anomalies on a clean wire: {odd[:5]}")


# ---- parts

def ping_sizes():
    """Every power of two and its neighbours, what fits a frame and what does
    not, up to the largest there is."""
    need("ping")
    sizes = sorted({0, 1, 8, 1471, 1472, 1473, 2952, 2953, 40000, 65507} |
                   {(1 << k) + d for k in range(3, 16) for d in (-1, 0, 1)})
    # One each: with an answer in hand, ping does not wait for the next.
    results = board([["ping", "-q", "-c", "1", "-W", "5", "-s", str(size),
                      BOARD] for size in sizes])
    for size, (code, text) in zip(sizes, results):
        check(code == 0 and "1 received" in text, f"{size} bytes: {text}")
    # Many at a time.
    (code, text), = board([["ping", "-q", "-f", "-c", "5000", BOARD]])
    check(code == 0 and "5000 received" in text, text)
    clean_wire()


def curl():
    need("curl")
    page = ["curl", "-sS", "--max-time", "10", f"http://{BOARD}/"]
    parallel = ["curl", "-sS", "--max-time", "20", "-Z", "--parallel-max", "2",
                "-w", "<%{http_code}>"]
    results = board([page, page + ["-I"], page[:-1] +
                     [f"http://{BOARD}/nowhere"], parallel +
                     [f"http://{BOARD}/"] * 20])
    check(results[0][0] == 0 and "<b>direct</b>" in results[0][1],
          results[0])
    check("404" in results[2][1], results[2])
    check(results[3][1].count("<200>") == 20, results[3])
    clean_wire()


def socat():
    """1 MiB through the echo, by somebody else's program, both ways of
    closing; and datagrams."""
    need("socat")
    source = Path(CAPTURE).parent / "data"
    source.write_bytes(os.urandom(1 << 20))
    script = (f"socat -u FILE:{source} STDOUT | socat -t 9 - "
              f"TCP:{BOARD}:7 | cmp - {source} && echo same")
    udp = (f"for n in 1 100 1472; do head -c $n {source} > {source}.$n; "
           f"socat -t 0.5 - UDP:{BOARD}:7 < {source}.$n | cmp - {source}.$n "
           "&& echo same; done")
    refused = ["socat", "-u", "/dev/null", f"TCP:{BOARD}:9"]
    results = board([["sh", "-c", script], ["sh", "-c", udp], refused])
    check(results[0][1] == "same\n", results[0])
    check(results[1][1] == "same\n" * 3, results[1])
    check("refused" in results[2][1], results[2])
    clean_wire()


def iperf3():
    """As much as goes, both ways: nothing is sent twice without a loss."""
    need("iperf3")
    client = ["iperf3", "-c", BOARD, "-n", "4M"]
    results = board([client, client + ["-R"]], "--app", "iperf3")
    for code, text in results:
        check(code == 0, text)
    clean_wire()


def lossy():
    """On a wire that loses frames each repetition of ours has a loss that
    explains it: of what we sent, or of the peer's word that it came."""
    need("socat", "tshark")
    code, out, err = e2e.nif(
        "run", "direct", "--netns", "--drop-chance", "3", "--pcap", CAPTURE,
        "--json", "--", "sh", "-c", "head -c 1000000 /dev/zero | "
        f"socat -t 9 - TCP:{BOARD}:7 | wc -c", timeout=100)
    lines = out.splitlines()
    check(code == 0 and lines[0].strip() == "1000000", f"{code} {out} {err}")
    # The capture has what we sent, lost or not, and what came.
    found = json.loads(lines[-1])
    ours = len(tshark("-Y", f"ip.src == {BOARD} || arp.src.proto_ipv4 == "
                      f"{BOARD}"))
    theirs = len(tshark("-Y", f"ip.src == {HOST} || arp.src.proto_ipv4 == "
                        f"{HOST}"))
    lost = (ours - found["frames_from_board"]) + \
        (found["frames_to_board"] - theirs)
    again = len(tshark("-Y", f"ip.src == {BOARD} && (" + " || ".join(
        f"tcp.analysis.{flag}retransmission"
        for flag in ("", "fast_", "spurious_")) + ")"))
    check(lost > 20 and 0 < again <= lost, f"{lost} lost, {again} sent again")
    e2e.tshark_finds_nothing(CAPTURE)


def nmap():
    """Scans of every kind find what is there, and leave it standing."""
    need("nmap")
    scan = ["nmap", "-n", "-Pn", "-T5", "-p", "1-100", "--max-retries", "2"]
    kinds = ["-sS", "-sT", "-sF", "-sN", "-sX", "-sM"]
    results = board([scan + [kind, BOARD] for kind in kinds] +
                    [["nmap", "-n", "-Pn", "-sU", "-p", "7", BOARD],
                     ["nmap", "-n", "-Pn", "-sO", "--max-retries", "1",
                      "-p", "1,6,17", BOARD],
                     ["nmap", "-n", "-Pn", "-O", "--max-os-tries", "1", "-p",
                      "7,80,1", BOARD],
                     ["ping", "-q", "-c", "3", "-i", "0.01", BOARD]],
                    timeout=170)
    for kind, (code, text) in zip(kinds[:2], results[:2]):
        found = re.findall(r"(\d+)/tcp\s+open ", text)
        check(code == 0 and found == ["7", "80"], f"{kind}: {text}")
    check("7/udp open" in results[6][1], results[6])
    guess = results[8][1]
    found = re.search(r"SP=([0-9A-F]+)", "".join(
        line[3:] for line in guess.splitlines() if line.startswith("OS:")))
    check(found is None or int(found[1], 16) >= 0xF0,
          f"sequence numbers are to be unpredictable: {guess}")
    check("3 received" in results[9][1], results[9])
    need("tshark")
    e2e.tshark_finds_nothing(CAPTURE)


def hping3():
    """Floods: the stack serves on, while they last and after."""
    need("hping3", "curl")
    flood = ["hping3", "--faster", "-q", "-c", "8000", "--rand-source"]
    page = ["curl", "-sS", "--max-time", "8", f"http://{BOARD}/"]
    results = board([
        ["&", *flood[:4], "100000", "--rand-source", "-S", "-p", "80", BOARD],
        page,
        flood + ["--udp", "-p", "7", BOARD],
        flood + ["--icmp", BOARD],
        flood + ["-f", "-d", "200", "--udp", "-p", "7", BOARD],
        ["hping3", "--faster", "-q", "-c", "4000", "-A", "-p", "80", BOARD],
        ["hping3", "--faster", "-q", "-c", "4000", "-R", "-p", "80", BOARD],
        ["hping3", "--faster", "-q", "-c", "2000", "-S", "-a", BOARD, "-p",
         "80", BOARD],
        page,
        ["ping", "-q", "-c", "5", "-i", "0.05", BOARD]], pcap=False,
        timeout=170)
    for n in (1, 8):
        check(results[n][0] == 0 and "<b>direct</b>" in results[n][1],
              results[n])
    check("5 received" in results[9][1], results[9])


def status(code_text):
    """What `--app neighbour` says, as {first word: rest}."""
    code, text = code_text
    check(code == 0, text)
    return dict(line.split(" ", 1) for line in text.splitlines()
                if " " in line)


def ask(address):
    """Asks it until it is there."""
    return ["sh", "-c", "for n in $(seq 100); do socat -T 2 - "
            f"TCP:{address}:79,connect-timeout=1 2>/dev/null && exit; "
            "sleep 0.2; done; exit 1"]


def dnsmasq():
    """Leases, renewals, a refusal, and names."""
    need("dnsmasq", "socat")
    folder = Path(CAPTURE).parent
    # As it runs for debugging: in a user namespace it cannot change its group.
    def server(address):
        return ["sh", "-c", "echo $$ > " + str(folder / "pid") + "; exec "
                "dnsmasq -d -C /dev/null -R -h -i nif0 -z "
                f"--dhcp-range={address},{address},2m --dhcp-authoritative "
                "--dhcp-option=58,3 --dhcp-option=59,8 "
                f"--address=/host.test/192.0.2.9 -l {folder}/leases"]
    stop = ["sh", "-c", f"kill $(cat {folder}/pid); rm {folder}/leases"]
    results = board(
        [["&", *server("192.0.2.50")], ask("192.0.2.50"), ["sleep", "7"],
         ask("192.0.2.50"), stop, ["&", *server("192.0.2.70")],
         ask("192.0.2.70")],
        "--dhcp", "--app", "neighbour", "--app-args", "lookup=host.test")
    first, renewed, moved = (status(results[n]) for n in (1, 3, 6))
    check(first["address"] == "192.0.2.50/24" and
          first["lease"] == "1 renewals 0 refusals 0" and
          first["gateway"] == "192.0.2.1", first)
    check(renewed["lookup"] == "host.test 192.0.2.9", renewed)
    check(int(renewed["lease"].split()[2]) >= 1, renewed)
    check(moved["address"] == "192.0.2.70/24" and
          moved["lease"].endswith("refusals 1"), moved)
    need("tshark")
    e2e.tshark_finds_nothing(CAPTURE)


def avahi():
    """Each finds the other, by name and by service."""
    need("avahi-daemon", "avahi-resolve", "dbus-daemon", "socat")
    folder = Path(CAPTURE).parent
    (folder / "bus.conf").write_text(
        "<busconfig><type>session</type>"
        f"<listen>unix:path={folder}/bus</listen><policy context='default'>"
        "<allow send_destination='*' eavesdrop='true'/>"
        "<allow eavesdrop='true'/><allow own='*'/></policy></busconfig>")
    # In a user namespace there is only root: everybody is.
    (folder / "passwd").write_text("root:x:0:0::/:/bin/sh\n"
                                   "avahi:x:0:0::/:/bin/sh\n")
    (folder / "group").write_text("root:x:0:\navahi:x:0:\n")
    (folder / "avahi.conf").write_text(
        "[server]\nhost-name=peer\nuse-ipv6=no\nallow-interfaces=nif0\n"
        "[publish]\npublish-workstation=no\n")
    bus = f"DBUS_SYSTEM_BUS_ADDRESS=unix:path={folder}/bus"
    tries = "for n in $(seq 9); do timeout 5 %s && exit; sleep 1; done; exit 1"
    results = board(
        [["&", "dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork",
          "--nopidfile"],
         ["&", "unshare", "-m", "sh", "-c",
          f"mount -t tmpfs none /run; mount --bind {folder}/passwd "
          f"/etc/passwd; mount --bind {folder}/group /etc/group; exec env "
          f"{bus} avahi-daemon -f {folder}/avahi.conf --no-drop-root "
          "--no-rlimits --no-chroot"],
         ["env", bus, "sh", "-c", tries % "avahi-resolve -4 -n board.local"],
         ["env", bus, "sh", "-c",
          tries % "avahi-browse -trp _finger._tcp"],
         ["sleep", "2"], ask(BOARD)],
        "--app", "neighbour", "--app-args", "name=board lookup=peer.local")
    check(results[2][1].split() == ["board.local", BOARD], results[2])
    found = [line.split(";") for line in results[3][1].splitlines()
             if line.startswith("=")][0]
    check(found[3:9] == ["board", "_finger._tcp", "local", "board.local",
                         BOARD, "79"], found)
    check(status(results[5])["lookup"] == f"peer.local {HOST}", results[5])
    need("tshark")
    e2e.tshark_finds_nothing(CAPTURE)


def chrony():
    """The time of day."""
    need("chronyd", "socat")
    folder = Path(CAPTURE).parent
    conf = folder / "chrony.conf"
    conf.write_text("local stratum 8\nallow all\ncmdport 0\n"
                    f"pidfile {folder}/pid\ndriftfile {folder}/drift\n")
    results = board(
        [["&", "chronyd", "-d", "-x", "-u", "root", "-f", str(conf)],
         ["sleep", "18"], ask(BOARD), ["date", "+%s.%N"]],
        "--app", "neighbour", "--app-args", f"sntp={HOST}")
    found = status(results[2])
    check("time" in found and
          abs(float(found["time"]) - float(results[3][1])) < 1, results)
    need("tshark")
    e2e.tshark_finds_nothing(CAPTURE)


def udhcpc():
    """Our DHCP server, and somebody else's client."""
    need("busybox")
    script = Path(CAPTURE).parent / "script"
    script.write_text("#!/bin/sh\n[ $1 = bound ] && echo got $ip $mask "
                      "$router $dns $lease\nexit 0\n")
    script.chmod(0o755)
    (first, again) = board(
        [["busybox", "udhcpc", "-i", "nif0", "-n", "-q", "-f", "-s",
          str(script)]] * 2, "--app", "dhcpd")
    for code, text in (first, again):
        found = re.search(r"got (\S+) (\S+) (\S+) (\S+) (\S+)", text)
        check(code == 0 and found is not None, text)
        check(found[1].startswith("192.0.2.") and
              found.groups()[1:] == ("24", BOARD, BOARD, "600"), text)
    check(first[1].split("got ")[1] == again[1].split("got ")[1],
          "the same address again")
    need("tshark")
    e2e.tshark_finds_nothing(CAPTURE)


PARTS = [ping_sizes, curl, socat, iperf3, lossy, nmap, hping3, dnsmasq, avahi,
         chrony, udhcpc]


def main():
    global CAPTURE
    if sys.argv[1] == "--inside":
        inside(sys.argv[2])
        return
    e2e.NIF = os.path.abspath(sys.argv[1])
    need_netns()
    with tempfile.TemporaryDirectory() as folder:
        e2e.FOLDER = Path(folder)
        CAPTURE = str(Path(folder) / "wire.pcap")
        {part.__name__: part for part in PARTS}[sys.argv[2]]()
    print("good")


if __name__ == "__main__":
    main()
