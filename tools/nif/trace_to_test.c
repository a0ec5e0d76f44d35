// SPDX-License-Identifier: MIT
//
// `nif trace to-test`: a capture becomes a test that is ready to be committed.

#include "tools/nif/nif.h"
#include "tools/nif/trace_more.h"

#include "sim/trace/trace.h"
#include "sim/trace/verdict.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// So much of a trace is kept behind the first difference.
#define TAIL 16

// A string literal is cut into pieces of so many characters.
#define PIECE 60 // columns

static const char help[] =
    "usage: nif trace to-test FILE [OPTION...]\n"
    "\n"
    "Makes a cmocka test of a capture or a trace: test_NAME.c, NAME.trace\n"
    "and, if there are, NAME-stimuli.txt. What is on the bus decides what it\n"
    "asks:\n"
    "  SPI   does the model of the chip answer as the chip did? (--chip)\n"
    "  MDIO  does the PHY model?\n"
    "  UART  can the dialogue be held with the recording?\n"
    "A trace that `nif run --trace` has written becomes NAME.run.trace: CMake\n"
    "makes a test of it that asks whether the board still does the same.\n"
    "The test fails if that is not so, and is then cut shortly behind the\n"
    "first difference.\n"
    "\n"
    "  --name NAME        of the test (default: of the file)\n"
    "  -o DIR             where to (default: here)\n"
    "  --chip NAME        what is on the SPI bus\n"
    "  --stimuli FILE     what came to the chip from outside, frozen\n"
    "  --until N          keep transactions up to N\n"
    "\n"
    "Exit: 0 made, and it passes; 1 made, and it fails; 2 usage or unreadable\n"
    "files.\n";

struct job {
    struct nif_trace_options read; // file, chip, stimuli
    const char *name;
    const char *dir;
    uint64_t until; // UINT64_MAX: all
    char name_text[64];
    // Of the file that was read.
    FILE *whole;
    enum sim_trace_kind kind;
    char board[SIM_TRACE_NAME]; // of `nif run`: its chip, or ""
    struct sim_verdict verdict;
};

// ---- files

static FILE *create(const struct job *job, const char *prefix,
    const char *suffix)
{
    char path[4096];
    FILE *out;

    snprintf(path, sizeof(path), "%s/%s%s%s", job->dir, prefix, job->name,
        suffix);
    out = fopen(path, "we");
    if (!out) {
        fprintf(stderr, "nif: %s: %s\n", path, strerror(errno));
    } else {
        printf("wrote %s\n", path);
    }
    return out;
}

static bool close_file(FILE *out)
{
    bool good = !ferror(out);

    if (fclose(out) != 0 || !good) {
        fprintf(stderr, "nif: not all of it could be written\n");
        return false;
    }
    return true;
}

// Reads whatever the file is, as a trace, and finds out what is in it.
static bool read_file(struct job *job)
{
    uint64_t count[SIM_TRACE_KINDS] = { 0 };
    struct sim_trace_reader reader;
    struct sim_trace_item item;

    job->whole = nif_trace_open(&job->read);
    if (!job->whole) {
        return false;
    }
    sim_trace_read_init(&reader, job->whole, job->read.file[0]);
    while (sim_trace_read(&reader, &item) == 1) {
        count[item.kind]++;
        if (item.kind == SIM_TRACE_HEAD && strcmp(item.where, "option") == 0 &&
            strncmp(item.text, "chip ", 5) == 0) {
            snprintf(job->board, sizeof(job->board), "%s", item.text + 5);
        }
    }
    sim_trace_read_done(&reader);
    job->kind = SIM_TRACE_UART;
    if (count[SIM_TRACE_SPI] > 0) {
        job->kind = SIM_TRACE_SPI;
    } else if (count[SIM_TRACE_MDIO] > 0) {
        job->kind = SIM_TRACE_MDIO;
    }
    if (count[job->kind] == 0) {
        fprintf(stderr, "nif: %s: there is no traffic in it\n",
            job->read.file[0]);
        return false;
    }
    if (job->kind == SIM_TRACE_SPI && !job->board[0] &&
        (!job->read.chip || strcmp(job->read.chip, "enc28j60") != 0)) {
        fprintf(stderr,
            "nif: which chip is it? There is a model for --chip "
            "enc28j60\n");
        return false;
    }
    return true;
}

