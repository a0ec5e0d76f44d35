// SPDX-License-Identifier: MIT
//
// The driver of the virtio network device on its model: what no other chip has.
// All else is the contract suite's.

#include "sim/chips/virtio_net.h"
#include "tests/support/check.h"
#include "virtio_net/virtio_net.h"

#include <string.h>

#define STATUS_F (1u << 16)
#define MAC_F    (1u << 5)

static struct {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_virtio_net chip;
    struct sim_nic far;
    struct sim_cable cable;
    unsigned heard;
    unsigned restarts;
    struct virtio_net net;
} b;

static const struct nif_hwaddr own = { { 2, 0, 0, 0, 0, 7 } };

static void handler(void *arg)
{
    virtio_net_interrupt(arg);
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    (void)arg;
    (void)frame;
    (void)len;
    b.heard++;
}

static void on_event(void *arg, struct nif_iface *iface, enum nif_event event)
{
    (void)arg;
    (void)iface;
    b.restarts += event == NIF_EVENT_RESTARTED;
}

static void open_with(const struct sim_virtio_net_cfg *cfg)
{
    struct sim_virtio_net_cfg mine = *cfg;

    memset(&b, 0, sizeof(b));
    mine.hwaddr = own;
    mine.irq = handler;
    mine.irq_arg = &b.net;
    sim_world_init(&b.world, 1);
    sim_cpu_init(&b.cpu, &b.world, SIM_CPU_COST_NS);
    sim_virtio_net_init(&b.chip, &b.cpu, &mine);
    sim_nic_init(&b.far, &b.world, "far", 0);
    b.far.on_frame = on_frame;
    sim_cable_init(&b.cable, &b.world, 100000000);
    sim_cable_join(&b.cable, &b.chip.nic.port, &b.far.port);
    virtio_net_init(&b.net,
        &(struct virtio_net_cfg){ .mmio = b.chip.mmio,
            .clock = &b.cpu.clock,
            .interrupt = true });
    nif_iface_on_event(&b.net.iface, on_event, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    sim_virtio_net_done(&b.chip);
    sim_nic_done(&b.far);
    sim_cable_done(&b.cable);
    assert_int_equal(b.world.complaints, 0);
    sim_world_done(&b.world);
    return 0;
}

static void poll(void)
{
    uint64_t again_us = NIF_NEVER;

    assert_true(nif_iface_poll(&b.net.iface, &again_us) >= 0);
}

static void up(const struct sim_virtio_net_cfg *cfg)
{
    open_with(cfg);
    assert_int_equal(nif_iface_start(&b.net.iface), 0);
    poll();
    assert_true(nif_iface_flags(&b.net.iface) & NIF_IFACE_LINK);
}

static int send(size_t len)
{
    static const uint8_t frame[1514] = { 2, 9 };
    struct nif_seg seg = { frame, len };

    return nif_eth_send(&b.net.iface, &seg, 1);
}

static void arrive(size_t len)
{
    uint8_t frame[1514] = { 2, 0, 0, 0, 0, 7, 2, 9 };

    assert_true(sim_nic_send(&b.far, frame, len));
    sim_pass_ns(&b.world, len * 80 + 2 * SIM_US);
}

static int recv(void)
{
    uint8_t *frame;

    return nif_eth_recv(&b.net.iface, NULL, NIF_ETH_FRAME_MAX, &frame);
}

// The indices of the rings have 16 bits.
static void frames_flow_after_the_indices_have_gone_round(void **state)
{
    (void)state;
    up(&(struct sim_virtio_net_cfg){ .legacy = false });
    for (unsigned i = 0; i < 66000; i++) {
        assert_int_equal(send(60), 0);
        arrive(60);
        assert_int_equal(recv(), 60);
    }
    poll();
    assert_int_equal(recv(), NIF_EAGAIN);
    assert_int_equal(b.heard, 66000);
    assert_int_equal(b.restarts, 0);
}

static void a_device_that_says_no_to_the_features_is_left_alone(void **state)
{
    (void)state;
    open_with(&(struct sim_virtio_net_cfg){ .legacy = false });
    b.chip.refuses = true;
    assert_int_equal(nif_iface_start(&b.net.iface), NIF_ENODEV);
    assert_int_equal(nif_mmio_read(&b.chip.mmio, 0x70), 0x83); // FAILED
    assert_int_equal(nif_iface_flags(&b.net.iface) & NIF_IFACE_STARTED, 0);
    b.chip.refuses = false;
    assert_int_equal(nif_iface_start(&b.net.iface), 0);
}

static void a_device_without_an_address_is_refused(void **state)
{
    (void)state;
    open_with(&(struct sim_virtio_net_cfg){ .without = MAC_F });
    assert_int_equal(nif_iface_start(&b.net.iface), NIF_ENODEV);
}

static void a_reset_without_an_end_is_given_up(void **state)
{
    (void)state;
    up(&(struct sim_virtio_net_cfg){ .reset_ns = 5 * SIM_MS });
    assert_int_equal(nif_iface_start(&b.net.iface), NIF_ETIMEDOUT);
    assert_true(b.world.now_ns < 2 * SIM_MS);
    sim_pass_ns(&b.world, 5 * SIM_MS);
    assert_int_equal(nif_iface_start(&b.net.iface), 0);
}

static void a_device_that_does_not_tell_of_its_link_has_one(void **state)
{
    (void)state;
    up(&(struct sim_virtio_net_cfg){ .without = STATUS_F });
    sim_cable_plug(&b.cable, false);
    sim_pass_ns(&b.world, SIM_MS);
    poll();
    assert_true(nif_iface_flags(&b.net.iface) & NIF_IFACE_LINK);
}

static void a_link_that_is_lost_is_seen_at_once(void **state)
{
    (void)state;
    up(&(struct sim_virtio_net_cfg){ .legacy = false });
    sim_cable_plug(&b.cable, false);
    sim_pass_ns(&b.world, SIM_US); // an interrupt
    poll();
    assert_false(nif_iface_flags(&b.net.iface) & NIF_IFACE_LINK);
    assert_int_equal(send(100), NIF_ELINK);
    sim_cable_plug(&b.cable, true);
    sim_pass_ns(&b.world, SIM_US);
    poll();
    assert_int_equal(send(100), 0);
}

// What it is and what it sends and receives, byte by byte, in either layout.
static void frames_and_addresses_are_exact(void **state)
{
    struct nif_hwaddr is;
    uint8_t *frame = NULL;

    (void)state;
    for (unsigned legacy = 0; legacy < 2; legacy++) {
        up(&(struct sim_virtio_net_cfg){ .legacy = legacy != 0 });
        nif_iface_hwaddr(&b.net.iface, &is);
        assert_memory_equal(is.byte, own.byte, 6);
        arrive(1514);
        assert_int_equal(nif_eth_recv(&b.net.iface, NULL, NIF_ETH_FRAME_MAX,
                             &frame),
            1514);
        assert_memory_equal(frame, own.byte, 6);
        assert_int_equal((uintptr_t)(frame + NIF_ETH_HEADER) % 4, 0);
        assert_int_equal(send(1514), 0);
        sim_pass_ns(&b.world, SIM_MS);
        assert_int_equal(b.heard, 1);
        if (legacy == 0) {
            (void)tear_down(state);
        }
    }
}

// What recv() gave may be written to until the next one.
static void a_frame_outlives_a_restart(void **state)
{
    uint8_t *frame = NULL;

    (void)state;
    up(&(struct sim_virtio_net_cfg){ .legacy = false });
    arrive(100);
    assert_int_equal(nif_eth_recv(&b.net.iface, NULL, NIF_ETH_FRAME_MAX,
                         &frame),
        100);
    sim_virtio_net_break(&b.chip);
    sim_pass_ns(&b.world, SIM_US);
    poll();
    assert_int_equal(b.restarts, 1);
    arrive(200); // the device has seen all of its buffers
    memset(frame, 0x55, 100);
    for (unsigned i = 0; i < 2 * VIRTIO_NET_RX; i++) {
        assert_int_equal(recv(), 200);
        assert_int_equal(recv(), NIF_EAGAIN);
        arrive(200);
    }
}

static void a_device_that_looks_by_itself_is_not_notified(void **state)
{
    (void)state;
    up(&(struct sim_virtio_net_cfg){ .legacy = false });
    for (unsigned i = 0; i < VIRTIO_NET_TX; i++) {
        assert_int_equal(send(1000), 0);
        sim_pass_ns(&b.world, 10 * SIM_US);
    }
    assert_int_equal(send(1000), NIF_EAGAIN);
    sim_pass_ns(&b.world, 400 * SIM_US);
    assert_int_equal(b.heard, VIRTIO_NET_TX);
    assert_int_equal(b.chip.notified[1], 1);
    assert_int_equal(send(1000), 0);
    assert_int_equal(b.chip.notified[1], 2);
}

static void what_makes_no_sense_costs_a_restart(void **state)
{
    (void)state;
    up(&(struct sim_virtio_net_cfg){ .legacy = false });
    sim_virtio_net_lie(&b.chip, 0, VIRTIO_NET_RX, 100);
    assert_int_equal(recv(), NIF_EPROTO);
    assert_int_equal(recv(), NIF_EAGAIN);
    poll();
    sim_virtio_net_lie(&b.chip, 0, 32 + 1, 100);
    assert_int_equal(recv(), NIF_EPROTO);
    poll();
    sim_virtio_net_lie(&b.chip, 0, 1, VIRTIO_NET_BUFFER);
    assert_int_equal(recv(), NIF_EPROTO);
    poll();
    sim_virtio_net_lie(&b.chip, 1, 0, 0); // it has none to send
    assert_int_equal(send(100), NIF_EAGAIN);
    poll();
    assert_int_equal(b.restarts, 4);
    assert_int_equal(b.net.stats.rx_bad, 3);
    arrive(100);
    assert_int_equal(recv(), 100);
    assert_int_equal(send(100), 0);
}

// In version 1 a device that is broken says nothing.
static void one_that_does_not_send_any_more_is_set_up_again(void **state)
{
    (void)state;
    up(&(struct sim_virtio_net_cfg){ .legacy = true });
    for (unsigned i = 0; i < 10; i++) { // at rest all is well
        sim_pass_ns(&b.world, SIM_S);
        poll();
    }
    sim_virtio_net_break(&b.chip);
    assert_int_equal(send(100), 0);
    for (unsigned i = 0; i < 3; i++) {
        sim_pass_ns(&b.world, SIM_S);
        poll();
    }
    assert_int_equal(b.restarts, 1);
    assert_int_equal(send(100), 0);
    sim_pass_ns(&b.world, SIM_MS);
    assert_int_equal(b.heard, 1);
}

// ---- registers that lie

static uint32_t (*lie)(uint64_t n); // what the n-th of them reads as
static uint64_t lies;

static uint32_t lying_read(struct nif_mmio *mmio, uint32_t offset)
{
    (void)mmio;
    (void)offset;
    sim_cpu_step(&b.cpu);
    return lie(lies++);
}

static void lost_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    (void)mmio;
    (void)offset;
    (void)value;
    sim_cpu_step(&b.cpu);
}

