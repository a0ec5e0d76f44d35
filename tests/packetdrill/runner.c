// SPDX-License-Identifier: MIT
//
// Plays a script against the plug-in as packetdrill does: calls at their
// times, packets in, packets out and whether they are what the script says.

#include "tests/packetdrill/runner.h"
#include "tests/packetdrill/interface.h"
#include "tests/packetdrill/script.h"

#include "nif/base.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOLERANCE_US 4000 // packetdrill's; and of what passed since the event
#define TOLERANCE_OF 64   // before, this part: timers tick, ours in 1/1024 s
#define PEER_ISN     77777u
#define PORT         8080
#define FDS          16

/// A call that may block, in a thread of its own.
struct blocked {
    pthread_t thread;
    const struct script_event *event;
    pid_t tid;
    bool running; ///< not joined yet
    bool done;
    long result;
    int error;
    int64_t end_us;
};

struct runner {
    struct pd_interface ifc;
    struct script script;
    const struct script_event *event;
    int64_t start_us; ///< of the script, by the plug-in's clock
    int64_t base_us;  ///< the event before, by the script's
    uint16_t our_port;
    uint16_t peer_port;
    uint32_t our_isn;
    int fds[FDS]; ///< live ones by the script's numbers
    struct blocked blocked;
    char error[200];
};

static bool fail(struct runner *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct runner *r, const char *format, ...)
{
    va_list args;
    int len = snprintf(r->error, sizeof(r->error),
        "line %d: ", r->event != NULL ? r->event->line : 0);

    va_start(args, format);
    vsnprintf(r->error + len, sizeof(r->error) - (size_t)len, format, args);
    va_end(args);
    return false;
}

// ------------------------------------------------------------------ time

static int64_t now_us(struct runner *r)
{
    struct timeval tv;

    r->ifc.gettimeofday(r->ifc.userdata, &tv, NULL);
    return (int64_t)tv.tv_sec * 1000000 + tv.tv_usec - r->start_us;
}

static bool in_time(struct runner *r, const char *what, int64_t expected,
    int64_t actual)
{
    int64_t passed = expected - r->base_us;
    int64_t slack = TOLERANCE_US + (passed > 0 ? passed / TOLERANCE_OF : 0);

    if (actual < expected - slack || actual > expected + slack) {
        return fail(r, "%s at %.6f, not at %.6f", what, (double)actual / 1e6,
            (double)expected / 1e6);
    }
    return true;
}

static int64_t script_time(const struct runner *r, int64_t us)
{
    return r->event->relative ? r->base_us + us : us;
}

static void pass_until(struct runner *r, int64_t us)
{
    const int64_t most = 1000000000; // what useconds_t holds
    int64_t rest;

    while ((rest = us - now_us(r)) > 0) {
        r->ifc.usleep(r->ifc.userdata, (useconds_t)(rest < most ? rest : most));
    }
}

// -------------------------------------------------------------- segments

static uint32_t sum(uint32_t s, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    }
    return s;
}

static uint16_t folded(uint32_t s)
{
    while (s >> 16) {
        s = (s & 0xFFFF) + (s >> 16);
    }
    return (uint16_t)~s;
}

// Sums up TCP: pseudo header, header and text.
static uint16_t tcp_sum(const uint8_t *ip, size_t len)
{
    return folded(sum(sum(6 + (uint32_t)len, ip + 12, 8), ip + 20, len));
}

// The edges in the blocks of a selective acknowledgement, moved by `by`.
static void move_blocks(uint8_t *options, size_t len, uint32_t by)
{
    for (size_t at = 0; at + 1 < len && options[at] != 0;) {
        size_t step = options[at] == 1 ? 1 : options[at + 1];

        for (size_t i = 2; options[at] == 5 && i + 4 <= step; i += 4) {
            uint8_t *edge = options + at + i;

            nif_put_be32(edge, nif_get_be32(edge) + by);
        }
        at += step > 0 ? step : 1;
    }
}

