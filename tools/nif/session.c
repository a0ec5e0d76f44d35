// SPDX-License-Identifier: MIT
//
// One run of a simulated board.

#include "tools/nif/session.h"

#include "tap/device.h"
#include "tap/netns.h"
#include "tap/slirp.h"
#include "tap/wire.h"
#include "tools/nif/nif.h"
#include "tools/nif/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

// A lag shorter than this is the host's scheduling and nobody's concern.
#define LAG_TOLD_NS (50 * SIM_MS)

// A capture that has been played to its end runs on for this long.
#define PLAY_OUT_NS SIM_S

static int fail(const char *why)
{
    fprintf(stderr, "nif: %s\n", why);
    return NIF_EXIT_FAILED;
}

static void on_complaint(void *arg, uint64_t at_ns, const char *who,
    const char *what)
{
    struct nif_session *s = arg;

    // A board that errs in a loop is told of a few times, and counted.
    if (s->world.complaints < 10) {
        fprintf(stderr, "nif: complaint at %.6f s: %s: %s\n",
            (double)at_ns / 1e9, who, what);
    }
    if (s->trace_file) {
        sim_trace_event(&s->trace, "complaint", who, "%s", what);
    }
}

// ---- opening

static int watch(struct nif_session *s, int fd)
{
    struct epoll_event event = { .events = EPOLLIN };

    return fd < 0 || epoll_ctl(s->wake_fd, EPOLL_CTL_ADD, fd, &event) != 0
        ? fail(strerror(errno))
        : 0;
}

static int catch_signals(struct nif_session *s)
{
    s->wake_fd = epoll_create1(EPOLL_CLOEXEC);
    s->signal_fd = nif_signals_open();
    return watch(s, s->signal_fd);
}

static int open_files(struct nif_session *s)
{
    const struct nif_options *o = s->options;

    if (o->trace) {
        s->trace_file = fopen(o->trace, "we");
        if (!s->trace_file) {
            fprintf(stderr, "nif: %s: %s\n", o->trace, strerror(errno));
            return NIF_EXIT_FAILED;
        }
        // Line by line, so that a run that is killed loses none.
        setvbuf(s->trace_file, NULL, _IOLBF, 1 << 16);
        sim_trace_init(&s->trace, &s->world, s->trace_file);
        sim_trace_head(&s->trace, "by", "nif %s", NIF_VERSION);
    }
    if (o->record && tap_stimuli_create(&s->record, o->record) != 0) {
        return fail(s->record.error);
    }
    return 0;
}

static void say_option(struct nif_session *s, const char *name,
    const char *value)
{
    if (s->record.file) {
        tap_stimuli_option(&s->record, name, value);
    }
    if (s->trace_file) {
        sim_trace_head(&s->trace, "option", "%s %s", name, value);
    }
}

// What shapes the world goes into the head of the stimuli and of the trace.
static void record_options(struct nif_session *s)
{
    const struct nif_options *o = s->options;
    char text[NIF_IP_TEXT_MAX + 8];
    char ip[NIF_IP_TEXT_MAX];

    say_option(s, "chip", s->board.chip->name);
    for (size_t i = 0; i < o->kept_count; i++) {
        say_option(s, o->kept[i].name, o->kept[i].value);
    }
    if (o->board.net.ip.family == NIF_IP_NONE) {
        say_option(s, "dhcp", "1");
    } else {
        snprintf(text, sizeof(text), "%s/%u",
            nif_ip_format(&o->board.net.ip, ip), o->board.net.prefix_len);
        say_option(s, "ip", text);
    }
}

static void say_wire(void *arg, const char *text)
{
    (void)arg;
    (void)fail(text);
}

static struct tap_end *open_end(const struct nif_options *o, char why[TAP_WHY])
{
    char host[64];
    struct tap_end *end = NULL;

    nif_options_host(o, host);
    switch (o->end) {
    case NIF_END_SLIRP: end = tap_slirp_open(why); break;
    case NIF_END_NETNS:
        end = tap_netns_open(&(struct tap_netns_cfg){ .host_addr = host,
                                 .no_tun = o->no_tun },
            why);
        break;
    case NIF_END_TAP: end = tap_device_open(o->end_arg, host, why); break;
    case NIF_END_LIVE: end = tap_live_open(o->end_arg, why); break;
    case NIF_END_WIRE:
        end = tap_wire_end(&(struct tap_wire_cfg){ .where = o->end_arg,
                               .say = say_wire },
            why);
        break;
    case NIF_END_PCAP:
    case NIF_END_STIMULI: break;
    }
    for (size_t i = 0; end && i < o->forward_count; i++) {
        if (tap_slirp_forward(end, o->forward[i], why) != 0) {
            end->ops->close(end);
            return NULL;
        }
    }
    return end;
}

