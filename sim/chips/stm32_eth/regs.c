// SPDX-License-Identifier: MIT
//
// The registers: what can be written, what a write does, reset, interrupts.

#include "sim/chips/stm32_eth/model.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define HCLK_HZ    168000000u
#define SRAM       0x20000000u
#define RESET_NS   (2 * SIM_US)
#define RETRY_NS   (100 * SIM_US) // how soon a clock that is back is noticed
#define PHY_DOWN   (1u << 11)     // BMCR
#define STUCK_MAX  100u
#define SUMMARY_ON (SR_NIS | SR_AIS) // the same bits in DMAIER
#define NORMAL     0x4045u           // ERS, RS, TBUS, TS
#define STATUS     0x0001E7FFu
#define ADDRESSES  4 // MACA0 to MACA3

// What a register is after a reset, and which of its bits can be written;
// those in `one` have to be kept at 1. `slow`: it belongs to the clock of the
// wire, and takes four of its cycles.
static const struct reg {
    uint32_t offset;
    uint32_t reset;
    uint32_t mask;
    uint32_t one;
    bool slow;
} regs[] = {
    { ETH_MACCR, CR_ONE, 0x02CF7EFC, CR_ONE, true },
    { ETH_MACFFR, 0, 0x800007FF, 0, true },
    { ETH_MACHTHR, 0, UINT32_MAX, 0, true },
    { ETH_MACHTLR, 0, UINT32_MAX, 0, true },
    { ETH_MIIAR, 0, 0xFFDF, 0, false },
    { ETH_MIIDR, 0, 0xFFFF, 0, false },
    { ETH_MACFCR, 0, 0xFFFF00BF, 0, true },
    { ETH_VLANTR, 0, 0x1FFFF, 0, true },
    { 0x003C, 0, 0x208, 0, false }, // MACIMR
    { ETH_MACA0HR, 0x8000FFFF, 0xFFFF, 0x80000000, false },
    { ETH_MACA0LR, UINT32_MAX, UINT32_MAX, 0, false },
    { 0x0048, 0xFFFF, 0xFF00FFFF, 0, false },
    { 0x004C, UINT32_MAX, UINT32_MAX, 0, false },
    { 0x0050, 0xFFFF, 0xFF00FFFF, 0, false },
    { 0x0054, UINT32_MAX, UINT32_MAX, 0, false },
    { 0x0058, 0xFFFF, 0xFF00FFFF, 0, false },
    { ETH_MACA3LR, UINT32_MAX, UINT32_MAX, 0, false },
    { 0x0100, 0, 0x3F, 0, false },     // MMCCR
    { 0x010C, 0, 0x20060, 0, false },  // MMCRIMR
    { 0x0110, 0, 0x20C000, 0, false }, // MMCTIMR
    { ETH_TGFCR, 0, 0, 0, false },
    { ETH_RFCECR, 0, 0, 0, false },
    { ETH_RGUFCR, 0, 0, 0, false },
    { ETH_DMABMR, 0x00020100, 0x07FFFFFF, 0, false },
    { ETH_TPDR, 0, UINT32_MAX, 0, false },
    { ETH_RPDR, 0, UINT32_MAX, 0, false },
    { ETH_RDLAR, 0, ~3u, 0, false },
    { ETH_TDLAR, 0, ~3u, 0, false },
    { ETH_DMASR, 0, UINT32_MAX, 0, false }, // the rest is ignored
    { ETH_DMAOMR, 0, 0x0731E0DE, 0, true },
    { ETH_DMAIER, 0, STATUS, 0, false },
    { ETH_MFBOCR, 0, 0, 0, false },
    { 0x0028, 0, 0, 0, false }, // MACRWUFFR
    { 0x002C, 0, 0, 0, false }, // MACPMTCSR
    { 0x0034, 0, 0, 0, false }, // MACDBGR
    { 0x0038, 0, 0, 0, false }, // MACSR
    { 0x0104, 0, 0, 0, false }, // MMCRIR
    { 0x0108, 0, 0, 0, false }, // MMCTIR
    { ETH_CHTDR, 0, 0, 0, false },
    { ETH_CHRDR, 0, 0, 0, false },
    { ETH_CHTBAR, 0, 0, 0, false },
    { ETH_CHRBAR, 0, 0, 0, false },
};

// What is refused rather than done wrongly: see stm32_eth.h.
static const struct {
    uint32_t offset;
    uint32_t bits;
    const char *what;
} absent[] = {
    { ETH_MACCR, CR_LM, "loop-back" },
    { ETH_MACCR, CR_IPCO, "checking of checksums" },
    { ETH_MACFFR, FFR_SAF, "the filter of source addresses" },
    { ETH_MACFCR, 0x07, "PAUSE" },
    { ETH_DMAOMR, OMR_FEF | OMR_FUGF, "forwarding of bad frames" },
};

