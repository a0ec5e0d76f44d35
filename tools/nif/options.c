// SPDX-License-Identifier: MIT
//
// The options that `nif run` and `nif ping` share.

#include "tools/nif/options.h"

#include "tools/nif/apps.h"
#include "tools/nif/values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- options that shape the world

// Flags and chances are told by a place in the options.
static bool set_simple(struct nif_options *o, const char *name,
    const char *value)
{
    const struct {
        const char *name;
        bool *flag;
        uint32_t *ppm;
        uint64_t *ns;
    } rows[] = {
        { "half-duplex", &o->board.half_duplex, NULL, NULL },
        { "polling", &o->board.polling, NULL, NULL },
        { "compat", &o->board.compat, NULL, NULL },
        { "no-rts-cts", &o->board.no_rts_cts, NULL, NULL },
        { "link-down", &o->link_down, NULL, NULL },
        { "drop-chance", NULL, &o->impair.drop_ppm, NULL },
        { "corrupt-chance", NULL, &o->impair.corrupt_ppm, NULL },
        { "duplicate-chance", NULL, &o->impair.duplicate_ppm, NULL },
        { "reorder-chance", NULL, &o->impair.reorder_ppm, NULL },
        { "reorder-delay", NULL, NULL, &o->impair.reorder_ns },
        { "delay", NULL, NULL, &o->impair.delay_ns },
        { "jitter", NULL, NULL, &o->impair.jitter_ns },
    };
    size_t i = 0;

    while (i < nif_countof(rows) && strcmp(name, rows[i].name) != 0) {
        i++;
    }
    if (i == nif_countof(rows)) {
        return false;
    }
    if (rows[i].flag) {
        *rows[i].flag = true;
        return strcmp(value, "1") == 0;
    }
    return rows[i].ppm ? nif_get_chance(value, rows[i].ppm)
                       : nif_get_ms(value, rows[i].ns);
}

static bool get_size(const char *text, size_t *size)
{
    uint32_t v;

    if (!nif_get_u32(text, 0, 65535, &v)) {
        return false;
    }
    *size = v;
    return true;
}

static bool get_number(const char *text, uint8_t *number)
{
    uint32_t v;

    if (!nif_get_u32(text, 0, NIF_NUMBER_MAX, &v)) {
        return false;
    }
    *number = (uint8_t)v;
    return true;
}

// The board's application by its name, or what that is told.
static bool set_app(struct nif_options *o, const char *name, const char *value)
{
    const struct nif_app_row *row;

    if (strcmp(name, "app-args") == 0) {
        o->board.args = o->app_args;
        return nif_get_name(value, o->app_args, sizeof(o->app_args));
    }
    row = nif_app_find(value);
    if (row) {
        o->board.app = row->run;
        snprintf(o->app_name, sizeof(o->app_name), "%s", row->name);
    }
    return row != NULL;
}

static bool set_option(struct nif_options *o, const char *name,
    const char *value)
{
    struct host_board_cfg *b = &o->board;

    if (strcmp(name, "chip") == 0) {
        b->chip = o->chip_name;
        return nif_get_name(value, o->chip_name, sizeof(o->chip_name));
    }
    if (strcmp(name, "revision") == 0) {
        b->revision = o->revision_name;
        return nif_get_name(value, o->revision_name, sizeof(o->revision_name));
    }
    if (strcmp(name, "dialect") == 0) {
        b->dialect = o->dialect_name;
        return nif_get_name(value, o->dialect_name, sizeof(o->dialect_name));
    }
    if (strcmp(name, "ssid") == 0) {
        b->ssid = o->ssid;
        return nif_get_name(value, o->ssid, sizeof(o->ssid));
    }
    if (strcmp(name, "passphrase") == 0) {
        b->passphrase = o->passphrase;
        return strlen(value) >= NIF_WIFI_PASSPHRASE_MIN &&
            nif_get_name(value, o->passphrase, sizeof(o->passphrase));
    }
    if (strcmp(name, "baud") == 0) {
        return nif_get_u32(value, 9600, 5000000, &b->baud);
    }
    if (strncmp(name, "app", 3) == 0) {
        return set_app(o, name, value);
    }
    if (strcmp(name, "seed") == 0) {
        return nif_get_u64(value, UINT64_MAX, &b->seed);
    }
    if (strcmp(name, "number") == 0) {
        return get_number(value, &b->number);
    }
    if (strcmp(name, "spi-hz") == 0) {
        return nif_get_u32(value, 10000, 100000000, &b->bus_hz);
    }
    if (strcmp(name, "cpu-ns") == 0) {
        return nif_get_u32(value, 1, 1000000, &b->cpu_ns);
    }
    if (strcmp(name, "ip") == 0) {
        return nif_get_net(value, &b->net);
    }
    if (strcmp(name, "dhcp") == 0) {
        b->net = (struct nif_net){ 0 };
        return strcmp(value, "1") == 0;
    }
    if (strcmp(name, "gateway") == 0) {
        return nif_ip_parse(value, &b->net.gateway) == 0;
    }
    if (strcmp(name, "rate") == 0) {
        return nif_get_u64(value, 1000000000000, &o->impair.bits_per_s);
    }
    if (strcmp(name, "size-limit") == 0) {
        return get_size(value, &o->impair.size_limit);
    }
    return set_simple(o, name, value);
}

