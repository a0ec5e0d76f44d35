// SPDX-License-Identifier: MIT
//
// What every frame device promises (nif/iface.h), the same tests for each
// chip. A new chip gets them by one line of CMake:
//
//     nif_contract_frames(enc28j60)
//
// They run twice, with the interrupt pin and without, where that can be
// chosen. To try another chip: its name as an argument; some chapters: theirs.

#include "tests/contract/frames.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

const char *bench_chip = NIF_CONTRACT_CHIP;
bool bench_polling;
struct bench b;

int frames_setup(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    return 0;
}

int frames_teardown(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(const char *name);
} chapters[] = {
    { "calls", frames_calls },
    { "flow", frames_flow },
    { "link", frames_link },
    { "pulls", frames_pulls },
    { "moments", frames_moments },
    { "faults", frames_faults },
};

// Returns the chapters' bits; those named by `argv`, or all.
static unsigned choose(int argc, char **argv)
{
    unsigned chosen = 0;

    for (int i = 1; i < argc; i++) {
        unsigned known = chosen;

        for (size_t k = 0; k < nif_countof(chapters); k++) {
            chosen |= (unsigned)(strcmp(argv[i], chapters[k].name) == 0) << k;
        }
        if (chosen == known) {
            bench_chip = argv[i];
        }
    }
    return chosen != 0 ? chosen : UINT_MAX;
}

static int run(const char *wiring, unsigned chosen)
{
    char name[64];
    int failed = 0;

    snprintf(name, sizeof(name), "%s, %s", bench_chip, wiring);
    for (size_t i = 0; i < nif_countof(chapters); i++) {
        if (chosen >> i & 1) {
            failed += chapters[i].run(name);
        }
    }
    return failed;
}

int main(int argc, char **argv)
{
    unsigned chosen = choose(argc, argv);
    int failed = run("as wired", chosen);

    if (bench_can(&(struct host_board_cfg){ .polling = true })) {
        bench_polling = true;
        failed += run("without interrupt", chosen);
    }
    return failed;
}
