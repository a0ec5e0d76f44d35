// SPDX-License-Identifier: MIT
//
// Calls that wait: listening, data, several at a time, jobs.

#include "tests/core/net_bench.h"

// ------------------------------------------------------------ listening

static struct nif_conn listener;
static struct nif_conn backlog[2];
static uint8_t ring[4][3000];

static struct nif_listen_cfg listening(void)
{
    static struct nif_conn_cfg buffers[2];

    memset(&listener, 0, sizeof(listener));
    memset(backlog, 0, sizeof(backlog));
    for (int i = 0; i < 2; i++) {
        buffers[i] = (struct nif_conn_cfg){ ring[i], 3000, ring[i + 2], 3000 };
    }
    return (struct nif_listen_cfg){
        .stack = stack(),
        .local.port = 80,
        .backlog = backlog,
        .buffers = buffers,
        .n = 2,
    };
}

static void dial_later(struct pump *p)
{
    if (p->side.conn == NULL && p->pair.now_us > 1500000) {
        pump_dial(p, 80);
        p->step = NULL;
    }
    p->step_us = 1500001;
}

static void accept_waits_for_a_peer_and_says_who_it_is(void **state)
{
    const struct nif_listen_cfg cfg = listening();
    struct nif_endpoint peer = { .port = 0 };
    struct nif_conn *c = NULL;

    (void)state;
    assert_int_equal(nif_listen(&listener, &cfg), 0);
    assert_int_equal(nif_accept(&listener, &c, NULL, in_us(1000)),
        NIF_ETIMEDOUT);
    pump.step = dial_later;
    assert_int_equal(nif_accept(&listener, &c, &peer, in_us(5 * S)), 0);
    assert_true(pump.pair.now_us > 1500000);
    assert_int_equal(nif_ip4_value(&peer.ip), PAIR_IP1);
    assert_true(c == &backlog[0] || c == &backlog[1]);
    assert_int_equal(nif_send_all(c, "hi", 2, in_us(S)), 0);
    pump_pass(&pump, 10000);
    assert_int_equal(pump.side.got_len, 2);
    assert_int_equal(nif_accept(c, &c, NULL, in_us(S)), NIF_EINVAL);
}

static void a_listener_that_cannot_be_leaves_nothing_open(void **state)
{
    struct nif_listen_cfg cfg = listening();
    struct nif_conn other = { .err = 0 };
    struct nif_open_cfg at = pump_tcp(&pump);

    (void)state;
    cfg.local.port = 0;
    assert_int_equal(nif_listen(&listener, &cfg), NIF_EINVAL);
    cfg = listening();
    cfg.n = 0;
    assert_int_equal(nif_listen(&listener, &cfg), NIF_EINVAL);
    cfg = listening();
    backlog[1].state = NIF_CONN_OPEN; // somebody uses it
    assert_int_equal(nif_listen(&listener, &cfg), NIF_EISCONN);
    assert_int_equal(nif_conn_state(&backlog[0]), NIF_CONN_CLOSED);
    assert_null(pump.pair.stack[0].conns);
    cfg = listening();
    at.local.port = 80;
    assert_int_equal(nif_open(&other, &at), 0);
    assert_int_equal(nif_listen(&listener, &cfg), NIF_EADDRINUSE);
    nif_conn_abort(&other);
    assert_null(pump.pair.stack[0].conns);
}

static void a_closed_peer_s_place_serves_the_next_one(void **state)
{
    const struct nif_listen_cfg cfg = listening();

    (void)state;
    assert_int_equal(nif_listen(&listener, &cfg), 0);
    for (int i = 0; i < 5; i++) {
        struct nif_conn *c = NULL;

        pump_dial(&pump, 80);
        assert_int_equal(nif_accept(&listener, &c, NULL, in_us(S)), 0);
        assert_int_equal(nif_close(c, in_us(S)), 0);
        pump_pass(&pump, 10000);
        assert_null(pump.side.conn); // it was told
    }
    assert_int_equal(nif_close(&listener, in_us(S)), 0);
    assert_int_equal(nif_conn_state(&listener), NIF_CONN_CLOSED);
}


// ----------------------------------------------------------------- data

static void send_waits_for_room_and_no_longer_than_it_may(void **state)
{
    uint64_t until_us;
    int n;

    (void)state;
    pump_serve(&pump, 7);
    pump.side.deaf = true;
    pump_connect(&pump);
    assert_int_equal(nif_send_all(&pump.conn, data, 8192, in_us(S)),
        0); // both rings
    until_us = in_us(200000);
    assert_int_equal(nif_send(&pump.conn, data, 100, until_us), NIF_ETIMEDOUT);
    assert_in_range(pump.pair.now_us, until_us, until_us + 100);
    assert_int_equal(nif_send_all(&pump.conn, data, 100, in_us(1000)),
        NIF_ETIMEDOUT);
    pump.side.deaf = false;
    n = nif_send(&pump.conn, data + 8192, 5000, in_us(10 * S));
    assert_in_range(n, 1, 4096);
    pump_pass(&pump, 2 * S);
    assert_int_equal(pump.side.got_len, 8192 + n);
    assert_memory_equal(pump.side.got, data, pump.side.got_len);
}