static int open_loop(struct nif_session *s)
{
    const struct nif_options *o = s->options;
    char why[TAP_WHY] = "";

    if (o->end != NIF_END_PCAP && o->end != NIF_END_STIMULI) {
        s->end = open_end(o, why);
        if (!s->end) {
            return fail(why);
        }
    }
    tap_loop_init(&s->loop, &s->world, s->end, &o->impair);
    s->loop_ok = true;
    s->loop.wake_fd = s->wake_fd;
    s->loop.nic.full_duplex = !o->board.half_duplex;
    s->loop.record = s->record.file ? &s->record : NULL;
    if (o->end == NIF_END_STIMULI &&
        tap_loop_replay(&s->loop, &s->replay) != 0) {
        return fail(s->loop.error);
    }
    if (o->end == NIF_END_PCAP) {
        // The board has had time to start.
        s->player = tap_pcap_play(o->end_arg, &s->loop, SIM_S, why);
        return s->player ? 0 : fail(why);
    }
    return 0;
}

static int open_stimuli(struct nif_session *s, struct nif_options *options)
{
    return options->end == NIF_END_STIMULI &&
            tap_stimuli_open(&s->replay, options->end_arg, nif_options_repeat,
                options) != 0
        ? fail(s->replay.error)
        : 0;
}

// A line of the application's. Standard output is for programs with --json.
static void print_line(struct nif_board *board, const char *line)
{
    struct host_board *host = nif_container_of(board, struct host_board, board);
    const struct nif_session *s =
        nif_container_of(host, struct nif_session, board);
    FILE *out = s->options->json ? stderr : stdout;

    fprintf(out, "%s\n", line);
    fflush(out);
}

static int open_board(struct nif_session *s, struct nif_options *options)
{
    char why[HOST_WHY];

    options->board.trace = s->trace_file ? &s->trace : NULL;
    options->board.print = print_line;
    if (host_board_init(&s->board, &s->world, &options->board, why) != 0) {
        fail(why);
        return NIF_EXIT_USAGE;
    }
    s->board_ok = true;
    record_options(s);
    return 0;
}

// Joins the parts.
static int plug(struct nif_session *s)
{
    const struct nif_options *o = s->options;
    char why[TAP_WHY];

    if (o->pcap) {
        s->pcap = tap_pcap_create(o->pcap, &s->board.cable, why);
        if (!s->pcap) {
            return fail(why);
        }
    }
    host_board_plug(&s->board, &s->loop.nic.port);
    if (o->link_down) {
        sim_cable_plug(&s->board.cable, false);
    }
    return 0;
}

int nif_session_open(struct nif_session *s, struct nif_options *options)
{
    int err;

    *s = (struct nif_session){
        .options = options,
        .signal_fd = -1,
        .output_fd = -1,
        .wake_fd = -1,
        .stop_ns = SIM_NEVER,
        .deadline_ns = options->timeout_s > 0
            ? (uint64_t)(options->timeout_s * 1e9)
            : SIM_NEVER,
    };
    err = open_stimuli(s, options); // changes the options
    sim_world_init(&s->world, options->board.seed);
    s->world.on_complaint = on_complaint;
    s->world.complaint_arg = s;
    if (err == 0) {
        err = catch_signals(s);
    }
    if (err == 0) {
        err = open_files(s);
    }
    if (err == 0) {
        err = open_board(s, options);
    }
    if (err == 0) {
        err = open_loop(s);
    }
    return err == 0 ? plug(s) : err;
}

// ---- running

// Gives the child's output on, as far as there is any.
static void take_output(struct nif_session *s)
{
    char text[4096];
    ssize_t len;

    while (s->output_fd >= 0 &&
        (len = read(s->output_fd, text, sizeof(text))) != -1) {
        if (len > 0) {
            s->on_output(s, text, (size_t)len);
        } else {
            close(s->output_fd);
            s->output_fd = -1;
        }
    }
}

