#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# What can a capture judge? Faults are put into a copy of the ENC28J60 model,
# one at a time. Some the capture must notice: the score drops. Some it cannot
# notice, because nothing of the kind happens in it: those a named test of the
# model must notice instead. The tree itself is never touched.
#
# Usage: mutants.py [--full] [--cc CC] [--only NAME]
# --full adds faults in parts of the model that the capture never reaches.

import argparse
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHIP = "sim/chips/enc28j60/"
BYTES = 2744

SCORE_MAIN = r"""
#include "sim/trace/score.h"
static struct sim_score score;
int main(int argc, char **argv)
{
    struct sim_csv csv;
    struct sim_stimuli stimuli;
    struct sim_csv_error error;
    FILE *a = fopen(argv[1], "r");
    FILE *b = fopen(argv[argc - 1], "r");
    if (!a || !b || !sim_csv_read(&csv, a, argv[1], &error) ||
        !sim_stimuli_read(&stimuli, b, argv[2], &error)) {
        return 2;
    }
    sim_score_enc28j60(&csv, &stimuli, &score);
    printf("%u %u %u %u\n", score.all.right, score.all.total,
        score.same_count, score.want_count);
    return 0;
}
"""

# name: file, text that must be there exactly once, text instead of it,
# what notices: "bytes" and "frames" of the score, or UNIT:TEST
SCORE = [
    ("busy_never", "mii.c", "#define MII_NS 10240", "#define MII_NS 1",
     "bytes"),
    ("busy_5_us", "mii.c", "#define MII_NS 10240", "#define MII_NS 5000",
     "bytes"),
    ("busy_20_us", "mii.c", "#define MII_NS 10240", "#define MII_NS 20000",
     "bytes"),
    ("autoinc_dead_on_rbm", "spi.c",
     "chip->ptr[SIM_ENC28J60_ERDPT] = sim_enc_after(chip, at);", ";",
     "bytes"),
    ("next_pointer_wrong", "rx.c", "nif_put_le16(header, (uint16_t)next);",
     "nif_put_le16(header, (uint16_t)(next + 2));", "bytes"),
    ("rsv_bit_22_missing", "rx.c", "status |= RSV_OUT_OF_RANGE;", ";",
     "bytes"),
    ("count_without_fcs", "rx.c", "nif_put_le16(header + 2, (uint16_t)len);",
     "nif_put_le16(header + 2, (uint16_t)(len - 4));", "bytes"),
    ("bfc_on_eir_ignored", "regs.c",
     "if (id == ENC_EIR || id == ENC_ESTAT) {",
     "if (id == ENC_EIR && op == ENC_OP_BFC) {\n        return;\n    }\n"
     "    if (id == ENC_EIR || id == ENC_ESTAT) {", "bytes"),
    ("tx_instantaneous", "tx.c", "    begin(chip);\n}",
     "    begin(chip);\n    sim_port_cut(&chip->port);\n"
     "    sim_enc_tx_left(chip);\n}", "bytes"),
    ("tx_never_completes", "tx.c",
     "    if (chip->tx.state != ENC_TX_WIRE) {\n        return;\n    }\n"
     "    leave_wire(chip);",
     "    if (chip->tx.state != ENC_TX_HUNG) {\n        return;\n    }\n"
     "    leave_wire(chip);", "bytes"),
    ("pktdec_ignored", "regs.c", "chip->reg[ENC_EPKTCNT]--;", ";", "bytes"),
    ("erxrdpt_ignored", "rx.c",
     "chip->ptr[SIM_ENC28J60_ERXRDPT] = (uint16_t)value;", ";", "bytes"),
    ("rxerif_missing", "rx.c", "sim_enc_flag(chip, ENC_EIR_RXERIF);", ";",
     "bytes"),
    ("pktif_missing", "regs.c", "flags |= ENC_EIR_PKTIF;", ";", "bytes"),
    ("ewrpt_does_not_move", "spi.c",
     "chip->ptr[SIM_ENC28J60_EWRPT] = (uint16_t)((at + 1) & ENC_RAM_MASK);",
     ";", "frames"),
    ("etxnd_ignored", "build.c",
     "unsigned count = (chip->ptr[SIM_ENC28J60_ETXND] - at) & ENC_RAM_MASK;",
     "unsigned count = 1000;", "frames"),
]