static void what_was_sent_goes_out_without_another_call(void **state)
{
    unsigned sent;

    (void)state;
    pump_serve(&pump, 7);
    pump_connect(&pump);
    sent = pump.pair.sent[0];
    assert_int_equal(nif_send(&pump.conn, "hello", 5, in_us(S)), 5);
    assert_int_equal(pump.pair.sent[0], sent + 1);
}

static void recv_waits_and_a_deadline_changes_nothing(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump.side.echo = true;
    pump_connect(&pump);
    assert_int_equal(nif_recv(&pump.conn, got, 10, in_us(1000)), NIF_ETIMEDOUT);
    assert_int_equal(nif_send_all(&pump.conn, data, 10, in_us(S)), 0);
    assert_int_equal(nif_recv(&pump.conn, got, 4, in_us(S)), 4);
    assert_int_equal(nif_recv_all(&pump.conn, got + 4, 6, in_us(S)), 6);
    assert_memory_equal(got, data, 10);
}

static void exactly_so_many_bytes_or_those_before_the_end(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump.side.echo = true;
    pump_connect(&pump);
    assert_int_equal(nif_send_all(&pump.conn, data, 10, in_us(S)), 0);
    assert_int_equal(nif_conn_shutdown(&pump.conn), 0);
    assert_int_equal(nif_recv_all(&pump.conn, got, 100, in_us(S)), 10);
    assert_int_equal(nif_recv(&pump.conn, got, 100, in_us(S)), 0);
    assert_int_equal(nif_recv_all(&pump.conn, got, 1, 0), 0);
}

static void reset_by_step(struct pump *p)
{
    if (p->side.conn != NULL) {
        nif_conn_abort(p->side.conn);
        p->side.conn = NULL;
    }
}

static void a_reset_ends_every_wait(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump_connect(&pump);
    pump.step = reset_by_step;
    assert_int_equal(nif_recv(&pump.conn, got, 10, NIF_NEVER), NIF_ERESET);
    assert_int_equal(nif_recv_all(&pump.conn, got, 10, NIF_NEVER), NIF_ERESET);
    assert_int_equal(nif_send_all(&pump.conn, data, 9000, NIF_NEVER),
        NIF_ERESET);
    assert_int_equal(nif_close(&pump.conn, NIF_NEVER), NIF_ERESET);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
}

static void datagrams_go_to_whom_they_are_addressed(void **state)
{
    struct pump_side *s = &pump.side;
    struct nif_open_cfg cfg = {
        .stack = &pump.pair.stack[1].stack,
        .proto = NIF_UDP,
        .buffers = { s->rx[0], 1000, s->tx[0], 1000 },
        .local.port = 53,
    };
    const struct nif_endpoint to = pump_peer(53);
    struct nif_endpoint from;
    struct nif_endpoint me = { .ip = nif_ip4(192, 0, 2, 1) };

    (void)state;
    assert_int_equal(nif_open(&s->client, &cfg), 0);
    cfg.stack = stack();
    cfg.buffers = (struct nif_conn_cfg){ pump.rx, 1000, pump.tx, 1000 };
    cfg.local.port = 5353;
    assert_int_equal(nif_open(&pump.conn, &cfg), 0);
    assert_int_equal(nif_recv_from(&pump.conn, got, 10, &from, in_us(1000)),
        NIF_ETIMEDOUT);
    assert_int_equal(nif_send_to(&pump.conn, "ask", 3, &to, in_us(S)), 3);
    assert_int_equal(nif_send_to(&pump.conn, "", 0, &to, in_us(S)), 0);
    assert_int_equal(nif_send(&pump.conn, "ask", 3, in_us(S)), NIF_ENOTCONN);
    pump_pass(&pump, 10000);
    assert_int_equal(nif_conn_recv(&s->client, got, 10, &from), 3);
    assert_int_equal(from.port, 5353);
    me.port = from.port;
    assert_int_equal(nif_conn_send(&s->client, "answer", 6, &me), 6);
    assert_int_equal(nif_recv_from(&pump.conn, got, 10, &from, in_us(S)), 6);
    assert_int_equal(from.port, 53);
    assert_memory_equal(got, "answer", 6);
}

