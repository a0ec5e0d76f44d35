// SPDX-License-Identifier: MIT
//
// The STM32's MAC with a LAN8720 as a network device, on the models of both:
// what the contract of frame devices (tests/contract) does not ask for.

#include "lan8720/lan8720.h"
#include "sim/chips/stm32_eth.h"
#include "stm32_eth/stm32_eth.h"
#include "tests/support/check.h"

#include <string.h>

#define RX 4
#define TX 2

static struct {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_stm32_eth eth;
    struct sim_phy phy;
    struct sim_nic far;
    struct sim_cable cable;
    struct stm32_eth_slot rx[RX];
    struct stm32_eth_slot tx[TX];
    struct stm32_eth mac;
    struct lan8720 driver;
    struct nif_macphy device;
    struct nif_iface *iface;
    unsigned heard;
    unsigned told[4]; // enum nif_event
    int err;          // the last of poll()
} d;

static const struct nif_hwaddr own = { { 2, 0x11, 0x22, 0x33, 0x44, 0x55 } };

static void on_event(void *arg, struct nif_iface *iface, enum nif_event event)
{
    (void)arg;
    (void)iface;
    d.told[event]++;
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    (void)arg;
    (void)frame;
    assert_int_equal(len, 100);
    d.heard++;
}

static void handler(void *arg)
{
    stm32_eth_interrupt(arg);
}

static void make_driver(bool interrupt, uint32_t hclk_hz)
{
    stm32_eth_init(&d.mac,
        &(struct stm32_eth_cfg){
            .mmio = &d.eth.mmio,
            .clock = &d.cpu.clock,
            .rx = d.rx,
            .tx = d.tx,
            .rx_count = RX,
            .tx_count = TX,
            .interrupt = interrupt,
            .hclk_hz = hclk_hz,
            .hwaddr = own,
        });
    lan8720_init(&d.driver,
        &(struct lan8720_cfg){
            .phy = { .mdio = d.mac.mac.mdio, .clock = &d.cpu.clock } });
    nif_macphy_init(&d.device,
        &(struct nif_macphy_cfg){ .mac = &d.mac.mac,
            .phy = &d.driver.phy,
            .clock = &d.cpu.clock });
    d.iface = &d.device.iface;
    nif_iface_on_event(d.iface, on_event, NULL);
}

static void open_device(bool interrupt, uint32_t hclk_hz)
{
    memset(&d, 0, sizeof(d));
    sim_world_init(&d.world, 1);
    sim_cpu_init(&d.cpu, &d.world, SIM_CPU_COST_NS);
    sim_phy_init(&d.phy, &d.world, &(struct sim_phy_cfg){ .addr = 1 });
    sim_stm32_eth_init(&d.eth, &d.cpu,
        &(struct sim_stm32_eth_cfg){
            .hclk_hz = hclk_hz,
            .irq = interrupt ? handler : NULL,
            .irq_arg = &d.mac,
        });
    sim_stm32_eth_join(&d.eth, &d.phy);
    sim_nic_init(&d.far, &d.world, "far", 0);
    d.far.on_frame = on_frame;
    sim_cable_init(&d.cable, &d.world, 100000000);
    sim_cable_join(&d.cable, &d.eth.nic.port, &d.far.port);
    make_driver(interrupt, hclk_hz);
}

