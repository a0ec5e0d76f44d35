// SPDX-License-Identifier: MIT
//
// The rings of the model of the virtio network device: frames through them, and
// what it refuses of them.

#include "model_bench.h"

#include <string.h>

#define ANY (MAC | LINK | (b.legacy ? ANYWAY : 0))

static size_t header(void)
{
    return b.legacy ? 10 : 12;
}

static uint32_t whole(void)
{
    return (uint32_t)header() + 1514;
}

// A frame of `len` bytes to send in buffer `i`, behind a header.
static void fill(unsigned i, size_t len)
{
    memset(vio_buf(1, i), 0, header());
    memset(vio_buf(1, i) + header(), (int)(0x40 + i), len);
    vio_desc(1, i, (uint32_t)(header() + len), 0, 0);
}

static void offer(unsigned i)
{
    vio_desc(0, i, whole(), WRITE, 0);
    vio_give(0, i);
}

// The device is broken, and says so if it can.
static void broke(void)
{
    vio_complained(1);
    assert_int_equal(vio_get(STATUS) & 0x40, b.legacy ? 0 : 0x40);
    vio_agree(ANY);
    memset(b.ring, 0, sizeof(b.ring));
    vio_queue(0);
    vio_queue(1);
    vio_put(STATUS, b.legacy ? 7 : 15);
}

static void a_frame_leaves_and_its_buffer_comes_back(void **state)
{
    struct ring *ring = &b.ring[1];

    (void)state;
    vio_begin(ANY);
    fill(3, 100);
    vio_give(1, 3);
    vio_put(NOTIFY, 1);
    vio_run_us(5);
    assert_int_equal(ring->used[1], 0); // it is on its way
    vio_run_us(20);
    assert_int_equal(b.seen.heard, 1);
    assert_int_equal(b.seen.heard_len, 100);
    assert_int_equal(b.seen.heard_data[0], 0x43);
    assert_int_equal(b.seen.heard_data[99], 0x43);
    assert_int_equal(ring->used[1], 1);
    assert_int_equal(ring->entry[0].id, 3);
    assert_int_equal(ring->entry[0].len, 0);
    assert_int_equal(b.interrupts, 1);
}

static void a_chain_is_one_frame(void **state)
{
    (void)state;
    vio_begin(MAC | LINK);
    fill(1, 40);
    vio_desc(1, 5, (uint32_t)header(), NEXT, 1); // the header by itself
    vio_desc(1, 1, 30, NEXT, 6);
    vio_desc(1, 6, 30, 0, 0);
    memset(vio_buf(1, 1), 0x11, 30);
    memset(vio_buf(1, 6), 0x66, 30);
    vio_give(1, 5);
    vio_put(NOTIFY, 1);
    vio_run_us(30);
    assert_int_equal(b.seen.heard_len, 60);
    assert_int_equal(b.seen.heard_data[29], 0x11);
    assert_int_equal(b.seen.heard_data[30], 0x66);
    assert_int_equal(b.ring[1].entry[0].id, 5);
}

static void the_old_layout_has_the_header_by_itself(void **state)
{
    (void)state;
    vio_begin(MAC);
    fill(0, 60);
    vio_give(1, 0);
    vio_put(NOTIFY, 1);
    vio_run_us(30);
    vio_complained(1);
    assert_int_equal(b.seen.heard, 1); // QEMU's sends it all the same
}

static void a_frame_comes_behind_its_header(void **state)
{
    struct ring *ring = &b.ring[0];

    (void)state;
    vio_begin(ANY);
    offer(4);
    vio_put(NOTIFY, 0);
    memset(vio_buf(0, 5), 0xEE, 16);
    vio_arrive(100);
    assert_int_equal(ring->used[1], 1);
    assert_int_equal(ring->entry[0].id, 4);
    assert_int_equal(ring->entry[0].len, header() + 100);
    assert_int_equal(vio_buf(0, 4)[0], 0);
    assert_int_equal(vio_buf(0, 4)[header()], 2);
    assert_int_equal(vio_buf(0, 4)[header() + 99], 0x77);
    assert_int_equal(vio_buf(0, 4)[header() + 100], 0);
    assert_int_equal(b.interrupts, 1);
    if (!b.legacy) {
        uint16_t buffers;

        memcpy(&buffers, vio_buf(0, 4) + 10, 2);
        assert_int_equal(buffers, 1);
    }
}