static uint32_t zeros(uint64_t n)
{
    (void)n;
    return 0;
}

static uint32_t ones(uint64_t n)
{
    (void)n;
    return UINT32_MAX;
}

static uint32_t noise(uint64_t n)
{
    return sim_noise(&b.world, n) * 0x01010101u;
}

// What a device is, and noise behind that.
static uint32_t late_noise(uint64_t n)
{
    static const uint32_t first[] = { 0x74726976, 2, 1 };

    return n < nif_countof(first) ? first[n] : noise(n);
}

static void registers_that_lie_are_an_error_in_time(void **state)
{
    static uint32_t (*const all[])(uint64_t) = { zeros, ones, noise,
        late_noise };
    struct nif_mmio_ops ops;

    (void)state;
    up(&(struct sim_virtio_net_cfg){ .legacy = false });
    b.chip.cfg.irq = NULL; // its handler would be lied to for ever
    ops = *b.chip.mmio.ops;
    ops.read = lying_read;
    ops.write = lost_write;
    for (size_t i = 0; i < nif_countof(all); i++) {
        uint64_t again_us = NIF_NEVER;
        uint64_t begun_ns;

        lie = all[i];
        lies = 0;
        b.net.cfg.mmio.ops = &ops;
        sim_pass_ns(&b.world, 2 * SIM_S);
        begun_ns = b.world.now_ns;
        // With luck, noise is a device.
        assert_true(nif_iface_poll(&b.net.iface, &again_us) < 0 ||
            lie == late_noise);
        assert_true(again_us >= b.world.now_ns / 1000 || lie == late_noise);
        lies = 0;
        assert_true(nif_iface_start(&b.net.iface) < 0 || lie == late_noise);
        assert_true(b.world.now_ns - begun_ns < 4 * SIM_MS);
        b.net.cfg.mmio.ops = b.chip.mmio.ops;
        assert_int_equal(nif_iface_start(&b.net.iface), 0);
        poll();
        assert_int_equal(send(100), 0);
    }
}