static void take_child(struct nif_session *s)
{
    int status;

    if (s->child > 0 && waitpid(s->child, &status, WNOHANG) == s->child) {
        take_output(s);
        s->child = 0;
        s->child_done = true;
        s->child_code =
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        s->over = true;
    }
}

// Ctrl-C reaches the child, too: it has a second for its last words.
static void take_interrupt(struct nif_session *s)
{
    if (s->child > 0 && s->stop_ns == SIM_NEVER) {
        s->stop_ns = s->world.now_ns + SIM_S;
    } else {
        s->over = true;
    }
}

static void take_wake(struct nif_session *s)
{
    struct signalfd_siginfo info;

    while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD) {
            take_child(s);
        } else {
            take_interrupt(s);
        }
    }
    take_output(s);
}

static bool app_ended(const struct nif_session *s)
{
    return s->board.fiber && sim_fiber_ended(s->board.fiber);
}

static bool play_ended(const struct nif_session *s)
{
    return s->player && s->stop_ns == SIM_NEVER && tap_pcap_played(s->player);
}

struct asking {
    struct nif_session *s;
    bool (*done)(struct nif_session *s);
};

static bool ask(void *arg)
{
    struct asking *asking = arg;
    struct nif_session *s = asking->s;

    return (asking->done && asking->done(s)) || play_ended(s) ||
        (app_ended(s) && s->stop_ns == SIM_NEVER);
}

// What ends a run, by its time. Returns 0 or an exit code.
static int check_time(struct nif_session *s)
{
    if (s->world.now_ns >= s->deadline_ns) {
        s->over = true;
        fprintf(stderr, "nif: not done within %g s (--timeout)\n",
            s->options->timeout_s);
        return NIF_EXIT_TIMEOUT;
    }
    if (s->world.now_ns >= s->stop_ns) {
        s->over = true;
    }
    return 0;
}

