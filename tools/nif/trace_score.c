// SPDX-License-Identifier: MIT
//
// `nif trace score`: a capture of real silicon judges a chip model.

#include "sim/trace/score.h"
#include "tools/nif/nif.h"
#include "tools/nif/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool read_stimuli(struct sim_stimuli *stimuli,
    const struct nif_trace_options *o)
{
    struct sim_csv_error error;
    const char *slash = strrchr(o->file[0], '/');
    int dir = slash ? (int)(slash - o->file[0]) + 1 : 0;
    char beside[4096];
    const char *name = o->stimuli ? o->stimuli : beside;
    FILE *in;
    bool good;

    snprintf(beside, sizeof(beside), "%.*s%s-stimuli.txt", dir, o->file[0],
        o->chip);
    in = fopen(name, "r");
    if (!in) {
        return nif_trace_fail("%s: %s; say which with --stimuli", name,
            strerror(errno));
    }
    good = sim_stimuli_read(stimuli, in, name, &error);
    fclose(in);
    if (!good) {
        nif_trace_fail("%s", error.text);
    }
    return good;
}

static const struct {
    enum sim_enc_kind kind;
    const char *text;
    const char *json;
} kinds[] = {
    { SIM_ENC_ETH, "ETH registers", "eth_registers" },
    { SIM_ENC_MII, "MII values", "mii_values" },
    { SIM_ENC_HEADER, "RX headers", "rx_headers" },
    { SIM_ENC_MEMORY, "frame bytes", "frame_bytes" },
};

static void print_text(const struct sim_score *score)
{
    printf("driven bytes    %4u of %u right\n", score->all.right,
        score->all.total);
    for (size_t i = 0; i < nif_countof(kinds); i++) {
        const struct sim_score_count *count = &score->kind[kinds[i].kind];

        printf("  %-13s %4u of %u\n", kinds[i].text, count->right,
            count->total);
    }
    if (score->differs) {
        printf("first difference: transaction %u, byte %zu: %s\n",
            score->first_index, score->first_byte, score->first);
    } else {
        printf("first difference: none\n");
    }
    printf("frames sent     %4u of %u equal", score->same_count,
        score->want_count);
    if (score->got_count != score->want_count) {
        printf(" (the model sent %u)", score->got_count);
    }
    printf("\ncomplaints      %4u%s%s\n", score->complaints,
        score->complaints ? ", first: " : "", score->complaint);
}

static void print_count(const char *name, const struct sim_score_count *count)
{
    printf("  \"%s\": { \"right\": %u, \"total\": %u },\n", name, count->right,
        count->total);
}

// What is quoted here has no character that JSON wants escaped: names of
// registers and the model's own sentences.
static void print_json(const struct sim_score *score)
{
    printf("{\n");
    print_count("driven", &score->all);
    for (size_t i = 0; i < nif_countof(kinds); i++) {
        print_count(kinds[i].json, &score->kind[kinds[i].kind]);
    }
    if (score->differs) {
        printf("  \"first\": { \"transaction\": %u, \"byte\": %zu, "
               "\"text\": \"%s\" },\n",
            score->first_index, score->first_byte, score->first);
    } else {
        printf("  \"first\": null,\n");
    }
    printf("  \"frames\": { \"want\": %u, \"got\": %u, \"equal\": %u },\n",
        score->want_count, score->got_count, score->same_count);
    printf("  \"complaints\": %u,\n  \"perfect\": %s\n}\n", score->complaints,
        sim_score_is_perfect(score) ? "true" : "false");
}

// ---- the capture

struct collector {
    struct sim_item_sink sink;
    struct sim_csv csv;
};

static void collect(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    struct collector *c = nif_container_of(sink, struct collector, sink);

    sim_csv_add(&c->csv, item, 0);
}

int nif_trace_score(const struct nif_trace_options *o)
{
    struct collector c = { .sink.item = collect };
    struct sim_stimuli stimuli;
    struct sim_score *score = malloc(sizeof(*score));
    int code = NIF_EXIT_USAGE;

    NIF_ASSERT(score != NULL);
    if (!nif_trace_read(o, &c.sink)) {
        code = NIF_EXIT_USAGE;
    } else if (c.csv.count == 0) {
        nif_trace_fail("%s: no SPI transaction", o->file[0]);
    } else if (read_stimuli(&stimuli, o)) {
        sim_score_enc28j60(&c.csv, &stimuli, score);
        (o->json ? print_json : print_text)(score);
        code = sim_score_is_perfect(score) ? NIF_EXIT_PASS : NIF_EXIT_FAILED;
        sim_stimuli_done(&stimuli);
    }
    sim_csv_done(&c.csv);
    free(score);
    return code;
}
