// SPDX-License-Identifier: MIT
//
// The driver of the STM32's MAC: slots and the frames in them.

#include "bench.h"

#include <string.h>

static int send(size_t len)
{
    static uint8_t frame[1514];
    const struct nif_seg segs[] = {
        { frame, 14 },
        { frame + 14, len - 14 },
    };

    for (size_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)(i + b.step);
    }
    return b.mac->ops->send(b.mac, segs, 2, len);
}

static int recv(uint8_t **frame)
{
    static uint8_t buf[NIF_ETH_FRAME_MAX];

    return b.mac->ops->recv(b.mac, buf, sizeof(buf), frame);
}

static void frames_leave_as_they_are(void **state)
{
    (void)state;
    bench_up(true);
    for (unsigned i = 0; i < 10; i++) {
        size_t len = 14 + (size_t)i * 150;
        uint8_t first = (uint8_t)b.step;

        assert_int_equal(send(len), 0);
        assert_int_equal(b.sent, i + 1);
        assert_int_equal(b.frame_len, len);
        for (size_t k = 0; k < len; k++) {
            assert_int_equal(b.frame[k], (uint8_t)(k + first));
        }
    }
    assert_int_equal(send(1514), 0);
    assert_int_equal(b.frame_len, 1514);
}

static void no_more_than_there_are_slots_wait(void **state)
{
    uint64_t due_us;

    (void)state;
    bench_up(true);
    b.stuck = true;
    assert_int_equal(send(100), 0);
    assert_int_equal(bench_poll(&due_us), 0);
    assert_int_equal(due_us, b.now_us - 1 + 1000);
    assert_int_equal(send(200), 0);
    assert_int_equal(send(300), NIF_EAGAIN);
    assert_int_equal(b.wakes, 0); // the interrupt will
    assert_int_equal(bench_poll(&due_us), 0);
    assert_int_equal(due_us, b.now_us - 1 + 1000);
    assert_int_equal(b.chip.stats.tx, 0);
    b.stuck = false;
    bench_transmit();
    assert_int_equal(b.sent, 2);
    assert_int_equal(bench_poll(&due_us), 0);
    assert_int_equal(b.chip.stats.tx, 2);
    assert_int_equal(send(300), 0);
    assert_int_equal(b.frame_len, 300);
}

// Two slots are filled, and a third frame finds none.
static void fill_up(void)
{
    assert_int_equal(send(100), 0);
    assert_int_equal(send(200), 0);
    assert_int_equal(send(300), NIF_EAGAIN);
}

static void without_interrupt_a_full_ring_is_looked_at_soon(void **state)
{
    uint64_t due_us;

    (void)state;
    bench_up(false);
    for (unsigned i = 1; i <= 3; i++) {
        b.stuck = true;
        fill_up();
        assert_int_equal(b.wakes, i);
        assert_int_equal(bench_poll(&due_us), 0);
        assert_int_equal(due_us, b.now_us - 1 + 125);
        assert_int_equal(send(300), NIF_EAGAIN);
        assert_int_equal(b.wakes, i); // it is asked for already
        b.stuck = false;
        bench_transmit();
        assert_int_equal(bench_poll(&due_us), 0);
        assert_int_equal(due_us, b.now_us - 1 + 50U * (uint64_t)RX);
    }
}

// The link was lost with the ring full.
static void a_new_link_begins_with_an_empty_ring(void **state)
{
    uint64_t due_us;

    (void)state;
    bench_up(false);
    b.stuck = true;
    fill_up();
    assert_int_equal(bench_link(false, true, true), 0);
    assert_int_equal(bench_link(true, true, true), 0);
    fill_up();
    assert_int_equal(b.wakes, 2);
    assert_int_equal(bench_poll(&due_us), 0);
    assert_int_equal(due_us, b.now_us - 1 + 125);
}

static void what_did_not_leave_is_counted(void **state)
{
    uint64_t due_us;

    (void)state;
    bench_up(true);
    b.tx_error = 0x8100;
    assert_int_equal(send(100), 0);
    b.tx_error = 1; // it had to wait before
    assert_int_equal(send(100), 0);
    assert_int_equal(bench_poll(&due_us), 0);
    assert_int_equal(b.chip.stats.tx, 1);
    assert_int_equal(b.chip.stats.tx_bad, 1);
}

