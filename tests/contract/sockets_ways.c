// SPDX-License-Identifier: MIT
//
// Where to, and from where: the address that a board has, neighbours and far
// hosts, all of a network, groups.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include <string.h>

#define PORT 5009

static uint8_t data[100];
static uint8_t got[100];

static struct nif_conn *open_udp(void)
{
    struct nif_open_cfg cfg = bench_open(0, NIF_UDP);

    cfg.local.port = PORT;
    assert_int_equal(nif_open(&bench.conn[0], &cfg), 0);
    bench_settle();
    return &bench.conn[0];
}

static void write_text(size_t len, uint32_t salt)
{
    for (size_t i = 0; i < len; i++) {
        data[i] = peer_text(salt, (uint32_t)i);
    }
}

// The next datagram is `len` bytes of that text.
static void expect(struct nif_conn *conn, size_t len, uint32_t salt)
{
    bench_needs_datagrams();
    assert_int_equal(nif_recv(conn, got, sizeof(got), bench_in(5 * S)), len);
    write_text(len, salt);
    assert_memory_equal(got, data, len);
}

static void expect_none(struct nif_conn *conn)
{
    bench_pass(S);
    assert_int_equal(nif_conn_ready(conn) & NIF_READABLE, 0);
    assert_int_equal(bench_recv(conn, got, sizeof(got), NULL), NIF_EAGAIN);
}

// ------------------------------------------------------------- the address

static struct nif_net net_of(uint8_t last)
{
    struct nif_net net = { .prefix_len = 24 };

    if (last != 0) {
        net.ip = nif_ip4(192, 0, 2, last);
    }
    return net;
}

static void an_address_that_goes_takes_its_connections_along(void **state)
{
    const struct nif_net none = net_of(0);
    const struct nif_net other = net_of(50);
    const struct nif_endpoint to = bench.peer.at;
    const struct nif_endpoint nobody = { nif_ip4(192, 0, 2, 99), 80, NULL };
    const struct nif_open_cfg calls = bench_open(5, NIF_TCP);
    struct nif_endpoint there = to;
    struct nif_conn *conn;
    struct nif_net now;
    uint8_t byte;
    int err;

    (void)state;
    there.port = PEER_PORT;
    peer_serve(&(struct peer_manner){ .echo = true });
    conn = bench_dial(0, PEER_PORT);
    assert_int_equal(nif_open(&bench.conn[5], &calls), 0);
    assert_int_equal(nif_conn_connect(&bench.conn[5], &nobody), 0);
    bench_pass(S / 2);
    for (unsigned i = 0; i < 2; i++) {
        err = nif_stack_set_net(bench.stack, i == 0 ? &other : &none);
        if (err == NIF_ENOTSUP) {
            skip();
        }
        assert_int_equal(err, 0);
        bench_pass(i == 0 && contract_traits()->late ? 40 * S : S);
        nif_stack_net(bench.stack, &now);
        assert_int_equal(now.ip.family, i == 0 ? NIF_IPV4 : NIF_IP_NONE);
        assert_int_equal(nif_conn_state(conn), NIF_CONN_FAILED);
        assert_int_equal(conn->err, NIF_EADDR);
        assert_int_equal(nif_recv(conn, &byte, 1, bench_in(S)), NIF_EADDR);
        assert_int_equal(bench_send(conn, "x", 1, NULL), NIF_EADDR);
        nif_conn_close(conn);
        if (i == 0) {
            assert_int_equal(nif_conn_state(&bench.conn[5]), NIF_CONN_FAILED);
            assert_int_equal(bench.conn[5].err, NIF_EADDR);
            nif_conn_close(&bench.conn[5]);
            assert_int_equal(now.ip.byte[3], 50);
            bench_reclaim(0, S);
            bench.peer.ends = 4;
            conn = bench_dial(1, PEER_PORT); // from the new one
        }
    }
    {
        const struct nif_open_cfg tcp = bench_open(2, NIF_TCP);
        const struct nif_open_cfg udp = bench_open(3, NIF_UDP);

        assert_int_equal(nif_dial(&bench.conn[2], &tcp, &there, bench_in(S)),
            NIF_EADDR);
        assert_int_equal(nif_open(&bench.conn[3], &udp), 0);
        err = nif_conn_send(&bench.conn[3], "x", 1, &there);
        assert_true(err == NIF_EADDR || err == NIF_EUNREACH);
    }
    assert_int_equal(nif_stack_set_net(bench.stack, &other), 0);
    bench_settle();
    bench.peer.ends = 6;
    bench_prove(4);
}

