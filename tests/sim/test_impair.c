// SPDX-License-Identifier: MIT
//
// The bad network: each impairment alone, counted, and repeatable.

#include "sim/net/impair.h"
#include "tests/support/check.h"

#include <string.h>

#define FRAMES 10000u

struct bench {
    struct sim_world world;
    struct sim_impair impair;
    unsigned count;
    unsigned changed;
    unsigned out_of_order;
    unsigned last;
    uint64_t first_ns;
    uint64_t last_ns;
};

static void on_out(void *arg, const uint8_t *frame, size_t len)
{
    struct bench *b = arg;
    unsigned number = nif_get_be32(frame);

    assert_int_equal(len, 100);
    b->first_ns = b->count++ == 0 ? b->world.now_ns : b->first_ns;
    b->last_ns = b->world.now_ns;
    b->out_of_order += number < b->last;
    b->last = number;
    for (size_t i = 4; i < len; i++) {
        b->changed += frame[i] != 0x55;
    }
}

// Puts `count` frames in, one each 100 us, and waits until all is out.
static void run(struct bench *b, const struct sim_impair_cfg *cfg,
    unsigned count)
{
    uint8_t frame[100];

    memset(b, 0, sizeof(*b));
    memset(frame, 0x55, sizeof(frame));
    sim_world_init(&b->world, 1);
    sim_impair_init(&b->impair, &b->world, cfg, on_out, b);
    for (unsigned i = 0; i < count; i++) {
        nif_put_be32(frame, i);
        sim_impair_put(&b->impair, frame, sizeof(frame));
        sim_pass_ns(&b->world, 100 * SIM_US);
    }
    sim_run_until(&b->world, 100 * SIM_S);
    sim_impair_done(&b->impair);
    sim_world_done(&b->world);
}

static void nothing_happens_to_a_good_network(void **state)
{
    struct bench b;

    (void)state;
    run(&b, NULL, FRAMES);
    assert_int_equal(b.count, FRAMES);
    assert_int_equal(b.changed + b.out_of_order, 0);
}

static void each_chance_is_kept_and_counted(void **state)
{
    struct bench b;

    (void)state;
    run(&b, &(struct sim_impair_cfg){ .drop_ppm = 50000 }, FRAMES);
    assert_in_range(FRAMES - b.count, 430, 570);
    assert_int_equal(b.impair.dropped, FRAMES - b.count);

    run(&b, &(struct sim_impair_cfg){ .corrupt_ppm = 50000 }, FRAMES);
    assert_in_range(b.changed, 430, 570);
    assert_int_equal(b.impair.corrupted, b.changed);

    run(&b, &(struct sim_impair_cfg){ .duplicate_ppm = 50000 }, FRAMES);
    assert_in_range(b.count - FRAMES, 430, 570);
    assert_int_equal(b.impair.duplicated, b.count - FRAMES);

    run(&b, &(struct sim_impair_cfg){ .reorder_ppm = 50000 }, FRAMES);
    assert_int_equal(b.count, FRAMES);
    assert_in_range(b.out_of_order, 400, 570);
}

static void a_burst_loses_that_many_in_a_row(void **state)
{
    struct bench b;

    (void)state;
    run(&b, &(struct sim_impair_cfg){ .burst_ppm = 1000, .burst_len = 20 },
        FRAMES);
    assert_int_equal(b.impair.dropped % 20, 0);
    assert_in_range(b.impair.dropped, 60, 400);
}

static void delay_and_jitter_keep_the_order(void **state)
{
    struct bench b;

    (void)state;
    run(&b,
        &(struct sim_impair_cfg){
            .delay_ns = 30 * SIM_MS,
            .jitter_ns = 10 * SIM_MS,
        },
        FRAMES);
    assert_int_equal(b.count, FRAMES);
    assert_int_equal(b.out_of_order, 0);
    assert_in_range(b.first_ns, 30 * SIM_MS, 40 * SIM_MS);
}

static void a_rate_is_kept_and_the_queue_is_bounded(void **state)
{
    struct bench b;

    (void)state;
    // 100 bytes each 100 us are 8 Mb/s: twice what passes.
    run(&b, &(struct sim_impair_cfg){ .bits_per_s = 4000000, .queue_max = 50 },
        1000);
    assert_in_range(b.count, 500, 551);
    assert_int_equal(b.count + b.impair.dropped, 1000);
    assert_int_equal(b.last_ns - b.first_ns, (b.count - 1) * (200 * SIM_US));
}

static void long_frames_are_lost_behind_a_size_limit(void **state)
{
    struct bench b;

    (void)state;
    run(&b, &(struct sim_impair_cfg){ .size_limit = 99 }, 10);
    assert_int_equal(b.count, 0);
    run(&b, &(struct sim_impair_cfg){ .size_limit = 100 }, 10);
    assert_int_equal(b.count, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_happens_to_a_good_network),
        cmocka_unit_test(each_chance_is_kept_and_counted),
        cmocka_unit_test(a_burst_loses_that_many_in_a_row),
        cmocka_unit_test(delay_and_jitter_keep_the_order),
        cmocka_unit_test(a_rate_is_kept_and_the_queue_is_bounded),
        cmocka_unit_test(long_frames_are_lost_behind_a_size_limit),
    };

    return cmocka_run_group_tests_name("impair", tests, NULL, NULL);
}