static void a_dialled_datagram_socket_has_one_peer(void **state)
{
    struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(53);

    (void)state;
    cfg.proto = NIF_UDP;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, 0), 0);
    assert_int_equal(nif_send(&pump.conn, "ask", 3, in_us(S)), 3);
    pump_pass(&pump, 10000);
    assert_int_equal(pump.pair.stack[1].stats.udp_closed, 1);
}


// -------------------------------------------------------------- several

static void poll_says_which_are_ready(void **state)
{
    const struct nif_listen_cfg cfg = listening();
    struct nif_watch watch[2] = {
        { &pump.conn, NIF_READABLE, 0 },
        { &listener, NIF_ACCEPTABLE, 0 },
    };
    uint64_t until_us;

    (void)state;
    pump_serve(&pump, 7);
    pump.side.echo = true;
    pump_connect(&pump);
    assert_int_equal(nif_listen(&listener, &cfg), 0);
    until_us = in_us(1000);
    assert_int_equal(nif_poll(watch, 2, until_us), 0);
    assert_in_range(pump.pair.now_us, until_us, until_us + 100);
    assert_int_equal(nif_send(&pump.conn, data, 10, in_us(S)), 10);
    assert_int_equal(nif_poll(watch, 2, in_us(S)), 1);
    assert_int_equal(watch[0].ready, NIF_READABLE);
    assert_int_equal(watch[1].ready, 0);
    pump_dial(&pump, 80);
    watch[0].want = NIF_WRITABLE;
    assert_int_equal(nif_poll(watch, 1, 0), 1);
    assert_int_equal(nif_poll(watch + 1, 1, in_us(S)), 1);
    assert_int_equal(nif_poll(watch, 2, 0), 2);
    assert_int_equal(nif_poll(watch, 0, in_us(S)), NIF_EINVAL);
}

static unsigned turns;

static uint64_t count_turns(struct nif_job *job)
{
    (void)job;
    turns++;
    return NIF_NEVER;
}

static void poll_turns_every_stack_once(void **state)
{
    struct nif_job job = { .poll = count_turns };
    unsigned polls = 0;
    struct pump_side *s = &pump.side;
    struct nif_watch watch[3] = {
        { &pump.conn, NIF_READABLE, 0 },
        { &s->listener, NIF_ACCEPTABLE, 0 },
        { &pump.conn, NIF_READABLE, 0 },
    };
    const struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(7);

    (void)state;
    nif_job_remove(stack(), &pump.job);
    nif_job_add(stack(), &job);
    turns = 0;
    pump_serve(&pump, 7);
    assert_int_equal(nif_open(&pump.conn, &cfg), 0);
    assert_int_equal(nif_conn_connect(&pump.conn, &to), 0);
    for (unsigned i = 0; i < 1000 && watch[1].ready == 0; i++) {
        pump.pair.now_us += 10;
        assert_in_range(nif_poll(watch, 3, 0), 0, 1);
        polls++;
    }
    assert_int_equal(turns, polls);
    assert_int_equal(watch[1].ready, NIF_ACCEPTABLE);
}


// ----------------------------------------------------------------- jobs

struct counting {
    struct nif_job job;
    unsigned count;
    uint64_t again_us;
    bool goes;
    struct nif_job *other; ///< to take away
};

static uint64_t counting_poll(struct nif_job *job)
{
    struct counting *c = nif_container_of(job, struct counting, job);

    c->count++;
    if (c->goes) {
        nif_job_remove(stack(), job);
    }
    if (c->other != NULL) {
        nif_job_remove(stack(), c->other);
    }
    return c->again_us;
}

static void jobs_have_their_turns_in_order_until_they_are_removed(void **state)
{
    struct counting a = { .job.poll = counting_poll, .again_us = NIF_NEVER };
    struct counting b = a;
    struct counting c = a;

    (void)state;
    nif_job_add(stack(), &a.job);
    nif_job_add(stack(), &b.job);
    nif_job_add(stack(), &c.job);
    b.goes = true; // takes itself away in the middle of a turn
    b.again_us = 17;
    assert_true(nif_poll_all(stack()) <= 17);
    (void)nif_poll_all(stack());
    assert_int_equal(a.count, 2);
    assert_int_equal(b.count, 1);
    assert_int_equal(c.count, 2);
    nif_job_remove(stack(), &b.job); // again: nothing
    nif_job_remove(stack(), &a.job);
    nif_job_remove(stack(), &c.job);
    (void)nif_poll_all(stack());
    assert_int_equal(a.count + c.count, 4);
    assert_ptr_equal(stack()->jobs, &pump.job);
}

