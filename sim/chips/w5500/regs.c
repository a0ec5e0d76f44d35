// SPDX-License-Identifier: MIT
//
// The W5500 model's register file: what reading gives, what writing does, and
// the interrupt pin that follows from it.

#include "sim/chips/w5500/model.h"

#include <string.h>

// ---- interrupts

static uint8_t sir(const struct sim_w5500 *chip)
{
    unsigned value = 0;

    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        const uint8_t *reg = chip->socket[n].reg;

        if (reg[W55_SN_IR] & reg[W55_SN_IMR]) {
            value |= 1u << n;
        }
    }
    return (uint8_t)value;
}

void sim_w55_irq(struct sim_w5500 *chip)
{
    const uint8_t *reg = chip->common;
    bool low =
        (reg[W55_IR] & reg[W55_IMR]) != 0 || (sir(chip) & reg[W55_SIMR]) != 0;

    if (low == chip->int_low) {
        return;
    }
    if (low && chip->world->now_ns < chip->int_ns) {
        sim_event_at(chip->world, &chip->int_event, chip->int_ns);
        return;
    }
    chip->int_low = low;
    if (!low) { // INTLEVEL: (value + 1) * 4 clocks of 150 MHz
        chip->int_ns = chip->world->now_ns +
            (nif_get_be16(reg + W55_INTLEVEL) + 1u) * 80u / 3u;
    }
    sim_pin_drive(chip->int_pin, !low);
}

void sim_w55_irq_event(struct sim_event *event)
{
    sim_w55_irq(nif_container_of(event, struct sim_w5500, int_event));
}

void sim_w55_flag(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    unsigned bits)
{
    if (chip->cfg.imr_gates_ir) {
        bits &= s->reg[W55_SN_IMR];
    }
    s->reg[W55_SN_IR] |= (uint8_t)bits;
    sim_w55_irq(chip);
}

void sim_w55_common_flag(struct sim_w5500 *chip, unsigned bits)
{
    chip->common[W55_IR] |= (uint8_t)bits;
    sim_w55_irq(chip);
}

// ---- reading

uint8_t sim_w55_common_value(const struct sim_w5500 *chip, unsigned offset)
{
    switch (offset) {
    case W55_MR:
        return (uint8_t)(chip->common[W55_MR] |
            (chip->world->now_ns < chip->reset_end_ns ? W55_MR_RST : 0));
    case W55_SIR: return sir(chip);
    case W55_PHYCFGR: return sim_w55_phy_value(chip);
    default: return offset < W55_COMMON_COUNT ? chip->common[offset] : 0;
    }
}

static uint16_t pair_at(const struct sim_w5500 *chip,
    const struct sim_w5500_socket *s, unsigned offset)
{
    switch (offset) {
    case W55_SN_TX_FSR: return sim_w55_fsr(chip, s);
    case W55_SN_TX_RD: return s->tx_rd;
    case W55_SN_TX_WR: return s->tx_wr;
    case W55_SN_RX_RSR: return sim_w55_rsr(s);
    case W55_SN_RX_RD: return s->rx_rd;
    default: return s->rx_wr;
    }
}

uint8_t sim_w55_socket_value(const struct sim_w5500 *chip,
    const struct sim_w5500_socket *s, unsigned offset)
{
    if (offset >= W55_SN_TX_FSR && offset < W55_SN_IMR) {
        uint16_t value = pair_at(chip, s, offset & ~1u);

        return (uint8_t)(offset & 1 ? value : value >> 8);
    }
    return offset < W55_SOCKET_COUNT ? s->reg[offset] : 0;
}

uint8_t sim_w55_common_read(struct sim_w5500 *chip, unsigned offset)
{
    return sim_w55_common_value(chip, offset);
}

// What a host gets of a value that changes between its two bytes.
static uint16_t torn(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    uint16_t value)
{
    if (s->tears == 0 || s->torn) {
        s->torn = false;
        return value;
    }
    s->tears--;
    s->torn = true;
    chip->counts.tears++;
    return (uint16_t)(value >= 256 && (chip->counts.tears & 1) == 0
            ? value - 256
            : value + 256);
}

static uint8_t read_pair(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    unsigned offset)
{
    bool tx = offset < W55_SN_TX_RD;
    struct sim_w5500_pair *pair = tx ? &s->fsr : &s->rsr;
    uint8_t byte = sim_w55_socket_value(chip, s, offset);
    uint16_t whole;

    if ((offset & 1) == 0) {
        whole = torn(chip, s, pair_at(chip, s, offset));
        pair->high = (uint8_t)(whole >> 8);
        return pair->high;
    }
    whole = (uint16_t)(pair->high << 8 | byte);
    pair->agreed = pair->known && pair->last == whole;
    pair->known = true;
    pair->last = whole;
    return byte;
}