static void what_is_no_address_is_refused(void **state)
{
    struct nif_net bad[] = { net_of(2), net_of(2), net_of(2) };
    struct nif_net before;
    struct nif_net after;

    (void)state;
    bad[0].ip = nif_ip4(224, 0, 0, 1);
    bad[1].prefix_len = 33;
    bad[2].ip = nif_ip4(255, 255, 255, 255);
    nif_stack_net(bench.stack, &before);
    for (size_t i = 0; i < nif_countof(bad); i++) {
        int err = nif_stack_set_net(bench.stack, &bad[i]);

        assert_true(err == NIF_EINVAL || err == NIF_ENOTSUP);
        nif_stack_net(bench.stack, &after);
        assert_memory_equal(&after.ip, &before.ip, sizeof(after.ip));
    }
    bench_prove(0);
}

static void what_listens_is_found_at_a_new_address(void **state)
{
    const struct nif_net other = net_of(50);
    struct nif_conn *conn;

    (void)state;
    bench_listen(0, PORT, 1);
    if (nif_stack_set_net(bench.stack, &other) == NIF_ENOTSUP) {
        skip();
    }
    bench.peer.board_ip = other.ip;
    if (nif_conn_state(&bench.conn[0]) != NIF_CONN_LISTENING) {
        assert_int_equal(nif_conn_state(&bench.conn[0]), NIF_CONN_FAILED);
        assert_int_equal(bench.conn[0].err, NIF_EADDR);
        nif_conn_close(&bench.conn[0]);
        bench_pass(S);
        bench_listen(0, PORT, 1);
    }
    (void)peer_dial(PORT, &(struct peer_manner){ .send = 1 });
    assert_int_equal(nif_accept(&bench.conn[0], &conn, NULL, bench_in(10 * S)),
        0);
}

// The card's address is not changed by it.
static void the_address_of_the_card_is_only_read(void **state)
{
    struct nif_net net;
    struct nif_hwaddr own;

    (void)state;
    nif_stack_net(bench.stack, &net);
    own = net.hwaddr;
    memset(&net.hwaddr, 0x5A, sizeof(net.hwaddr));
    net.prefix_len = 16;
    if (nif_stack_set_net(bench.stack, &net) == NIF_ENOTSUP) {
        skip();
    }
    bench_pass(S);
    nif_stack_net(bench.stack, &net);
    assert_memory_equal(&net.hwaddr, &own, sizeof(own));
    bench_prove(0);
}

// Who is a neighbour, in networks of all sizes: also in one of two addresses,
// which has no broadcast (RFC 3021).
static void neighbours_are_reached_in_networks_of_every_size(void **state)
{
    const struct nif_ip third = nif_ip4(192, 0, 2, 3);

    (void)state;
    for (uint8_t len = 0; len <= 31; len++) {
        struct nif_net net = net_of(2);
        struct nif_net now;

        net.prefix_len = len;
        if (nif_stack_set_net(bench.stack, &net) == NIF_ENOTSUP) {
            skip();
        }
        bench_pass(S);
        nif_stack_net(bench.stack, &now);
        assert_int_equal(now.prefix_len, len);
        if (len == 31) {
            peer_move(&third);
        }
        if (len % 8 < 2 || len >= 30) {
            bench.peer.ends = 0;
            bench_prove(0);
        }
    }
}

