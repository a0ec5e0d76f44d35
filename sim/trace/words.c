// SPDX-License-Identifier: MIT
//
// Events in words.

#include "sim/trace/words.h"

#include "nif/uart.h"
#include "sim/trace/decode.h"
#include "sim/trace/line.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// So many bytes are said one by one.
#define BYTES_SAID 16

struct sim_words {
    struct sim_decoder *decoder; // of the chip on SPI, or NULL
};

static void say_bytes(struct sim_line *line, const uint8_t *data,
    const uint8_t *known, size_t len)
{
    for (size_t i = 0; i < len && i < BYTES_SAID; i++) {
        if (!data || (known && !known[i])) {
            sim_line_say(line, "..");
        } else {
            sim_line_say(line, "%02x", data[i]);
        }
    }
    if (len > BYTES_SAID) {
        sim_line_say(line, "... (%zu bytes)", len);
    }
}

// ---- buses

static void say_spi(struct sim_words *words, struct sim_line *line,
    const struct sim_trace_item *item, bool answer)
{
    struct sim_trace_item asked = *item;

    if (item->flags & SIM_TRACE_UNSEEN) {
        sim_line_say(line, "bytes that nobody probed");
    } else if (item->len == 0) {
        sim_line_say(line, "no clock");
    } else if (!words->decoder) {
        say_bytes(line, item->data, item->data_known, item->len);
        if (answer) {
            sim_line_say(line, " -> ");
            say_bytes(line, item->miso, item->miso_known, item->len);
        }
    } else {
        asked.miso = answer ? item->miso : NULL;
        words->decoder->ops->decode(words->decoder, &asked, NULL, line->text,
            SIM_WORDS);
        line->len = strlen(line->text);
    }
}

const char *sim_words_mdio_reg(unsigned reg)
{
    static const char *const names[] = { "BMCR", "BMSR", "PHYID1", "PHYID2",
        "ANAR", "ANLPAR", "ANER", "ANNPTR", "ANNPRR", "GBCR", "GBSR" };

    if (reg < nif_countof(names)) {
        return names[reg];
    }
    return reg == 13 ? "MMDCTRL" : reg == 14 ? "MMDDATA" : NULL;
}

static void say_mdio(struct sim_line *line, const struct sim_trace_item *item,
    bool answer)
{
    bool clause22 =
        item->op == SIM_TRACE_MDIO_READ || item->op == SIM_TRACE_MDIO_WRITE;
    const char *name = clause22 ? sim_words_mdio_reg(item->reg) : NULL;
    bool writes = item->op == SIM_TRACE_MDIO_WRITE ||
        item->op == SIM_TRACE_MDIO_C45_WRITE ||
        item->op == SIM_TRACE_MDIO_C45_ADDRESS;

    sim_line_say(line, "%s PHY %u ", sim_trace_mdio_word(item->op), item->phy);
    if (name) {
        sim_line_say(line, "%s", name);
    } else {
        sim_line_say(line, "%s %u", clause22 ? "register" : "device",
            item->reg);
    }
    if (writes) {
        sim_line_say(line, " <- %04X", item->value);
    } else if (answer && (item->flags & SIM_TRACE_NO_ANSWER)) {
        sim_line_say(line, " -> no answer");
    } else if (answer) {
        sim_line_say(line, " -> %04X", item->value);
    }
}

static void say_char(struct sim_line *line, uint8_t c)
{
    if (c == '\r' || c == '\n') {
        sim_line_say(line, "%s", c == '\r' ? "\\r" : "\\n");
    } else if (c < ' ' || c > '~' || c == '"' || c == '\\') {
        sim_line_say(line, "\\x%02x", c);
    } else {
        sim_line_say(line, "%c", c);
    }
}

static void say_uart(struct sim_line *line, const struct sim_trace_item *item)
{
    sim_line_say(line, "%s ", item->rx ? "rx" : "tx");
    if (item->bits == 9) {
        say_bytes(line, item->data, NULL, item->len);
        return;
    }
    sim_line_say(line, "\"");
    for (size_t i = 0; i < item->len && line->len < SIM_WORDS - 8; i++) {
        say_char(line, item->data[i]);
    }
    sim_line_say(line, "\"");
    for (size_t i = 0; item->errors && i < item->len; i++) {
        if (item->errors[i] != 0) {
            sim_line_say(line, " %s%s%s%sin word %zu",
                item->errors[i] & NIF_UART_FRAMING ? "framing error " : "",
                item->errors[i] & NIF_UART_PARITY ? "parity error " : "",
                item->errors[i] & NIF_UART_BREAK ? "break " : "",
                item->errors[i] & NIF_UART_OVERRUN ? "overrun " : "", i);
        }
    }
}