static void keep(struct nif_options *o, const char *name, const char *value)
{
    if (o->kept_count < NIF_KEPT_MAX) {
        snprintf(o->kept[o->kept_count].name, sizeof(o->kept->name), "%s",
            name);
        snprintf(o->kept[o->kept_count].value, sizeof(o->kept->value), "%s",
            value);
        o->kept_count++;
    }
}

bool nif_options_repeat(void *options, const char *name, const char *value)
{
    struct nif_options *o = options;

    if (!set_option(o, name, value)) {
        return false;
    }
    // Chip and address are written down by their own names.
    if (strcmp(name, "chip") != 0 && strcmp(name, "ip") != 0 &&
        strcmp(name, "dhcp") != 0) {
        keep(o, name, value);
    }
    return true;
}

// ---- the command line

enum {
    OPT_HELP = 'h',
    OPT_WORLD = 1000, // has a value and shapes the world
    OPT_WORLD_FLAG,
    OPT_SLIRP,
    OPT_NETNS,
    OPT_TAP,
    OPT_LIVE,
    OPT_WIRE,
    OPT_PCAP_IN,
    OPT_STIMULI,
    OPT_NO_TUN,
    OPT_FORWARD,
    OPT_PCAP,
    OPT_TRACE,
    OPT_RECORD,
    OPT_LINK,
    OPT_DHCP,
    OPT_DURATION,
    OPT_TIMEOUT,
    OPT_JSON,
    OPT_COUNT,
    OPT_INTERVAL,
    OPT_SIZE,
};

#define WORLD(name)                              \
    {                                            \
        name, required_argument, NULL, OPT_WORLD \
    }
#define WORLD_FLAG(name)                        \
    {                                           \
        name, no_argument, NULL, OPT_WORLD_FLAG \
    }
#define SHARED                                                                \
    { "help", no_argument, NULL, OPT_HELP },                                  \
        { "no-tun", no_argument, NULL, OPT_NO_TUN },                          \
        { "pcap", required_argument, NULL, OPT_PCAP },                        \
        { "trace", required_argument, NULL, OPT_TRACE },                      \
        { "record-stimuli", required_argument, NULL, OPT_RECORD },            \
        { "link", required_argument, NULL, OPT_LINK },                        \
        { "timeout", required_argument, NULL, OPT_TIMEOUT },                  \
        { "json", no_argument, NULL, OPT_JSON }, WORLD("seed"),               \
        WORLD("spi-hz"), WORLD("cpu-ns"), WORLD("revision"), WORLD("ip"),     \
        WORLD("gateway"), WORLD("drop-chance"), WORLD("corrupt-chance"),      \
        WORLD("duplicate-chance"), WORLD("reorder-chance"),                   \
        WORLD("reorder-delay"), WORLD("delay"), WORLD("jitter"),              \
        WORLD("rate"), WORLD("size-limit"), WORLD("app"), WORLD("app-args"),  \
        WORLD("dialect"), WORLD("ssid"), WORLD("passphrase"), WORLD("baud"),  \
        WORLD("number"), WORLD_FLAG("no-rts-cts"), WORLD_FLAG("half-duplex"), \
        WORLD_FLAG("polling"), WORLD_FLAG("compat")

