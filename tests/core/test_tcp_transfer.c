// SPDX-License-Identifier: MIT
//
// TCP end to end between two of our stacks: what goes in comes out, through
// loss, repetition and disorder, in both directions, by every way through the
// stack.

#include "tests/core/stream.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define KIB 1024u

#define LANE(title, u, d, n, ring, room, limit)                           \
    .name = (title), .up = (u), .down = (d), .chunk = (n), .cap = (ring), \
    .refill = (room), .limit_s = (limit)

static const struct stream_lane lanes[] = {
    { LANE("clean", 256 * KIB, 1, 1460, 4096, 1000, 5),
        .cable = { .byte_ns = 800, .delay_us = 100 } },
    { LANE("clean, down", 1, 256 * KIB, 1460, 4096, 1000, 5),
        .cable = { .byte_ns = 800, .delay_us = 100 } },
    { LANE("1 %, both ways", 128 * KIB, 128 * KIB, 1000, 4096, 1000, 60),
        .cable = { .loss = 10, .byte_ns = 800, .delay_us = 500 } },
    { LANE("5 % and disorder", 128 * KIB, 128 * KIB, 700, 4096, 1000, 120),
        .cable = { .loss = 50,
            .swap = 100,
            .dup = 20,
            .byte_ns = 800,
            .delay_us = 500 } },
    { LANE("15 %", 64 * KIB, 64 * KIB, 1460, 4096, 1000, 600),
        .cable = { .loss = 150, .byte_ns = 800, .delay_us = 500 } },
    { LANE("small ring, long way", 32 * KIB, 32 * KIB, 300, 1000, 1000, 300),
        .cable = { .loss = 20, .byte_ns = 800, .delay_us = 20000 } },
    { LANE("tiny ring", 4 * KIB, 4 * KIB, 50, 100, 1000, 300),
        .cable = { .loss = 20, .byte_ns = 800, .delay_us = 100 } },
    { LANE("a device with room for one", 64 * KIB, 64 * KIB, 1460, 4096, 1,
          100),
        .cable = { .loss = 20, .swap = 50, .byte_ns = 800, .delay_us = 100 } },
    { LANE("a device with room for two, all parts", 64 * KIB, 64 * KIB, 1460,
          8192, 2, 100),
        .cable = { .loss = 50, .swap = 50, .byte_ns = 800, .delay_us = 5000 },
        .sack = true, .stamps = true },
    { LANE("a ring beyond 64 KiB", 256 * KIB, 128 * KIB, 1001, 70001, 1000, 60),
        .cable = { .loss = 10, .byte_ns = 800, .delay_us = 2000 } },
    { LANE("references", 128 * KIB, 128 * KIB, 700, 4096, 1000, 120),
        .cable = { .loss = 50,
            .swap = 100,
            .dup = 20,
            .byte_ns = 800,
            .delay_us = 500 },
        .refs = true },
    { LANE("references, all parts", 128 * KIB, 128 * KIB, 2001, 8192, 1000,
          120),
        .cable = { .loss = 50,
            .swap = 100,
            .dup = 20,
            .byte_ns = 800,
            .delay_us = 500 },
        .refs = true, .sack = true, .stamps = true },
};

static void what_is_sent_arrives_once_and_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(lanes); i++) {
        uint64_t worst_us = 0;
        unsigned seeds = lanes[i].cable.loss > 0 ? 10 : 1;

        for (uint64_t seed = 1; seed <= seeds; seed++) {
            struct stream_result r;

            stream_run(&lanes[i], seed, &r);
            worst_us = r.us > worst_us ? r.us : worst_us;
        }
        print_message("%-28s worst %u.%03u s\n", lanes[i].name,
            (unsigned)(worst_us / 1000000), (unsigned)(worst_us / 1000 % 1000));
    }
}

// The short ways may change nothing that can be seen. Where the headers lie at
// no word's border, every segment comes in the long way; without nif_tcp_fast
// they go out the long way, too.
static void compare_ways(const struct stream_lane *of, uint64_t seed)
{
    struct stream_lane lane = *of;
    struct stream_result quick;
    struct stream_result plain;

    lane.place = 2;
    stream_run(&lane, seed, &quick);
    lane.place = 1;
    stream_run(&lane, seed, &plain);
    if (quick.digest != plain.digest) {
        fail_msg("%s, seed %u: by place", lane.name, (unsigned)seed);
    }
    lane.slow = true;
    stream_run(&lane, seed, &plain);
    if (quick.digest != plain.digest) {
        fail_msg("%s, seed %u: without short ways", lane.name, (unsigned)seed);
    }
}

static void the_short_way_and_the_long_way_say_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(lanes); i++) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
            compare_ways(&lanes[i], seed);
        }
    }
}

// A frame that is built in the device is the frame that would be given to it.
static void lent_buffers_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(lanes); i++) {
        struct stream_lane lane = lanes[i];
        struct stream_result given;
        struct stream_result built;

        stream_run(&lane, 4, &given);
        lane.lend = true;
        stream_run(&lane, 4, &built);
        if (given.digest != built.digest) {
            fail_msg("%s", lane.name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_arrives_once_and_in_order),
        cmocka_unit_test(the_short_way_and_the_long_way_say_the_same),
        cmocka_unit_test(lent_buffers_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
