// SPDX-License-Identifier: MIT
//
// The world's side of the bridge, byte by byte: what it answers, what that
// costs, and what it refuses. The other side is a script.

#include "sim/bridge/bridge.h"
#include "sim/bus/spi.h"
#include "tests/support/check.h"

#include <string.h>

#define HEAD ((size_t)24)

// The chip answers with what it was told last, plus one.
static struct {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_spi_chip chip;
    struct sim_spi spi;
    struct sim_pin pin;
    struct sim_event edge;
    struct sim_bridge bridge;
    struct sim_bridge_link link;
    const uint8_t *in;
    size_t in_len;
    uint8_t out[1 << 16];
    size_t out_len;
    int last;
} t;

static int link_read(struct sim_bridge_link *link, uint8_t *buf, size_t len)
{
    (void)link;
    if (len > t.in_len) {
        return -1;
    }
    memcpy(buf, t.in, len);
    t.in += len;
    t.in_len -= len;
    return 0;
}

static int link_write(struct sim_bridge_link *link, const uint8_t *data,
    size_t len)
{
    (void)link;
    if (len > sizeof(t.out) - t.out_len) {
        t.out_len = 0; // only the end is of interest then
    }
    memcpy(t.out + t.out_len, data, len);
    t.out_len += len;
    return 0;
}

static void chip_select(struct sim_spi_chip *chip)
{
    (void)chip;
}

static int chip_exchange(struct sim_spi_chip *chip, int mosi)
{
    int answer = t.last + 1;

    (void)chip;
    t.last = mosi;
    return answer & 0xFF;
}

static const struct sim_spi_chip_ops chip_ops = {
    .select = chip_select,
    .exchange = chip_exchange,
    .release = chip_select,
};

static void lower_pin(struct sim_event *event)
{
    (void)event;
    sim_pin_drive(&t.pin, false);
}

static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    sim_world_init(&t.world, 1);
    sim_cpu_init(&t.cpu, &t.world, 200);
    t.chip.ops = &chip_ops;
    sim_spi_init(&t.spi, &t.cpu, &t.chip, NULL);
    sim_pin_init(&t.pin, &t.cpu, "int", true);
    t.edge.fn = lower_pin;
    t.link = (struct sim_bridge_link){ link_read, link_write };
    sim_bridge_init(&t.bridge,
        &(struct sim_bridge_cfg){
            .cpu = &t.cpu,
            .link = &t.link,
            .spi = &t.spi.spi,
            .pins = { &t.pin },
            .board = { .chip = "echo", .seed = 7 },
        });
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sim_spi_done(&t.spi);
    sim_world_done(&t.world);
    return 0;
}

#define HELLO 1, 0, 5, 0, 'N', 'I', 'F', 'B', 1

// Serves a script; the first answer, HELLO's, is dropped.
static int serve(const uint8_t *script, size_t len)
{
    int err;

    t.in = script;
    t.in_len = len;
    t.out_len = 0;
    err = sim_bridge_serve(&t.bridge);
    if (t.out_len > HEAD + 32) {
        size_t hello = HEAD + 32u + 1 + 4 + 1 + 1 + 1 + 3;

        memmove(t.out, t.out + hello, t.out_len - hello);
        t.out_len -= hello;
    }
    return err;
}

static uint64_t time_of(const uint8_t *reply)
{
    uint64_t ns = 0;

    for (size_t i = 0; i < 8; i++) {
        ns |= (uint64_t)reply[8 + i] << 8 * i;
    }
    return ns;
}

static void a_transaction_costs_what_the_bus_costs(void **state)
{
    const uint8_t script[] = { HELLO, 0x20, 0, 0, 0, 0x21, 0, 6, 0, 1, 3, 2, 0,
        0x10, 0x20, 0x22, 0, 4, 0, 0, 0, 0, 0, 2, 0, 0, 0 };

    (void)state;
    assert_int_equal(serve(script, sizeof(script)), 0);
    assert_int_equal(time_of(t.out), 200 + 60);
    assert_int_equal(time_of(t.out + HEAD), 260 + 800);
    assert_int_equal(t.out[HEAD + 2], 2); // bytes that came back
    assert_int_equal(t.out[2 * HEAD], 0x01);
    assert_int_equal(t.out[2 * HEAD + 1], 0x11);
    assert_int_equal(time_of(t.out + 2 * HEAD + 2), 1060 + 20);
}

static void one_request_can_be_a_whole_transaction(void **state)
{
    const uint8_t script[] = { HELLO, 0x23, 0, 10, 0, 0, 0, 0, 0, 1, 3, 2, 0,
        0x10, 0x20, 2, 0, 0, 0 };

    (void)state;
    assert_int_equal(serve(script, sizeof(script)), 0);
    assert_int_equal(time_of(t.out), 1080);
    assert_int_equal(t.out[HEAD], 0x01);
    assert_int_equal(t.out[HEAD + 1], 0x11);
}

