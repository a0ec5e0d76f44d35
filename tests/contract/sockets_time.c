// SPDX-License-Identifier: MIT
//
// Time: deadlines are kept, and a stack that is polled only when it said, or
// when it was woken, is as good as one that is polled all the time.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include <string.h>

#define PORT 5004

// A deadline may be missed by one turn of the stack.
#define LATE_US 10000

static const uint64_t waits_us[] = { 0, 1, 1000, 50000, S, 3 * S };

static void expect_at(uint64_t until_us, uint64_t begun_us)
{
    uint64_t now_us = bench_now();

    assert_true(now_us >= until_us);
    assert_true(now_us <=
        (until_us > begun_us ? until_us : begun_us) + LATE_US);
}

static void each_call_ends_at_its_deadline(void **state)
{
    struct nif_conn *conn;
    uint8_t byte;

    (void)state;
    peer_serve(&(struct peer_manner){ .deaf = true });
    conn = bench_dial(0, PEER_PORT);
    bench_listen(2, PORT, 1);
    assert_int_equal(nif_send_all(conn, bench.peer.udp.got, 60000,
                         bench_in(2 * S)),
        NIF_ETIMEDOUT); // from now on there is no room
    for (size_t i = 0; i < nif_countof(waits_us); i++) {
        struct nif_watch watch = { .conn = conn, .want = NIF_READABLE };
        struct nif_conn *out;
        uint64_t begun_us = bench_now();
        uint64_t until_us = begun_us + waits_us[i];

        assert_int_equal(nif_recv(conn, &byte, 1, until_us), NIF_ETIMEDOUT);
        expect_at(until_us, begun_us);
        begun_us = bench_now();
        until_us = begun_us + waits_us[i];
        assert_int_equal(nif_recv_all(conn, &byte, 1, until_us), NIF_ETIMEDOUT);
        expect_at(until_us, begun_us);
        begun_us = bench_now();
        until_us = begun_us + waits_us[i];
        assert_int_equal(nif_send(conn, &byte, 1, until_us), NIF_ETIMEDOUT);
        expect_at(until_us, begun_us);
        begun_us = bench_now();
        until_us = begun_us + waits_us[i];
        assert_int_equal(nif_send_all(conn, &byte, 1, until_us), NIF_ETIMEDOUT);
        expect_at(until_us, begun_us);
        begun_us = bench_now();
        until_us = begun_us + waits_us[i];
        assert_int_equal(nif_accept(&bench.conn[2], &out, NULL, until_us),
            NIF_ETIMEDOUT);
        expect_at(until_us, begun_us);
        begun_us = bench_now();
        until_us = begun_us + waits_us[i];
        assert_int_equal(nif_poll(&watch, 1, until_us), 0);
        expect_at(until_us, begun_us);
    }
    assert_int_equal(nif_conn_state(conn), NIF_CONN_OPEN); // and it goes on
}

static void a_call_ends_at_its_deadline(void **state)
{
    const struct nif_endpoint nobody = { .ip = nif_ip4(192, 0, 2, 99),
        .port = 80 };

    (void)state;
    for (size_t i = 0; i < nif_countof(waits_us); i++) {
        const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
        uint64_t begun_us = bench_now();
        uint64_t until_us = begun_us + waits_us[i];
        int err = nif_dial(&bench.conn[0], &cfg, &nobody, until_us);

        assert_true(err == NIF_ETIMEDOUT || err == NIF_EUNREACH);
        if (err == NIF_ETIMEDOUT) {
            expect_at(until_us, begun_us);
        }
        assert_true(bench_now() <= until_us + LATE_US);
    }
}

// A deadline that is over: one look, and what is there is taken.
static void what_is_there_comes_without_a_wait(void **state)
{
    struct nif_conn *conn;
    uint8_t bytes[10];

    (void)state;
    peer_serve(&(struct peer_manner){ .send = 10, .salt = 1 });
    conn = bench_dial(0, PEER_PORT);
    bench_pass(S);
    assert_int_equal(nif_recv_all(conn, bytes, 10, 0), 10);
    assert_int_equal(nif_send(conn, bytes, 10, 0), 10);
}

// ------------------------------------------------------------ poll honesty

struct script {
    uint64_t eager_us; // 0: polls when the stack says so
    uint64_t took_us;
    uint64_t polls;
    uint64_t slowest_us; // of one poll
};

static struct script *script;

