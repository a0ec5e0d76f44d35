// SPDX-License-Identifier: MIT
//
// Packets: pcapng (draft-ietf-opsawg-pcapng), blocks in little-endian, and
// classic pcap with nanoseconds.
//
// A wire is an Ethernet interface. A bus is one of link type
// WIRESHARK_UPPER_PDU: tags that name the dissector, "data", and what is to
// stand in the column of protocols; then its bytes.

#include "sim/capture/export.h"

#include <stdlib.h>
#include <string.h>

enum { LINK_ETHERNET = 1, LINK_UPPER_PDU = 252 };
enum { BLOCK_INTERFACE = 1, BLOCK_PACKET = 6, BLOCK_SECTION = 0x0A0D0D0A };
enum {
    OPT_END = 0,
    OPT_COMMENT = 1,
    OPT_NAME = 2,
    OPT_DESCRIPTION = 3,
    OPT_FLAGS = 2,
    OPT_TSRESOL = 9,
    OPT_HARDWARE = 2,
    OPT_PROGRAM = 4
};
enum { TAG_END = 0, TAG_DISSECTOR = 12, TAG_PROTOCOL = 33 };

// ---- bytes

struct block {
    uint8_t *data;
    size_t len;
    size_t cap;
};

static void put(struct block *b, const void *data, size_t len)
{
    if (b->len + len > b->cap) {
        b->cap = 2 * b->cap + len + 256;
        b->data = realloc(b->data, b->cap);
        NIF_ASSERT(b->data != NULL);
    }
    if (len > 0) {
        memcpy(b->data + b->len, data, len);
    }
    b->len += len;
}

static void put_le16(struct block *b, uint32_t value)
{
    const uint8_t bytes[2] = { (uint8_t)value, (uint8_t)(value >> 8) };

    put(b, bytes, sizeof(bytes));
}

static void put_le32(struct block *b, uint32_t value)
{
    put_le16(b, value & 0xFFFF);
    put_le16(b, value >> 16);
}

static void pad(struct block *b)
{
    static const uint8_t zeros[4] = { 0 };

    put(b, zeros, (4 - b->len % 4) % 4);
}

static void put_option(struct block *b, unsigned code, const void *data,
    size_t len)
{
    if (len > 0) {
        put_le16(b, code);
        put_le16(b, (uint32_t)len);
        put(b, data, len);
        pad(b);
    }
}

static void put_text(struct block *b, unsigned code, const char *text)
{
    put_option(b, code, text, strlen(text));
}

static void begin_block(struct block *b, uint32_t type)
{
    b->len = 0;
    put_le32(b, type);
    put_le32(b, 0);
}

// Writes it, with its length at both ends.
static void end_block(struct block *b, FILE *out)
{
    uint32_t len = (uint32_t)b->len + 4;

    put_le32(b, len);
    b->data[4] = (uint8_t)len;
    b->data[5] = (uint8_t)(len >> 8);
    b->data[6] = (uint8_t)(len >> 16);
    b->data[7] = (uint8_t)(len >> 24);
    fwrite(b->data, 1, b->len, out);
    free(b->data);
    *b = (struct block){ 0 };
}

// ---- interfaces

static void write_interface(FILE *out, unsigned link, const char *name,
    const char *description)
{
    static const uint8_t nanoseconds = 9;
    struct block b = { 0 };

    begin_block(&b, BLOCK_INTERFACE);
    put_le16(&b, link);
    put_le16(&b, 0);
    put_le32(&b, 0); // packets are whole
    put_text(&b, OPT_NAME, name);
    put_text(&b, OPT_DESCRIPTION, description);
    put_option(&b, OPT_TSRESOL, &nanoseconds, 1);
    put_le32(&b, OPT_END);
    end_block(&b, out);
}

static void write_head(struct sim_pcapng_writer *w)
{
    struct block b = { 0 };

    begin_block(&b, BLOCK_SECTION);
    put_le32(&b, 0x1A2B3C4D);
    put_le32(&b, 1);          // version 1.0
    put_le32(&b, 0xFFFFFFFF); // of a length that nobody knows
    put_le32(&b, 0xFFFFFFFF);
    put_text(&b, OPT_PROGRAM, "netif");
    put_le32(&b, OPT_END);
    end_block(&b, w->out);
    for (unsigned i = 0; i < w->survey->places; i++) {
        const struct sim_trace_bus *bus = &w->survey->place[i].bus;
        char text[512];

        snprintf(text, sizeof(text), "wire of %s", bus->name);
        write_interface(w->out,
            bus->kind == SIM_TRACE_ETH ? LINK_ETHERNET : LINK_UPPER_PDU,
            bus->name,
            sim_trace_is_bus(bus->kind)
                ? sim_trace_bus_format(bus, text, sizeof(text))
                : text);
    }
    write_interface(w->out, LINK_UPPER_PDU, "events",
        "faults, complaints, logs");
}

// ---- packets

static void put_tag(struct block *b, unsigned tag, const char *text)
{
    size_t len = strlen(text) + 1;
    size_t room = (len + 3) & ~(size_t)3;
    const uint8_t head[4] = { 0, (uint8_t)tag, (uint8_t)(room >> 8),
        (uint8_t)room };
    static const uint8_t zeros[4] = { 0 };

    put(b, head, sizeof(head));
    put(b, text, len);
    put(b, zeros, (4 - len % 4) % 4);
}