static void close_device(void)
{
    assert_int_equal(d.world.complaints, 0);
    sim_stm32_eth_done(&d.eth);
    sim_phy_done(&d.phy);
    sim_nic_done(&d.far);
    sim_cable_done(&d.cable);
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

// More frames each way than there are slots.
static void assert_traffic(void)
{
    uint8_t data[100] = { 0 };
    const struct nif_seg seg = { data, sizeof(data) };

    assert_true(has_link());
    for (unsigned i = 0; i < 2 * RX + 1; i++) {
        uint8_t buf[100];
        uint8_t *frame = NULL;
        unsigned heard = d.heard;

        assert_int_equal(nif_eth_send(d.iface, &seg, 1), 0);
        memcpy(data, &own, sizeof(own));
        assert_true(sim_nic_send(&d.far, data, sizeof(data)));
        run_ms(2);
        assert_int_equal(d.heard, heard + 1);
        assert_int_equal(nif_eth_recv(d.iface, buf, sizeof(buf), &frame), 100);
        assert_memory_equal(frame, data, sizeof(data));
        assert_int_equal(nif_eth_recv(d.iface, buf, sizeof(buf), &frame),
            NIF_EAGAIN);
    }
}

// Where MAC and PHY do not agree on speed or duplex, frames are noise or
// collide.
static void the_link_sets_speed_and_duplex(void **state)
{
    static const struct {
        uint16_t page;
        bool full;
    } partners[] = { { 0x81E1, true }, { 0x8041, true }, { 0x8021, false },
        { 0x8081, false } };

    (void)state;
    open_device(true, 168000000);
    assert_int_equal(nif_iface_start(d.iface), 0);
    assert_false(has_link());
    for (unsigned i = 0; i < nif_countof(partners); i++) {
        sim_cable_plug(&d.cable, false);
        run_ms(300);
        assert_false(has_link());
        sim_stm32_eth_partner(&d.eth,
            &(struct sim_phy_partner){ .page = partners[i].page });
        d.far.full_duplex = partners[i].full;
        sim_cable_plug(&d.cable, true);
        run_ms(3000);
        assert_traffic();
        assert_int_equal(d.told[NIF_EVENT_LINK_UP], i + 1);
    }
    assert_int_equal(d.eth.rx_noise + d.eth.tx_noise + d.eth.nic.late, 0);
    assert_int_equal(d.err, 0);
    close_device();
}

// The divider for MDC is right for each clock, and the PHY complains if not.
static void any_bus_clock_will_do(void **state)
{
    static const uint32_t clocks_hz[] = { 25000000, 35000000, 48000000,
        60000000, 84000000, 100000000, 120000000, 150000000, 168000000,
        216000000 };

    (void)state;
    for (size_t i = 0; i < 2 * nif_countof(clocks_hz); i++) {
        open_device(i % 2, clocks_hz[i / 2]);
        assert_int_equal(nif_iface_start(d.iface), 0);
        run_ms(2500);
        assert_traffic();
        close_device();
    }
}

// The start after it must work although the PHY gives no clock yet.
static void stop_puts_the_phy_into_power_down(void **state)
{
    (void)state;
    open_device(true, 168000000);
    for (unsigned n = 0; n < 3; n++) {
        assert_int_equal(nif_iface_start(d.iface), 0);
        run_ms(3000);
        assert_traffic();
        assert_int_equal(nif_iface_stop(d.iface), 0);
        assert_true(d.phy.mdio.ops->read(&d.phy.mdio, 0) & 0x0800);
    }
    close_device();
}

static void a_fault_of_the_bus_starts_all_anew(void **state)
{
    uint8_t frame[100] = { 0 };

    (void)state;
    memcpy(frame, own.byte, sizeof(own.byte)); // to the board
    for (int interrupt = 0; interrupt < 2; interrupt++) {
        open_device(interrupt, 168000000);
        assert_int_equal(nif_iface_start(d.iface), 0);
        run_ms(3000);
        assert_traffic();
        sim_stm32_eth_break_bus(&d.eth);
        assert_true(sim_nic_send(&d.far, frame, sizeof(frame)));
        run_ms(100);
        assert_int_equal(d.err, NIF_EIO);
        assert_int_equal(d.told[NIF_EVENT_RESTARTED], 1);
        run_ms(3000);
        assert_traffic();
        close_device();
    }
}

// There is a link, but the MAC is not given its clock: its reset does not end.
static void without_the_clock_there_is_no_link_and_an_error(void **state)
{
    (void)state;
    open_device(true, 168000000);
    d.eth.no_clock = true;
    assert_int_equal(nif_iface_start(d.iface), 0);
    run_ms(5000);
    assert_int_equal(d.err, NIF_ETIMEDOUT);
    assert_int_equal(d.told[NIF_EVENT_RESTARTED], 0);
    assert_int_equal(d.told[NIF_EVENT_LINK_UP], 0);
    d.eth.no_clock = false;
    run_ms(4000);
    assert_int_equal(d.told[NIF_EVENT_RESTARTED], 1);
    assert_traffic();
    close_device();
}

// The clock goes while frames flow: what was given to the MAC never leaves.
static void a_clock_that_goes_is_noticed(void **state)
{
    static uint8_t data[100];
    const struct nif_seg seg = { data, sizeof(data) };

    (void)state;
    open_device(true, 168000000);
    assert_int_equal(nif_iface_start(d.iface), 0);
    run_ms(3000);
    assert_traffic();
    d.eth.no_clock = true;
    assert_int_equal(nif_eth_send(d.iface, &seg, 1), 0);
    run_ms(1500);
    assert_int_equal(d.err, NIF_ETIMEDOUT);
    d.eth.no_clock = false;
    run_ms(4000);
    assert_traffic();
    close_device();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_link_sets_speed_and_duplex),
        cmocka_unit_test(any_bus_clock_will_do),
        cmocka_unit_test(stop_puts_the_phy_into_power_down),
        cmocka_unit_test(a_fault_of_the_bus_starts_all_anew),
        cmocka_unit_test(without_the_clock_there_is_no_link_and_an_error),
        cmocka_unit_test(a_clock_that_goes_is_noticed),
    };

    return cmocka_run_group_tests_name("stm32 eth device", tests, NULL, NULL);
}
