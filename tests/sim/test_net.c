// SPDX-License-Identifier: MIT
//
// Cable, card and switch: time on the wire, link, cut frames, collisions.

#include "sim/net/nic.h"
#include "sim/net/switch.h"
#include "tests/support/check.h"

#include <string.h>

struct end {
    struct sim_nic nic;
    struct sim_world *world;
    unsigned count;
    uint64_t last_ns;
    size_t last_len;
    uint8_t last[SIM_FRAME_MAX];
    int link;
    unsigned ends[SIM_NIC_LATE + 1]; // of frames, by what became of them
};

struct bench {
    struct sim_world world;
    struct sim_cable cable;
    struct end a;
    struct end b;
};

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct end *end = arg;

    end->count++;
    end->last_ns = end->world->now_ns;
    end->last_len = len;
    memcpy(end->last, frame, len);
}

static void on_link(void *arg, bool up)
{
    struct end *end = arg;

    end->link = up;
}

static void on_end(void *arg, enum sim_nic_end end)
{
    ((struct end *)arg)->ends[end]++;
}

static void end_init(struct end *end, struct sim_world *world)
{
    memset(end, 0, sizeof(*end));
    sim_nic_init(&end->nic, world, "end", 0);
    end->world = world;
    end->nic.on_frame = on_frame;
    end->nic.on_link = on_link;
    end->nic.on_end = on_end;
    end->nic.arg = end;
    end->link = -1;
}

static int setup(void **state)
{
    static struct bench b;

    sim_world_init(&b.world, 1);
    sim_cable_init(&b.cable, &b.world, 10000000);
    end_init(&b.a, &b.world);
    end_init(&b.b, &b.world);
    sim_cable_join(&b.cable, &b.a.nic.port, &b.b.nic.port);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    sim_nic_done(&b->a.nic);
    sim_nic_done(&b->b.nic);
    sim_cable_done(&b->cable);
    sim_world_done(&b->world);
    return b->world.complaints ? -1 : 0;
}

static const uint8_t *frame_of(uint8_t to, uint8_t from, size_t len)
{
    static uint8_t frame[SIM_FRAME_MAX];

    for (size_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)i;
    }
    memset(frame, 2, 12);
    frame[5] = to;
    frame[11] = from;
    return frame;
}

static void the_fcs_is_the_standards(void **state)
{
    // The check value of CRC-32/ISO-HDLC, as any catalogue of CRCs has it.
    uint8_t text[13] = "123456789";

    (void)state;
    assert_int_equal(sim_fcs(text, 9), 0xCBF43926u);
    assert_int_equal(sim_fcs_put(text, 9), 13);
    assert_true(sim_fcs_good(text, 13));
    text[3] ^= 1;
    assert_false(sim_fcs_good(text, 13));
    assert_false(sim_fcs_good(text, 3));
}

static void a_frame_arrives_when_its_last_bit_does(void **state)
{
    struct bench *b = *state;

    b->cable.delay_ns = 500;
    assert_true(sim_nic_send(&b->a.nic, frame_of(2, 1, 100), 100));
    sim_run_until(&b->world, SIM_S);
    // 8 preamble + 100 + 4 FCS, 800 ns each.
    assert_int_equal(b->b.last_ns, 112 * 800 + 500);
    assert_int_equal(b->b.last_len, 100);
    assert_memory_equal(b->b.last, frame_of(2, 1, 100), 100);
    assert_int_equal(b->a.nic.tx_count, 1);
}

static void short_frames_are_padded_and_the_gap_is_kept(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < 3; i++) {
        assert_true(sim_nic_send(&b->a.nic, frame_of(2, 1, 14), 14));
    }
    sim_run_until(&b->world, SIM_S);
    assert_int_equal(b->b.count, 3);
    assert_int_equal(b->b.last_len, 60);
    assert_int_equal(b->b.last_ns, 3 * 72 * 800 + 2 * 9600);
}

static void bad_frames_are_counted_and_not_delivered(void **state)
{
    struct bench *b = *state;
    uint8_t frame[64];

    memcpy(frame, frame_of(2, 1, 60), 60);
    sim_fcs_put(frame, 60);
    frame[20] ^= 4;
    assert_true(sim_nic_send_raw(&b->a.nic, frame, 64));
    sim_fcs_put(frame, 40);
    assert_true(sim_nic_send_raw(&b->a.nic, frame, 44)); // a runt
    sim_run_until(&b->world, SIM_S);
    assert_int_equal(b->b.count, 0);
    assert_int_equal(b->b.nic.rx_bad, 2);
}