// ---- what is no bus

static void say_eth(struct sim_line *line, const struct sim_trace_item *item)
{
    const uint8_t *d = item->data;

    sim_line_say(line, "frame %s, %zu bytes", item->rx ? "rx" : "tx",
        item->len);
    if (item->len >= 14) {
        sim_line_say(line,
            ", to %02x:%02x:%02x:%02x:%02x:%02x from "
            "%02x:%02x:%02x:%02x:%02x:%02x, type %04x",
            d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10],
            d[11], nif_get_be16(d + 12));
    }
    sim_line_say(line, "%s",
        item->flags & SIM_TRACE_BAD_FCS ? ", bad FCS" : "");
}

static void say_item(struct sim_words *words, struct sim_line *line,
    const struct sim_trace_item *item, bool answer)
{
    switch (item->kind) {
    case SIM_TRACE_SPI: say_spi(words, line, item, answer); break;
    case SIM_TRACE_MDIO: say_mdio(line, item, answer); break;
    case SIM_TRACE_UART: say_uart(line, item); break;
    case SIM_TRACE_ETH: say_eth(line, item); break;
    case SIM_TRACE_PIN:
        sim_line_say(line, "%s = %c", item->where, item->level);
        break;
    case SIM_TRACE_LINK:
        sim_line_say(line, "link %s", item->level == '1' ? "up" : "down");
        break;
    case SIM_TRACE_FAULT:
    case SIM_TRACE_COMPLAINT:
    case SIM_TRACE_LOG:
        sim_line_say(line, "%s: %s", sim_trace_word(item->kind),
            item->text ? item->text : "");
        break;
    case SIM_TRACE_BEGIN:
    case SIM_TRACE_HEAD:
    case SIM_TRACE_KINDS: break;
    }
    if (item->flags & SIM_TRACE_ERROR) {
        sim_line_say(line, ", the port failed");
    }
}

// ---- interface

struct sim_words *sim_words_new(const char *chip)
{
    struct sim_words *words = calloc(1, sizeof(*words));

    NIF_ASSERT(words != NULL);
    words->decoder = sim_decoder_new(chip);
    if (words->decoder && words->decoder->ops->kind != SIM_TRACE_SPI) {
        sim_decoder_free(words->decoder);
        words->decoder = NULL;
    }
    return words;
}

struct sim_words *sim_words_copy(const struct sim_words *words)
{
    const struct sim_decoder *from = words->decoder;
    struct sim_words *copy = sim_words_new(from ? from->ops->name : "");

    NIF_ASSERT(!from || copy->decoder != NULL);
    if (from && copy->decoder) {
        memcpy(copy->decoder, from, from->ops->size);
    }
    return copy;
}

void sim_words_free(struct sim_words *words)
{
    if (words) {
        sim_decoder_free(words->decoder);
        free(words);
    }
}

bool sim_words_know(const struct sim_words *words)
{
    return words->decoder != NULL;
}

void sim_words_mask(struct sim_words *words, const struct sim_trace_item *item,
    uint8_t *mask)
{
    char text[SIM_WORDS];

    memset(mask, 0xFF, item->len);
    if (words->decoder && item->len > 0) {
        words->decoder->ops->decode(words->decoder, item, mask, text,
            sizeof(text));
    }
}

void sim_words_say(struct sim_words *words, const struct sim_trace_item *item,
    char text[SIM_WORDS])
{
    struct sim_line line = sim_line_begin(text, SIM_WORDS);

    text[0] = '\0';
    say_item(words, &line, item, true);
}

void sim_words_ask(const struct sim_words *words,
    const struct sim_trace_item *item, char text[SIM_WORDS])
{
    struct sim_words *copy = sim_words_copy(words);
    struct sim_line line = sim_line_begin(text, SIM_WORDS);
    char *arrow;

    text[0] = '\0';
    say_item(copy, &line, item, false);
    sim_words_free(copy);
    if (item->kind == SIM_TRACE_SPI && item->len > 0) {
        arrow = strstr(text, " -> ");
        line.len = arrow ? (size_t)(arrow - text) : line.len;
        sim_line_say(&line, " (");
        say_bytes(&line, item->data, item->data_known, item->len);
        sim_line_say(&line, ")");
    }
}