// A bind() that did not work is as if it had not been tried.
static void what_could_not_be_bound_hears_all_the_same(void **state)
{
    const struct nif_endpoint own = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PORT };
    const struct nif_endpoint any = { .port = PORT + 1 };
    const struct nif_endpoint all = { .ip = nif_ip4(255, 255, 255, 255),
        .port = PORT + 1 };
    const struct nif_open_cfg cfg = bench_open(1, NIF_UDP);
    struct nif_conn *conn = &bench.conn[1];

    (void)state;
    if (!(nif_iface_flags(bench.board.iface) & NIF_IFACE_BROADCAST)) {
        skip();
    }
    (void)open_udp();
    peer_udp(PEER_PORT, false);
    assert_int_equal(nif_open(conn, &cfg), 0);
    assert_int_equal(nif_conn_bind(conn, &own), NIF_EADDRINUSE);
    assert_int_equal(nif_conn_bind(conn, &any), 0);
    bench_settle();
    assert_true(peer_say(60, 1, &all));
    expect(conn, 60, 1);
}

// ------------------------------------------------------------------- ways

// The last packet to a host that is not a neighbour: whose card it went to.
static uint8_t far_card[6];

static void see(void *arg, unsigned side, uint64_t sent_ns,
    const struct sim_frame *frame)
{
    static const uint8_t far[] = { 198, 51, 100, 7 };

    (void)arg;
    (void)side;
    (void)sent_ns;
    if (frame->len > 60 && nif_get_be16(frame->data + 12) == 0x0800 &&
        memcmp(frame->data + 30, far, sizeof(far)) == 0) {
        memcpy(far_card, frame->data, sizeof(far_card));
    }
}

static void what_is_for_a_far_host_goes_to_the_gateway(void **state)
{
    static struct sim_cable_tap tap = { .fn = see };
    const struct nif_endpoint far = { nif_ip4(198, 51, 100, 7), 7, NULL };
    const struct nif_open_cfg tcp = bench_open(1, NIF_TCP);
    struct nif_hwaddr gateway;

    (void)state;
    nif_iface_hwaddr(bench.peer.board.iface, &gateway);
    sim_cable_watch(&bench.board.cable, &tap);
    memset(far_card, 0, sizeof(far_card));
    assert_int_equal(nif_send_to(open_udp(), data, 80, &far, bench_in(S)), 80);
    bench_pass(S);
    assert_memory_equal(far_card, &gateway, sizeof(far_card));
    memset(far_card, 0, sizeof(far_card));
    assert_true(nif_dial(&bench.conn[1], &tcp, &far, bench_in(2 * S)) < 0);
    assert_memory_equal(far_card, &gateway, sizeof(far_card));
    bench_pass(60 * S); // some chips do nothing else while they call
    bench_prove(2);     // and neighbours are neighbours
}

static void a_broadcast_goes_out_and_comes_in(void **state)
{
    struct nif_conn *conn = open_udp();
    const struct nif_endpoint all[] = {
        { .ip = nif_ip4(255, 255, 255, 255), .port = PEER_PORT },
        { .ip = nif_ip4(192, 0, 2, 255), .port = PEER_PORT },
    };

    (void)state;
    if (!(nif_iface_flags(bench.board.iface) & NIF_IFACE_BROADCAST)) {
        skip();
    }
    peer_udp(PEER_PORT, false);
    for (uint32_t i = 0; i < 2; i++) {
        struct nif_endpoint back = all[i];

        back.port = PORT;
        write_text(60, i);
        assert_int_equal(nif_send_to(conn, data, 60, &all[i], bench_in(S)), 60);
        assert_true(bench_reach(&bench.peer.udp.count, i + 1, S));
        assert_memory_equal(bench.peer.udp.got, data, 60);
        assert_true(peer_say(80, i + 5, &back));
        expect(conn, 80, i + 5);
    }
}

// The last report of a membership (RFC 2236, RFC 3376), and from where.
static uint8_t reported_from[4];