// A main loop: poll, look, sleep until the stack's time or a wake. `look`
// does what it can and says when it is through; NULL: until the time.
static void turns(nif_try_fn *look, void *arg, uint64_t us)
{
    struct nif_clock *clock = bench.stack->clock;
    uint64_t until_us = bench_in(us);

    while (bench_now() < until_us) {
        uint64_t begun_us = bench_now();
        uint64_t again_us = nif_stack_poll(bench.stack);
        uint64_t took_us = bench_now() - begun_us;

        script->polls++;
        script->slowest_us =
            took_us > script->slowest_us ? took_us : script->slowest_us;
        if (look && look(arg) != NIF_EAGAIN) {
            return;
        }
        again_us =
            script->eager_us != 0 ? bench_in(script->eager_us) : again_us;
        nif_clock_wait(clock, again_us < until_us ? again_us : until_us);
    }
    assert_null(look); // it never came to it
}

struct question {
    struct nif_conn *conn;
    uint8_t byte;
    bool asked;
};

static int ask(void *arg)
{
    struct question *q = arg;
    uint8_t back;
    int n;

    if (!q->asked) {
        q->asked = bench_send(q->conn, &q->byte, 1, NULL) == 1;
    }
    n = bench_recv(q->conn, &back, 1, NULL);
    if (n != NIF_EAGAIN) {
        assert_int_equal(n, 1);
        assert_int_equal(back, q->byte);
    }
    return n;
}

// Small questions and answers, each of which waits for the other.
static void talk(struct nif_conn *conn, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct question q = { .conn = conn, .byte = (uint8_t)i };

        turns(ask, &q, 100 * S);
    }
}

static int look_open(void *arg)
{
    return nif_conn_state(arg) == NIF_CONN_OPENING ? NIF_EAGAIN : 0;
}

static struct nif_conn *call(void)
{
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    struct nif_endpoint to = bench.peer.at;
    struct nif_conn *conn = &bench.conn[0];

    to.port = PEER_PORT;
    assert_int_equal(nif_open(conn, &cfg), 0);
    assert_int_equal(nif_conn_connect(conn, &to), 0);
    turns(look_open, conn, 100 * S);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_OPEN);
    return conn;
}

static int move(void *arg)
{
    struct flow *flow = arg;

    while (!flow_done(flow) && flow_step(flow)) {
    }
    return flow_done(flow) ? 0 : NIF_EAGAIN;
}

// A talk, then text in both directions.
static void converse(void)
{
    struct flow flow = { .salt_out = 4,
        .salt_in = 4,
        .out = 30000,
        .in = 30000 };

    flow.conn = call();
    talk(flow.conn, 50);
    turns(move, &flow, 100 * S);
    assert_int_equal(flow.err, 0);
    nif_conn_close(flow.conn);
}

// The cable is out for a while: what was lost comes again by itself.
static void through_a_gap(void)
{
    struct question q = { .conn = call(), .byte = 'x' };

    talk(q.conn, 3);
    sim_cable_plug(&bench.board.cable, false);
    q.asked = bench_send(q.conn, &q.byte, 1, NULL) == 1;
    turns(NULL, NULL, 2 * S);
    sim_cable_plug(&bench.board.cable, true);
    turns(ask, &q, 100 * S);
    nif_conn_close(q.conn);
}

struct more {
    struct nif_conn *conn;
    unsigned left; // pieces
};

static int send_more(void *arg)
{
    static const uint8_t data[1000];
    struct more *more = arg;

    while (more->left > 0 &&
        bench_send(more->conn, data, sizeof(data), NULL) > 0) {
        more->left--;
    }
    return more->left == 0 ? 0 : NIF_EAGAIN;
}

// The peer's window is shut, and what opens it again may be lost.
static void through_a_shut_window(void)
{
    static const uint8_t data[1000];
    struct nif_conn *conn;
    uint32_t sent = 0;

    // It sends nothing itself that could wake us.
    bench.peer.as = (struct peer_manner){ .deaf = true };
    conn = call();
    for (unsigned i = 0; i < 200; i++) {
        int n = bench_send(conn, data, sizeof(data), NULL);

        sent += n > 0 ? (uint32_t)n : 0;
        turns(NULL, NULL, 5000);
    }
    bench.peer.end[0].as.deaf = false;
    peer_kick();
    turns(send_more, &(struct more){ .conn = conn, .left = 60 }, 100 * S);
    assert_true(bench_reach(&bench.peer.end[0].got, sent, 100 * S));
    nif_conn_abort(conn);
}

// The same by who sends only when it is said to be possible.
static int send_when_ready(void *arg)
{
    static const uint8_t data[1000];
    struct more *more = arg;

    while (more->left > 0 && (nif_conn_ready(more->conn) & NIF_WRITABLE)) {
        assert_true(nif_conn_send(more->conn, data, sizeof(data), NULL) > 0);
        more->left--;
    }
    return more->left == 0 ? 0 : NIF_EAGAIN;
}