static size_t build(const struct runner *r, const struct script_segment *seg,
    uint8_t *ip)
{
    uint8_t *tcp = ip + 20;
    size_t header = 20 + seg->options_len;
    size_t len = header + seg->len;

    memset(ip, 0, 20 + len);
    ip[0] = 0x45;
    nif_put_be16(ip + 2, (uint16_t)(20 + len));
    ip[8] = 64;
    ip[9] = 6;
    nif_put_be32(ip + 12, 0xC0000201u); // 192.0.2.1
    nif_put_be32(ip + 16, 0xC0A80001u); // 192.168.0.1
    nif_put_be16(ip + 10, folded(sum(0, ip, 20)));
    nif_put_be16(tcp, r->peer_port);
    nif_put_be16(tcp + 2, r->our_port);
    nif_put_be32(tcp + 4, seg->seq + PEER_ISN);
    nif_put_be32(tcp + 8, seg->has_ack ? seg->ack + r->our_isn : 0);
    tcp[12] = (uint8_t)(header / 4 << 4);
    tcp[13] = seg->flags;
    nif_put_be16(tcp + 14, (uint16_t)(seg->win < 0 ? 0 : seg->win));
    memcpy(tcp + 20, seg->options, seg->options_len);
    move_blocks(tcp + 20, seg->options_len, r->our_isn);
    nif_put_be16(tcp + 16, tcp_sum(ip, len));
    return 20 + len;
}

static bool say(struct runner *r)
{
    uint8_t packet[1500];
    size_t len = build(r, &r->event->segment, packet);

    return r->ifc.netdev_send(r->ifc.userdata, packet, len) == 0 ||
        fail(r, "the stack does not take a packet of %zu bytes", len);
}

static bool same_header(struct runner *r, const struct script_segment *want,
    const uint8_t *tcp, size_t text)
{
    uint8_t flags = tcp[13];
    uint32_t seq = nif_get_be32(tcp + 4) - r->our_isn;
    uint32_t ack = nif_get_be32(tcp + 8) - PEER_ISN;

    if (flags != want->flags || seq != want->seq || text != want->len) {
        return fail(r, "flags %02x seq %u (%zu), not flags %02x seq %u (%u)",
            flags, seq, text, want->flags, want->seq, want->len);
    }
    if (want->has_ack && ack != want->ack) {
        return fail(r, "ack %u, not %u", ack, want->ack);
    }
    if (want->win >= 0 && nif_get_be16(tcp + 14) != want->win) {
        return fail(r, "win %d, not %d", nif_get_be16(tcp + 14), want->win);
    }
    return true;
}

static bool same_options(struct runner *r, const struct script_segment *want,
    const uint8_t *tcp)
{
    size_t len = (size_t)(tcp[12] >> 4) * 4 - 20;
    uint8_t options[SCRIPT_OPTIONS];

    memcpy(options, tcp + 20, len);
    move_blocks(options, len, 0 - PEER_ISN);
    return want->any_options ||
        (len == want->options_len &&
            memcmp(options, want->options, len) == 0) ||
        fail(r, "other options than the script's");
}

static bool hear(struct runner *r)
{
    const struct script_segment *want = &r->event->segment;
    uint8_t ip[1500];
    size_t len = sizeof(ip);
    const uint8_t *tcp = ip + 20;
    long long at_us = 0;

    if (r->ifc.netdev_receive(r->ifc.userdata, ip, &len, &at_us) != 0 ||
        len == 0) {
        return fail(r, "silence");
    }
    if (len < 40 || ip[0] != 0x45 || ip[9] != 6 ||
        folded(sum(0, ip, 20)) != 0 || tcp_sum(ip, len - 20) != 0) {
        return fail(r, "something else than a sound segment");
    }
    if (tcp[13] & 2) { // SYN
        r->our_isn = nif_get_be32(tcp + 4);
        r->our_port = nif_get_be16(tcp);
        r->peer_port = nif_get_be16(tcp + 2);
    }
    return (r->event->any_time ||
               in_time(r, "packet", script_time(r, r->event->at_us),
                   at_us - r->start_us)) &&
        same_header(r, want, tcp, len - 20 - (size_t)(tcp[12] >> 4) * 4) &&
        same_options(r, want, tcp);
}

// ----------------------------------------------------------------- calls

static long value(const char *text)
{
    long v = 0;

    return script_value(text, &v) ? v : -1;
}

static struct sockaddr_in address(const char *ip)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PORT) };

    in.sin_addr.s_addr = inet_addr(ip);
    return in;
}

