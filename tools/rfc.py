#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which requirement of which RFC is kept, and by which test.

usage: tools/rfc.py [--check] [--root DIR]

tests/conformance/rfcN.txt lists what a standard asks. A comment line directly
above a test names what that test proves:

    // RFC 9293 MUST-14 SHLD-5
    // RFC 1122 3.2.2.6-a

The two are joined and written to docs/reference/rfc.md. With --check nothing
is written: it fails if the page is stale, if a test claims what is no
requirement or is said not to be kept, or if fewer MUSTs are kept than LIMIT.
"""

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

LIMIT = 95.6  # per cent of all MUSTs that tests show to be kept; may only rise
AIM = 95.0

PAGE = "docs/reference/rfc.md"
LISTS = "tests/conformance"
LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT"}
ITEM = re.compile(r"(?:MUST|SHLD|REC|MAY)-\d+[a-z]?|"
                  r"(?:\d+|[A-Z])(?:\.\d+)*[a-z]?(?:-[0-9a-z]+)?")
MARK = {".c": "//", ".pkt": "//", ".py": "#"}  # how a comment begins


@dataclass
class Requirement:
    """One line of a list."""
    id: str
    section: str
    level: str
    what: str
    reason: str = ""  # "n/a: ..." or "not kept: ..."
    tests: list = field(default_factory=list)

    @property
    def applies(self):
        return not self.reason.startswith("n/a:")

    @property
    def must(self):
        return self.level.startswith("MUST")


@dataclass
class Claim:
    """One item of an annotation: a test says that it proves this."""
    where: str  # path:line
    path: str
    test: str
    rfc: int
    item: str


# ----------------------------------------------------------------- reading

def read_list(path, errors):
    """Returns (title, requirements by id)."""
    title, out = "", {}
    for n, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("#") or not line.strip():
            title = title or line.strip("# ")
            continue
        cells = [c.strip() for c in line.split(" | ")]
        reason = cells[4] if len(cells) == 5 else ""
        if (len(cells) not in (4, 5) or cells[2] not in LEVELS
                or not re.match(r"$|(n/a|not kept): \S", reason)):
            errors.append(f"{path.name}:{n}: not `id | section | level | what`")
        elif cells[0] in out:
            errors.append(f"{path.name}:{n}: {cells[0]} for the second time")
        else:
            out[cells[0]] = Requirement(*cells)
    return title, out


def items(text):
    """The (RFC, item) pairs at the beginning of a comment's text."""
    rfc = None
    for word in re.findall(r"RFC \d+|\S+", text):
        if word.startswith("RFC "):
            rfc = int(word[4:])
            continue
        word = word.strip("(),;")
        if not ITEM.fullmatch(word.rstrip(".:")):
            return
        yield rfc, word.rstrip(".:")
        if word[-1] in ".:":
            return


def name_below(lines, n):
    """The test below line n: a function's name, or None."""
    for line in lines[n:n + 8]:
        if re.match(r"\s*(//|#|@|static void$)", line):
            continue
        found = re.match(r"\s*(?:static\s+void\s+|def\s+)?(\w+)\s*\(", line)
        return found[1] if found else None
    return None


def read_claims(root):
    for path in sorted((root / "tests").rglob("*")):
        if path.suffix not in MARK or not path.is_file():
            continue
        mark = re.compile(rf"\s*{MARK[path.suffix]} (RFC \d.*)")
        text = path.read_text()
        lines = text.splitlines()
        rel = str(path.relative_to(root))
        for n, line in enumerate(lines):
            found = mark.match(line)
            pairs = list(items(found[1])) if found else []
            if not pairs:
                continue
            test = (path.stem if path.suffix == ".pkt"
                    else name_below(lines, n))
            if path.suffix == ".c" and not (test and re.search(
                    rf"cmocka_unit_test\w*\(\s*{test}\b", text)):
                continue  # a remark inside the code, or above a helper
            for rfc, item in pairs if test else ():
                yield Claim(f"{rel}:{n + 1}", rel, test, rfc, item)


# ----------------------------------------------------------------- joining

def find(reqs, item):
    """The requirement an item names; "vague" if it could be several."""
    if item in reqs:
        return reqs[item]
    fits = [r for r in reqs.values()
            if r.section == item or r.id.startswith(item + "-")]
    if len(fits) == 1:
        return fits[0]
    plain = re.fullmatch(r"\d+(\.\d+)*", item)
    return "vague" if fits or plain or item.startswith("MAY-") else None


def join(lists, claims, errors):
    """Gives each requirement its tests. Returns vague claims, and the tests
    that name a standard without a list: {rfc: set of tests}."""
    vague, others = [], {}
    for c in claims:
        if c.rfc not in lists:
            others.setdefault(c.rfc, set()).add((c.test, c.path))
            continue
        req = find(lists[c.rfc][1], c.item)
        if req == "vague":
            vague.append(c)
        elif req is None:
            errors.append(f"{c.where}: RFC {c.rfc} has no {c.item}")
        elif req.reason:
            errors.append(f"{c.where}: {c.test} claims RFC {c.rfc} {c.item},"
                          f" which is said to be {req.reason.split(':')[0]}")
        elif (c.test, c.path) not in req.tests:
            req.tests.append((c.test, c.path))
    return vague, others