// A used length below the header's, as a runt has.
static void a_frame_that_is_too_short_is_passed_over(void **state)
{
    (void)state;
    up(&(struct sim_virtio_net_cfg){ .legacy = false });
    arrive(100);
    b.net.rx.used.ring[0].len = 5;
    arrive(200);
    assert_int_equal(recv(), 200);
    assert_int_equal(b.net.stats.rx_bad, 1);
}

#define TEST(f) cmocka_unit_test_teardown(f, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_flow_after_the_indices_have_gone_round),
        TEST(a_device_that_says_no_to_the_features_is_left_alone),
        TEST(a_device_without_an_address_is_refused),
        TEST(a_reset_without_an_end_is_given_up),
        TEST(a_device_that_does_not_tell_of_its_link_has_one),
        TEST(a_link_that_is_lost_is_seen_at_once),
        TEST(frames_and_addresses_are_exact),
        TEST(a_frame_outlives_a_restart),
        TEST(a_device_that_looks_by_itself_is_not_notified),
        TEST(what_makes_no_sense_costs_a_restart),
        TEST(one_that_does_not_send_any_more_is_set_up_again),
        TEST(registers_that_lie_are_an_error_in_time),
        TEST(a_frame_that_is_too_short_is_passed_over),
    };

    return cmocka_run_group_tests_name("virtio-net driver", tests, NULL, NULL);
}
