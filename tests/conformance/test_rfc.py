#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/rfc.py on small trees: it sees what is claimed, and what is wrong."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent.parent / "tools/rfc.py"

LIST = """\
# RFC 7: Small Things
MUST-1 | 1 | MUST | One
2-a | 2 | MUST | Two
2-b | 2 | SHOULD | Three
3-a | 3 | MUST NOT | Four | n/a: not here
4-a | 4 | MUST | Five | not kept: too hard
"""

TEST = """\
{comment}
static void it_does(void **state)
{{
}}
const struct CMUnitTest tests[] = {{ cmocka_unit_test(it_does) }};
"""


class Tree:
    def __init__(self, comment="// RFC 7 MUST-1", lines=LIST, limit="0.0"):
        self.dir = tempfile.TemporaryDirectory()
        self.root = Path(self.dir.name)
        (self.root / "tests/conformance").mkdir(parents=True)
        (self.root / "tests/conformance/rfc7.txt").write_text(lines)
        self.test = self.root / "tests/test_it.c"
        self.test.write_text(TEST.format(comment=comment))
        self.tool = self.root / "rfc.py"
        self.tool.write_text(re.sub(r"(?m)^LIMIT = [0-9.]+",
                                    f"LIMIT = {limit}", TOOL.read_text()))

    def run(self, *options):
        run = subprocess.run([sys.executable, self.tool, "--root", self.root,
                              *options], capture_output=True, text=True)
        return run.returncode, run.stdout + run.stderr

    def page(self):
        return (self.root / "docs/reference/rfc.md").read_text()


def expect(tree, status, *words):
    tree.run()
    got, out = tree.run("--check")
    assert got == status, out
    for word in words:
        assert word in out, f"no '{word}' in: {out}"


def a_claim_is_counted_and_linked():
    tree = Tree()
    expect(tree, 0, "1 of 3 MUSTs")
    assert "[it_does](../../tests/test_it.c)" in tree.page()
    assert "| 2-b | 2 | SHOULD | Three | **untested** |" in tree.page()


def several_items_may_stand_in_one_comment():
    expect(Tree("// RFC 7 MUST-1, 2-a: and why\n// RFC 8 1.1"), 0,
           "2 of 3 MUSTs")


def a_section_counts_only_if_it_holds_one_requirement():
    expect(Tree("// RFC 7 1"), 0, "1 of 3 MUSTs")
    expect(Tree("// RFC 7 2"), 0, "0 of 3 MUSTs", "too vague")


def an_item_that_is_no_requirement_fails():
    expect(Tree("// RFC 7 MUST-9"), 1, "RFC 7 has no MUST-9")
    expect(Tree("// RFC 7 2-c"), 1, "RFC 7 has no 2-c")


def what_does_not_apply_cannot_be_claimed():
    expect(Tree("// RFC 7 3-a"), 1, "said to be n/a")
    expect(Tree("// RFC 7 4-a"), 1, "said to be not kept")


def what_is_not_kept_stands_in_front():
    tree = Tree()
    tree.run()
    assert "| RFC 7 4-a | Five | too hard |" in tree.page()
    assert tree.page().index("too hard") < tree.page().index("## RFC 7")


def a_remark_elsewhere_claims_nothing():
    tree = Tree("// Prose about RFC 7 MUST-1")
    expect(tree, 0, "0 of 3 MUSTs")
    tree.test.write_text(TEST.format(comment="// RFC 7 MUST-1").replace(
        "cmocka_unit_test(it_does)", ""))
    expect(tree, 0, "0 of 3 MUSTs")


def a_stale_page_fails():
    tree = Tree()
    tree.run()
    tree.test.write_text(TEST.format(comment="// RFC 7 2-a"))
    got, out = tree.run("--check")
    assert got == 1 and "stale" in out, out


def fewer_musts_than_the_limit_fail():
    expect(Tree(limit="33.0"), 0)
    expect(Tree(limit="34.0"), 1, "1 of 3 MUSTs are kept by a test; LIMIT")


def a_list_that_makes_no_sense_fails():
    expect(Tree(lines=LIST + "5-a | 5 | MAY | Six\n"), 1, "rfc7.txt:7")
    expect(Tree(lines=LIST + "2-a | 2 | MUST | Six\n"), 1, "second time")
    expect(Tree(lines=LIST + "5-a | 5 | MUST | Six | later\n"), 1, "rfc7.txt:7")


def scripts_and_python_count_too():
    tree = Tree("")
    (tree.root / "tests/some.pkt").write_text("// RFC 7 MUST-1\n0 `true`\n")
    (tree.root / "tests/it.py").write_text("# RFC 7 2-a\ndef it():\n    pass\n")
    expect(tree, 0, "2 of 3 MUSTs")
    assert "[some](../../tests/some.pkt)" in tree.page()


def main():
    tests = [f for name, f in list(globals().items())
             if callable(f) and "_" in name and f.__module__ == "__main__"]
    for test in tests:
        test()
        print("ok", test.__name__)


if __name__ == "__main__":
    main()