uint8_t sim_w55_socket_read(struct sim_w5500 *chip, unsigned n, unsigned offset)
{
    struct sim_w5500_socket *s = &chip->socket[n];

    switch (offset) {
    case W55_SN_TX_FSR:
    case W55_SN_TX_FSR + 1:
    case W55_SN_RX_RSR:
    case W55_SN_RX_RSR + 1: return read_pair(chip, s, offset);
    default: return sim_w55_socket_value(chip, s, offset);
    }
}

void sim_w55_pair_used(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    bool tx)
{
    struct sim_w5500_pair *pair = tx ? &s->fsr : &s->rsr;

    if (pair->known && !pair->agreed) {
        sim_w55_broke(chip, SIM_W5500_R_TEAR,
            "socket %u: %s was not read until two values agree", s->number,
            tx ? "TX_FSR" : "RX_RSR");
    }
    *pair = (struct sim_w5500_pair){ .high = pair->high };
}

// ---- writing

// Says what is wrong with a write as such. Returns false if it has no effect.
static bool check(struct sim_w5500 *chip, const struct w55_reg *reg,
    const char *block, unsigned offset, uint8_t data)
{
    if (reg->access == W55_RESERVED) {
        sim_w55_broke(chip, SIM_W5500_R_RESERVED,
            "write %02X to reserved %s%04X", data, block, offset);
        return false;
    }
    if (reg->access == W55_RO) {
        sim_w55_broke(chip, SIM_W5500_R_READONLY, "write %02X to %s%s", data,
            block, reg->name);
        return false;
    }
    return true;
}

void sim_w55_common_write(struct sim_w5500 *chip, unsigned offset, uint8_t data)
{
    const struct w55_reg *reg = sim_w55_common(offset);
    uint8_t before;

    if (!check(chip, reg, "", offset, data)) {
        return;
    }
    before = chip->common[offset];
    if (offset == W55_IR) {
        chip->common[W55_IR] = (uint8_t)(before & ~data);
        sim_w55_irq(chip);
        return;
    }
    if (offset == W55_MR && (data & ~reg->mask)) {
        sim_w55_broke(chip, SIM_W5500_R_RESERVED,
            "reserved bits of MR set: %02X", data);
    }
    chip->common[offset] = data & reg->mask;
    switch (offset) {
    case W55_MR:
        if (data & W55_MR_RST) {
            sim_w55_soft_reset(chip);
        } else if (data & W55_MR_PPPOE) {
            sim_w55_broke(chip, SIM_W5500_R_ABSENT, "PPPoE is not modelled");
        }
        break;
    case W55_IMR:
    case W55_SIMR: sim_w55_irq(chip); break;
    case W55_PHYCFGR: sim_w55_phy_write(chip, before, data); break;
    default: break;
    }
}

static void put_half(uint16_t *pair, unsigned offset, uint8_t data)
{
    *pair = (uint16_t)(offset & 1 ? (*pair & 0xFF00) | data
                                  : (*pair & 0x00FF) | data << 8);
}

static void put_size(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    unsigned offset, uint8_t data)
{
    if (s->reg[offset] == data) {
        return;
    }
    // Blocks are packed in order: those behind it move.
    for (unsigned n = s->number; n < W55_SOCKETS; n++) {
        if (sim_w55_state(&chip->socket[n]) != W55_SR_CLOSED) {
            sim_w55_broke(chip, SIM_W5500_R_BUFFER,
                "memory of socket %u changed while socket %u is open",
                s->number, n);
            break;
        }
    }
    s->reg[offset] = data;
}

void sim_w55_socket_write(struct sim_w5500 *chip, unsigned n, unsigned offset,
    uint8_t data)
{
    struct sim_w5500_socket *s = &chip->socket[n];
    char block[4] = { 'S', (char)('0' + n), '_', 0 };

    if (!check(chip, sim_w55_socket_reg(offset), block, offset, data)) {
        return;
    }
    switch (offset) {
    case W55_SN_CR: sim_w55_command(chip, s, data); break;
    case W55_SN_IR:
        s->reg[W55_SN_IR] &= (uint8_t)~data;
        sim_w55_irq(chip);
        break;
    case W55_SN_IMR:
        s->reg[W55_SN_IMR] = data;
        sim_w55_irq(chip);
        break;
    case W55_SN_RXBUF_SIZE:
    case W55_SN_TXBUF_SIZE: put_size(chip, s, offset, data); break;
    case W55_SN_TX_WR:
    case W55_SN_TX_WR + 1: put_half(&s->tx_wr, offset, data); break;
    case W55_SN_RX_RD:
    case W55_SN_RX_RD + 1: put_half(&s->rx_rd, offset, data); break;
    default: s->reg[offset] = data; break;
    }
}
