// SPDX-License-Identifier: MIT
//
// A server for iperf3: `iperf3 -c BOARD`, with -R, -u, -P, -t, -n, -b as far
// as the board's memory goes. One test at a time; who comes meanwhile is told
// so. Runs unchanged on every board and in the simulator.

#include "iperf3.h"

#include "../uplink.h"

#include <string.h>

#define CONNS   (IPERF3_STREAMS + 2) // control, data, one to be refused
#define LOOK_US 200000

// iperf3's own numbers of errors.
#define ERR_STREAMS  6
#define ERR_UNIMP    13
#define ERR_UDP_SIZE 20

static struct {
    bool busy; // one board of a program
    struct uplink up;
    struct iperf3_test test;
    struct nif_conn *refused; // one that is being sent away; or NULL
    uint64_t refused_us;      // until then
    struct nif_conn listener;
    struct nif_conn conns[CONNS];
    struct nif_conn udp[IPERF3_STREAMS];
    uint8_t rx[CONNS][IPERF3_RING];
    uint8_t tx[CONNS][IPERF3_RING];
    uint8_t udp_rx[IPERF3_STREAMS][IPERF3_RING];
    uint8_t udp_tx[IPERF3_STREAMS][IPERF3_BLOCK + 8];
} server;

// ---- the beginning of a test

// The datagram by which a client makes itself known, and our answer: "9876"
// and "6789" as most machines have them in memory.
static const uint8_t udp_answer[4] = { '6', '7', '8', '9' };

static int open_udp(struct iperf3_test *test, unsigned i)
{
    struct nif_conn *conn = &server.udp[i];
    const struct nif_open_cfg cfg = {
        .stack = test->board->stack,
        .proto = NIF_UDP,
        .buffers = { server.udp_rx[i], IPERF3_RING, server.udp_tx[i],
            sizeof(server.udp_tx[i]) },
    };
    const struct nif_endpoint local = { .port = IPERF3_PORT };
    struct nif_endpoint peer;
    uint8_t hello[4];
    int n = nif_open(conn, &cfg);

    if (n == 0) {
        // The others have their peers; a stack that cannot share a port has
        // one stream.
        (void)nif_conn_option(conn, NIF_OPT_REUSE, 1);
        n = nif_conn_bind(conn, &local);
    }
    if (n == 0) {
        n = nif_recv_from(conn, hello, sizeof(hello), &peer,
            iperf3_deadline(test));
    }
    if (n >= 0) {
        n = nif_conn_connect(conn, &peer);
    }
    if (n == 0) {
        n = nif_send(conn, udp_answer, 4, iperf3_deadline(test));
    }
    test->streams[i].conn = conn;
    return n < 0 ? n : 0;
}

// Says so and closes, but reads what comes first: to close with something
// unread would reset the connection, and the answer might be lost.
static void refuse(struct nif_conn *conn)
{
    static const uint8_t denied = IPERF3_ACCESS_DENIED;

    if (server.refused != NULL) {
        nif_conn_abort(server.refused);
    }
    server.refused = conn;
    server.refused_us =
        nif_clock_now_us(conn->stack->clock) + IPERF3_STEP_US / 10;
    (void)!nif_conn_send(conn, &denied, 1, NULL);
    nif_conn_shutdown(conn);
}

static void part(void)
{
    struct nif_conn *conn = server.refused;
    uint8_t scrap[64];
    int n = conn != NULL ? nif_conn_recv(conn, scrap, sizeof(scrap), NULL)
                         : NIF_EAGAIN;

    if (conn == NULL || n > 0) {
        return;
    }
    if (n != NIF_EAGAIN) {
        nif_conn_close(conn);
        server.refused = NULL;
    } else if (nif_clock_now_us(conn->stack->clock) > server.refused_us) {
        nif_conn_abort(conn);
        server.refused = NULL;
    }
}

// The next connection that shows the cookie of this test.
static int accept_stream(struct iperf3_test *test, unsigned i)
{
    uint64_t until_us = iperf3_deadline(test);
    char cookie[IPERF3_COOKIE];
    struct nif_conn *conn = NULL;
    int err;

    for (;;) {
        err = nif_accept(&server.listener, &conn, NULL, until_us);
        if (err != 0) {
            return err;
        }
        err = iperf3_get(conn, cookie, sizeof(cookie));
        if (err == 0 && memcmp(cookie, test->cookie, sizeof(cookie)) == 0) {
            test->streams[i].conn = conn;
            return 0;
        }
        refuse(conn);
    }
}

static int create_streams(struct iperf3_test *test)
{
    int err = iperf3_say(test, IPERF3_CREATE_STREAMS);

    for (unsigned i = 0; i < test->params.parallel && err == 0; i++) {
        err = test->params.udp ? open_udp(test, i) : accept_stream(test, i);
        test->count += err == 0;
    }
    return err;
}

// What of the parameters is beyond this server; 0: nothing.
static uint32_t objection(const struct iperf3_test *test)
{
    const struct iperf3_params *p = &test->params;

    if (p->strange) {
        return ERR_UNIMP;
    }
    if (p->parallel == 0 || p->parallel > IPERF3_STREAMS) {
        return ERR_STREAMS;
    }
    return p->udp && (iperf3_len(test) > IPERF3_BLOCK || iperf3_len(test) < 16)
        ? ERR_UDP_SIZE
        : 0;
}

static int object(struct iperf3_test *test, uint32_t number)
{
    uint8_t text[9] = { IPERF3_SERVER_ERROR };

    nif_put_be32(text + 1, number);
    (void)!nif_send_all(test->ctrl, text, sizeof(text), iperf3_deadline(test));
    return NIF_ENOTSUP;
}