// The tags, and what passed: MOSI and then MISO, words of a serial line, of
// MDIO PHY, register and value, of anything else its text.
static void put_pdu(struct block *b, const struct sim_trace_item *item,
    const char *text)
{
    static const uint8_t end[4] = { 0 };
    char upper[SIM_TRACE_NAME];
    size_t len;

    snprintf(upper, sizeof(upper), "%s", sim_trace_word(item->kind));
    for (char *c = upper; *c != '\0'; c++) {
        *c = (char)(*c & ~0x20);
    }
    put_tag(b, TAG_DISSECTOR, "data");
    put_tag(b, TAG_PROTOCOL, upper);
    put(b, end, sizeof(end));
    len = b->len;
    if (item->kind == SIM_TRACE_MDIO) {
        const uint8_t frame[4] = { item->phy, item->reg,
            (uint8_t)(item->value >> 8), (uint8_t)item->value };

        put(b, frame, sizeof(frame));
    } else if (item->data) {
        put(b, item->data, item->len);
    }
    if (item->miso) {
        put(b, item->miso, item->len);
    }
    if (b->len == len) {
        put(b, text, strlen(text));
    }
}

static unsigned interface_of(const struct sim_pcapng_writer *w,
    const struct sim_trace_item *item)
{
    const struct sim_export_place *place =
        sim_export_find(w->survey, item->kind, item->where);

    return place ? (unsigned)(place - w->survey->place) : w->survey->places;
}

static void write_packet(struct sim_pcapng_writer *w, unsigned interface,
    const struct sim_trace_item *item, const char *text)
{
    struct block data = { 0 };
    struct block b = { 0 };
    const uint8_t flags[4] = { item->rx ? 1 : 2, 0, 0, 0 };

    if (item->kind == SIM_TRACE_ETH) {
        put(&data, item->data, item->len);
    } else {
        put_pdu(&data, item, text);
    }
    begin_block(&b, BLOCK_PACKET);
    put_le32(&b, interface);
    put_le32(&b, (uint32_t)(item->at_ns >> 32));
    put_le32(&b, (uint32_t)item->at_ns);
    put_le32(&b, (uint32_t)data.len);
    put_le32(&b, (uint32_t)data.len);
    put(&b, data.data, data.len);
    pad(&b);
    put_text(&b, OPT_COMMENT, text);
    if (item->kind == SIM_TRACE_ETH || item->kind == SIM_TRACE_UART) {
        put_option(&b, OPT_FLAGS, flags, sizeof(flags));
    }
    put_le32(&b, OPT_END);
    end_block(&b, w->out);
    free(data.data);
}

static void pcapng_item(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    struct sim_pcapng_writer *w =
        nif_container_of(sink, struct sim_pcapng_writer, sink);
    char said[2048];
    char text[2200];

    if (item->kind == SIM_TRACE_BEGIN || item->kind == SIM_TRACE_HEAD) {
        return;
    }
    sim_export_say(w->survey, item, said, sizeof(said));
    if (item->kind == SIM_TRACE_ETH && item->len > 0) {
        write_packet(w, interface_of(w, item), item, "");
        return;
    }
    snprintf(text, sizeof(text), "%s: %s", item->where, said);
    // A link's changes are told among the events: its wire has frames only.
    write_packet(w,
        item->kind == SIM_TRACE_LINK || item->kind == SIM_TRACE_ETH
            ? w->survey->places
            : interface_of(w, item),
        item, text);
}

void sim_pcapng_writer_init(struct sim_pcapng_writer *writer, FILE *out,
    struct sim_export_survey *survey)
{
    *writer = (struct sim_pcapng_writer){
        .sink.item = pcapng_item,
        .out = out,
        .survey = survey,
    };
    write_head(writer);
}

// ---- classic pcap

static void pcap_item(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    struct sim_pcap_writer *w =
        nif_container_of(sink, struct sim_pcap_writer, sink);
    struct block b = { 0 };

    if (item->kind != SIM_TRACE_ETH ||
        (w->port && strcmp(w->port, item->where) != 0)) {
        return;
    }
    put_le32(&b, (uint32_t)(item->at_ns / 1000000000u));
    put_le32(&b, (uint32_t)(item->at_ns % 1000000000u));
    put_le32(&b, (uint32_t)item->len);
    put_le32(&b, (uint32_t)item->len);
    put(&b, item->data, item->len);
    fwrite(b.data, 1, b.len, w->out);
    free(b.data);
    w->frames++;
}

void sim_pcap_writer_init(struct sim_pcap_writer *writer, FILE *out,
    const char *port)
{
    struct block b = { 0 };

    *writer = (struct sim_pcap_writer){
        .sink.item = pcap_item,
        .out = out,
        .port = port,
    };
    put_le32(&b, 0xA1B23C4D); // nanoseconds
    put_le16(&b, 2);
    put_le16(&b, 4);
    put_le32(&b, 0);
    put_le32(&b, 0);
    put_le32(&b, 262144);
    put_le32(&b, LINK_ETHERNET);
    fwrite(b.data, 1, b.len, out);
    free(b.data);
}