// Acknowledgements come when all has long left, and nothing comes with them.
static void over_a_long_way(void)
{
    bench.peer.as = (struct peer_manner){ .expect = 0 };
    bench.board.cable.delay_ns = 20 * SIM_MS;
    turns(send_more, &(struct more){ .conn = call(), .left = 40 }, 100 * S);
    turns(send_when_ready, &(struct more){ .conn = &bench.conn[0], .left = 40 },
        100 * S);
    bench.board.cable.delay_ns = 0;
    nif_conn_abort(&bench.conn[0]);
}

static int move_between_other_work(void *arg)
{
    sim_pass_ns(&bench.world, 15 * SIM_MS);
    return move(arg);
}

// Much has come when it looks, and no more comes that would wake it.
static void while_the_processor_is_busy(void)
{
    struct flow flow = { .salt_in = 8, .in = 30000 };

    bench.peer.as = (struct peer_manner){ .send = 30000, .salt = 8 };
    flow.conn = call();
    turns(move_between_other_work, &flow, 100 * S);
    assert_int_equal(flow.err, 0);
    nif_conn_abort(flow.conn);
}

static void run(struct script *s, void (*fn)(void))
{
    uint64_t begun_us;

    bench_begin(&(struct bench_cfg){ .twins = false });
    peer_serve(&(struct peer_manner){ .echo = true });
    script = s;
    begun_us = bench_now();
    fn();
    s->took_us = bench_now() - begun_us;
    turns(NULL, NULL, 10 * S);
    assert_int_equal(bench_teardown(NULL), 0);
}

static void lazy_is_as_good_as_eager(void (*fn)(void))
{
    struct script eager = { .eager_us = 20 };
    struct script lazy = { .eager_us = 0 };

    run(&eager, fn);
    run(&lazy, fn);
    if (lazy.took_us > eager.took_us + eager.took_us / 4 + 5000) {
        fail_msg("%u us when polled as asked, %u us when polled all the time",
            (unsigned)lazy.took_us, (unsigned)eager.took_us);
    }
    assert_true(eager.slowest_us <= 2100); // and none took long (nif/stack.h)
    assert_true(lazy.slowest_us <= 2100);
}

static void polled_as_it_asks_a_talk_is_not_slower(void **state)
{
    (void)state;
    lazy_is_as_good_as_eager(converse);
}

static void polled_as_it_asks_a_gap_is_mended(void **state)
{
    (void)state;
    lazy_is_as_good_as_eager(through_a_gap);
}

static void polled_as_it_asks_a_window_opens(void **state)
{
    (void)state;
    lazy_is_as_good_as_eager(through_a_shut_window);
}

// Nothing to do, nothing done: no stack keeps its processor awake.
static void polled_as_it_asks_it_goes_on_when_there_is_room(void **state)
{
    (void)state;
    lazy_is_as_good_as_eager(over_a_long_way);
}

static void polled_as_it_asks_a_busy_processor_gets_all(void **state)
{
    (void)state;
    lazy_is_as_good_as_eager(while_the_processor_is_busy);
}

static void a_quiet_stack_lets_the_processor_sleep(void **state)
{
    struct script s = { .eager_us = 0 };
    struct nif_conn *conn;

    (void)state;
    peer_serve(&(struct peer_manner){ .echo = true });
    script = &s;
    conn = call();
    talk(conn, 5);
    turns(NULL, NULL, 20 * S);
    s.polls = 0;
    turns(NULL, NULL, 100 * S);
    assert_true(s.polls <= (uint64_t)100 * 60); // 60 a second at most
    talk(conn, 5);
    // What those that were given up still have to say keeps nobody awake.
    nif_conn_close(conn);
    turns(NULL, NULL, 100 * S);
    bench.peer.ends = 0;
    nif_conn_abort(call());
    turns(NULL, NULL, 100 * S);
    s.polls = 0;
    turns(NULL, NULL, 100 * S);
    assert_true(s.polls <= (uint64_t)100 * 60);
}

// A datagram and a byte are there soon after they were at the socket.
static void what_comes_in_is_told_soon(void **state)
{
    const struct nif_endpoint back = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PORT };
    struct nif_open_cfg cfg = bench_open(1, NIF_UDP);

    (void)state;
    cfg.local.port = PORT;
    bench_needs_datagrams();
    assert_int_equal(nif_open(&bench.conn[1], &cfg), 0);
    peer_udp(PEER_PORT, false);
    for (uint32_t i = 0; i < 20; i++) {
        uint64_t said_us;
        uint8_t got[100];

        bench_pass((uint64_t)137777 * (i + 1));
        assert_true(peer_say(100, i, &back));
        said_us = bench_now();
        assert_int_equal(nif_recv(&bench.conn[1], got, 100, bench_in(5 * S)),
            100);
        assert_true(bench_now() - said_us <= 30000);
    }
}