def share(reqs):
    """(kept by a test, all) of the MUSTs that apply."""
    musts = [r for r in reqs if r.must and r.applies]
    return sum(bool(r.tests) for r in musts), len(musts)


def per_cent(kept, total):
    return 100.0 * kept / total if total else 100.0


# -------------------------------------------------------------------- page

def links(tests):
    return "<br>".join(f"[{t}](../../{p})" for t, p in sorted(tests))


def kept_by(req):
    return links(req.tests) or req.reason or "**untested**"


HEAD = """\
# Standards, requirement by requirement

Made by `tools/rfc.py` from the lists in
[tests/conformance](../../tests/conformance) and the comments above the tests;
do not edit. A requirement is *kept* if a named test shows it. *n/a* does not
apply to this stack, *not kept* says why it is left out, *untested* that no test
claims it yet.

Of the {total} MUST and MUST NOT that apply, {kept} are kept: {share:.1f} %.

| standard | MUSTs that apply | kept | not kept | untested | SHOULDs that apply | kept |
|---|--:|--:|--:|--:|--:|--:|
"""


def row(rfc, title, reqs):
    must = [r for r in reqs if r.must and r.applies]
    should = [r for r in reqs if not r.must and r.applies]
    left = sum(bool(r.reason) for r in must)
    kept = sum(bool(r.tests) for r in must)
    return (f"| [RFC {rfc}](#rfc-{rfc}) {title} | {len(must)} | {kept} | {left}"
            f" | {len(must) - kept - left} | {len(should)} |"
            f" {sum(bool(r.tests) for r in should)} |\n")


def left_out(lists):
    """The MUSTs that are not kept, in one place."""
    rows = [f"| RFC {rfc} {r.id} | {r.what} | {r.reason[len('not kept: '):]} |\n"
            for rfc, (_, reqs) in lists.items() for r in reqs.values()
            if r.must and r.reason.startswith("not kept:")]
    return (["\n## MUSTs that are not kept\n\n"
             "| requirement | what it asks | why not |\n|---|---|---|\n"]
            + rows if rows else [])


def page(lists, others):
    flat = [r for _, reqs in lists.values() for r in reqs.values()]
    kept, total = share(flat)
    out = [HEAD.format(total=total, kept=kept, share=per_cent(kept, total))]
    for rfc, (title, reqs) in lists.items():
        out.append(row(rfc, title.split(": ", 1)[-1], reqs.values()))
    out += left_out(lists)
    for rfc, (title, reqs) in lists.items():
        out.append(f"\n## RFC {rfc}\n\n{title.split(': ', 1)[-1]}.\n\n"
                   "| id | section | level | what it asks | kept by |\n"
                   "|---|---|---|---|---|\n")
        out += [f"| {r.id} | {r.section} | {r.level} | {r.what} | {kept_by(r)} |\n"
                for r in reqs.values()]
    if others:
        out.append("\n## Other standards that tests name\n\n"
                   "| standard | tests |\n|---|---|\n")
        out += [f"| RFC {rfc} | {links(tests)} |\n"
                for rfc, tests in sorted(others.items())]
    return "".join(out)


# -------------------------------------------------------------------- main

def check(root, text, kept, total, errors):
    path = root / PAGE
    if not path.exists() or path.read_text() != text:
        errors.append(f"{PAGE} is stale: run tools/rfc.py")
    if per_cent(kept, total) < LIMIT:
        errors.append(f"{kept} of {total} MUSTs are kept by a test;"
                      f" LIMIT is {LIMIT} %")


def main():
    args = argparse.ArgumentParser(description="which RFC rules tests show")
    args.add_argument("--check", action="store_true")
    args.add_argument("--root", type=Path,
                      default=Path(__file__).resolve().parent.parent)
    opt = args.parse_args()
    errors = []
    paths = sorted((opt.root / LISTS).glob("rfc*.txt"),
                   key=lambda p: int(p.stem[3:]))
    lists = {int(p.stem[3:]): read_list(p, errors) for p in paths}
    vague, others = join(lists, read_claims(opt.root), errors)
    text = page(lists, others)
    kept, total = share([r for _, q in lists.values() for r in q.values()])

    if opt.check:
        check(opt.root, text, kept, total, errors)
    else:
        (opt.root / PAGE).parent.mkdir(parents=True, exist_ok=True)
        (opt.root / PAGE).write_text(text)
    for c in vague:
        print(f"{c.where}: too vague to count: RFC {c.rfc} {c.item}")
    for error in errors:
        print(error)
    print(f"{kept} of {total} MUSTs kept by a test:"
          f" {per_cent(kept, total):.1f} %")
    if per_cent(kept, total) < AIM:
        print(f"*** that is less than the {AIM:.0f} % that are aimed at ***")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
