// SPDX-License-Identifier: MIT
//
// The W5500 model's packet memory: 16 KiB a direction, shared out to the
// sockets in order, reached by pointers that run freely and are taken modulo
// the size of a socket's block.

#include "sim/chips/w5500/model.h"

#define KIB 1024u

static bool is_size(unsigned kib)
{
    return kib <= 16 && (kib & (kib - 1)) == 0;
}

unsigned sim_w55_size(const struct sim_w5500_socket *s, bool tx)
{
    unsigned kib = s->reg[tx ? W55_SN_TXBUF_SIZE : W55_SN_RXBUF_SIZE];
    unsigned size = 16;

    // What is no size is taken for the next smaller one.
    while (size > kib) {
        size /= 2;
    }
    return size * KIB;
}

unsigned sim_w55_base(const struct sim_w5500 *chip, unsigned n, bool tx)
{
    unsigned base = 0;

    for (unsigned i = 0; i < n; i++) {
        base += sim_w55_size(&chip->socket[i], tx);
    }
    return base & W55_RAM_MASK;
}

uint8_t *sim_w55_cell(struct sim_w5500 *chip, unsigned n, bool tx,
    uint16_t offset)
{
    unsigned size = sim_w55_size(&chip->socket[n], tx);
    unsigned at = sim_w55_base(chip, n, tx);

    at += size > 0 ? offset & (size - 1) : 0;
    return (tx ? chip->tx_ram : chip->rx_ram) + (at & W55_RAM_MASK);
}

// ---- sharing it out

static bool overlap(const struct sim_w5500 *chip, unsigned a, unsigned b,
    bool tx)
{
    unsigned a_at = sim_w55_base(chip, a, tx);
    unsigned b_at = sim_w55_base(chip, b, tx);

    return ((b_at - a_at) & W55_RAM_MASK) <
        sim_w55_size(&chip->socket[a], tx) ||
        ((a_at - b_at) & W55_RAM_MASK) < sim_w55_size(&chip->socket[b], tx);
}

static void check_block(struct sim_w5500 *chip, unsigned n, bool tx)
{
    const uint8_t *reg = chip->socket[n].reg;
    unsigned kib = reg[tx ? W55_SN_TXBUF_SIZE : W55_SN_RXBUF_SIZE];
    const char *name = tx ? "TX" : "RX";

    if (kib == 0 || !is_size(kib)) {
        sim_w55_broke(chip, SIM_W5500_R_BUFFER,
            "socket %u opened with %u KiB of %s memory", n, kib, name);
        return;
    }
    for (unsigned i = 0; i < W55_SOCKETS; i++) {
        if (i != n && sim_w55_state(&chip->socket[i]) != W55_SR_CLOSED &&
            overlap(chip, i, n, tx)) {
            sim_w55_broke(chip, SIM_W5500_R_BUFFER,
                "sockets %u and %u share %s memory", i, n, name);
        }
    }
}

static bool in_one_piece(const struct sim_w5500 *chip,
    const struct sim_w5500_socket *s, bool tx)
{
    unsigned size = sim_w55_size(s, tx);

    return size > 0 &&
        sim_w55_base(chip, s->number, tx) + size <= SIM_W5500_RAM;
}

bool sim_w55_check_blocks(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    check_block(chip, s->number, true);
    check_block(chip, s->number, false);
    return in_one_piece(chip, s, true) && in_one_piece(chip, s, false);
}

// ---- how much is in it

uint16_t sim_w55_fsr(const struct sim_w5500 *chip,
    const struct sim_w5500_socket *s)
{
    unsigned size = sim_w55_size(s, true);
    uint16_t used = (uint16_t)(s->tx_wr - s->tx_ack);

    (void)chip;
    return (uint16_t)(used < size ? size - used : 0);
}

uint16_t sim_w55_rsr(const struct sim_w5500_socket *s)
{
    return (uint16_t)(s->rx_wr - s->rx_got);
}

static void append(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        *sim_w55_cell(chip, s->number, false, s->rx_wr++) = data[i];
    }
}

bool sim_w55_store(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    const uint8_t *head, size_t head_len, const uint8_t *data, size_t len)
{
    if (sim_w55_rsr(s) + head_len + len > sim_w55_size(s, false)) {
        chip->counts.rx_lost++;
        return false;
    }
    append(chip, s, head, head_len);
    append(chip, s, data, len);
    sim_w55_flag(chip, s, W55_SN_IR_RECV);
    return true;
}

void sim_w55_fetch(struct sim_w5500 *chip, const struct sim_w5500_socket *s,
    uint16_t from, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = *sim_w55_cell(chip, s->number, true, (uint16_t)(from + i));
    }
}

// ---- the host's accesses

uint8_t sim_w55_memory_read(struct sim_w5500 *chip, unsigned n, bool tx,
    uint16_t offset)
{
    return *sim_w55_cell(chip, n, tx, offset);
}

// Bytes from TX_WR on that are free may be written, and no more in one go.
static void check_write(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    uint16_t offset)
{
    unsigned size = sim_w55_size(s, true);
    unsigned ahead = (uint16_t)(offset - s->tx_wr) & (size - 1);
    unsigned flight = (uint16_t)(s->tx_end - s->tx_ack);

    if (chip->bus.told || sim_w55_state(s) == W55_SR_CLOSED ||
        (ahead < sim_w55_fsr(chip, s) && chip->bus.count < size)) {
        return;
    }
    chip->bus.told = true;
    if (((uint16_t)(offset - s->tx_ack) & (size - 1)) < flight) {
        sim_w55_broke(chip, SIM_W5500_R_TX_FLIGHT,
            "socket %u: write at %04X, into what is being sent", s->number,
            offset);
    } else {
        sim_w55_broke(chip, SIM_W5500_R_TX_OVER,
            "socket %u: write at %04X, beyond TX_FSR %u", s->number, offset,
            sim_w55_fsr(chip, s));
    }
}

void sim_w55_memory_write(struct sim_w5500 *chip, unsigned n, bool tx,
    uint16_t offset, uint8_t data)
{
    struct sim_w5500_socket *s = &chip->socket[n];

    if (sim_w55_size(s, tx) == 0) {
        if (!chip->bus.told) {
            chip->bus.told = true;
            sim_w55_broke(chip, SIM_W5500_R_BUFFER,
                "write into memory that socket %u does not have", n);
        }
        return;
    }
    if (tx) {
        check_write(chip, s, offset);
    } else if (!chip->bus.told) {
        chip->bus.told = true;
        sim_w55_broke(chip, SIM_W5500_R_READONLY,
            "write into RX memory of socket %u", n);
    }
    *sim_w55_cell(chip, n, tx, offset) = data;
}
