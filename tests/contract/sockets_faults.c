// SPDX-License-Identifier: MIT
//
// What goes wrong below: the link, the bus, the chip itself. A
// connection goes on or ends with an error, in bounded time; it never gives
// bytes that nobody sent; and when all is well again, new ones work.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include <string.h>

#define PORT 5006

// A stack of the chip's own loses its connections with the chip.
static bool in_chip(void)
{
    return bench.board.iface->stack != NULL;
}

// From here on the peer is fresh, and the board is to be well within `us`.
static void expect_well(uint64_t us)
{
    uint64_t until_us = bench_in(us);

    while (!bench_is_up(&bench.board) && bench_now() < until_us) {
        bench_pass(S / 10);
    }
    assert_true(bench_is_up(&bench.board));
    bench.peer.ends = 4;
    bench_prove(5);
}

static int step_gently(void *arg)
{
    struct flow *flow = arg;
    unsigned moves = 0;

    while (!flow_done(flow) && moves < 4 && flow_step(flow)) {
        moves++;
    }
    if (moves == 4) {
        nif_clock_wake(bench.stack->clock);
    }
    return flow_done(flow) ? 0 : NIF_EAGAIN;
}

// Goes on as far as it gets: through, or an error, or the time is over. The
// text is compared all the way.
static void run_on(struct flow *flow, uint64_t us)
{
    (void)!nif_wait_for(bench.stack, step_gently, flow, bench_in(us));
}

static struct flow begin(uint32_t n)
{
    struct flow flow = { .salt_out = 11, .salt_in = 12, .out = n, .in = n };

    peer_serve(&(struct peer_manner){ .send = n, .salt = 12, .expect = 11 });
    flow.conn = bench_dial(0, PEER_PORT);
    return flow;
}

// Into the middle of it, however fast it goes.
static void run_into(struct flow *flow)
{
    for (unsigned i = 0; flow->got < 3000 && i < 100000; i++) {
        run_on(flow, 50);
    }
    assert_true(flow->got >= 3000);
}

static bool through(const struct flow *flow)
{
    return flow->err == 0 && flow->got == flow->in && flow->sent == flow->out;
}

// ---------------------------------------------------------------- the link

static void a_short_gap_of_the_link_is_survived(void **state)
{
    struct flow flow = begin(60000);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        run_on(&flow, 3000);
        host_board_link(&bench.board, false);
        run_on(&flow, S / 2);
        host_board_link(&bench.board, true);
        run_on(&flow, S / 2);
    }
    run_on(&flow, 60 * S);
    if (bench.board.iface->wifi == NULL) {
        assert_true(through(&flow));
    }
    expect_well(30 * S);
}

static void without_a_link_calls_end_and_later_work_again(void **state)
{
    const struct nif_open_cfg cfg = bench_open(1, NIF_TCP);
    struct flow flow = begin(20000);
    struct nif_endpoint to = bench.peer.at;
    uint64_t until_us;
    int err;

    (void)state;
    to.port = PEER_PORT;
    host_board_link(&bench.board, false);
    // A radio believes in its network for some beacons more.
    bench_pass(bench.board.iface->wifi ? 10 * S : 5 * S);
    assert_false(nif_iface_flags(bench.board.iface) & NIF_IFACE_LINK);
    until_us = bench_in(2 * S);
    err = nif_dial(&bench.conn[1], &cfg, &to, until_us);
    assert_true(err == NIF_ETIMEDOUT || err == NIF_EUNREACH ||
        err == NIF_ELINK || err == NIF_EADDR);
    assert_true(bench_now() <= until_us + 10000);
    bench_reclaim(1, S);
    run_on(&flow, 20 * S);
    assert_false(through(&flow));
    host_board_link(&bench.board, true);
    expect_well(60 * S);
}

static void a_device_that_is_stopped_and_started_goes_on(void **state)
{
    struct flow flow = begin(200000);

    (void)state;
    run_into(&flow);
    assert_int_equal(nif_iface_stop(bench.board.iface), 0);
    run_on(&flow, S);
    assert_false(through(&flow));
    assert_int_equal(bench_bring_up(&bench.board), 0);
    run_on(&flow, 60 * S);
    assert_true(through(&flow) || flow.err == NIF_ERESET);
    if (!in_chip()) {
        assert_true(through(&flow));
    }
    expect_well(S);
}

