// SPDX-License-Identifier: MIT
//
// The ENC28J60's SPI traffic in the data sheet's words.

#include "sim/chips/enc28j60/decode.h"

#include "nif/base.h"
#include "sim/trace/line.h"

#include <string.h>

#define RAM_MASK 0x1FFF
#define HEADER   6
#define BARE     0xFFFF // no packet is being read

// ---- what is known of the chip

static unsigned pair(const struct sim_enc_decoder *dec, unsigned low)
{
    return dec->reg[low] | (unsigned)dec->reg[low + 1] << 8;
}

static void put_pair(struct sim_enc_decoder *dec, unsigned low, unsigned value)
{
    dec->reg[low] = (uint8_t)value;
    dec->reg[low + 1] = (uint8_t)(value >> 8);
}

static unsigned reg_of(const struct sim_enc_decoder *dec, uint8_t first)
{
    return enc_reg_at(dec->reg[ENC_ECON1] & ENC_ECON1_BSEL, first & 0x1F);
}

static bool is_mac(unsigned id)
{
    uint8_t kind = sim_enc_reg(id)->kind;

    return kind == ENC_KIND_MAC || kind == ENC_KIND_MII ||
        (kind == ENC_KIND_RESERVED && id >> 5 == 2);
}

void sim_enc_decode_init(struct sim_enc_decoder *dec)
{
    for (unsigned id = 0; id < ENC_REG_COUNT; id++) {
        dec->reg[id] = sim_enc_reg(id)->reset;
    }
    memset(dec->ram, 0, sizeof(dec->ram));
    dec->at = BARE;
    dec->next = (uint16_t)pair(dec, ENC_ERXSTL);
    dec->packet_len = 0;
}

// ---- registers

static bool has_bits(unsigned id)
{
    for (unsigned bit = 0; bit < 8; bit++) {
        if (sim_enc_bit_name(id, bit)) {
            return true;
        }
    }
    return false;
}

static void say_bits(struct sim_line *line, unsigned id, unsigned value)
{
    for (unsigned bit = 8; bit-- > 0;) {
        const char *name = sim_enc_bit_name(id, bit);

        if (name && (value >> bit & 1)) {
            sim_line_say(line, " %s", name);
        }
    }
}

static void say_phy(struct sim_line *line, unsigned addr, const char *how,
    unsigned value)
{
    const char *name = sim_enc_phy_name(addr);

    if (name) {
        sim_line_say(line, " (%s %s %04X)", name, how, value);
    } else {
        sim_line_say(line, " (PHY %02X %s %04X)", addr, how, value);
    }
}

static void send_frame(struct sim_enc_decoder *dec)
{
    unsigned from = pair(dec, ENC_ETXSTL);
    size_t len = (pair(dec, ENC_ETXNDL) - from) & RAM_MASK;
    uint8_t frame[RAM_MASK + 1];

    for (size_t i = 0; i < len; i++) {
        frame[i] = dec->ram[(from + 1 + i) & RAM_MASK];
    }
    if (dec->on_frame) {
        dec->on_frame(dec->arg, true, frame, len);
    }
}

static void write_reg(struct sim_enc_decoder *dec, unsigned op, unsigned id,
    uint8_t data)
{
    uint8_t before = dec->reg[id];

    if (op == ENC_OP_BFS) {
        data |= before;
    } else if (op == ENC_OP_BFC) {
        data = before & (uint8_t)~data;
    }
    dec->reg[id] = data;
    if (id == ENC_ERXSTL || id == ENC_ERXSTH) {
        dec->next = (uint16_t)(pair(dec, ENC_ERXSTL) & RAM_MASK);
        dec->at = BARE;
    } else if (id == ENC_ERDPTL || id == ENC_ERDPTH) {
        dec->at = BARE;
    } else if (id == ENC_ECON1 && (data & ENC_ECON1_TXRTS)) {
        send_frame(dec);
        // The chip clears it by itself.
        dec->reg[id] &= (uint8_t)~ENC_ECON1_TXRTS;
    }
}

