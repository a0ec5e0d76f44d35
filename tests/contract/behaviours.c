// SPDX-License-Identifier: MIT
//
// The program: what an application sees of connections, servers and
// datagrams, by the calls that wait.

#include "tests/contract/behaviours.h"

#include "tests/support/check.h"

#include <stdio.h>
#include <string.h>

#define PORT 5010

static uint8_t data[30000];

static void say(char *out, const char *text)
{
    (void)snprintf(out, BEHAVIOUR_TEXT, "%s", text);
}

// A count or an error.
static void say_result(char *out, int result)
{
    if (result <= 0) {
        say(out, result < 0 ? nif_err_name(result) : "works");
    } else {
        (void)snprintf(out, BEHAVIOUR_TEXT, "%d", result);
    }
}

// What recv() said: at an end it says 0.
static const char *end_name(int n)
{
    return n == 0 ? "an end" : nif_err_name(n);
}

static void say_received(char *out, int n)
{
    if (n <= 0) {
        say(out, end_name(n));
    } else {
        say_result(out, n);
    }
}

static struct nif_conn *conn(unsigned i)
{
    return &bench.conn[i];
}

static struct peer_end *end(unsigned i)
{
    assert_true(bench_reach(&bench.peer.ends, i + 1, 5 * S));
    return &bench.peer.end[i];
}

static struct nif_endpoint at(uint8_t last, uint16_t port)
{
    return (struct nif_endpoint){ .ip = nif_ip4(192, 0, 2, last),
        .port = port };
}

static int dial(unsigned i, struct nif_endpoint to, uint64_t us)
{
    const struct nif_open_cfg cfg = bench_open(i, NIF_TCP);

    return nif_dial(conn(i), &cfg, &to, bench_in(us));
}

static struct nif_conn *open_udp(unsigned i, uint16_t port)
{
    struct nif_open_cfg cfg = bench_open(i, NIF_UDP);

    cfg.local.port = port;
    assert_int_equal(nif_open(conn(i), &cfg), 0);
    return conn(i);
}

static int receive(unsigned i, size_t len, uint64_t us)
{
    return nif_recv_all(conn(i), data, len, bench_in(us));
}

// What the peer has read at the end of it.
static void say_end(char *out, struct peer_end *e)
{
    if (!bench_until(&e->ended, 20 * S)) {
        say(out, "nothing");
    } else {
        say(out, e->err == 0 ? "an end" : nif_err_name(e->err));
    }
}

// ----------------------------------------------------------------- calls

static void refused(char *out)
{
    say_result(out, dial(0, at(1, PEER_NOBODY), 60 * S));
}

static void nobody(char *out)
{
    uint64_t begun_us = bench_now();
    int err = dial(0, at(99, 80), 300 * S);

    (void)snprintf(out, BEHAVIOUR_TEXT, "%s after %u s", nif_err_name(err),
        (unsigned)((bench_now() - begun_us + S / 2) / S));
}

static void nobody_in_time(char *out)
{
    say_result(out, dial(0, at(99, 80), S));
}

static void other_network(char *out)
{
    const struct nif_endpoint far = { .ip = nif_ip4(198, 51, 100, 7),
        .port = 80 };

    say_result(out, dial(0, far, S));
}

static void slow_answer(char *out)
{
    bench_prove(1); // the neighbour is known
    bench.peer.ends = 0;
    bench.peer.frozen = true;
    assert_int_equal(dial(0, at(1, PEER_PORT), S), NIF_ETIMEDOUT);
    bench.peer.frozen = false;
    peer_kick();
    bench_pass(10 * S);
    say(out,
        bench.peer.ends == 0 || !bench.peer.end[0].open ? "opens nothing"
            : bench.peer.end[0].ended                   ? "is opened and ended"
                                                        : "stays open");
}

// ------------------------------------------------------------------ ends

static void our_half_close(char *out)
{
    int err;

    peer_serve(&(struct peer_manner){ .send = 20000, .fin = true });
    (void)bench_dial(0, PEER_PORT);
    err = nif_conn_shutdown(conn(0));
    say_result(out, err != 0 ? err : receive(0, 20000, 20 * S));
}

static void their_half_close(char *out)
{
    struct peer_end *e;
    int err;

    peer_serve(&(struct peer_manner){ .fin = true });
    (void)bench_dial(0, PEER_PORT);
    e = end(0);
    assert_int_equal(receive(0, 1, 5 * S), 0);
    err = nif_send_all(conn(0), data, 20000, bench_in(20 * S));
    (void)bench_reach(&e->got, 20000, 20 * S);
    say_result(out, err != 0 ? err : (int)e->got);
}

