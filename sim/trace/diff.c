// SPDX-License-Identifier: MIT
//
// Compares two recordings.

#include "sim/trace/diff.h"

#include "sim/trace/polls.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// A place where both go on alike is looked for so far, and must be so long.
#define REJOIN_FAR   64
#define REJOIN_ALIKE 3

// Room for "spi enc28j60".
#define WHERE ((size_t)2 * SIM_TRACE_NAME)

// One event, or one word of a serial line.
struct step {
    const struct sim_trace_item *item;
    size_t word;
};

// A bus, a pin, a port: what is compared by itself. A UART is two of them.
struct channel {
    enum sim_trace_kind kind;
    const char *name;
    bool rx;
    char chip[SIM_TRACE_NAME];
    struct step *step;
    size_t count;
    size_t turns;
    bool paired;
};

struct side {
    const struct sim_recording *rec;
    struct channel *channel;
    size_t channels;
    uint64_t zero_ns;
};

struct work {
    const struct sim_diff_cfg *cfg;
    struct side side[2];
    struct sim_diff *diff;
    uint64_t first_ns; // of the earliest difference so far
};

// ---- channels

static bool is_told_apart(const struct sim_trace_item *item)
{
    return item->kind == SIM_TRACE_UART || item->kind == SIM_TRACE_ETH;
}

static struct channel *channel_of(struct side *side,
    const struct sim_trace_item *item)
{
    const struct sim_trace_bus *bus = sim_recording_bus(side->rec, item->where);
    bool rx = is_told_apart(item) && item->rx;
    struct channel *c;

    for (size_t i = 0; i < side->channels; i++) {
        c = &side->channel[i];
        if (c->kind == item->kind && c->rx == rx &&
            strcmp(c->name, item->where) == 0) {
            return c;
        }
    }
    c = realloc(side->channel, (side->channels + 1) * sizeof(*c));
    NIF_ASSERT(c != NULL);
    side->channel = c;
    c += side->channels++;
    *c = (struct channel){ .kind = item->kind, .name = item->where, .rx = rx };
    snprintf(c->chip, sizeof(c->chip), "%s",
        bus && bus->chip[0] ? bus->chip : item->where);
    return c;
}

static void add_step(struct channel *c, const struct sim_trace_item *item,
    size_t word)
{
    if ((c->count & (c->count - 1)) == 0) {
        c->step =
            realloc(c->step, (c->count ? 2 * c->count : 1) * sizeof(*c->step));
        NIF_ASSERT(c->step != NULL);
    }
    c->step[c->count++] = (struct step){ item, word };
}

static void collapse(struct channel *c)
{
    const struct sim_trace_item **seq = calloc(c->count, sizeof(void *));
    size_t count = c->count;

    NIF_ASSERT(seq != NULL);
    for (size_t i = 0; i < count; i++) {
        seq[i] = c->step[i].item;
    }
    sim_polls_collapse(seq, &count);
    for (size_t i = 0; i < count; i++) {
        c->step[i].item = seq[i];
    }
    c->turns = c->count - count;
    c->count = count;
    free(seq);
}

static void open_side(struct side *side, const struct sim_recording *rec,
    bool exact)
{
    side->rec = rec;
    side->zero_ns = rec->count > 0 ? rec->event[0].item.at_ns : 0;
    for (size_t i = 0; i < rec->count; i++) {
        const struct sim_trace_item *item = &rec->event[i].item;
        struct channel *c = channel_of(side, item);
        size_t words = 1;

        if (item->kind == SIM_TRACE_UART) {
            words = item->bits == 9 ? item->len / 2 : item->len;
        }
        for (size_t word = 0; word < words; word++) {
            add_step(c, item, word);
        }
    }
    for (size_t i = 0; i < side->channels; i++) {
        struct channel *c = &side->channel[i];

        if (!exact && (c->kind == SIM_TRACE_SPI || c->kind == SIM_TRACE_MDIO)) {
            collapse(c);
        }
    }
}

static void close_side(struct side *side)
{
    for (size_t i = 0; i < side->channels; i++) {
        free(side->channel[i].step);
    }
    free(side->channel);
}

// The one of the other side: of the same name, else the only one of its kind.
static struct channel *find_pair(struct side *other, const struct channel *c)
{
    struct channel *only = NULL;
    unsigned count = 0;

    for (size_t i = 0; i < other->channels; i++) {
        struct channel *o = &other->channel[i];

        if (o->kind != c->kind || o->rx != c->rx || o->paired) {
            continue;
        }
        if (strcmp(o->name, c->name) == 0) {
            return o;
        }
        only = o;
        count++;
    }
    return count == 1 && sim_trace_is_bus(c->kind) ? only : NULL;
}

// ---- steps

static unsigned word_of(const struct step *s)
{
    const struct sim_trace_item *item = s->item;

    return item->bits == 9 ? nif_get_be16(item->data + 2 * s->word)
                           : item->data[s->word];
}

static uint8_t errors_of(const struct step *s)
{
    return s->item->errors ? s->item->errors[s->word] : 0;
}

