// SPDX-License-Identifier: MIT
//
// `nif trace`: reads captures. `score` lets a capture of real silicon judge a
// chip model, `decode` prints one in the data sheet's words and takes the
// frames out of it.

#include "tools/nif/trace.h"
#include "sim/trace/score.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

enum { PASS = 0, FAILED = 1, USAGE = 2 };

static const char usage[] =
    "usage: nif trace score --chip enc28j60 FILE.csv [--stimuli FILE] "
    "[--json]\n"
    "       nif trace decode FILE.csv [--chip enc28j60] [--pcap OUT]\n"
    "\n"
    "score   drives the model of a chip with a capture of a real one and\n"
    "        counts the bytes that it returns right. The stimuli default to\n"
    "        CHIP-stimuli.txt beside the capture. Exit code 0: all is equal.\n"
    "decode  prints a capture in the words of the data sheet; --pcap writes\n"
    "        the frames in it, without FCS.\n";

struct options {
    const char *file;
    const char *chip;
    const char *stimuli;
    const char *pcap;
    bool json;
};

static int complain(const char *what, const char *which)
{
    fprintf(stderr, "nif trace: %s%s\n", what, which);
    fputs(usage, stderr);
    return USAGE;
}

// The value behind an option, or NULL.
static const char **value_of(struct options *opt, const char *arg, bool score)
{
    if (strcmp(arg, "--chip") == 0) {
        return &opt->chip;
    }
    if (score && strcmp(arg, "--stimuli") == 0) {
        return &opt->stimuli;
    }
    return !score && strcmp(arg, "--pcap") == 0 ? &opt->pcap : NULL;
}

static int parse(struct options *opt, int argc, char **argv, bool score)
{
    for (int i = 2; i < argc; i++) {
        const char **value = value_of(opt, argv[i], score);

        if (value && i + 1 < argc) {
            *value = argv[++i];
        } else if (value) {
            return complain("no value for ", argv[i]);
        } else if (score && strcmp(argv[i], "--json") == 0) {
            opt->json = true;
        } else if (argv[i][0] == '-' || opt->file) {
            return complain("what is ", argv[i]);
        } else {
            opt->file = argv[i];
        }
    }
    if (!opt->file) {
        return complain("no capture named", "");
    }
    if (score && !opt->chip) {
        return complain("--chip is missing", "");
    }
    if (opt->chip && strcmp(opt->chip, "enc28j60") != 0) {
        return complain("unknown chip ", opt->chip);
    }
    return PASS;
}

// ---- reading

static FILE *open_file(const char *name)
{
    FILE *in = fopen(name, "r");

    if (!in) {
        fprintf(stderr, "nif trace: %s: %s\n", name, strerror(errno));
    }
    return in;
}

static bool read_csv(struct sim_csv *csv, const char *name)
{
    struct sim_csv_error error;
    FILE *in = open_file(name);
    bool good;

    if (!in) {
        return false;
    }
    good = sim_csv_read(csv, in, name, &error);
    fclose(in);
    if (!good) {
        fprintf(stderr, "%s\n", error.text);
    }
    return good;
}

static bool read_stimuli(struct sim_stimuli *stimuli, const struct options *opt)
{
    struct sim_csv_error error;
    const char *slash = strrchr(opt->file, '/');
    int dir = slash ? (int)(slash - opt->file) + 1 : 0;
    char beside[4096];
    const char *name = opt->stimuli ? opt->stimuli : beside;
    FILE *in;
    bool good;

    snprintf(beside, sizeof(beside), "%.*s%s-stimuli.txt", dir, opt->file,
        opt->chip);
    in = open_file(name);
    if (!in) {
        return false;
    }
    good = sim_stimuli_read(stimuli, in, name, &error);
    fclose(in);
    if (!good) {
        fprintf(stderr, "%s\n", error.text);
    }
    return good;
}

// ---- score

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

