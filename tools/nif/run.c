// SPDX-License-Identifier: MIT
//
// `nif run`: a simulated board, until it is told to stop.

#include "tap/netns.h"
#include "tap/slirp.h"
#include "tap/wire.h"
#include "tools/nif/nif.h"
#include "tools/nif/session.h"

#include <inttypes.h>
#include <string.h>

// A board that has no address by then is told of even so.
#define QUIET_NS (3 * SIM_S)

// A command waits that long for its board to come up, then starts even so.
#define UP_NS (5 * SIM_S)

// What was told last, so that only changes are.
static struct nif_ip told_ip;
static bool told_link;
static bool told;

// Tells of the board's address and link when they change. Never ends a run.
static bool report(struct nif_session *s)
{
    bool link = nif_iface_flags(s->board.iface) & NIF_IFACE_LINK;
    bool settled = nif_session_is_up(s) || s->options->link_down ||
        s->world.now_ns > QUIET_NS;
    struct nif_net net;
    char text[NIF_IP_TEXT_MAX];
    char kind[HOST_KIND];

    nif_stack_net(s->board.stack, &net);
    if (!told && !settled) {
        return false;
    }
    if (told && nif_ip_equal(&net.ip, &told_ip) && link == told_link) {
        return false;
    }
    if (!s->options->json) {
        printf("board %s (%s; %s) at %s, link %s\n", s->board.chip->name,
            s->board.revision, host_board_kind(&s->board, kind),
            net.ip.family ? nif_ip_format(&net.ip, text) : "no address yet",
            link ? "up" : "down");
        fflush(stdout);
    }
    told = true;
    told_ip = net.ip;
    told_link = link;
    return false;
}

static bool report_until_up(struct nif_session *s)
{
    report(s);
    return nif_session_is_up(s);
}

static void introduce(const struct nif_session *s)
{
    const struct nif_options *o = s->options;
    char host[64];

    for (size_t i = 0; i < o->forward_count; i++) {
        printf("forwarding %s\n", o->forward[i]);
    }
    if (o->end == NIF_END_SLIRP && o->forward_count == 0) {
        printf("nothing is forwarded to it: see --forward\n");
    }
    if (o->end == NIF_END_NETNS && !o->command) {
        printf("the host is %s in its network (%s); to enter it, in another "
               "terminal:\n  nsenter %s-n -t %d\n",
            nif_options_host(o, host), tap_netns_kind(s->end),
            tap_netns_has_user(s->end) ? "--preserve-credentials -U " : "",
            (int)tap_netns_pid(s->end));
    }
    if (o->end == NIF_END_WIRE) {
        printf("its wire is %s%s\n", o->end_arg,
            tap_wire_end_is_held(s->end) ? ", held here" : "");
    }
    if (o->end == NIF_END_TAP || o->end == NIF_END_LIVE) {
        printf("its wire ends in %s\n", o->end_arg);
    }
    if (o->duration_s <= 0 && !o->command && o->end != NIF_END_PCAP &&
        o->end != NIF_END_STIMULI) {
        printf("Ctrl-C ends it\n");
    }
    fflush(stdout);
}

static void summarize(struct nif_session *s, int code)
{
    if (s->options->json) {
        printf("{");
        nif_session_json(s);
        printf(", \"exit\": %d}\n", code);
    } else if (!s->options->command) {
        printf("%.3f s, %" PRIu64 " frames from the board, %" PRIu64 " to it\n",
            (double)s->world.now_ns / 1e9, s->loop.out_count, s->loop.in_count);
    }
    fflush(stdout);
}

static int run(struct nif_session *s)
{
    const struct nif_options *o = s->options;
    uint64_t until_ns =
        o->duration_s > 0 ? (uint64_t)(o->duration_s * 1e9) : SIM_NEVER;
    int code = 0;

    if (!o->json) {
        introduce(s);
    }
    if (o->command) {
        // Its DHCP server may be the command.
        uint64_t up_ns = o->link_down || o->dhcp ? 0 : UP_NS;

        code = nif_session_run(s, up_ns < until_ns ? up_ns : until_ns,
            report_until_up);
        if (code == 0 && !s->over) {
            code = nif_session_spawn(s, o->command, NULL);
        }
    }
    if (code == 0) {
        code = nif_session_run(s, until_ns, report);
    }
    return code == 0 && s->child_done ? s->child_code : code;
}

int nif_run_main(int argc, char **argv)
{
    static struct nif_session s;
    static struct nif_options o;
    int code;

    nif_options_init(&o);
    code = nif_options_parse(&o, argc, argv, false);
    if (code != 0) {
        return code > 0 ? NIF_EXIT_PASS : NIF_EXIT_USAGE;
    }
    code = nif_session_open(&s, &o);
    if (code == 0) {
        code = run(&s);
        code = code == 0 && s.world.complaints > 0 ? NIF_EXIT_FAILED : code;
        summarize(&s, code);
    }
    return nif_session_close(&s, code);
}
