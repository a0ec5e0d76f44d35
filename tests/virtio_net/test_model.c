// SPDX-License-Identifier: MIT
//
// The model of the virtio network device without a driver: its registers and
// its handshake, and what it refuses of them. Its rings are in
// test_model_rings.c; the driver on it runs the contract suite.

#include "model_bench.h"

static void it_says_what_it_is(void **state)
{
    (void)state;
    assert_int_equal(vio_get(0x00C), 0x554D4551);
    vio_put(FEATURES_SEL, 0);
    assert_int_equal(vio_get(FEATURES), b.legacy ? 0x39BF8064 : 0x30BF8024);
    vio_put(FEATURES_SEL, 1);
    assert_int_equal(vio_get(FEATURES), b.legacy ? 0 : 1);
    vio_put(FEATURES_SEL, 2);
    assert_int_equal(vio_get(FEATURES), 0);
    assert_int_equal(vio_get(CONFIG), 0x03020102);
    assert_int_equal(vio_get(CONFIG + 4), 0x00010504); // with a link
    assert_int_equal(vio_get(QUEUE_MAX), 1024);
    vio_put(QUEUE_SEL, 2);
    assert_int_equal(vio_get(QUEUE_MAX), 0);
}

static void what_there_is_not_is_refused(void **state)
{
    (void)state;
    vio_put(0x004, 1); // read only
    (void)vio_get(QUEUE_SEL);
    (void)vio_get(0x018);
    (void)vio_get(CONFIG + 8); // more pairs of queues
    vio_put(CONFIG, 0);
    vio_complained(5);
    (void)vio_get(b.legacy ? QUEUE_READY : QUEUE_PFN);
    (void)vio_get(b.legacy ? GENERATION : QUEUE_PFN);
    vio_put(b.legacy ? DESC : PAGE_SIZE, 4096);
    vio_complained(3);
}

static void it_is_asked_what_it_is_before_all_else(void **state)
{
    (void)state;
    sim_virtio_net_done(&b.net);
    b.cable.port[0] = NULL; // the socket begins anew
    sim_virtio_net_init(&b.net, &b.cpu,
        &(struct sim_virtio_net_cfg){ .legacy = false });
    vio_put(STATUS, 0);
    vio_complained(1);
    sim_virtio_net_init(&b.net, &b.cpu,
        &(struct sim_virtio_net_cfg){ .empty = true });
    assert_int_equal(vio_get(0), 0x74726976);
    assert_int_equal(vio_get(4), 2);
    assert_int_equal(vio_get(8), 0);
    vio_complained(0);
    (void)vio_get(STATUS);
    vio_complained(1);
}

static void features_are_taken_at_their_time_only(void **state)
{
    (void)state;
    (void)vio_get(FEATURES); // which word?
    vio_put(DRIVER, MAC);
    vio_complained(2);
    vio_put(DRIVER_SEL, 0);
    vio_put(DRIVER, MAC); // before DRIVER
    vio_complained(1);
    vio_put(STATUS, 2); // before ACKNOWLEDGE
    vio_complained(1);
    vio_agree(MAC);
    if (b.legacy) {
        vio_queue(0);
        vio_queue(1);
        vio_put(STATUS, 7);
    }
    vio_put(DRIVER, MAC | LINK);
    vio_complained(1);
}

static void features_that_were_not_offered_end_the_handshake(void **state)
{
    (void)state;
    vio_put(STATUS, 1);
    vio_put(STATUS, 3);
    vio_put(DRIVER_SEL, 1);
    vio_put(DRIVER, VERSION_1);
    vio_put(DRIVER_SEL, 0);
    vio_put(DRIVER, MAC | 1u << 10);
    vio_complained(1);
    vio_put(STATUS, 11);
    assert_int_equal(vio_get(STATUS), 3);
    vio_put(DRIVER, MAC | 1u << 29); // offered, but not modelled
    vio_complained(1);
    vio_put(DRIVER_SEL, 1);
    vio_put(DRIVER, 0);
    vio_put(STATUS, 11); // without VERSION_1
    vio_complained(1);
    assert_int_equal(vio_get(STATUS), 3);
}

static void it_may_refuse_what_it_has_offered(void **state)
{
    (void)state;
    b.net.refuses = true;
    vio_put(STATUS, 1);
    vio_put(STATUS, 3);
    vio_put(DRIVER_SEL, 1);
    vio_put(DRIVER, VERSION_1);
    vio_put(STATUS, 11);
    assert_int_equal(vio_get(STATUS), 3);
    vio_put(STATUS, 7); // all the same
    vio_complained(1);
    assert_int_equal(vio_get(STATUS), 3);
}

static void the_old_layout_drops_what_it_did_not_offer(void **state)
{
    (void)state;
    vio_put(STATUS, 1);
    vio_put(STATUS, 3);
    vio_put(DRIVER_SEL, 0);
    vio_put(DRIVER, MAC | 1u << 10);
    vio_put(DRIVER_SEL, 1);
    vio_put(DRIVER, VERSION_1);
    vio_complained(2);
    vio_put(STATUS, 11); // it knows no FEATURES_OK
    vio_complained(1);
    assert_int_equal(vio_get(STATUS), 3);
}

