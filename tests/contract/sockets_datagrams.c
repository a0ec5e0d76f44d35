// SPDX-License-Identifier: MIT
//
// Datagrams once more: what stands in front of them on the wire, and what is
// left of them when the chip has lost itself.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include <string.h>

#define PORT 5007

static struct nif_conn *open_at_port(void)
{
    struct nif_open_cfg cfg = bench_open(0, NIF_UDP);

    cfg.local.port = PORT;
    assert_int_equal(nif_open(&bench.conn[0], &cfg), 0);
    bench_settle();
    return &bench.conn[0];
}

static struct nif_endpoint peer_at(void)
{
    struct nif_endpoint to = bench.peer.at;

    to.port = PEER_PORT;
    return to;
}

// The last datagram that went to the peer: its time to live, its service.
static struct {
    unsigned ttl;
    unsigned tos;
} seen;

static void see(void *arg, unsigned side, uint64_t sent_ns,
    const struct sim_frame *frame)
{
    const uint8_t *ip = frame->data + NIF_ETH_HEADER;

    (void)arg;
    (void)side;
    (void)sent_ns;
    if (frame->len > 60 && nif_get_be16(frame->data + 12) == 0x0800 &&
        ip[9] == NIF_UDP &&
        memcmp(ip + 12, (uint8_t[]){ 192, 0, 2, 2 }, 4) == 0) {
        seen.ttl = ip[8];
        seen.tos = ip[1];
    }
}

static void say_once(struct nif_conn *conn, const struct nif_endpoint *to)
{
    static const uint8_t text[100];
    uint32_t count = bench.peer.udp.count;

    assert_int_equal(nif_send_to(conn, text, 100, to, bench_in(5 * S)), 100);
    assert_true(bench_reach(&bench.peer.udp.count, count + 1, 5 * S));
}

// Not set, 64 and 0; else what was said, if the stack has taken it.
static void a_datagram_has_the_ttl_and_tos_that_were_set(void **state)
{
    static struct sim_cable_tap tap = { .fn = see };
    struct nif_conn *conn = open_at_port();
    const struct nif_endpoint to = peer_at();
    int ttl;
    int tos;

    (void)state;
    peer_udp(PEER_PORT, false);
    sim_cable_watch(&bench.board.cable, &tap);
    say_once(conn, &to);
    assert_int_equal(seen.ttl, 64);
    assert_int_equal(seen.tos, 0);
    ttl = nif_conn_option(conn, NIF_OPT_TTL, 9);
    tos = nif_conn_option(conn, NIF_OPT_TOS, 0x10);
    say_once(conn, &to);
    assert_int_equal(seen.ttl, ttl == 0 ? 9 : 64);
    assert_int_equal(seen.tos, tos == 0 ? 0x10 : 0);
}

// What waited in the chip is gone, or is in the board; nothing comes that
// nobody has sent.
static void a_chip_that_loses_itself_makes_up_no_datagram(void **state)
{
    const struct nif_endpoint back = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PORT };
    struct nif_conn *conn;
    uint8_t got[100];
    int n;

    (void)state;
    if (bench.board.chip->reset == NULL) {
        skip();
    }
    bench_needs_datagrams();
    conn = open_at_port();
    peer_udp(PEER_PORT, false);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(peer_say(40, i, &back));
        bench_pass(S / 10);
    }
    assert_int_equal(bench_recv(conn, got, sizeof(got), NULL), 40);
    bench.broken = true;
    bench.board.chip->reset(&bench.board);
    for (unsigned i = 0; i < 400; i++) {
        n = bench_recv(conn, got, sizeof(got), NULL);
        assert_true(n == 40 || n < 0);
        assert_true(n < 0 || got[0] == peer_text(1, 0) ||
            got[0] == peer_text(2, 0));
        bench_pass(S / 10);
    }
    for (unsigned i = 0; i < 60 && !bench_is_up(&bench.board); i++) {
        bench_pass(S);
    }
    for (uint32_t i = 10; i < 14; i++) { // and those come that are sent
        assert_true(peer_say(400, i, &back));
        do {
            n = nif_recv(conn, got, sizeof(got), bench_in(5 * S));
        } while (n == 40); // old ones, that were in the board already
        assert_int_equal(n, sizeof(got));
        assert_int_equal(got[0], peer_text(i, 0));
    }
    bench_prove(1);
}

// Two go out and come back, or one of them.
static void try_two(struct nif_conn *conn, const char *why)
{
    static const uint8_t text[100];
    const struct nif_endpoint to = peer_at();
    uint32_t count = bench.peer.udp.count;
    uint8_t got[100];

    for (unsigned k = 0; k < 2; k++) {
        (void)!nif_send_to(conn, text, sizeof(text), &to, bench_in(5 * S));
    }
    if (!bench_reach(&bench.peer.udp.count, count + 1, 30 * S)) {
        fail_msg("%s: nothing goes out", why);
    }
    while (nif_recv(conn, got, sizeof(got), bench_in(S)) > 0) {
    }
}

// One may be lost by it, and no other is held up for good.
static void whatever_a_chip_does_unasked_the_next_datagram_goes(void **state)
{
    const struct host_stimulus *s = bench.board.chip->stimuli;
    struct nif_conn *conn = open_at_port();

    (void)state;
    peer_udp(PEER_PORT, true);
    for (; s != NULL && s->name != NULL; s++) {
        for (unsigned i = 0; i < 5; i++) {
            bench_pass(S / 10 * i);
            s->fn(&bench.board);
            try_two(conn, s->name);
        }
    }
}

int sockets_datagrams(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_datagram_has_the_ttl_and_tos_that_were_set),
        BENCH_TEST(a_chip_that_loses_itself_makes_up_no_datagram),
        BENCH_TEST(whatever_a_chip_does_unasked_the_next_datagram_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
