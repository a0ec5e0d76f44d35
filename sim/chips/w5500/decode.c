// SPDX-License-Identifier: MIT
//
// The W5500 among the decoders: what its SPI frames say, in the data sheet's
// words, and the Ethernet frames that MACRAW moves. It knows the chip's state
// only from what it has seen, and stands on no model.

#include "sim/trace/decode.h"
#include "sim/chips/w5500/regs.h"
#include "sim/net/cable.h"
#include "sim/trace/line.h"

#include <string.h>

enum {
    HEAD = 3,
    WRITE = 1 << 2,
    RAM = 0x4000,
};

// One direction of socket 0's packet memory, as far as it was seen.
struct memory {
    uint16_t at; // of the next frame
    uint16_t to; // TX_WR or RX_RD
    uint8_t ram[RAM];
};

struct w55 {
    struct sim_decoder base;
    uint8_t mr; // of socket 0
    uint8_t kib[2];
    struct memory memory[2]; // receive, transmit
};

// A frame inside a transaction.
struct part {
    const uint8_t *mosi; // its header
    const uint8_t *data; // of the side that speaks, or NULL
    unsigned offset;
    unsigned bsb;
    bool write;
    size_t len; // of the data
};

static struct w55 *of(struct sim_decoder *decoder)
{
    return nif_container_of(decoder, struct w55, base);
}

// ---- registers

static const struct w55_reg *reg_at(unsigned bsb, unsigned offset)
{
    return bsb == 0 ? sim_w55_common(offset) : sim_w55_socket_reg(offset);
}

static unsigned length_of(unsigned bsb, unsigned first)
{
    unsigned len = 1;

    while (reg_at(bsb, first + len)->name &&
        reg_at(bsb, first + len)->first == first) {
        len++;
    }
    return len;
}

static void say_name(struct sim_line *line, unsigned bsb, unsigned offset)
{
    const struct w55_reg *reg = reg_at(bsb, offset);

    if (bsb != 0) {
        sim_line_say(line, "S%u_", bsb >> 2);
    }
    if (reg->name) {
        sim_line_say(line, "%s", reg->name);
    } else {
        sim_line_say(line, "%04X (reserved)", offset);
    }
}

// The bits of a register that has names for them, from bit 7 down.
static const char *const *bits_of(unsigned bsb, unsigned offset)
{
    static const char *const mr[8] = { "RST", NULL, "WOL", "PB", "PPPoE", NULL,
        "FARP", NULL };
    static const char *const ir[8] = { "CONFLICT", "UNREACH", "PPPoE", "MP" };
    static const char *const phy[8] = { "RST", "OPMD", NULL, NULL, NULL, "DPX",
        "SPD", "LNK" };
    static const char *const sn_ir[8] = { NULL, NULL, NULL, "SENDOK", "TIMEOUT",
        "RECV", "DISCON", "CON" };

    if (bsb != 0) {
        return offset == W55_SN_IR || offset == W55_SN_IMR ? sn_ir : NULL;
    }
    switch (offset) {
    case W55_MR: return mr;
    case W55_IR:
    case W55_IMR: return ir;
    case W55_PHYCFGR: return phy;
    default: return NULL;
    }
}

static void say_meaning(struct sim_line *line, unsigned bsb, unsigned offset,
    unsigned value)
{
    static const char *const protos[16] = { NULL, "TCP", "UDP", "IPRAW",
        "MACRAW" };
    const char *const *bits = bits_of(bsb, offset);
    const char *word = NULL;

    if (bsb != 0 && offset == W55_SN_CR) {
        word = value != 0 ? sim_w55_command_name(value) : NULL;
    } else if (bsb != 0 && offset == W55_SN_SR) {
        word = sim_w55_state_name(value);
    } else if (bsb != 0 && offset == W55_SN_MR) {
        word = protos[value & W55_SN_MR_PROTO];
    }
    if (word) {
        sim_line_say(line, " %s", word);
    }
    for (unsigned bit = 8; bits && bit-- > 0;) {
        if ((value >> bit & 1) && bits[7 - bit]) {
            sim_line_say(line, " %s", bits[7 - bit]);
        }
    }
}

static void say_bytes(struct sim_line *line, const uint8_t *value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sim_line_say(line, i == 0 ? "%02X" : ":%02X", value[i]);
    }
}

static void say_value(struct sim_line *line, unsigned bsb, unsigned offset,
    const uint8_t *value, size_t len)
{
    switch (len) {
    case 1:
        sim_line_say(line, "%02X", value[0]);
        say_meaning(line, bsb, offset, value[0]);
        break;
    case 2: sim_line_say(line, "%04X", nif_get_be16(value)); break;
    case 4:
        sim_line_say(line, "%u.%u.%u.%u", value[0], value[1], value[2],
            value[3]);
        break;
    default: say_bytes(line, value, len); break;
    }
}