static void a_status_only_grows(void **state)
{
    (void)state;
    vio_put(STATUS, 1);
    vio_put(STATUS, 2); // takes one back
    vio_complained(1);
    vio_put(STATUS, 0x23); // a bit that there is not
    vio_complained(1);
    vio_agree(MAC);
    vio_put(STATUS, b.legacy ? 7 : 15); // without queues
    vio_complained(2);
    vio_put(STATUS, 0x80 | (b.legacy ? 7 : 15));
    vio_put(STATUS, 0x80 | (b.legacy ? 7 : 15)); // FAILED: only a reset helps
    vio_complained(1);
    vio_agree(MAC);
    vio_complained(0);
}

static void a_reset_takes_its_time(void **state)
{
    (void)state;
    vio_begin(MAC);
    vio_put(STATUS, 0);
    assert_int_equal(vio_get(STATUS), 15);
    vio_put(STATUS, 1);
    vio_complained(1);
    vio_run_us(2);
    assert_int_equal(vio_get(STATUS), 0);
    vio_put(QUEUE_SEL, 0);
    assert_int_equal(vio_get(QUEUE_READY), 0);
}

static void the_old_layout_is_reset_at_once(void **state)
{
    (void)state;
    vio_begin(MAC);
    vio_put(STATUS, 0);
    assert_int_equal(vio_get(STATUS), 0);
    vio_put(QUEUE_SEL, 1);
    assert_int_equal(vio_get(QUEUE_PFN), 0);
    b.ring[0].used[1] = 0;
    vio_begin(MAC);
    vio_put(QUEUE_PFN, 0); // as QEMU's does
    assert_int_equal(vio_get(STATUS), 0);
}

static void queues_wait_for_the_features(void **state)
{
    (void)state;
    vio_put(STATUS, 1);
    vio_put(QUEUE_NUM, NUM);
    vio_complained(1);
    vio_put(STATUS, 3);
    vio_put(QUEUE_NUM, NUM);
    vio_complained(b.legacy ? 0 : 1);
}

static void a_queues_size_is_a_power_of_two_and_not_too_large(void **state)
{
    (void)state;
    vio_agree(MAC);
    vio_put(QUEUE_NUM, 12);
    vio_put(QUEUE_NUM, 2048);
    vio_put(QUEUE_NUM, 0);
    vio_complained(3);
    vio_put(QUEUE_SEL, 2); // there are two only
    vio_put(QUEUE_NUM, NUM);
    vio_complained(1);
}

static void a_queue_is_aligned_and_lies_in_memory(void **state)
{
    (void)state;
    vio_agree(MAC);
    vio_put(QUEUE_READY, 1); // no size
    vio_put(QUEUE_NUM, NUM);
    vio_put(DESC, 0x80000008);
    vio_put(AVAIL, 0x80000000);
    vio_put(USED, 0x80000000);
    vio_put(QUEUE_READY, 1);
    vio_complained(2);
    vio_put(DESC, 0x80000000);
    vio_put(QUEUE_READY, 1);
    vio_complained(1);
    assert_int_equal(vio_get(STATUS), 11 | 0x40);
}

// It begins anew where it is used again, with an empty ring.
static void a_queue_may_be_taken_back(void **state)
{
    (void)state;
    vio_agree(MAC);
    b.ring[0].used[1] = 1;
    vio_queue(0);
    vio_complained(1);
    vio_put(QUEUE_READY, 1); // twice
    vio_complained(1);
    vio_put(QUEUE_READY, 2);
    vio_complained(1);
    vio_put(QUEUE_READY, 0);
    assert_int_equal(vio_get(QUEUE_READY), 0);
    b.ring[0].used[1] = 0;
    vio_queue(0);
    assert_int_equal(vio_get(QUEUE_READY), 1);
}

static void the_old_layout_wants_a_size_of_page_and_an_alignment(void **state)
{
    (void)state;
    vio_agree(MAC);
    vio_put(PAGE_SIZE, 3000);
    vio_put(QUEUE_PFN, 1);
    vio_complained(2);
    vio_put(PAGE_SIZE, 4096);
    vio_put(QUEUE_PFN, 1); // no alignment
    vio_complained(1);
    vio_queue(0);
    assert_int_equal(vio_get(QUEUE_PFN), 0x80000);
}

static void a_queue_in_use_does_not_move(void **state)
{
    (void)state;
    vio_agree(MAC);
    vio_queue(0);
    vio_put(QUEUE_NUM, NUM);
    vio_complained(1);
    vio_queue(1);
    vio_put(STATUS, b.legacy ? 7 : 15);
    vio_put(QUEUE_NUM, NUM);
    vio_complained(1);
}