static void do_write(struct sim_enc_decoder *dec, const struct sim_enc_txn *txn,
    struct sim_line *line)
{
    static const char *const names[] = { "RCR", "RBM", "WCR", "WBM", "BFS",
        "BFC" };
    unsigned op = txn->mosi[0] >> 5;
    unsigned id = reg_of(dec, txn->mosi[0]);

    sim_line_say(line, "%s %s", names[op], sim_enc_reg(id)->name);
    if (txn->len < 2) {
        sim_line_say(line, ", without data");
        return;
    }
    if (op == ENC_OP_WCR || !has_bits(id)) {
        sim_line_say(line, " %02X", txn->mosi[1]);
    }
    say_bits(line, id, txn->mosi[1]);
    write_reg(dec, op, id, txn->mosi[1]);
    if (id == ENC_MIWRH) {
        say_phy(line, dec->reg[ENC_MIREGADR], "<-", pair(dec, ENC_MIWRL));
    }
}

static void do_read(struct sim_enc_decoder *dec, const struct sim_enc_txn *txn,
    uint8_t *kind, struct sim_line *line)
{
    unsigned id = reg_of(dec, txn->mosi[0]);
    size_t at = is_mac(id) ? 2 : 1;

    sim_line_say(line, "RCR %s", sim_enc_reg(id)->name);
    if (txn->len <= at) {
        sim_line_say(line, ", ended before its value");
        return;
    }
    if (kind) {
        kind[1] = SIM_ENC_DUMMY;
        kind[at] = is_mac(id) ? SIM_ENC_MII : SIM_ENC_ETH;
    }
    sim_line_say(line, " -> %02X", txn->miso[at]);
    say_bits(line, id, txn->miso[at]);
    dec->reg[id] = txn->miso[at];
    if (id == ENC_MIRDH) {
        say_phy(line, dec->reg[ENC_MIREGADR], "=", pair(dec, ENC_MIRDL));
    }
}

// ---- packet memory

static void do_wbm(struct sim_enc_decoder *dec, const struct sim_enc_txn *txn,
    struct sim_line *line)
{
    unsigned at = pair(dec, ENC_EWRPTL) & RAM_MASK;
    bool moves = (dec->reg[ENC_ECON2] & ENC_ECON2_AUTOINC) != 0;

    sim_line_say(line, "WBM %zu bytes at %04X", txn->len - 1, at);
    for (size_t i = 1; i < txn->len; i++) {
        dec->ram[at] = txn->mosi[i];
        at = moves ? (at + 1) & RAM_MASK : at;
    }
    put_pair(dec, ENC_EWRPTL, at);
}

static void say_header(const struct sim_enc_decoder *dec, struct sim_line *line)
{
    unsigned status = nif_get_le16(dec->header + 4);

    sim_line_say(line, ": next %04X, count %u, status %04X%s",
        nif_get_le16(dec->header), nif_get_le16(dec->header + 2), status,
        status & 0x80 ? " received OK" : " not OK");
}

// One byte of a packet in the FIFO. Returns what it is.
static enum sim_enc_kind packet_byte(struct sim_enc_decoder *dec, uint8_t byte,
    struct sim_line *line)
{
    if (dec->at < HEADER) {
        dec->header[dec->at++] = byte;
        if (dec->at == HEADER) {
            say_header(dec, line);
            dec->next = (uint16_t)(nif_get_le16(dec->header) & RAM_MASK);
            dec->packet_len = 0;
        }
        return SIM_ENC_HEADER;
    }
    dec->packet[dec->packet_len++] = byte;
    if (dec->packet_len >= nif_get_le16(dec->header + 2) ||
        dec->packet_len == sizeof(dec->packet)) {
        dec->at = BARE;
        sim_line_say(line, ": a frame of %zu bytes", dec->packet_len);
        if (dec->on_frame) {
            dec->on_frame(dec->arg, false, dec->packet, dec->packet_len);
        }
    }
    return SIM_ENC_MEMORY;
}