static const struct option run_options[] = {
    SHARED,
    { "slirp", no_argument, NULL, OPT_SLIRP },
    { "netns", no_argument, NULL, OPT_NETNS },
    { "tap", required_argument, NULL, OPT_TAP },
    { "live", required_argument, NULL, OPT_LIVE },
    { "wire", required_argument, NULL, OPT_WIRE },
    { "pcap-in", required_argument, NULL, OPT_PCAP_IN },
    { "stimuli", required_argument, NULL, OPT_STIMULI },
    { "forward", required_argument, NULL, OPT_FORWARD },
    { "duration", required_argument, NULL, OPT_DURATION },
    { "dhcp", no_argument, NULL, OPT_DHCP },
    { 0 },
};

static const struct option ping_options[] = {
    SHARED,
    { "count", required_argument, NULL, OPT_COUNT },
    { "interval", required_argument, NULL, OPT_INTERVAL },
    { "size", required_argument, NULL, OPT_SIZE },
    { 0 },
};

static bool set_end(struct nif_options *o, enum nif_end end, const char *arg)
{
    o->end = end;
    o->end_arg = arg;
    return true;
}

static bool add_forward(struct nif_options *o, const char *spec)
{
    if (o->forward_count == NIF_FORWARDS_MAX) {
        return false;
    }
    o->forward[o->forward_count++] = spec;
    return true;
}

static bool set_link(struct nif_options *o, const char *value)
{
    o->link_down = strcmp(value, "down") == 0;
    if (o->link_down) {
        keep(o, "link-down", "1");
    }
    return o->link_down || strcmp(value, "up") == 0;
}

// Takes one option. Returns false if its value is wrong.
static bool take(struct nif_options *o, int code, const char *name,
    const char *value)
{
    switch (code) {
    case OPT_WORLD: keep(o, name, value); return set_option(o, name, value);
    case OPT_WORLD_FLAG: keep(o, name, "1"); return set_option(o, name, "1");
    case OPT_SLIRP: return set_end(o, NIF_END_SLIRP, NULL);
    case OPT_NETNS: return set_end(o, NIF_END_NETNS, NULL);
    case OPT_TAP: return set_end(o, NIF_END_TAP, value);
    case OPT_LIVE: return set_end(o, NIF_END_LIVE, value);
    case OPT_WIRE: return set_end(o, NIF_END_WIRE, value);
    case OPT_PCAP_IN: return set_end(o, NIF_END_PCAP, value);
    case OPT_STIMULI: return set_end(o, NIF_END_STIMULI, value);
    case OPT_NO_TUN: o->no_tun = true; return true;
    case OPT_FORWARD: return add_forward(o, value);
    case OPT_PCAP: o->pcap = value; return true;
    case OPT_TRACE: o->trace = value; return true;
    case OPT_RECORD: o->record = value; return true;
    case OPT_LINK: return set_link(o, value);
    case OPT_DHCP: o->dhcp = true; return true;
    case OPT_DURATION: return nif_get_double(value, 1e-6, 1e9, &o->duration_s);
    case OPT_TIMEOUT: return nif_get_double(value, 1e-3, 1e9, &o->timeout_s);
    case OPT_JSON: o->json = true; return true;
    case OPT_COUNT: return nif_get_u32(value, 1, 1000000000, &o->count);
    case OPT_INTERVAL:
        return nif_get_double(value, 0.001, 3600, &o->interval_s);
    case OPT_SIZE: return nif_get_u32(value, 0, 65507, &o->size);
    default: return false;
    }
}

void nif_options_init(struct nif_options *o)
{
    *o = (struct nif_options){
        .board.seed = 1,
        .board.app = nif_apps[0].run,
        .count = 5,
        .interval_s = 0.2,
        .size = 56,
    };
}

static int usage(bool ping)
{
    fprintf(stderr, "nif: see `nif %s --help`\n", ping ? "ping" : "run");
    return -1;
}

// A file that is written is no other file of the run.
static bool check_files(const struct nif_options *o)
{
    const struct {
        const char *option;
        const char *file;
    } rows[] = {
        { "pcap", o->pcap },
        { "trace", o->trace },
        { "record-stimuli", o->record },
        { "pcap-in", o->end == NIF_END_PCAP ? o->end_arg : NULL },
        { "stimuli", o->end == NIF_END_STIMULI ? o->end_arg : NULL },
    };

    for (size_t i = 0; i < nif_countof(rows); i++) {
        for (size_t k = 0; k < i; k++) {
            if (nif_is_same_file(rows[k].file, rows[i].file)) {
                fprintf(stderr, "nif: --%s and --%s: %s cannot be both\n",
                    rows[k].option, rows[i].option, rows[i].file);
                return false;
            }
        }
    }
    return true;
}