static long call_address(struct runner *r, const char *name, int fd)
{
    struct pd_interface *i = &r->ifc;
    bool connect = strcmp(name, "connect") == 0;
    struct sockaddr_in in = address(connect ? "192.0.2.1" : "192.168.0.1");
    const struct sockaddr *addr = (const struct sockaddr *)&in;

    if (connect) {
        return i->connect(i->userdata, fd, addr, sizeof(in));
    }
    return i->bind(i->userdata, fd, addr, sizeof(in));
}

static long call_option(struct runner *r, const struct script_call *c, int fd)
{
    struct pd_interface *i = &r->ifc;
    int level = (int)value(c->args[1]);
    int name = (int)value(c->args[2]);
    int wanted = (int)value(c->args[3]);
    int number = wanted;
    socklen_t len = sizeof(number);
    long result;

    if (c->name[0] == 's') {
        return i->setsockopt(i->userdata, fd, level, name, &number, len);
    }
    result = i->getsockopt(i->userdata, fd, level, name, &number, &len);
    if (result == 0 && number != wanted) {
        fail(r, "%s: value %d, not %d", c->name, number, wanted);
        return -2; // no call's result
    }
    return result;
}

static long call_data(struct runner *r, const struct script_call *c, int fd)
{
    static uint8_t buf[65536];
    struct pd_interface *i = &r->ifc;
    size_t len = (size_t)value(c->args[2]);

    if (len > sizeof(buf)) {
        return -2;
    }
    return c->name[0] == 'r' ? i->read(i->userdata, fd, buf, len)
                             : i->write(i->userdata, fd, buf, len);
}

// Makes the call; its result, with errno as it left it.
static long make(struct runner *r, const struct script_call *c)
{
    struct pd_interface *i = &r->ifc;
    long number = value(c->args[0]);
    int fd = number >= 0 && number < FDS ? r->fds[number] : -1;
    int arg = c->arg_count > 1 ? (int)value(c->args[1]) : 0;
    socklen_t len = sizeof(struct sockaddr_in);
    struct sockaddr_in peer;

    if (strcmp(c->name, "socket") == 0) {
        return i->socket(i->userdata, AF_INET, arg, 0);
    }
    if (strcmp(c->name, "listen") == 0) {
        return i->listen(i->userdata, fd, arg);
    }
    if (strcmp(c->name, "accept") == 0) {
        return i->accept(i->userdata, fd, (struct sockaddr *)&peer, &len);
    }
    if (strcmp(c->name, "close") == 0) {
        if (number >= 0 && number < FDS) {
            r->fds[number] = -1;
        }
        return i->close(i->userdata, fd);
    }
    if (strcmp(c->name, "shutdown") == 0) {
        return i->shutdown(i->userdata, fd, arg);
    }
    if (strcmp(c->name, "fcntl") == 0) {
        return i->fcntl(i->userdata, fd, arg, (int)value(c->args[2]));
    }
    if (strstr(c->name, "sockopt") != NULL) {
        return call_option(r, c, fd);
    }
    if (strcmp(c->name, "bind") == 0 || strcmp(c->name, "connect") == 0) {
        return call_address(r, c->name, fd);
    }
    if (strcmp(c->name, "read") == 0 || strcmp(c->name, "write") == 0) {
        return call_data(r, c, fd);
    }
    return -2;
}

static bool check_result(struct runner *r, const struct script_call *c,
    long result, int error)
{
    bool gives_fd =
        strcmp(c->name, "socket") == 0 || strcmp(c->name, "accept") == 0;

    if (gives_fd && result >= 0 && c->result >= 0 && c->result < FDS) {
        r->fds[c->result] = (int)result;
        return true;
    }
    if (result != c->result) {
        return r->error[0] == '\0' &&
            fail(r, "%s: %ld (%s), not %ld", c->name, result,
                result == -1 ? strerror(error) : "no error", c->result);
    }
    if (result == -1 && c->error[0] != '\0' && error != value(c->error)) {
        return fail(r, "%s: %s, not %s", c->name, strerror(error), c->error);
    }
    return true;
}

// -------------------------------------------------------- blocking calls

static void *call_thread(void *arg)
{
    struct runner *r = arg;
    struct blocked *b = &r->blocked;
    struct timeval tv;

    __atomic_store_n(&b->tid, gettid(), __ATOMIC_SEQ_CST);
    b->result = make(r, &b->event->call);
    b->error = errno;
    r->ifc.gettimeofday(r->ifc.userdata, &tv, NULL);
    b->end_us = (int64_t)tv.tv_sec * 1000000 + tv.tv_usec - r->start_us;
    __atomic_store_n(&b->done, true, __ATOMIC_SEQ_CST);
    return NULL;
}

