#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""House rules that no linter knows. Run by ctest; prints path:line: rule."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Who may include whom. A folder may always include itself and the C library.
LAYERS = {
    "core": set(),
    "drivers": {"core"},
    "examples": {"core"},
    "boards": {"core", "drivers"},
    "boards/host": {"boards", "core", "drivers", "sim", "tap"},
    "sim": {"core"},
    "tap": {"core", "sim"},
    "tests": {"core", "drivers", "examples", "boards", "boards/host", "sim", "tap",
              "tools"},
    "bench": {"core", "drivers", "boards", "boards/host", "sim", "tap",
              "tests"},
    "tools": {"core", "drivers", "boards", "boards/host", "sim", "tap"},
}
PORTABLE = {"core", "drivers"}  # freestanding, no heap, no stdio, no clock
FREESTANDING = {"stdbool.h", "stddef.h", "stdint.h", "stdarg.h", "string.h"}
# Libraries and system headers that only the ends of the wire may see.
TAP_ONLY = re.compile(r"^(libslirp|slirp/|pcap|linux/|net/|netinet/|sys/socket)")
TAP_TOO = {"tap", "tests", "tools", "bench"}
BANNED = {
    r"\b(strcpy|strcat|vsprintf|gets|strtok|atoi|atol|rand)\s*\(":
        "has a bounded or checked sister",
    r"\b(TODO|FIXME|XXX|HACK)\b": "finish it or drop it",
}
BANNED_PORTABLE = {
    r"\b(malloc|calloc|realloc|free)\s*\(": "no heap here",
    r"\b(printf|fprintf|puts|time|usleep|sleep)\s*\(": "no host here",
    r"\bfloat\b|\bdouble\b": "no floating point here",
    r"\bwhile\s*\(\s*(1|true)\s*\)|\bfor\s*\(\s*;\s*;\s*\)": "unbounded loop",
}
MAX_LINES = {".c": 600, ".h": 400}
MAX_COLUMNS = 80


def files(*patterns):
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co",
                          "--exclude-standard", *patterns],
                         capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in out.splitlines()
            if (ROOT / line).exists()]


def layer_of(path):
    if path.parts[:2] == ("boards", "host"):
        return "boards/host"
    return path.parts[0]


def target_of(include, here):
    """The layer an include line points into; None for the C library."""
    if include.startswith("nif/"):
        return "core"
    if (ROOT / here.parent / include).exists():
        return layer_of(here)
    if (ROOT / "drivers" / include).exists():
        return "drivers"
    return layer_of(Path(include)) if "/" in include else None


def code_only(line):
    return re.sub(r"//.*|\"(\\.|[^\"\\])*\"", "", line)


def check_head(path, lines):
    if not lines[0].startswith("// SPDX-License-Identifier: MIT"):
        yield 1, "first line is not the SPDX line"
    if lines[1:2] != ["//"] or len(lines) < 3 or not lines[2].startswith("// "):
        yield 2, "no sentence that says what the file is for"
    if len(lines) - 1 > MAX_LINES[path.suffix]:
        yield len(lines), f"more than {MAX_LINES[path.suffix]} lines"
    if path.suffix == ".h":
        guard = "_".join(path.with_suffix("").parts).upper() + "_H"
        guard = re.sub(r"^CORE_INCLUDE_|^DRIVERS_", "", guard)
        short = re.sub(r"^(\w+?)_(?=\1_)", "", guard)  # ENC28J60_ENC28J60_H
        if f"#ifndef {short}" not in lines:
            yield 1, f"include guard is not {short}"


def check_include(path, line):
    m = re.match(r'#include\s+([<"])([^>"]+)', line)
    if not m:
        return
    layer = layer_of(path)
    target = target_of(m[2], path) if m[1] == '"' else None
    if target and target != layer and target not in LAYERS.get(layer, ()):
        yield f"{layer}/ must not include {target}/"
    if m[2].endswith("_regs.h") and layer != "drivers":
        yield "a register list is its driver's own"
    if path.parts[:2] == ("drivers", path.parts[1]) and target == "drivers":
        if "/" in m[2] and not m[2].startswith(path.parts[1] + "/"):
            yield "a driver knows no other driver"
    if m[1] == "<" and layer in PORTABLE and m[2] not in FREESTANDING:
        yield f"<{m[2]}> is not freestanding"
    if m[1] == "<" and TAP_ONLY.match(m[2]) and layer not in TAP_TOO:
        yield f"<{m[2]}> belongs into tap/"


def check(path):
    lines = (ROOT / path).read_text().split("\n")
    layer = layer_of(path)
    rules = dict(BANNED)
    if layer in PORTABLE:
        rules.update(BANNED_PORTABLE)

    yield from check_head(path, lines)
    for n, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            yield n, f"wider than {MAX_COLUMNS} columns"
        if "\t" in line or line != line.rstrip():
            yield n, "tab or trailing space"
        for what in check_include(path, line):
            yield n, what
        for pattern, why in rules.items():
            found = re.search(pattern,
                              line if "TODO" in pattern else code_only(line))
            if found:
                yield n, f"{found[0].strip()}: {why}"
    if str(path).startswith("core/include/"):
        yield from undocumented(lines)


def undocumented(lines):
    """Function declarations in public headers without a /// above."""
    for n, line in enumerate(lines, 1):
        if (re.match(r"[A-Za-z].*\b[a-z]\w*\(", line)
                and not line.startswith(("typedef", "#"))
                and "static inline" not in line
                and not lines[n - 2].startswith("///")):
            yield n, "public function without a /// comment"


def broken_links():
    """Paths in Markdown links that do not exist."""
    for doc in files("*.md"):
        for n, line in enumerate((ROOT / doc).read_text().split("\n"), 1):
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line):
                if not (ROOT / doc.parent / link).exists():
                    yield f"{doc}:{n}: no file {link}"


def header_cycles():
    """Headers that include each other in a ring."""
    graph = {}
    for path in files("*.h"):
        targets = re.findall(r'#include\s+"([^"]+)"', (ROOT / path).read_text())
        graph[path] = [Path(base) / t for t in targets
                       for base in (path.parent, ".", "core/include", "drivers")
                       if (ROOT / base / t).exists()]
    done = set()

    def visit(path, trail):
        if path in trail:
            yield " -> ".join(map(str, trail[trail.index(path):] + [path]))
        elif path not in done:
            done.add(path)
            for target in graph.get(path, ()):
                yield from visit(target, trail + [path])

    for path in graph:
        for ring in visit(path, []):
            yield f"headers in a ring: {ring}"


def main():
    bad = [f"{p}:{n}: {what}" for p in files("*.c", "*.h")
           for n, what in check(p)]
    bad += broken_links()
    bad += header_cycles()
    print("\n".join(bad) if bad else "tidy")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