// As many registers as the data runs across.
static void say_registers(struct sim_line *line, const struct part *part)
{
    size_t at = 0;

    while (at < part->len) {
        unsigned offset = part->offset + (unsigned)at;
        const struct w55_reg *reg = reg_at(part->bsb, offset);
        unsigned whole = reg->name ? length_of(part->bsb, reg->first) : 1;
        unsigned skip = reg->name ? offset - reg->first : 0;
        size_t len = whole - skip;

        len = len < part->len - at ? len : part->len - at;
        sim_line_say(line, at == 0 ? " " : ", ");
        say_name(line, part->bsb, offset);
        if (len < whole) {
            sim_line_say(line, "[%u]", skip);
        }
        if (part->data) {
            sim_line_say(line, " = ");
        }
        if (part->data && len == whole) {
            say_value(line, part->bsb, offset, part->data + at, len);
        } else if (part->data) {
            say_bytes(line, part->data + at, len);
        }
        at += len;
    }
}

// ---- the frames of MACRAW

static uint8_t *cell(struct w55 *w55, bool tx, uint16_t at)
{
    unsigned size = w55->kib[tx] * 1024u;

    return &w55->memory[tx].ram[size > 0 && size <= RAM ? at % size : 0];
}

// Hands over `len` bytes behind `skip` more.
static void tell(struct w55 *w55, bool tx, uint16_t skip, uint16_t len)
{
    struct memory *m = &w55->memory[tx];
    uint8_t frame[RAM];

    for (uint16_t i = 0; i < len; i++) {
        frame[i] = *cell(w55, tx, (uint16_t)(m->at + skip + i));
    }
    if (w55->base.on_frame && len > 0) {
        w55->base.on_frame(w55->base.arg, !tx, frame, len);
    }
}

static void sent(struct w55 *w55)
{
    struct memory *m = &w55->memory[1];
    uint16_t len = (uint16_t)(m->to - m->at);

    if (len <= RAM) {
        tell(w55, true, 0, len);
    }
    m->at = m->to;
}

// Whole frames between where RX_RD was and is. A length that cannot be ends
// it: host and chip have to begin anew.
static void received(struct w55 *w55)
{
    struct memory *m = &w55->memory[0];

    while ((uint16_t)(m->to - m->at) >= 2) {
        uint16_t have = (uint16_t)(m->to - m->at);
        uint16_t len = (uint16_t)(*cell(w55, false, m->at) << 8 |
            *cell(w55, false, (uint16_t)(m->at + 1)));

        if (len < 2 || len > RAM) {
            m->at = m->to;
        } else if (len > have) {
            return;
        } else {
            tell(w55, false, 2, (uint16_t)(len - 2));
            m->at = (uint16_t)(m->at + len);
        }
    }
}

static void on_command(struct w55 *w55, uint8_t code)
{
    if (code == W55_OPEN) {
        for (unsigned i = 0; i < 2; i++) {
            w55->memory[i].at = 0;
            w55->memory[i].to = 0;
        }
    } else if ((w55->mr & W55_SN_MR_PROTO) != W55_PROTO_MACRAW) {
        return;
    } else if (code == W55_SEND) {
        sent(w55);
    } else if (code == W55_RECV) {
        received(w55);
    }
}

static void put_half(uint16_t *pair, unsigned offset, uint8_t data)
{
    *pair = (uint16_t)(offset & 1 ? (*pair & 0xFF00) | data
                                  : (*pair & 0x00FF) | data << 8);
}

static void on_write(struct w55 *w55, unsigned offset, uint8_t data)
{
    switch (offset) {
    case W55_SN_MR: w55->mr = data; break;
    case W55_SN_CR: on_command(w55, data); break;
    case W55_SN_RXBUF_SIZE: w55->kib[0] = data; break;
    case W55_SN_TXBUF_SIZE: w55->kib[1] = data; break;
    case W55_SN_TX_WR:
    case W55_SN_TX_WR + 1: put_half(&w55->memory[1].to, offset, data); break;
    case W55_SN_RX_RD:
    case W55_SN_RX_RD + 1: put_half(&w55->memory[0].to, offset, data); break;
    default: break;
    }
}

static void w55_init(struct sim_decoder *decoder)
{
    struct w55 *w55 = of(decoder);

    w55->mr = 0;
    w55->kib[0] = 2;
    w55->kib[1] = 2;
    memset(w55->memory, 0, sizeof(w55->memory));
}