static bool is_kept(const struct job *job, const struct sim_trace_item *item)
{
    if (item->kind == SIM_TRACE_BEGIN || item->kind == SIM_TRACE_HEAD) {
        return true;
    }
    if (job->board[0] && item->kind == SIM_TRACE_PIN) {
        return item->index <= job->until; // so many transactions before it
    }
    return item->kind == job->kind && item->index <= job->until;
}

// The traffic that counts, and nothing else.
static bool write_trace(const struct job *job)
{
    struct sim_trace_reader reader;
    struct sim_trace_item item;
    struct sim_trace trace = {
        .out = create(job, "", job->board[0] ? ".run.trace" : ".trace"),
    };
    int got;

    if (!trace.out) {
        return false;
    }
    rewind(job->whole);
    sim_trace_read_init(&reader, job->whole, job->read.file[0]);
    while ((got = sim_trace_read(&reader, &item)) == 1) {
        if (is_kept(job, &item)) {
            sim_trace_put(&trace, &item);
        }
    }
    if (got < 0) {
        fprintf(stderr, "nif: %s\n", reader.error);
    }
    sim_trace_read_done(&reader);
    return close_file(trace.out) && got == 0;
}

static bool copy_stimuli(const struct job *job)
{
    FILE *in = fopen(job->read.stimuli, "re");
    FILE *out = in ? create(job, "", "-stimuli.txt") : NULL;
    char text[4096];
    size_t len;

    if (!in) {
        fprintf(stderr, "nif: %s: %s\n", job->read.stimuli, strerror(errno));
        return false;
    }
    while (out && (len = fread(text, 1, sizeof(text), in)) > 0) {
        fwrite(text, 1, len, out);
    }
    fclose(in);
    return out && close_file(out);
}

// ---- the verdict now

struct lines {
    struct sim_verdict_line *line; // copies
    char **text;                   // what they point to
    size_t count;
};

static void on_line(void *arg, const struct sim_verdict_line *line)
{
    struct lines *lines = arg;
    struct sim_verdict_line *room =
        realloc(lines->line, (lines->count + 1) * sizeof(*room));
    char **texts = realloc(lines->text, (lines->count + 1) * sizeof(char *));
    char *text = malloc(line->len + 1);

    NIF_ASSERT(room && texts && text);
    memcpy(text, line->text, line->len);
    text[line->len] = '\0';
    lines->line = room;
    lines->line[lines->count] = *line;
    lines->line[lines->count].text = text;
    lines->text = texts;
    lines->text[lines->count++] = text;
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->text[i]);
    }
    free(lines->text);
    free(lines->line);
}

static bool read_lines(const struct job *job, struct sim_recording *rec,
    struct lines *lines)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s.trace", job->dir, job->name);
    if (!nif_trace_read_section(path, 1, NULL, rec)) {
        return false;
    }
    sim_verdict_lines(rec, on_line, lines);
    return true;
}

static bool judge(struct job *job, const struct lines *lines)
{
    char source[4096];
    char trace[128];
    char stimuli[128];
    const char *outside = job->read.stimuli ? stimuli : NULL;

    snprintf(source, sizeof(source), "%s/", job->dir);
    snprintf(trace, sizeof(trace), "%s.trace", job->name);
    snprintf(stimuli, sizeof(stimuli), "%s-stimuli.txt", job->name);
    if (job->kind == SIM_TRACE_SPI) {
        return sim_verdict_spi(&job->verdict, source, trace, outside);
    }
    return job->kind == SIM_TRACE_MDIO
        ? sim_verdict_mdio(&job->verdict, source, trace, outside)
        : sim_verdict_uart(&job->verdict, source, trace, lines->line,
              lines->count);
}