static void full_duplex_uses_both_directions_at_once(void **state)
{
    struct bench *b = *state;

    assert_true(sim_nic_send(&b->a.nic, frame_of(2, 1, 1000), 1000));
    assert_true(sim_nic_send(&b->b.nic, frame_of(1, 2, 1000), 1000));
    sim_run_until(&b->world, SIM_S);
    assert_int_equal(b->a.last_ns, 1012 * 800);
    assert_int_equal(b->b.last_ns, 1012 * 800);
    assert_int_equal(b->a.nic.collisions + b->b.nic.collisions, 0);
}

static void half_duplex_collides_backs_off_and_delivers(void **state)
{
    struct bench *b = *state;

    b->a.nic.full_duplex = false;
    b->b.nic.full_duplex = false;
    for (int i = 0; i < 20; i++) {
        assert_true(sim_nic_send(&b->a.nic, frame_of(2, 1, 500), 500));
        assert_true(sim_nic_send(&b->b.nic, frame_of(1, 2, 500), 500));
    }
    sim_run_until(&b->world, SIM_S);
    assert_int_equal(b->a.count, 20);
    assert_int_equal(b->b.count, 20);
    assert_true(b->a.nic.collisions > 0);
    assert_int_equal(b->a.nic.collisions, b->b.nic.collisions);
    assert_int_equal(b->a.ends[SIM_NIC_SENT], 20);
    assert_true(b->b.nic.rx_bad > 0);
}

static void a_duplex_mismatch_loses_frames_under_load(void **state)
{
    struct bench *b = *state;

    b->a.nic.full_duplex = false;
    for (int i = 0; i < 20; i++) {
        sim_nic_send(&b->a.nic, frame_of(2, 1, 1500), 1500);
        sim_nic_send(&b->b.nic, frame_of(1, 2, 1500), 1500);
    }
    sim_run_until(&b->world, SIM_S);
    assert_true(b->a.nic.collisions > 0);
    assert_int_equal(b->b.nic.collisions, 0);
    assert_true(b->b.nic.rx_bad > 0);
}

static void a_late_collision_costs_most_macs_the_frame(void **state)
{
    struct bench *b = *state;

    b->a.nic.full_duplex = false;
    b->a.nic.late_is_lost = true;
    sim_nic_send(&b->a.nic, frame_of(2, 1, 1500), 1500);
    sim_nic_send(&b->a.nic, frame_of(2, 1, 1500), 1500);
    sim_run_until(&b->world, 500 * SIM_US);
    sim_nic_send(&b->b.nic, frame_of(1, 2, 1500), 1500);
    sim_run_until(&b->world, SIM_S);
    assert_int_equal(b->a.ends[SIM_NIC_LATE], 1);
    assert_int_equal(b->a.nic.tx_dropped, 1);
    assert_int_equal(b->a.ends[SIM_NIC_SENT], 1);
}

// Says something itself as soon as it hears anything.
static void interrupt_at_once(struct sim_port *port)
{
    static const uint8_t rude[] = "no!";

    sim_port_send(port, rude, sizeof(rude));
}

static void ignore_end(struct sim_port *port)
{
    (void)port;
}

static void ignore_frame(struct sim_port *port, const struct sim_frame *frame)
{
    (void)port;
    (void)frame;
}

static void sixteen_collisions_are_the_end_of_a_frame(void **state)
{
    static const struct sim_port_ops rude = {
        .rx_begin = interrupt_at_once,
        .rx_end = ignore_frame,
        .tx_end = ignore_end,
    };
    struct bench *b = *state;

    b->a.nic.full_duplex = false;
    b->b.nic.port.ops = &rude;
    sim_nic_send(&b->a.nic, frame_of(2, 1, 1500), 1500);
    sim_run_until(&b->world, SIM_S);
    assert_int_equal(b->a.nic.collisions, 16);
    assert_int_equal(b->a.ends[SIM_NIC_COLLISIONS], 1);
    assert_int_equal(b->a.ends[SIM_NIC_SENT], 0);
}

static void an_unplugged_cable_cuts_and_tells_both(void **state)
{
    struct bench *b = *state;

    assert_int_equal(b->a.link, 1);
    sim_nic_send(&b->a.nic, frame_of(2, 1, 1500), 1500);
    sim_nic_send(&b->a.nic, frame_of(2, 1, 1500), 1500);
    sim_run_until(&b->world, 100 * SIM_US);
    sim_cable_plug(&b->cable, false);
    assert_int_equal(b->a.link, 0);
    assert_int_equal(b->b.link, 0);
    assert_int_equal(b->b.nic.rx_bad, 1);
    assert_false(b->b.nic.port.carrier);
    sim_run_until(&b->world, SIM_S);
    assert_int_equal(b->b.count, 0);
    assert_int_equal(b->a.nic.tx_dropped, 2);
    assert_int_equal(b->a.ends[SIM_NIC_NO_LINK], 2);
    assert_false(sim_nic_send(&b->a.nic, frame_of(2, 1, 60), 60));
    sim_cable_plug(&b->cable, true);
    assert_true(sim_nic_send(&b->a.nic, frame_of(2, 1, 60), 60));
    sim_run_until(&b->world, 2 * SIM_S);
    assert_int_equal(b->b.count, 1);
    assert_int_equal(b->a.ends[SIM_NIC_SENT], 1);
}