static bool asleep(pid_t tid)
{
    char path[64];
    char line[128] = "";
    FILE *f;
    const char *state;

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
    f = fopen(path, "r");
    if (f != NULL) {
        if (fgets(line, sizeof(line), f) == NULL) {
            line[0] = '\0';
        }
        fclose(f);
    }
    state = strrchr(line, ')');
    return state != NULL && state[1] == ' ' && state[2] == 'S';
}

// Starts it, and waits until it blocks or is through.
static bool begin_call(struct runner *r)
{
    struct blocked *b = &r->blocked;
    pid_t tid = 0;

    *b = (struct blocked){ .event = r->event, .running = true };
    if (pthread_create(&b->thread, NULL, call_thread, r) != 0) {
        b->running = false;
        return fail(r, "no thread");
    }
    while (!__atomic_load_n(&b->done, __ATOMIC_SEQ_CST) &&
        (tid == 0 || !asleep(tid))) {
        sched_yield();
        tid = __atomic_load_n(&b->tid, __ATOMIC_SEQ_CST);
    }
    return true;
}

// A blocking call must be through by now.
static bool end_call(struct runner *r)
{
    struct blocked *b = &r->blocked;
    const struct script_event *e = b->event;
    struct timespec end;

    if (!b->running) {
        return true;
    }
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 1;
    if (pthread_timedjoin_np(b->thread, NULL, &end) != 0) {
        return fail(r, "%s of line %d still blocks", e->call.name, e->line);
    }
    b->running = false;
    return check_result(r, &e->call, b->result, b->error) &&
        in_time(r, e->call.name, e->end_us, b->end_us);
}

static bool call(struct runner *r)
{
    long result;

    if (!end_call(r)) {
        return false;
    }
    if (r->event->end_us >= 0) {
        return begin_call(r);
    }
    errno = 0;
    result = make(r, &r->event->call);
    return check_result(r, &r->event->call, result, errno);
}

// --------------------------------------------------------------- scripts

static bool play(struct runner *r)
{
    for (size_t n = 0; n < r->script.count; n++) {
        struct script_event *e = &r->script.events[n];
        bool good;

        r->event = e;
        if (e->end_us >= 0) {
            e->end_us = script_time(r, e->end_us);
        }
        if (!e->any_time && e->kind != SCRIPT_OUT) {
            pass_until(r, script_time(r, e->at_us));
        }
        switch (e->kind) {
        case SCRIPT_IN: good = say(r); break;
        case SCRIPT_OUT: good = hear(r); break;
        case SCRIPT_CALL:
        default: good = call(r); break;
        }
        if (!good) {
            return false;
        }
        r->base_us = e->any_time ? now_us(r) : script_time(r, e->at_us);
    }
    pass_until(r, r->blocked.running ? r->blocked.event->end_us : 0);
    return end_call(r);
}

bool runner_play(const char *text, char *why, size_t cap)
{
    struct runner *r = calloc(1, sizeof(*r));
    void *so = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
    void (*init)(const char *, struct pd_interface *) = NULL;
    bool good = false;

    if (r == NULL || so == NULL) {
        snprintf(why, cap, "%s", so == NULL ? dlerror() : "no memory");
        free(r);
        return false;
    }
    *(void **)&init = dlsym(so, "packetdrill_interface_init");
    if (!script_parse(&r->script, text)) {
        snprintf(why, cap, "%s", r->script.error);
    } else if (init == NULL) {
        snprintf(why, cap, "the plug-in has no packetdrill_interface_init");
    } else {
        r->our_port = PORT;
        r->peer_port = 40000;
        init(r->script.flags, &r->ifc);
        r->start_us = now_us(r);
        good = play(r);
        snprintf(why, cap, "%s", r->error);
        for (int i = 0; i < FDS; i++) { // as packetdrill does
            (void)!(r->fds[i] > 0 && close(r->fds[i]));
        }
        if (!r->blocked.running) { // else it still uses the world
            r->ifc.free(r->ifc.userdata);
            dlclose(so);
        }
    }
    free(r->blocked.running ? NULL : r);
    return good;
}