static void reset_at_rest(char *out)
{
    peer_serve(&(struct peer_manner){ .echo = true });
    (void)bench_dial(0, PEER_PORT);
    bench_pass(S);
    peer_abort(end(0));
    say_received(out, receive(0, 1, 20 * S));
}

static void reset_while_sending(char *out)
{
    peer_serve(&(struct peer_manner){ .deaf = true });
    (void)bench_dial(0, PEER_PORT);
    (void)!nif_send_all(conn(0), data, sizeof(data), bench_in(3 * S));
    peer_abort(end(0));
    say_result(out,
        nif_send_all(conn(0), data, sizeof(data), bench_in(20 * S)));
}

static void silence(char *out)
{
    uint64_t begun_us;
    int err;

    peer_serve(&(struct peer_manner){ .echo = true });
    (void)bench_dial(0, PEER_PORT);
    bench_pass(S);
    bench.peer.frozen = true;
    begun_us = bench_now();
    err = nif_send_all(conn(0), "x", 1, bench_in(S));
    err = err != 0 ? err : receive(0, 1, 1000 * S);
    bench.peer.frozen = false;
    peer_kick();
    (void)snprintf(out, BEHAVIOUR_TEXT, "%s after %u s", end_name(err),
        (unsigned)((bench_now() - begun_us + S / 2) / S));
}

static void our_close(char *out)
{
    peer_serve(&(struct peer_manner){ .expect = 0 });
    (void)bench_dial(0, PEER_PORT);
    (void)nif_close(conn(0), bench_in(10 * S));
    say_end(out, end(0));
}

static void our_abort(char *out)
{
    peer_serve(&(struct peer_manner){ .expect = 0 });
    (void)bench_dial(0, PEER_PORT);
    bench_pass(S);
    nif_conn_abort(conn(0));
    say_end(out, end(0));
}

static void close_unread(char *out)
{
    peer_serve(&(struct peer_manner){ .send = 1000 });
    (void)bench_dial(0, PEER_PORT);
    bench_pass(S);
    nif_conn_close(conn(0));
    say_end(out, end(0));
}

// --------------------------------------------------------------- servers

static void accept_order(char *out)
{
    size_t len = 0;
    struct nif_conn *c;

    bench_listen(0, PORT, 3);
    for (unsigned i = 1; i <= 3; i++) {
        (void)peer_dial(PORT, &(struct peer_manner){ .send = i });
        bench_pass(S);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(nif_accept(conn(0), &c, NULL, bench_in(S)), 0);
        len += (size_t)snprintf(out + len, BEHAVIOUR_TEXT - len, "%s%d",
            i > 0 ? ", " : "", nif_recv(c, data, sizeof(data), bench_in(S)));
    }
}

static void full_backlog(char *out)
{
    struct peer_end *late;
    struct nif_conn *c;

    bench_listen(0, PORT, 1);
    (void)peer_dial(PORT, &(struct peer_manner){ .echo = true });
    assert_int_equal(nif_accept(conn(0), &c, NULL, bench_in(5 * S)), 0);
    late = peer_dial(PORT, &(struct peer_manner){ .send = 10 });
    bench_pass(3 * S);
    say(out,
        late->ended && late->err != 0 ? nif_err_name(late->err)
            : late->ended             ? "an end"
            : late->open              ? "is open, and waits"
                                      : "calls on");
    nif_conn_abort(c);
    if (!late->ended) {
        assert_int_equal(nif_accept(conn(0), &c, NULL, bench_in(60 * S)), 0);
    }
}

static void listener_closed(char *out)
{
    struct peer_end *e;

    bench_listen(0, PORT, 1);
    e = peer_dial(PORT, &(struct peer_manner){ .expect = 0 });
    bench_pass(S);
    nif_conn_close(conn(0));
    say_end(out, e);
}

static void two_listeners(char *out)
{
    bench_listen(0, PORT, 1);
    say_result(out, bench_try_listen(2, PORT + 1, 1));
}

static void same_port(char *out)
{
    bench_listen(0, PORT, 1);
    say_result(out, bench_try_listen(2, PORT, 1));
}

static void same_port_again(char *out)
{
    struct nif_conn *c;

    bench_listen(0, PORT, 1);
    (void)peer_dial(PORT, &(struct peer_manner){ .echo = true });
    assert_int_equal(nif_accept(conn(0), &c, NULL, bench_in(5 * S)), 0);
    assert_int_equal(nif_close(c, bench_in(10 * S)), 0);
    nif_conn_close(conn(0));
    bench_pass(S);
    say_result(out, bench_try_listen(2, PORT, 1));
}