static void who_is_taken_away_by_the_one_before_has_no_turn(void **state)
{
    struct counting a = { .job.poll = counting_poll, .again_us = NIF_NEVER };
    struct counting b = a;
    struct counting c = a;

    (void)state;
    a.other = &b.job;
    nif_job_add(stack(), &a.job);
    nif_job_add(stack(), &b.job);
    nif_job_add(stack(), &c.job);
    (void)nif_poll_all(stack());
    assert_int_equal(a.count, 1);
    assert_int_equal(b.count, 0);
    assert_int_equal(c.count, 1);
    nif_job_remove(stack(), &a.job);
    nif_job_remove(stack(), &c.job);
}

static void a_wait_sleeps_no_longer_than_a_job_wants(void **state)
{
    struct counting a = { .job.poll = counting_poll };
    struct nif_conn udp = { .err = 0 };
    struct nif_open_cfg cfg = pump_tcp(&pump);

    (void)state;
    cfg.proto = NIF_UDP;
    cfg.local.port = 9;
    assert_int_equal(nif_open(&udp, &cfg), 0);
    nif_job_add(stack(), &a.job);
    a.again_us = in_us(400000);
    assert_int_equal(nif_recv(&udp, got, 10, in_us(S)), NIF_ETIMEDOUT);
    assert_true(a.count > 2);
    nif_job_remove(stack(), &a.job);
}

static void add_twice(void *arg)
{
    nif_job_add(stack(), arg);
}

static void a_job_added_twice_is_a_mistake(void **state)
{
    (void)state;
    assert_int_equal(pump_panics(add_twice, &pump.job), 1);
}

static uint64_t waiting_poll(struct nif_job *job)
{
    (void)job;
    (void)!nif_recv(&pump.conn, got, 1, 0);
    return NIF_NEVER;
}

static uint64_t polling_poll(struct nif_job *job)
{
    (void)job;
    return nif_stack_poll(stack());
}

static uint64_t watching_poll(struct nif_job *job)
{
    struct nif_watch watch = { &pump.conn, NIF_WRITABLE, 0 };

    (void)job;
    (void)!nif_poll(&watch, 1, 0);
    return NIF_NEVER;
}

static void turn_once(void *arg)
{
    (void)arg;
    (void)nif_poll_all(stack());
}

static void nothing_may_wait_from_within_a_turn(void **state)
{
    uint64_t (*const polls[])(struct nif_job *) = { waiting_poll, polling_poll,
        watching_poll };
    struct nif_job job = { .next = NULL };

    (void)state;
    pump_serve(&pump, 7);
    pump_connect(&pump);
    nif_job_add(stack(), &job);
    for (size_t i = 0; i < nif_countof(polls); i++) {
        job.poll = polls[i];
        assert_int_equal(pump_panics(turn_once, NULL), 1);
        stack()->polling = false; // it was left in the middle
    }
    nif_job_remove(stack(), &job);
}

// Whether there is no ring for what waits, or it is full.
static void who_waits_for_a_neighbour_sleeps_meanwhile(void **state)
{
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 77), .port = 53 };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct nif_open_cfg cfg = pump_tcp(&pump);

        cfg.proto = NIF_UDP;
        cfg.buffers.tx_cap = (size_t)i * 11;
        assert_int_equal(nif_dial(&pump.conn, &cfg, &to, 0), 0);
        if (i == 1) {
            assert_int_equal(nif_send(&pump.conn, "one", 3, 0), 3);
        }
        pump.turns = 0;
        assert_int_equal(nif_send(&pump.conn, "ask", 3, in_us(10 * S)),
            NIF_EUNREACH);
        assert_true(pump.turns < 50);
        nif_conn_abort(&pump.conn);
        pump_pass(&pump, 10 * S);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accept_waits_for_a_peer_and_says_who_it_is),
        TEST(a_listener_that_cannot_be_leaves_nothing_open),
        TEST(a_closed_peer_s_place_serves_the_next_one),
        TEST(send_waits_for_room_and_no_longer_than_it_may),
        TEST(what_was_sent_goes_out_without_another_call),
        TEST(recv_waits_and_a_deadline_changes_nothing),
        TEST(exactly_so_many_bytes_or_those_before_the_end),
        TEST(a_reset_ends_every_wait),
        TEST(datagrams_go_to_whom_they_are_addressed),
        TEST(a_dialled_datagram_socket_has_one_peer),
        TEST(poll_says_which_are_ready),
        TEST(poll_turns_every_stack_once),
        TEST(jobs_have_their_turns_in_order_until_they_are_removed),
        TEST(who_is_taken_away_by_the_one_before_has_no_turn),
        TEST(a_wait_sleeps_no_longer_than_a_job_wants),
        TEST(a_job_added_twice_is_a_mistake),
        TEST(nothing_may_wait_from_within_a_turn),
        TEST(who_waits_for_a_neighbour_sleeps_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
