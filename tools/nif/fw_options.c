// SPDX-License-Identifier: MIT
//
// The command line of `nif fw run`.

#include "tools/nif/fw.h"
#include "tools/nif/nif.h"
#include "tools/nif/values.h"

#include "boards/host/host.h"
#include "tap/slirp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: nif fw run BOARD EXAMPLE [OPTION...] [-- COMMAND...]\n"
    "       nif fw run --board BOARD FILE [OPTION...] [-- COMMAND...]\n"
    "\n"
    "Boots an image in QEMU: that of a board and an example, or any FILE for\n"
    "a board. Its console goes to standard output. Ends when the image does,\n"
    "with COMMAND, or with Ctrl-C. `nif fw list` shows what there is.\n"
    "\n"
    "  --images FOLDER    where BOARD-EXAMPLE.elf is (default: build-...\n"
    "                     beside the folder of this program)\n"
    "  --args TEXT        what the application is told, as on a command line\n"
    "  --timeout S        give up after that: exit 124\n"
    "  --duration S       end after that many seconds: exit 0\n"
    "  --qemu TEXT        more words for QEMU: --qemu '-s -S'\n"
    "\n"
    "The end of its wire:\n"
    "  --slirp            QEMU's user network (default); needs nothing; TCP\n"
    "                     and UDP only, address by DHCP\n"
    "  --forward SPEC     with --slirp: reach the board from the host, as in\n"
    "                     tcp:127.0.0.1:8080:80; may be given several times\n"
    "  --netns            a private network namespace; needs no root. With\n"
    "                     -- COMMAND runs that inside, from the beginning,\n"
    "                     and ends with it\n"
    "  --tap NAME         a TAP device of the host\n"
    "  --wire PATH        a wire that is shared with others: see `nif run`\n"
    "  --pcap FILE        what passes on it\n"
    "\n"
    "The board:\n"
    "  --ip A.B.C.D/LEN   its address (default 192.0.2.2/24; with --slirp by\n"
    "                     DHCP); the host is .1\n"
    "  --dhcp             its address by DHCP from a server that you run\n"
    "  --gateway A.B.C.D\n"
    "  --number N         which of several boards at a wire it is: its\n"
    "                     hardware address and its default address end in\n"
    "                     N + 2 (default 0; with --wire 1)\n"
    "  --seed N           of what it draws, if it has no source of chance\n"
    "\n"
    "  --chip CHIP        the image has the driver of CHIP, whose model is at\n"
    "                     the bridge; every other option is then one of\n"
    "                     `nif chip`, and the clock is the model's\n"
    "  --uart             it is at a serial line of the board instead, in\n"
    "                     real time; --args then has the image's address\n"
    "\n"
    "Exit: that of the image (0 good, 1 failed, 98 panic, 99 fault of the\n"
    "processor) or of COMMAND; 0 when told to stop; 2 usage; 77 no image or\n"
    "no QEMU here; 124 timed out; 128 + n killed by signal n.\n";

enum {
    OPT_HELP = 'h',
    OPT_BOARD = 1000,
    OPT_IMAGES,
    OPT_ARGS,
    OPT_QEMU,
    OPT_CHIP,
    OPT_UART,
    OPT_TIMEOUT,
    OPT_DURATION,
    OPT_SLIRP,
    OPT_FORWARD,
    OPT_NETNS,
    OPT_NO_TUN,
    OPT_TAP,
    OPT_WIRE,
    OPT_PCAP,
    OPT_IP,
    OPT_DHCP,
    OPT_GATEWAY,
    OPT_NUMBER,
    OPT_SEED,
};

static const struct option table[] = {
    { "help", no_argument, NULL, OPT_HELP },
    { "board", required_argument, NULL, OPT_BOARD },
    { "images", required_argument, NULL, OPT_IMAGES },
    { "args", required_argument, NULL, OPT_ARGS },
    { "qemu", required_argument, NULL, OPT_QEMU },
    { "chip", required_argument, NULL, OPT_CHIP },
    { "uart", no_argument, NULL, OPT_UART },
    { "timeout", required_argument, NULL, OPT_TIMEOUT },
    { "duration", required_argument, NULL, OPT_DURATION },
    { "slirp", no_argument, NULL, OPT_SLIRP },
    { "forward", required_argument, NULL, OPT_FORWARD },
    { "netns", no_argument, NULL, OPT_NETNS },
    { "tap", required_argument, NULL, OPT_TAP },
    { "wire", required_argument, NULL, OPT_WIRE },
    { "pcap", required_argument, NULL, OPT_PCAP },
    { "ip", required_argument, NULL, OPT_IP },
    { "dhcp", no_argument, NULL, OPT_DHCP },
    { "gateway", required_argument, NULL, OPT_GATEWAY },
    { "number", required_argument, NULL, OPT_NUMBER },
    { "seed", required_argument, NULL, OPT_SEED },
    { 0 },
};

// What is told of a run before its image is known.
struct words {
    const char *board; // --board
    const char *images;
    bool dhcp;
    bool numbered;
};

static int usage(void)
{
    fprintf(stderr, "nif: see `nif fw run --help`\n");
    return -NIF_EXIT_USAGE;
}

