// SPDX-License-Identifier: MIT
//
// Reads captures and stimuli. Both are text from outside: everything is
// checked, and a mistake is reported with its line.

#include "sim/trace/csv.h"

#include "sim/net/cable.h"
#include "sim/trace/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS "idx,cs_fall_ns,cs_rise_ns,nbytes,mosi_hex,miso_hex,mask"
#define FIELDS  7
#define LEN_MAX 65536

struct reader {
    FILE *in;
    const char *name;
    struct sim_csv_error *error;
    char *text;
    size_t cap;
    unsigned line;
};

static bool fail(struct reader *reader, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct reader *reader, const char *fmt, ...)
{
    va_list args;
    int len = snprintf(reader->error->text, sizeof(reader->error->text),
        "%.128s:%u: ", reader->name, reader->line);

    va_start(args, fmt);
    if (len > 0 && (size_t)len < sizeof(reader->error->text)) {
        vsnprintf(reader->error->text + len,
            sizeof(reader->error->text) - (size_t)len, fmt, args);
    }
    va_end(args);
    return false;
}

// The next line that says something, without its end; false at the end.
static bool next_line(struct reader *reader)
{
    while (getline(&reader->text, &reader->cap, reader->in) >= 0) {
        reader->line++;
        reader->text[strcspn(reader->text, "\r\n")] = '\0';
        if (reader->text[0] != '\0' && reader->text[0] != '#') {
            return true;
        }
    }
    return false;
}

// ---- pieces

static bool mask_digits(const char *text, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int value = sim__text_digit(text[i]);

        if (value < 0) {
            return false;
        }
        out[i] = (uint8_t)(value == 15 ? 0xFF : value);
    }
    return text[len] == '\0';
}

static void *grow(void *array, size_t count, size_t size)
{
    void *room = array;

    // Room for a power of two; grown when that is full.
    if ((count & (count - 1)) == 0) {
        room = realloc(array, (count ? 2 * count : 1) * size);
        NIF_ASSERT(room != NULL);
    }
    return room;
}

// ---- captures

// Cuts the line into its fields. Returns how many there are.
static size_t split(char *text, char *field[FIELDS])
{
    size_t count = 0;

    while (text) {
        char *comma = strchr(text, ',');

        if (comma) {
            *comma++ = '\0';
        }
        if (count < FIELDS) {
            field[count] = text;
        }
        count++;
        text = comma;
    }
    return count;
}

static bool read_txn(struct reader *reader, struct sim_csv_txn *txn,
    uint64_t after_ns)
{
    char *field[FIELDS];
    uint64_t index;
    uint64_t len;
    size_t count = split(reader->text, field);

    if (count != FIELDS) {
        return fail(reader, "%zu fields, there must be %d", count, FIELDS);
    }
    if (!sim__text_number(field[0], UINT64_MAX, &index) || index > UINT32_MAX ||
        !sim__text_number(field[1], UINT64_MAX, &txn->fall_ns) ||
        !sim__text_number(field[2], UINT64_MAX, &txn->rise_ns) ||
        !sim__text_number(field[3], UINT64_MAX, &len)) {
        return fail(reader, "index, time or count is not a number");
    }
    if (txn->fall_ns < after_ns || txn->rise_ns < txn->fall_ns) {
        return fail(reader, "time runs backwards");
    }
    if (len > LEN_MAX) {
        return fail(reader, "%" PRIu64 " bytes are too many", len);
    }
    txn->index = (unsigned)index;
    txn->line = reader->line;
    txn->len = (size_t)len;
    txn->mosi = malloc(3 * txn->len + 1);
    NIF_ASSERT(txn->mosi != NULL);
    txn->miso = txn->mosi + txn->len;
    txn->mask = txn->miso + txn->len;
    if (!sim__text_hex(field[4], txn->mosi, txn->len)) {
        fail(reader, "MOSI is not %zu bytes in hex", txn->len);
    } else if (!sim__text_hex(field[5], txn->miso, txn->len)) {
        fail(reader, "MISO is not %zu bytes in hex", txn->len);
    } else if (!mask_digits(field[6], txn->mask, txn->len)) {
        fail(reader, "the mask is not %zu hex digits", txn->len);
    } else {
        return true;
    }
    free(txn->mosi);
    return false;
}

static bool read_all_txns(struct reader *reader, struct sim_csv *csv)
{
    uint64_t after_ns = 0;

    if (!next_line(reader) || strcmp(reader->text, COLUMNS) != 0) {
        return fail(reader, "the first line must be %s", COLUMNS);
    }
    while (next_line(reader)) {
        csv->txn = grow(csv->txn, csv->count, sizeof(*csv->txn));
        if (!read_txn(reader, &csv->txn[csv->count], after_ns)) {
            return false;
        }
        after_ns = csv->txn[csv->count++].rise_ns;
    }
    if (ferror(reader->in)) {
        return fail(reader, "%s", strerror(errno));
    }
    return csv->count > 0 || fail(reader, "no transaction");
}