static void a_frame_lies_in_several_buffers_if_that_was_agreed(void **state)
{
    uint16_t buffers;

    (void)state;
    vio_begin(ANY | MERGED);
    for (unsigned i = 0; i < 3; i++) {
        vio_desc(0, i, 50, WRITE, 0);
        vio_give(0, i);
    }
    vio_arrive(100);
    memcpy(&buffers, vio_buf(0, 0) + 10, 2); // in the old layout too
    assert_int_equal(buffers, 3);
    assert_int_equal(b.ring[0].used[1], 3);
    assert_int_equal(b.ring[0].entry[1].len, 50);
    assert_int_equal(b.ring[0].entry[2].len, 12);
    vio_desc(0, 0, 50, WRITE, 0); // one is too few, and stays
    vio_give(0, 0);
    vio_arrive(100);
    assert_int_equal(b.ring[0].used[1], 3);
    vio_desc(0, 1, 50, WRITE, 0);
    vio_desc(0, 2, 50, WRITE, 0);
    vio_give(0, 1);
    vio_give(0, 2);
    vio_put(NOTIFY, 0);
    vio_arrive(100);
    assert_int_equal(b.ring[0].used[1], 6);
}

static void one_that_found_no_buffer_waits_for_a_notification(void **state)
{
    (void)state;
    vio_begin(ANY);
    vio_arrive(100);
    assert_int_equal(b.net.rx_lost, 1);
    offer(0);
    vio_arrive(100);
    assert_int_equal(b.net.rx_lost, 2);
    vio_put(NOTIFY, 0);
    vio_arrive(100);
    assert_int_equal(b.net.rx_lost, 2);
    assert_int_equal(b.ring[0].used[0], 1); // it looks by itself
    vio_arrive(100);
    assert_int_equal(b.ring[0].used[0], 0); // not any more
}

static void nobody_is_told_who_does_not_want_to_know(void **state)
{
    (void)state;
    vio_begin(ANY);
    b.ring[0].avail[0] = 1;
    offer(0);
    vio_arrive(100);
    assert_int_equal(b.ring[0].used[1], 1);
    assert_int_equal(b.interrupts, 0);
    assert_int_equal(vio_get(INTERRUPTS), 0);
}

static void frames_leave_in_order_and_at_the_pace_of_the_wire(void **state)
{
    (void)state;
    vio_begin(ANY);
    for (unsigned i = 0; i < NUM; i++) {
        fill(i, 1000);
        vio_give(1, i);
    }
    vio_put(NOTIFY, 1);
    vio_run_us(300);
    assert_in_range(b.seen.heard, 3, 3);
    assert_int_equal(b.ring[1].used[0], 1); // it goes on by itself
    vio_run_us(600);
    assert_int_equal(b.seen.heard, NUM);
    assert_int_equal(b.ring[1].used[0], 0);
    for (unsigned i = 0; i < NUM; i++) {
        assert_int_equal(b.ring[1].entry[i].id, i);
    }
}

static void buffers_may_come_back_in_another_order(void **state)
{
    (void)state;
    vio_begin(ANY);
    b.net.shuffles = true;
    for (unsigned i = 0; i < 3; i++) {
        offer(i);
        fill(i, 60);
        vio_give(1, i);
    }
    vio_put(NOTIFY, 1);
    vio_run_us(100);
    assert_int_equal(b.ring[1].used[1], 3);
    assert_int_equal(b.ring[1].entry[0].id, 1);
    assert_int_equal(b.ring[1].entry[1].id, 0);
    assert_int_equal(b.ring[1].entry[2].id, 2);
    vio_arrive(60);
    vio_arrive(60);
    assert_int_equal(b.ring[0].entry[0].id, 1);
    assert_int_equal(b.ring[0].entry[1].id, 0);
}

