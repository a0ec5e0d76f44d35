# SPDX-License-Identifier: MIT
"""What instructions cost on a Cortex-M0+ without wait states: a model, by
ARM's technical reference manual (DDI 0484C, table 3-1), with the multiplier
that takes one cycle. Silicon with flash that is slower than it takes longer.
"""

import re
import subprocess

# An address, its instruction and operands, as objdump shows them.
LINE = re.compile(r"^\s*([0-9a-f]+):\t(\S+)[ \t]*([^@\n]*)", re.M)


def cost(mnemonic, operands):
    """Cycles of an instruction; of a branch by condition if not taken."""
    name = mnemonic.split(".")[0]
    count = registers(operands)
    if name in ("push", "stmia", "ldmia"):
        return 1 + count
    if name == "pop":
        return (3 if "pc" in operands else 1) + count
    if name.startswith(("ldr", "str")):
        return 2
    if name == "bl":
        return 3
    if name in ("b", "bx", "blx") or operands.startswith("pc,"):
        return 2
    if name in ("mrs", "msr", "dmb", "dsb", "isb"):
        return 3
    return 1


def registers(operands):
    """How many a list in braces names."""
    found = re.search(r"{(.*)}", operands)
    count = 0
    for part in found[1].split(",") if found else ():
        ends = re.findall(r"\d+", part)
        count += int(ends[1]) - int(ends[0]) + 1 if "-" in part else 1
    return count


def model(image):
    """({address: cycles}, addresses of branches by condition)."""
    out = subprocess.run(
        ["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", image],
        text=True, capture_output=True, check=True).stdout
    costs, branches = {}, set()
    for at, mnemonic, operands in LINE.findall(out):
        at = int(at, 16)
        costs[at] = cost(mnemonic, operands.strip())
        if re.fullmatch(r"b(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)(\.n)?",
                        mnemonic):
            branches.add(at)
    return costs, branches
