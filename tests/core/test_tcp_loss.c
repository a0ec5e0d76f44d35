// SPDX-License-Identifier: MIT
//
// How TCP fares on bad cables, as a table: what it costs in frames,
// retransmissions and time. The table is stored beside this file; a change of
// behaviour is a change of the table, for the reviewer to see.
//
//     NIF_GOLDEN=1 build/tests/test_tcp_loss     # writes it anew

#include "tests/core/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN "tests/core/tcp_loss.golden"
#define KIB    1024u

static const struct {
    const char *name;
    bool sack;
    bool stamps;
} kinds[] = {
    { "plain", false, false },
    { "sack", true, false },
    { "sack,stamps", true, true },
};

static const unsigned losses[] = { 0, 10, 50, 150 };
static const unsigned swaps[] = { 0, 100 };
static const uint32_t delays_us[] = { 100, 20000 };

static char table[16384];

static void add_row(const struct stream_lane *lane)
{
    struct stream_result sum = { .us = 0 };
    size_t at = strlen(table);

    // A mean of a few, or one bad moment decides.
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct stream_result r;

        stream_run(lane, seed, &r);
        sum.us += r.us;
        sum.frames[0] += r.frames[0];
        sum.frames[1] += r.frames[1];
        sum.timeouts += r.timeouts;
        sum.fast += r.fast;
        sum.resent += r.resent;
    }
    (void)snprintf(table + at, sizeof(table) - at,
        "%-12s %4u %6u %6u %8u %7u %7u %6u %6u %8u\n", lane->name,
        lane->cable.loss / 10, lane->cable.swap / 10, lane->cable.delay_us,
        5 * (lane->up + lane->down), sum.resent, sum.frames[0] + sum.frames[1],
        sum.timeouts, sum.fast, (unsigned)(sum.us / 1000));
}

static void make_table(void)
{
    (void)snprintf(table, sizeof(table),
        "%-12s %4s %6s %6s %8s %7s %7s %6s %6s %8s\n", "# kind", "loss",
        "swap%", "us", "bytes", "again", "frames", "rto", "fast", "ms");
    for (size_t k = 0; k < nif_countof(kinds); k++) {
        for (size_t i = 0; i < 16; i++) {
            const struct stream_lane lane = {
                .name = kinds[k].name,
                .cable = { .loss = losses[i >> 2],
                    .swap = swaps[i >> 1 & 1],
                    .delay_us = delays_us[i & 1],
                    .byte_ns = 800 },
                .up = 100 * KIB,
                .down = 20 * KIB,
                .chunk = 1460,
                .cap = 16384,
                .refill = 1000,
                .limit_s = 600,
                .sack = kinds[k].sack,
                .stamps = kinds[k].stamps,
            };

            add_row(&lane);
        }
    }
}

static void the_table_is_as_it_was(void **state)
{
    static char golden[sizeof(table)];
    FILE *file;

    (void)state;
    make_table();
    if (getenv("NIF_GOLDEN") != NULL) {
        file = fopen(GOLDEN, "w");
        assert_non_null(file);
        assert_true(fputs(table, file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    file = fopen(GOLDEN, "r");
    assert_non_null(file);
    golden[fread(golden, 1, sizeof(golden) - 1, file)] = '\0';
    (void)fclose(file);
    if (strcmp(golden, table) != 0) {
        fail_msg("not as in " GOLDEN " (NIF_GOLDEN=1 writes it anew):\n%s",
            table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