// What does not fit together.
static int check(struct nif_options *o, bool ping)
{
    if (o->forward_count > 0 && o->end != NIF_END_SLIRP) {
        fprintf(stderr, "nif: --forward goes with --slirp only\n");
        return usage(ping);
    }
    if (o->command && (ping || o->end != NIF_END_NETNS)) {
        fprintf(stderr, "nif: a command goes with --netns only\n");
        return usage(ping);
    }
    if (!ping && o->end == NIF_END_STIMULI && o->kept_count > 0) {
        fprintf(stderr,
            "nif: --%s: a repeated run takes its options from its stimuli\n",
            o->kept[0].name);
        return usage(ping);
    }
    if (!check_files(o)) {
        return usage(ping);
    }
    // Only libslirp has a DHCP server.
    if (o->dhcp && o->board.net.ip.family != NIF_IP_NONE) {
        fprintf(stderr, "nif: --dhcp and --ip: one of them\n");
        return usage(ping);
    }
    if (o->board.net.ip.family == NIF_IP_NONE && !o->dhcp &&
        (ping || o->end != NIF_END_SLIRP)) {
        o->board.net.ip = nif_ip4(192, 0, 2, (uint8_t)(o->board.number + 2));
        o->board.net.prefix_len = 24;
    }
    return 0;
}

// Takes the options, and leaves the other words in place.
static int take_all(struct nif_options *o, int argc, char **argv, bool ping)
{
    const struct option *table = ping ? ping_options : run_options;
    int at = 0;
    int code;

    optind = 1;
    opterr = 0;
    while ((code = getopt_long(argc, argv, ":h", table, &at)) != -1) {
        if (code == OPT_HELP) {
            nif_options_help(ping);
            return 1;
        }
        if (code == '?' || code == ':') {
            fprintf(stderr, "nif: %s: %s\n", argv[optind - 1],
                code == '?' ? "no such option" : "needs a value");
            return usage(ping);
        }
        if (!take(o, code, table[at].name, optarg)) {
            fprintf(stderr, "nif: --%s: '%s' cannot be used\n", table[at].name,
                optarg ? optarg : "");
            return usage(ping);
        }
    }
    return 0;
}

int nif_options_parse(struct nif_options *o, int argc, char **argv, bool ping)
{
    int words = argc; // before the command
    int code;

    for (int i = 1; i < words; i++) {
        if (strcmp(argv[i], "--") == 0) {
            words = i;
        }
    }
    if (ping) {
        o->end = NIF_END_NETNS;
    }
    if (words < argc) {
        o->command = argv + words + 1;
    }
    code = take_all(o, words, argv, ping);
    if (code != 0) {
        return code;
    }
    if (optind < words) {
        o->board.chip = argv[optind++];
    }
    if (optind < words) {
        fprintf(stderr, "nif: %s: one chip is enough\n", argv[optind]);
        return usage(ping);
    }
    if (o->command && (ping || !*o->command)) {
        fprintf(stderr, "nif: --: %s\n",
            ping ? "`nif run` takes a command" : "which command?");
        return usage(ping);
    }
    if (!o->board.chip && o->end != NIF_END_STIMULI) {
        fprintf(stderr, "nif: which chip?\n");
        return usage(ping);
    }
    return check(o, ping);
}

const char *nif_options_host(const struct nif_options *o, char text[64])
{
    struct nif_ip host = o->board.net.ip;
    unsigned prefix_len = o->board.net.prefix_len;
    char ip[NIF_IP_TEXT_MAX];

    if (host.family == NIF_IP_NONE) {
        host = nif_ip4(192, 0, 2, 2);
        prefix_len = 24;
    }
    // The first address of the network that is not the board's.
    host.byte[3] = (uint8_t)(host.byte[3] == 1 ? 2 : 1);
    snprintf(text, 64, "%s/%u", nif_ip_format(&host, ip), prefix_len);
    return text;
}