static void see_report(void *arg, unsigned side, uint64_t sent_ns,
    const struct sim_frame *frame)
{
    const uint8_t *ip = frame->data + NIF_ETH_HEADER;
    const uint8_t *igmp = ip + (size_t)(ip[0] & 0xF) * 4;

    (void)arg;
    (void)side;
    (void)sent_ns;
    if (nif_get_be16(frame->data + 12) == 0x0800 && ip[9] == 2 &&
        (igmp[0] == 0x12 || igmp[0] == 0x16 || igmp[0] == 0x22)) {
        memcpy(reported_from, ip + 12, 4);
    }
}

// Switches learn from whom a group is wanted: from each address anew, and when
// the board is somewhere else.
static void a_membership_is_told_again_when_it_has_moved(void **state)
{
    static struct sim_cable_tap tap = { .fn = see_report };
    const struct nif_ip group = nif_ip4(239, 1, 2, 3);
    const struct nif_net other = net_of(50);
    struct nif_conn *conn = open_udp();

    (void)state;
    if (nif_conn_group(conn, &group, true) == NIF_ENOTSUP) {
        skip();
    }
    bench_pass(20 * S);
    memset(reported_from, 0, sizeof(reported_from));
    sim_cable_watch(&bench.board.cable, &tap);
    bench_pass(20 * S);
    assert_int_equal(reported_from[3], 0);
    assert_int_equal(nif_stack_set_net(bench.stack, &other), 0);
    bench_pass(20 * S);
    assert_int_equal(reported_from[3], 50);
    memset(reported_from, 0, sizeof(reported_from));
    host_board_link(&bench.board, false);
    bench_pass(3 * S);
    host_board_link(&bench.board, true);
    bench_pass(20 * S);
    assert_int_equal(reported_from[3], 50);
}

static void a_group_is_heard_by_its_members(void **state)
{
    struct nif_conn *conn = open_udp();
    const struct nif_ip group = nif_ip4(239, 1, 2, 3);
    const struct nif_ip single = nif_ip4(192, 0, 2, 9);
    const struct nif_endpoint to = { .ip = group, .port = PORT };
    struct nif_endpoint peer = bench.peer.at;

    (void)state;
    peer.port = PEER_PORT;
    peer_udp(PEER_PORT, false);
    if (bench.stack->ops->group == NULL) {
        assert_int_equal(nif_conn_group(conn, &group, true), NIF_ENOTSUP);
        return;
    }
    assert_true(peer_say(50, 1, &to));
    expect_none(conn);
    assert_int_equal(nif_conn_group(conn, &single, true), NIF_EINVAL);
    assert_int_equal(nif_conn_group(conn, &group, true), 0);
    bench_pass(S);
    for (uint32_t i = 0; i < 3; i++) { // also while it speaks to others
        uint32_t count = bench.peer.udp.count;

        assert_true(peer_say(51 + i, 2 + i, &to));
        expect(conn, 51 + i, 2 + i);
        assert_int_equal(nif_send_to(conn, data, 30, &peer, bench_in(S)), 30);
        assert_true(bench_reach(&bench.peer.udp.count, count + 1, S));
        bench_pass(S / 10);
    }
    assert_int_equal(nif_conn_group(conn, &group, false), 0);
    bench_pass(S);
    assert_true(peer_say(52, 3, &to));
    expect_none(conn);
}

int sockets_ways(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(an_address_that_goes_takes_its_connections_along),
        BENCH_TEST(what_is_no_address_is_refused),
        BENCH_TEST(what_listens_is_found_at_a_new_address),
        BENCH_TEST(the_address_of_the_card_is_only_read),
        BENCH_TEST(neighbours_are_reached_in_networks_of_every_size),
        BENCH_TEST(what_could_not_be_bound_hears_all_the_same),
        BENCH_TEST(what_is_for_a_far_host_goes_to_the_gateway),
        BENCH_TEST(a_broadcast_goes_out_and_comes_in),
        BENCH_TEST(a_group_is_heard_by_its_members),
        BENCH_TEST(a_membership_is_told_again_when_it_has_moved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
