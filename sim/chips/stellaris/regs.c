// SPDX-License-Identifier: MIT
//
// The MAC's registers, its interrupt line, and its reset.

#include "sim/chips/stellaris/model.h"

#include <string.h>

#define CLOCK_HZ  50000000u
#define STUCK_MAX 100u
#define MANUAL    0x3Fu // MACTHR: a frame leaves when it is told to
#define PHY_ID    0x000E7237u
#define BMCR      0
#define BMCR_RST  0x8000

// What they are after a reset, and which of their bits can be written.
static const struct {
    uint8_t offset;
    bool exists;
    uint32_t reset;
    uint32_t mask;
} regs[] = {
    { MAC_RIS, true, 0, 0x7F },
    { MAC_IM, true, 0x7F, 0x7F },
    { MAC_RCTL, true, RCTL_BADCRC, 0x1F },
    { MAC_TCTL, true, 0, 0x17 },
    { MAC_DATA, true, 0, UINT32_MAX },
    { MAC_IA0, true, 0, UINT32_MAX },
    { MAC_IA1, true, 0, 0xFFFF },
    { MAC_THR, true, MANUAL, 0x3F },
    { MAC_MCTL, true, 0, 0xFB },
    { MAC_MDV, true, 0x80, 0xFF },
    { 0x28, false, 0, 0 },
    { MAC_MTXD, true, 0, 0xFFFF },
    { MAC_MRXD, true, 0, 0 },
    { MAC_NP, true, 0, 0 },
    { MAC_TR, true, 0, TR_NEWTX },
};

static struct sim_stellaris *of(struct nif_mmio *mmio)
{
    return mmio->model; // which may be a copy
}

uint32_t stel__noise(const struct sim_stellaris *mac)
{
    uint32_t word = 0;

    for (unsigned i = 0; i < 4; i++) {
        word = word << 8 |
            sim_noise(mac->cpu->world, mac->cpu->world->now_ns << 2 | i);
    }
    return word;
}

// ---- interrupts

static bool asserted(struct sim_stellaris *mac)
{
    return stel__has(mac, MAC_RIS, *stel__reg(mac, MAC_IM));
}

static void update(struct sim_stellaris *mac)
{
    if (asserted(mac) && mac->cfg.irq && !mac->handling &&
        !sim_event_pending(&mac->irq_event)) {
        sim_event_at(mac->cpu->world, &mac->irq_event, mac->cpu->world->now_ns);
    }
}

static void on_irq(struct sim_event *event)
{
    struct sim_stellaris *mac =
        nif_container_of(event, struct sim_stellaris, irq_event);

    if (!asserted(mac)) {
        return;
    }
    mac->cpu->interrupt++;
    mac->handling = true; // the line is looked at again when it has returned
    mac->cfg.irq(mac->cfg.irq_arg);
    mac->handling = false;
    mac->cpu->interrupt--;
    if (!asserted(mac)) {
        mac->stuck = 0;
    } else if (++mac->stuck < STUCK_MAX) {
        sim_event_at(mac->cpu->world, event, mac->cpu->world->now_ns + SIM_US);
    } else if (mac->stuck == STUCK_MAX) {
        stel__complain(mac, "the interrupt handler leaves the line asserted");
    }
}

void stel__raise(struct sim_stellaris *mac, uint32_t bits)
{
    *stel__reg(mac, MAC_RIS) |= bits;
    update(mac);
}

// ---- access

static void write_rctl(struct sim_stellaris *mac, uint32_t value)
{
    if (value & RCTL_RSTFIFO) {
        if (stel__has(mac, MAC_RCTL, RCTL_RXEN) && mac->rx_coming) {
            stel__complain(mac, "RSTFIFO while a frame comes in");
        }
        stel__rx_flush(mac);
    }
    *stel__reg(mac, MAC_RCTL) = value;
}

static void put(struct sim_stellaris *mac, uint32_t offset, uint32_t value)
{
    uint32_t *reg = stel__reg(mac, offset);

    switch (offset) {
    case MAC_RIS:
        *reg &= ~value;
        if (value & INT_TXER) {
            stel__tx_rewind(mac);
        }
        break;
    case MAC_RCTL: write_rctl(mac, value); break;
    case MAC_TCTL:
        *reg = value;
        mac->nic.full_duplex = (value & TCTL_DUPLEX) != 0;
        stel__tx_go(mac);
        break;
    case MAC_DATA: stel__tx_write(mac, value); break;
    case MAC_THR:
        if (value != MANUAL) {
            stel__complain(mac, "early transmission is not modelled");
        }
        *reg = value;
        break;
    case MAC_MCTL:
        *reg = value;
        stel__mii_start(mac);
        break;
    case MAC_TR:
        if (value & TR_NEWTX) {
            stel__tx_start(mac);
        }
        break;
    default: *reg = value; break;
    }
    update(mac);
}

