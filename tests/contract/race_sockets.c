// SPDX-License-Identifier: MIT
//
// Race search for socket stacks: something happens at each strike point (bus
// transactions, bytes of one, bytes of a serial line) while a device is brought
// up, and a connection is made, accepted, read, written and closed, one at a
// time. What the chip may do unasked costs no byte; a chip that has lost itself
// or its network may end the connection, but in time, and the next one works.
//
//     nif_race_sockets(w5500)
//
// A failure prints its id, and the id as an argument repeats it alone:
//
//     test_race_sockets_w5500 w5500/accept/link/17

#include "tests/contract/bench.h"
#include "tests/contract/race.h"
#include "tests/support/check.h"

#include <stdio.h>

#define PORT 5006

// Bytes that are read and written, and those that come beside them.
#define BYTES 300u
#define EXTRA 100u

// The cable is out, or the access point gone, for so long.
#define PULL_NS (3 * SIM_MS)

enum phase {
    PHASE_BRING_UP,
    PHASE_CONNECT,
    PHASE_ACCEPT,
    PHASE_RECEIVE,
    PHASE_SEND,
    PHASE_CLOSE,
};

static const char *const phase_names[] = { "bring-up", "connect", "accept",
    "receive", "send", "close", NULL };

// What happens: the first three, then the chip's stimuli.
enum event {
    EVENT_DATA,
    EVENT_LINK,
    EVENT_RESET,
    EVENT_STIMULI,
};

static const char *event_names[RACE_NAMES] = { "data", "link", "reset" };

static struct sim_event strike;
static struct sim_event replug;
static unsigned kind; // of the event
static bool struck;
static const struct host_stimulus *stimuli;

static void on_replug(struct sim_event *event)
{
    (void)event;
    host_board_link(&bench.board, true);
}

static void on_strike(struct sim_event *event)
{
    (void)event;
    struck = true;
    if (kind == EVENT_DATA) {
        bench.peer.end[0].as.send += EXTRA;
        peer_kick();
    } else if (kind == EVENT_LINK) {
        host_board_link(&bench.board, false);
        sim_event_at(&bench.world, &replug, bench.world.now_ns + PULL_NS);
    } else if (kind == EVENT_RESET) {
        bench.broken = true;
        bench.board.chip->reset(&bench.board);
    } else {
        stimuli[kind - EVENT_STIMULI].fn(&bench.board);
    }
}

// True if a connection may end by what has happened.
static bool may_end(void)
{
    const struct nif_iface *iface = bench.board.iface;

    return (kind == EVENT_LINK && iface->wifi) ||
        (kind == EVENT_RESET && iface->stack) ||
        (kind >= EVENT_STIMULI && stimuli[kind - EVENT_STIMULI].loses);
}

static void expect(bool ok)
{
    assert_true(ok || (struck && may_end()));
}

// ---- phases

// A device that does not start is tried again.
static void bring_up(void)
{
    int err = NIF_EIO;

    for (unsigned i = 0; i < 3 && err != 0; i++) {
        err = bench_bring_up(&bench.board);
        expect(err == 0);
    }
    assert_int_equal(err, 0);
}

static int look_at_peer(void *arg)
{
    (void)arg;
    return bench.peer.end[0].got >= BYTES ? 0 : NIF_EAGAIN;
}

static void receive(struct nif_conn *conn, uint32_t n)
{
    uint8_t text[BYTES + EXTRA];
    int got = nif_recv_all(conn, text, n, bench_in(20 * S));

    expect(got == (int)n);
    for (int i = 0; i < got; i++) {
        assert_int_equal(text[i], peer_text(12, (uint32_t)i));
    }
}

static void send(struct nif_conn *conn)
{
    uint8_t text[BYTES];
    int n;

    for (uint32_t i = 0; i < BYTES; i++) {
        text[i] = peer_text(11, i);
    }
    n = nif_send_all(conn, text, BYTES, bench_in(20 * S));
    expect(n == 0);
    expect(nif_wait_for(bench.stack, look_at_peer, NULL, bench_in(20 * S)) ==
        0);
}

static void connect(void)
{
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    struct nif_endpoint to = bench.peer.at;

    to.port = PEER_PORT;
    expect(nif_dial(&bench.conn[0], &cfg, &to, bench_in(20 * S)) == 0);
}

// What is there before the phase begins.
static void prepare(unsigned phase)
{
    if (phase == PHASE_BRING_UP) {
        return;
    }
    if (phase == PHASE_ACCEPT) {
        bench_listen(1, PORT, 1);
        return;
    }
    peer_serve(&(struct peer_manner){ .salt = 12, .expect = 11 });
    if (phase != PHASE_CONNECT) {
        connect();
        assert_true(bench_until(&bench.peer.end[0].open, S));
    }
}

