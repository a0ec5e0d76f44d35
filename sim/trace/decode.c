// SPDX-License-Identifier: MIT
//
// The decoders there are, and words for what needs none.

#include "sim/trace/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct sim_decoder_ops *const decoders[] = {
    &sim__decoder_enc28j60,
    &sim__decoder_mdio,
    &sim__decoder_at,
    &sim__decoder_w5500,
};

static struct sim_decoder *make(const struct sim_decoder_ops *ops)
{
    struct sim_decoder *decoder = calloc(1, ops->size);

    NIF_ASSERT(decoder != NULL);
    decoder->ops = ops;
    ops->init(decoder);
    return decoder;
}

struct sim_decoder *sim_decoder_new(const char *name)
{
    for (size_t i = 0; i < nif_countof(decoders); i++) {
        if (strcmp(decoders[i]->name, name) == 0) {
            return make(decoders[i]);
        }
    }
    return NULL;
}

struct sim_decoder *sim_decoder_for(const struct sim_trace_bus *bus)
{
    const char *const names[] = { bus->chip, bus->name,
        bus->kind == SIM_TRACE_MDIO       ? "mdio"
            : bus->kind == SIM_TRACE_UART ? "at"
                                          : "" };

    for (size_t i = 0; i < nif_countof(names); i++) {
        for (size_t k = 0; k < nif_countof(decoders); k++) {
            if (decoders[k]->kind == bus->kind &&
                strcmp(decoders[k]->name, names[i]) == 0) {
                return make(decoders[k]);
            }
        }
    }
    return NULL;
}

void sim_decoder_free(struct sim_decoder *decoder)
{
    free(decoder);
}

const char *sim_decoder_name(size_t number)
{
    return number < nif_countof(decoders) ? decoders[number]->name : NULL;
}

// ---- plain words

static void say_spi(const struct sim_trace_item *item, char *text, size_t cap)
{
    size_t len;

    if (item->flags & SIM_TRACE_UNSEEN) {
        snprintf(text, cap, "bytes that were not probed");
        return;
    }
    if (item->len == 0) {
        snprintf(text, cap, "no clock");
        return;
    }
    snprintf(text, cap, "%zu bytes", item->len);
    for (size_t i = 0; i < item->len && i < 8; i++) {
        bool known = item->data && (!item->data_known || item->data_known[i]);

        len = strlen(text);
        snprintf(text + len, cap - len, known ? " %02X" : " ..",
            known ? item->data[i] : 0);
    }
    len = strlen(text);
    snprintf(text + len, cap - len, "%s", item->len > 8 ? " …" : "");
}

static void say_words(const struct sim_trace_item *item, char *text, size_t cap)
{
    snprintf(text, cap, "%s", item->rx ? "rx" : "tx");
    for (size_t i = 0; i < item->len && i < 24; i++) {
        size_t len = strlen(text);

        snprintf(text + len, cap - len, " %02X", item->data[i]);
    }
}

void sim_decode_plain(const struct sim_trace_item *item, char *text, size_t cap)
{
    text[0] = '\0';
    switch (item->kind) {
    case SIM_TRACE_SPI: say_spi(item, text, cap); break;
    case SIM_TRACE_UART: say_words(item, text, cap); break;
    case SIM_TRACE_MDIO:
        snprintf(text, cap, "%s PHY %u register %u: %04X",
            sim_trace_mdio_word(item->op), item->phy, item->reg, item->value);
        break;
    case SIM_TRACE_PIN: snprintf(text, cap, "is %c", item->level); break;
    case SIM_TRACE_ETH:
        snprintf(text, cap, "%s a frame of %zu bytes%s",
            item->rx ? "received" : "sent", item->len,
            item->flags & SIM_TRACE_BAD_FCS ? ", wrong FCS" : "");
        break;
    case SIM_TRACE_LINK:
        snprintf(text, cap, "link %s %s", item->level == '1' ? "up" : "down",
            item->text);
        break;
    case SIM_TRACE_FAULT: snprintf(text, cap, "fault: %s", item->text); break;
    case SIM_TRACE_COMPLAINT:
        snprintf(text, cap, "complaint: %s", item->text);
        break;
    case SIM_TRACE_LOG: snprintf(text, cap, "%s", item->text); break;
    case SIM_TRACE_HEAD:
        snprintf(text, cap, "%s %s", item->where, item->text);
        break;
    case SIM_TRACE_BEGIN:
    case SIM_TRACE_KINDS: break;
    }
}
