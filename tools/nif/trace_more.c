// SPDX-License-Identifier: MIT
//
// What the sub-commands of `nif trace` on whole recordings share.

#include "tools/nif/trace_more.h"

#include "sim/trace/trace.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *about;
} commands[] = {
    { "diff", nif_trace_diff_main, "the first difference of two traces" },
    { "minimise", nif_trace_minimise_main, "the least that still fails" },
    { "to-test", nif_trace_to_test_main, "makes a test of a capture" },
};

// `score` of a PHY is another one than that of an SPI chip.
static bool is_about_a_phy(int argc, char **argv)
{
    bool phy = false;

    for (int i = 2; i + 1 < argc; i++) {
        phy = phy ||
            (strcmp(argv[i], "--chip") == 0 &&
                strcmp(argv[i + 1], "lan8720a") == 0);
    }
    return phy && strcmp(argv[1], "score") == 0;
}

// `import` of what a board sends is another one than that of a capture.
static bool is_from_a_board(int argc, char **argv)
{
    bool board = false;

    for (int i = 2; i < argc; i++) {
        board = board || strcmp(argv[i], "--from-board") == 0;
    }
    return board && strcmp(argv[1], "import") == 0;
}

bool nif_trace_more(int argc, char **argv, int *code)
{
    for (size_t i = 0; argc > 1 && i < nif_countof(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            *code = commands[i].main(argc - 1, argv + 1);
            return true;
        }
    }
    if (is_about_a_phy(argc, argv)) {
        *code = nif_trace_phy_main(argc - 1, argv + 1);
        return true;
    }
    if (is_from_a_board(argc, argv)) {
        *code = nif_trace_board_main(argc - 1, argv + 1);
        return true;
    }
    return false;
}

void nif_trace_more_help(FILE *out)
{
    for (size_t i = 0; i < nif_countof(commands); i++) {
        fprintf(out, "%-10s %s: `nif trace %s --help`\n", commands[i].name,
            commands[i].about, commands[i].name);
    }
    fputs("import --from-board FILE -o OUT: records that a board sends\n"
          "score --chip lan8720a FILE: a PHY, judged by its management bus\n",
        out);
}

// ---- reading

struct copy {
    struct sim_item_sink sink;
    struct sim_trace trace;
};

static void on_item(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    sim_trace_put(&nif_container_of(sink, struct copy, sink)->trace, item);
}

FILE *nif_trace_open(const struct nif_trace_options *o)
{
    static const char first[] = "# netif-trace";
    char text[sizeof(first)] = "";
    struct copy copy = { .sink.item = on_item };
    FILE *in = fopen(o->file[0], "re");

    if (!in) {
        fprintf(stderr, "nif: %s: %s\n", o->file[0], strerror(errno));
        return NULL;
    }
    if (fgets(text, sizeof(text), in) && strcmp(text, first) == 0) {
        rewind(in);
        return in;
    }
    fclose(in);
    copy.trace.out = tmpfile();
    if (!copy.trace.out) {
        fprintf(stderr, "nif: %s\n", strerror(errno));
        return NULL;
    }
    if (!nif_trace_read(o, &copy.sink)) {
        fclose(copy.trace.out);
        return NULL;
    }
    rewind(copy.trace.out);
    return copy.trace.out;
}

bool nif_trace_read_section(const char *file, unsigned number, const char *chip,
    struct sim_recording *rec)
{
    struct nif_trace_options o = { .file = { file },
        .files = 1,
        .chip = chip,
        .quiet = true };
    struct sim_trace_reader reader;
    FILE *in = nif_trace_open(&o);
    int got = 1;

    *rec = (struct sim_recording){ 0 };
    if (!in) {
        return false;
    }
    sim_trace_read_init(&reader, in, file);
    for (unsigned i = 0; i < number && got == 1; i++) {
        sim_recording_done(rec);
        got = sim_recording_read(rec, &reader);
    }
    if (got == 0) {
        fprintf(stderr, "nif: %s has no section %u\n", file, number);
    } else if (got < 0) {
        fprintf(stderr, "nif: %s\n", reader.error);
    }
    sim_trace_read_done(&reader);
    fclose(in);
    return got == 1;
}

// ---- printing

void nif_trace_json_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else if (c < ' ') {
            printf("\\u%04x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}
