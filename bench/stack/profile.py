#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Says which functions the instructions of each figure are spent in.

    bench/stack/profile.py BUILD [--lines] [FIGURE...]   # as in anchors.py

Below a function stand those that the compiler has put into it or, with
--lines, its lines of source. Without figures it ends with the sizes of the
objects of an image. Cycles are a model's (cycles.py).

QEMU writes down the address of every instruction (-singlestep -d exec); what
lies between meter_on() and meter_off() and not in the device is counted by
function, and must come to what the image itself has counted: the exit code is
1 where it does not. Takes about half a minute.
"""

import bisect
import re
import subprocess
import sys
import threading
from pathlib import Path

import cycles
import sizes
import target

PREFIX = "arm-none-eabi-"
ADDRESS = re.compile(rb"\[[0-9a-f]+/([0-9a-f]{8})/")


def functions(image):
    """Sorted [(address, end, name)] of what the image can execute."""
    out = target.run([PREFIX + "nm", "-S", "--defined-only", image])
    found = []
    for line in out.splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[2] in "tTwW":
            at = int(fields[0], 16) & ~1
            found.append((at, at + int(fields[1], 16), fields[3]))
    # Assembly of the C library's has no sizes.
    for line in out.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] in "tT" and fields[2][0] != "$":
            at = int(fields[0], 16) & ~1
            if not any(a <= at < b for a, b, _ in found):
                found.append((at, at, fields[2]))
    return sorted(found)


class Names:
    """The function that an address lies in."""

    def __init__(self, image):
        self.table = functions(image)
        self.starts = [at for at, _, _ in self.table]

    def at(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        return self.table[i][2] if i >= 0 else "?"

    def start(self, name):
        return next(at for at, _, n in self.table if n == name)

    def last(self, name):
        """The two bytes before the end: a function's last instruction."""
        return next(end for _, end, n in self.table if n == name) - 2


class Profile:
    """Follows the trace; `figures` are [({address: count}, branches taken)]
    in order."""

    def __init__(self, names, branches):
        self.figures = []
        self.counts = {}
        self.branches = branches
        self.taken = 0  # of those by condition
        self.before = None  # the instruction that went before
        self.heeds = False
        self.counting = False
        self.resumes = None  # the instruction after which a pause ends
        self.events = {
            names.start("meter_heed"): lambda: setattr(self, "heeds", True),
            names.start("meter_off"): self.off,
            names.start("meter_forget"): self.counts_anew,
            names.start("meter_report"): self.report,
            names.last("meter_on"): self.on,
        }
        for at, end, name in names.table:
            if name.startswith("outside_"):
                self.events[at] = lambda end=end: self.pause(end - 2)
                self.events[end - 2] = lambda end=end: self.resume(end - 2)

    def on(self):
        self.counting = self.heeds

    def off(self):
        if self.counting:
            self.counts[self.before] -= 1  # the call of meter_off()
        self.counting = False
        self.heeds = False

    def pause(self, last):
        if self.counting:
            self.counting = False
            self.resumes = last

    def resume(self, last):
        if self.resumes == last:
            self.resumes = None
            self.counting = True
            self.counts[last] = self.counts.get(last, 0) + 1

    def counts_anew(self):
        self.counts = {}
        self.taken = 0

    def report(self):
        self.figures.append((self.counts, self.taken))
        self.counts_anew()

    def follow(self, stream):
        events = self.events
        rest = b""
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            cut = chunk.rfind(b"\n") + 1
            for text in ADDRESS.findall(rest + chunk[:cut]):
                at = int(text, 16)
                if at == self.before:
                    continue  # QEMU was interrupted and began it again
                event = events.get(at)
                if event:
                    event()
                elif self.counting:
                    self.counts[at] = self.counts.get(at, 0) + 1
                    if self.before in self.branches and at != self.before + 2:
                        self.taken += 1
                self.before = at
            rest = chunk[cut:]


class Places:
    """Where in the source an address is from."""

    def __init__(self, image, names, addresses, lines):
        self.found = {}
        asked = "\n".join(f"{at:#x}" for at in sorted(addresses))
        out = subprocess.run(
            [PREFIX + "addr2line", "-e", image, "-a", "-f", "-i"],
            input=asked, text=True, capture_output=True, check=True).stdout
        for block in re.split(r"^0x", out, flags=re.M)[1:]:
            at, function, place = block.splitlines()[:3]
            at, place = int(at, 16), Path(place.split(" (")[0]).name
            inner = place if lines else function
            self.found[at] = names.at(at), inner

    def count(self, counts):
        """{function: {what is in it: count}}."""
        by = {}
        for at, count in counts.items():
            function, inner = self.found[at]
            parts = by.setdefault(function, {})
            parts[inner] = parts.get(inner, 0) + count
        return by


def trace(images, lines):
    """Runs the image; returns [(line that it printed, as Places.count(),
    cycles)]."""
    image = images / "bench_stack.elf"
    names = Names(image)
    costs, branches = cycles.model(image)
    profile = Profile(names, branches)
    printed = []
    qemu = subprocess.Popen(
        [target.QEMU, *target.MACHINE, *target.SILENT, "-singlestep",
         "-d", "exec,nochain", "-kernel", image],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    reader = threading.Thread(target=lambda: printed.extend(qemu.stdout))
    reader.start()
    profile.follow(qemu.stderr)
    reader.join()
    if qemu.wait():
        sys.exit("the image failed")
    places = Places(image, names,
                    set().union(*(counts for counts, _ in profile.figures)),
                    lines)
    return [(line.decode(), places.count(counts),
             taken + sum(n * costs[at] for at, n in counts.items()))
            for line, (counts, taken) in zip(printed, profile.figures)]


def largest(counts, least):
    return sorted(((name, n) for name, n in counts.items() if n >= least),
                  key=lambda item: -item[1])


def show(line, by, took):
    """Prints one figure; 1 if the trace does not agree with it."""
    device, figure, total, times = line.split()
    times = int(times)
    sums = {name: sum(parts.values()) for name, parts in by.items()}
    counted = sum(sums.values())
    agrees = counted == int(total)
    print(f"{device} {figure}: {int(total) / times:.1f} each time,"
          f" {took / times:.0f} cycles"
          + ("" if agrees else f", the trace says {counted / times:.1f}"))
    for name, count in largest(sums, counted / 200):
        print(f"  {count / times:9.1f}  {100 * count / counted:5.1f} %  {name}")
        parts = by[name]
        if set(parts) != {name}:
            for inner, part in largest(parts, counted / 200):
                print(f"  {part / times:9.1f}{'':13}{inner}")
    return 0 if agrees else 1


def main(folder, *wanted):
    lines = "--lines" in wanted
    wanted = [figure for figure in wanted if figure != "--lines"]
    if target.missing():
        print(f"skipped: {target.missing()} is not installed")
        return 77
    images = target.build(folder)
    bad = 0
    for line, by, took in trace(images, lines):
        if not wanted or line.split()[1] in wanted:
            bad |= show(line, by, took)
    if not wanted:
        sizes.breakdown(images)
    return bad


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
