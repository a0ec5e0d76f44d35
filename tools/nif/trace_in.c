// SPDX-License-Identifier: MIT
//
// Reads whatever holds traffic: finds out what a file is, and gives its
// events to whoever wants them.

#include "sim/capture/glitch.h"
#include "sim/capture/import.h"
#include "sim/capture/table.h"
#include "sim/trace/read.h"
#include "tools/nif/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum format {
    UNKNOWN,
    TRACE,
    TRANSACTIONS,
    SR,
    SALEAE,
    SALEAE_SESSION,
    LOGICDATA,
    EDGES,
    TABLE,
    VCD,
};

// ---- what a file is

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

// The first line that is no remark.
static const char *first_line(const char *text)
{
    while (*text == '#') {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return text;
}

// Saleae's analysers: a row of names, of which one is that of the bytes.
static bool is_table(const char *line)
{
    static const char *const words[] = { "Packet ID", "MOSI", "mosi", "miso",
        "Value,", "Value\"", "start_time" };
    size_t len = strcspn(line, "\n");
    char first[512];

    snprintf(first, sizeof(first), "%.*s", (int)(len < 511 ? len : 511), line);
    if (!strstr(first, "Time [s]") && !strstr(first, "start_time")) {
        return false;
    }
    for (size_t i = 0; i < nif_countof(words); i++) {
        if (strstr(first, words[i])) {
            return strstr(first, "Time [s]") == NULL ||
                strstr(first, "Packet ID") || strstr(first, "Value");
        }
    }
    return false;
}

static enum format format_of(const char *name, const char *head, size_t len)
{
    const char *line = first_line(head);
    const char *dot = strrchr(name, '.');

    if (len >= 4 && memcmp(head, "PK\3\4", 4) == 0) {
        return dot && strcmp(dot, ".sal") == 0 ? SALEAE_SESSION : SR;
    }
    if (begins(head, "<SALEAE>")) {
        return SALEAE;
    }
    if (dot && strcmp(dot, ".logicdata") == 0) {
        return LOGICDATA;
    }
    if (begins(head, "# netif-trace")) {
        return TRACE;
    }
    if (begins(line, "idx,")) {
        return TRANSACTIONS;
    }
    if (is_table(line)) {
        return TABLE;
    }
    if (begins(line, ";") || begins(line, "Time") || begins(line, "\"Time") ||
        begins(line, "nanoseconds") || begins(line, "microseconds")) {
        return EDGES;
    }
    line += strspn(line, " \t\r\n");
    return line[0] == '$' ? VCD : UNKNOWN;
}

static bool find_format(const char *name, enum format *format)
{
    char head[4096];
    FILE *in = fopen(name, "rb");
    size_t len;

    if (!in) {
        return nif_trace_fail("%s: %s", name, strerror(errno));
    }
    len = fread(head, 1, sizeof(head) - 1, in);
    fclose(in);
    head[len] = '\0';
    *format = format_of(name, head, len);
    switch (*format) {
    case UNKNOWN:
        return nif_trace_fail("%s: neither a trace nor a capture of sigrok, "
                              "Saleae or VCD",
            name);
    case SALEAE_SESSION:
    case LOGICDATA:
        return nif_trace_fail("%s: the format of Saleae's sessions is not "
                              "public; in Logic, export raw data as binary or "
                              "CSV",
            name);
    case TRACE:
    case TRANSACTIONS:
    case SR:
    case SALEAE:
    case EDGES:
    case TABLE:
    case VCD: break;
    }
    return true;
}

// ---- text of ours

static bool read_trace(const char *name, struct sim_item_sink *out)
{
    struct sim_trace_reader reader;
    struct sim_trace_item item;
    FILE *in = fopen(name, "r");
    int got;

    if (!in) {
        return nif_trace_fail("%s: %s", name, strerror(errno));
    }
    sim_trace_read_init(&reader, in, name);
    while ((got = sim_trace_read(&reader, &item)) == 1) {
        out->item(out, &item);
    }
    if (got < 0) {
        nif_trace_fail("%s", reader.error);
    } else if (reader.cut) {
        nif_trace_fail("%s: the last line is cut and was left out", name);
    }
    sim_trace_read_done(&reader);
    fclose(in);
    return got == 0;
}

static void put_head(struct sim_item_sink *out, const char *key,
    const char *text)
{
    out->item(out,
        &(struct sim_trace_item){ .kind = SIM_TRACE_HEAD,
            .where = key,
            .text = text });
}

static void put_begin(struct sim_item_sink *out)
{
    out->item(out,
        &(struct sim_trace_item){ .kind = SIM_TRACE_BEGIN,
            .where = "",
            .text = "" });
    put_head(out, "time", "ns");
}

static bool read_transactions(const struct nif_trace_options *o,
    struct sim_item_sink *out)
{
    struct sim_csv_error error;
    struct sim_csv csv;
    FILE *in = fopen(o->file[0], "r");
    char text[128];
    bool good;

    if (!in) {
        return nif_trace_fail("%s: %s", o->file[0], strerror(errno));
    }
    good = sim_csv_read(&csv, in, o->file[0], &error);
    fclose(in);
    if (!good) {
        return nif_trace_fail("%s", error.text);
    }
    put_begin(out);
    snprintf(text, sizeof(text), "spi0 spi chip=%.60s taped=wire",
        o->chip ? o->chip : "enc28j60");
    put_head(out, "bus", text);
    for (size_t i = 0; i < csv.count; i++) {
        const struct sim_csv_txn *txn = &csv.txn[i];

        out->item(out,
            &(struct sim_trace_item){
                .kind = SIM_TRACE_SPI,
                .at_ns = txn->fall_ns,
                .len_ns = txn->rise_ns - txn->fall_ns,
                .index = txn->index,
                .where = "spi0",
                .data = txn->mosi,
                .miso = txn->miso,
                .mask = txn->mask,
                .len = txn->len,
            });
    }
    sim_csv_done(&csv);
    return true;
}

// ---- buses that are given

struct job {
    const struct nif_trace_options *o;
    struct sim_capture_error error;
    struct sim_item_sink mask; // puts in which bytes the chip drives
    struct sim_item_sink *out;
    struct sim_decoder *decoder;
    uint8_t *row;
    size_t row_cap;
    struct sim_glitch glitch;
    struct sim_import import;
};

static bool wrong(struct job *job, const char *cause, const char *what)
{
    snprintf(job->error.text, sizeof(job->error.text), "%s '%.100s'", cause,
        what);
    return false;
}

static bool set_line(struct job *job, uint16_t *line, const char *name)
{
    const struct sim_capture *what = &job->import.what;
    char names[160] = "";

    *line = sim_import_channel(what, name);
    if (*line != SIM_CAPTURE_NONE) {
        return true;
    }
    for (unsigned i = 0; i < what->channels && i < 8; i++) {
        size_t len = strlen(names);

        snprintf(names + len, sizeof(names) - len, "%s%s", i > 0 ? ", " : "",
            what->name[i]);
    }
    snprintf(job->error.text, sizeof(job->error.text),
        "there is no channel '%.60s'; there are %u: %s", name, what->channels,
        names);
    return false;
}

static uint16_t *line_of(struct sim_import_bus *bus, const char *key)
{
    const struct {
        const char *key;
        enum sim_trace_kind kind;
        uint16_t *line;
    } lines[] = {
        { "cs", SIM_TRACE_SPI, &bus->spi.cs },
        { "clk", SIM_TRACE_SPI, &bus->spi.clk },
        { "mosi", SIM_TRACE_SPI, &bus->spi.mosi },
        { "data", SIM_TRACE_SPI, &bus->spi.mosi },
        { "miso", SIM_TRACE_SPI, &bus->spi.miso },
        { "tx", SIM_TRACE_UART, &bus->tx },
        { "rx", SIM_TRACE_UART, &bus->rx },
        { "mdc", SIM_TRACE_MDIO, &bus->mdc },
        { "mdio", SIM_TRACE_MDIO, &bus->mdio },
    };

    for (size_t i = 0; i < nif_countof(lines); i++) {
        if (lines[i].kind == bus->kind && strcmp(lines[i].key, key) == 0) {
            return lines[i].line;
        }
    }
    return NULL;
}

static bool set_spi(struct sim_import_bus *bus, const char *key,
    const char *value)
{
    if (strcmp(key, "lsb") == 0) {
        bus->spi.lsb_first = true;
    } else if (strcmp(key, "cs-high") == 0) {
        bus->spi.cs_high = true;
    } else if (strcmp(key, "mode") == 0 && value[0] >= '0' && value[0] <= '3' &&
        value[1] == '\0') {
        bus->spi.mode = (uint8_t)(value[0] - '0');
        bus->mode_given = true;
    } else {
        return false;
    }
    return true;
}

static bool set_uart(struct sim_import_bus *bus, const char *key,
    const char *value)
{
    if (strcmp(key, "invert") == 0) {
        bus->tx_format.invert = bus->rx_format.invert = true;
    } else if (strcmp(key, "format") == 0) {
        return sim_uart_format_parse(value, &bus->tx_format) &&
            sim_uart_format_parse(value, &bus->rx_format);
    } else if (strcmp(key, "baud") == 0) {
        bus->tx_format.baud = bus->rx_format.baud = strtod(value, NULL);
        return bus->tx_format.baud >= 1 && bus->tx_format.baud <= 1e9;
    } else {
        return false;
    }
    return true;
}

static bool set_key(struct job *job, struct sim_import_bus *bus, char *word)
{
    char *value = strchr(word, '=');
    uint16_t *line;

    if (value) {
        *value++ = '\0';
    }
    line = line_of(bus, word);
    if (line) {
        return value ? set_line(job, line, value)
                     : wrong(job, "no channel for", word);
    }
    if (strcmp(word, "name") == 0 && value && value[0] != '\0') {
        snprintf(bus->name, sizeof(bus->name), "%s", value);
        return true;
    }
    if (bus->kind == SIM_TRACE_SPI) {
        return set_spi(bus, word, value ? value : "") ||
            wrong(job, "SPI knows nothing of", word);
    }
    if (bus->kind == SIM_TRACE_UART) {
        return set_uart(bus, word, value ? value : "") ||
            wrong(job, "a UART knows nothing of, or cannot have,", word);
    }
    return wrong(job, "MDIO knows nothing of", word);
}

static bool set_bus(struct job *job, const char *kind, const char *spec)
{
    bool gspi = strcmp(kind, "gspi") == 0;
    enum sim_trace_kind is = gspi || strcmp(kind, "spi") == 0 ? SIM_TRACE_SPI
        : strcmp(kind, "uart") == 0                           ? SIM_TRACE_UART
                                                              : SIM_TRACE_MDIO;
    struct sim_import_bus *bus = sim_import_add(&job->import, is);
    char *copy = strdup(spec);
    char *save = NULL;
    bool good = true;

    NIF_ASSERT(bus && copy);
    bus->ways_given = true;
    bus->spi.half_duplex = gspi;
    for (char *word = strtok_r(copy, ",", &save); word && good;
         word = strtok_r(NULL, ",", &save)) {
        good = set_key(job, bus, word);
    }
    free(copy);
    return good;
}

static bool resolve(struct sim_import *import, void *arg)
{
    struct job *job = arg;
    const struct nif_trace_options *o = job->o;

    (void)import;
    for (size_t i = 0; i < o->buses; i++) {
        if (!set_bus(job, o->bus[i].kind, o->bus[i].spec)) {
            return false;
        }
    }
    return true;
}

// ---- captures

static void on_roles(struct sim_import *import, void *arg)
{
    struct job *job = arg;
    char text[512];

    for (unsigned i = 0; i < import->buses; i++) {
        if (import->bus[i].kind == SIM_TRACE_SPI && job->o->chip) {
            snprintf(import->bus[i].chip, SIM_TRACE_NAME, "%s", job->o->chip);
        }
        if (!job->o->quiet) {
            sim_import_say(import, &import->bus[i], text, sizeof(text));
            fprintf(stderr, "%s %s\n", job->o->buses > 0 ? "given" : "guessed",
                text);
        }
    }
    put_begin(job->out);
}

static uint8_t *mask_row(struct job *job, size_t len)
{
    if (len > job->row_cap) {
        free(job->row);
        job->row_cap = 2 * len;
        job->row = malloc(job->row_cap);
        NIF_ASSERT(job->row != NULL);
    }
    return job->row;
}

static void put_mask(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    struct job *job = nif_container_of(sink, struct job, mask);
    struct sim_trace_item masked = *item;
    char text[256];

    if (job->decoder && item->kind == job->decoder->ops->kind &&
        item->len > 0) {
        masked.mask = mask_row(job, item->len);
        job->decoder->ops->decode(job->decoder, item, job->row, text,
            sizeof(text));
    }
    job->out->item(job->out, &masked);
}

static bool run_file(struct job *job, enum format format)
{
    struct sim_edge_sink *sink = &job->glitch.sink;
    const struct nif_trace_options *o = job->o;
    struct sim_capture_cfg cfg = { .rate_hz = o->rate_hz };

    switch (format) {
    case SR: return sim_sr_read(o->file[0], &cfg, sink, &job->error);
    case SALEAE: return sim_saleae_read(o->file, o->files, sink, &job->error);
    case EDGES: return sim_edges_csv_read(o->file[0], sink, &job->error);
    case VCD: return sim_vcd_read(o->file[0], sink, &job->error);
    case UNKNOWN:
    case TRACE:
    case TRANSACTIONS:
    case TABLE:
    case SALEAE_SESSION:
    case LOGICDATA: break;
    }
    return false;
}

static void put_dropped(struct job *job)
{
    const struct sim_import *import = &job->import;
    char text[200];

    for (unsigned i = 0; i < import->what.channels; i++) {
        if (job->glitch.dropped[i] > 0) {
            snprintf(text, sizeof(text),
                "%" PRIu64 " pulses shorter than %" PRIu64 " ns on %s",
                job->glitch.dropped[i], job->o->glitch_ns,
                import->what.name[i]);
            put_head(job->out, "dropped", text);
        }
    }
    for (unsigned i = 0; i < 2 * import->buses; i++) {
        const struct sim_uart_layer *uart = &import->uart[i];

        if (uart->bus && uart->glitches > 0) {
            snprintf(text, sizeof(text),
                "%" PRIu64 " pulses too short for a start bit on %s of %s",
                uart->glitches, uart->rx ? "rx" : "tx", uart->bus);
            put_head(job->out, "dropped", text);
        }
    }
}

static bool read_capture(const struct nif_trace_options *o, enum format format,
    struct sim_item_sink *out)
{
    struct job *job = calloc(1, sizeof(*job));
    bool good;

    NIF_ASSERT(job != NULL);
    job->o = o;
    job->out = out;
    job->mask.item = put_mask;
    job->decoder = o->chip ? sim_decoder_new(o->chip) : NULL;
    sim_import_init(&job->import, &job->mask, &job->error);
    job->import.resolve = resolve;
    job->import.on_roles = on_roles;
    job->import.arg = job;
    sim_glitch_init(&job->glitch, &job->import.sink, o->glitch_ns);
    good = run_file(job, format);
    if (job->import.known) {
        put_dropped(job);
    }
    if (!good) {
        nif_trace_fail("%s", job->error.text);
    } else if (job->import.buses == 0) {
        good = nif_trace_fail("%s: no bus was found; give one: --spi, --uart "
                              "or --mdio",
            o->file[0]);
    }
    sim_glitch_done(&job->glitch);
    sim_import_done(&job->import);
    sim_decoder_free(job->decoder);
    free(job->row);
    free(job);
    return good;
}

static bool read_table(const struct nif_trace_options *o,
    struct sim_item_sink *out)
{
    struct job *job = calloc(1, sizeof(*job));
    bool good;

    NIF_ASSERT(job != NULL);
    job->o = o;
    job->out = out;
    job->mask.item = put_mask;
    job->decoder = o->chip ? sim_decoder_new(o->chip) : NULL;
    put_begin(out);
    good = sim_table_read(o->file[0], &job->mask, &job->error) ||
        nif_trace_fail("%s", job->error.text);
    sim_decoder_free(job->decoder);
    free(job->row);
    free(job);
    return good;
}

bool nif_trace_read(const struct nif_trace_options *o,
    struct sim_item_sink *out)
{
    enum format format = UNKNOWN;

    if (!find_format(o->file[0], &format)) {
        return false;
    }
    if (o->files > 1 && format != SALEAE) {
        return nif_trace_fail("%s: one file is enough, only binary exports of "
                              "Saleae have one for each channel",
            o->file[1]);
    }
    switch (format) {
    case TRACE: return read_trace(o->file[0], out);
    case TRANSACTIONS: return read_transactions(o, out);
    case TABLE: return read_table(o, out);
    case UNKNOWN:
    case SR:
    case SALEAE:
    case SALEAE_SESSION:
    case LOGICDATA:
    case EDGES:
    case VCD: break;
    }
    return read_capture(o, format, out);
}
