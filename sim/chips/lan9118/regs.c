// SPDX-License-Identifier: MIT
//
// The LAN9118's registers, direct ones and those of the MAC, reset and
// interrupts.

#include "sim/chips/lan9118/model.h"

#include <string.h>

#define RESET_NS  (200 * SIM_US)
#define CSR_NS    (1 * SIM_US)
#define MII_NS    (25600) // 64 bits at 2.5 MHz
#define STUCK_MAX 100u
#define BUSY      (1u << 31)
#define READ      (1u << 30)
#define MII_BUSY  1u
#define MII_WRITE 2u
#define SRST      (1u << 0)
#define MBO       (1u << 20)
#define IRQ_EN    (1u << 8)
#define IRQ_POL   (1u << 4)
#define IRQ_INT   (1u << 12)
#define DUMP      (1u << 15)
#define TXD_DUMP  (1u << 14)
#define FFWD      (1u << 31)
#define PHY_RST   (1u << 10)
#define READY     1u
#define NO_SWAP   0x87654321u
#define BMCR      0
#define BMCR_RST  0x8000

// Direct registers, what they are after a reset, and which of their bits can
// be written.
static const struct {
    uint8_t offset;
    uint32_t reset;
    uint32_t mask;
} regs[] = {
    { LAN_ID_REV, 0x01180001, 0 },
    { LAN_IRQ_CFG, 0, 0xFF000111 },
    { LAN_INT_STS, 0, UINT32_MAX },
    { LAN_INT_EN, 0, UINT32_MAX },
    { LAN_BYTE_TEST, NO_SWAP, 0 },
    { LAN_FIFO_INT, 0x48000000, UINT32_MAX },
    { LAN_RX_CFG, 0, 0xCFFF9F00 },
    { LAN_TX_CFG, 0, 0xC007 },
    { LAN_HW_CFG, 0x00050004, 0x001F0001 },
    { LAN_RX_DP_CTL, 0, FFWD },
    { LAN_RX_FIFO_INF, 0, 0 },
    { LAN_TX_FIFO_INF, 0, 0 },
    { LAN_PMT_CTRL, READY, 0x3FFF },
    { 0x88, 0, UINT32_MAX },      // GPIO_CFG
    { 0x8C, 0xFFFF, 0x2000FFFF }, // GPT_CFG
    { 0x90, 0xFFFF, 0 },          // GPT_CNT
    { 0x98, 0, UINT32_MAX },      // WORD_SWAP
    { LAN_FREE_RUN, 0, 0 },
    { LAN_RX_DROP, 0, 0 },
    { LAN_CSR_CMD, 0, 0xC00000FF },
    { LAN_CSR_DATA, 0, UINT32_MAX },
    { 0xAC, 0, UINT32_MAX }, // AFC_CFG
    { LAN_E2P_CMD, 0, 0xF00001FF },
    { 0xB4, 0, 0xFF },
};

static const char *who(const struct sim_lan9118 *chip)
{
    return chip->cfg.name;
}

// ---- interrupts

static bool asserted(struct sim_lan9118 *chip)
{
    bool on = (*lan__reg(chip, LAN_INT_STS) & *lan__reg(chip, LAN_INT_EN)) != 0;
    uint32_t irq = *lan__reg(chip, LAN_IRQ_CFG);

    return (irq & IRQ_EN) && on == ((irq & IRQ_POL) != 0);
}

static void update(struct sim_lan9118 *chip)
{
    if (asserted(chip) && chip->cfg.irq && !chip->handling &&
        !sim_event_pending(&chip->irq_event)) {
        sim_event_at(chip->cpu->world, &chip->irq_event,
            chip->cpu->world->now_ns);
    }
}

static void on_irq(struct sim_event *event)
{
    struct sim_lan9118 *chip =
        nif_container_of(event, struct sim_lan9118, irq_event);

    if (!asserted(chip)) {
        return;
    }
    chip->cpu->interrupt++;
    chip->handling = true; // the line is looked at again when it has returned
    chip->cfg.irq(chip->cfg.irq_arg);
    chip->handling = false;
    chip->cpu->interrupt--;
    if (!asserted(chip)) {
        chip->stuck = 0;
    } else if (++chip->stuck < STUCK_MAX) {
        sim_event_at(chip->cpu->world, event,
            chip->cpu->world->now_ns + SIM_US);
    } else if (chip->stuck == STUCK_MAX) {
        sim_complain(chip->cpu->world, who(chip),
            "the interrupt handler leaves the line asserted");
    }
}

