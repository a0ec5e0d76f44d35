// SPDX-License-Identifier: MIT
//
// The STM32's Ethernet MAC: start and stop, speed and duplex, MDIO, the receive
// filter, and what is looked after. Frames are in frames.c.

#include "stm32_eth.h"

#include "internal.h"

#include <string.h>

// One frame of MDIO takes 26 us at 2.5 MHz, 64 us at 1 MHz.
#define MDIO_US 500u

// The DMA's reset takes some cycles of its clocks; without RMII's it never
// ends.
#define RESET_US 1000u

// While a frame is to leave, at the latest.
#define POLL_US 1000u

// Without an interrupt, what a slot takes to fill up: 600 bytes at 100 Mbit/s.
#define SLOT_US 50u

// ... and somebody waits for a slot to be free: the longest frame leaves.
#define FULL_US 125u

// Two writes to the same register of the MAC need four cycles of its slowest
// clock in between: 1.6 us at 2.5 MHz.
#define MAC_WRITE_US 2u

// Waits for `mask` to read as zero. Returns 0, or NIF_ETIMEDOUT.
static int await_clear(struct stm32_eth *chip, uint32_t reg, uint32_t mask,
    uint32_t limit_us)
{
    uint32_t since_us = stm32_eth__now(chip);

    while (stm32_eth__get(chip, reg) & mask) {
        if (stm32_eth__now(chip) - since_us > limit_us) {
            return NIF_ETIMEDOUT;
        }
    }
    return 0;
}

static void put_mac(struct stm32_eth *chip, uint32_t reg, uint32_t value)
{
    stm32_eth__put(chip, reg, value);
    nif_clock_delay_us(chip->cfg.clock, MAC_WRITE_US);
}

// ---- MDIO

// The clock divider that makes an MDC of at most 2.5 MHz (RM0090 33.8.1). Of a
// clock that is not known, 0, the largest.
static uint32_t divider(uint32_t hclk_hz)
{
    static const struct {
        uint32_t up_to_hz;
        uint8_t cr;
    } ranges[] = {
        { 35000000, 2 },
        { 60000000, 3 },
        { 100000000, 0 },
        { 150000000, 1 },
    };

    for (size_t i = 0; i < nif_countof(ranges); i++) {
        if (hclk_hz - 1 < ranges[i].up_to_hz) {
            return ranges[i].cr;
        }
    }
    return 4;
}

// Before its reset has ended nothing may be written (RM0090 33.8.3), and
// without the clock of RMII it does not end.
static int await_reset(struct stm32_eth *chip)
{
    return await_clear(chip, STM32_ETH_DMABMR, STM32_ETH_DMABMR_SR, RESET_US);
}

// One frame. `write` is STM32_ETH_MACMIIAR_MW, or 0 to read.
static int access(struct stm32_eth *chip, uint8_t phy, uint8_t reg,
    uint32_t write, uint16_t value)
{
    int err = await_reset(chip);

    if (err != 0) {
        return err;
    }
    stm32_eth__put(chip, STM32_ETH_MACMIIDR, value);
    stm32_eth__put(chip, STM32_ETH_MACMIIAR,
        (uint32_t)phy << 11 | (uint32_t)reg << 6 |
            divider(chip->cfg.hclk_hz) << 2 | write | STM32_ETH_MACMIIAR_MB);
    return await_clear(chip, STM32_ETH_MACMIIAR, STM32_ETH_MACMIIAR_MB,
        MDIO_US);
}

static int mdio_read(struct nif_mdio *mdio, uint8_t phy, uint8_t reg)
{
    struct stm32_eth *chip = nif_container_of(mdio, struct stm32_eth, mdio);
    int err = access(chip, phy, reg, 0, 0);

    if (err != 0) {
        return err;
    }
    return (int)(stm32_eth__get(chip, STM32_ETH_MACMIIDR) & 0xFFFF);
}

static int mdio_write(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
    uint16_t value)
{
    return access(nif_container_of(mdio, struct stm32_eth, mdio), phy, reg,
        STM32_ETH_MACMIIAR_MW, value);
}

static const struct nif_mdio_ops mdio_ops = {
    .read = mdio_read,
    .write = mdio_write,
};

// ---- start, stop, link