// ----------------------------------------------------------------- the bus

static const struct {
    enum host_fault kind;
    const char *name;
} kinds[] = {
    { HOST_FAULT_ZEROS, "zeros" },
    { HOST_FAULT_ONES, "ones" },
    { HOST_FAULT_NOISE, "noise" },
    { HOST_FAULT_ERROR, "errors" },
};

static void bus(enum host_fault kind, uint64_t at)
{
    bench.board.chip->bus_fault(&bench.board, kind, at);
}

// Every call while the bus is dead. None lasts, none gives what nobody sent.
static void try_all(struct flow *flow)
{
    const struct nif_open_cfg tcp = bench_open(3, NIF_TCP);
    const struct nif_open_cfg udp = bench_open(4, NIF_UDP);
    struct nif_endpoint to = bench.peer.at;
    struct nif_conn *conn = &bench.conn[3];
    uint64_t until_us = bench_in(2 * S);
    struct nif_conn *out;
    uint8_t byte;

    to.port = PEER_PORT;
    if (contract_traits()->data_beside_bus) {
        return; // it goes on
    }
    assert_true(nif_dial(conn, &tcp, &to, until_us) < 0);
    assert_true(bench_now() <= until_us + 20000);
    if (nif_open(&bench.conn[4], &udp) == 0) {
        (void)!nif_conn_send(&bench.conn[4], "x", 1, &to);
        assert_true(nif_recv(&bench.conn[4], &byte, 1, bench_in(S)) < 0);
        nif_conn_abort(&bench.conn[4]);
    }
    if (nif_conn_state(&bench.conn[1]) == NIF_CONN_LISTENING) {
        assert_true(nif_accept(&bench.conn[1], &out, NULL, bench_in(S)) < 0);
    }
    run_on(flow, 5 * S);
    assert_false(through(flow));
}

static unsigned turns;

static uint64_t count_turn(struct nif_job *job)
{
    (void)job;
    turns++;
    return NIF_NEVER;
}

static struct nif_job counter = { .poll = count_turn };

static void die_and_heal(size_t k)
{
    struct flow flow = begin(60000);

    bench.broken = true; // a model may be told nonsense
    bench_listen(1, PORT, 1);
    run_into(&flow);
    bus(kinds[k].kind, 0);
    turns = 0;
    nif_job_add(bench.stack, &counter);
    try_all(&flow);
    nif_job_remove(bench.stack, &counter);
    if (turns > 20000) { // some 10 s: a stack that never sleeps
        fail_msg("%s: %u turns", kinds[k].name, turns);
    }
    bus(HOST_FAULT_NONE, 0);
    run_on(&flow, 120 * S);
    if (in_chip() && flow.err != 0) {
        assert_true(flow.err == NIF_EIO || flow.err == NIF_ERESET ||
            flow.err == NIF_ETIMEDOUT || flow.err == NIF_EPROTO);
    } else {
        assert_true(through(&flow));
    }
    nif_conn_abort(flow.conn);
    expect_well(60 * S);
}

static void a_dead_bus_ends_nothing_for_good(void **state)
{
    (void)state;
    if (bench.board.chip->bus_fault == NULL) {
        skip();
    }
    for (size_t k = 0; k < nif_countof(kinds); k++) {
        if (k > 0) {
            bench_begin(&(struct bench_cfg){ .twins = false });
        }
        die_and_heal(k);
        if (k + 1 < nif_countof(kinds)) {
            assert_int_equal(bench_teardown(NULL), 0);
        }
    }
}

// One transfer fails, whichever. What follows is a connection as before, or
// an error and a new one.
static void fail_once(uint64_t at)
{
    struct flow flow;

    bench.broken = true;
    peer_serve(&(struct peer_manner){ .echo = true });
    flow = (struct flow){
        .salt_out = 11,
        .salt_in = 11,
        .out = 6000,
        .in = 6000,
        .conn = &bench.conn[0],
    };
    bus(HOST_FAULT_ONE_ERROR, at);
    {
        const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
        struct nif_endpoint to = bench.peer.at;
        int err;

        to.port = PEER_PORT;
        err = nif_dial(flow.conn, &cfg, &to, bench_in(30 * S));
        if (err == 0) {
            run_on(&flow, 60 * S);
            assert_true(through(&flow) || flow.err != 0);
            (void)nif_close(flow.conn, bench_in(10 * S));
            nif_conn_abort(flow.conn);
        } else {
            assert_true(err != NIF_EAGAIN && err != NIF_ETIMEDOUT);
        }
    }
    bus(HOST_FAULT_NONE, 0);
    expect_well(60 * S);
}

