// SPDX-License-Identifier: MIT
//
// The clients of the core on this stack: an address by DHCP from a server of
// ours, names by DNS from a peer that answers.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include "nif/connector.h"
#include "nif/dhcp_server.h"

#include <string.h>

// -------------------------------------------------------------------- DHCP

static struct nif_dhcp dhcp;
static struct nif_dhcp_server server;
static struct nif_dhcp_lease leases[4];

static uint64_t poll_server(struct nif_job *job)
{
    (void)job;
    return nif_dhcp_server_poll(&server);
}

static uint64_t poll_client(struct nif_job *job)
{
    (void)job;
    return nif_dhcp_poll(&dhcp);
}

static struct nif_job server_job;
static struct nif_job client_job;

static int do_serve_dhcp(void *arg)
{
    struct nif_stack *stack = bench.peer.board.board.stack;

    (void)arg;
    nif_dhcp_server_init(&server,
        &(struct nif_dhcp_server_cfg){
            .stack = stack,
            .leases = leases,
            .count = nif_countof(leases),
            .first = nif_ip4(192, 0, 2, 2),
            .lease_s = 60,
            .router = nif_ip4(192, 0, 2, 1),
            .dns = { nif_ip4(192, 0, 2, 1) },
        });
    server_job = (struct nif_job){ .poll = poll_server };
    nif_job_add(stack, &server_job);
    return nif_dhcp_server_start(&server);
}

static void serve_dhcp(void)
{
    assert_int_equal(peer_do(do_serve_dhcp, NULL), 0);
}

static void ask_for_an_address(void)
{
    client_job = (struct nif_job){ .poll = poll_client };
    nif_dhcp_init(&dhcp,
        &(struct nif_dhcp_cfg){ .stack = bench.stack, .seed = 3 });
    nif_job_add(bench.stack, &client_job);
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
}

static void stop_asking(void)
{
    nif_dhcp_stop(&dhcp);
    nif_job_remove(bench.stack, &client_job);
}

static int look_addr(void *arg)
{
    struct nif_net net;

    (void)arg;
    nif_stack_net(bench.stack, &net);
    return net.ip.family != NIF_IP_NONE ? 0 : NIF_EAGAIN;
}

static void expect_address(uint64_t us)
{
    struct nif_net net;

    assert_int_equal(nif_wait_for(bench.stack, look_addr, NULL, bench_in(us)),
        0);
    nif_stack_net(bench.stack, &net);
    assert_true(net.ip.byte[3] >= 2 && net.ip.byte[3] <= 5);
    assert_int_equal(net.prefix_len, 24);
    assert_int_equal(net.gateway.byte[3], 1);
}

// An address from nothing, by ours or by the chip's own client.
static void an_address_is_got(void)
{
    serve_dhcp();
    if (!bench.board.chip->own_dhcp) {
        ask_for_an_address();
    }
    expect_address(30 * S);
}

static void an_address_is_got_from_our_server_and_used(void **state)
{
    (void)state;
    an_address_is_got();
    bench_prove(0);
    if (!bench.board.chip->own_dhcp) {
        stop_asking();
    }
}

// A server need not know when the address comes.
static void what_listens_before_there_is_an_address_is_found(void **state)
{
    struct nif_conn *conn;
    struct nif_net net;

    (void)state;
    bench_listen(4, 5011, 1);
    an_address_is_got();
    nif_stack_net(bench.stack, &net);
    bench.peer.board_ip = net.ip;
    bench_pass(S);
    if (nif_conn_state(&bench.conn[4]) != NIF_CONN_LISTENING) {
        assert_int_equal(bench.conn[4].err, NIF_EADDR);
        nif_conn_close(&bench.conn[4]);
        bench_pass(S);
        bench_listen(4, 5011, 1);
    }
    (void)peer_dial(5011, &(struct peer_manner){ .send = 1 });
    assert_int_equal(nif_accept(&bench.conn[4], &conn, NULL, bench_in(10 * S)),
        0);
    if (!bench.board.chip->own_dhcp) {
        stop_asking();
    }
}

static void a_lease_is_renewed_while_connections_go_on(void **state)
{
    struct nif_conn *conn;
    uint32_t acks;

    (void)state;
    if (bench.board.chip->own_dhcp) {
        skip();
    }
    an_address_is_got();
    peer_serve(&(struct peer_manner){ .echo = true });
    conn = bench_dial(0, PEER_PORT);
    acks = server.ack_count;
    bench_pass(200 * S);
    assert_true(server.ack_count >= acks + 4);
    assert_true(nif_dhcp_server_poll != NULL && dhcp.lease_count >= 5);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_OPEN);
    stop_asking();
}