static int do_score(const struct options *opt)
{
    struct sim_csv csv;
    struct sim_stimuli stimuli;
    struct sim_score *score = malloc(sizeof(*score));
    int code = USAGE;

    if (!score || !read_csv(&csv, opt->file)) {
        free(score);
        return USAGE;
    }
    if (read_stimuli(&stimuli, opt)) {
        sim_score_enc28j60(&csv, &stimuli, score);
        (opt->json ? print_json : print_text)(score);
        code = sim_score_is_perfect(score) ? PASS : FAILED;
        sim_stimuli_done(&stimuli);
    }
    sim_csv_done(&csv);
    free(score);
    return code;
}

// ---- decode

struct sink {
    pcap_t *pcap;
    pcap_dumper_t *out;
    uint64_t now_ns;
};

static void on_frame(void *arg, bool sent, const uint8_t *frame, size_t len)
{
    struct sink *sink = arg;
    // What was received carries its FCS, what is sent not yet.
    size_t bare = sent || len < SIM_FCS ? len : len - SIM_FCS;
    struct pcap_pkthdr header = {
        .ts = { .tv_sec = (time_t)(sink->now_ns / SIM_S),
            .tv_usec = (suseconds_t)(sink->now_ns % SIM_S) },
        .caplen = (bpf_u_int32)bare,
        .len = (bpf_u_int32)bare,
    };

    pcap_dump((u_char *)sink->out, &header, frame);
}

static bool open_pcap(struct sink *sink, const char *name)
{
    sink->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65535,
        PCAP_TSTAMP_PRECISION_NANO);
    if (!sink->pcap) {
        fprintf(stderr, "nif trace: libpcap does not open\n");
        return false;
    }
    sink->out = pcap_dump_open(sink->pcap, name);
    if (!sink->out) {
        fprintf(stderr, "nif trace: %s\n", pcap_geterr(sink->pcap));
        pcap_close(sink->pcap);
    }
    return sink->out != NULL;
}

static bool close_pcap(struct sink *sink, const char *name)
{
    bool good = pcap_dump_flush(sink->out) == 0;

    if (!good) {
        fprintf(stderr, "nif trace: %s: %s\n", name, strerror(errno));
    }
    pcap_dump_close(sink->out);
    pcap_close(sink->pcap);
    return good;
}

static int do_decode(const struct options *opt)
{
    static struct sim_enc_decoder decoder;
    struct sink sink = { 0 };
    struct sim_csv csv;

    if (!read_csv(&csv, opt->file)) {
        return USAGE;
    }
    sim_enc_decode_init(&decoder);
    if (opt->pcap) {
        if (!open_pcap(&sink, opt->pcap)) {
            sim_csv_done(&csv);
            return USAGE;
        }
        decoder.on_frame = on_frame;
        decoder.arg = &sink;
    }
    for (size_t i = 0; i < csv.count; i++) {
        const struct sim_csv_txn *txn = &csv.txn[i];
        struct sim_enc_txn seen = { txn->mosi, txn->miso, txn->len };
        char text[256];

        sink.now_ns = txn->rise_ns;
        sim_enc_decode(&decoder, &seen, NULL, text, sizeof(text));
        printf("%4u %14.6f ms  %s\n", txn->index, (double)txn->fall_ns / 1e6,
            text);
    }
    sim_csv_done(&csv);
    return !opt->pcap || close_pcap(&sink, opt->pcap) ? PASS : FAILED;
}

int nif_trace_main(int argc, char **argv)
{
    struct options opt = { 0 };
    bool score = argc > 1 && strcmp(argv[1], "score") == 0;
    int code;

    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return PASS;
    }
    if (!score && (argc < 2 || strcmp(argv[1], "decode") != 0)) {
        return complain("which one: score or decode?", "");
    }
    code = parse(&opt, argc, argv, score);
    if (code != PASS) {
        return code;
    }
    return score ? do_score(&opt) : do_decode(&opt);
}