// What of it the decoder has to remember: socket 0, and the reset.
static void remember(struct w55 *w55, const struct part *part)
{
    enum w55_block block = sim_w55_block(part->bsb);

    for (size_t i = 0; part->data && i < part->len; i++) {
        uint16_t offset = (uint16_t)(part->offset + i);

        if (block == W55_BLOCK_COMMON && part->write && offset == W55_MR &&
            (part->data[i] & W55_MR_RST)) {
            w55_init(&w55->base);
        } else if (part->bsb == 1 && part->write) {
            on_write(w55, offset, part->data[i]);
        } else if (part->bsb == 2 && part->write) {
            *cell(w55, true, offset) = part->data[i];
        } else if (part->bsb == 3 && !part->write) {
            *cell(w55, false, offset) = part->data[i];
        }
    }
}

// ---- transactions

// The frame that begins at `at` of an event. Returns where it ends.
static size_t open_part(const struct sim_trace_item *item, size_t at,
    struct part *part)
{
    static const uint8_t fixed[4] = { 0, 1, 2, 4 };
    const uint8_t *head = item->data + at;
    size_t len = item->len - at - HEAD;
    unsigned most = fixed[head[2] & 3];

    part->mosi = head;
    part->offset = nif_get_be16(head);
    part->bsb = head[2] >> 3;
    part->write = (head[2] & WRITE) != 0;
    part->len = most != 0 && most < len ? most : len;
    part->data = part->write ? head + HEAD : NULL;
    if (!part->write && item->miso) {
        part->data = item->miso + at + HEAD;
    }
    return at + HEAD + part->len;
}

static void say_part(struct sim_line *line, const struct part *part)
{
    sim_line_say(line, part->write ? "write" : "read");
    switch (sim_w55_block(part->bsb)) {
    case W55_BLOCK_COMMON:
    case W55_BLOCK_SOCKET: say_registers(line, part); break;
    case W55_BLOCK_TX:
    case W55_BLOCK_RX:
        sim_line_say(line, " S%u %s memory at %04X: %zu bytes", part->bsb >> 2,
            sim_w55_block(part->bsb) == W55_BLOCK_TX ? "TX" : "RX",
            part->offset, part->len);
        break;
    case W55_BLOCK_RESERVED:
        sim_line_say(line, " reserved block %u", part->bsb);
        break;
    }
    if (part->len == 0) {
        sim_line_say(line, ", without data");
    }
}

static void w55_decode(struct sim_decoder *decoder,
    const struct sim_trace_item *item, uint8_t *mask, char *text, size_t cap)
{
    struct sim_line line = sim_line_begin(text, cap);
    size_t at = 0;

    if (mask && item->len > 0) {
        memset(mask, 0, item->len);
    }
    if ((item->flags & SIM_TRACE_UNSEEN) || !item->data) {
        sim_decode_plain(item, text, cap);
        return;
    }
    if (item->len < HEAD) {
        sim_line_say(&line,
            item->len == 0 ? "no clock" : "ended in the header");
        return;
    }
    while (at + HEAD <= item->len) {
        struct part part;
        size_t end = open_part(item, at, &part);

        sim_line_say(&line, at == 0 ? "" : "; ");
        say_part(&line, &part);
        remember(of(decoder), &part);
        if (mask && !part.write &&
            sim_w55_block(part.bsb) != W55_BLOCK_RESERVED && part.len > 0) {
            memset(mask + at + HEAD, 0xFF, part.len);
        }
        at = end;
    }
}

static void w55_differ(const struct sim_decoder *decoder,
    const struct sim_trace_item *item, size_t at, int other, char *text,
    size_t cap)
{
    struct sim_line line = sim_line_begin(text, cap);
    struct part part = { .len = 0 };
    size_t begin = 0;
    size_t end = 0;

    (void)decoder;
    while (item->data && end + HEAD <= item->len && end <= at) {
        begin = end;
        end = open_part(item, begin, &part);
    }
    if (at < begin + HEAD || !part.mosi) {
        sim_line_say(&line, "header");
    } else {
        unsigned offset = part.offset + (unsigned)(at - begin - HEAD);
        enum w55_block block = sim_w55_block(part.bsb);

        if (block == W55_BLOCK_COMMON || block == W55_BLOCK_SOCKET) {
            say_name(&line, part.bsb, offset);
        } else {
            sim_line_say(&line, "S%u %s memory at %04X", part.bsb >> 2,
                block == W55_BLOCK_TX ? "TX" : "RX", offset);
        }
    }
    sim_line_say(&line, ": %02X", item->miso ? item->miso[at] : 0);
    if (other < 0) {
        sim_line_say(&line, ", not undriven");
    } else {
        sim_line_say(&line, ", not %02X", (unsigned)other);
    }
}

const struct sim_decoder_ops sim__decoder_w5500 = {
    .name = "w5500",
    .kind = SIM_TRACE_SPI,
    .size = sizeof(struct w55),
    .init = w55_init,
    .decode = w55_decode,
    .differ = w55_differ,
};