// No frames and no interrupts. Needs no clock but the bus's, unless a reset
// waits for one: then there is nothing to silence.
static int silence(struct stm32_eth *chip)
{
    int err = await_reset(chip);

    chip->running = false;
    chip->fatal = false;
    if (err == 0) {
        stm32_eth__put(chip, STM32_ETH_DMAIER, 0);
        stm32_eth__put(chip, STM32_ETH_DMAOMR, 0);
        put_mac(chip, STM32_ETH_MACCR, STM32_ETH_MACCR_KEPT);
    }
    return err;
}

static int stm32_eth_start(struct nif_mac *mac)
{
    struct stm32_eth *chip = stm32_eth__of(mac);
    int err = silence(chip);

    chip->ready = false;
    chip->lent = false;
    if (err != 0) {
        return err;
    }
    // Without the clock of the MAC its registers read as zero.
    return stm32_eth__get(chip, STM32_ETH_MACCR) == STM32_ETH_MACCR_KEPT
        ? 0
        : NIF_ENODEV;
}

static int stm32_eth_stop(struct nif_mac *mac)
{
    (void)silence(stm32_eth__of(mac));
    return 0;
}

static void write_filter(struct stm32_eth *chip)
{
    put_mac(chip, STM32_ETH_MACFFR, chip->ffr);
    stm32_eth__put(chip, STM32_ETH_MACHTHR, chip->hash[0]);
    stm32_eth__put(chip, STM32_ETH_MACHTLR, chip->hash[1]);
}

// After its reset: everything but what depends on the link.
static void set_up(struct stm32_eth *chip)
{
    // Counters that nobody reads would interrupt when they are half full.
    static const struct {
        uint16_t reg;
        uint32_t value;
    } fixed[] = {
        { STM32_ETH_DMABMR,
            STM32_ETH_DMABMR_AAB | STM32_ETH_DMABMR_FB | STM32_ETH_DMABMR_PBL },
        { STM32_ETH_MMCRIMR, STM32_ETH_MMCRIMR_ALL },
        { STM32_ETH_MMCTIMR, STM32_ETH_MMCTIMR_ALL },
        { STM32_ETH_MACIMR, STM32_ETH_MACIMR_ALL },
        { STM32_ETH_DMASR, STM32_ETH_DMASR_ALL },
    };
    const uint8_t *own = chip->cfg.hwaddr.byte;

    for (size_t i = 0; i < nif_countof(fixed); i++) {
        stm32_eth__put(chip, fixed[i].reg, fixed[i].value);
    }
    // The low half makes both valid.
    stm32_eth__put(chip, STM32_ETH_MACA0HR, nif_get_le16(own + 4));
    stm32_eth__put(chip, STM32_ETH_MACA0LR, nif_get_le32(own));
    write_filter(chip);
    stm32_eth__lay_out(chip);
    if (chip->cfg.interrupt) {
        stm32_eth__put(chip, STM32_ETH_DMAIER, STM32_ETH_DMAIER_USED);
    }
}

static int stm32_eth_link(struct nif_mac *mac, const struct nif_phy_link *link)
{
    struct stm32_eth *chip = stm32_eth__of(mac);
    uint32_t cr = STM32_ETH_MACCR_KEPT;
    int err = silence(chip);

    if (err != 0 || !link->up) {
        return err;
    }
    stm32_eth__put(chip, STM32_ETH_DMABMR, STM32_ETH_DMABMR_SR);
    err = await_reset(chip);
    if (err != 0) {
        return err;
    }
    set_up(chip);
    if (link->is_100) {
        cr |= STM32_ETH_MACCR_FES;
    }
    cr |= link->full_duplex ? STM32_ETH_MACCR_DM : STM32_ETH_MACCR_ROD;
    put_mac(chip, STM32_ETH_MACCR, cr);
    put_mac(chip, STM32_ETH_DMAOMR,
        STM32_ETH_DMAOMR_RSF | STM32_ETH_DMAOMR_TSF | STM32_ETH_DMAOMR_ST |
            STM32_ETH_DMAOMR_SR);
    put_mac(chip, STM32_ETH_MACCR,
        cr | STM32_ETH_MACCR_TE | STM32_ETH_MACCR_RE);
    chip->running = true;
    return 0;
}

// ---- looking after it

void stm32_eth_interrupt(struct stm32_eth *chip)
{
    uint32_t status = stm32_eth__get(chip, STM32_ETH_DMASR);

    if (status & STM32_ETH_DMASR_FBES) {
        chip->fatal = true;
    }
    if (status & STM32_ETH_DMASR_RBUS) {
        chip->full = true;
    }
    stm32_eth__put(chip, STM32_ETH_DMASR, status & STM32_ETH_DMASR_ALL);
    nif_mac_wake(&chip->mac);
}