static bool set_end(struct nif_fw_options *o, enum nif_end end, const char *arg)
{
    o->end = end;
    o->end_arg = arg;
    return true;
}

static bool add_forward(struct nif_fw_options *o, const char *spec)
{
    if (o->forward_count == NIF_FORWARDS_MAX) {
        return false;
    }
    o->forward[o->forward_count++] = spec;
    return true;
}

// Takes one option. Returns false if its value is wrong.
static bool take(struct nif_fw_options *o, struct words *w, int code,
    const char *value)
{
    switch (code) {
    case OPT_BOARD: w->board = value; return true;
    case OPT_IMAGES: w->images = value; return true;
    case OPT_ARGS: o->args = value; return true;
    case OPT_QEMU: o->qemu = value; return true;
    case OPT_CHIP: o->chip = value; return true;
    case OPT_UART: o->uart = true; return true;
    case OPT_TIMEOUT: return nif_get_double(value, 1e-3, 1e9, &o->timeout_s);
    case OPT_DURATION: return nif_get_double(value, 1e-3, 1e9, &o->duration_s);
    case OPT_SLIRP: return set_end(o, NIF_END_SLIRP, NULL);
    case OPT_FORWARD: return add_forward(o, value);
    case OPT_NETNS: return set_end(o, NIF_END_NETNS, NULL);
    case OPT_TAP: return set_end(o, NIF_END_TAP, value);
    case OPT_WIRE: return set_end(o, NIF_END_WIRE, value);
    case OPT_PCAP: o->pcap = value; return true;
    case OPT_IP: return nif_get_net(value, &o->net);
    case OPT_DHCP: w->dhcp = true; return true;
    case OPT_GATEWAY: return nif_ip_parse(value, &o->net.gateway) == 0;
    case OPT_NUMBER:
        w->numbered = true;
        return nif_get_u32(value, 0, NIF_NUMBER_MAX, &o->number);
    case OPT_SEED: return nif_get_u64(value, UINT64_MAX, &o->seed);
    default: return false;
    }
}

// The options that are not for `nif chip`, which gets the rest.
static int take_chip(struct nif_fw_options *o, struct words *w, int *argc,
    char **argv)
{
    static const int codes[] = { OPT_BOARD, OPT_IMAGES, OPT_ARGS, OPT_QEMU,
        OPT_TIMEOUT };

    for (size_t i = 0; i < nif_countof(codes); i++) {
        const struct option *row = table;
        const char *value;

        while (row->val != codes[i]) {
            row++;
        }
        value = nif_take_option(argc, argv, row->name);
        if (value && !take(o, w, codes[i], value)) {
            fprintf(stderr, "nif: --%s: '%s' cannot be used\n", row->name,
                value);
            return usage();
        }
    }
    return 0;
}

static int take_all(struct nif_fw_options *o, struct words *w, int argc,
    char **argv)
{
    int at = 0;
    int code;

    optind = 1;
    opterr = 0;
    while ((code = getopt_long(argc, argv, ":h", table, &at)) != -1) {
        if (code == '?' || code == ':') {
            fprintf(stderr, "nif: %s: %s\n", argv[optind - 1],
                code == '?' ? "no such option" : "needs a value");
            return usage();
        }
        if (!take(o, w, code, optarg)) {
            fprintf(stderr, "nif: --%s: '%s' cannot be used\n", table[at].name,
                optarg ? optarg : "");
            return usage();
        }
    }
    return 0;
}

// ---- what it is that runs

static int find_board(struct nif_fw_options *o, const char *name)
{
    o->board = nif_fw_find(name);
    if (o->board) {
        return 0;
    }
    fprintf(stderr, "nif: there is no board '%s' in QEMU; there is:", name);
    for (const struct nif_fw_board *b = nif_fw_boards; b->name; b++) {
        fprintf(stderr, " %s", b->name);
    }
    fprintf(stderr, "\n");
    return -NIF_EXIT_USAGE;
}

// A chip that does not exist must not look as if its image had been left out,
// either.
static int find_chip(const struct nif_fw_options *o)
{
    for (const struct host_chip *const *c = host_chips; *c; c++) {
        if (strcmp((*c)->name, o->chip) == 0) {
            return 0;
        }
    }
    fprintf(stderr, "nif: there is no chip '%s'; there is:", o->chip);
    for (const struct host_chip *const *c = host_chips; *c; c++) {
        fprintf(stderr, " %s", (*c)->name);
    }
    fprintf(stderr, "\n");
    return -NIF_EXIT_USAGE;
}

// An example that others of this board's images show to be none is a slip of
// the pen, which must not look as if it had been left out.
static int miss(const struct nif_fw_options *o, const char *example,
    const char *images)
{
    char folder[NIF_FW_PATH];
    char names[TAP_WHY];

    nif_fw_folder(o->board, images, folder);
    if (nif_fw_examples(o->board, folder, o->chip, o->uart, names) > 0) {
        fprintf(stderr,
            "nif: of %s%s%s there is no image '%s' in %s; there is:%s\n",
            o->board->name, o->chip ? " with " : "", o->chip ? o->chip : "",
            example, folder, names);
        return -NIF_EXIT_USAGE;
    }
    fprintf(stderr,
        "nif: there are no images of %s%s%s in %s; `tools/dev build --board "
        "%s` makes them\n",
        o->board->name, o->chip ? " with " : "", o->chip ? o->chip : "", folder,
        o->board->build);
    return -NIF_EXIT_SKIPPED;
}

