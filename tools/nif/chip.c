// SPDX-License-Identifier: MIT
//
// `nif chip`: serves a chip model, with its buses, its pins and its clock, to
// a program elsewhere. It is `nif run` with a board whose application is that
// program.

#include "sim/bridge/bridge.h"
#include "tools/nif/chip_uart.h"
#include "tools/nif/listen.h"
#include "tools/nif/nif.h"
#include "tools/nif/session.h"
#include "tools/nif/values.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct nif_session session;
static struct nif_options options;
static struct nif_listen door;
static struct sim_bridge bridge;

static const char help[] =
    "usage: nif chip CHIP --listen WHERE [OPTION...] [-- COMMAND...]\n"
    "\n"
    "Serves the model of a chip to one program elsewhere: firmware in QEMU,\n"
    "a driver of another project. That program is the board's\n"
    "processor: it has the chip's bus, its pins, and the clock of its world,\n"
    "which stands still while the program computes. The protocol is in\n"
    "docs/reference/bridge.md. Ends with the program, or with Ctrl-C.\n"
    "\n"
    "  --listen unix:PATH  at a unix socket\n"
    "  --listen fifo:PATH  at two FIFOs: the program writes into PATH.out\n"
    "                      and reads from PATH.in\n"
    "  --listen uart:PATH  the chip's serial line at a unix socket, without a\n"
    "                      bridge: bytes as they are, in real time; the line\n"
    "                      has 115200 baud or --baud, and no flow control\n"
    "\n"
    "Every other option is as in `nif run`, but --app and --app-args: the end\n"
    "of the wire, the board, a bad network, files; see `nif run --help`. A\n"
    "command behind -- runs in --netns from the beginning.\n"
    "\n"
    "Exit: 0 good, 1 failed, or the model complained, or the program broke\n"
    "the protocol or vanished, 2 usage, 124 timed out.\n";

// ---- the board's application

static void describe(const struct host_board *board,
    struct sim_bridge_board *out)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct nif_hwaddr hwaddr;

    nif_iface_hwaddr(board->iface, &hwaddr);
    *out = (struct sim_bridge_board){
        .chip = board->chip->name,
        .half_duplex = cfg->half_duplex,
        .polling = cfg->polling,
        .no_rts_cts = cfg->no_rts_cts,
        .use_dhcp = cfg->net.ip.family == NIF_IP_NONE,
        .seed = cfg->seed,
        .baud = cfg->baud,
        .prefix_len = cfg->net.prefix_len,
        .ssid = board->iface->wifi ? board->wifi.ssid : NULL,
        .passphrase = board->iface->wifi ? board->wifi.passphrase : NULL,
    };
    memcpy(out->hwaddr, hwaddr.byte, sizeof(out->hwaddr));
    memcpy(out->ip, cfg->net.ip.byte, sizeof(out->ip));
    memcpy(out->gateway, cfg->net.gateway.byte, sizeof(out->gateway));
}

// Returns 0 also where the other side is to blame: main() tells of that.
static int serve(struct nif_board *nif)
{
    struct host_board *board = nif_container_of(nif, struct host_board, board);
    struct sim_bridge_cfg cfg = {
        .cpu = &board->cpu,
        .link = &door.link,
        .spi = board->seams.spi,
        .uart = board->seams.uart,
        .mdio = board->seams.mdio,
    };

    for (size_t i = 0; i < nif_countof(board->seams.pins); i++) {
        cfg.pins[i] = board->seams.pins[i];
    }
    if (door.is_line) {
        return nif_chip_uart(board, &door);
    }
    describe(board, &cfg.board);
    sim_bridge_init(&bridge, &cfg);
    if (nif_listen_accept(&door) == 0) {
        (void)sim_bridge_serve(&bridge);
    }
    return 0;
}

// ---- the run

// Ends of the wire that are real do not wait while the program computes: the
// world is held back, but has not fallen behind.
static void on_waited(struct nif_listen *l, uint64_t ns)
{
    (void)l;
    tap_loop_hold(&session.loop, ns);
}