// How long nobody has to look, if no frame has come; 0: until the interrupt.
static uint32_t rest_us(struct stm32_eth *chip)
{
    uint32_t us = POLL_US;

    if (chip->cfg.interrupt) {
        return chip->tx_pending > 0 ? us : 0;
    }
    if (us > SLOT_US * chip->cfg.rx_count) {
        us = SLOT_US * chip->cfg.rx_count;
    }
    chip->refused = chip->refused && chip->tx_pending == chip->cfg.tx_count;
    return chip->refused && us > FULL_US ? FULL_US : us;
}

static int stm32_eth_poll(struct nif_mac *mac, uint64_t *again_us)
{
    struct stm32_eth *chip = stm32_eth__of(mac);
    uint32_t status;
    uint32_t rest;

    if (!chip->running) {
        return 0;
    }
    status = stm32_eth__get(chip, STM32_ETH_DMASR);
    if (chip->fatal || (status & STM32_ETH_DMASR_FBES)) {
        return NIF_EIO;
    }
    if (chip->full || (status & STM32_ETH_DMASR_RBUS)) {
        chip->full = false;
        chip->stats.rx_full++;
        stm32_eth__put(chip, STM32_ETH_DMASR, STM32_ETH_DMASR_RBUS);
        stm32_eth__demand(chip, STM32_ETH_DMARPDR);
    }
    if (!stm32_eth__reclaim(chip)) {
        return NIF_ETIMEDOUT;
    }
    if (stm32_eth__has_frame(chip)) {
        *again_us = 0;
        return 0;
    }
    rest = rest_us(chip);
    if (rest != 0) {
        nif_again_by(again_us, nif_clock_now_us(chip->cfg.clock) + rest);
    }
    return NIF_SEEN_NO_FRAME;
}

// ---- the filter

// The place of a group in the hash table: the highest six bits of the
// inverted CRC-32, which the MAC has mirrored (RM0090 33.5.3).
static unsigned hash_of(const struct nif_hwaddr *group)
{
    uint32_t crc = UINT32_MAX;
    unsigned index = 0;

    for (size_t i = 0; i < sizeof(group->byte); i++) {
        crc ^= group->byte[i];
        for (unsigned k = 0; k < 8; k++) {
            crc = crc >> 1 ^ (0xEDB88320u & (0 - (crc & 1)));
        }
    }
    for (unsigned k = 0; k < 6; k++) {
        index = index << 1 | (~crc >> k & 1);
    }
    return index;
}

static int stm32_eth_filter(struct nif_mac *mac, const struct nif_eth_filter *f)
{
    struct stm32_eth *chip = stm32_eth__of(mac);

    memset(chip->hash, 0, sizeof(chip->hash));
    chip->ffr = f->promiscuous ? STM32_ETH_MACFFR_PM : STM32_ETH_MACFFR_HM;
    if (f->all_multicast) {
        chip->ffr |= STM32_ETH_MACFFR_PAM;
    }
    for (size_t i = 0; i < f->group_count; i++) {
        unsigned index = hash_of(&f->groups[i]);

        chip->hash[index < 32] |= 1u << (index & 31);
    }
    if (chip->running) {
        write_filter(chip);
    }
    return 0;
}

static void stm32_eth_hwaddr(struct nif_mac *mac, struct nif_hwaddr *out)
{
    *out = stm32_eth__of(mac)->cfg.hwaddr;
}

static const struct nif_mac_ops mac_ops = {
    .start = stm32_eth_start,
    .stop = stm32_eth_stop,
    .link = stm32_eth_link,
    .poll = stm32_eth_poll,
    .send = stm32_eth__send,
    .recv = stm32_eth__recv,
    .filter = stm32_eth_filter,
    .hwaddr = stm32_eth_hwaddr,
};

void stm32_eth_init(struct stm32_eth *chip, const struct stm32_eth_cfg *cfg)
{
    NIF_ASSERT(cfg->rx_count >= 2 && cfg->tx_count != 0);
    memset(chip, 0, sizeof(*chip));
    chip->mac.ops = &mac_ops;
    chip->mac.mdio = &chip->mdio;
    chip->mdio.ops = &mdio_ops;
    chip->cfg = *cfg;
    chip->ffr = STM32_ETH_MACFFR_HM;
}