# The capture's notes call these missed.
MISSED = [
    ("no_wrap_from_erxnd_to_erxst", "spi.c",
     "chip->ptr[SIM_ENC28J60_ERDPT] = sim_enc_after(chip, at);",
     "chip->ptr[SIM_ENC28J60_ERDPT] = (uint16_t)((at + 1) & ENC_RAM_MASK);",
     "memory:erdpt_jumps_from_erxnd_to_erxst"),
    ("no_even_padding", "rx.c",
     "    if (len & 1) {\n        chip->rx.wr = ",
     "    if (len > 9999) {\n        chip->rx.wr = ",
     "rx:an_odd_count_is_padded_to_an_even_next_pointer"),
    ("erxst_does_not_reload", "regs.c", "        sim_enc_rx_base(chip);\n",
     "", "rx:writing_erxst_or_erxnd_reloads_the_write_pointer"),
    ("free_space_off_by_one", "rx.c", "rd > wr ? rd - wr - 1",
     "rd > wr ? rd - wr",
     "rx:the_fifo_takes_what_fits_and_not_a_byte_more"),
    ("free_space_off_by_one_behind", "rx.c", ": size - 1 - (wr - rd);",
     ": size - (wr - rd);",
     "rx:the_last_byte_of_an_empty_fifo_is_never_used"),
    # Only the frames show them; a test of the model does so too.
    ("ewrpt_does_not_move_test", "spi.c",
     "chip->ptr[SIM_ENC28J60_EWRPT] = (uint16_t)((at + 1) & ENC_RAM_MASK);",
     ";", "memory:ewrpt_moves_with_each_byte_and_wraps_at_the_end_of_memory"),
    ("etxnd_ignored_test", "build.c",
     "unsigned count = (chip->ptr[SIM_ENC28J60_ETXND] - at) & ENC_RAM_MASK;",
     "unsigned count = 1000;", "tx:etxnd_says_how_much_is_sent"),
]

