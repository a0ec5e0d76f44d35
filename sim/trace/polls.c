// SPDX-License-Identifier: MIT
//
// Finds poll loops.

#include "sim/trace/polls.h"

#include <stdlib.h>
#include <string.h>

// What is longer than a command and a register is data, not a question.
#define SHORT 8

static bool is_mdio_read(const struct sim_trace_item *item)
{
    return item->kind == SIM_TRACE_MDIO && item->op != SIM_TRACE_MDIO_WRITE &&
        item->op != SIM_TRACE_MDIO_C45_ADDRESS &&
        item->op != SIM_TRACE_MDIO_C45_WRITE;
}

static bool same_mosi(const struct sim_trace_item *a,
    const struct sim_trace_item *b)
{
    if (a->len != b->len || a->bits != b->bits) {
        return false;
    }
    for (size_t i = 0; i < a->len; i++) {
        bool known = (!a->data_known || a->data_known[i]) &&
            (!b->data_known || b->data_known[i]);

        if (known && a->data[i] != b->data[i]) {
            return false;
        }
    }
    return true;
}

bool sim_trace_same_request(const struct sim_trace_item *a,
    const struct sim_trace_item *b)
{
    if (a->kind != b->kind ||
        ((a->flags ^ b->flags) & (SIM_TRACE_ERROR | SIM_TRACE_UNSEEN))) {
        return false;
    }
    if (a->kind == SIM_TRACE_SPI) {
        return same_mosi(a, b);
    }
    return a->kind == SIM_TRACE_MDIO && a->op == b->op && a->phy == b->phy &&
        a->reg == b->reg && (is_mdio_read(a) || a->value == b->value);
}

uint8_t sim_trace_answer_mask(const struct sim_trace_item *item, size_t at)
{
    if (item->kind == SIM_TRACE_MDIO) {
        return is_mdio_read(item) && at < 2 ? 0xFF : 0;
    }
    if (!item->miso || at >= item->len ||
        (item->miso_known && !item->miso_known[at])) {
        return 0;
    }
    return item->mask ? item->mask[at] : 0xFF;
}

static uint8_t answer_byte(const struct sim_trace_item *item, size_t at)
{
    if (item->kind == SIM_TRACE_MDIO) {
        return (uint8_t)(at == 0 ? item->value >> 8 : item->value);
    }
    return item->miso[at];
}

size_t sim_trace_answer_diff(const struct sim_trace_item *a,
    const struct sim_trace_item *b, size_t *at)
{
    size_t len = a->kind == SIM_TRACE_MDIO ? 2 : a->len;
    size_t count = 0;

    for (size_t i = 0; i < len; i++) {
        uint8_t mask =
            sim_trace_answer_mask(a, i) & sim_trace_answer_mask(b, i);

        if (mask && ((answer_byte(a, i) ^ answer_byte(b, i)) & mask)) {
            *at = count++ == 0 ? i : *at;
        }
    }
    return count;
}

static bool is_short(const struct sim_trace_item *item)
{
    return item->len <= SHORT && !(item->flags & SIM_TRACE_ERROR);
}

static bool is_read(const struct sim_trace_item *item)
{
    for (size_t i = 0; i < SHORT; i++) {
        if (sim_trace_answer_mask(item, i) != 0) {
            return true;
        }
    }
    return false;
}

static bool same_short(const struct sim_trace_item *a,
    const struct sim_trace_item *b)
{
    return is_short(a) && sim_trace_same_request(a, b);
}

// True if the turn itself is made of smaller equal turns.
static bool is_compound(const struct sim_trace_item *const *turn, size_t len)
{
    for (size_t part = 1; part < len; part++) {
        size_t at = 0;

        while (len % part == 0 && at + part < len &&
            sim_trace_same_request(turn[at], turn[at + part])) {
            at++;
        }
        if (at + part == len) {
            return true;
        }
    }
    return false;
}

// Only the last of the `len` repeated events may have another answer, and no
// more of it than a status.
static bool has_one_answer(const struct sim_trace_item *const *run, size_t len,
    size_t turn)
{
    size_t differs_at = 0;
    bool reads = false;
    bool differs = false;
    size_t at;

    for (size_t i = 0; i + turn < len; i++) {
        size_t count = sim_trace_answer_diff(run[i], run[i + turn], &at);

        if (count > 1 || (differs && i >= differs_at + turn && count > 0)) {
            return false;
        }
        if (count == 1 && !differs) {
            differs = true;
            differs_at = i;
        }
        reads = reads || is_read(run[i]);
    }
    // Behind the turn that differs there is none that is whole.
    return reads && (!differs || differs_at + 3 * turn > len);
}

bool sim_poll_at(const struct sim_trace_item *const *seq, size_t count,
    size_t first, size_t turn, struct sim_poll *poll)
{
    size_t end = first + turn;

    while (end < count && same_short(seq[end - turn], seq[end])) {
        end++;
    }
    *poll = (struct sim_poll){ first, end, turn };
    return end >= first + 2 * turn && !is_compound(seq + first, turn) &&
        has_one_answer(seq + first, end - first, turn);
}

static struct sim_poll *add(struct sim_poll *list, size_t count,
    const struct sim_poll *poll)
{
    if ((count & (count - 1)) == 0) {
        list = realloc(list, (count ? 2 * count : 1) * sizeof(*list));
        NIF_ASSERT(list != NULL);
    }
    list[count] = *poll;
    return list;
}

struct sim_poll *sim_polls_find(const struct sim_trace_item *const *seq,
    size_t count, size_t *polls)
{
    struct sim_poll *list = NULL;
    struct sim_poll poll;

    *polls = 0;
    for (size_t turn = 1; turn <= SIM_POLL_TURN; turn++) {
        size_t at = 0;

        while (at + turn < count) {
            if (sim_poll_at(seq, count, at, turn, &poll)) {
                list = add(list, (*polls)++, &poll);
            }
            at = poll.end - turn + 1;
        }
    }
    return list;
}

void sim_polls_collapse(const struct sim_trace_item **seq, size_t *count)
{
    struct sim_poll poll;

    for (size_t turn = 1; turn <= SIM_POLL_TURN; turn++) {
        size_t to = 0;
        size_t at = 0;
        size_t stop;

        while (at < *count) {
            if (sim_poll_at(seq, *count, at, turn, &poll)) {
                at = poll.end - turn - (poll.end - poll.first) % turn;
                stop = poll.end;
            } else {
                // What repeats but is no loop stays whole.
                stop =
                    poll.end - turn + 1 < *count ? poll.end - turn + 1 : *count;
            }
            while (at < stop) {
                seq[to++] = seq[at++];
            }
        }
        *count = to;
    }
}