struct reader {
    struct nif_conn *conn;
    bool has_read;
};

// The first time it reads as much as there can be, behind the stack's turn.
static int read_once_and_look(void *arg)
{
    struct reader *r = arg;
    uint8_t scrap[500];

    if (r->has_read) {
        return (nif_conn_ready(r->conn) & NIF_READABLE) ? 0 : NIF_EAGAIN;
    }
    r->has_read = true;
    for (unsigned k = 0; k < BENCH_RING / sizeof(scrap) + 1; k++) {
        (void)bench_recv(r->conn, scrap, sizeof(scrap), NULL);
    }
    return NIF_EAGAIN;
}

// All is full up to the peer; then all is read in one go, and nothing else
// asks for a turn.
static void who_comes_back_to_read_is_given_more_at_once(void **state)
{
    struct script s = { .eager_us = 0 };
    struct reader r;

    (void)state;
    script = &s;
    peer_serve(&(struct peer_manner){ .send = 1u << 20, .salt = 1 });
    r.conn = bench_dial(0, PEER_PORT);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t begun_us;

        turns(NULL, NULL, 3333333);
        r.has_read = false;
        begun_us = bench_now();
        turns(read_once_and_look, &r, 100 * S);
        assert_true(bench_now() - begun_us <= contract_late_us());
    }
}

static int take_datagrams(void *arg)
{
    unsigned *left = arg;
    uint8_t got[100];

    while (*left > 0 &&
        bench_recv(&bench.conn[1], got, sizeof(got), NULL) > 0) {
        (*left)--;
    }
    return *left == 0 ? 0 : NIF_EAGAIN;
}

// More than one poll() takes, and all of it before the first.
static void what_a_poll_leaves_is_taken_by_the_next(void **state)
{
    const struct nif_endpoint back = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PORT };
    struct nif_open_cfg cfg = bench_open(1, NIF_UDP);
    struct script s = { .eager_us = 0 };
    unsigned left = 3;

    (void)state;
    bench_needs_borders();
    script = &s;
    cfg.local.port = PORT;
    assert_int_equal(nif_open(&bench.conn[1], &cfg), 0);
    bench_settle();
    peer_udp(PEER_PORT, false);
    bench_pass(S / 10); // some chips begin to hear after a while
    assert_true(peer_say(100, 1, &back)); // the neighbour is known
    assert_int_equal(nif_recv(&bench.conn[1], &(uint8_t){ 0 }, 1, bench_in(S)),
        1);
    turns(NULL, NULL, 10 * S);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(peer_say(i < 2 ? 900 : 50, i, &back));
    }
    sim_pass_ns(&bench.world, 20 * SIM_MS); // the processor is busy
    nif_clock_wait(bench.stack->clock, 0);  // one wake for all of them
    turns(take_datagrams, &left, S / 10);
}

static unsigned jobs;

static uint64_t job_poll(struct nif_job *job)
{
    (void)job;
    jobs++;
    return bench_now() / 250000 * 250000 + 250000;
}

// A job has its turns while a call waits on this stack.
static void jobs_have_their_turns_while_a_call_waits(void **state)
{
    static struct nif_job job = { .poll = job_poll };
    struct nif_conn *conn;

    (void)state;
    peer_serve(&(struct peer_manner){ .echo = true });
    conn = bench_dial(0, PEER_PORT);
    jobs = 0;
    nif_job_add(bench.stack, &job);
    assert_int_equal(nif_recv(conn, &(uint8_t){ 0 }, 1, bench_in(10 * S)),
        NIF_ETIMEDOUT);
    nif_job_remove(bench.stack, &job);
    assert_true(jobs >= 40);
}

int sockets_time(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(each_call_ends_at_its_deadline),
        BENCH_TEST(a_call_ends_at_its_deadline),
        BENCH_TEST(what_is_there_comes_without_a_wait),
        cmocka_unit_test(polled_as_it_asks_a_talk_is_not_slower),
        cmocka_unit_test(polled_as_it_asks_a_gap_is_mended),
        cmocka_unit_test(polled_as_it_asks_a_window_opens),
        cmocka_unit_test(polled_as_it_asks_it_goes_on_when_there_is_room),
        cmocka_unit_test(polled_as_it_asks_a_busy_processor_gets_all),
        BENCH_TEST(a_quiet_stack_lets_the_processor_sleep),
        BENCH_TEST(what_comes_in_is_told_soon),
        BENCH_TEST(who_comes_back_to_read_is_given_more_at_once),
        BENCH_TEST(what_a_poll_leaves_is_taken_by_the_next),
        BENCH_TEST(jobs_have_their_turns_while_a_call_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