static void run_phase(unsigned phase)
{
    struct nif_conn *conn = &bench.conn[0];

    switch (phase) {
    case PHASE_BRING_UP: bring_up(); break;
    case PHASE_CONNECT: connect(); break;
    case PHASE_ACCEPT:
        (void)peer_dial(PORT, &(struct peer_manner){ .salt = 12 });
        expect(nif_accept(&bench.conn[1], &conn, NULL, bench_in(20 * S)) == 0);
        break;
    case PHASE_RECEIVE:
        bench.peer.end[0].as.send += BYTES;
        peer_kick();
        receive(conn, BYTES);
        break;
    case PHASE_SEND: send(conn); break;
    case PHASE_CLOSE:
    default:
        nif_conn_close(conn);
        bench_reclaim(0, 120 * S);
        break;
    }
}

static void end(struct nif_conn *conn)
{
    if (nif_conn_state(conn) != NIF_CONN_CLOSED) {
        nif_conn_abort(conn);
    }
}

// What was not met in the phase is met here, and may cost this connection.
static void use_up(void)
{
    static const uint8_t text[BYTES];
    const struct nif_open_cfg cfg = bench_open(3, NIF_TCP);
    struct nif_endpoint to = bench.peer.at;
    uint64_t until_us = bench_in(30 * S);

    if (nif_conn_state(&bench.peer.listener) != NIF_CONN_LISTENING) {
        peer_serve(&(struct peer_manner){ .echo = true });
    }
    bench.peer.as = (struct peer_manner){ .echo = true };
    to.port = PEER_PORT;
    if (nif_dial(&bench.conn[3], &cfg, &to, until_us) == 0 &&
        nif_send_all(&bench.conn[3], text, BYTES, until_us) == 0) {
        bench_pass(15 * S);
    }
    end(&bench.conn[3]);
}

// All is well again: a new connection works.
static void prove(void)
{
    uint64_t until_us = bench_in(120 * S);

    for (unsigned i = 0; i < 3; i++) {
        if (!bench.reclaimed[i]) {
            end(&bench.conn[i]);
        }
    }
    if (kind == EVENT_RESET || kind == EVENT_LINK) {
        // It may be noticed only now. A module that has lost its line's rate
        // has its time to start anew, and to say nothing for a while.
        bench_pass(bench.board.iface->wifi ? 6 * S : 3 * S);
    }
    while (!bench_is_up(&bench.board) && bench_now() < until_us) {
        bench_pass(S / 10);
    }
    assert_true(bench_is_up(&bench.board));
    if (struck && may_end()) {
        use_up();
    }
    bench.peer.ends = 4;
    bench_prove(5);
}

static uint64_t run(unsigned phase, unsigned event, uint64_t index)
{
    uint64_t first;
    uint64_t points;

    struck = false;
    kind = event;
    bench_begin(&(struct bench_cfg){
        .idle = phase == PHASE_BRING_UP,
        .made = race_watch,
    });
    prepare(phase);
    first = bench.world.strike_count;
    if (index != RACE_NONE) {
        sim_strike_at(&bench.world, first + index, &strike);
    }
    run_phase(phase);
    points = bench.world.strike_count - first;
    assert_true(struck || index == RACE_NONE);
    prove();
    sim_event_cancel(&bench.world, &replug);
    assert_int_equal(bench_teardown(NULL), 0);
    return points;
}

// ---- the search

static void learn_events(void)
{
    bench_begin(&(struct bench_cfg){ .idle = true });
    stimuli = bench.board.chip->stimuli;
    assert_int_equal(bench_teardown(NULL), 0);
    for (unsigned i = 0; stimuli && stimuli[i].name; i++) {
        assert_true(EVENT_STIMULI + i + 1 < RACE_NAMES);
        event_names[EVENT_STIMULI + i] = stimuli[i].name;
    }
}

static bool can(unsigned phase, unsigned event)
{
    switch (event) {
    case EVENT_DATA: return phase >= PHASE_RECEIVE; // none has any before
    case EVENT_RESET: return bench.board.chip->reset != NULL;
    default: return true;
    }
}

static char name[40]; // of the chip, and of its firmware

static const struct race race = {
    .name = name,
    .phases = phase_names,
    .events = event_names,
    .most = NIF_RACE_MOST,
    .can = can,
    .run = run,
};

static void connections_survive_a_strike_anywhere_or_end_in_time(void **state)
{
    (void)state;
    race_search(&race);
}

static void an_id_repeats_its_run_to_the_byte(void **state)
{
    (void)state;
    race_repeat(&race);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            connections_survive_a_strike_anywhere_or_end_in_time, race_tell),
        cmocka_unit_test(an_id_repeats_its_run_to_the_byte),
    };

    if (!race_args(argc, argv)) {
        return 2;
    }
    strike.fn = on_strike;
    replug.fn = on_replug;
    snprintf(name, sizeof(name), "%s%s%s", contract_chip,
        contract_dialect ? "-" : "", contract_dialect ? contract_dialect : "");
    learn_events();
    return race_end(name,
        cmocka_run_group_tests_name("races of sockets", tests, NULL, NULL));
}
