// SPDX-License-Identifier: MIT
//
// The board without a chip: what its device promises (nif/iface.h), and the
// stack over it, with a card at the other end of the cable.

#include "boards/host/host.h"
#include "sim/net/nic.h"
#include "tests/support/check.h"

#include <string.h>

struct bench {
    struct sim_world world;
    struct host_board board;
    struct sim_nic nic; // the other end
    struct nif_iface *iface;
    unsigned came; // at the other end
    size_t last_len;
    uint8_t last[NIF_ETH_FRAME_MAX];
    unsigned events;
    enum nif_event event;
};

static const uint8_t own[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct bench *b = arg;

    b->came++;
    b->last_len = len;
    memcpy(b->last, frame, len);
}

static void on_event(void *arg, struct nif_iface *iface, enum nif_event event)
{
    struct bench *b = arg;

    (void)iface;
    b->events++;
    b->event = event;
}

static int setup(void **state)
{
    static struct bench b;
    const struct host_board_cfg cfg = {
        .chip = "direct",
        .seed = 1,
        .net = { .ip = nif_ip4(192, 0, 2, 2), .prefix_len = 24 },
    };
    char why[HOST_WHY] = "";

    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    assert_int_equal(host_board_init(&b.board, &b.world, &cfg, why), 0);
    sim_nic_init(&b.nic, &b.world, "other", 0);
    b.nic.on_frame = on_frame;
    b.nic.arg = &b;
    host_board_plug(&b.board, &b.nic.port);
    b.iface = b.board.iface;
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    host_board_done(&b->board);
    sim_nic_done(&b->nic);
    assert_int_equal(b->world.complaints, 0);
    sim_world_done(&b->world);
    return 0;
}

static void start(struct bench *b)
{
    uint64_t again_us = NIF_NEVER;

    assert_int_equal(nif_iface_start(b->iface), 0);
    assert_true(nif_iface_poll(b->iface, &again_us) >= 0);
    assert_true(again_us == NIF_NEVER);
}

// The other end sends a frame of `len` bytes to `to`, with `mark` in it.
static void say(struct bench *b, const uint8_t *to, size_t len, uint8_t mark)
{
    uint8_t frame[2000] = { 0 };

    memcpy(frame, to, 6);
    frame[6] = 2;
    frame[14] = mark;
    assert_true(sim_nic_send(&b->nic, frame, len));
    sim_pass_ns(&b->world, SIM_MS);
}

// Expects a frame with that mark; 0: none.
static void expect(struct bench *b, uint8_t mark)
{
    uint8_t buf[NIF_ETH_FRAME_MAX];
    uint8_t *frame = NULL;
    int got = nif_eth_recv(b->iface, buf, sizeof(buf), &frame);

    if (mark == 0) {
        assert_int_equal(got, NIF_EAGAIN);
        return;
    }
    assert_true(got >= 60);
    assert_int_equal(frame[14], mark);
}

static int send(struct bench *b, size_t len)
{
    static uint8_t frame[2000];
    const size_t head = len < 10 ? len : 10;
    const struct nif_seg segs[] = { { frame, head },
        { frame + head, len - head } };

    memcpy(frame, all, 6);
    memset(frame + 14, 0xA5, sizeof(frame) - 14);
    return nif_eth_send(b->iface, segs, 2);
}

static void its_stretches_become_one_padded_frame(void **state)
{
    struct bench *b = *state;

    start(b);
    assert_int_equal(send(b, 20), 0);
    assert_int_equal(send(b, 1514), 0);
    sim_pass_ns(&b->world, SIM_MS);
    assert_int_equal(b->came, 2);
    assert_int_equal(b->last_len, 1514);
    assert_int_equal(b->last[1513], 0xA5);
}

static void what_cannot_be_sent_is_an_error(void **state)
{
    struct bench *b = *state;

    assert_int_equal(send(b, 60), NIF_ELINK); // not started
    start(b);
    assert_int_equal(send(b, 13), NIF_EINVAL);
    assert_int_equal(send(b, 1515), NIF_ETOOBIG);
    sim_cable_plug(&b->board.cable, false);
    assert_int_equal(send(b, 60), NIF_ELINK);
    sim_pass_ns(&b->world, SIM_MS);
    assert_int_equal(b->came, 0);
}