static void without_a_link_frames_are_gone_at_once(void **state)
{
    (void)state;
    vio_begin(ANY);
    sim_cable_plug(&b.cable, false);
    fill(0, 60);
    fill(1, 60);
    vio_give(1, 0);
    vio_give(1, 1);
    vio_put(NOTIFY, 1);
    vio_run_us(5);
    assert_int_equal(b.ring[1].used[1], 2);
    assert_int_equal(b.net.tx_void, 2);
}

static void a_frame_under_way_in_a_reset_is_nobodys(void **state)
{
    (void)state;
    vio_begin(ANY);
    fill(0, 1000);
    vio_give(1, 0);
    vio_put(NOTIFY, 1);
    vio_run_us(10);
    memset(b.ring, 0, sizeof(b.ring));
    vio_begin(ANY);
    fill(1, 60);
    vio_give(1, 1);
    vio_put(NOTIFY, 1);
    vio_run_us(200);
    assert_int_equal(b.seen.heard, 2);
    assert_int_equal(b.ring[1].used[1], 1);
    assert_int_equal(b.ring[1].entry[0].id, 1);
}

static void a_chain_that_makes_no_sense_breaks_it(void **state)
{
    (void)state;
    vio_begin(ANY);
    vio_give(0, NUM); // no such descriptor
    vio_put(NOTIFY, 0);
    vio_arrive(60);
    broke();
    vio_desc(0, 0, 100, WRITE | NEXT, 1); // without an end
    vio_desc(0, 1, 100, WRITE | NEXT, 0);
    vio_give(0, 0);
    vio_arrive(60);
    broke();
    vio_desc(0, 0, whole(), WRITE | NEXT, 1);
    vio_desc(0, 1, 0, WRITE, 0);
    vio_give(0, 0);
    vio_arrive(60);
    broke();
    vio_desc(0, 0, 100, WRITE | 4, 0); // indirect
    vio_give(0, 0);
    vio_arrive(60);
    broke();
    vio_desc(0, 0, 100, WRITE, 0);
    b.ring[0].desc[0].address[0] = 0x10000000; // no memory
    vio_give(0, 0);
    vio_arrive(60);
    broke();
    vio_desc(0, 0, 100, WRITE | NEXT, 1); // one to be read behind
    vio_desc(0, 1, 1500, 0, 0);
    vio_give(0, 0);
    vio_arrive(60);
    broke();
    for (unsigned i = 0; i < NUM; i++) {
        vio_desc(0, i, whole(), WRITE, 0);
        b.ring[0].avail[2 + i] = (uint16_t)i;
    }
    b.ring[0].avail[1] = NUM + 1; // more than there is room for
    vio_arrive(60);
    broke();
    vio_desc(1, 0, 9, 0, 0); // not even a header
    vio_give(1, 0);
    vio_put(NOTIFY, 1);
    vio_run_us(5);
    broke();
    vio_arrive(60);
    assert_int_equal(b.net.rx, 0);
}

static void a_buffer_goes_one_way_and_is_long_enough(void **state)
{
    (void)state;
    vio_begin(ANY);
    vio_desc(0, 0, whole() - 1, WRITE, 0);
    vio_give(0, 0);
    vio_arrive(1514);
    vio_complained(1);
    assert_int_equal(b.net.rx_lost, 1);
    fill(0, 60);
    vio_desc(1, 0, (uint32_t)header() + 60, NEXT, 1);
    vio_desc(1, 1, 100, WRITE, 0);
    vio_give(1, 0);
    vio_put(NOTIFY, 1);
    vio_run_us(20);
    vio_complained(1);
    assert_int_equal(b.seen.heard_len, 60); // without what was to be written
}