static int try_release(void *arg)
{
    (void)arg;
    return nif_dhcp_release(&dhcp);
}

// True if the server will give the address to another.
static bool is_free(const struct nif_dhcp_lease *lease)
{
    return lease->until_us <= nif_clock_now_us(server.cfg.stack->clock);
}

// RFC 2131 4.4.6
static void a_lease_given_back_is_free_again(void **state)
{
    const struct nif_dhcp_lease *lease;
    struct nif_net net;

    (void)state;
    if (bench.board.chip->own_dhcp) {
        skip();
    }
    an_address_is_got();
    nif_stack_net(bench.stack, &net);
    lease = &leases[net.ip.byte[3] - 2];
    assert_false(is_free(lease));
    assert_int_equal(nif_wait_for(bench.stack, try_release, NULL,
                         bench_in(10 * S)),
        0);
    nif_stack_net(bench.stack, &net);
    assert_int_equal(net.ip.family, NIF_IP_NONE);
    bench_pass(S);
    assert_true(is_free(lease));
    stop_asking();
}

static int do_stop_server(void *arg)
{
    (void)arg;
    nif_dhcp_server_stop(&server);
    return 0;
}

static void a_lease_that_ends_takes_the_address_away(void **state)
{
    struct nif_conn *conn;
    struct nif_net net;

    (void)state;
    if (bench.board.chip->own_dhcp) {
        skip();
    }
    an_address_is_got();
    peer_serve(&(struct peer_manner){ .echo = true });
    conn = bench_dial(0, PEER_PORT);
    (void)peer_do(do_stop_server, NULL);
    bench_pass(100 * S);
    nif_stack_net(bench.stack, &net);
    assert_int_equal(net.ip.family, NIF_IP_NONE);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_FAILED);
    assert_int_equal(conn->err, NIF_EADDR);
    stop_asking();
}

static void before_there_is_an_address_calls_say_so(void **state)
{
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    struct nif_endpoint to = bench.peer.at;
    struct nif_net net;

    (void)state;
    to.port = PEER_PORT;
    nif_stack_net(bench.stack, &net);
    assert_int_equal(net.ip.family, NIF_IP_NONE);
    assert_int_equal(nif_dial(&bench.conn[0], &cfg, &to, bench_in(S)),
        NIF_EADDR);
    bench_reclaim(0, 0);
}

static void a_connector_brings_it_up(void **state)
{
    static struct nif_connector c;
    struct nif_connector_cfg cfg = {
        .iface = bench.board.iface,
        .stack = bench.stack,
        .wifi = bench.board.board.wifi,
        .seed = 5,
    };

    (void)state;
    serve_dhcp();
    nif_dhcp_init(&dhcp,
        &(struct nif_dhcp_cfg){ .stack = bench.stack, .seed = 3 });
    if (!bench.board.chip->own_dhcp) {
        cfg.addr = (struct nif_addr_way){ &nif_addr_dhcp, &dhcp };
    }
    nif_connector_init(&c, &cfg);
    assert_int_equal(nif_connector_start(&c), 0);
    assert_int_equal(nif_connector_wait(&c, bench_in(60 * S)), 0);
    bench_prove(0);
    host_board_link(&bench.board, false);
    bench_pass(30 * S);
    assert_int_not_equal(c.state, NIF_CONNECTOR_UP);
    host_board_link(&bench.board, true);
    assert_int_equal(nif_connector_wait(&c, bench_in(90 * S)), 0);
    bench.peer.ends = 4;
    bench_prove(1);
    nif_connector_stop(&c);
}

// --------------------------------------------------------------------- DNS

static bool knows_all;

// A server that knows one name: board.example is 192.0.2.77, nowhere.example
// is nothing, and of silent.example it does not speak. Or all are the first.
static size_t answer(struct peer_udp *udp)
{
    static const uint8_t tail[] = { 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4,
        192, 0, 2, 77 };
    uint8_t *m = udp->got;

    if (udp->len < 17 || (!knows_all && memcmp(m + 12, "\6silent", 7) == 0)) {
        return 0;
    }
    m[2] = 0x81;
    m[3] = 0x80;
    if (!knows_all && memcmp(m + 12, "\5board\7example", 15) != 0) {
        m[3] = 0x83;
        return udp->len;
    }
    m[7] = 1;
    memcpy(m + udp->len, tail, sizeof(tail));
    return udp->len + sizeof(tail);
}

static void serve_dns(void)
{
    peer_udp(53, false);
    bench.peer.udp.answer = answer;
    knows_all = false;
}