static void a_full_card_takes_frames_again_when_it_says_so(void **state)
{
    struct bench *b = *state;
    uint64_t again_us = NIF_NEVER;
    unsigned taken = 0;

    start(b);
    b->board.cpu.cost_ns = 0; // faster than the wire
    while (send(b, 1514) == 0) {
        assert_true(++taken < 10000);
    }
    assert_true(nif_iface_poll(b->iface, &again_us) >= 0);
    sim_run_until(&b->world, again_us * 1000);
    assert_int_equal(send(b, 1514), 0);
    sim_pass_ns(&b->world, 10 * SIM_MS);
    assert_int_equal(b->came, taken + 1);
}

static void frames_for_others_are_not_received(void **state)
{
    struct bench *b = *state;
    const uint8_t other[6] = { 2, 0, 0, 0, 0, 3 };
    const uint8_t group[6] = { 1, 0, 0x5E, 0, 0, 251 };

    start(b);
    say(b, own, 60, 1);
    say(b, other, 60, 2);
    say(b, all, 60, 3);
    say(b, group, 60, 4);
    expect(b, 1);
    expect(b, 3);
    expect(b, 0);
}

static void its_filter_lets_groups_and_everything_in(void **state)
{
    struct bench *b = *state;
    const uint8_t other[6] = { 2, 0, 0, 0, 0, 3 };
    const struct nif_hwaddr groups[] = { { { 1, 0, 0x5E, 0, 0, 251 } },
        { { 1, 0, 0x5E, 0, 0, 252 } } };
    const uint8_t third[6] = { 1, 0, 0x5E, 0, 0, 253 };
    struct nif_eth_filter filter = { .groups = groups, .group_count = 2 };

    start(b);
    assert_int_equal(b->iface->eth->filter(b->iface, &filter), 0);
    say(b, groups[1].byte, 60, 1);
    say(b, third, 60, 2);
    expect(b, 1);
    expect(b, 0);
    filter = (struct nif_eth_filter){ .all_multicast = true };
    assert_int_equal(b->iface->eth->filter(b->iface, &filter), 0);
    say(b, third, 60, 3);
    say(b, other, 60, 4);
    expect(b, 3);
    expect(b, 0);
    filter = (struct nif_eth_filter){ .promiscuous = true };
    assert_int_equal(b->iface->eth->filter(b->iface, &filter), 0);
    say(b, other, 60, 5);
    expect(b, 5);
}

// Every group beyond what its table holds is received, not lost.
static void more_groups_than_it_can_tell_apart_are_all_received(void **state)
{
    struct bench *b = *state;
    struct nif_hwaddr groups[20] = { 0 };
    const struct nif_eth_filter filter = { .groups = groups,
        .group_count = 20 };

    for (unsigned i = 0; i < 20; i++) {
        groups[i] = (struct nif_hwaddr){ { 1, 0, 0x5E, 0, 1, (uint8_t)i } };
    }
    start(b);
    assert_int_equal(b->iface->eth->filter(b->iface, &filter), 0);
    say(b, groups[19].byte, 60, 1);
    expect(b, 1);
}

static void giants_and_what_a_full_ring_cannot_hold_are_dropped(void **state)
{
    struct bench *b = *state;
    uint8_t buf[NIF_ETH_FRAME_MAX];
    uint8_t *frame;
    unsigned got = 0;

    start(b);
    say(b, own, 1600, 1);
    expect(b, 0);
    for (unsigned i = 0; i < 300; i++) {
        say(b, own, 60, 1);
    }
    while (nif_eth_recv(b->iface, buf, sizeof(buf), &frame) > 0) {
        got++;
    }
    assert_int_equal(got, 256);
    say(b, own, 60, 2);
    expect(b, 2);
}

static void a_frame_too_long_for_the_buffer_is_gone(void **state)
{
    struct bench *b = *state;
    uint8_t buf[100];
    uint8_t *frame;

    start(b);
    say(b, own, 200, 1);
    say(b, own, 60, 2);
    assert_int_equal(nif_eth_recv(b->iface, buf, sizeof(buf), &frame),
        NIF_ETOOBIG);
    expect(b, 2);
}