// ------------------------------------------------------------- datagrams

static void udp_same_port(char *out)
{
    struct nif_open_cfg cfg = bench_open(1, NIF_UDP);

    (void)open_udp(0, PORT);
    cfg.local.port = PORT;
    say_result(out, nif_open(conn(1), &cfg));
}

static void udp_largest(char *out)
{
    (void)snprintf(out, BEHAVIOUR_TEXT, "%zu bytes",
        bench.stack->caps.datagram_max);
}

static void udp_too_large(char *out)
{
    static uint8_t big[66000];
    const struct nif_endpoint to = at(1, PEER_PORT);

    say_result(out,
        nif_send_to(open_udp(0, PORT), big, bench.stack->caps.datagram_max + 1,
            &to, bench_in(S)));
}

static void udp_empty(char *out)
{
    const struct nif_endpoint to = at(1, PEER_PORT);
    int n;

    peer_udp(PEER_PORT, false);
    n = nif_send_to(open_udp(0, PORT), data, 0, &to, bench_in(S));
    if (n < 0) {
        say_result(out, n);
    } else {
        bench_pass(S);
        say(out, bench.peer.udp.count == 1 ? "arrives" : "is lost");
    }
}

static void udp_refused(char *out)
{
    const struct nif_endpoint to = at(1, PEER_NOBODY);

    assert_int_equal(nif_connect(open_udp(0, PORT), NULL, &to, 0), 0);
    (void)!nif_send(conn(0), data, 5, bench_in(S));
    say_result(out, nif_recv(conn(0), data, 5, bench_in(5 * S)));
}

static void udp_broadcast(char *out)
{
    const struct nif_endpoint to = { .ip = nif_ip4(255, 255, 255, 255),
        .port = PEER_PORT };
    int n;

    peer_udp(PEER_PORT, false);
    n = nif_send_to(open_udp(0, PORT), data, 5, &to, bench_in(S));
    bench_pass(S);
    if (n < 0) {
        say_result(out, n);
    } else {
        say(out, bench.peer.udp.count == 1 ? "arrives" : "is lost");
    }
}

static void udp_group(char *out)
{
    const struct nif_ip group = nif_ip4(239, 1, 2, 3);
    const struct nif_endpoint to = { .ip = group, .port = PORT };
    int err = nif_conn_group(open_udp(0, PORT), &group, true);

    if (err != 0) {
        say_result(out, err);
        return;
    }
    peer_udp(PEER_PORT, false);
    bench_pass(S);
    (void)peer_say(5, 1, &to);
    say_result(out, nif_recv(conn(0), data, 5, bench_in(S)));
}

// ------------------------------------------------------------------ rest

static void exhaustion(char *out)
{
    unsigned n = 0;
    int err = 0;

    while (n < BENCH_OWN && err == 0) {
        const struct nif_open_cfg cfg = bench_open(n, NIF_TCP);

        err = nif_open(conn(n), &cfg);
        n += err == 0;
    }
    if (err == 0) {
        say(out, "no limit");
    } else {
        (void)snprintf(out, BEHAVIOUR_TEXT, "%u, then %s", n,
            nif_err_name(err));
    }
}

static void options(char *out)
{
    static const struct {
        enum nif_option option;
        const char *name;
    } all[] = { { NIF_OPT_NODELAY, "nodelay" },
        { NIF_OPT_KEEPALIVE, "keepalive" }, { NIF_OPT_TTL, "ttl" },
        { NIF_OPT_TOS, "tos" }, { NIF_OPT_USER_TIMEOUT, "user" } };
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    size_t len = 0;

    say(out, "none");
    assert_int_equal(nif_open(conn(0), &cfg), 0);
    for (size_t i = 0; i < nif_countof(all); i++) {
        if (nif_conn_option(conn(0), all[i].option, 1) == 0) {
            len += (size_t)snprintf(out + len, BEHAVIOUR_TEXT - len, "%s%s",
                len > 0 ? " " : "", all[i].name);
        }
    }
}

static void without_copies(char *out)
{
    const struct nif_stack_ops *ops = bench.stack->ops;

    say(out,
        ops->send_ref && ops->peek ? "both ways"
            : ops->send_ref        ? "sending"
            : ops->peek            ? "receiving"
                                   : "no");
}

