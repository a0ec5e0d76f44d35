// SPDX-License-Identifier: MIT
//
// The bench of the Stellaris Ethernet controller as a network device.

#include "bench.h"

#include <string.h>

#define MACDATA 0x10u
#define MACNP   0x34u
#define MACTR   0x38u
#define MACMCTL 0x20u
#define MACMRXD 0x30u

struct device_bench d;


const struct nif_hwaddr own = { { 2, 0x11, 0x22, 0x33, 0x44, 0x55 } };
const struct nif_hwaddr all = { { 255, 255, 255, 255, 255, 255 } };

static void on_event(void *arg, struct nif_iface *iface, enum nif_event event)
{
    (void)arg;
    (void)iface;
    d.told[event]++;
    if (event == NIF_EVENT_LINK_DOWN) {
        d.down_us = d.world.now_ns / 1000;
    }
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    (void)arg;
    d.heard++;
    d.heard_len = len;
    memcpy(d.heard_data, frame, len);
}

static void handler(void *arg)
{
    stellaris_interrupt(arg);
}

// ---- between driver and model

static uint32_t spy_read(struct nif_mmio *mmio, uint32_t offset)
{
    (void)mmio;
    if (d.spoil_at > 0 && --d.spoil_at == 0) {
        sim_stellaris_spoil(&d.chip);
    }
    return nif_mmio_read(&d.chip.mmio, offset);
}

static void spy_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    (void)mmio;
    d.looks += offset == MACMCTL;
    nif_mmio_write(&d.chip.mmio, offset, value);
}

static const struct nif_mmio_ops spy = {
    .read = spy_read,
    .write = spy_write,
};

// QEMU's has no PHY, and does at once what it is asked for.
static uint32_t bare_read(struct nif_mmio *mmio, uint32_t offset)
{
    return offset == MACMCTL || offset == MACMRXD ? 0 : spy_read(mmio, offset);
}

static void bare_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    if (offset != MACMCTL) {
        spy_write(mmio, offset, value);
    }
}

const struct nif_mmio_ops device_bare = {
    .read = bare_read,
    .write = bare_write,
};


// Its MII is busy for ever.
static uint32_t hung_read(struct nif_mmio *mmio, uint32_t offset)
{
    return spy_read(mmio, offset) | (offset == MACMCTL);
}

const struct nif_mmio_ops device_hung = {
    .read = hung_read,
    .write = bare_write,
};

static uint32_t jammed_read(struct nif_mmio *mmio, uint32_t offset)
{
    return spy_read(mmio, offset) | (d.jam && offset == MACTR);
}

const struct nif_mmio_ops device_jammed = {
    .read = jammed_read,
    .write = spy_write,
};

static uint32_t endless_read(struct nif_mmio *mmio, uint32_t offset)
{
    if (offset == MACDATA) {
        return d.words++ % d.frame_words == 0 ? d.length : 0;
    }
    return offset == MACNP ? 1 : spy_read(mmio, offset);
}

const struct nif_mmio_ops device_endless = {
    .read = endless_read,
    .write = spy_write,
};

static void make_driver(const struct how *how)
{
    stellaris_init(&d.mac,
        &(struct stellaris_cfg){
            .mmio = { .ops = how->ops ? how->ops : &spy },
            .clock = &d.cpu.clock,
            .hwaddr = own,
            .interrupt = !how->polled,
            .spare = how->no_spare ? NULL : d.spare,
            .clock_hz = how->clock_untold ? 0 : how->clock_hz,
        });
    nif_phy_init(&d.phy,
        &(struct nif_phy_cfg){
            .mdio = d.mac.mac.mdio,
            .clock = &d.cpu.clock,
            .ops = &stellaris_phy,
            .interrupt = how->polled ? NULL : &d.mac.phy_interrupt,
        });
    nif_macphy_init(&d.device,
        &(struct nif_macphy_cfg){ .mac = &d.mac.mac,
            .phy = &d.phy,
            .clock = &d.cpu.clock });
    d.iface = &d.device.iface;
    nif_iface_on_event(d.iface, on_event, NULL);
}

void open_device(const struct how *how)
{
    memset(&d, 0, sizeof(d));
    sim_world_init(&d.world, 1);
    sim_cpu_init(&d.cpu, &d.world, SIM_CPU_COST_NS);
    sim_stellaris_init(&d.chip, &d.cpu,
        &(struct sim_stellaris_cfg){
            .clock_hz = how->clock_hz,
            .irq = how->polled ? NULL : handler,
            .irq_arg = &d.mac,
        });
    sim_nic_init(&d.far, &d.world, "far", 0);
    d.far.on_frame = on_frame;
    sim_cable_init(&d.cable, &d.world, 100000000);
    sim_cable_join(&d.cable, &d.chip.nic.port, &d.far.port);
    make_driver(how);
}

void close_device(void)
{
    assert_int_equal(d.world.complaints, 0);
    sim_stellaris_done(&d.chip);
    sim_nic_done(&d.far);
    sim_cable_done(&d.cable);
    sim_world_done(&d.world);
}

void run_us(uint64_t us)
{
    uint64_t until_us = d.world.now_ns / 1000 + us;

    while (d.world.now_ns / 1000 < until_us) {
        uint64_t again_us = until_us;

        (void)!nif_iface_poll(d.iface, &again_us);
        nif_clock_wait(&d.cpu.clock, again_us);
    }
}

bool has_link(void)
{
    return (nif_iface_flags(d.iface) & NIF_IFACE_LINK) != 0;
}

void bring_up(const struct how *how)
{
    open_device(how);
    assert_int_equal(nif_iface_start(d.iface), 0);
    run_us(WAITS_US);
    assert_true(has_link());
}

int send_frame(const struct nif_hwaddr *to, size_t len)
{
    static uint8_t data[NIF_ETH_FRAME_MAX];
    const struct nif_seg segs[] = { { data, 15 }, { data + 15, len - 15 } };
    int result;

    for (size_t i = 0; i < len; i++) {
        data[i] = (uint8_t)(i + len);
    }
    memcpy(data, to->byte, 6);
    memcpy(data + 6, own.byte, 6);
    result = nif_eth_send(d.iface, segs, 2);
    memset(data, 0, len); // it is another's now
    return result;
}

void arrive(const struct nif_hwaddr *to, size_t len, uint8_t mark)
{
    uint8_t frame[2000];

    memset(frame, mark, sizeof(frame));
    memcpy(frame, to->byte, 6);
    frame[12] = 0x88; // a type
    assert_true(sim_nic_send(&d.far, frame, len));
}

// The mark of the next frame; 0: there is none.
uint8_t receive(void)
{
    uint8_t buf[NIF_ETH_FRAME_MAX];
    uint8_t *frame = NULL;
    int len = nif_eth_recv(d.iface, buf, sizeof(buf), &frame);

    if (len == NIF_EAGAIN) {
        return 0;
    }
    assert_true(len >= 60);
    for (int i = 14; i < len; i++) {
        assert_int_equal(frame[i], frame[14]);
    }
    return frame[14];
}

void assert_traffic(void)
{
    for (unsigned i = 0; i < 3; i++) {
        unsigned heard = d.heard;

        assert_int_equal(send_frame(&all, 100), 0);
        run_us(2000);
        assert_int_equal(d.heard, heard + 1);
        arrive(&own, 100, (uint8_t)(i + 1));
        run_us(2000);
        assert_int_equal(receive(), i + 1);
        assert_int_equal(receive(), 0);
    }
}
