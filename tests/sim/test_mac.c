// SPDX-License-Identifier: MIT
//
// The plain MAC and its PHY: what a wrong speed and a wrong duplex do.

#include "sim/chips/mac.h"
#include "tests/support/check.h"

#include <string.h>

static struct {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_mac mac;
    struct sim_phy phy;
    struct sim_cable cable;
    struct sim_nic nic;
    unsigned received;
} b;

static const struct nif_hwaddr own = { { 2, 0, 0, 0, 0, 2 } };

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    (void)arg;
    (void)frame;
    (void)len;
    b.received++;
}

// MAC, PHY and partner with a link of that speed.
static void open_link(bool is_100, bool full)
{
    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    sim_cpu_init(&b.cpu, &b.world, SIM_CPU_COST_NS);
    sim_phy_init(&b.phy, &b.world, &(struct sim_phy_cfg){ .addr = 5 });
    sim_mac_init(&b.mac, &b.cpu, &(struct sim_mac_cfg){ .hwaddr = own });
    sim_mac_join(&b.mac, &b.phy);
    sim_mac_partner(&b.mac,
        &(struct sim_phy_partner){
            .page = (uint16_t)(0x8001 | (is_100 ? 0x80 : 0x20) << full) });
    sim_cable_init(&b.cable, &b.world, 100000000);
    sim_nic_init(&b.nic, &b.world, "partner", 0);
    b.nic.full_duplex = full;
    b.nic.on_frame = on_frame;
    sim_cable_join(&b.cable, &b.mac.nic.port, &b.nic.port);
    sim_run_until(&b.world, 3 * SIM_S);
    assert_true(b.phy.link);
    assert_int_equal(b.phy.is_100, is_100);
    assert_int_equal(b.phy.full, full);
    assert_int_equal(b.mac.mac.ops->start(&b.mac.mac), 0);
}

static void close_link(unsigned complaints)
{
    assert_int_equal(b.world.complaints, complaints);
    sim_phy_done(&b.phy);
    sim_mac_done(&b.mac);
    sim_nic_done(&b.nic);
    sim_cable_done(&b.cable);
    sim_world_done(&b.world);
}

static void tell(bool is_100, bool full)
{
    const struct nif_phy_link link = { true, is_100, full, false };

    assert_int_equal(b.mac.mac.ops->link(&b.mac.mac, &link), 0);
}

static int send(size_t len)
{
    static uint8_t frame[1514];
    const struct nif_seg seg = { frame, len };

    return b.mac.mac.ops->send(&b.mac.mac, &seg, 1, len);
}

static void receive(void)
{
    uint8_t frame[1000] = { 0 };

    memcpy(frame, &own, 6);
    assert_true(sim_nic_send(&b.nic, frame, sizeof(frame)));
}

static void run_us(uint64_t us)
{
    sim_pass_ns(&b.world, us * SIM_US);
}

static void frames_pass_at_the_rate_of_the_link(void **state)
{
    (void)state;
    for (int is_100 = 0; is_100 < 2; is_100++) {
        for (int full = 0; full < 2; full++) {
            uint64_t frame_us = is_100 ? 122 : 1220; // 1526 bytes

            open_link(is_100, full);
            tell(is_100, full);
            assert_int_equal(send(1514), 0);
            run_us(frame_us - 15);
            assert_int_equal(b.received, 0);
            run_us(30);
            assert_int_equal(b.received, 1);
            receive();
            run_us(2000);
            assert_int_equal(b.mac.rx, 1);
            assert_int_equal(b.mac.rx_noise + b.mac.tx_noise, 0);
            close_link(0);
        }
    }
}

static void at_the_wrong_speed_each_frame_is_noise(void **state)
{
    (void)state;
    for (int is_100 = 0; is_100 < 2; is_100++) {
        open_link(is_100, true);
        tell(!is_100, true);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(send(100), 0);
            receive();
            run_us(10000);
        }
        assert_int_equal(b.received, 0);
        assert_int_equal(b.nic.rx_bad, 3);
        assert_int_equal(b.mac.rx, 0);
        assert_int_equal(b.mac.rx_noise, 3);
        close_link(0);
    }
}

// The classic mismatch: the half-duplex side believes that there are
// collisions, late, and gives up frames; the other sees cut frames.
static void half_duplex_on_a_full_duplex_link_loses_frames_late(void **state)
{
    (void)state;
    open_link(true, true);
    tell(true, false);
    assert_int_equal(send(1514), 0);
    run_us(60);
    receive();
    run_us(1000);
    assert_int_equal(b.mac.nic.late, 1);
    assert_int_equal(b.received, 0);
    assert_int_equal(b.nic.rx_bad, 1);
    // With nothing coming, all is well: that is why it is found so late.
    assert_int_equal(send(1514), 0);
    run_us(1000);
    assert_int_equal(b.received, 1);
    close_link(0);
}

static void
full_duplex_on_a_half_duplex_link_makes_the_partner_collide(void **state)
{
    (void)state;
    open_link(true, false);
    tell(true, true);
    receive();
    run_us(20);
    assert_int_equal(send(1514), 0);
    run_us(20);
    assert_int_equal(b.nic.collisions, 1);
    assert_int_equal(b.mac.nic.collisions, 0);
    close_link(0);
}

static void ignore(void *arg, uint64_t at_ns, const char *who, const char *what)
{
    (void)arg;
    (void)at_ns;
    (void)who;
    (void)what;
}

static void nothing_comes_or_goes_before_the_mac_was_told(void **state)
{
    (void)state;
    open_link(true, true);
    b.world.on_complaint = ignore;
    receive();
    run_us(1000);
    assert_int_equal(b.mac.rx, 0);
    assert_int_equal(send(100), NIF_ELINK);
    run_us(1000);
    assert_int_equal(b.received, 0);
    close_link(1); // of a driver that sends all the same
}

static void what_is_sent_without_a_link_is_gone(void **state)
{
    (void)state;
    open_link(true, true);
    tell(true, true);
    sim_cable_plug(&b.cable, false);
    assert_int_equal(send(100), 0);
    assert_int_equal(b.mac.tx_void, 1);
    sim_cable_plug(&b.cable, true);
    run_us(1000);
    assert_int_equal(b.received, 0);
    close_link(0);
}

static void calls_fail_when_they_are_told_to(void **state)
{
    (void)state;
    open_link(true, true);
    tell(true, true);
    sim_mac_fail(&b.mac, NIF_EIO, 1, 2);
    assert_int_equal(send(100), 0);
    assert_int_equal(send(100), NIF_EIO);
    assert_int_equal(send(100), NIF_EIO);
    assert_int_equal(send(100), 0);
    run_us(1000);
    assert_int_equal(b.received, 2);
    close_link(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_pass_at_the_rate_of_the_link),
        cmocka_unit_test(at_the_wrong_speed_each_frame_is_noise),
        cmocka_unit_test(half_duplex_on_a_full_duplex_link_loses_frames_late),
        cmocka_unit_test(
            full_duplex_on_a_half_duplex_link_makes_the_partner_collide),
        cmocka_unit_test(nothing_comes_or_goes_before_the_mac_was_told),
        cmocka_unit_test(what_is_sent_without_a_link_is_gone),
        cmocka_unit_test(calls_fail_when_they_are_told_to),
    };

    return cmocka_run_group_tests_name("sim mac", tests, NULL, NULL);
}