# Beyond the notes: parts that the capture never reaches.
BEYOND = [
    ("hash_other_bits", "filter.c", "(crc >> 23 & 7)", "(crc >> 22 & 7)",
     "filter:the_hash_table_has_one_bit_for_each_address"),
    ("pattern_zeroes", "filter.c",
     "if (chip->reg[ENC_EPMM0 + i / 8] >> (i % 8) & 1) {",
     "if (!(chip->reg[ENC_EPMM0 + i / 8] >> (i % 8) & 1)) {\n"
     "            count++;\n        } else {",
     "filter:a_pattern_takes_masked_bytes_away_and_needs_64_bytes"),
    ("andor_swapped", "filter.c", "? hit == enabled", "? hit != 0",
     "filter:each_filter_lets_in_what_it_is_for"),
    ("magic_15_times", "filter.c", "i <= 16", "i <= 15",
     "filter:a_magic_packet_names_us_sixteen_times"),
    ("vector_at_etxnd", "build.c",
     "chip->ram[(chip->ptr[SIM_ENC28J60_ETXND] + 1 + i) & ENC_RAM_MASK]",
     "chip->ram[(chip->ptr[SIM_ENC28J60_ETXND] + i) & ENC_RAM_MASK]",
     "tx:the_status_vector_tells"),
    ("retmax_off_by_one", "tx.c",
     "chip->tx.collisions > chip->reg[ENC_MACLCON1]",
     "chip->tx.collisions >= chip->reg[ENC_MACLCON1]",
     "half:too_many_collisions_abort"),
    ("late_is_early", "tx.c", "sent > chip->reg[ENC_MACLCON2]",
     "sent > 2u * chip->reg[ENC_MACLCON2]",
     "half:a_late_collision_aborts_at_once"),
    ("no_back_off", "tx.c", "1u << power) * ENC_SLOT_NS",
     "1u << power) * 0ull", "half:back_off_is_a_random_number_of_slots"),
    ("abort_without_txif", "tx.c",
     "sim_enc_flag(chip, ENC_EIR_TXIF | ENC_EIR_TXERIF);",
     "sim_enc_flag(chip, ENC_EIR_TXERIF);",
     "tx:an_oversize_frame_is_aborted"),
    ("pause_ignored", "flow.c", "nif_get_be16(frame + 16) * (uint64_t)",
     "0 * (uint64_t)", "tx:a_pause_delays_what_is_sent"),
    ("checksum_not_inverted", "dma.c", "(uint16_t)~total", "(uint16_t)total",
     "memory:the_checksum_is_that_of_ip"),
    ("dma_ignores_the_fifo", "dma.c",
     "        from = sim_enc_after(chip, from);",
     "        from = (from + 1) & ENC_RAM_MASK;",
     "memory:a_copy_follows_the_fifo_and_writes_straight_on"),
    ("src_clears_ecocon", "reset.c",
     "    chip->reg[ENC_ECOCON] = ecocon; // only power-on resets it\n",
     "    (void)ecocon;\n",
     "reset:a_soft_reset_keeps_memory_clkrdy_and_ecocon"),
    ("ost_too_short", "reset.c", "(300 * SIM_US)", "(200 * SIM_US)",
     "reset:power_up_takes_300_us"),
    ("llstat_does_not_latch", "phy.c", "chip->phy.lost = true;", ";",
     "mii:llstat_remembers_that_the_link_was_lost"),
    ("phir_keeps_its_flags", "phy.c", "chip->phy.reg[ENC_PHIR] = 0;", ";",
     "mii:linkif_needs_both_enables_and_goes_with_a_read_of_phir"),
    ("erxrdpt_at_once", "regs.c", "chip->rx.rdpt_low = now;",
     "chip->rx.rdpt_low = now;\n        chip->ptr[which] = (uint16_t)"
     "((old & 0xFF00) | now);",
     "rx:erxrdpt_changes_when_its_high_byte_is_written"),
    ("dummy_is_right", "spi.c",
     "(uint8_t)(chip->cfg.compat ? value : ~value)", "value",
     "regs:the_dummy_byte_is_wrong_and_the_next_is_right"),
    ("intie_does_not_gate", "regs.c",
     "pending(chip) && sim_enc_bit(chip, ENC_EIE, ENC_EIE_INTIE)",
     "pending(chip)", "reset:each_flag_needs_its_enable_and_intie"),
]