static void the_link_is_told_of_in_poll(void **state)
{
    struct bench *b = *state;
    uint64_t again_us = NIF_NEVER;

    nif_iface_on_event(b->iface, on_event, b);
    start(b);
    assert_int_equal(b->event, NIF_EVENT_LINK_UP);
    sim_cable_plug(&b->board.cable, false);
    assert_int_equal(b->events, 1);
    assert_true(nif_iface_flags(b->iface) & NIF_IFACE_LINK);
    assert_true(nif_iface_poll(b->iface, &again_us) >= 0);
    assert_int_equal(b->event, NIF_EVENT_LINK_DOWN);
    assert_false(nif_iface_flags(b->iface) & NIF_IFACE_LINK);
    sim_cable_plug(&b->board.cable, true);
    assert_true(nif_iface_poll(b->iface, &again_us) >= 0);
    assert_int_equal(b->events, 3);
    assert_int_equal(nif_iface_stop(b->iface), 0);
    assert_int_equal(nif_iface_flags(b->iface) & NIF_IFACE_STARTED, 0);
    say(b, own, 60, 1);
    expect(b, 0);
}

static void a_frame_or_the_link_ends_a_wait(void **state)
{
    struct bench *b = *state;
    struct nif_clock *clock = &b->board.cpu.clock;
    uint8_t frame[60] = { 2, 0, 0, 0, 0, 2 };

    start(b);
    nif_clock_wait(clock, 0); // what the start has left
    assert_true(sim_nic_send(&b->nic, frame, sizeof(frame)));
    nif_clock_wait(clock, 5000000);
    assert_true(b->world.now_ns < SIM_S);
    sim_cable_plug(&b->board.cable, false);
    nif_clock_wait(clock, 5000000);
    assert_true(b->world.now_ns < SIM_S);
}

static void the_stack_answers_over_it(void **state)
{
    struct bench *b = *state;
    uint8_t ask[42] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9, 8, 6, 0,
        1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0,
        192, 0, 2, 2 };

    start(b);
    (void)nif_stack_poll(&b->board.tcpip.stack);
    sim_pass_ns(&b->world, SIM_MS);
    b->came = 0; // it has announced its address
    assert_true(sim_nic_send(&b->nic, ask, sizeof(ask)));
    sim_pass_ns(&b->world, SIM_MS);
    (void)nif_stack_poll(&b->board.tcpip.stack);
    sim_pass_ns(&b->world, SIM_MS);
    assert_int_equal(b->came, 1);
    assert_memory_equal(b->last + 22, own, 6);
}

static void what_is_said_to_a_chip_is_refused(void **state)
{
    static struct host_board board;
    struct bench *b = *state;
    const struct host_board_cfg wrong[] = {
        { .chip = "direct", .bus_hz = 1000000 },
        { .chip = "direct", .polling = true },
        { .chip = "direct", .compat = true },
        { .chip = "direct", .revision = "B7" },
    };

    for (size_t i = 0; i < nif_countof(wrong); i++) {
        char why[HOST_WHY] = "";

        assert_int_equal(host_board_init(&board, &b->world, &wrong[i], why),
            -1);
        assert_non_null(strstr(why, "direct has no chip"));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_stretches_become_one_padded_frame),
        TEST(what_cannot_be_sent_is_an_error),
        TEST(a_full_card_takes_frames_again_when_it_says_so),
        TEST(frames_for_others_are_not_received),
        TEST(its_filter_lets_groups_and_everything_in),
        TEST(more_groups_than_it_can_tell_apart_are_all_received),
        TEST(giants_and_what_a_full_ring_cannot_hold_are_dropped),
        TEST(a_frame_too_long_for_the_buffer_is_gone),
        TEST(the_link_is_told_of_in_poll),
        TEST(a_frame_or_the_link_ends_a_wait),
        TEST(the_stack_answers_over_it),
        TEST(what_is_said_to_a_chip_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
