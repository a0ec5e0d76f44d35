// SPDX-License-Identifier: MIT
//
// A bare stack: TCP without the parts that nobody has named still does the
// rest, and says so of what it cannot do.

#include "core/tcpip/tcp.h"
#include "nif/tcpip.h"
#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct peer p;

static struct nif_stack *stack(void)
{
    return &p.pair.stack[0].stack;
}

// With these parts, and a connection that we have called for.
static void begin(const struct nif_tcpip_parts *parts)
{
    struct nif_tcpip_cfg cfg;
    struct nif_net net;

    memset(&p, 0, sizeof(p));
    pair_init_single(&p.pair, 5);
    cfg = p.pair.stack[0].cfg;
    cfg.parts = parts;
    nif_stack_net(stack(), &net);
    nif_tcpip_init_bare(&p.pair.stack[0], &cfg);
    assert_int_equal(nif_stack_set_net(stack(), &net), 0);
    peer_pass(&p, 10);
    pair_inject(&p.pair, p.frame,
        pair_arp(&p.pair, p.frame, 1, PAIR_IP1, PAIR_IP0));
    pair_clear(&p.pair);
    p.port = PEER_PORT;
    p.seq = 1000;
    p.wnd = 8000;
    peer_serve(&p);
}

static int setup(void **state)
{
    (void)state;
    begin(NULL);
    return 0;
}

static void a_bare_stack_calls_and_talks(void **state)
{
    char got[8];

    (void)state;
    assert_int_equal(nif_conn_send(p.conn, "ping", 4, NULL), 4);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 4);
    peer_say(&p, ACK, 0, 0, "pong", 4);
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 4);
    nif_conn_close(p.conn);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 0);
    peer_say(&p, FIN | ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 0);
}

static void a_bare_stack_repeats_what_is_lost(void **state)
{
    (void)state;
    assert_int_equal(nif_conn_send(p.conn, "ping", 4, NULL), 4);
    peer_pass(&p, 10);
    assert_true(peer_hear(&p));
    peer_pass(&p, 300000);
    peer_expect(&p, ACK, 4);
}

static void who_cannot_listen_says_so(void **state)
{
    const struct nif_conn_cfg cfg = { p.rx[0], 1000, p.tx[0], 1000 };
    const struct nif_endpoint local = { .port = OUR_PORT };
    struct nif_conn *conn;

    (void)state;
    assert_int_equal(nif_conn_open(stack(), &p.listener, NIF_TCP, &cfg), 0);
    assert_int_equal(nif_conn_open(stack(), &p.backlog[0], NIF_TCP, &cfg), 0);
    assert_int_equal(nif_conn_bind(&p.listener, &local), 0);
    assert_int_equal(nif_conn_listen(&p.listener, p.backlog, 1), NIF_ENOTSUP);
    assert_int_equal(nif_conn_accept(&p.listener, &conn, NULL), NIF_EINVAL);
    // A call is refused.
    p.our_port = OUR_PORT;
    p.port = PEER_PORT + 1;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, RST | ACK);
    nif_conn_abort(&p.listener);
    assert_int_equal(nif_conn_state(&p.listener), NIF_CONN_CLOSED);
}

static void who_cannot_send_by_reference_says_so(void **state)
{
    (void)state;
    assert_int_equal(nif_conn_send_ref(p.conn, "ping", 4), NIF_ENOTSUP);
    peer_pass(&p, 10);
    peer_expect_nothing(&p);
}

static void who_keeps_no_times_says_so(void **state)
{
    (void)state;
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_KEEPALIVE, 5),
        NIF_ENOTSUP);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_USER_TIMEOUT, 5),
        NIF_ENOTSUP);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_NODELAY, 1), 0);
}

static void what_comes_too_early_is_told_and_comes_again(void **state)
{
    char got[8];

    (void)state;
    peer_say(&p, ACK, 4, 0, "rest", 4);
    peer_expect(&p, ACK, 0);
    peer_say(&p, ACK, 0, 0, "text", 4);
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 4);
    assert_memory_equal(got, "text", 4);
    peer_say(&p, ACK, 0, 0, "rest", 4);
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 4);
    assert_memory_equal(got, "rest", 4);
}

// Somebody on the way says that the last segment had no way.
static void complain(void)
{
    uint8_t icmp[8 + 28] = { 3, 0 };
    struct pair_ip ip = { PAIR_IP1, PAIR_IP0, 1, NULL, 0 };

    icmp[8] = 0x45;
    icmp[8 + 9] = 6;
    nif_put_be32(icmp + 8 + 12, PAIR_IP0);
    nif_put_be32(icmp + 8 + 16, PAIR_IP1);
    nif_put_be16(icmp + 8 + 2, 40);
    nif_put_be16(icmp + 8 + 20, p.our_port);
    nif_put_be16(icmp + 8 + 22, p.port);
    nif_put_be32(icmp + 8 + 24, p.seg.seq);
    nif_put_be16(icmp + 2, nif__checksum(0, icmp, sizeof(icmp)));
    memcpy(p.frame + 34, icmp, sizeof(icmp));
    pair_inject(&p.pair, p.frame,
        pair_wrap(&p.pair, p.frame, &ip, sizeof(icmp)));
}

