// SPDX-License-Identifier: MIT
//
// One run of an image: QEMU, what is at its wire or at its bridge, a command,
// signals, time.

#include "tools/nif/fw.h"
#include "tools/nif/fw_child.h"
#include "tools/nif/fw_net.h"
#include "tools/nif/nif.h"
#include "tools/nif/signals.h"

#include "sim/world.h"
#include "tap/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// When one of several has ended, the others have that long for their last
// words.
#define GRACE_NS (2 * SIM_S)

// QEMU may be deaf to SIGTERM.
#define QEMU_MS 2000

// Until `nif chip` has made its FIFOs.
#define BRIDGE_MS 10000

struct run {
    const struct nif_fw_options *o;
    struct nif_fw_child qemu;
    struct nif_fw_child chip;
    struct nif_fw_child command;
    struct nif_fw_net net;
    int signal_fd;
    int said[2]; // QEMU's standard error
    char line[400];
    size_t line_len;
    char bridge[32]; // its FIFOs but for .in and .out, or its socket
    uint64_t deadline_ns;
    uint64_t stop_ns;
    bool over;
    int code;
};

static int fail(const char *why)
{
    fprintf(stderr, "nif: %s\n", why);
    return NIF_EXIT_FAILED;
}

static uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SIM_S + (uint64_t)now.tv_nsec;
}

// ---- what QEMU says

// Words of QEMU about itself that mean nothing to anybody.
static bool is_noise(const char *line)
{
    static const char *const noise[] = { "terminating on signal",
        "Timer with period zero, disabling", "has no peer",
        "was not created (not supported by this machine?)" };

    for (size_t i = 0; i < nif_countof(noise); i++) {
        if (strstr(line, noise[i])) {
            return true;
        }
    }
    return false;
}

static void end_line(struct run *r)
{
    r->line[r->line_len] = '\0';
    if (r->line_len > 0 && !is_noise(r->line)) {
        fprintf(stderr, "%s\n", r->line);
    }
    r->line_len = 0;
}

static void hear_qemu(struct run *r)
{
    char text[1024];
    ssize_t len;

    while (r->said[0] >= 0 &&
        (len = read(r->said[0], text, sizeof(text))) > 0) {
        for (ssize_t i = 0; i < len; i++) {
            if (text[i] == '\n' || r->line_len + 1 == sizeof(r->line)) {
                end_line(r);
            }
            if (text[i] != '\n') {
                r->line[r->line_len++] = text[i];
            }
        }
    }
}

// ---- starting

static int catch_signals(struct run *r)
{
    r->signal_fd = nif_signals_open();
    return r->signal_fd < 0 ? fail(strerror(errno)) : 0;
}

static int start_qemu(struct run *r, const char *program)
{
    struct nif_fw_words words;
    char folder[NIF_FW_PATH];
    int code;

    snprintf(folder, sizeof(folder), "%.*s",
        (int)(strrchr(r->o->image, '/') - r->o->image + 1), r->o->image);
    code = nif_fw_compose(&words, r->o, r->net.qemu_fd,
        r->o->chip ? r->bridge : NULL);
    if (code == 0) {
        code = nif_fw_spawn(&r->qemu,
            &(struct nif_fw_spawn){ .path = program,
                .argv = words.argv,
                .folder = folder,
                .err_fd = r->said[1],
                .keep_fd = r->net.qemu_fd,
                .apart = true });
    }
    nif_fw_words_done(&words);
    close(r->said[1]);
    r->said[1] = -1;
    return code;
}

static void stop_children(struct run *r)
{
    nif_fw_child_end(&r->command, SIGTERM, 1000);
    nif_fw_child_end(&r->chip, SIGTERM, 3000);
    nif_fw_child_end(&r->qemu, SIGTERM, QEMU_MS);
}

// Waits until the FIFOs are there; `nif chip` may rather have ended.
static int wait_for_bridge(struct run *r)
{
    char path[sizeof(r->bridge) + 4];
    struct stat is;

    snprintf(path, sizeof(path), "%s%s", r->bridge, r->o->uart ? "" : ".in");
    for (int ms = 0; ms < BRIDGE_MS; ms += 10) {
        if (nif_fw_child_ended(&r->chip)) {
            return r->chip.code ? r->chip.code : NIF_EXIT_FAILED;
        }
        if (stat(path, &is) == 0) {
            return 0;
        }
        usleep(10000);
    }
    return fail("`nif chip` does not come up");
}