static int run(struct nif_session *s)
{
    const struct nif_options *o = s->options;
    const char *what = door.is_fifo ? ".out and .in" : "";
    uint64_t until_ns =
        o->duration_s > 0 ? (uint64_t)(o->duration_s * 1e9) : SIM_NEVER;
    int code = 0;

    if (!o->json) {
        printf("%s (%s) is at %s%s\n", s->board.chip->name, s->board.revision,
            door.path, what);
        fflush(stdout);
    }
    if (o->command) {
        code = nif_session_spawn(s, o->command, NULL);
    }
    if (code == 0) {
        code = nif_session_run(s, until_ns, NULL);
    }
    if (bridge.greeted && !bridge.done && (door.woken || !bridge.error)) {
        sim_bridge_over(&bridge);
    }
    return code == 0 && s->child_done ? s->child_code : code;
}

// What is to be said at the end. Returns the exit code.
static int judge(struct nif_session *s, int code)
{
    const char *error = door.error[0] != '\0' ? door.error : bridge.error;

    if (error && !door.woken) {
        fprintf(stderr, "nif: %s\n", error);
        code = code == 0 ? NIF_EXIT_FAILED : code;
    }
    if (code == 0 && s->world.complaints > 0) {
        code = NIF_EXIT_FAILED;
    }
    if (s->options->json) {
        printf("{\"chip\": \"%s\", \"seconds\": %.6f, \"requests\": %" PRIu64
               ", \"refused\": %" PRIu64 ", \"frames_from_board\": %" PRIu64
               ", \"frames_to_board\": %" PRIu64 ", \"complaints\": %u"
               ", \"exit\": %d}\n",
            s->board.chip->name, (double)s->world.now_ns / 1e9, bridge.requests,
            bridge.refused, s->loop.out_count, s->loop.in_count,
            s->world.complaints, code);
    } else if (!s->options->command) {
        printf("%.3f s, ", (double)s->world.now_ns / 1e9);
        if (!door.is_line) {
            printf("%" PRIu64 " requests, %" PRIu64 " of them refused, ",
                bridge.requests, bridge.refused);
        }
        printf("%" PRIu64 " frames from the board, %" PRIu64 " to it\n",
            s->loop.out_count, s->loop.in_count);
    }
    fflush(stdout);
    return code;
}

static int serve_chip(struct nif_session *s, const char *where)
{
    const struct host_seams *seams = &s->board.seams;
    int code = nif_session_open(s, &options);

    if (code != 0) {
        return code;
    }
    if (!seams->spi && !seams->uart && !seams->mdio) {
        fprintf(stderr, "nif: %s has no bus to be served\n",
            s->board.chip->name);
        return NIF_EXIT_USAGE;
    }
    code = nif_listen_open(&door, where);
    if (code != 0) {
        fprintf(stderr, "nif: --listen: %s\n", door.error);
        return code == -2 ? NIF_EXIT_USAGE : NIF_EXIT_FAILED;
    }
    if (door.is_line && !seams->uart) {
        fprintf(stderr, "nif: --listen: %s has no serial line\n",
            s->board.chip->name);
        return NIF_EXIT_USAGE;
    }
    door.wake_fd = s->wake_fd;
    door.waited = on_waited;
    code = run(s);
    return judge(s, code);
}

// ---- the command line

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int nif_chip_main(int argc, char **argv)
{
    const char *where = nif_take_option(&argc, argv, "listen");
    int code;

    if (wants_help(argc, argv)) {
        fputs(help, stdout);
        return NIF_EXIT_PASS;
    }
    if (!where) {
        fprintf(stderr, "nif: --listen: where? See `nif chip --help`\n");
        return NIF_EXIT_USAGE;
    }
    nif_options_init(&options);
    code = nif_options_parse(&options, argc, argv, false);
    if (code != 0) {
        return NIF_EXIT_USAGE;
    }
    options.board.app = serve;
    options.board.remote = true;
    code = serve_chip(&session, where);
    nif_listen_close(&door);
    return nif_session_close(&session, code);
}