// ---- a test

static bool others_come(const struct iperf3_test *test)
{
    struct nif_conn *conn = NULL;

    (void)test;
    part();
    if (nif_conn_accept(&server.listener, &conn, NULL) == 0) {
        refuse(conn);
    }
    return false;
}

// Who is sent to reads on to the end of each stream, and a block that has
// begun to its end: without one it would wait for the rest.
static void end_streams(struct iperf3_test *test)
{
    for (unsigned i = 0; i < test->count && !test->params.udp; i++) {
        if (nif_conn_shutdown(test->streams[i].conn) == NIF_ENOTSUP) {
            nif_conn_close(test->streams[i].conn);
        }
    }
}

static int exchange(struct iperf3_test *test)
{
    int err;

    if (test->sends) {
        end_streams(test);
    }
    err = iperf3_say(test, IPERF3_EXCHANGE_RESULTS);

    if (err == 0) {
        err = iperf3_get_json(test);
    }
    if (err == 0) {
        iperf3_read_results(test);
        iperf3_write_results(test);
        err = iperf3_put_json(test);
    }
    if (err == 0) {
        err = iperf3_say(test, IPERF3_DISPLAY_RESULTS);
    }
    if (err == 0) {
        err = iperf3_hear(test, iperf3_deadline(test));
    }
    return err < 0 ? err : 0;
}

static int begin(struct iperf3_test *test)
{
    int err = iperf3_get(test->ctrl, test->cookie, IPERF3_COOKIE);

    // One byte must not wait for the acknowledgement of another.
    (void)nif_conn_option(test->ctrl, NIF_OPT_NODELAY, 1);
    if (err == 0) {
        err = iperf3_say(test, IPERF3_PARAM_EXCHANGE);
    }
    if (err == 0) {
        err = iperf3_get_json(test);
    }
    if (err == 0) {
        iperf3_read_params(test);
        test->sends = test->params.reverse;
        if (objection(test) != 0) {
            return object(test, objection(test));
        }
        err = create_streams(test);
    }
    if (err == 0) {
        err = iperf3_say(test, IPERF3_TEST_START);
    }
    return err != 0 ? err : iperf3_say(test, IPERF3_TEST_RUNNING);
}

static int serve(struct iperf3_test *test)
{
    int err = begin(test);

    if (err == 0) {
        err = iperf3_run(test, others_come);
    }
    if (err == 0) {
        err = iperf3_hear(test, iperf3_deadline(test));
    }
    if (err > 0) {
        err = err == IPERF3_TEST_END ? exchange(test) : NIF_ERESET;
    }
    return err;
}

static void finish(struct iperf3_test *test, int err)
{
    char line[80];
    struct iperf3_text t = { line, sizeof(line), 0 };

    for (unsigned i = 0; i < test->count; i++) {
        if (nif_conn_state(test->streams[i].conn) != NIF_CONN_CLOSED) {
            nif_conn_abort(test->streams[i].conn);
        }
    }
    if (server.refused != NULL) {
        nif_conn_abort(server.refused);
        server.refused = NULL;
    }
    for (unsigned i = 0; i < IPERF3_STREAMS; i++) {
        if (nif_conn_state(&server.udp[i]) != NIF_CONN_CLOSED) {
            nif_conn_abort(&server.udp[i]);
        }
    }
    (void)nif_close(test->ctrl, iperf3_deadline(test));
    if (err == 0) {
        iperf3_report(test);
        return;
    }
    iperf3_put(&t, "iperf3: the test ended: ");
    iperf3_put(&t, nif_err_text(err));
    iperf3_print(test->board, line);
}

// ---- the application

static int listen(struct nif_board *board)
{
    static struct nif_conn_cfg buffers[CONNS];

    for (unsigned i = 0; i < CONNS; i++) {
        buffers[i] = (struct nif_conn_cfg){ server.rx[i], IPERF3_RING,
            server.tx[i], IPERF3_RING };
    }
    return nif_listen(&server.listener,
        &(struct nif_listen_cfg){
            .stack = board->stack,
            .local.port = IPERF3_PORT,
            .backlog = server.conns,
            .buffers = buffers,
            .n = CONNS,
        });
}

static void serve_all(struct nif_board *board)
{
    while (!board->stop) {
        struct nif_conn *ctrl = NULL;
        uint64_t until_us = nif_clock_now_us(board->clock) + LOOK_US;

        if (nif_accept(&server.listener, &ctrl, NULL, until_us) == 0) {
            memset(&server.test, 0, sizeof(server.test));
            server.test.board = board;
            server.test.ctrl = ctrl;
            finish(&server.test, serve(&server.test));
        }
    }
}

static void end(void)
{
    for (unsigned i = 0; i < CONNS; i++) {
        if (nif_conn_state(&server.conns[i]) != NIF_CONN_CLOSED) {
            nif_conn_abort(&server.conns[i]);
        }
    }
    if (nif_conn_state(&server.listener) != NIF_CONN_CLOSED) {
        nif_conn_abort(&server.listener);
    }
}

int nif_app(struct nif_board *board)
{
    int err;

    if (server.busy) {
        return NIF_ENOBUFS;
    }
    server.busy = true;
    err = uplink_wait(&server.up, board, NIF_NEVER);
    if (err == 0) {
        err = listen(board);
    }
    if (err == 0) {
        iperf3_print(board, "iperf3: the server waits at port 5201");
        serve_all(board);
    }
    end();
    nif_connector_stop(&server.up.connector);
    server.busy = false;
    return board->stop ? 0 : err;
}
