// SPDX-License-Identifier: MIT
//
// The bench of the STM32's MAC.

#include "bench.h"

#include <string.h>

struct bench b;
struct memory memory;

const struct nif_hwaddr bench_own = { { 2, 0x11, 0x22, 0x33, 0x44, 0x55 } };

// ---- the device

static struct stm32_eth_slot *slot_at(struct memory *m, uint32_t address)
{
    assert_in_range(address, BASE, BASE + sizeof(*m) - 1);
    address -= BASE;
    assert_int_equal(address % sizeof(struct stm32_eth_slot), 0);
    return &m->rx[0] + address / sizeof(struct stm32_eth_slot);
}

// The device has written a descriptor.
static void finish(uint32_t at, uint32_t status)
{
    slot_at(&b.seen, at)->word[0] = status;
    slot_at(&memory, at)->word[0] = status;
}

void bench_transmit(void)
{
    struct stm32_eth_slot *slot = slot_at(&b.seen, b.tx_now);

    while (!b.stuck && (slot->word[0] & OWN)) {
        assert_int_equal(slot->word[0], 0xF0100000);
        assert_int_equal(slot->word[2],
            b.tx_now + offsetof(struct stm32_eth_slot, data));
        b.frame_len = slot->word[1] & 0x1FFF;
        memcpy(b.frame, slot->data, b.frame_len);
        b.sent++;
        finish(b.tx_now, b.tx_error);
        b.tx_now = slot->word[3];
        slot = slot_at(&b.seen, b.tx_now);
    }
    b.reg[DMASR / 4] |= 0x25; // TS, TBUS, TUS
}

bool bench_arrive(size_t len, uint32_t status, uint8_t fill)
{
    struct stm32_eth_slot *slot = slot_at(&b.seen, b.rx_now);
    uint32_t at = b.rx_now;

    if (!(slot->word[0] & OWN)) {
        b.reg[DMASR / 4] |= 0x80;
        return false;
    }
    assert_int_equal(slot->word[1], 0x4000 | 1536);
    assert_int_equal(slot->word[2], at + offsetof(struct stm32_eth_slot, data));
    memset(slot_at(&memory, at)->data, fill, len < 1536 ? len : 1536);
    b.rx_now = slot->word[3];
    finish(at, (uint32_t)len << 16 | status);
    return true;
}

static uint32_t mmio_read(struct nif_mmio *mmio, uint32_t offset)
{
    uint32_t value = b.reg[offset / 4];

    assert_ptr_equal(mmio, &b.mmio);
    if (b.off) {
        return 0;
    }
    if (offset == DMASR) {
        b.status = value;
    }
    if (offset == DMABMR && (value & 1) && b.reset > 0) {
        b.reset--;
        return value;
    }
    if (offset == MIIAR && b.mii_busy > 0) {
        b.mii_busy--;
        return value | 1;
    }
    return value & ~(offset == MIIAR || offset == DMABMR ? 1u : 0);
}

static void mmio_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    assert_ptr_equal(mmio, &b.mmio);
    assert_true(offset % 4 == 0 && offset < sizeof(b.reg));
    b.written[offset / 4] = ++b.step;
    if (offset == MACCR) {
        uint64_t now_us = nif_clock_now_us(b.chip.cfg.clock);

        assert_true(now_us - b.mac_us >= 2); // not yet taken over
        b.mac_us = now_us;
    }
    if (offset == DMASR) {
        // What is to be done, what was just read, or all of it; nothing else.
        assert_true(value == 0x24 || value == 0x80 || value == 0x1E7FF ||
            value == (b.status & 0x1E7FF));
        b.reg[offset / 4] &= ~value;
        return;
    }
    if (offset == DMABMR && (value & 1)) {
        memset(b.reg, 0, sizeof(b.reg));
        b.reg[MACCR / 4] = 0x8000;
    }
    if (offset == RDLAR) {
        b.rx_now = value;
    }
    if (offset == TDLAR) {
        b.tx_now = value;
    }
    if (offset == MIIAR && !(value & 2)) {
        b.reg[MIIDR / 4] = b.phy_value;
    }
    b.reg[offset / 4] = value;
    if (offset == DMATPDR) {
        assert_int_equal(b.reg[DMASR / 4] & 0x24, 0);
        bench_transmit();
    }
}

static uint32_t mmio_address(struct nif_mmio *mmio, const void *at, size_t len)
{
    size_t offset = (size_t)((const uint8_t *)at - (const uint8_t *)&memory);

    (void)mmio;
    assert_true(offset + len <= sizeof(memory));
    return BASE + (uint32_t)offset;
}

// What becomes the DMA's now must have been there at the last barrier.
static void mmio_barrier(struct nif_mmio *mmio)
{
    (void)mmio;
    for (unsigned i = 0; i < TX; i++) {
        struct stm32_eth_slot *now = &memory.tx[i];
        struct stm32_eth_slot *then = &b.seen.tx[i];

        if ((now->word[0] & ~then->word[0]) & OWN) {
            assert_int_equal(now->word[1], then->word[1]);
            assert_memory_equal(now->data, then->data, now->word[1]);
        }
    }
    b.seen = memory;
}

static const struct nif_mmio_ops mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .address = mmio_address,
    .barrier = mmio_barrier,
};

static uint64_t clock_now(struct nif_clock *clock)
{
    (void)clock;
    return b.now_us++;
}

static void clock_delay(struct nif_clock *clock, uint32_t us)
{
    (void)clock;
    b.now_us += us;
}

static void clock_wake(struct nif_clock *clock)
{
    (void)clock;
    b.wakes++;
}

static const struct nif_clock_ops clock_ops = {
    .now_us = clock_now,
    .delay_us = clock_delay,
    .wake = clock_wake,
};

// ---- the bench

void bench_open(bool interrupt, uint32_t hclk_hz)
{
    memset(&b, 0, sizeof(b));
    memset(&memory, 0xA5, sizeof(memory));
    b.seen = memory;
    b.mmio.ops = &mmio_ops;
    b.clock.ops = &clock_ops;
    b.now_us = 1000;
    stm32_eth_init(&b.chip,
        &(struct stm32_eth_cfg){
            .mmio = &b.mmio,
            .clock = &b.clock,
            .rx = memory.rx,
            .tx = memory.tx,
            .rx_count = RX,
            .tx_count = TX,
            .interrupt = interrupt,
            .hclk_hz = hclk_hz,
            .hwaddr = bench_own,
        });
    b.mac = &b.chip.mac;
    b.mac->wake = &b.clock;
}

int bench_link(bool up, bool is_100, bool full)
{
    const struct nif_phy_link link = { up, is_100, full, false };

    b.now_us += 10;
    return b.mac->ops->link(b.mac, &link);
}

void bench_up(bool interrupt)
{
    bench_open(interrupt, 168000000);
    assert_int_equal(b.mac->ops->start(b.mac), 0);
    b.reset = 3;
    assert_int_equal(bench_link(true, true, true), 0);
}

int bench_poll(uint64_t *due_us)
{
    int err;

    *due_us = NIF_NEVER;
    err = b.mac->ops->poll(b.mac, due_us);
    return err < 0 ? err : 0;
}