static const struct reg *find(uint32_t offset)
{
    for (size_t i = 0; i < nif_countof(regs); i++) {
        if (regs[i].offset == offset) {
            return &regs[i];
        }
    }
    return NULL;
}

void eth__complain(struct sim_stm32_eth *eth, const char *format, ...)
{
    char what[160];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    sim_complain(eth->cpu->world, eth->cfg.name, "%s", what);
}

bool eth__clocked(const struct sim_stm32_eth *eth)
{
    return !eth->no_clock &&
        (eth->cfg.own_clock ||
            (eth->phy && !eth->phy->resetting && !(eth->phy->bmcr & PHY_DOWN)));
}

// ---- interrupts

static bool asserted(const struct sim_stm32_eth *eth)
{
    return (eth->reg[ETH_DMASR / 4] & eth->reg[ETH_DMAIER / 4] & SUMMARY_ON) !=
        0;
}

void eth__irq_update(struct sim_stm32_eth *eth)
{
    if (asserted(eth) && eth->cfg.irq && !sim_event_pending(&eth->irq_event)) {
        sim_event_at(eth->cpu->world, &eth->irq_event, eth->cpu->world->now_ns);
    }
}

// The handler runs as long as the line is asserted: one that never answers it
// would be all that the processor does.
static void on_irq(struct sim_event *event)
{
    struct sim_stm32_eth *eth =
        nif_container_of(event, struct sim_stm32_eth, irq_event);

    if (!asserted(eth)) {
        return;
    }
    eth->cpu->interrupt++;
    eth->cfg.irq(eth->cfg.irq_arg);
    eth->cpu->interrupt--;
    if (!asserted(eth)) {
        eth->stuck = 0;
    } else if (++eth->stuck < STUCK_MAX) {
        sim_event_at(eth->cpu->world, event, eth->cpu->world->now_ns + SIM_US);
    } else if (eth->stuck == STUCK_MAX) {
        eth__complain(eth, "the interrupt handler leaves DMASR as it is");
    }
}

void eth__raise(struct sim_stm32_eth *eth, uint32_t bits)
{
    uint32_t *status = eth__reg(eth, ETH_DMASR);
    uint32_t enabled = bits & *eth__reg(eth, ETH_DMAIER);

    *status |= bits;
    if (enabled & NORMAL) {
        *status |= SR_NIS;
    }
    if (enabled & ~NORMAL & ~(uint32_t)SUMMARY_ON) {
        *status |= SR_AIS;
    }
    eth__irq_update(eth);
}

void eth__state(struct sim_stm32_eth *eth, unsigned shift, uint32_t state)
{
    uint32_t *status = eth__reg(eth, ETH_DMASR);

    *status = (*status & ~(7u << shift)) | state << shift;
}

// ---- reset

static void set_all(struct sim_stm32_eth *eth)
{
    memset(eth->reg, 0, sizeof(eth->reg));
    memset(eth->written_ns, 0, sizeof(eth->written_ns));
    memset(eth->own, 0xFF, sizeof(eth->own));
    for (size_t i = 0; i < nif_countof(regs); i++) {
        *eth__reg(eth, regs[i].offset) = regs[i].reset;
    }
}

static void on_reset(struct sim_event *event)
{
    struct sim_stm32_eth *eth =
        nif_container_of(event, struct sim_stm32_eth, reset_event);

    if (!eth__clocked(eth)) {
        sim_event_at(eth->cpu->world, event,
            eth->cpu->world->now_ns + RETRY_NS);
        return;
    }
    eth->resetting = false;
    set_all(eth);
}

static void begin_reset(struct sim_stm32_eth *eth)
{
    eth__tx_reset(eth);
    eth__rx_reset(eth);
    sim_event_cancel(eth->cpu->world, &eth->mii_event);
    sim_event_cancel(eth->cpu->world, &eth->flush_event);
    sim_event_cancel(eth->cpu->world, &eth->irq_event);
    set_all(eth);
    eth->fatal = false;
    eth->stuck = 0;
    eth->resetting = true;
    *eth__reg(eth, ETH_DMABMR) |= BMR_SR;
    sim_event_at(eth->cpu->world, &eth->reset_event,
        eth->cpu->world->now_ns + eth->cfg.reset_ns);
}

// ---- access

static void write_mode(struct sim_stm32_eth *eth, uint32_t value)
{
    uint32_t before = *eth__reg(eth, ETH_DMAOMR);

    if (before & OMR_FTF) {
        eth__complain(eth, "DMAOMR written while the FIFO is flushed");
        return;
    }
    if ((value & OMR_ST && !(value & OMR_TSF)) ||
        (value & OMR_SR && !(value & OMR_RSF))) {
        eth__complain(eth, "cut-through is not modelled: set TSF and RSF");
    }
    *eth__reg(eth, ETH_DMAOMR) = value;
    if (value & OMR_FTF) {
        eth__tx_flush(eth);
    }
    eth__tx_mode(eth, before);
    eth__rx_mode(eth, before);
}