static uint32_t get(struct sim_stellaris *mac, uint32_t offset)
{
    uint32_t value = *stel__reg(mac, offset);

    switch (offset) {
    case MAC_RCTL: // the bit is cleared by this
        *stel__reg(mac, MAC_RCTL) &= ~RCTL_RSTFIFO;
        return value;
    case MAC_DATA: return stel__rx_read(mac);
    case MAC_NP: mac->rx_torn = false; return stel__rx_frames(mac);
    default: return value;
    }
}

static void enter(struct sim_stellaris *mac)
{
    if (mac->cpu->interrupt == 0) {
        (void)sim_cpu_bus_call(mac->cpu, mac->cfg.name);
    }
}

static bool exists(uint32_t offset)
{
    return offset % 4 == 0 && offset / 4 < nif_countof(regs) &&
        regs[offset / 4].exists;
}

static void refuse(struct sim_stellaris *mac, uint32_t offset, const char *what)
{
    sim_complain(mac->cpu->world, mac->cfg.name, "%02X %s", (unsigned)offset,
        what);
}

static void mmio_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    struct sim_stellaris *mac = of(mmio);
    uint32_t mask;

    enter(mac);
    if (!exists(offset) || regs[offset / 4].mask == 0) {
        refuse(mac, offset, "cannot be written");
        return;
    }
    if (stel__mii_busy(mac, offset)) {
        refuse(mac, offset, "written while the MII is busy");
        return;
    }
    mask = regs[offset / 4].mask;
    if (value & ~mask) {
        refuse(mac, offset, "written with reserved bits");
    }
    put(mac, offset, value & mask);
}

static uint32_t mmio_read(struct nif_mmio *mmio, uint32_t offset)
{
    struct sim_stellaris *mac = of(mmio);

    enter(mac);
    if (!exists(offset)) {
        refuse(mac, offset, "cannot be read");
        return 0;
    }
    if (offset == MAC_MRXD && stel__mii_busy(mac, offset)) {
        refuse(mac, offset, "read while the MII is busy");
    }
    return get(mac, offset);
}

static const struct nif_mmio_ops mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
};

// ---- beginning and end

static void set_all(struct sim_stellaris *mac)
{
    for (size_t i = 0; i < nif_countof(regs); i++) {
        mac->reg[i] = regs[i].reset;
    }
    mac->nic.full_duplex = false;
    mac->stuck = 0;
}

static void on_link(void *arg, bool up)
{
    struct sim_stellaris *mac = arg;

    if (up) {
        sim_phy_plug(&mac->phy, &mac->partner);
    } else {
        sim_phy_unplug(&mac->phy);
    }
}

void sim_stellaris_init(struct sim_stellaris *mac, struct sim_cpu *cpu,
    const struct sim_stellaris_cfg *cfg)
{
    memset(mac, 0, sizeof(*mac));
    mac->cpu = cpu;
    mac->cfg = *cfg;
    mac->cfg.clock_hz = cfg->clock_hz ? cfg->clock_hz : CLOCK_HZ;
    mac->cfg.name = cfg->name ? cfg->name : "stellaris";
    mac->mmio = (struct nif_mmio){ .ops = &mmio_ops, .model = mac };
    mac->irq_event.fn = on_irq;
    sim_phy_init(&mac->phy, cpu->world, &(struct sim_phy_cfg){ .id = PHY_ID });
    sim_nic_init(&mac->nic, cpu->world, mac->cfg.name, 1);
    mac->nic.late_is_lost = true;
    mac->nic.on_link = on_link;
    mac->nic.arg = mac;
    mac->card_ops = mac->nic.port.ops;
    mac->port_ops = *mac->card_ops;
    mac->nic.port.ops = &mac->port_ops;
    stel__mii_init(mac);
    stel__rx_init(mac);
    stel__tx_init(mac);
    set_all(mac);
}

void sim_stellaris_partner(struct sim_stellaris *mac,
    const struct sim_phy_partner *partner)
{
    bool plugged = mac->nic.link;

    if (plugged) {
        on_link(mac, false);
    }
    mac->partner = partner ? *partner : (struct sim_phy_partner){ .page = 0 };
    if (plugged) {
        on_link(mac, true);
    }
}

void sim_stellaris_reset(struct sim_stellaris *mac)
{
    sim_event_cancel(mac->cpu->world, &mac->irq_event);
    stel__mii_reset(mac);
    stel__tx_reset(mac);
    stel__rx_flush(mac);
    set_all(mac);
    if (!mac->phy.resetting) {
        mac->phy.mdio.ops->write(&mac->phy.mdio, BMCR, BMCR_RST);
    }
}

bool sim_stellaris_runs(const struct sim_stellaris *mac)
{
    return stel__has(mac, MAC_RCTL, RCTL_RXEN) ||
        stel__has(mac, MAC_TCTL, TCTL_TXEN);
}

void sim_stellaris_done(struct sim_stellaris *mac)
{
    sim_phy_done(&mac->phy);
    sim_nic_done(&mac->nic);
    sim_event_cancel(mac->cpu->world, &mac->irq_event);
    sim_event_cancel(mac->cpu->world, &mac->mii_event);
    sim_event_cancel(mac->cpu->world, &mac->full_event);
    sim_event_cancel(mac->cpu->world, &mac->void_event);
}
