// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's control registers: what reading gives, what writing
// does, and the interrupt pin that follows from them.

#include "sim/chips/enc28j60/model.h"

static const char *name(unsigned id)
{
    return sim_enc_reg(id)->name;
}

// ---- interrupts

static uint8_t eir(const struct sim_enc28j60 *chip)
{
    unsigned flags = chip->reg[ENC_EIR];

    if (chip->reg[ENC_EPKTCNT] != 0) {
        flags |= ENC_EIR_PKTIF;
    }
    if (sim_enc_link_flag(chip)) {
        flags |= ENC_EIR_LINKIF;
    }
    return (uint8_t)flags;
}

static bool pending(const struct sim_enc28j60 *chip)
{
    return (eir(chip) & chip->reg[ENC_EIE] & ~ENC_EIE_INTIE) != 0;
}

void sim_enc_irq(struct sim_enc28j60 *chip)
{
    bool low = pending(chip) && sim_enc_bit(chip, ENC_EIE, ENC_EIE_INTIE);

    if (low != chip->int_low) {
        chip->int_low = low;
        sim_pin_drive(chip->int_pin, !low);
    }
}

void sim_enc_flag(struct sim_enc28j60 *chip, unsigned bits)
{
    chip->reg[ENC_EIR] = (uint8_t)(chip->reg[ENC_EIR] | bits);
    sim_enc_irq(chip);
}

// ---- reading

static uint8_t estat(const struct sim_enc28j60 *chip)
{
    unsigned value = chip->reg[ENC_ESTAT];

    // Before the INTIE gate or behind it: the data sheet does not say.
    if (pending(chip)) {
        value |= ENC_ESTAT_INT;
    }
    if (chip->rx.active) {
        value |= ENC_ESTAT_RXBUSY;
    }
    if (chip->ready) {
        value |= ENC_ESTAT_CLKRDY;
    }
    return (uint8_t)value;
}

static uint8_t mistat(const struct sim_enc28j60 *chip)
{
    unsigned value = 0;

    if (sim_event_pending(&chip->phy.mii)) {
        value |= ENC_MISTAT_BUSY;
    }
    if (sim_enc_bit(chip, ENC_MICMD, ENC_MICMD_MIISCAN)) {
        value |= ENC_MISTAT_SCAN;
        value |= chip->phy.scan_valid ? 0 : ENC_MISTAT_NVALID;
    }
    // Reserved, but seen as 1 on a real chip after its first MII read.
    if (chip->phy.mii_used && !chip->cfg.mistat_bit3_off) {
        value |= ENC_MISTAT_R3;
    }
    return (uint8_t)value;
}

static uint8_t plain(const struct sim_enc28j60 *chip, unsigned id)
{
    if (id <= ENC_EDMACSH) {
        return (uint8_t)(chip->ptr[id >> 1] >> (id & 1 ? 8 : 0));
    }
    switch (id) {
    case ENC_EIR: return eir(chip);
    case ENC_ESTAT: return estat(chip);
    case ENC_MISTAT: return mistat(chip);
    case ENC_EREVID: return chip->cfg.revision;
    case ENC_EFLOCON:
        return (uint8_t)(chip->reg[id] |
            (sim_enc_full_duplex(chip) ? ENC_EFLOCON_FULDPXS : 0));
    default: return chip->reg[id];
    }
}

uint8_t sim_enc_value(const struct sim_enc28j60 *chip, unsigned id)
{
    return (uint8_t)((plain(chip, id) | chip->stick[id]) & ~chip->hide[id]);
}

uint8_t sim_enc_read(struct sim_enc28j60 *chip, unsigned id)
{
    uint8_t value = sim_enc_value(chip, id);

    // Erratum 6: the flag cannot be trusted, the pin can.
    if (id == ENC_EIR && (value & ENC_EIR_PKTIF) &&
        sim_enc_bites_now(chip, 6)) {
        value &= (uint8_t)~ENC_EIR_PKTIF;
    }
    if ((id == ENC_MIRDL || id == ENC_MIRDH) &&
        !sim_enc_bit(chip, ENC_MICMD, ENC_MICMD_MIISCAN)) {
        sim_enc_mii_check(chip, "MIRD read");
    }
    return value;
}

// ---- writing

static void put_pointer(struct sim_enc28j60 *chip, unsigned id, uint8_t now)
{
    unsigned which = id >> 1;
    unsigned old = chip->ptr[which];

    if (id == ENC_ERXRDPTL) { // held back until the high byte comes
        chip->rx.rdpt_low = now;
        chip->rx.rdpt_armed = true;
        return;
    }
    if (id == ENC_ERXRDPTH) {
        sim_enc_rx_rdpt(chip, (unsigned)now << 8 | chip->rx.rdpt_low);
        return;
    }
    chip->ptr[which] = (uint16_t)(id & 1 ? (old & 0xFF) | (unsigned)now << 8
                                         : (old & 0xFF00) | now);
    if (which == SIM_ENC28J60_ERXST || which == SIM_ENC28J60_ERXND) {
        if (sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_RXEN)) {
            sim_enc_broke(chip, SIM_ENC28J60_R_RX_SETUP,
                "%s written with RXEN set", name(id));
        }
        sim_enc_rx_base(chip);
    } else if ((which == SIM_ENC28J60_ETXST || which == SIM_ENC28J60_ETXND) &&
        sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_TXRTS)) {
        sim_enc_broke(chip, SIM_ENC28J60_R_TX_BUSY, "%s written with TXRTS set",
            name(id));
    }
}

