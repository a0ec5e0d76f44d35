// SPDX-License-Identifier: MIT
//
// Race search for socket stacks: something happens at each strike point (bus
// transactions, bytes of one, bytes of a serial line) while a connection is
// made, accepted, read, written and closed, one at a time. What the chip may do
// unasked costs no byte; a chip that has lost itself or its network may end the
// connection, but in time, and the next one works.
//
//     nif_race_sockets(w5500)
//
// Of phases with very many points some are tried, evenly spread, unless
// NIF_FULL is set. A failure prints its id, and the id as an argument repeats
// it alone:
//
//     test_race_sockets_w5500 w5500/accept/link/17

#include "tests/contract/bench.h"
#include "tests/support/check.h"
#include "tests/support/sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT 5006

// Bytes that are read and written, and those that come beside them.
#define BYTES 300u
#define EXTRA 100u

// The cable is out, or the access point gone, for so long.
#define PULL_NS (3 * SIM_MS)

// So many points of a phase are tried for each event.
#define POINTS_MAX 500

enum phase {
    PHASE_CONNECT,
    PHASE_ACCEPT,
    PHASE_RECEIVE,
    PHASE_SEND,
    PHASE_CLOSE,
    PHASES,
};

static const char *const phase_names[] = { "connect", "accept", "receive",
    "send", "close" };

// What happens: the first three, then the chip's stimuli.
enum event {
    EVENT_DATA,
    EVENT_LINK,
    EVENT_RESET,
    EVENT_STIMULI,
};

static const char *const event_names[] = { "data", "link", "reset" };

static struct sim_event strike;
static struct sim_event replug;
static unsigned kind; // of the event
static bool struck;
static const struct host_stimulus *stimuli;
static const char *only; // an id, or NULL
static char id[80];      // of the run that goes on
static uint64_t total_points;

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
static void prepare(enum phase phase)
{
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

static void run_phase(enum phase phase)
{
    struct nif_conn *conn = &bench.conn[0];

    switch (phase) {
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
        nif_conn_close(conn);
        bench_reclaim(0, 120 * S);
        break;
    case PHASES: break;
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
        // It may be noticed only now. A radio misses some beacons first.
        bench_pass(bench.board.iface->wifi ? 10 * S : 3 * S);
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

// One run with a strike at point `index`, UINT64_MAX: none. Returns how many
// the phase has.
static uint64_t run(enum phase phase, uint64_t index)
{
    uint64_t first;
    uint64_t points;

    struck = false;
    bench_begin(&(struct bench_cfg){ .twins = false });
    prepare(phase);
    first = bench.world.strike_count;
    if (index != UINT64_MAX) {
        sim_strike_at(&bench.world, first + index, &strike);
    }
    run_phase(phase);
    points = bench.world.strike_count - first;
    sim_strike_at(&bench.world, 0, NULL);
    prove();
    sim_event_cancel(&bench.world, &replug);
    assert_int_equal(bench_teardown(NULL), 0);
    return points;
}

// ---- the search

static unsigned count_events(void)
{
    unsigned count = EVENT_STIMULI;

    bench_begin(&(struct bench_cfg){ .twins = false });
    stimuli = bench.board.chip->stimuli;
    assert_int_equal(bench_teardown(NULL), 0);
    for (unsigned i = 0; stimuli && stimuli[i].name; i++) {
        count++;
    }
    return count;
}

static void try_all(enum phase phase, uint64_t points)
{
    const char *name =
        kind < EVENT_STIMULI ? event_names[kind] : stimuli[kind - 3].name;
    uint64_t step = (points / POINTS_MAX + 1) * sample_step();

    if (getenv("NIF_FULL") || only) {
        step = 1;
    }
    for (uint64_t i = 0; i < points; i += step) {
        snprintf(id, sizeof(id), "%s/%s/%s/%" PRIu64, contract_chip,
            phase_names[phase], name, i);
        if (!only || strcmp(only, id) == 0) {
            total_points++;
            (void)run(phase, i);
        }
    }
    id[0] = '\0';
}

static void connections_survive_a_strike_anywhere_or_end_in_time(void **state)
{
    unsigned events = count_events();

    (void)state;
    for (enum phase phase = 0; phase < PHASES; phase++) {
        uint64_t points = run(phase, UINT64_MAX);

        assert_true(points > 0);
        for (kind = 0; kind < events; kind++) {
            // Where no connection is yet, none has data.
            bool can = kind == EVENT_DATA ? phase >= PHASE_RECEIVE
                : kind == EVENT_RESET     ? bench.board.chip->reset != NULL
                                          : true;

            if (can) {
                try_all(phase, points);
            }
        }
    }
}

static int tell(void **state)
{
    (void)state;
    if (id[0] != '\0') {
        print_error("it was %s\n", id);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            connections_survive_a_strike_anywhere_or_end_in_time, tell),
    };
    int failed;

    strike.fn = on_strike;
    replug.fn = on_replug;
    only = argc > 1 ? argv[1] : NULL;
    failed = cmocka_run_group_tests_name("races of sockets", tests, NULL, NULL);
    printf("<<<\nRace search: %" PRIu64 " points\n>>>\n", total_points);
    return failed;
}
