// SPDX-License-Identifier: MIT
//
// What every frame device promises (nif/iface.h), the same tests for each
// chip. A new chip gets them by one line of CMake:
//
//     nif_contract_frames(enc28j60)
//
// They run twice, with the interrupt pin and without, where that can be
// chosen. To try another chip: its name as an argument.

#include "tests/contract/frames.h"

#include "tests/contract/frames_bench.h"

#include <stdio.h>

const char *bench_chip = NIF_CONTRACT_CHIP;
bool bench_polling;

static int run(const char *wiring)
{
    char name[64];
    int failed;

    snprintf(name, sizeof(name), "%s, %s", bench_chip, wiring);
    failed = frames_calls(name);
    failed += frames_flow(name);
    failed += frames_link(name);
    failed += frames_faults(name);
    return failed;
}

int main(int argc, char **argv)
{
    int failed;

    if (argc > 1) {
        bench_chip = argv[1];
    }
    failed = run("as wired");
    if (bench_can(&(struct host_board_cfg){ .polling = true })) {
        bench_polling = true;
        failed += run("without interrupt");
    }
    return failed;
}
