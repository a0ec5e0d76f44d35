// SPDX-License-Identifier: MIT
//
// One JSON object per event: the fields of an item, and its words.

#include "sim/capture/export.h"

#include "nif/uart.h"

#include <inttypes.h>
#include <string.h>

static void say_text(FILE *out, const char *key, const char *text)
{
    fprintf(out, ",\"%s\":\"", key);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < ' ') {
            fprintf(out, "\\u%04x", c);
        } else {
            putc(c, out);
        }
    }
    putc('"', out);
}

static void say_bytes(FILE *out, const char *key, const uint8_t *data,
    const uint8_t *known, size_t len)
{
    fprintf(out, ",\"%s\":\"", key);
    for (size_t i = 0; i < len; i++) {
        if (!data || (known && !known[i])) {
            fputs("..", out);
        } else {
            fprintf(out, "%02x", data[i]);
        }
    }
    putc('"', out);
}

static void say_errors(FILE *out, const struct sim_trace_item *item)
{
    const char *comma = "";

    fputs(",\"errors\":[", out);
    for (size_t i = 0; i < item->len / (item->bits == 9 ? 2 : 1); i++) {
        unsigned errors = item->errors[i];

        if (errors != 0) {
            fprintf(out, "%s{\"word\":%zu,\"error\":\"%s\"}", comma, i,
                errors & NIF_UART_BREAK         ? "break"
                    : errors & NIF_UART_FRAMING ? "framing"
                    : errors & NIF_UART_PARITY  ? "parity"
                                                : "overrun");
            comma = ",";
        }
    }
    putc(']', out);
}

static void say_fields(FILE *out, const struct sim_trace_item *item)
{
    switch (item->kind) {
    case SIM_TRACE_SPI:
        say_bytes(out, "mosi", item->data, item->data_known, item->len);
        say_bytes(out, "miso", item->miso, item->miso_known, item->len);
        if (item->mask) {
            say_bytes(out, "mask", item->mask, NULL, item->len);
        }
        break;
    case SIM_TRACE_UART:
    case SIM_TRACE_ETH:
        fprintf(out, ",\"way\":\"%s\"", item->rx ? "rx" : "tx");
        say_bytes(out, "data", item->data, NULL, item->len);
        if (item->errors) {
            say_errors(out, item);
        }
        break;
    case SIM_TRACE_MDIO:
        fprintf(out, ",\"op\":\"%s\",\"phy\":%u,\"reg\":%u,\"value\":%u",
            sim_trace_mdio_word(item->op), item->phy, item->reg, item->value);
        break;
    case SIM_TRACE_PIN: fprintf(out, ",\"level\":\"%c\"", item->level); break;
    case SIM_TRACE_LINK:
        fprintf(out, ",\"up\":%s", item->level == '1' ? "true" : "false");
        break;
    case SIM_TRACE_BEGIN:
    case SIM_TRACE_HEAD:
    case SIM_TRACE_FAULT:
    case SIM_TRACE_COMPLAINT:
    case SIM_TRACE_LOG:
    case SIM_TRACE_KINDS: break;
    }
}

static void say_flags(FILE *out, unsigned flags)
{
    static const struct {
        enum sim_trace_flag flag;
        const char *name;
    } names[] = {
        { SIM_TRACE_ERROR, "error" },
        { SIM_TRACE_CUT, "cut" },
        { SIM_TRACE_UNSEEN, "unseen" },
        { SIM_TRACE_NO_ANSWER, "no_answer" },
        { SIM_TRACE_BAD_FCS, "bad_fcs" },
    };

    for (size_t i = 0; i < nif_countof(names); i++) {
        if (flags & names[i].flag) {
            fprintf(out, ",\"%s\":true", names[i].name);
        }
    }
}

static void json_item(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    struct sim_json_writer *w =
        nif_container_of(sink, struct sim_json_writer, sink);
    char text[2048];

    if (item->kind == SIM_TRACE_BEGIN) {
        return;
    }
    if (item->kind == SIM_TRACE_HEAD) {
        fputs("{\"kind\":\"head\"", w->out);
        say_text(w->out, "key", item->where);
        say_text(w->out, "value", item->text);
        fputs("}\n", w->out);
        return;
    }
    fprintf(w->out, "{\"kind\":\"%s\",\"at_ns\":%" PRIu64,
        sim_trace_word(item->kind), item->at_ns);
    if (sim_trace_is_bus(item->kind)) {
        fprintf(w->out, ",\"len_ns\":%" PRIu64 ",\"index\":%" PRIu64,
            item->len_ns, item->index);
    }
    say_text(w->out, "where", item->where);
    say_fields(w->out, item);
    say_flags(w->out, item->flags);
    sim_export_say(w->survey, item, text, sizeof(text));
    say_text(w->out, "text", text);
    fputs("}\n", w->out);
}

void sim_json_writer_init(struct sim_json_writer *writer, FILE *out,
    struct sim_export_survey *survey)
{
    *writer = (struct sim_json_writer){
        .sink.item = json_item,
        .out = out,
        .survey = survey,
    };
}