static void put_econ2(struct sim_enc28j60 *chip, uint8_t before, uint8_t now)
{
    if ((now & ENC_ECON2_PKTDEC) && chip->reg[ENC_EPKTCNT] > 0) {
        chip->reg[ENC_EPKTCNT]--;
        sim_enc_irq(chip);
    }
    now &= (uint8_t)~ENC_ECON2_PKTDEC;
    chip->reg[ENC_ECON2] = now;
    if ((before ^ now) & ENC_ECON2_PWRSV) {
        sim_enc_power_save(chip, (now & ENC_ECON2_PWRSV) != 0);
    }
}

// Which bits of ECON1 can be set now, out of those that are to be.
static uint8_t allowed(struct sim_enc28j60 *chip, uint8_t before, uint8_t now)
{
    unsigned wanted = now & ~before & (ENC_ECON1_RXEN | ENC_ECON1_TXRTS);

    if (wanted && !sim_enc_awake(chip)) {
        sim_enc_broke(chip, SIM_ENC28J60_R_NOT_READY,
            "%s set while the MAC cannot be used",
            wanted & ENC_ECON1_RXEN ? "RXEN" : "TXRTS");
        now &= (uint8_t)~wanted;
    }
    if (now & ENC_ECON1_TXRST) {
        now &= (uint8_t)~ENC_ECON1_TXRTS;
    }
    if (now & ENC_ECON1_RXRST) {
        now &= (uint8_t)~ENC_ECON1_RXEN;
    }
    return now;
}

// Acts on edges only: to set a bit again does nothing.
static void put_econ1(struct sim_enc28j60 *chip, uint8_t before, uint8_t now)
{
    unsigned up;
    unsigned down;

    now = allowed(chip, before, now);
    up = now & ~before;
    down = before & ~now;
    chip->reg[ENC_ECON1] = now;
    if (down & ENC_ECON1_TXRTS) {
        sim_enc_tx_cancel(chip);
    }
    if (up & ENC_ECON1_TXRST) {
        sim_enc_tx_reset(chip);
    }
    if ((down & ENC_ECON1_TXRST) && sim_enc_bites(chip, 12)) {
        sim_enc_flag(chip, ENC_EIR_TXERIF);
    }
    if (up & ENC_ECON1_RXRST) {
        sim_enc_rx_stop(chip);
    }
    if (up & ENC_ECON1_TXRTS) {
        sim_enc_tx_request(chip);
    }
    if (down & ENC_ECON1_DMAST) {
        sim_enc_dma_cancel(chip);
    }
    if (up & ENC_ECON1_DMAST) {
        sim_enc_dma_start(chip);
    }
}

static void put(struct sim_enc28j60 *chip, unsigned id, uint8_t before,
    uint8_t now)
{
    chip->reg[id] = now;
    switch (id) {
    case ENC_EIE:
    case ENC_EIR: sim_enc_irq(chip); break;
    case ENC_ECON2: put_econ2(chip, before, now); break;
    case ENC_ECON1: put_econ1(chip, before, now); break;
    case ENC_MICMD: sim_enc_micmd(chip, before, now); break;
    case ENC_MIREGADR: sim_enc_mii_check(chip, "MIREGADR written"); break;
    case ENC_MIWRH: sim_enc_miwr(chip); break;
    case ENC_EFLOCON: sim_enc_flow_write(chip); break;
    case ENC_EBSTCON:
        if (now & ENC_EBSTCON_BISTST) {
            chip->reg[id] = now & (uint8_t)~ENC_EBSTCON_BISTST;
            sim_enc_broke(chip, SIM_ENC28J60_R_ABSENT,
                "the built-in self-test is not modelled");
        }
        break;
    default: break;
    }
}

// Says what is wrong with a write as such. Returns false if it has no effect.
static bool check(struct sim_enc28j60 *chip, unsigned op, unsigned id,
    uint8_t data)
{
    const struct enc_reg *reg = sim_enc_reg(id);

    if (reg->kind == ENC_KIND_RESERVED) {
        // Old drivers write MACON2 <- 00, which changes nothing.
        if (data != 0 || (id & 0x1F) == 0x1A) {
            sim_enc_broke(chip, SIM_ENC28J60_R_RESERVED, "write %02X to %s",
                data, reg->name);
        }
        return false;
    }
    if (reg->mask == 0) {
        sim_enc_broke(chip, SIM_ENC28J60_R_READONLY, "write %02X to %s", data,
            reg->name);
        return false;
    }
    if (op != ENC_OP_BFC && (data & reg->reserved)) {
        sim_enc_broke(chip, SIM_ENC28J60_R_RESERVED,
            "reserved bits of %s set: %02X", reg->name, data);
    }
    if (op == ENC_OP_BFS && id == ENC_ECON1 &&
        (data & chip->reg[id] & ENC_ECON1_TXRTS)) {
        sim_enc_broke(chip, SIM_ENC28J60_R_TX_BUSY,
            "TXRTS set while it is set");
    }
    return true;
}

void sim_enc_write(struct sim_enc28j60 *chip, unsigned op, unsigned id,
    uint8_t data)
{
    uint8_t mask = sim_enc_reg(id)->mask;
    uint8_t before = chip->reg[id];
    unsigned now = data;

    if (id <= ENC_EDMACSH) {
        before = plain(chip, id);
    }
    if (!check(chip, op, id, data)) {
        return;
    }
    if (op == ENC_OP_BFS) {
        now = before | data;
    } else if (op == ENC_OP_BFC) {
        now = before & ~(unsigned)data;
    }
    now &= mask;
    if (id <= ENC_EDMACSH) {
        put_pointer(chip, id, (uint8_t)now);
        return;
    }
    if (id == ENC_EIR || id == ENC_ESTAT) {
        now &= before; // a host can clear these, but not set them
    }
    put(chip, id, before, (uint8_t)now);
}