static void write_list(struct sim_stm32_eth *eth, uint32_t offset,
    uint32_t value)
{
    bool is_tx = offset == ETH_TDLAR;

    if (eth__has(eth, ETH_DMAOMR, is_tx ? OMR_ST : OMR_SR)) {
        eth__complain(eth, "a list is moved under a process that runs");
        return;
    }
    *eth__reg(eth, offset) = value;
    *(is_tx ? &eth->tx_at : &eth->rx_at) = value;
}

static void demand(struct sim_stm32_eth *eth, bool is_tx)
{
    uint32_t at = is_tx ? eth->tx_at : eth->rx_at;

    // It was not the DMA's at the last barrier, and is now.
    if (eth->fence[is_tx].address == at &&
        (eth__peek(eth, at) & ~eth->fence[is_tx].word0 & DESC_OWN)) {
        eth__complain(eth, "a poll demand without a barrier before it");
    }
    if (is_tx) {
        eth->tx_suspended = false;
        eth__tx_go(eth);
    } else {
        eth->rx_suspended = false;
        eth__rx_go(eth);
    }
}

static void latch_address(struct sim_stm32_eth *eth)
{
    uint32_t high = *eth__reg(eth, ETH_MACA0HR);
    uint32_t low = *eth__reg(eth, ETH_MACA0LR);

    for (unsigned i = 0; i < 6; i++) {
        eth->own[i] = (uint8_t)(i < 4 ? low >> 8 * i : high >> 8 * (i - 4));
    }
}

// True if it is the second write within four cycles of the wire's clock,
// which is lost (errata, "successive write operations to the same register").
static bool too_soon(struct sim_stm32_eth *eth, uint32_t offset)
{
    uint64_t cycles_ns = eth__has(eth, ETH_MACCR, CR_FES) ? 160 : 1600;
    uint64_t *at_ns = &eth->written_ns[offset / 4];
    uint64_t now_ns = eth->cpu->world->now_ns;
    bool soon = *at_ns != 0 && now_ns - (*at_ns - 1) < cycles_ns;

    if (!soon) {
        *at_ns = now_ns + 1;
    }
    return soon;
}

static void check(struct sim_stm32_eth *eth, const struct reg *reg,
    uint32_t value)
{
    if (value & ~(reg->mask | reg->one)) {
        eth__complain(eth, "%08lX written to %04lX: bits that are not its",
            (unsigned long)value, (unsigned long)reg->offset);
    }
    if ((value & reg->one) != reg->one && reg->offset != ETH_MACA0HR) {
        eth__complain(eth, "a reserved bit of %04lX is not kept",
            (unsigned long)reg->offset);
    }
    for (size_t i = 0; i < nif_countof(absent); i++) {
        if (absent[i].offset == reg->offset && (value & absent[i].bits)) {
            eth__complain(eth, "%s is not modelled", absent[i].what);
        }
    }
}

static void put(struct sim_stm32_eth *eth, const struct reg *reg,
    uint32_t value)
{
    switch (reg->offset) {
    case ETH_MIIAR: eth__mii_write(eth, value); return;
    case ETH_TPDR: demand(eth, true); return;
    case ETH_RPDR: demand(eth, false); return;
    case ETH_TDLAR:
    case ETH_RDLAR: write_list(eth, reg->offset, value & reg->mask); return;
    case ETH_DMAOMR: write_mode(eth, value & reg->mask); return;
    case ETH_DMASR: *eth__reg(eth, ETH_DMASR) &= ~(value & STATUS); return;
    case ETH_DMABMR:
        if (value & BMR_SR) {
            begin_reset(eth);
            return;
        }
        break;
    case ETH_MIIDR:
        if (eth__has(eth, ETH_MIIAR, 1)) {
            eth__complain(eth, "MACMIIDR written while it is busy");
            return;
        }
        break;
    default: break;
    }
    *eth__reg(eth, reg->offset) = (value & reg->mask) | reg->one;
    if (reg->offset == ETH_MACA0LR) {
        latch_address(eth);
    } else if (reg->offset == ETH_MACCR) {
        eth->nic.full_duplex = (value & CR_DM) != 0;
        eth__tx_go(eth);
    }
}

static void enter(struct sim_stm32_eth *eth)
{
    if (eth->cpu->interrupt == 0) {
        (void)sim_cpu_bus_call(eth->cpu, eth->cfg.name);
    }
}