static void one_transfer_may_fail_wherever_it_is(void **state)
{
    (void)state;
    if (bench.board.chip->bus_fault == NULL) {
        skip();
    }
    for (uint64_t at = 0; at < 200; at += 1 + at / 20) {
        if (at > 0) {
            bench_begin(&(struct bench_cfg){ .twins = false });
        }
        fail_once(at);
        assert_int_equal(bench_teardown(NULL), 0);
    }
    bench_begin(&(struct bench_cfg){ .twins = false }); // for the teardown
}

// ---------------------------------------------------------------- the chip

static void what_is_left_after_a_reset(struct flow *flow)
{
    run_on(flow, 120 * S);
    if (in_chip()) {
        if (flow->err == NIF_EIO) { // its answer was cut: noticed first
            bench_pass(20 * S);
        } else {
            assert_int_equal(flow->err, NIF_ERESET);
        }
        assert_int_equal(nif_conn_state(flow->conn), NIF_CONN_FAILED);
        nif_conn_close(flow->conn);
        bench_reclaim(0, S);
    } else {
        assert_true(through(flow));
    }
}

static void a_chip_that_loses_itself_in_traffic_comes_back(void **state)
{
    (void)state;
    if (bench.board.chip->reset == NULL) {
        skip();
    }
    for (unsigned i = 0; i < 12; i++) {
        struct flow flow;

        if (i > 0) {
            bench_begin(&(struct bench_cfg){ .twins = false });
        }
        flow = begin(60000);
        bench.broken = true;
        run_into(&flow);
        run_on(&flow, UINT64_C(2503) * i);
        bench.board.chip->reset(&bench.board);
        what_is_left_after_a_reset(&flow);
        expect_well(30 * S);
        if (i < 11) {
            assert_int_equal(bench_teardown(NULL), 0);
        }
    }
}

// At rest nothing but the driver's own look can find out.
static void a_chip_that_loses_itself_at_rest_is_noticed(void **state)
{
    struct nif_conn *conn;
    struct nif_conn *udp = &bench.conn[2];
    const struct nif_open_cfg cfg = bench_open(2, NIF_UDP);
    struct nif_conn *out;

    (void)state;
    if (bench.board.chip->reset == NULL) {
        skip();
    }
    bench.broken = true;
    peer_serve(&(struct peer_manner){ .echo = true });
    conn = bench_dial(0, PEER_PORT);
    bench_listen(3, PORT, 1);
    assert_int_equal(nif_open(udp, &cfg), 0);
    bench_pass(10 * S);
    bench.board.chip->reset(&bench.board);
    bench_pass(20 * S);
    for (unsigned i = 0; i < 20 && !bench_is_up(&bench.board); i++) {
        bench_pass(S); // a network is joined anew
    }
    assert_true(bench_is_up(&bench.board));
    if (in_chip()) {
        assert_int_equal(nif_conn_state(conn), NIF_CONN_FAILED);
        assert_int_equal(conn->err, NIF_ERESET);
        if (nif_conn_state(&bench.conn[3]) != NIF_CONN_LISTENING) {
            assert_int_equal(bench.conn[3].err, NIF_ERESET);
            nif_conn_close(&bench.conn[3]);
            bench_listen(3, PORT, 1);
        }
    } else {
        assert_int_equal(nif_send_all(conn, "hello", 5, bench_in(S)), 0);
        assert_int_equal(nif_recv_all(conn, (uint8_t[5]){ 0 }, 5,
                             bench_in(5 * S)),
            5);
    }
    (void)peer_dial(PORT, &(struct peer_manner){ .send = 1 });
    assert_int_equal(nif_accept(&bench.conn[3], &out, NULL, bench_in(10 * S)),
        0);
    expect_well(S);
}

