// SPDX-License-Identifier: MIT
//
// Items drawn as waveforms.

#include "sim/capture/export.h"

#include "nif/uart.h"
#include "sim/capture/uart.h"

#include <stdlib.h>
#include <string.h>

struct sim_waves_edge {
    struct sim_edge edge;
    uint64_t seq;
};

enum { CS, CLK, MOSI, MISO };
enum { TX, RX, LINK };
enum { MDC, MDIO };

// ---- edges in order

static bool before(const struct sim_waves_edge *a,
    const struct sim_waves_edge *b)
{
    return a->edge.at_ns < b->edge.at_ns ||
        (a->edge.at_ns == b->edge.at_ns && a->seq < b->seq);
}

static void swap(struct sim_waves_edge *a, struct sim_waves_edge *b)
{
    struct sim_waves_edge kept = *a;

    *a = *b;
    *b = kept;
}

static void put(struct sim_waves *w, uint64_t at_ns, unsigned channel,
    uint8_t level)
{
    size_t at = w->count++;

    if (w->count > w->cap) {
        w->cap = 2 * w->cap + 1024;
        w->heap = realloc(w->heap, w->cap * sizeof(*w->heap));
        NIF_ASSERT(w->heap != NULL);
    }
    w->heap[at] = (struct sim_waves_edge){
        .edge = { at_ns, (uint16_t)channel, level },
        .seq = w->seq++,
    };
    while (at > 0 && before(&w->heap[at], &w->heap[(at - 1) / 2])) {
        swap(&w->heap[at], &w->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static size_t lesser_child(const struct sim_waves *w, size_t at)
{
    size_t least = at;

    for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
        if (child < w->count && before(&w->heap[child], &w->heap[least])) {
            least = child;
        }
    }
    return least;
}

static void pass_until(struct sim_waves *w, uint64_t at_ns)
{
    while (w->count > 0 && w->heap[0].edge.at_ns < at_ns) {
        size_t at = 0;
        size_t least;

        w->next->ops->edge(w->next, &w->heap[0].edge);
        w->heap[0] = w->heap[--w->count];
        while ((least = lesser_child(w, at)) != at) {
            swap(&w->heap[at], &w->heap[least]);
            at = least;
        }
    }
}

// ---- SPI

// `part` of `whole` of a length, without overflow and without drift.
static uint64_t share(uint64_t len_ns, uint64_t part, uint64_t whole)
{
    return len_ns / whole * part + len_ns % whole * part / whole;
}

static uint8_t bit_of(const uint8_t *data, const uint8_t *known, size_t bit)
{
    size_t byte = bit / 8;

    if (!data || (known && !known[byte])) {
        return SIM_CAPTURE_UNKNOWN;
    }
    return data[byte] >> (7 - bit % 8) & 1;
}

static void draw_spi(struct sim_waves *w, const struct sim_export_place *place,
    const struct sim_trace_item *item)
{
    unsigned channel = place->channel;
    uint8_t cpol = place->bus.mode >> 1;
    bool cpha = place->bus.mode & 1;
    size_t bits = 8 * item->len - (item->bits ? 8 - item->bits : 0);
    uint64_t steps = 2 * (uint64_t)bits + 1;

    put(w, item->at_ns, channel + CS, 0);
    for (size_t i = 0; i < bits && !(item->flags & SIM_TRACE_UNSEEN); i++) {
        uint64_t lead = share(item->len_ns, 2 * i + 1, steps);
        uint64_t trail = share(item->len_ns, 2 * i + 2, steps);
        uint64_t launch =
            item->at_ns + (cpha ? lead : share(item->len_ns, 2 * i, steps));

        put(w, launch, channel + MOSI, bit_of(item->data, item->data_known, i));
        if (!place->bus.half_duplex) {
            put(w, launch, channel + MISO,
                bit_of(item->miso, item->miso_known, i));
        }
        put(w, item->at_ns + lead, channel + CLK, !cpol);
        put(w, item->at_ns + trail, channel + CLK, cpol);
    }
    put(w, sim_trace_end_ns(item), channel + CS, 1);
}

// ---- UART

struct word {
    uint64_t at_ns;
    uint64_t len_ns;
    uint16_t value;
    uint8_t errors;
};

static void draw_word(struct sim_waves *w, unsigned channel,
    const struct sim_uart_format *format, const struct word *word)
{
    unsigned steps =
        1u + format->bits + (format->parity != 'n') + format->stops;
    bool parity =
        (format->parity == 'o') != ((word->errors & NIF_UART_PARITY) != 0);
    unsigned step = 1;

    put(w, word->at_ns, channel, 0);
    for (unsigned bit = 0; bit < format->bits; bit++) {
        bool level = word->value >> bit & 1;

        parity = parity != level;
        put(w, word->at_ns + share(word->len_ns, step++, steps), channel,
            level);
    }
    if (format->parity != 'n') {
        put(w, word->at_ns + share(word->len_ns, step++, steps), channel,
            parity && !(word->errors & NIF_UART_BREAK));
    }
    if (word->errors & (NIF_UART_FRAMING | NIF_UART_BREAK)) {
        // Low in the middle of the stop bit, high before the next start.
        put(w, word->at_ns + share(word->len_ns, step, steps), channel, 0);
        put(w,
            word->at_ns +
                share(word->len_ns, 4 * (uint64_t)steps - 1,
                    4 * (uint64_t)steps),
            channel, 1);
    } else {
        put(w, word->at_ns + share(word->len_ns, step, steps), channel, 1);
    }
}

static void draw_uart(struct sim_waves *w, const struct sim_export_place *place,
    const struct sim_trace_item *item)
{
    struct sim_uart_format format = { .bits = 8, .parity = 'n', .stops = 1 };
    size_t width = item->bits == 9 ? 2 : 1;
    size_t words = item->len / width;

    if (!sim_uart_format_parse(place->bus.format, &format)) {
        format.bits = width == 2 ? 9 : 8;
    }
    for (size_t i = 0; i < words; i++) {
        uint64_t at = share(item->len_ns, i, words);
        struct word word = {
            .at_ns = item->at_ns + at,
            .len_ns = share(item->len_ns, i + 1, words) - at,
            .value =
                width == 2 ? nif_get_be16(item->data + 2 * i) : item->data[i],
            .errors = item->errors ? item->errors[i] : 0,
        };

        draw_word(w, place->channel + (unsigned)(item->rx ? RX : TX), &format,
            &word);
    }
}

// ---- MDIO

static uint32_t frame_of(const struct sim_trace_item *item)
{
    static const struct {
        uint8_t start;
        uint8_t op;
        bool reads;
    } ops[SIM_TRACE_MDIO_OPS] = {
        [SIM_TRACE_MDIO_READ] = { 1, 2, true },
        [SIM_TRACE_MDIO_WRITE] = { 1, 1, false },
        [SIM_TRACE_MDIO_C45_ADDRESS] = { 0, 0, false },
        [SIM_TRACE_MDIO_C45_WRITE] = { 0, 1, false },
        [SIM_TRACE_MDIO_C45_READ] = { 0, 3, true },
        [SIM_TRACE_MDIO_C45_READ_INC] = { 0, 2, true },
    };
    unsigned turn = 2;

    if (ops[item->op].reads) {
        turn = item->flags & SIM_TRACE_NO_ANSWER ? 3 : 0;
    }
    return (uint32_t)ops[item->op].start << 30 |
        (uint32_t)ops[item->op].op << 28 | (uint32_t)item->phy << 23 |
        (uint32_t)item->reg << 18 | (uint32_t)turn << 16 | item->value;
}

// A clock that rises at `at_ns` and has fallen `half_ns` before.
static void draw_mdc(struct sim_waves *w, unsigned channel, uint64_t at_ns,
    uint64_t half_ns, uint8_t data)
{
    put(w, at_ns - half_ns, channel + MDC, 0);
    put(w, at_ns - half_ns, channel + MDIO, data);
    put(w, at_ns, channel + MDC, 1);
}

// 32 ones in the time there is since the frame before, at most at its pace.
static void draw_preamble(struct sim_waves *w,
    const struct sim_export_place *place, const struct sim_trace_item *item)
{
    uint64_t period = item->len_ns / 31;
    uint64_t room = item->at_ns - place->end_ns;
    uint64_t len = 33 * period < room ? 33 * period : room;

    for (unsigned i = 0; i < 32 && len >= 99; i++) {
        draw_mdc(w, place->channel,
            item->at_ns - len + share(len, i + 1, 33) - 1, share(len, 1, 99),
            1);
    }
}

static void draw_mdio(struct sim_waves *w, struct sim_export_place *place,
    const struct sim_trace_item *item)
{
    uint32_t frame = frame_of(item);
    uint64_t half = item->len_ns / 62;

    if (item->at_ns < place->end_ns + half) {
        return; // no room for it
    }
    draw_preamble(w, place, item);
    for (unsigned i = 0; i < 32; i++) {
        uint64_t back = i == 0 ? half / 2 : half;

        draw_mdc(w, place->channel, item->at_ns + share(item->len_ns, i, 31),
            back, frame >> (31 - i) & 1);
    }
    put(w, sim_trace_end_ns(item) + half, place->channel + MDC, 0);
    put(w, sim_trace_end_ns(item) + half, place->channel + MDIO, 1);
    place->end_ns = sim_trace_end_ns(item) + half;
}

// ---- wires

// How long a frame was on the wire is not known: drawn as at 10 Mbit/s.
static void draw_eth(struct sim_waves *w, const struct sim_export_place *place,
    const struct sim_trace_item *item)
{
    uint64_t len = 800u * (uint64_t)(item->len + 4 + 8);
    unsigned channel = place->channel + (unsigned)(item->rx ? RX : TX);

    put(w, item->at_ns > len ? item->at_ns - len : 0, channel, 1);
    put(w, item->at_ns, channel, 0);
}

static void waves_item(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    struct sim_waves *w = nif_container_of(sink, struct sim_waves, sink);
    struct sim_export_place *place;
    uint64_t slack = w->survey->longest_ns;

    if (item->kind == SIM_TRACE_BEGIN || item->kind == SIM_TRACE_HEAD) {
        return;
    }
    pass_until(w, item->at_ns > slack ? item->at_ns - slack : 0);
    place = sim_export_find(w->survey, item->kind, item->where);
    if (!place) {
        return;
    }
    switch (item->kind) {
    case SIM_TRACE_SPI: draw_spi(w, place, item); break;
    case SIM_TRACE_UART: draw_uart(w, place, item); break;
    case SIM_TRACE_MDIO: draw_mdio(w, place, item); break;
    case SIM_TRACE_PIN:
        put(w, item->at_ns, place->channel,
            item->level == '1'       ? SIM_CAPTURE_HIGH
                : item->level == '0' ? SIM_CAPTURE_LOW
                                     : SIM_CAPTURE_UNKNOWN);
        break;
    case SIM_TRACE_ETH: draw_eth(w, place, item); break;
    case SIM_TRACE_LINK:
        put(w, item->at_ns, place->channel + LINK, item->level == '1');
        break;
    case SIM_TRACE_FAULT:
    case SIM_TRACE_COMPLAINT:
    case SIM_TRACE_LOG:
    case SIM_TRACE_BEGIN:
    case SIM_TRACE_HEAD:
    case SIM_TRACE_KINDS: break;
    }
}

// ---- channels

static void add(struct sim_waves *w, struct sim_capture *what, const char *name,
    const char *line, uint8_t idle)
{
    unsigned channel = what->channels;

    if (channel < SIM_CAPTURE_CHANNELS) {
        snprintf(what->name[channel], SIM_TRACE_NAME, "%.50s%s%s", name,
            line[0] != '\0' ? "." : "", line);
        what->channels++;
        put(w, 0, channel, idle);
    }
}

static void add_place(struct sim_waves *w, struct sim_capture *what,
    struct sim_export_place *place)
{
    const char *name = place->bus.name;
    enum sim_trace_kind kind = place->bus.kind;

    place->channel = (uint16_t)what->channels;
    place->end_ns = 0;
    if (kind == SIM_TRACE_SPI) {
        add(w, what, name, "cs", SIM_CAPTURE_HIGH);
        add(w, what, name, "clk", place->bus.mode >> 1);
        add(w, what, name, place->bus.half_duplex ? "data" : "mosi",
            SIM_CAPTURE_LOW);
        if (!place->bus.half_duplex) {
            add(w, what, name, "miso", SIM_CAPTURE_LOW);
        }
    } else if (kind == SIM_TRACE_UART) {
        add(w, what, name, "tx", SIM_CAPTURE_HIGH);
        add(w, what, name, "rx", SIM_CAPTURE_HIGH);
    } else if (kind == SIM_TRACE_MDIO) {
        add(w, what, name, "mdc", SIM_CAPTURE_LOW);
        add(w, what, name, "mdio", SIM_CAPTURE_HIGH);
    } else if (kind == SIM_TRACE_ETH) {
        add(w, what, name, "frame-out", SIM_CAPTURE_LOW);
        add(w, what, name, "frame-in", SIM_CAPTURE_LOW);
        add(w, what, name, "link", SIM_CAPTURE_UNKNOWN);
    } else {
        add(w, what, name, "", SIM_CAPTURE_UNKNOWN);
    }
}

bool sim_waves_init(struct sim_waves *waves, struct sim_export_survey *survey,
    struct sim_edge_sink *next)
{
    struct sim_capture *what = calloc(1, sizeof(*what));
    bool good;

    NIF_ASSERT(what != NULL);
    *waves = (struct sim_waves){
        .sink.item = waves_item,
        .next = next,
        .survey = survey,
    };
    for (unsigned i = 0; i < survey->places; i++) {
        add_place(waves, what, &survey->place[i]);
    }
    what->resolution_ns = 1;
    good = next->ops->begin(next, what);
    free(what);
    return good;
}

void sim_waves_done(struct sim_waves *waves)
{
    uint64_t end_ns = waves->survey->end_ns;
    uint64_t tail_ns = waves->survey->longest_ns / 16 + 1000;

    pass_until(waves, UINT64_MAX);
    // A little more, so that the last change can be seen.
    waves->next->ops->end(waves->next, end_ns + tail_ns);
    free(waves->heap);
    waves->heap = NULL;
}