void lan__raise(struct sim_lan9118 *chip, uint32_t bits)
{
    *lan__reg(chip, LAN_INT_STS) |= bits;
    update(chip);
}

// ---- reset

static void set_all(struct sim_lan9118 *chip)
{
    const uint8_t *own = chip->cfg.eeprom.byte;

    memset(chip->reg, 0, sizeof(chip->reg));
    memset(chip->csr, 0, sizeof(chip->csr));
    for (size_t i = 0; i < nif_countof(regs); i++) {
        *lan__reg(chip, regs[i].offset) = regs[i].reset;
    }
    chip->csr[CSR_MAC_CR] = CR_PRMS;
    chip->csr[CSR_ADDRH] = 0xFFFF;
    chip->csr[CSR_ADDRL] = UINT32_MAX;
    if (own[0] | own[1] | own[2] | own[3] | own[4] | own[5]) {
        chip->csr[CSR_ADDRH] = nif_get_le16(own + 4);
        chip->csr[CSR_ADDRL] = nif_get_le32(own);
        *lan__reg(chip, LAN_E2P_CMD) = 0x100;
    }
}

static void begin_reset(struct sim_lan9118 *chip)
{
    struct sim_world *world = chip->cpu->world;

    sim_event_cancel(world, &chip->csr_event);
    sim_event_cancel(world, &chip->mii_event);
    sim_event_cancel(world, &chip->irq_event);
    lan__rx_dump(chip);
    lan__tx_dump(chip);
    chip->tx_statuses = 0;
    set_all(chip);
    chip->stuck = 0;
    chip->resetting = true;
    *lan__reg(chip, LAN_HW_CFG) |= SRST;
    sim_event_at(world, &chip->reset_event, world->now_ns + RESET_NS);
}

static void on_reset(struct sim_event *event)
{
    struct sim_lan9118 *chip =
        nif_container_of(event, struct sim_lan9118, reset_event);

    chip->resetting = false;
    *lan__reg(chip, LAN_HW_CFG) &= ~SRST;
}

static void reset_phy(struct sim_lan9118 *chip)
{
    if (!chip->phy.resetting) {
        chip->phy.mdio.ops->write(&chip->phy.mdio, BMCR, BMCR_RST);
    }
}

// ---- the MAC's registers

static void begin_mii(struct sim_lan9118 *chip)
{
    if (sim_event_pending(&chip->mii_event)) {
        sim_complain(chip->cpu->world, who(chip), "the MII used while busy");
        return;
    }
    sim_event_at(chip->cpu->world, &chip->mii_event,
        chip->cpu->world->now_ns + MII_NS);
}

static void on_mii(struct sim_event *event)
{
    struct sim_lan9118 *chip =
        nif_container_of(event, struct sim_lan9118, mii_event);
    uint32_t access = chip->csr[CSR_MII_ACC];
    uint8_t reg = access >> 6 & 31;
    struct sim_mdio_chip *phy =
        (access >> 11 & 31) == chip->phy.cfg.addr ? &chip->phy.mdio : NULL;

    if (access & MII_WRITE) {
        if (phy) {
            phy->ops->write(phy, reg, (uint16_t)chip->csr[CSR_MII_DATA]);
        }
    } else {
        chip->csr[CSR_MII_DATA] = phy ? phy->ops->read(phy, reg) : UINT16_MAX;
    }
    chip->csr[CSR_MII_ACC] &= ~MII_BUSY;
}

static void put_csr(struct sim_lan9118 *chip, unsigned index, uint32_t value)
{
    if (index == CSR_MII_DATA && (chip->csr[CSR_MII_ACC] & MII_BUSY)) {
        sim_complain(chip->cpu->world, who(chip), "MII_DATA while busy");
        return;
    }
    chip->csr[index] = value;
    if (index == CSR_MII_ACC && (value & MII_BUSY)) {
        begin_mii(chip);
    } else if (index == CSR_MAC_CR) {
        chip->nic.full_duplex = (value & CR_FDPX) != 0;
        lan__tx_go(chip);
    }
}