static bool same_flags(const struct sim_trace_item *a,
    const struct sim_trace_item *b)
{
    return ((a->flags ^ b->flags) & ~(unsigned)SIM_TRACE_CUT) == 0;
}

static bool same_text(const struct sim_trace_item *a,
    const struct sim_trace_item *b)
{
    return strcmp(a->text ? a->text : "", b->text ? b->text : "") == 0;
}

static bool same_step(const struct step *x, const struct step *y)
{
    const struct sim_trace_item *a = x->item;
    const struct sim_trace_item *b = y->item;
    size_t at;

    switch (a->kind) {
    case SIM_TRACE_SPI:
    case SIM_TRACE_MDIO:
        return same_flags(a, b) && sim_trace_same_request(a, b) &&
            sim_trace_answer_diff(a, b, &at) == 0;
    case SIM_TRACE_UART:
        return word_of(x) == word_of(y) && errors_of(x) == errors_of(y);
    case SIM_TRACE_PIN:
    case SIM_TRACE_LINK: return a->level == b->level;
    case SIM_TRACE_ETH:
        return same_flags(a, b) && a->len == b->len &&
            (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
    case SIM_TRACE_FAULT:
    case SIM_TRACE_COMPLAINT: return same_text(a, b);
    case SIM_TRACE_LOG:
    case SIM_TRACE_BEGIN:
    case SIM_TRACE_HEAD:
    case SIM_TRACE_KINDS: break;
    }
    return true;
}

static uint64_t begin_ns(const struct step *s)
{
    const struct sim_trace_item *item = s->item;
    size_t words = item->bits == 9 ? item->len / 2 : item->len;

    return item->kind == SIM_TRACE_UART
        ? item->at_ns + item->len_ns * s->word / words
        : item->at_ns;
}

static uint64_t deviation(const struct work *w, const struct step *a,
    const struct step *b)
{
    uint64_t x = begin_ns(a) - w->side[0].zero_ns;
    uint64_t y = begin_ns(b) - w->side[1].zero_ns;

    return x > y ? x - y : y - x;
}

// ---- what to say of a difference

static void say_where(const struct channel *c, char text[WHERE])
{
    const char *way = "";

    if (c->kind == SIM_TRACE_UART || c->kind == SIM_TRACE_ETH) {
        way = c->rx ? " rx" : " tx";
    }
    snprintf(text, WHERE, "%s %s%s", sim_trace_word(c->kind), c->name, way);
}

static void say_event(const struct step *s, struct sim_words *words,
    struct sim_diff_event *event)
{
    event->there = true;
    event->index = s->item->index;
    event->at_ns = begin_ns(s);
    event->line = ((const struct sim_recorded *)s->item)->line;
    sim_words_say(words, s->item, event->text);
}

static void say_what(const struct step *x, const struct step *y,
    char text[SIM_WORDS])
{
    const struct sim_trace_item *a = x->item;
    const struct sim_trace_item *b = y->item;
    size_t at = 0;

    text[0] = '\0';
    if (a->kind == SIM_TRACE_UART) {
        snprintf(text, SIM_WORDS, "word %02x, %02x", word_of(x), word_of(y));
        return;
    }
    if (a->kind == SIM_TRACE_MDIO && sim_trace_same_request(a, b)) {
        snprintf(text, SIM_WORDS, "value %04X, %04X", a->value, b->value);
        return;
    }
    if (a->kind != SIM_TRACE_SPI) {
        return;
    }
    if (sim_trace_same_request(a, b)) {
        if (sim_trace_answer_diff(a, b, &at) > 0) {
            snprintf(text, SIM_WORDS, "MISO byte %zu: %02x, %02x", at,
                a->miso[at], b->miso[at]);
        }
    } else if (a->len != b->len) {
        snprintf(text, SIM_WORDS, "%zu bytes, %zu", a->len, b->len);
    } else {
        while (at + 1 < a->len && a->data[at] == b->data[at]) {
            at++;
        }
        if (at < a->len) {
            snprintf(text, SIM_WORDS, "MOSI byte %zu: %02x, %02x", at,
                a->data[at], b->data[at]);
        }
    }
}

// The events around place `at` of a channel, as one side has them.
static void say_side(const struct channel *c, size_t at,
    struct sim_diff_event *before, struct sim_diff_side *side)
{
    struct sim_words *words = sim_words_new(c->chip);
    size_t end =
        at + 1 + SIM_DIFF_AFTER < c->count ? at + 1 + SIM_DIFF_AFTER : c->count;
    struct sim_diff_event event;
    const struct sim_trace_item *last = NULL;

    memset(&side->at, 0, sizeof(side->at));
    memset(side->after, 0, sizeof(side->after));
    for (size_t i = 0; i < end; i++) {
        // Words of one line are told as that line.
        if (c->step[i].item == last && i != at) {
            continue;
        }
        last = c->step[i].item;
        event = (struct sim_diff_event){ 0 };
        say_event(&c->step[i], words, &event);
        if (i == at) {
            side->at = event;
        } else if (i > at) {
            side->after[i - at - 1] = event;
        } else if (before) {
            memmove(before, before + 1,
                (SIM_DIFF_BEFORE - 1) * sizeof(*before));
            before[SIM_DIFF_BEFORE - 1] = event;
        }
    }
    sim_words_free(words);
}

// The nearest places behind the difference from which both are alike.
static void find_rejoin(const struct channel *a, const struct channel *b,
    size_t at, size_t skip[2])
{
    skip[0] = skip[1] = SIZE_MAX;
    for (size_t sum = 1; sum <= REJOIN_FAR; sum++) {
        for (size_t x = 0; x <= sum; x++) {
            size_t y = sum - x;
            size_t alike = 0;

            while (alike < REJOIN_ALIKE && at + x + alike < a->count &&
                at + y + alike < b->count &&
                same_step(&a->step[at + x + alike], &b->step[at + y + alike])) {
                alike++;
            }
            if (alike == REJOIN_ALIKE) {
                skip[0] = x;
                skip[1] = y;
                return;
            }
        }
    }
}

// A difference at `at`: kept if it is the earliest.
static void differ(struct work *w, const struct channel *a,
    const struct channel *b, size_t at, const char *what)
{
    struct sim_diff *diff = w->diff;
    const struct channel *c = at < a->count ? a : b;
    uint64_t at_ns = begin_ns(&c->step[at]) - w->side[c == b].zero_ns;

    if (diff->differs && at_ns >= w->first_ns) {
        return;
    }
    w->first_ns = at_ns;
    diff->differs = true;
    say_where(c, diff->where);
    memset(diff->before, 0, sizeof(diff->before));
    say_side(a, at, diff->before, &diff->side[0]);
    say_side(b, at, NULL, &diff->side[1]);
    diff->skip[0] = diff->skip[1] = SIZE_MAX;
    snprintf(diff->what, sizeof(diff->what), "%s", what ? what : "");
    if (!what && at < a->count && at < b->count) {
        say_what(&a->step[at], &b->step[at], diff->what);
    }
    if (!what && sim_trace_is_bus(c->kind)) {
        find_rejoin(a, b, at, diff->skip);
    }
}

// ---- comparing

static void compare_times(struct work *w, const struct channel *a,
    const struct channel *b, size_t at, bool *told)
{
    uint64_t off_ns = deviation(w, &a->step[at], &b->step[at]);
    struct sim_diff *diff = w->diff;
    char what[SIM_WORDS];

    if (off_ns > diff->deviation_ns) {
        diff->deviation_ns = off_ns;
        diff->deviation_index = a->step[at].item->index;
        say_where(a, diff->deviation_where);
    }
    if (w->cfg->times && off_ns > w->cfg->tolerance_ns && !*told) {
        snprintf(what, sizeof(what), "time, by %" PRIu64 " ns", off_ns);
        differ(w, a, b, at, what);
        *told = true;
    }
}

static void compare(struct work *w, const struct channel *a,
    const struct channel *b)
{
    bool told = false;
    size_t at = 0;

    while (at < a->count && at < b->count &&
        same_step(&a->step[at], &b->step[at])) {
        compare_times(w, a, b, at, &told);
        w->diff->events++;
        at++;
    }
    if (at < a->count || at < b->count) {
        differ(w, a, b, at, NULL);
    }
    w->diff->side[0].turns += a->turns;
    w->diff->side[1].turns += b->turns;
}

// A bus that one side has not is a difference, a pin may not have been probed.
static void compare_alone(struct work *w, const struct channel *c, bool second)
{
    static const struct channel none;
    char where[WHERE];

    if (c->count == 0 || c->kind == SIM_TRACE_LOG) {
        return;
    }
    if (sim_trace_is_bus(c->kind) || c->kind == SIM_TRACE_COMPLAINT) {
        compare(w, second ? &none : c, second ? c : &none);
        return;
    }
    say_where(c, where);
    snprintf(w->diff->alone, sizeof(w->diff->alone), "%s only in the %s", where,
        second ? "second" : "first");
}

void sim_diff(const struct sim_recording *a, const struct sim_recording *b,
    const struct sim_diff_cfg *cfg, struct sim_diff *diff)
{
    static const struct sim_diff_cfg none;
    struct work w = { .cfg = cfg ? cfg : &none, .diff = diff };

    *diff = (struct sim_diff){ .skip = { SIZE_MAX, SIZE_MAX } };
    open_side(&w.side[0], a, w.cfg->exact);
    open_side(&w.side[1], b, w.cfg->exact);
    for (size_t i = 0; i < w.side[0].channels; i++) {
        struct channel *c = &w.side[0].channel[i];
        struct channel *other = find_pair(&w.side[1], c);

        if (other) {
            other->paired = true;
            compare(&w, c, other);
        } else {
            compare_alone(&w, c, false);
        }
    }
    for (size_t i = 0; i < w.side[1].channels; i++) {
        if (!w.side[1].channel[i].paired) {
            compare_alone(&w, &w.side[1].channel[i], true);
        }
    }
    close_side(&w.side[0]);
    close_side(&w.side[1]);
}