class Bench:
    """A copy of the tree, compiled, in which files can be changed."""

    def __init__(self, folder, cc):
        self.folder = folder
        self.cc = cc
        self.tree = folder / "tree"
        for name in ("sim", "core", "tests", "scenarios"):
            shutil.copytree(ROOT / name, self.tree / name,
                            ignore=shutil.ignore_patterns("*.sr"))
        (self.tree / "score_main.c").write_text(SCORE_MAIN)
        self.objects = {}
        sources = sorted(
            path.relative_to(self.tree)
            for path in [*self.tree.glob("sim/**/*.c"),
                         *self.tree.glob("core/*.c")])
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for source, built in zip(sources, pool.map(self.compile, sources)):
                self.objects[str(source)] = built
        self.library = self.archive("base", {})
        self.mains = {}

    def compile(self, source, tree=None, out=None):
        tree = tree or self.tree
        out = out or self.folder / "o" / (str(source).replace("/", "_") + ".o")
        out.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [self.cc, "-std=c11", "-D_GNU_SOURCE", "-O1", "-w",
             *(f"-I{tree / part}" for part in
               (".", "core/include", "tests/enc28j60")), "-c",
             str(tree / source), "-o", str(out)], check=True)
        return out

    def archive(self, name, instead):
        path = self.folder / f"{name}.a"
        objects = {**self.objects, **instead}
        subprocess.run(["ar", "rcs", str(path), *map(str, objects.values())],
                       check=True)
        return path

    def main(self, unit):
        """The objects of a test or of the score, compiled once."""
        if unit not in self.mains:
            sources = ["score_main.c"] if unit == "score" else [
                f"tests/enc28j60/model_{unit}.c",
                "tests/enc28j60/model_bench.c", "tests/support/spi_model.c"]
            self.mains[unit] = [self.compile(pathlib.Path(source))
                                for source in sources]
        return self.mains[unit]

    def link(self, unit, library, out):
        libs = [] if unit == "score" else ["-lcmocka"]
        subprocess.run([self.cc, "-o", str(out), *map(str, self.main(unit)),
                        str(library), *libs], check=True)
        return out

    def mutate(self, name, file, old, new):
        """A library with one change."""
        text = (self.tree / CHIP / file).read_text()
        if text.count(old) != 1:
            raise SystemExit(
                f"mutants.py: {name}: the text to change is {text.count(old)} "
                f"times in {CHIP}{file}:\n{old}")
        tree = self.folder / f"tree-{name}"
        shutil.copytree(self.tree / "sim", tree / "sim")
        (tree / "core").symlink_to(self.tree / "core")
        (tree / CHIP / file).write_text(text.replace(old, new))
        changed = ([source for source in self.objects
                    if source.startswith(CHIP)]
                   if file.endswith(".h") else [CHIP + file])
        instead = {source: self.compile(
            source, tree, self.folder / name / (source.replace("/", "_") +
                                                ".o"))
                   for source in changed}
        shutil.rmtree(tree)
        return self.archive(name, instead)

    def score(self, library, name):
        program = self.link("score", library, self.folder / f"{name}-score")
        found = subprocess.run(
            [str(program), "scenarios/captures/enc28j60-transactions.csv",
             "scenarios/captures/enc28j60-stimuli.txt"], cwd=self.tree,
            capture_output=True, text=True, timeout=60, check=True)
        right, total, same, want = map(int, found.stdout.split())
        return right, total, same, want

    def failing(self, library, name, unit):
        """The tests of a unit that fail."""
        program = self.link(unit, library, self.folder / f"{name}-{unit}")
        try:
            found = subprocess.run([str(program)], cwd=self.tree,
                                   capture_output=True, text=True,
                                   errors="replace", timeout=60, check=False)
        except subprocess.TimeoutExpired:
            return {"(does not end)"}
        # cmocka says ERROR where a teardown fails: a complaint of the model.
        return set(re.findall(r"^\[  (?:FAILED|ERROR ) +\] (\w+)$",
                              found.stdout + found.stderr, re.MULTILINE))


def judge(bench, mutant):
    name, file, old, new, notices = mutant
    library = bench.mutate(name, file, old, new)
    right, total, same, want = bench.score(library, name)
    wrong = total - right
    if notices == "bytes":
        return wrong > 0, f"{wrong} bytes wrong, {same} of {want} frames"
    if notices == "frames":
        return wrong == 0 and same < want, f"{same} of {want} frames"
    unit, test = notices.split(":")
    failed = bench.failing(library, name, unit)
    silent = mutant not in MISSED or name.endswith("_test") or (
        wrong == 0 and same == want)
    return silent and test in failed, (
        f"score {'silent' if wrong == 0 and same == want else 'drops'}, "
        f"{test} {'fails' if test in failed else 'PASSES'}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--only")
    args = parser.parse_args()
    mutants = [*SCORE, *MISSED, *(BEYOND if args.full else [])]
    if args.only:
        mutants = [m for m in [*SCORE, *MISSED, *BEYOND] if m[0] == args.only]
    bad = 0
    with tempfile.TemporaryDirectory(prefix="nif-mutants-") as folder:
        bench = Bench(pathlib.Path(folder), args.cc)
        if bench.score(bench.library, "base") != (BYTES, BYTES, 2, 2):
            raise SystemExit("mutants.py: the unchanged model does not score")
        for unit in sorted({m[4].split(":")[0] for m in mutants if ":" in
                            m[4]}):
            if bench.failing(bench.library, "base", unit):
                raise SystemExit(f"mutants.py: model_{unit} fails unchanged")
        bench.main("score")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for mutant, (good, text) in zip(mutants, pool.map(
                    lambda m: judge(bench, m), mutants)):
                bad += not good
                print(f"{'ok    ' if good else 'WRONG '} {mutant[0]:30} "
                      f"{text}", flush=True)
    print(f"{len(mutants) - bad} of {len(mutants)} as expected")
    return 1 if bad or not mutants else 0


if __name__ == "__main__":
    sys.exit(main())