// The peer has reset what the chip forgot, or hears nothing: in each case a
// new call to it works, also from the same port.
static void after_a_reset_the_same_server_is_reached_again(void **state)
{
    (void)state;
    if (bench.board.chip->reset == NULL) {
        skip();
    }
    bench.broken = true;
    for (unsigned i = 0; i < 5; i++) {
        bench.peer.ends = 0;
        bench_prove(0);
        bench.board.chip->reset(&bench.board);
        bench_pass(5 * S);
        expect_well(10 * S);
        nif_conn_abort(&bench.conn[5]);
    }
}

static void whatever_it_does_unasked_loses_no_byte(void **state)
{
    const struct host_stimulus *s = bench.board.chip->stimuli;

    (void)state;
    if (s == NULL) {
        skip();
    }
    for (; s != NULL && s->name != NULL; s++) {
        struct flow flow;
        int err;

        bench.peer.ends = 0;
        if (nif_conn_state(&bench.peer.listener) == NIF_CONN_LISTENING) {
            bench.peer.as = (struct peer_manner){ .echo = true };
        } else {
            peer_serve(&(struct peer_manner){ .echo = true });
        }
        flow = (struct flow){
            .conn = bench_dial(0, PEER_PORT),
            .salt_out = 3,
            .salt_in = 3,
            .out = 20000,
            .in = 20000,
        };
        for (unsigned i = 0; i < 20 && !flow_done(&flow); i++) {
            run_on(&flow, 1000 + 137 * i);
            s->fn(&bench.board);
        }
        run_on(&flow, 60 * S);
        if (!through(&flow)) {
            fail_msg("%s: %u of %u bytes came back, %s", s->name, flow.got,
                flow.in, nif_err_name(flow.err));
        }
        bench_pass(20 * S); // it is looked after meanwhile
        bench.peer.end[0].as =
            (struct peer_manner){ .fin = true, .send = bench.peer.end[0].sent };
        peer_kick();
        s->fn(&bench.board);
        err = nif_recv(flow.conn, &(uint8_t){ 0 }, 1, bench_in(200 * S));
        if (err != 0) {
            fail_msg("%s: instead of the peer's end came %s", s->name,
                nif_err_name(err));
        }
        assert_int_equal(nif_close(flow.conn, bench_in(10 * S)), 0);
    }
}

static void a_chip_that_is_not_there_is_an_error(void **state)
{
    static struct sim_world world;
    static struct host_board board;
    const struct host_board_cfg cfg = {
        .chip = contract_chip,
        .dialect = contract_dialect,
        .absent = true,
        .net = { .ip = nif_ip4(192, 0, 2, 2), .prefix_len = 24 },
    };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 1), .port = 7 };
    static struct nif_conn conn;
    uint8_t ring[2][100];
    const struct nif_open_cfg open = {
        .stack = &board.tcpip.stack,
        .buffers = { ring[0], 100, ring[1], 100 },
    };
    char why[HOST_WHY] = "";

    (void)state;
    if (bench.board.chip->bus_fault == NULL) {
        skip();
    }
    sim_world_init(&world, 1);
    assert_int_equal(host_board_init(&board, &world, &cfg, why), 0);
    assert_int_equal(nif_iface_start(board.iface), NIF_ENODEV);
    {
        struct nif_open_cfg mine = open;
        uint64_t until_us = world.now_ns / 1000 + S;

        mine.stack = board.stack;
        memset(&conn, 0, sizeof(conn));
        assert_true(nif_dial(&conn, &mine, &to, until_us) < 0);
        assert_true(world.now_ns / 1000 <= until_us + 20000);
    }
    host_board_done(&board);
    sim_world_done(&world);
}

int sockets_faults(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_short_gap_of_the_link_is_survived),
        BENCH_TEST(without_a_link_calls_end_and_later_work_again),
        BENCH_TEST(a_device_that_is_stopped_and_started_goes_on),
        BENCH_TEST(a_dead_bus_ends_nothing_for_good),
        BENCH_TEST(one_transfer_may_fail_wherever_it_is),
        BENCH_TEST(a_chip_that_loses_itself_in_traffic_comes_back),
        BENCH_TEST(a_chip_that_loses_itself_at_rest_is_noticed),
        BENCH_TEST(after_a_reset_the_same_server_is_reached_again),
        BENCH_TEST(whatever_it_does_unasked_loses_no_byte),
        BENCH_TEST(a_chip_that_is_not_there_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
