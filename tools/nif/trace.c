// SPDX-License-Identifier: MIT
//
// `nif trace`: recordings of buses. Finds the sub-command and reads options.

#include "tools/nif/trace.h"
#include "tools/nif/nif.h"
#include "tools/nif/trace_more.h"
#include "tools/nif/values.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: nif trace import FILE... -o OUT [OPTION...]\n"
    "       nif trace decode FILE [--chip NAME] [--pcap OUT]\n"
    "       nif trace export FILE -o OUT [--format F] [--chip NAME]\n"
    "       nif trace score --chip enc28j60 FILE [--stimuli FILE] [--json]\n"
    "\n"
    "FILE is a trace of ours, a table of transactions (.csv), or a capture\n"
    "of a logic analyser: sigrok (.sr), Saleae (binary, one file per channel;\n"
    "raw CSV; tables of analysers), VCD. `-o -` writes to standard output.\n"
    "\n"
    "import  makes a trace of a capture. Which channel is which is guessed\n"
    "        and printed, unless a bus is given:\n"
    "          --spi cs=NAME,clk=NAME,mosi=NAME,miso=NAME[,mode=0..3]\n"
    "                [,lsb][,cs-high]\n"
    "          --gspi cs=NAME,clk=NAME,data=NAME   one data line\n"
    "          --uart tx=NAME,rx=NAME[,baud=N][,format=8n1][,invert]\n"
    "          --mdio mdc=NAME,mdio=NAME\n"
    "        NAME is a channel's name or number. Lines may be left out: with\n"
    "        `--spi cs=NAME` only the times of transactions are kept.\n"
    "          --chip NAME        marks which bytes that chip drives\n"
    "          --rate HZ          samples per second, if the file is wrong\n"
    "          --glitch NS        drops shorter pulses, and counts them\n"
    "          --provenance TEXT  who recorded it, under which licence\n"
    "          --quiet            prints no guesses\n"
    "decode  (or show) prints traffic in the words of the data sheet; --pcap\n"
    "        writes the frames in it, without FCS.\n"
    "export  writes a trace for other programs, in the format of OUT's name\n"
    "        or of --format: pcapng (one interface per bus and wire, words as\n"
    "        comments), pcap (frames; --wire NAME: of one wire), vcd, sr (for\n"
    "        PulseView and sigrok-cli; --rate HZ), jsonl.\n"
    "score   drives the model of a chip with a capture of a real one and\n"
    "        counts the bytes that it returns right. The stimuli default to\n"
    "        CHIP-stimuli.txt beside the capture.\n"
    "\n"
    "Exit: 0 good, 1 different or incomplete, 2 usage or unreadable files.\n";