static void on_csr(struct sim_event *event)
{
    struct sim_lan9118 *chip =
        nif_container_of(event, struct sim_lan9118, csr_event);
    uint32_t *command = lan__reg(chip, LAN_CSR_CMD);
    uint32_t *data = lan__reg(chip, LAN_CSR_DATA);
    unsigned index = *command & 0xFF;

    if (index == 0 || index >= CSRS) {
        sim_complain(chip->cpu->world, who(chip), "the MAC has no register %u",
            index);
    } else if (*command & READ) {
        *data = chip->csr[index];
    } else {
        put_csr(chip, index, *data);
    }
    *command &= ~BUSY;
}

// ---- access

static void write_hw(struct sim_lan9118 *chip, uint32_t value)
{
    uint32_t kib = value >> 16 & 15;

    if (value & SRST) {
        begin_reset(chip);
        return;
    }
    if (!(value & MBO)) {
        sim_complain(chip->cpu->world, who(chip), "HW_CFG without bit 20");
    }
    if (kib < 2 || kib > 14) {
        sim_complain(chip->cpu->world, who(chip), "a FIFO of %u KiB",
            (unsigned)kib);
        return;
    }
    *lan__reg(chip, LAN_HW_CFG) = (value & (MBO | 0xF0000)) | 4;
}

static void write_tx(struct sim_lan9118 *chip, uint32_t value)
{
    if (value & TXD_DUMP) {
        lan__tx_dump(chip);
    }
    if (value & DUMP) {
        chip->tx_statuses = 0;
    }
    if (value & TX_CFG_STOP) {
        value &= ~TX_CFG_ON; // it ends with the frame
    }
    *lan__reg(chip, LAN_TX_CFG) = value & (TX_CFG_SAO | TX_CFG_ON);
    lan__tx_go(chip);
}

static void put(struct sim_lan9118 *chip, uint32_t offset, uint32_t value)
{
    uint32_t *reg = lan__reg(chip, offset);

    switch (offset) {
    case LAN_INT_STS: *reg &= ~value; break;
    case LAN_HW_CFG: write_hw(chip, value); break;
    case LAN_TX_CFG: write_tx(chip, value); break;
    case LAN_RX_CFG:
        *reg = value & ~DUMP;
        if (value & DUMP) {
            lan__rx_dump(chip);
        }
        break;
    case LAN_RX_DP_CTL: lan__rx_forward(chip); break;
    case LAN_PMT_CTRL:
        if (value & PHY_RST) {
            reset_phy(chip);
        }
        *reg = (value & ~PHY_RST) | READY;
        break;
    case LAN_CSR_CMD:
        *reg = value;
        if (value & BUSY) {
            sim_event_at(chip->cpu->world, &chip->csr_event,
                chip->cpu->world->now_ns + CSR_NS);
        }
        break;
    default: *reg = value; break;
    }
    update(chip);
}

static void enter(struct sim_lan9118 *chip)
{
    if (chip->cpu->interrupt == 0) {
        (void)sim_cpu_bus_call(chip->cpu, who(chip));
    }
}

static uint32_t mask_of(uint32_t offset)
{
    for (size_t i = 0; i < nif_countof(regs); i++) {
        if (regs[i].offset == offset) {
            return regs[i].mask;
        }
    }
    return 0;
}

static bool csr_busy(struct sim_lan9118 *chip, uint32_t offset)
{
    return (offset == LAN_CSR_CMD || offset == LAN_CSR_DATA) &&
        (*lan__reg(chip, LAN_CSR_CMD) & BUSY);
}

static void mmio_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    struct sim_lan9118 *chip = lan__of(mmio);
    uint32_t mask = mask_of(offset);

    enter(chip);
    if (chip->resetting) {
        sim_complain(chip->cpu->world, who(chip), "%02X written in a reset",
            (unsigned)offset);
    } else if (offset >= LAN_TX_DATA && offset < LAN_RX_STATUS) {
        lan__tx_write(chip, value);
    } else if (mask == 0) {
        sim_complain(chip->cpu->world, who(chip), "%02X cannot be written",
            (unsigned)offset);
    } else if (csr_busy(chip, offset)) {
        sim_complain(chip->cpu->world, who(chip), "%02X written while busy",
            (unsigned)offset);
    } else {
        put(chip, offset, value & mask);
    }
}