bool sim_csv_read(struct sim_csv *csv, FILE *in, const char *name,
    struct sim_csv_error *error)
{
    struct reader reader = { .in = in, .name = name, .error = error };
    bool good;

    *csv = (struct sim_csv){ 0 };
    good = read_all_txns(&reader, csv);
    free(reader.text);
    if (!good) {
        sim_csv_done(csv);
    }
    return good;
}

void sim_csv_add(struct sim_csv *csv, const struct sim_trace_item *item,
    unsigned line)
{
    struct sim_csv_txn *txn;

    if (item->kind != SIM_TRACE_SPI) {
        return;
    }
    csv->txn = grow(csv->txn, csv->count, sizeof(*csv->txn));
    txn = &csv->txn[csv->count++];
    *txn = (struct sim_csv_txn){
        .index = (unsigned)item->index,
        .line = line,
        .fall_ns = item->at_ns,
        .rise_ns = sim_trace_end_ns(item),
        .len = item->len,
    };
    txn->mosi = calloc(3, txn->len + 1);
    NIF_ASSERT(txn->mosi != NULL);
    txn->miso = txn->mosi + txn->len;
    txn->mask = txn->miso + txn->len;
    for (size_t i = 0; i < item->len; i++) {
        bool known =
            item->miso && (!item->miso_known || item->miso_known[i] != 0);

        txn->mosi[i] = item->data ? item->data[i] : 0;
        txn->miso[i] = known ? item->miso[i] : 0;
        txn->mask[i] = known ? 0xFF : 0;
        if (item->mask) {
            txn->mask[i] &= item->mask[i];
        }
    }
}

void sim_csv_done(struct sim_csv *csv)
{
    for (size_t i = 0; i < csv->count; i++) {
        free(csv->txn[i].mosi);
    }
    free(csv->txn);
    *csv = (struct sim_csv){ 0 };
}

// ---- stimuli

static bool read_frame(struct reader *reader, struct sim_stimulus *item,
    const char *text)
{
    size_t len = strlen(text) / 2;

    if (len <= SIM_FCS || len > SIM_FRAME_MAX) {
        return fail(reader, "a frame of %zu bytes", len);
    }
    item->frame = malloc(len);
    NIF_ASSERT(item->frame != NULL);
    item->len = len;
    if (!sim__text_hex(text, item->frame, len)) {
        free(item->frame);
        return fail(reader, "the frame is not in hex");
    }
    return true;
}

static bool read_item(struct reader *reader, struct sim_stimulus *item,
    uint64_t after_ns)
{
    char *text = reader->text;
    char *at;
    char *what;
    char *how;
    char *rest;

    text[strcspn(text, "|")] = '\0';
    at = sim__text_word(&text);
    what = sim__text_word(&text);
    how = sim__text_word(&text);
    rest = sim__text_word(&text);
    *item = (struct sim_stimulus){ 0 };
    if (!sim__text_number(at, UINT64_MAX, &item->at_ns)) {
        return fail(reader, "'%.32s' is not a time in nanoseconds", at);
    }
    if (item->at_ns < after_ns) {
        return fail(reader, "time runs backwards");
    }
    if (*rest != '\0') {
        return fail(reader, "'%.32s' is too much", rest);
    }
    if (strcmp(what, "rx") == 0) {
        item->kind = SIM_STIMULUS_RX;
        return read_frame(reader, item, how);
    }
    if (strcmp(what, "link") == 0 && strcmp(how, "up") == 0) {
        item->kind = SIM_STIMULUS_LINK_UP;
    } else if (strcmp(what, "link") == 0 && strcmp(how, "down") == 0) {
        item->kind = SIM_STIMULUS_LINK_DOWN;
    } else {
        return fail(reader, "unknown event '%.32s %.32s'", what, how);
    }
    return true;
}

static bool read_all_items(struct reader *reader, struct sim_stimuli *stimuli)
{
    uint64_t after_ns = 0;

    while (next_line(reader)) {
        stimuli->item =
            grow(stimuli->item, stimuli->count, sizeof(*stimuli->item));
        if (!read_item(reader, &stimuli->item[stimuli->count], after_ns)) {
            return false;
        }
        after_ns = stimuli->item[stimuli->count++].at_ns;
    }
    if (ferror(reader->in)) {
        return fail(reader, "%s", strerror(errno));
    }
    return true;
}

bool sim_stimuli_read(struct sim_stimuli *stimuli, FILE *in, const char *name,
    struct sim_csv_error *error)
{
    struct reader reader = { .in = in, .name = name, .error = error };
    bool good;

    *stimuli = (struct sim_stimuli){ 0 };
    good = read_all_items(&reader, stimuli);
    free(reader.text);
    if (!good) {
        sim_stimuli_done(stimuli);
    }
    return good;
}

void sim_stimuli_done(struct sim_stimuli *stimuli)
{
    for (size_t i = 0; i < stimuli->count; i++) {
        free(stimuli->item[i].frame);
    }
    free(stimuli->item);
    *stimuli = (struct sim_stimuli){ 0 };
}