static int find_example(struct nif_fw_options *o, const char *example,
    const char *images)
{
    char folder[NIF_FW_PATH];
    char path[2 * NIF_FW_PATH];

    nif_fw_folder(o->board, images, folder);
    snprintf(path, sizeof(path), "%s/%s%s%s-%s.elf", folder, o->board->image,
        !o->chip      ? ""
            : o->uart ? "-uart-"
                      : "-bridge-",
        o->chip ? o->chip : "", example);
    return nif_fw_absolute(path, o->image) && access(o->image, R_OK) == 0
        ? 0
        : miss(o, example, images);
}

static int find_file(struct nif_fw_options *o, const char *file)
{
    if (nif_fw_absolute(file, o->image) && access(o->image, R_OK) == 0) {
        return 0;
    }
    fprintf(stderr, "nif: %s: %s\n", file, strerror(errno));
    return -NIF_EXIT_SKIPPED;
}

static int find(struct nif_fw_options *o, const struct words *w, int count,
    char **word)
{
    const char *board = w->board ? w->board : count > 0 ? word[0] : NULL;
    int wanted = w->board ? 1 : 2;
    int err;

    if (count != wanted) {
        fprintf(stderr, "nif: %s\n",
            w->board ? "--board: with one file"
                     : "which board and example? "
                       "`nif fw list` shows them");
        return usage();
    }
    err = find_board(o, board);
    if (err != 0) {
        return err;
    }
    return w->board ? find_file(o, word[0])
                    : find_example(o, word[1], w->images);
}

// ---- all of it

static int check_forwards(const struct nif_fw_options *o)
{
    struct tap_forward forward;
    char why[TAP_WHY];

    for (size_t i = 0; i < o->forward_count; i++) {
        if (tap_forward_parse(o->forward[i], &forward, why) != 0) {
            fprintf(stderr, "nif: %s\n", why);
            return usage();
        }
    }
    return 0;
}

// What does not fit together, and what follows.
static int check(struct nif_fw_options *o, const struct words *w)
{
    if (o->uart) {
        fprintf(stderr, "nif: --uart goes with --chip only\n");
        return usage();
    }
    if (o->forward_count > 0 && o->end != NIF_END_SLIRP) {
        fprintf(stderr, "nif: --forward goes with --slirp only\n");
        return usage();
    }
    if (o->command && o->end != NIF_END_NETNS) {
        fprintf(stderr, "nif: a command goes with --netns only\n");
        return usage();
    }
    if (w->dhcp && o->net.ip.family != NIF_IP_NONE) {
        fprintf(stderr, "nif: --dhcp and --ip: one of them\n");
        return usage();
    }
    if (!w->numbered && o->end == NIF_END_WIRE) {
        o->number = 1; // a simulated board is there, perhaps
    }
    if (o->net.ip.family == NIF_IP_NONE && !w->dhcp &&
        o->end != NIF_END_SLIRP) {
        o->net.ip = nif_ip4(192, 0, 2, (uint8_t)(o->number + 2));
        o->net.prefix_len = 24;
    }
    return check_forwards(o);
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

// With a chip, the first words say what runs; the others are for `nif chip`.
static int parse_chip(struct nif_fw_options *o, int argc, char **argv)
{
    struct words w = { 0 };
    int count = 0;
    int err;

    o->uart = nif_take_flag(&argc, argv, "uart");
    err = take_chip(o, &w, &argc, argv);

    while (1 + count < argc && argv[1 + count][0] != '-') {
        count++;
    }
    err = err ? err : find_chip(o);
    err = err ? err : find(o, &w, count, argv + 1);
    o->chip_words = argv + 1 + count;
    o->chip_count = (size_t)(argc - 1 - count);
    return err;
}

static int parse_plain(struct nif_fw_options *o, int argc, char **argv)
{
    struct words w = { 0 };
    int words = 1; // before the command
    int err;

    while (words < argc && strcmp(argv[words], "--") != 0) {
        words++;
    }
    if (words < argc) {
        o->command = argv + words + 1;
    }
    err = take_all(o, &w, words, argv);
    if (err == 0 && o->command && !*o->command) {
        fprintf(stderr, "nif: --: which command?\n");
        return usage();
    }
    err = err ? err : check(o, &w);
    return err ? err : find(o, &w, words - optind, argv + optind);
}

int nif_fw_parse(struct nif_fw_options *o, int argc, char **argv)
{
    *o = (struct nif_fw_options){ .end = NIF_END_SLIRP };
    if (wants_help(argc, argv)) {
        fputs(help, stdout);
        return 1;
    }
    o->chip = nif_take_option(&argc, argv, "chip");
    return o->chip ? parse_chip(o, argc, argv) : parse_plain(o, argc, argv);
}