static void a_full_queue_refuses(void **state)
{
    struct bench *b = *state;

    b->a.nic.queue_max = 3;
    for (int i = 0; i < 3; i++) {
        assert_true(sim_nic_send(&b->a.nic, frame_of(2, 1, 60), 60));
    }
    assert_false(sim_nic_send(&b->a.nic, frame_of(2, 1, 60), 60));
    assert_int_equal(b->a.nic.tx_dropped, 1);
}

struct watched {
    unsigned count;
    uint64_t sent_ns[2];
};

static void on_watch(void *arg, unsigned side, uint64_t sent_ns,
    const struct sim_frame *frame)
{
    struct watched *watched = arg;

    watched->count++;
    watched->sent_ns[side] = sent_ns;
    assert_true(sim_fcs_good(frame->data, frame->len));
}

static void watchers_see_both_directions(void **state)
{
    struct bench *b = *state;
    struct watched watched[2] = { 0 };
    struct sim_cable_tap taps[2] = {
        { .fn = on_watch, .arg = &watched[0] },
        { .fn = on_watch, .arg = &watched[1] },
    };

    sim_cable_watch(&b->cable, &taps[0]);
    sim_cable_watch(&b->cable, &taps[1]);
    sim_run_until(&b->world, 1000);
    sim_nic_send(&b->a.nic, frame_of(2, 1, 60), 60);
    sim_run_until(&b->world, 2000);
    sim_nic_send(&b->b.nic, frame_of(1, 2, 60), 60);
    sim_run_until(&b->world, SIM_S);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(watched[i].count, 2);
        assert_int_equal(watched[i].sent_ns[0], 1000);
        assert_int_equal(watched[i].sent_ns[1], 2000);
    }
}

static void a_switch_floods_then_learns(void **state)
{
    struct sim_world world;
    struct sim_switch sw;
    struct sim_cable cable[3];
    struct end end[3];

    (void)state;
    sim_world_init(&world, 1);
    sim_switch_init(&sw, &world, 3);
    for (unsigned i = 0; i < 3; i++) {
        sim_cable_init(&cable[i], &world, 100000000);
        end_init(&end[i], &world);
        sim_cable_join(&cable[i], &sw.port[i].nic.port, &end[i].nic.port);
    }
    sim_nic_send(&end[0].nic, frame_of(2, 1, 60), 60); // unknown: to all
    sim_run_until(&world, SIM_MS);
    assert_int_equal(end[1].count, 1);
    assert_int_equal(end[2].count, 1);
    sim_nic_send(&end[1].nic, frame_of(1, 2, 60), 60); // to 0 only
    sim_run_until(&world, 2 * SIM_MS);
    assert_int_equal(end[0].count, 1);
    assert_int_equal(end[2].count, 1);
    sim_nic_send(&end[2].nic, frame_of(2, 1, 60), 60); // 1 moved to port 2
    sim_run_until(&world, 3 * SIM_MS);
    assert_int_equal(end[1].count, 2);
    sim_nic_send(&end[1].nic, frame_of(1, 2, 60), 60);
    sim_run_until(&world, 4 * SIM_MS);
    assert_int_equal(end[2].count, 2);
    assert_int_equal(end[0].count, 1);
    for (unsigned i = 0; i < 3; i++) {
        sim_nic_done(&end[i].nic);
        sim_cable_done(&cable[i]);
    }
    sim_switch_done(&sw);
    sim_world_done(&world);
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fcs_is_the_standards),
        ON_BENCH(a_frame_arrives_when_its_last_bit_does),
        ON_BENCH(short_frames_are_padded_and_the_gap_is_kept),
        ON_BENCH(bad_frames_are_counted_and_not_delivered),
        ON_BENCH(full_duplex_uses_both_directions_at_once),
        ON_BENCH(half_duplex_collides_backs_off_and_delivers),
        ON_BENCH(a_duplex_mismatch_loses_frames_under_load),
        ON_BENCH(a_late_collision_costs_most_macs_the_frame),
        ON_BENCH(sixteen_collisions_are_the_end_of_a_frame),
        ON_BENCH(an_unplugged_cable_cuts_and_tells_both),
        ON_BENCH(a_full_queue_refuses),
        ON_BENCH(watchers_see_both_directions),
        cmocka_unit_test(a_switch_floods_then_learns),
    };

    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