// `nif chip CHIP --listen fifo:PATH`, and what is for it. It takes its path
// away itself, whatever becomes of us; nobody can have foreseen their name.
static int start_chip(struct run *r)
{
    static char words[][16] = { "nif", "chip", "--listen" };
    const struct nif_fw_options *o = r->o;
    char **argv = calloc(o->chip_count + 6, sizeof(*argv));
    char where[sizeof(r->bridge) + 8];
    char chip[40];
    uint8_t name[6];
    int code;

    NIF_ASSERT(argv != NULL);
    if (getrandom(name, sizeof(name), 0) != (ssize_t)sizeof(name)) {
        free(argv);
        return fail(strerror(errno));
    }
    snprintf(r->bridge, sizeof(r->bridge),
        "/tmp/nif-fw-%02x%02x%02x%02x%02x%02x", name[0], name[1], name[2],
        name[3], name[4], name[5]);
    snprintf(where, sizeof(where), "%s:%s", o->uart ? "uart" : "fifo",
        r->bridge);
    snprintf(chip, sizeof(chip), "%s", o->chip);
    argv[0] = words[0];
    argv[1] = words[1];
    argv[2] = chip;
    argv[3] = words[2];
    argv[4] = where;
    memcpy(argv + 5, o->chip_words, o->chip_count * sizeof(*argv));
    code = nif_fw_spawn(&r->chip,
        &(struct nif_fw_spawn){ .path = "/proc/self/exe", .argv = argv });
    free(argv);
    return code ? code : wait_for_bridge(r);
}

static int start_command(struct run *r)
{
    char why[TAP_WHY];

    r->command.pid = tap_netns_spawn(r->net.end, r->o->command, -1, why);
    if (r->command.pid < 0) {
        r->command.pid = 0;
        return fail(why);
    }
    return 0;
}

static void introduce(const struct run *r)
{
    const struct nif_fw_options *o = r->o;

    for (size_t i = 0; i < o->forward_count; i++) {
        fprintf(stderr, "nif: forwarding %s\n", o->forward[i]);
    }
    if (o->end == NIF_END_NETNS && !o->command && !o->chip) {
        fprintf(stderr, "nif: to enter its network: nsenter %s-n -t %d\n",
            tap_netns_has_user(r->net.end) ? "--preserve-credentials -U " : "",
            (int)tap_netns_pid(r->net.end));
    }
    if (r->net.wire) {
        fprintf(stderr, "nif: its wire is %s%s\n", o->end_arg,
            tap_wire_is_held(r->net.wire) ? ", held here" : "");
    }
}

static int start(struct run *r)
{
    const struct nif_fw_options *o = r->o;
    char program[TAP_PATH];
    int code;

    if (!tap_program_find(o->board->program, program)) {
        fprintf(stderr, "nif: there is no program `%s`; install %s\n",
            o->board->program, o->board->package);
        return NIF_EXIT_SKIPPED;
    }
    code = catch_signals(r);
    if (code == 0 && pipe2(r->said, O_CLOEXEC) != 0) {
        code = fail(strerror(errno));
    }
    if (code == 0) {
        fcntl(r->said[0], F_SETFL, O_NONBLOCK);
        code = o->chip ? start_chip(r) : nif_fw_net_open(&r->net, o);
    }
    if (code == 0) {
        introduce(r);
        code = start_qemu(r, program);
    }
    return code == 0 && o->command ? start_command(r) : code;
}

// ---- running

static bool is_alone(const struct run *r)
{
    return r->qemu.pid == 0 && r->chip.pid == 0 && r->command.pid == 0;
}

// The first that has failed says how it was; a command says it always. `nif
// chip` may see that QEMU has crashed before we do: that is not its failure.
static void take_end(struct run *r, const struct nif_fw_child *child)
{
    if (r->code == 0 || (child == &r->qemu && child->code > 1)) {
        r->code = child->code;
    }
    if (child == &r->command) {
        r->code = child->code;
        r->over = true;
    }
    if (child == &r->qemu && child->code > 128) {
        fprintf(stderr, "nif: QEMU was killed by signal %d\n",
            child->code - 128);
    }
    if (r->stop_ns == SIM_NEVER) {
        r->stop_ns = clock_ns() + GRACE_NS;
    }
    r->over |= is_alone(r);
}