bool nif_trace_fail(const char *fmt, ...)
{
    va_list args;

    fputs("nif trace: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}

static bool wrong(const char *what, const char *which)
{
    return nif_trace_fail("%s%s; see `nif trace --help`", what, which);
}

// ---- options

enum command { IMPORT = 1, DECODE = 2, SCORE = 4, EXPORT = 8 };

static const struct {
    const char *name;
    unsigned command;
    int (*run)(const struct nif_trace_options *o);
} commands[] = {
    { "import", IMPORT, nif_trace_import },
    { "decode", DECODE, nif_trace_decode },
    { "show", DECODE, nif_trace_decode },
    { "score", SCORE, nif_trace_score },
    { "export", EXPORT, nif_trace_export },
};

#define ALL (IMPORT | DECODE | SCORE | EXPORT)

static bool take_rate(double *rate, const char *text)
{
    char *unit;

    *rate = strtod(text, &unit);
    unit += *unit == ' ';
    switch (*unit) {
    case 'k': *rate *= 1e3; break;
    case 'M': *rate *= 1e6; break;
    case 'G': *rate *= 1e9; break;
    case 'H':
    case '\0': break;
    default: *rate = 0; break;
    }
    return (*rate >= 1e-3 && *rate <= 1e12) ||
        wrong("no sample rate that can be: ", text);
}

static bool take_ns(uint64_t *ns, const char *text)
{
    char *end;

    *ns = strtoull(text, &end, 10);
    return (isdigit((unsigned char)text[0]) && *end == '\0') ||
        wrong("not nanoseconds: ", text);
}

static bool take_bus(struct nif_trace_options *o, const char *kind, char *spec)
{
    if (o->buses == NIF_TRACE_BUSES) {
        return wrong("too many buses: ", spec);
    }
    o->bus[o->buses].kind = kind;
    o->bus[o->buses++].spec = spec;
    return true;
}

// The string that an option of this command sets, or NULL.
static const char **string_of(struct nif_trace_options *o, const char *name,
    unsigned command)
{
    const struct {
        const char *name;
        unsigned commands;
        const char **to;
    } strings[] = {
        { "--chip", ALL, &o->chip },
        { "--stimuli", SCORE, &o->stimuli },
        { "--pcap", DECODE, &o->pcap },
        { "-o", IMPORT | EXPORT, &o->out },
        { "--output", IMPORT | EXPORT, &o->out },
        { "--provenance", IMPORT, &o->provenance },
        { "--format", EXPORT, &o->format },
        { "--wire", EXPORT, &o->wire },
    };

    for (size_t i = 0; i < nif_countof(strings); i++) {
        if ((strings[i].commands & command) &&
            strcmp(strings[i].name, name) == 0) {
            return strings[i].to;
        }
    }
    return NULL;
}

static bool is_bus(const char *name)
{
    return strcmp(name, "--spi") == 0 || strcmp(name, "--gspi") == 0 ||
        strcmp(name, "--uart") == 0 || strcmp(name, "--mdio") == 0;
}

// An option with a value. Returns 1 if it was one, 0 if not, -1.
static int take_value(struct nif_trace_options *o, const char *name,
    char *value, unsigned command)
{
    const char **string = string_of(o, name, command);
    bool bus = is_bus(name);
    bool rate = strcmp(name, "--rate") == 0;
    bool good = true;

    if (!string && !bus && !rate && strcmp(name, "--glitch") != 0) {
        return 0;
    }
    if (!value) {
        return wrong("no value for ", name) ? 1 : -1;
    }
    if (string) {
        *string = value;
    } else if (bus) {
        good = take_bus(o, name + 2, value);
    } else if (rate) {
        good = take_rate(&o->rate_hz, value);
    } else {
        good = take_ns(&o->glitch_ns, value);
    }
    return good ? 1 : -1;
}

static bool parse(struct nif_trace_options *o, int argc, char **argv,
    unsigned command)
{
    for (int i = 2; i < argc; i++) {
        char *value = i + 1 < argc ? argv[i + 1] : NULL;
        int taken = take_value(o, argv[i], value, command);

        if (taken < 0) {
            return false;
        }
        if (taken > 0) {
            i++;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            o->quiet = true;
        } else if (command == SCORE && strcmp(argv[i], "--json") == 0) {
            o->json = true;
        } else if (argv[i][0] == '-') {
            return wrong("what is ", argv[i]);
        } else if (o->files == NIF_TRACE_FILES) {
            return wrong("too many files: ", argv[i]);
        } else {
            o->file[o->files++] = argv[i];
        }
    }
    return true;
}

static bool check(const struct nif_trace_options *o, unsigned command)
{
    struct sim_decoder *decoder;

    if (o->files == 0) {
        return wrong("no capture named", "");
    }
    if ((command & (IMPORT | EXPORT)) && !o->out) {
        return wrong("where to? -o OUT is missing", "");
    }
    if (command == SCORE && !o->chip) {
        return wrong("--chip is missing", "");
    }
    for (size_t i = 0; i < o->files; i++) {
        if (nif_is_same_file(o->file[i], o->out) ||
            nif_is_same_file(o->file[i], o->pcap)) {
            return wrong("would be written over while it is read: ",
                o->file[i]);
        }
    }
    decoder = o->chip ? sim_decoder_new(o->chip) : NULL;
    if (o->chip && (!decoder || decoder->ops->kind != SIM_TRACE_SPI)) {
        sim_decoder_free(decoder);
        return wrong("unknown chip ", o->chip);
    }
    sim_decoder_free(decoder);
    return true;
}

int nif_trace_main(int argc, char **argv)
{
    struct nif_trace_options o = { 0 };
    int code;

    if (nif_trace_more(argc, argv, &code)) {
        return code;
    }
    if (argc > 1 &&
        (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        fputs("\n", stdout);
        nif_trace_more_help(stdout);
        return NIF_EXIT_PASS;
    }
    for (size_t i = 0; i < nif_countof(commands); i++) {
        if (argc < 2 || strcmp(argv[1], commands[i].name) != 0) {
            continue;
        }
        if (argc > 2 && strcmp(argv[2], "--help") == 0) {
            fputs(usage, stdout);
            return NIF_EXIT_PASS;
        }
        return parse(&o, argc, argv, commands[i].command) &&
                check(&o, commands[i].command)
            ? commands[i].run(&o)
            : NIF_EXIT_USAGE;
    }
    fputs(usage, stderr);
    fputs("\n", stderr);
    nif_trace_more_help(stderr);
    return NIF_EXIT_USAGE;
}