// ---- the test

static void write_head(const struct job *job, FILE *out)
{
    const char *slash = strrchr(job->read.file[0], '/');

    fprintf(out,
        "// SPDX-License-Identifier: MIT\n"
        "//\n"
        "// Made by `nif trace to-test` of\n"
        "// %s.\n"
        "\n"
        "#include \"sim/trace/verdict.h\"\n"
        "\n"
        "#include <setjmp.h>\n"
        "#include <stdarg.h>\n"
        "#include <stddef.h>\n"
        "#include <stdint.h>\n"
        "\n"
        "#include <cmocka.h>\n"
        "\n",
        slash ? slash + 1 : job->read.file[0]);
    if (job->read.stimuli) {
        fprintf(out, "#define TRACE   \"%s.trace\"\n", job->name);
        fprintf(out, "#define STIMULI \"%s-stimuli.txt\"\n\n", job->name);
    } else {
        fprintf(out, "#define TRACE \"%s.trace\"\n\n", job->name);
    }
}

// A string literal in pieces; bytes that are not plain in octal, which cannot
// run into what follows.
static void write_literal(const char *text, size_t len, FILE *out)
{
    unsigned width = 0;

    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        char shown[8];

        if (c == '\r' || c == '\n') {
            snprintf(shown, sizeof(shown), "%s", c == '\r' ? "\\r" : "\\n");
        } else if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '?') {
            snprintf(shown, sizeof(shown), "\\%03o", c);
        } else {
            snprintf(shown, sizeof(shown), "%c", c);
        }
        width += (unsigned)strlen(shown);
        if (width > PIECE) {
            fputs("\"\n        \"", out);
            width = (unsigned)strlen(shown);
        }
        fputs(shown, out);
    }
    fputc('"', out);
}

static void write_lines(const struct lines *lines, FILE *out)
{
    fputs("// clang-format off\n"
          "static const struct sim_verdict_line lines[] = {\n",
        out);
    for (size_t i = 0; i < lines->count; i++) {
        const struct sim_verdict_line *line = &lines->line[i];

        fprintf(out, "    { \"%s\", %s,\n        ", line->bus,
            line->rx ? "true" : "false");
        write_literal(line->text, line->len, out);
        fprintf(out, ", %zu },\n", line->len);
    }
    fputs("};\n"
          "// clang-format on\n"
          "\n",
        out);
}

static void write_case(const struct job *job, FILE *out)
{
    const char *name = "the_model_answers_as_the_chip_did";
    const char *outside = job->read.stimuli ? "STIMULI" : "NULL";
    const char *unit = job->kind == SIM_TRACE_SPI ? "spi" : "mdio";
    char call[128];

    snprintf(call, sizeof(call),
        "sim_verdict_%s(&verdict, __FILE__, TRACE, %s)", unit, outside);
    if (job->kind == SIM_TRACE_UART) {
        name = "the_dialogue_can_be_held";
        snprintf(call, sizeof(call),
            "sim_verdict_uart(&verdict, __FILE__, TRACE, lines,\n"
            "            sizeof(lines) / sizeof(lines[0]))");
    }
    fprintf(out,
        "static void %s(void **state)\n"
        "{\n"
        "    struct sim_verdict verdict;\n"
        "\n"
        "    (void)state;\n"
        "    if (!%s) {\n"
        "        fail_msg(\"%%s\", verdict.text);\n"
        "    }\n"
        "    assert_int_equal(verdict.total, %u);\n"
        "}\n"
        "\n"
        "int main(void)\n"
        "{\n"
        "    const struct CMUnitTest tests[] = {\n"
        "        cmocka_unit_test(%s),\n"
        "    };\n"
        "\n"
        "    return cmocka_run_group_tests(tests, NULL, NULL);\n"
        "}\n",
        name, call, job->verdict.total, name);
}

