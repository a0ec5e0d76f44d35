// SPDX-License-Identifier: MIT
//
// The STM32's MAC with a LAN8720 as a network device: its registers, a model
// of the PHY's, and all that joins them.

#include "bench.h"
#include "lan8720/lan8720.h"
#include "sim/chips/phy.h"

#include <string.h>

static struct {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_phy phy;
    struct sim_mdio mdio;
    struct lan8720 driver;
    struct nif_macphy device;
    struct nif_iface *iface;
    unsigned told[4]; // enum nif_event
    int err;          // the last of poll()
} d;

static void on_event(void *arg, struct nif_iface *iface, enum nif_event event)
{
    (void)arg;
    (void)iface;
    d.told[event]++;
}

static void open_device(void)
{
    memset(&d, 0, sizeof(d));
    sim_world_init(&d.world, 1);
    sim_cpu_init(&d.cpu, &d.world, SIM_CPU_COST_NS);
    sim_phy_init(&d.phy, &d.world, &(struct sim_phy_cfg){ .addr = 1 });
    sim_mdio_init(&d.mdio, &d.cpu, "mdio", 0);
    sim_mdio_join(&d.mdio, 1, &d.phy.mdio);
    sim_phy_plug(&d.phy, NULL);
    sim_pass_ns(&d.world, SIM_MS);
    bench_open_with(true, 168000000, &d.cpu.clock);
    b.phy = &d.mdio.mdio;
    lan8720_init(&d.driver,
        &(struct lan8720_cfg){
            .phy = { .mdio = b.mac->mdio, .clock = &d.cpu.clock } });
    nif_macphy_init(&d.device,
        &(struct nif_macphy_cfg){ .mac = b.mac,
            .phy = &d.driver.phy,
            .clock = &d.cpu.clock });
    d.iface = &d.device.iface;
    nif_iface_on_event(d.iface, on_event, NULL);
}

static void close_device(void)
{
    sim_phy_done(&d.phy);
    assert_int_equal(d.world.complaints, 0);
    sim_world_done(&d.world);
}

static void run_ms(unsigned ms)
{
    uint64_t until_us = d.world.now_ns / 1000 + 1000ull * ms;

    d.err = 0;
    while (d.world.now_ns / 1000 < until_us) {
        uint64_t again_us = until_us;
        int err = nif_iface_poll(d.iface, &again_us);

        d.err = err < 0 ? err : d.err;
        nif_clock_wait(&d.cpu.clock, again_us);
    }
}

static bool has_link(void)
{
    return (nif_iface_flags(d.iface) & NIF_IFACE_LINK) != 0;
}

static void assert_traffic(void)
{
    static uint8_t data[100];
    const struct nif_seg seg = { data, sizeof(data) };
    uint8_t buf[100];
    uint8_t *frame = NULL;
    unsigned sent = b.sent;

    assert_true(has_link());
    assert_int_equal(nif_eth_send(d.iface, &seg, 1), 0);
    assert_int_equal(b.sent, sent + 1);
    assert_true(bench_arrive(64, 0x300, 7));
    assert_int_equal(nif_eth_recv(d.iface, buf, sizeof(buf), &frame), 60);
    assert_int_equal(nif_eth_recv(d.iface, buf, sizeof(buf), &frame),
        NIF_EAGAIN);
}

static void the_link_sets_the_mac(void **state)
{
    static const struct sim_phy_partner slow = { .page = 0x8021 };

    (void)state;
    open_device();
    assert_int_equal(nif_iface_start(d.iface), 0);
    assert_false(has_link());
    run_ms(2000);
    assert_int_equal(b.reg[MACCR / 4], 0xC80C); // 100 full
    assert_traffic();
    sim_phy_unplug(&d.phy);
    run_ms(200);
    assert_false(has_link());
    assert_int_equal(b.reg[MACCR / 4], 0x8000);
    sim_phy_plug(&d.phy, &slow);
    run_ms(2000);
    assert_int_equal(b.reg[MACCR / 4], 0xA00C); // 10 half
    assert_traffic();
    assert_int_equal(d.err, 0);
    assert_int_equal(d.told[NIF_EVENT_LINK_UP], 2);
    assert_int_equal(d.told[NIF_EVENT_LINK_DOWN], 1);
    close_device();
}

// The start after it must work although the PHY gives no clock yet.
static void stop_puts_the_phy_into_power_down(void **state)
{
    (void)state;
    open_device();
    for (unsigned n = 0; n < 3; n++) {
        b.reset = UINT32_MAX; // no clock yet
        assert_int_equal(nif_iface_start(d.iface), 0);
        b.reset = 0;
        run_ms(2000);
        assert_traffic();
        assert_int_equal(nif_iface_stop(d.iface), 0);
        assert_true(d.phy.mdio.ops->read(&d.phy.mdio, 0) & 0x0800);
        assert_int_equal(b.reg[MACCR / 4], 0x8000);
    }
    close_device();
}

static void a_fault_of_the_bus_starts_all_anew(void **state)
{
    (void)state;
    open_device();
    assert_int_equal(nif_iface_start(d.iface), 0);
    run_ms(2000);
    b.reg[DMASR / 4] |= 0x2000;
    run_ms(100);
    assert_int_equal(d.err, NIF_EIO);
    assert_false(has_link());
    assert_int_equal(d.told[NIF_EVENT_RESTARTED], 1);
    run_ms(2000);
    assert_traffic();
    close_device();
}

// There is a link, but the MAC is not given its clock.
static void without_the_clock_there_is_no_link_and_an_error(void **state)
{
    (void)state;
    open_device();
    b.reset = UINT32_MAX;
    assert_int_equal(nif_iface_start(d.iface), 0);
    run_ms(5000);
    assert_int_equal(d.err, NIF_ETIMEDOUT);
    assert_true(d.told[NIF_EVENT_RESTARTED] > 0);
    assert_int_equal(d.told[NIF_EVENT_LINK_UP], 0);
    assert_int_equal(b.reg[DMAOMR / 4] & 0x2002, 0);
    b.reset = 0;
    run_ms(4000);
    assert_traffic();
    close_device();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_link_sets_the_mac),
        cmocka_unit_test(stop_puts_the_phy_into_power_down),
        cmocka_unit_test(a_fault_of_the_bus_starts_all_anew),
        cmocka_unit_test(without_the_clock_there_is_no_link_and_an_error),
    };

    return cmocka_run_group_tests_name("stm32 eth device", tests, NULL, NULL);
}