static void only_queues_that_are_there_are_notified(void **state)
{
    (void)state;
    vio_agree(MAC);
    vio_put(NOTIFY, 0);
    vio_queue(0);
    vio_put(NOTIFY, 0); // before DRIVER_OK
    vio_queue(1);
    vio_complained(2);
    vio_put(STATUS, b.legacy ? 7 : 15);
    vio_put(NOTIFY, 2);
    vio_complained(1);
    vio_put(NOTIFY, 0);
    vio_put(NOTIFY, 1);
    assert_int_equal(b.net.notified[0], 1);
}

static void a_link_that_changes_is_told(void **state)
{
    uint32_t generation;

    (void)state;
    sim_cable_plug(&b.cable, false); // before DRIVER_OK: in silence
    sim_cable_plug(&b.cable, true);
    assert_int_equal(vio_get(INTERRUPTS), 0);
    vio_begin(MAC | LINK);
    b.rude = true;
    generation = b.legacy ? 0 : vio_get(GENERATION);
    sim_cable_plug(&b.cable, false);
    vio_run_us(1);
    assert_in_range(b.interrupts, 1, 2);
    assert_int_equal(vio_get(INTERRUPTS), 2);
    assert_int_equal(vio_get(CONFIG + 4), 0x00000504);
    assert_true(b.legacy || vio_get(GENERATION) == generation + 1);
    vio_put(ACK, 2);
    assert_int_equal(vio_get(INTERRUPTS), 0);
    vio_put(ACK, 4);
    vio_complained(1);
}

static void a_handler_that_does_nothing_is_called_until_it_is_told(void **state)
{
    (void)state;
    vio_begin(MAC | LINK);
    b.rude = true;
    sim_cable_plug(&b.cable, false);
    vio_run_us(200);
    vio_complained(1);
    assert_int_equal(b.interrupts, 100);
}

static void a_dip_forgets_all(void **state)
{
    (void)state;
    vio_begin(MAC | LINK);
    b.rude = true;
    sim_cable_plug(&b.cable, false);
    sim_virtio_net_dip(&b.net);
    assert_int_equal(vio_get(STATUS) | vio_get(INTERRUPTS), 0);
    (void)vio_get(FEATURES); // which word?
    vio_put(DRIVER, 0);
    vio_put(NOTIFY, 1);
    vio_complained(3);
}

static void a_device_that_is_broken_says_so_if_it_can(void **state)
{
    (void)state;
    vio_begin(MAC | LINK);
    sim_virtio_net_break(&b.net);
    assert_int_equal(vio_get(STATUS), b.legacy ? 7 : 15 | 0x40);
    vio_run_us(1);
    assert_int_equal(b.interrupts, b.legacy ? 0 : 1);
    vio_put(NOTIFY, 1); // does nothing
    assert_int_equal(b.net.notified[1], 0);
    vio_put(STATUS, 0);
    vio_run_us(2);
    assert_int_equal(vio_get(STATUS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MODEL(it_says_what_it_is),
        LEGACY(it_says_what_it_is),
        MODEL(what_there_is_not_is_refused),
        LEGACY(what_there_is_not_is_refused),
        MODEL(it_is_asked_what_it_is_before_all_else),
        MODEL(features_are_taken_at_their_time_only),
        LEGACY(features_are_taken_at_their_time_only),
        MODEL(features_that_were_not_offered_end_the_handshake),
        MODEL(it_may_refuse_what_it_has_offered),
        LEGACY(the_old_layout_drops_what_it_did_not_offer),
        MODEL(a_status_only_grows),
        LEGACY(a_status_only_grows),
        MODEL(a_reset_takes_its_time),
        LEGACY(the_old_layout_is_reset_at_once),
        MODEL(queues_wait_for_the_features),
        LEGACY(queues_wait_for_the_features),
        MODEL(a_queues_size_is_a_power_of_two_and_not_too_large),
        LEGACY(a_queues_size_is_a_power_of_two_and_not_too_large),
        MODEL(a_queue_is_aligned_and_lies_in_memory),
        MODEL(a_queue_may_be_taken_back),
        LEGACY(the_old_layout_wants_a_size_of_page_and_an_alignment),
        MODEL(a_queue_in_use_does_not_move),
        LEGACY(a_queue_in_use_does_not_move),
        MODEL(only_queues_that_are_there_are_notified),
        LEGACY(only_queues_that_are_there_are_notified),
        MODEL(a_link_that_changes_is_told),
        LEGACY(a_link_that_changes_is_told),
        MODEL(a_handler_that_does_nothing_is_called_until_it_is_told),
        MODEL(a_dip_forgets_all),
        LEGACY(a_dip_forgets_all),
        MODEL(a_device_that_is_broken_says_so_if_it_can),
        LEGACY(a_device_that_is_broken_says_so_if_it_can),
    };

    return cmocka_run_group_tests_name("virtio-net model", tests, NULL, NULL);
}