static void mmio_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    struct sim_stm32_eth *eth =
        nif_container_of(mmio, struct sim_stm32_eth, mmio);
    const struct reg *reg = find(offset);

    enter(eth);
    if (reg == NULL || reg->mask == 0) {
        eth__complain(eth, "%04lX cannot be written", (unsigned long)offset);
    } else if (eth->resetting) {
        eth__complain(eth, "%04lX written during a reset",
            (unsigned long)offset);
    } else if (reg->slow && too_soon(eth, offset)) {
        eth__complain(eth, "%04lX written twice within four clocks: lost",
            (unsigned long)offset);
    } else {
        check(eth, reg, value);
        put(eth, reg, value);
    }
}

static uint32_t mmio_read(struct nif_mmio *mmio, uint32_t offset)
{
    struct sim_stm32_eth *eth =
        nif_container_of(mmio, struct sim_stm32_eth, mmio);
    uint32_t value;

    enter(eth);
    if (find(offset) == NULL) {
        eth__complain(eth, "%04lX cannot be read", (unsigned long)offset);
        return 0;
    }
    value = *eth__reg(eth, offset);
    switch (offset) {
    case ETH_MIIDR:
        if (eth__has(eth, ETH_MIIAR, 1)) {
            eth__complain(eth, "MACMIIDR read while it is busy");
        }
        break;
    case ETH_CHTDR: value = eth->tx_at; break;
    case ETH_CHRDR: value = eth->rx_at; break;
    case ETH_MFBOCR: *eth__reg(eth, offset) = 0; break; // cleared by a read
    default: break;
    }
    return value;
}

static void mmio_barrier(struct nif_mmio *mmio)
{
    struct sim_stm32_eth *eth =
        nif_container_of(mmio, struct sim_stm32_eth, mmio);

    eth__fence(eth, false);
    eth__fence(eth, true);
}

static const struct nif_mmio_ops mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .address = eth__mmio_address,
    .barrier = mmio_barrier,
};

// ---- beginning and end

static void on_link(void *arg, bool up)
{
    struct sim_stm32_eth *eth = arg;

    if (eth->phy && up) {
        sim_phy_plug(eth->phy, &eth->partner);
    } else if (eth->phy) {
        sim_phy_unplug(eth->phy);
    }
}

void sim_stm32_eth_init(struct sim_stm32_eth *eth, struct sim_cpu *cpu,
    const struct sim_stm32_eth_cfg *cfg)
{
    memset(eth, 0, sizeof(*eth));
    eth->cpu = cpu;
    eth->cfg = *cfg;
    eth->cfg.name = cfg->name ? cfg->name : "stm32_eth";
    eth->cfg.hclk_hz = cfg->hclk_hz ? cfg->hclk_hz : HCLK_HZ;
    eth->cfg.reset_ns = cfg->reset_ns ? cfg->reset_ns : RESET_NS;
    eth->mmio.ops = &mmio_ops;
    eth->dma = (struct sim_dma){ .base = SRAM, .grain = 64 };
    eth->reset_event.fn = on_reset;
    eth->mii_event.fn = eth__on_mii;
    eth->flush_event.fn = eth__on_flush;
    eth->irq_event.fn = on_irq;
    sim_nic_init(&eth->nic, cpu->world, eth->cfg.name, 1);
    eth->nic.late_is_lost = true;
    eth->nic.on_link = on_link;
    eth->nic.arg = eth;
    eth__tx_init(eth);
    eth__rx_init(eth);
    set_all(eth);
}

void sim_stm32_eth_join(struct sim_stm32_eth *eth, struct sim_phy *phy)
{
    NIF_ASSERT(!eth->phy);
    eth->phy = phy;
    eth->chip[phy->cfg.addr] = &phy->mdio;
}

void sim_stm32_eth_partner(struct sim_stm32_eth *eth,
    const struct sim_phy_partner *partner)
{
    bool plugged = eth->nic.link;

    if (plugged) {
        on_link(eth, false);
    }
    eth->partner = partner ? *partner : (struct sim_phy_partner){ .page = 0 };
    if (plugged) {
        on_link(eth, true);
    }
}

bool sim_stm32_eth_runs(const struct sim_stm32_eth *eth)
{
    return (eth->reg[ETH_MACCR / 4] & (CR_TE | CR_RE)) != 0 ||
        (eth->reg[ETH_DMAOMR / 4] & (OMR_ST | OMR_SR)) != 0;
}

void sim_stm32_eth_break_bus(struct sim_stm32_eth *eth)
{
    eth->break_bus = true;
}

void sim_stm32_eth_done(struct sim_stm32_eth *eth)
{
    eth__tx_reset(eth);
    eth__rx_reset(eth);
    sim_nic_done(&eth->nic);
    sim_event_cancel(eth->cpu->world, &eth->reset_event);
    sim_event_cancel(eth->cpu->world, &eth->mii_event);
    sim_event_cancel(eth->cpu->world, &eth->flush_event);
    sim_event_cancel(eth->cpu->world, &eth->irq_event);
}