static bool write_test(const struct job *job, const struct lines *lines)
{
    FILE *out = create(job, "test_", ".c");

    if (!out) {
        return false;
    }
    write_head(job, out);
    if (job->kind == SIM_TRACE_UART) {
        write_lines(lines, out);
    }
    write_case(job, out);
    return close_file(out);
}

// ---- the command

static int complain(const char *what, const char *which)
{
    fprintf(stderr, "nif: trace to-test: %s%s\n%s", what, which, help);
    return NIF_EXIT_USAGE;
}

static bool take(struct job *job, const char *name, const char *value)
{
    char *end;
    struct {
        const char *name;
        const char **value;
    } rows[] = {
        { "--name", &job->name },
        { "-o", &job->dir },
        { "--chip", &job->read.chip },
        { "--stimuli", &job->read.stimuli },
    };

    for (size_t i = 0; i < nif_countof(rows); i++) {
        if (strcmp(name, rows[i].name) == 0) {
            *rows[i].value = value;
            return true;
        }
    }
    job->until = strtoull(value, &end, 10);
    return strcmp(name, "--until") == 0 && *value >= '0' && *value <= '9' &&
        *end == '\0';
}

// A name that can stand in a file's name and in CMake.
static bool set_name(struct job *job)
{
    const char *slash = strrchr(job->read.file[0], '/');
    const char *from = job->name ? job->name
        : slash                  ? slash + 1
                                 : job->read.file[0];
    const char *dot = job->name ? NULL : strrchr(from, '.');
    size_t len = dot ? (size_t)(dot - from) : strlen(from);

    if (len == 0 || len >= sizeof(job->name_text)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)from[i];

        job->name_text[i] = isalnum(c) ? (char)c : '_';
    }
    job->name = job->name_text;
    return true;
}

static int parse(struct job *job, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (argv[i][0] != '-' && job->read.files == 0) {
            job->read.file[job->read.files++] = argv[i];
        } else if (!value || !take(job, argv[i++], value)) {
            return complain("what is ", argv[value ? i - 1 : i]);
        }
    }
    if (job->read.files == 0) {
        return complain("which capture?", "");
    }
    return set_name(job) ? 0 : complain("what a name!", "");
}

// A run of ours is judged by repeating it.
static int make_run(struct job *job)
{
    static char command[] = "replay";
    char path[4096];
    char *words[] = { command, path, job->board, NULL };

    snprintf(path, sizeof(path), "%s/%s.run.trace", job->dir, job->name);
    return write_trace(job) ? nif_replay_main(3, words) : NIF_EXIT_USAGE;
}

static int make(struct job *job)
{
    struct lines lines = { 0 };
    struct sim_recording rec = { 0 };
    bool good = read_file(job);

    if (good && job->board[0]) {
        return make_run(job);
    }
    good =
        good && write_trace(job) && (!job->read.stimuli || copy_stimuli(job));
    if (good && job->kind == SIM_TRACE_UART) {
        good = read_lines(job, &rec, &lines);
    }
    if (good && !judge(job, &lines) && job->kind != SIM_TRACE_UART &&
        job->until == UINT64_MAX && job->verdict.right < job->verdict.total) {
        job->until = job->verdict.first_index + TAIL;
        good = write_trace(job);
        judge(job, &lines);
    }
    good = good && write_test(job, &lines);
    free_lines(&lines);
    sim_recording_done(&rec);
    if (!good) {
        return NIF_EXIT_USAGE;
    }
    if (!job->verdict.good) {
        printf("it fails now: %s\n", job->verdict.text);
        return NIF_EXIT_FAILED;
    }
    printf("it passes: %u of %u\n", job->verdict.right, job->verdict.total);
    return NIF_EXIT_PASS;
}

int nif_trace_to_test_main(int argc, char **argv)
{
    struct job job = { .dir = ".", .until = UINT64_MAX };
    int code;

    job.read.quiet = true;
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return NIF_EXIT_PASS;
    }
    code = parse(&job, argc, argv);
    if (code == 0) {
        code = make(&job);
    }
    if (job.whole) {
        fclose(job.whole);
    }
    return code;
}