static void do_rbm(struct sim_enc_decoder *dec, const struct sim_enc_txn *txn,
    uint8_t *kind, struct sim_line *line)
{
    unsigned at = pair(dec, ENC_ERDPTL) & RAM_MASK;
    bool moves = (dec->reg[ENC_ECON2] & ENC_ECON2_AUTOINC) != 0;

    sim_line_say(line, "RBM %zu bytes at %04X", txn->len - 1, at);
    for (size_t i = 1; i < txn->len; i++) {
        enum sim_enc_kind what = SIM_ENC_MEMORY;

        if (dec->at == BARE && at == dec->next) {
            dec->at = 0;
        }
        if (dec->at != BARE) {
            what = packet_byte(dec, txn->miso[i], line);
        }
        if (kind) {
            kind[i] = (uint8_t)what;
        }
        if (moves) {
            at = at == pair(dec, ENC_ERXNDL) ? pair(dec, ENC_ERXSTL)
                                             : (at + 1) & RAM_MASK;
        }
    }
    put_pair(dec, ENC_ERDPTL, at);
}

// ---- transactions

void sim_enc_decode(struct sim_enc_decoder *dec, const struct sim_enc_txn *txn,
    uint8_t *kind, char *text, size_t cap)
{
    struct sim_line line = sim_line_begin(text, cap);

    if (kind && txn->len > 0) {
        memset(kind, SIM_ENC_UNDRIVEN, txn->len);
    }
    if (txn->len == 0) {
        sim_line_say(&line, "no clock");
        return;
    }
    switch (txn->mosi[0] >> 5) {
    case ENC_OP_RCR: do_read(dec, txn, kind, &line); return;
    case ENC_OP_WCR:
    case ENC_OP_BFS:
    case ENC_OP_BFC: do_write(dec, txn, &line); return;
    default: break;
    }
    if (txn->mosi[0] == ENC_BYTE_RBM) {
        do_rbm(dec, txn, kind, &line);
    } else if (txn->mosi[0] == ENC_BYTE_WBM) {
        do_wbm(dec, txn, &line);
    } else if (txn->mosi[0] == ENC_BYTE_SRC) {
        sim_line_say(&line, "SRC");
        sim_enc_decode_init(dec);
    } else {
        sim_line_say(&line, "unknown instruction %02X", txn->mosi[0]);
    }
}

void sim_enc_differ(const struct sim_enc_decoder *dec,
    const struct sim_enc_txn *txn, size_t at, int model, char *text, size_t cap)
{
    static const char *const parts[HEADER] = { "next pointer low",
        "next pointer high", "count low", "count high", "status low",
        "status high" };
    struct sim_line line = sim_line_begin(text, cap);
    unsigned silicon = txn->miso[at];

    if (txn->mosi[0] == ENC_BYTE_RBM) {
        bool starts = pair(dec, ENC_ERDPTL) == dec->next;
        size_t place =
            dec->at == BARE ? (starts ? at - 1 : HEADER) : dec->at + at - 1;

        sim_line_say(&line, "RBM byte %zu", at - 1);
        if (place < HEADER) {
            sim_line_say(&line, " (RX header, %s)", parts[place]);
        }
    } else {
        sim_line_say(&line, "RCR %s",
            sim_enc_reg(reg_of(dec, txn->mosi[0]))->name);
    }
    if (model < 0) {
        sim_line_say(&line, ": silicon %02X, model drives nothing", silicon);
        return;
    }
    sim_line_say(&line, ": silicon %02X, model %02X", silicon, (unsigned)model);
    if (txn->mosi[0] != ENC_BYTE_RBM) {
        unsigned id = reg_of(dec, txn->mosi[0]);

        sim_line_say(&line, "%s", has_bits(id) ? ":" : "");
        say_bits(&line, id, silicon ^ (unsigned)model);
    }
}