static void a_frame_to_send_asks_for_nothing_and_has_a_length(void **state)
{
    (void)state;
    vio_begin(ANY);
    fill(0, 60);
    vio_buf(1, 0)[0] = 1; // a checksum, please
    fill(1, 13);
    fill(2, 1519);
    for (unsigned i = 0; i < 3; i++) {
        vio_give(1, i);
    }
    vio_put(NOTIFY, 1);
    vio_run_us(50);
    vio_complained(3);
    assert_int_equal(b.seen.heard, 1);
    assert_int_equal(b.ring[1].used[1], 3);
}

static void what_is_the_devices_stays_as_it_is(void **state)
{
    (void)state;
    vio_begin(ANY);
    fill(0, 200);
    vio_give(1, 0);
    vio_put(NOTIFY, 1);
    vio_run_us(5);
    vio_buf(1, 0)[50]++; // data that is on its way
    b.ring[1].desc[0].len++;
    vio_run_us(50);
    vio_complained(2);
    offer(0);
    vio_put(NOTIFY, 0);
    vio_arrive(60);
    offer(1);
    vio_arrive(60);
    vio_complained(0);
    offer(2);
    offer(3);
    vio_arrive(60); // it has seen both
    vio_buf(0, 3)[1000]++;
    vio_arrive(60);
    vio_complained(1);
    offer(4);
    b.ring[0].used[1] = 0;
    vio_arrive(60);
    vio_complained(1);
    offer(5);
    offer(5);
    vio_arrive(60);
    vio_complained(1);
}

static void barriers_are_where_they_must_be(void **state)
{
    uint16_t *avail = b.ring[1].avail;

    (void)state;
    vio_begin(ANY);
    fill(2, 60);
    avail[2] = 2;
    avail[1] = 1; // no barrier between
    nif_mmio_barrier(&b.net.mmio);
    vio_complained(1);
    vio_put(NOTIFY, 1);
    vio_run_us(20);
    fill(3, 60);
    avail[3] = 3;
    nif_mmio_barrier(&b.net.mmio);
    avail[1] = 2; // none behind
    vio_put(NOTIFY, 1);
    vio_complained(1);
    vio_run_us(20);
    assert_int_equal(b.seen.heard, 2);
}

static void lies_are_told_as_they_are(void **state)
{
    (void)state;
    vio_begin(ANY);
    sim_virtio_net_lie(&b.net, 0, 99, 70000);
    assert_int_equal(b.ring[0].used[1], 1);
    assert_int_equal(b.ring[0].entry[0].id, 99);
    assert_int_equal(b.ring[0].entry[0].len, 70000);
    vio_run_us(1);
    assert_int_equal(b.interrupts, 1);
}

#define BOTH(f) MODEL(f), LEGACY(f)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_frame_leaves_and_its_buffer_comes_back),
        BOTH(a_chain_is_one_frame),
        LEGACY(the_old_layout_has_the_header_by_itself),
        BOTH(a_frame_comes_behind_its_header),
        BOTH(a_frame_lies_in_several_buffers_if_that_was_agreed),
        BOTH(one_that_found_no_buffer_waits_for_a_notification),
        BOTH(nobody_is_told_who_does_not_want_to_know),
        BOTH(frames_leave_in_order_and_at_the_pace_of_the_wire),
        BOTH(buffers_may_come_back_in_another_order),
        BOTH(without_a_link_frames_are_gone_at_once),
        BOTH(a_frame_under_way_in_a_reset_is_nobodys),
        BOTH(a_chain_that_makes_no_sense_breaks_it),
        BOTH(a_buffer_goes_one_way_and_is_long_enough),
        BOTH(a_frame_to_send_asks_for_nothing_and_has_a_length),
        BOTH(what_is_the_devices_stays_as_it_is),
        BOTH(barriers_are_where_they_must_be),
        BOTH(lies_are_told_as_they_are),
    };

    return cmocka_run_group_tests_name("virtio-net rings", tests, NULL, NULL);
}