static void look_up(struct nif_resolver *r)
{
    struct nif_ip ip;
    uint64_t until_us;

    for (unsigned i = 0; i < 5; i++) {
        memset(&ip, 0, sizeof(ip));
        assert_int_equal(nif_lookup(r, "board.example", NIF_IP_NONE, &ip,
                             bench_in(10 * S)),
            0);
        assert_int_equal(ip.byte[3], 77);
    }
    assert_int_equal(nif_lookup(r, "nowhere.example", NIF_IP_NONE, &ip,
                         bench_in(60 * S)),
        NIF_ENOTFOUND);
    until_us = bench_in(2 * S);
    assert_int_equal(nif_lookup(r, "silent.example", NIF_IP_NONE, &ip,
                         until_us),
        NIF_ETIMEDOUT);
    assert_true(bench_now() >= until_us && bench_now() <= until_us + 10000);
    assert_int_equal(nif_lookup(r, "192.0.2.5", NIF_IP_NONE, &ip, 0), 0);
    assert_int_equal(ip.byte[3], 5);
    assert_int_equal(nif_lookup(r, "board.example", NIF_IP_NONE, &ip,
                         bench_in(60 * S)),
        0); // after one that ended too soon, too
    assert_int_equal(ip.byte[3], 77);
}

static void names_are_looked_up_by_our_client(void **state)
{
    static struct nif_dns_resolver r;

    (void)state;
    bench_needs_senders();
    serve_dns();
    nif_dns_resolver_init(&r, bench.stack, 4);
    look_up(&r.resolver);
}

static void names_are_looked_up_by_the_chip(void **state)
{
    struct nif_resolver r;

    (void)state;
    serve_dns();
    if (nif_chip_resolver_init(&r, bench.stack) == NIF_ENOTSUP) {
        assert_null(bench.stack->ops->lookup);
        return;
    }
    look_up(&r);
}

// The chip loses itself while it asks: that ends, and the next one asks anew.
static void a_name_that_is_lost_with_the_chip_is_asked_for_again(void **state)
{
    struct nif_resolver r;
    struct nif_ip ip;
    int err;

    (void)state;
    if (bench.board.chip->reset == NULL ||
        nif_chip_resolver_init(&r, bench.stack) == NIF_ENOTSUP) {
        skip();
    }
    bench.broken = true;
    serve_dns();
    err = nif_lookup(&r, "silent.example", NIF_IP_NONE, &ip, bench_in(S));
    assert_int_equal(err, NIF_ETIMEDOUT);
    bench.board.chip->reset(&bench.board);
    bench_pass(20 * S);
    for (unsigned i = 0; i < 20 && !bench_is_up(&bench.board); i++) {
        bench_pass(S);
    }
    knows_all = true;
    assert_int_equal(nif_lookup(&r, "silent.example", NIF_IP_NONE, &ip,
                         bench_in(60 * S)),
        0);
    assert_int_equal(ip.byte[3], 77);
}

static void a_peer_may_be_dialled_by_name(void **state)
{
    static struct nif_dns_resolver r;
    struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    const struct nif_ip named = nif_ip4(192, 0, 2, 77);
    const struct nif_endpoint to = { .host = "board.example",
        .port = PEER_PORT };

    (void)state;
    serve_dns();
    peer_serve(&(struct peer_manner){ .send = 10, .salt = 1 });
    nif_dns_resolver_init(&r, bench.stack, 4);
    cfg.resolver = &r.resolver;
    // The name is of a host that is not there: the call goes to it.
    assert_true(nif_dial(&bench.conn[0], &cfg, &to, bench_in(8 * S)) < 0);
    peer_move(&named);
    bench_pass(S); // it says so
    cfg.resolver = NULL;
    if (bench.stack->ops->lookup == NULL) {
        assert_int_equal(nif_dial(&bench.conn[0], &cfg, &to, bench_in(S)),
            NIF_ENOTSUP);
    }
    bench_prove(1);
}

#define BARE(name) \
    cmocka_unit_test_setup_teardown(name, bench_setup_bare, bench_teardown)

int sockets_clients(void)
{
    const struct CMUnitTest tests[] = {
        BARE(before_there_is_an_address_calls_say_so),
        BARE(an_address_is_got_from_our_server_and_used),
        BARE(what_listens_before_there_is_an_address_is_found),
        BARE(a_lease_is_renewed_while_connections_go_on),
        BARE(a_lease_given_back_is_free_again),
        BARE(a_lease_that_ends_takes_the_address_away),
        BARE(a_connector_brings_it_up),
        BENCH_TEST(names_are_looked_up_by_our_client),
        BENCH_TEST(names_are_looked_up_by_the_chip),
        BENCH_TEST(a_name_that_is_lost_with_the_chip_is_asked_for_again),
        BENCH_TEST(a_peer_may_be_dialled_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