static void take_children(struct run *r)
{
    struct nif_fw_child *const all[] = { &r->qemu, &r->chip, &r->command };

    for (size_t i = 0; i < nif_countof(all); i++) {
        if (nif_fw_child_ended(all[i])) {
            take_end(r, all[i]);
        }
    }
}

static void take_signals(struct run *r)
{
    struct signalfd_siginfo info;

    while (read(r->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD) {
            take_children(r);
        } else {
            r->over = true;
        }
    }
}

static void check_time(struct run *r)
{
    uint64_t now_ns = clock_ns();

    if (r->over) {
        return;
    }
    if (now_ns >= r->stop_ns) {
        r->over = true;
    } else if (now_ns >= r->deadline_ns) {
        fprintf(stderr, "nif: not done within %g s (--timeout)\n",
            r->o->timeout_s);
        r->over = true;
        r->code = NIF_EXIT_TIMEOUT;
    }
}

// Waits for anything, and serves it.
static void turn(struct run *r)
{
    struct pollfd fds[2 + NIF_FW_NET_FDS] = {
        { .fd = r->signal_fd, .events = POLLIN },
        { .fd = r->said[0], .events = POLLIN },
    };
    uint64_t now_ns = clock_ns();
    uint64_t until_ns =
        r->stop_ns < r->deadline_ns ? r->stop_ns : r->deadline_ns;
    int64_t timeout_ns = until_ns > now_ns + SIM_S ? (int64_t)SIM_S
        : until_ns > now_ns ? (int64_t)(until_ns - now_ns)
                            : 0;
    struct timespec timeout;
    size_t n = nif_fw_net_fds(&r->net, fds + 2, &timeout_ns);

    timeout.tv_sec = timeout_ns / (int64_t)SIM_S;
    timeout.tv_nsec = timeout_ns % (int64_t)SIM_S;
    if (ppoll(fds, 2 + n, &timeout, NULL) < 0) {
        return;
    }
    if (fds[1].revents) {
        hear_qemu(r);
    }
    if (fds[1].revents & POLLHUP) {
        close(r->said[0]);
        r->said[0] = -1;
    }
    nif_fw_net_ready(&r->net, fds + 2, n);
    if (fds[0].revents) {
        take_signals(r);
    }
}

static void finish(struct run *r)
{
    char path[sizeof(r->bridge) + 5];

    stop_children(r);
    hear_qemu(r);
    end_line(r);
    nif_fw_net_close(&r->net);
    for (size_t i = 0; i < 2; i++) {
        if (r->said[i] >= 0) {
            close(r->said[i]);
        }
    }
    if (r->signal_fd >= 0) {
        close(r->signal_fd);
    }
    if (r->bridge[0] != '\0') {
        // `nif chip` has done so, unless it was killed.
        snprintf(path, sizeof(path), "%s.in", r->bridge);
        unlink(path);
        snprintf(path, sizeof(path), "%s.out", r->bridge);
        unlink(path);
        unlink(r->bridge);
    }
}

static uint64_t after(uint64_t now_ns, double seconds)
{
    return seconds > 0 ? now_ns + (uint64_t)(seconds * 1e9) : SIM_NEVER;
}

int nif_fw_run(struct nif_fw_options *o)
{
    static struct run r;
    uint64_t now_ns = clock_ns();

    r = (struct run){
        .o = o,
        .qemu.name = "QEMU",
        .chip.name = "nif chip",
        .command.name = "the command",
        .net.link = { -1, -1 },
        .signal_fd = -1,
        .said = { -1, -1 },
        .deadline_ns = after(now_ns, o->timeout_s),
        .stop_ns = after(now_ns, o->duration_s),
    };
    r.code = start(&r);
    r.over = r.code != 0;
    while (!r.over) {
        turn(&r);
        check_time(&r);
    }
    finish(&r);
    return r.code;
}