static void new_address(char *out)
{
    const struct nif_net net = { .ip = nif_ip4(192, 0, 2, 50),
        .prefix_len = 24 };
    int err;

    peer_serve(&(struct peer_manner){ .echo = true });
    (void)bench_dial(0, PEER_PORT);
    err = nif_stack_set_net(bench.stack, &net);
    say_received(out, err != 0 ? err : receive(0, 1, 20 * S));
}

static void link_gap(char *out)
{
    int err;

    peer_serve(&(struct peer_manner){ .echo = true });
    (void)bench_dial(0, PEER_PORT);
    host_board_link(&bench.board, false);
    bench_pass(5 * S);
    host_board_link(&bench.board, true);
    for (unsigned i = 0; i < 50 && !bench_is_up(&bench.board); i++) {
        bench_pass(S / 5);
    }
    err = nif_send_all(conn(0), "x", 1, bench_in(S));
    err = err != 0 ? err : receive(0, 1, 60 * S);
    say(out, err == 1 ? "goes on" : end_name(err));
}

static void chip_reset(char *out)
{
    int err;

    if (!bench.board.chip->reset) {
        say(out, "-");
        return;
    }
    bench.broken = true;
    peer_serve(&(struct peer_manner){ .echo = true });
    (void)bench_dial(0, PEER_PORT);
    bench_pass(S);
    bench.board.chip->reset(&bench.board);
    bench_pass(10 * S);
    err = nif_send_all(conn(0), "x", 1, bench_in(S));
    err = err != 0 ? err : receive(0, 1, 60 * S);
    say(out, err == 1 ? "goes on" : end_name(err));
}

const struct behaviour behaviours[] = {
    { "dial: nobody listens there", refused,
        "ESP-AT does not say why a call has failed" },
    { "dial: no such host", nobody,
        "each gives up in its own time: ours when ARP has failed, a chip when "
        "its retries are used up" },
    { "dial: no such host, one second", nobody_in_time, NULL },
    { "dial: another network, gateway silent", other_network, NULL },
    { "an answer after the deadline", slow_answer,
        "ESP-AT cannot take a call back: what it opens later is closed at "
        "once" },
    { "our end, then 20,000 bytes come", our_half_close,
        "ESP-AT ends both directions or none" },
    { "the peer's end, then we send 20,000", their_half_close,
        "ESP-AT ends both directions or none" },
    { "the peer resets", reset_at_rest,
        "ESP-AT says of each end that it is closed, and not how" },
    { "the peer resets while we send", reset_while_sending, NULL },
    { "the peer falls silent", silence,
        "each repeats as long as its own limit says" },
    { "the peer sees of close()", our_close, NULL },
    { "the peer sees of abort()", our_abort,
        "without a command for it a chip cannot send a reset: it says "
        "good-bye" },
    { "the peer sees of close() with unread data", close_unread,
        "without a command for it a chip cannot send a reset: it says "
        "good-bye" },
    { "accept() of clients 1, 2, 3", accept_order, NULL },
    { "one more client than the backlog has", full_backlog,
        "ESP-AT does not let clients wait: who is one too many is sent "
        "away" },
    { "the peer sees of a listener that closes", listener_closed,
        "without a command for it a chip cannot send a reset: it says "
        "good-bye" },
    { "a second listener at another port", two_listeners,
        "ESP-AT has one server" },
    { "a second listener at the same port", same_port, NULL },
    { "the port after its listener has closed", same_port_again, NULL },
    { "a second datagram socket at the same port", udp_same_port, NULL },
    { "the largest datagram", udp_largest,
        "our stack has fragments where it was given nif/reassembly.h; a "
        "chip sends a datagram as one frame" },
    { "one byte more than the largest", udp_too_large, NULL },
    { "an empty datagram", udp_empty,
        "the W5500 sends nothing when nothing lies in its buffer, and "
        "ESP-AT takes no length of 0" },
    { "a datagram to a port of nobody", udp_refused,
        "ESP-AT does not tell what the network reports" },
    { "a broadcast", udp_broadcast, NULL },
    { "five bytes to a group that was joined", udp_group,
        "ESP-AT knows no groups" },
    { "connections", exhaustion, "a chip has as many as it has sockets" },
    { "options of TCP", options,
        "a chip has those that it has registers or commands for; the "
        "W5500's retries are set for all its sockets at once" },
    { "data without a copy", without_copies,
        "the buffers of a chip lie behind its bus" },
    { "another address", new_address, NULL },
    { "five seconds without a link", link_gap,
        "who leaves a network ends its connections, and an access point "
        "that is gone is left" },
    { "a chip that loses itself", chip_reset,
        "connections that live in a chip go with it; ours live in memory "
        "and outlast it" },
    { NULL, NULL, NULL },
};