static void a_frame_that_never_leaves_is_an_error(void **state)
{
    uint64_t due_us;

    (void)state;
    bench_up(true);
    b.now_us += 5000000; // idle before
    b.stuck = true;
    assert_int_equal(send(100), 0);
    b.now_us += 900000;
    assert_int_equal(bench_poll(&due_us), 0);
    b.now_us += 101000;
    assert_int_equal(bench_poll(&due_us), NIF_ETIMEDOUT);
    b.stuck = false;
    assert_int_equal(bench_link(true, true, true), 0);
    assert_int_equal(bench_poll(&due_us), 0);
    assert_int_equal(send(200), 0);
    assert_int_equal(b.sent, 1);
    assert_int_equal(b.frame_len, 200);
}

// poll() says so if there is no frame, and only then.
static void what_poll_has_seen_is_what_recv_says(void **state)
{
    uint64_t again_us = NIF_NEVER;
    uint8_t *frame = NULL;

    (void)state;
    bench_up(true);
    assert_int_equal(b.mac->ops->poll(b.mac, &again_us), NIF_SEEN_NO_FRAME);
    assert_true(bench_arrive(64, 0x321, 1));
    assert_int_equal(b.mac->ops->poll(b.mac, &again_us), 0);
    assert_int_equal(again_us, 0);
    assert_int_equal(recv(&frame), 60);
    assert_int_equal(b.mac->ops->poll(b.mac, &again_us), NIF_SEEN_NO_FRAME);
}

// Good frames, in place; a slot is the DMA's again with the next recv().
static void frames_come_in_order_and_in_place(void **state)
{
    uint8_t *frame = NULL;

    (void)state;
    bench_up(true);
    assert_int_equal(recv(&frame), NIF_EAGAIN);
    for (unsigned i = 0; i < 3 * RX; i++) {
        // Bits that say nothing of errors may be there.
        assert_true(bench_arrive(18 + i * 100, 0x321, (uint8_t)i));
        assert_int_equal(recv(&frame), 14 + (int)i * 100);
        assert_ptr_equal(frame, memory.rx[i % RX].data);
        assert_int_equal(frame[13], (uint8_t)i);
        assert_false(memory.rx[i % RX].word[0] & OWN);
        b.written[DMARPDR / 4] = 0;
        assert_int_equal(recv(&frame), NIF_EAGAIN);
        assert_int_equal(b.seen.rx[i % RX].word[0], OWN);
        assert_true(b.written[DMARPDR / 4] > 0);
    }
    assert_int_equal(b.chip.stats.rx, 3 * RX);
    assert_int_equal(b.chip.stats.rx_bad, 0);
}

static void a_burst_fills_all_slots_and_no_more(void **state)
{
    uint8_t *frame = NULL;
    uint64_t due_us;

    (void)state;
    bench_up(true);
    for (unsigned i = 0; i < RX; i++) {
        assert_true(bench_arrive(64 + i, 0x300, 1));
    }
    assert_false(bench_arrive(64, 0x300, 1));
    assert_int_equal(bench_poll(&due_us), 0);
    assert_int_equal(due_us, 0);
    assert_int_equal(b.chip.stats.rx_full, 1);
    for (unsigned i = 0; i < RX; i++) {
        assert_int_equal(recv(&frame), 60 + (int)i);
    }
    assert_int_equal(bench_poll(&due_us), 0);
    assert_true(due_us != 0); // the last is still lent, none waits
    assert_int_equal(recv(&frame), NIF_EAGAIN);
    assert_true(bench_arrive(70, 0x300, 1));
    assert_int_equal(recv(&frame), 66);
}

static void bad_frames_are_skipped(void **state)
{
    static const struct {
        size_t len;
        uint32_t status;
    } bad[] = {
        { 100, 0x8300 }, // error
        { 100, 0x200 },  // cut in two
        { 100, 0x100 },
        { 100, 0 },
        { 17, 0x300 },
        { 1519, 0x300 },
        { 0x2040, 0x300 },
        { 0, 0x300 },
    };
    uint8_t *frame = NULL;

    (void)state;
    bench_up(true);
    for (size_t i = 0; i < nif_countof(bad); i++) {
        assert_true(bench_arrive(bad[i].len, bad[i].status, 1));
        assert_true(bench_arrive(1518, 0x300, 2));
        assert_int_equal(recv(&frame), 1514);
        assert_int_equal(recv(&frame), NIF_EAGAIN);
        assert_int_equal(b.chip.stats.rx_bad, i + 1);
    }
}