static void an_edge_ends_a_wait_and_is_told_with_its_time(void **state)
{
    const uint8_t script[] = { HELLO, 0x52, 0, 2, 0, 0, 1, 0x12, 0, 9, 0, 0x40,
        0x42, 0x0F, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0 };

    (void)state;
    sim_event_at(&t.world, &t.edge, 5000);
    assert_int_equal(serve(script, sizeof(script)), 0);
    assert_int_equal(t.out[16], 1); // the level, before
    assert_int_equal(time_of(t.out + HEAD), 5000);
    assert_int_equal(t.out[HEAD + 16], 0);
    assert_int_equal(t.out[HEAD + 20], 1); // edges
    assert_int_equal(t.out[2 * HEAD], 0);  // of the pin 0
    assert_int_equal(time_of(t.out + 2 * HEAD - 4), 5000);
}

static void what_makes_no_sense_is_refused_and_costs_nothing(void **state)
{
    static const uint8_t bad[][16] = {
        { 0x99, 0, 0, 0 },                         // no such request
        { 0x20, 1, 0, 0 },                         // not zero
        { 0x11, 0, 1, 0, 9 },                      // too short
        { 0x21, 0, 5, 0, 1, 3, 1, 0, 9 },          // not selected
        { 0x22, 0, 4, 0, 0, 0, 0, 0 },             // not selected
        { 0x23, 0, 5, 0, 0, 0, 0, 0, 0 },          // no segment
        { 0x23, 0, 8, 0, 0, 0, 0, 0, 1, 1, 9, 0 }, // bytes are missing
        { 0x23, 0, 8, 0, 0, 0, 0, 0, 1, 4, 0, 0 }, // what kind?
        { 0x30, 0, 0, 0 },                         // there is no UART
        { 0x40, 0, 2, 0, 1, 1 },                   // nor MDIO
        { 0x50, 0, 2, 0, 1, 0 },                   // no such pin
        { 0x52, 0, 2, 0, 0, 3 },                   // no such edge
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(bad); i++) {
        uint8_t script[64] = { HELLO };
        size_t len = 4u + bad[i][2];

        memcpy(script + 9, bad[i], len);
        memcpy(script + 9 + len, (const uint8_t[]){ 2, 0, 0, 0 }, 4);
        setup(NULL);
        assert_int_equal(serve(script, 9 + len + 4), 0);
        assert_int_equal(t.out[0], bad[i][0]);
        assert_int_equal(t.out[1], 1);
        assert_int_equal((int8_t)t.out[4], NIF_EINVAL);
        assert_int_equal(time_of(t.out), 0);
        assert_int_equal(t.bridge.refused, 1);
        teardown(NULL);
    }
    setup(NULL);
}

static void a_stranger_is_refused_and_not_served(void **state)
{
    const uint8_t now[] = { 0x10, 0, 0, 0, HELLO };
    const uint8_t version_9[] = { 1, 0, 5, 0, 'N', 'I', 'F', 'B', 9, HELLO };

    (void)state;
    assert_int_equal(serve(now, sizeof(now)), -1);
    assert_int_equal(t.bridge.requests, 1);
    setup(NULL);
    assert_int_equal(serve(version_9, sizeof(version_9)), -1);
    assert_int_equal(t.bridge.requests, 1);
}

static void who_vanishes_within_a_transaction_leaves_the_bus_free(void **state)
{
    const uint8_t script[] = { HELLO, 0x20, 0, 0, 0, 0x21, 0, 200 };

    (void)state;
    assert_int_equal(serve(script, sizeof(script)), -1);
    assert_string_equal(t.bridge.error, "the other side is gone");
    assert_false(t.spi.selected);
}

static void random_requests_are_answered_or_refused(void **state)
{
    static uint8_t script[40000];

    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        size_t len = 0;

        setup(NULL);
        memcpy(script, (const uint8_t[]){ HELLO }, 9);
        len = 9;
        while (len + 40 < sizeof(script)) {
            static const uint8_t ops[] = { 0x10, 0x11, 0x20, 0x21, 0x22, 0x23,
                0x31, 0x41, 0x50, 0x51, 0x52, 0x77 };
            size_t payload = sim_roll(&t.world, 16);

            script[len++] = ops[(round + sim_roll(&t.world, 12)) % 12];
            script[len++] = 0;
            script[len++] = (uint8_t)payload;
            script[len++] = 0;
            for (; payload > 0; payload--) {
                script[len++] = (uint8_t)sim_roll(&t.world, 4);
            }
        }
        (void)serve(script, len);
        assert_true(t.bridge.requests > 1000);
        assert_true(t.bridge.refused > 0);
        assert_true(t.bridge.refused < t.bridge.requests);
        assert_false(t.spi.selected);
        teardown(NULL);
    }
    setup(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_transaction_costs_what_the_bus_costs),
        TEST(one_request_can_be_a_whole_transaction),
        TEST(an_edge_ends_a_wait_and_is_told_with_its_time),
        TEST(what_makes_no_sense_is_refused_and_costs_nothing),
        TEST(a_stranger_is_refused_and_not_served),
        TEST(who_vanishes_within_a_transaction_leaves_the_bus_free),
        TEST(random_requests_are_answered_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