static uint32_t get(struct sim_lan9118 *chip, uint32_t offset)
{
    switch (offset) {
    case LAN_RX_STATUS: return lan__rx_pop(chip, false);
    case LAN_RX_PEEK: return lan__rx_pop(chip, true);
    case LAN_TX_STATUS: return lan__tx_pop(chip, false);
    case LAN_TX_PEEK: return lan__tx_pop(chip, true);
    case LAN_IRQ_CFG:
        return *lan__reg(chip, offset) |
            (*lan__reg(chip, LAN_INT_STS) & *lan__reg(chip, LAN_INT_EN)
                    ? IRQ_INT
                    : 0);
    case LAN_RX_FIFO_INF:
        return (uint32_t)(chip->rx_count << 16 | chip->rx_words * 4);
    case LAN_TX_FIFO_INF:
        return (uint32_t)(chip->tx_statuses << 16 | lan__tx_free(chip));
    case LAN_FREE_RUN: return (uint32_t)(chip->cpu->world->now_ns / 40);
    default: return *lan__reg(chip, offset);
    }
}

static bool exists(uint32_t offset)
{
    if (offset >= LAN_RX_STATUS && offset <= LAN_TX_PEEK) {
        return true;
    }
    for (size_t i = 0; i < nif_countof(regs); i++) {
        if (regs[i].offset == offset) {
            return true;
        }
    }
    return false;
}

static uint32_t mmio_read(struct nif_mmio *mmio, uint32_t offset)
{
    struct sim_lan9118 *chip = lan__of(mmio);
    uint32_t value;

    enter(chip);
    if (offset < LAN_TX_DATA) {
        return lan__rx_read(chip);
    }
    if (!exists(offset)) {
        sim_complain(chip->cpu->world, who(chip), "%02X cannot be read",
            (unsigned)offset);
        return 0;
    }
    if (offset == LAN_CSR_DATA && csr_busy(chip, offset)) {
        sim_complain(chip->cpu->world, who(chip), "MAC_CSR_DATA while busy");
    }
    value = get(chip, offset);
    if (offset == LAN_RX_DROP) {
        *lan__reg(chip, offset) = 0;
    }
    return value;
}

static const struct nif_mmio_ops mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
};

// ---- beginning and end

static void on_link(void *arg, bool up)
{
    struct sim_lan9118 *chip = arg;

    if (up) {
        sim_phy_plug(&chip->phy, &chip->partner);
    } else {
        sim_phy_unplug(&chip->phy);
    }
}

void sim_lan9118_init(struct sim_lan9118 *chip, struct sim_cpu *cpu,
    const struct sim_lan9118_cfg *cfg)
{
    memset(chip, 0, sizeof(*chip));
    chip->cpu = cpu;
    chip->cfg = *cfg;
    chip->cfg.name = cfg->name ? cfg->name : "lan9118";
    chip->mmio = (struct nif_mmio){ .ops = &mmio_ops, .model = chip };
    chip->reset_event.fn = on_reset;
    chip->csr_event.fn = on_csr;
    chip->mii_event.fn = on_mii;
    chip->irq_event.fn = on_irq;
    sim_phy_init(&chip->phy, cpu->world,
        &(struct sim_phy_cfg){ .addr = 1, .id = 0x0007C0D1 });
    sim_nic_init(&chip->nic, cpu->world, chip->cfg.name, 1);
    chip->nic.late_is_lost = true;
    chip->nic.on_link = on_link;
    chip->nic.arg = chip;
    lan__tx_init(chip);
    lan__rx_init(chip);
    set_all(chip);
}

void sim_lan9118_dip(struct sim_lan9118 *chip)
{
    begin_reset(chip);
    reset_phy(chip);
}

void sim_lan9118_done(struct sim_lan9118 *chip)
{
    lan__tx_dump(chip);
    sim_phy_done(&chip->phy);
    sim_nic_done(&chip->nic);
    sim_event_cancel(chip->cpu->world, &chip->reset_event);
    sim_event_cancel(chip->cpu->world, &chip->csr_event);
    sim_event_cancel(chip->cpu->world, &chip->mii_event);
    sim_event_cancel(chip->cpu->world, &chip->irq_event);
    sim_event_cancel(chip->cpu->world, &chip->void_event);
}