static void a_burst_of_bad_frames_is_skipped_at_once(void **state)
{
    uint8_t *frame = NULL;

    (void)state;
    bench_up(true);
    for (unsigned i = 0; i < RX; i++) {
        assert_true(bench_arrive(64, 0x8300, 1));
    }
    assert_int_equal(recv(&frame), NIF_EAGAIN);
    assert_int_equal(b.chip.stats.rx_bad, RX);
}

static void two_slots_and_one_are_enough(void **state)
{
    struct stm32_eth_cfg cfg;
    uint8_t *frame = NULL;

    (void)state;
    bench_open(true, 168000000);
    cfg = b.chip.cfg;
    cfg.rx_count = 2;
    cfg.tx_count = 1;
    stm32_eth_init(&b.chip, &cfg);
    assert_int_equal(b.mac->ops->start(b.mac), 0);
    assert_int_equal(bench_link(true, true, true), 0);
    assert_int_equal(memory.tx[0].word[0], 0);
    assert_int_equal(memory.tx[0].word[1], 0);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(send(100), 0);
        assert_int_equal(b.sent, i + 1);
        assert_true(bench_arrive(64, 0x300, (uint8_t)i));
        assert_int_equal(recv(&frame), 60);
        assert_int_equal(frame[0], i);
    }
}

// Two slots to receive fill up sooner than a full ring has to be looked at.
static void few_slots_are_looked_at_often(void **state)
{
    struct stm32_eth_cfg cfg;
    uint64_t due_us;

    (void)state;
    bench_open(false, 168000000);
    cfg = b.chip.cfg;
    cfg.rx_count = 2;
    stm32_eth_init(&b.chip, &cfg);
    assert_int_equal(b.mac->ops->start(b.mac), 0);
    assert_int_equal(bench_link(true, true, true), 0);
    b.stuck = true;
    fill_up();
    assert_int_equal(bench_poll(&due_us), 0);
    assert_int_equal(due_us, b.now_us - 1 + 100);
}

static void a_buffer_too_small_costs_the_frame(void **state)
{
    uint8_t *frame = NULL;
    uint8_t buf[20];

    (void)state;
    bench_up(true);
    assert_true(bench_arrive(64, 0x300, 1));
    assert_true(bench_arrive(24, 0x300, 2));
    assert_int_equal(b.mac->ops->recv(b.mac, buf, sizeof(buf), &frame),
        NIF_ETOOBIG);
    assert_int_equal(b.mac->ops->recv(b.mac, buf, sizeof(buf), &frame), 20);
}

static void before_the_first_link_there_are_no_frames(void **state)
{
    uint8_t *frame = NULL;

    (void)state;
    bench_open(true, 168000000);
    memset(&memory, 0, sizeof(memory)); // all would be ours
    assert_int_equal(recv(&frame), NIF_EAGAIN);
    assert_int_equal(b.mac->ops->start(b.mac), 0);
    assert_int_equal(recv(&frame), NIF_EAGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_leave_as_they_are),
        cmocka_unit_test(no_more_than_there_are_slots_wait),
        cmocka_unit_test(without_interrupt_a_full_ring_is_looked_at_soon),
        cmocka_unit_test(a_new_link_begins_with_an_empty_ring),
        cmocka_unit_test(what_did_not_leave_is_counted),
        cmocka_unit_test(a_frame_that_never_leaves_is_an_error),
        cmocka_unit_test(what_poll_has_seen_is_what_recv_says),
        cmocka_unit_test(frames_come_in_order_and_in_place),
        cmocka_unit_test(a_burst_fills_all_slots_and_no_more),
        cmocka_unit_test(bad_frames_are_skipped),
        cmocka_unit_test(a_burst_of_bad_frames_is_skipped_at_once),
        cmocka_unit_test(two_slots_and_one_are_enough),
        cmocka_unit_test(few_slots_are_looked_at_often),
        cmocka_unit_test(a_buffer_too_small_costs_the_frame),
        cmocka_unit_test(before_the_first_link_there_are_no_frames),
    };

    return cmocka_run_group_tests_name("stm32 eth frames", tests, NULL, NULL);
}