static void errors_are_heard_by_who_has_the_part_for_it(void **state)
{
    static const struct nif_tcpip_parts parts = { .errors = &nif_icmp_errors };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin(i == 0 ? NULL : &parts);
        assert_int_equal(nif_conn_send(p.conn, "ping", 4, NULL), 4);
        peer_pass(&p, 10);
        assert_true(peer_hear(&p));
        complain();
        assert_int_equal(p.pair.stack[0].stats.icmp_error, i);
        assert_int_equal(p.conn->err, i == 0 ? 0 : NIF_EUNREACH);
    }
}

static void duplicates_tell_who_has_the_part_for_it(void **state)
{
    static const struct nif_tcpip_parts parts = { .recovery =
                                                      &nif_tcp_recovery };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin(i == 0 ? NULL : &parts);
        assert_int_equal(nif_conn_send(p.conn, "ping", 4, NULL), 4);
        peer_pass(&p, 10);
        peer_expect(&p, ACK, 4);
        p.ack -= 4; // it did not arrive
        peer_say(&p, ACK, 0, 0, NULL, 0);
        assert_int_equal(p.pair.stack[0].stats.tcp_fast, i);
        if (i == 0) {
            peer_expect_nothing(&p);
            peer_pass(&p, 1000000); // the timeout tells
        }
        peer_expect(&p, ACK, 4);
        peer_say(&p, ACK, 0, 0, NULL, 0);
        assert_int_equal(nif_conn_unacked(p.conn), 0);
    }
}

static void errors_are_told_by_who_has_the_part_for_it(void **state)
{
    static const struct nif_tcpip_parts parts = { .errors = &nif_icmp_errors };
    const struct pair_ip unknown = { .src = PAIR_IP1,
        .dst = PAIR_IP0,
        .proto = 99 };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin(i == 0 ? NULL : &parts);
        memset(p.frame, 0, 64);
        pair_inject(&p.pair, p.frame, pair_wrap(&p.pair, p.frame, &unknown, 8));
        assert_int_equal(p.pair.stack[0].stats.ip_proto, 1);
        assert_int_equal(p.pair.stack[0].stats.icmp_tx, i);
    }
}

static void datagrams_wait_for_who_has_the_part_for_it(void **state)
{
    static const struct nif_tcpip_parts parts = { .queue = &nif_udp_queue };
    static uint8_t tx[100];
    const struct nif_conn_cfg cfg = { .tx = tx, .tx_cap = sizeof(tx) };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 3), .port = 9 };
    const uint32_t sent = nif_ip4_value(&to.ip);
    struct nif_conn conn;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin(i == 0 ? NULL : &parts);
        assert_int_equal(nif_conn_open(stack(), &conn, NIF_UDP, &cfg), 0);
        assert_int_equal(nif_conn_send(&conn, "late", 4, &to),
            i == 0 ? NIF_EAGAIN : 4);
        pair_inject(&p.pair, p.frame,
            pair_arp(&p.pair, p.frame, 2, sent, PAIR_IP0));
        peer_pass(&p, 10);
        assert_int_equal(p.pair.stack[0].stats.udp_tx, i);
        if (i == 0) {
            assert_int_equal(nif_conn_send(&conn, "now", 3, &to), 3);
            assert_int_equal(p.pair.stack[0].stats.udp_tx, 1);
        }
        nif_conn_abort(&conn);
    }
}

static void a_bare_stack_takes_the_parts_that_it_is_given(void **state)
{
    static const struct nif_tcpip_parts parts = {
        .refs = &nif_tcp_refs,
        .early = &nif_tcp_early,
        .keep = &nif_tcp_keep,
    };
    char got[8];

    (void)state;
    begin(&parts);
    assert_int_equal(nif_conn_send_ref(p.conn, "ping", 4), 4);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 4);
    peer_say(&p, ACK, 4, 0, "rest", 4);
    peer_say(&p, ACK, 0, 0, "text", 4);
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 8);
    assert_memory_equal(got, "textrest", 8);
    p.seq += 4;
    peer_pass(&p, 100000);
    pair_clear(&p.pair);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_KEEPALIVE, 5), 0);
    peer_pass(&p, 5100000);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.seq, p.ack - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_bare_stack_calls_and_talks, setup),
        cmocka_unit_test_setup(a_bare_stack_repeats_what_is_lost, setup),
        cmocka_unit_test_setup(who_cannot_listen_says_so, setup),
        cmocka_unit_test_setup(who_cannot_send_by_reference_says_so, setup),
        cmocka_unit_test_setup(who_keeps_no_times_says_so, setup),
        cmocka_unit_test_setup(what_comes_too_early_is_told_and_comes_again,
            setup),
        cmocka_unit_test(errors_are_heard_by_who_has_the_part_for_it),
        cmocka_unit_test(duplicates_tell_who_has_the_part_for_it),
        cmocka_unit_test(datagrams_wait_for_who_has_the_part_for_it),
        cmocka_unit_test(errors_are_told_by_who_has_the_part_for_it),
        cmocka_unit_test(a_bare_stack_takes_the_parts_that_it_is_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