// An application that has done its work ends the run; so does one that gives
// up. A command has a second for its last words.
static int check_app(struct nif_session *s)
{
    if (!app_ended(s)) {
        return 0;
    }
    if (s->board.result == 0) {
        s->over = s->child == 0;
        if (s->stop_ns == SIM_NEVER) {
            s->stop_ns = s->world.now_ns + SIM_S;
        }
        return 0;
    }
    s->over = true;
    fprintf(stderr, "nif: the board's application ended: %s (%s)\n",
        nif_err_text(s->board.result), nif_err_name(s->board.result));
    return NIF_EXIT_FAILED;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

int nif_session_run(struct nif_session *s, uint64_t until_ns,
    bool (*done)(struct nif_session *s))
{
    struct asking asking = { s, done };
    int code = 0;

    while (code == 0 && !s->over && s->world.now_ns < until_ns &&
        !(done && done(s))) {
        uint64_t limit_ns = least(least(until_ns, s->stop_ns), s->deadline_ns);

        switch (tap_loop_run(&s->loop, limit_ns, ask, &asking)) {
        case TAP_LOOP_WAKE: take_wake(s); break;
        case TAP_LOOP_DONE:
            if (play_ended(s)) {
                s->stop_ns = s->world.now_ns + PLAY_OUT_NS;
            }
            break;
        case TAP_LOOP_UNTIL:
            s->over |= s->world.now_ns < limit_ns; // nothing is left
            break;
        case TAP_LOOP_END: s->over = true; break;
        case TAP_LOOP_ERROR: s->over = true; return fail(s->loop.error);
        }
        code = check_app(s);
        if (code == 0) {
            code = check_time(s);
        }
    }
    return code;
}

int nif_session_spawn(struct nif_session *s, char *const argv[],
    void (*on_output)(struct nif_session *s, const char *text, size_t len))
{
    int fds[2] = { -1, -1 };
    char why[TAP_WHY];

    if (on_output && pipe2(fds, O_CLOEXEC) != 0) {
        return fail(strerror(errno));
    }
    s->child = tap_netns_spawn(s->end, argv, fds[1], why);
    if (on_output) {
        close(fds[1]);
        fcntl(fds[0], F_SETFL, O_NONBLOCK);
        s->output_fd = fds[0];
        s->on_output = on_output;
    }
    if (s->child < 0) {
        s->child = 0;
        return fail(why);
    }
    return on_output ? watch(s, s->output_fd) : 0;
}

const char *nif_session_address(struct nif_session *s,
    char text[NIF_IP_TEXT_MAX])
{
    struct nif_net net;

    nif_stack_net(s->board.stack, &net);
    return nif_ip_format(&net.ip, text);
}

bool nif_session_is_up(struct nif_session *s)
{
    return (nif_iface_flags(s->board.iface) & NIF_IFACE_LINK) &&
        host_board_has_addr(&s->board);
}

// ---- closing

static void end_child(struct nif_session *s)
{
    // Asked, then made to.
    for (int i = 0; s->child > 0 && i < 20; i++) {
        if (i == 0 || i == 10) {
            kill(s->child, i == 0 ? SIGTERM : SIGKILL);
        }
        usleep(i == 0 ? 1000 : 50000);
        take_child(s);
    }
}

static bool close_files(struct nif_session *s)
{
    bool ok = true;
    char why[TAP_WHY];

    if (s->pcap && tap_pcap_close(s->pcap, why) != 0) {
        fail(why);
        ok = false;
    }
    if (s->trace_file) {
        if (fclose(s->trace_file) != 0 || s->trace.err != 0) {
            fprintf(stderr, "nif: %s: not all of it could be written\n",
                s->options->trace);
            ok = false;
        }
    }
    if (tap_stimuli_close(&s->record) != 0) {
        fail(s->record.error);
        ok = false;
    }
    if (s->replay.file) {
        fclose(s->replay.file);
    }
    return ok;
}

static void close_fds(struct nif_session *s)
{
    const int fds[] = { s->signal_fd, s->output_fd, s->wake_fd };

    for (size_t i = 0; i < nif_countof(fds); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

static bool tell(struct nif_session *s)
{
    if (s->loop_ok && s->loop.lag_max_ns > LAG_TOLD_NS) {
        fprintf(stderr,
            "nif: the simulation was up to %.0f ms behind the clock\n",
            (double)s->loop.lag_max_ns / 1e6);
    }
    if (s->end && s->end->lost > 0) {
        fprintf(stderr, "nif: %" PRIu64 " frames were not taken by %s\n",
            s->end->lost, s->end->name);
    }
    if (s->world.complaints > 0) {
        fprintf(stderr, "nif: %u complaint%s of the model\n",
            s->world.complaints, s->world.complaints > 1 ? "s" : "");
    }
    return s->world.complaints == 0;
}

void nif_session_json(struct nif_session *s)
{
    char ip[NIF_IP_TEXT_MAX];
    char kind[HOST_KIND];
    bool link =
        s->board_ok && (nif_iface_flags(s->board.iface) & NIF_IFACE_LINK);

    printf("\"chip\": \"%s\", \"revision\": \"%s\", \"kind\": \"%s\", "
           "\"address\": \"%s\", "
           "\"link\": \"%s\", \"seconds\": %.6f, \"frames_from_board\": "
           "%" PRIu64 ", \"frames_to_board\": %" PRIu64
           ", \"lag_max_ms\": %.1f, \"complaints\": %u",
        s->board_ok ? s->board.chip->name : "",
        s->board_ok ? s->board.revision : "",
        s->board_ok ? host_board_kind(&s->board, kind) : "",
        s->board_ok ? nif_session_address(s, ip) : "none", link ? "up" : "down",
        (double)s->world.now_ns / 1e9, s->loop.out_count, s->loop.in_count,
        (double)s->loop.lag_max_ns / 1e6, s->world.complaints);
}

int nif_session_close(struct nif_session *s, int code)
{
    char why[TAP_WHY];
    bool ok;

    end_child(s);
    if (s->record.file && s->loop_ok) {
        tap_stimuli_end(&s->record, s->world.now_ns, s->loop.out_count);
    }
    ok = tell(s);
    if (s->player && tap_pcap_play_done(s->player, why) != 0) {
        (void)fail(why);
        ok = false;
    }
    if (s->board_ok) {
        host_board_done(&s->board);
    }
    if (s->loop_ok) {
        tap_loop_done(&s->loop);
    }
    sim_world_done(&s->world);
    ok &= close_files(s);
    close_fds(s);
    return code == 0 && !ok ? NIF_EXIT_FAILED : code;
}
