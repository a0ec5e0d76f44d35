// SPDX-License-Identifier: MIT
//
// A board to talk to: it answers ping, echoes UDP and TCP on port 7, and
// serves a small page on port 80. Runs unchanged on every board and in the
// simulator.

#include "nif/board.h"
#include "nif/dhcp.h"

#include <string.h>

#define ECHO_PORT     7
#define ECHO_COUNT    4
#define ECHO_RING     2920 // two full segments
#define HTTP_PORT     80
#define HTTP_COUNT    2
#define HTTP_RX       512
#define HTTP_TX       1536 // the whole answer fits
#define DATAGRAM      1472
#define UDP_RING      2960      // two of them with their heads
#define START_US      500000u   // wait after a start that failed, doubled ...
#define START_MAX_US  16000000u // ... up to here
#define JOIN_US       3000000u  // from an attempt to join a network to the next
#define HTTP_LIMIT_US 10000000u // for a request, and for the good-bye

// What comes in on a connection goes out again.
struct echo {
    struct nif_conn *conn; // NULL: free
    size_t at;
    size_t len; // read, and not taken by send() yet: from `at` on
    uint8_t held[256];
};

// One request, one answer, as HTTP/1.0 has it.
struct http {
    struct nif_conn *conn; // NULL: free
    uint64_t until_us;
    size_t line_len;
    unsigned newlines; // in a row: two end the request
    bool line_done;
    bool answered;
    char line[64]; // the request line, as far as it is of interest
};

struct app {
    struct nif_board *board;
    bool link;
    uint64_t started_us;
    uint64_t join_us; // the next attempt to join a network
    uint32_t page_count;
    uint32_t echo_bytes;
    uint32_t datagram_count;
    struct nif_dhcp dhcp;
    struct nif_conn udp;
    struct nif_conn echo_listener;
    struct nif_conn echo_conns[ECHO_COUNT];
    struct nif_conn http_listener;
    struct nif_conn http_conns[HTTP_COUNT];
    struct echo echo[ECHO_COUNT];
    struct http http[HTTP_COUNT];
    uint8_t udp_rx[UDP_RING];
    uint8_t udp_tx[DATAGRAM + 8];
    uint8_t scratch[HTTP_TX]; // a datagram, or an answer being written
    uint8_t echo_rx[ECHO_COUNT][ECHO_RING];
    uint8_t echo_tx[ECHO_COUNT][ECHO_RING];
    uint8_t http_rx[HTTP_COUNT][HTTP_RX];
    uint8_t http_tx[HTTP_COUNT][HTTP_TX];
};

_Static_assert(sizeof(struct app) < 40960, "too much for a small board");

// ------------------------------------------------------------------ text

struct text {
    char *buf;
    size_t cap;
    size_t len;
};

static void put(struct text *t, const char *s)
{
    size_t len = strlen(s);

    if (len > t->cap - t->len) {
        len = t->cap - t->len;
    }
    memcpy(t->buf + t->len, s, len);
    t->len += len;
}

static void put_u32(struct text *t, uint32_t v)
{
    char digits[11];
    size_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    put(t, digits + at);
}

// ------------------------------------------------------------------ echo

static void echo_datagrams(struct app *app)
{
    struct nif_endpoint from;

    // As many as fit the ring, so that nobody can keep us here.
    for (unsigned i = 0; i < 8; i++) {
        int len = nif_conn_recv(&app->udp, app->scratch, DATAGRAM, &from);

        if (len < 0) {
            return;
        }
        // An echo service that answers one is a fire.
        if (from.port == ECHO_PORT) {
            continue;
        }
        app->datagram_count++;
        // A datagram that cannot be sent is lost, as datagrams are.
        if (nif_conn_send(&app->udp, app->scratch, (size_t)len, &from) > 0) {
            app->echo_bytes += (uint32_t)len;
        }
    }
}

// Moves what can be moved; returns true if something was.
static bool echo_step(struct app *app, struct echo *e)
{
    int n;

    if (e->len == 0) {
        n = nif_conn_recv(e->conn, e->held, sizeof(e->held), NULL);
        if (n == NIF_EAGAIN) {
            return false;
        }
        if (n <= 0) { // the peer has finished, or is gone
            nif_conn_close(e->conn);
            e->conn = NULL;
            return false;
        }
        e->at = 0;
        e->len = (size_t)n;
    }
    n = nif_conn_send(e->conn, e->held + e->at, e->len, NULL);
    if (n == NIF_EAGAIN) {
        return false;
    }
    if (n < 0) {
        nif_conn_close(e->conn);
        e->conn = NULL;
        return false;
    }
    e->at += (size_t)n;
    e->len -= (size_t)n;
    app->echo_bytes += (uint32_t)n;
    return true;
}

static void run_echo(struct app *app)
{
    for (size_t i = 0; i < ECHO_COUNT; i++) {
        struct echo *e = &app->echo[i];

        if (e->conn == NULL &&
            nif_conn_state(&app->echo_listener) == NIF_CONN_LISTENING &&
            nif_conn_accept(&app->echo_listener, &e->conn, NULL) == 0) {
            e->len = 0;
        }
        // Two rings full at most.
        for (size_t n = 0; e->conn != NULL && n < 2 * ECHO_RING / 256; n++) {
            if (!echo_step(app, e)) {
                break;
            }
        }
    }
}

// ------------------------------------------------------------------ http

static void put_page(struct app *app, struct text *t)
{
    char ip[NIF_IP_TEXT_MAX];
    uint64_t up_us = nif_clock_now_us(app->board->clock) - app->started_us;
    struct nif_net net;

    nif_stack_net(app->board->stack, &net);
    put(t,
        "<!DOCTYPE html>\n<title>netif</title>\n<h1>netif</h1>\n<p>This is "
        "the board <b>");
    put(t, app->board->name);
    put(t, "</b> at ");
    put(t, nif_ip_format(&net.ip, ip));
    put(t,
        ". It answers ping and echoes UDP and TCP on port 7.\n<ul>\n<li>up ");
    put_u32(t, (uint32_t)(up_us / 1000000));
    put(t, " s\n<li>pages: ");
    put_u32(t, app->page_count);
    put(t, "\n<li>bytes echoed: ");
    put_u32(t, app->echo_bytes);
    put(t, "\n<li>datagrams: ");
    put_u32(t, app->datagram_count);
    put(t, "\n<li>leases: ");
    put_u32(t, app->dhcp.lease_count);
    put(t, "\n</ul>\n");
}

static bool starts_with(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

static const char *status_of(const struct http *h)
{
    if (!starts_with(h->line, "GET ")) {
        return "405 Method Not Allowed";
    }
    if (!starts_with(h->line, "GET / ") && strcmp(h->line, "GET /") != 0 &&
        !starts_with(h->line, "GET /index.html ")) {
        return "404 Not Found";
    }
    return "200 OK";
}

static void answer(struct app *app, struct http *h)
{
    // The body first, from the middle of the scratch: its length stands in
    // the head.
    struct text head = { (char *)app->scratch, 256, 0 };
    struct text body = { (char *)app->scratch + 256, HTTP_TX - 256, 0 };
    const char *status = status_of(h);

    if (status[0] == '2') {
        app->page_count++;
        put_page(app, &body);
    } else {
        put(&body, status);
        put(&body, "\n");
    }
    put(&head, "HTTP/1.0 ");
    put(&head, status);
    put(&head, "\r\nContent-Type: text/");
    put(&head, status[0] == '2' ? "html" : "plain");
    put(&head, "\r\nContent-Length: ");
    put_u32(&head, (uint32_t)body.len);
    if (status[2] == '5') {
        put(&head, "\r\nAllow: GET");
    }
    put(&head, "\r\nConnection: close\r\n\r\n");
    // The ring is empty and takes both whole; if the connection is gone,
    // nobody misses them.
    if (nif_conn_send(h->conn, head.buf, head.len, NULL) > 0 &&
        nif_conn_send(h->conn, body.buf, body.len, NULL) > 0) {
        nif_conn_shutdown(h->conn);
    }
    h->answered = true;
    h->until_us = nif_clock_now_us(app->board->clock) + HTTP_LIMIT_US;
}

// Takes the request apart as far as needed. True at its end.
static bool request_ends(struct http *h, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n') {
            h->newlines++;
            h->line_done = true;
            if (h->newlines == 2) {
                return true;
            }
        } else if (data[i] != '\r') {
            h->newlines = 0;
            if (!h->line_done && h->line_len + 1 < sizeof(h->line)) {
                h->line[h->line_len++] = (char)data[i];
            }
        }
    }
    return false;
}

static void http_step(struct app *app, struct http *h)
{
    uint8_t data[128];
    int n = nif_conn_recv(h->conn, data, sizeof(data), NULL);

    // After the answer, reads what is left: closing with data unread would
    // reset the connection, and the answer with it.
    for (unsigned i = 0; i < HTTP_RX / sizeof(data) && n > 0; i++) {
        if (!h->answered && request_ends(h, data, (size_t)n)) {
            answer(app, h);
        }
        n = nif_conn_recv(h->conn, data, sizeof(data), NULL);
    }
    if ((n <= 0 && n != NIF_EAGAIN) ||
        nif_clock_now_us(app->board->clock) >= h->until_us) {
        nif_conn_close(h->conn);
        h->conn = NULL;
    }
}

// Lowers `again_us` to the time when a slow browser is given up.
static uint64_t run_http(struct app *app, uint64_t again_us)
{
    for (size_t i = 0; i < HTTP_COUNT; i++) {
        struct http *h = &app->http[i];

        if (h->conn == NULL &&
            nif_conn_accept(&app->http_listener, &h->conn, NULL) == 0) {
            *h = (struct http){
                .conn = h->conn,
                .until_us = nif_clock_now_us(app->board->clock) + HTTP_LIMIT_US,
            };
        }
        if (h->conn != NULL) {
            http_step(app, h);
        }
        if (h->conn != NULL && h->until_us < again_us) {
            again_us = h->until_us;
        }
    }
    return again_us;
}

// ----------------------------------------------------------- setting up

static int open_udp(struct app *app)
{
    const struct nif_conn_cfg cfg = {
        .rx = app->udp_rx,
        .rx_cap = sizeof(app->udp_rx),
        .tx = app->udp_tx,
        .tx_cap = sizeof(app->udp_tx),
    };
    const struct nif_endpoint local = { .port = ECHO_PORT };
    int err = nif_conn_open(app->board->stack, &app->udp, NIF_UDP, &cfg);

    return err != 0 ? err : nif_conn_bind(&app->udp, &local);
}

static int open_listener(struct app *app, struct nif_conn *listener,
    uint16_t port)
{
    const struct nif_conn_cfg none = { .rx = NULL };
    const struct nif_endpoint local = { .port = port };
    int err = nif_conn_open(app->board->stack, listener, NIF_TCP, &none);

    return err != 0 ? err : nif_conn_bind(listener, &local);
}

static int open_echo(struct app *app)
{
    int err = open_listener(app, &app->echo_listener, ECHO_PORT);

    for (size_t i = 0; i < ECHO_COUNT && err == 0; i++) {
        const struct nif_conn_cfg cfg = {
            .rx = app->echo_rx[i],
            .rx_cap = ECHO_RING,
            .tx = app->echo_tx[i],
            .tx_cap = ECHO_RING,
        };

        err = nif_conn_open(app->board->stack, &app->echo_conns[i], NIF_TCP,
            &cfg);
    }
    return err != 0
        ? err
        : nif_conn_listen(&app->echo_listener, app->echo_conns, ECHO_COUNT);
}

static int open_http(struct app *app)
{
    int err = open_listener(app, &app->http_listener, HTTP_PORT);

    for (size_t i = 0; i < HTTP_COUNT && err == 0; i++) {
        const struct nif_conn_cfg cfg = {
            .rx = app->http_rx[i],
            .rx_cap = HTTP_RX,
            .tx = app->http_tx[i],
            .tx_cap = HTTP_TX,
        };

        err = nif_conn_open(app->board->stack, &app->http_conns[i], NIF_TCP,
            &cfg);
    }
    return err != 0
        ? err
        : nif_conn_listen(&app->http_listener, app->http_conns, HTTP_COUNT);
}

// Starts the device, and tries again for as long as it takes: a board in a
// cupboard has nobody to press reset.
static bool start_device(struct nif_board *board)
{
    uint64_t wait_us = START_US;

    while (!board->stop) {
        uint64_t until_us;

        if (nif_iface_start(board->iface) == 0) {
            return true;
        }
        until_us = nif_clock_now_us(board->clock) + wait_us;
        while (!board->stop && nif_clock_now_us(board->clock) < until_us) {
            nif_clock_wait(board->clock, until_us);
        }
        wait_us = wait_us < START_MAX_US ? wait_us * 2 : START_MAX_US;
    }
    return false;
}

static void abort_all(struct nif_conn *conns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (nif_conn_state(&conns[i]) != NIF_CONN_CLOSED) {
            nif_conn_abort(&conns[i]);
        }
    }
}

// Our memory goes away: nothing of it may stay in the stack.
static void close_all(struct app *app)
{
    nif_dhcp_stop(&app->dhcp);
    abort_all(&app->udp, 1);
    abort_all(&app->echo_listener, 1);
    abort_all(app->echo_conns, ECHO_COUNT);
    abort_all(&app->http_listener, 1);
    abort_all(app->http_conns, HTTP_COUNT);
}

// ------------------------------------------------------------- main loop

// Joins the board's network, if it has a radio, as often as it takes.
static uint64_t watch_radio(struct app *app)
{
    struct nif_iface *iface = app->board->iface;
    struct nif_wifi_status status;
    uint64_t now_us;

    if (app->link || app->board->wifi == NULL) {
        return NIF_NEVER;
    }
    now_us = nif_clock_now_us(app->board->clock);
    nif_wifi_status(iface, &status);
    if (now_us >= app->join_us &&
        (status.state == NIF_WIFI_IDLE || status.state == NIF_WIFI_FAILED)) {
        app->join_us = now_us + JOIN_US;
        // What cannot be done now is tried again then.
        if (nif_wifi_join(iface, app->board->wifi) != 0) {
            return app->join_us;
        }
    }
    return now_us < app->join_us ? app->join_us : now_us + JOIN_US;
}

// The cable may come back from another network: asks again.
static int watch_link(struct app *app)
{
    struct nif_iface *iface = app->board->iface;
    bool link = (nif_iface_flags(iface) & NIF_IFACE_LINK) != 0;
    bool came = link && !app->link;

    app->link = link;
    return came && app->board->use_dhcp ? nif_dhcp_start(&app->dhcp) : 0;
}

static uint64_t earlier(uint64_t a_us, uint64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static int run(struct app *app)
{
    int err = 0;

    while (!app->board->stop && err == 0) {
        uint64_t again_us = nif_stack_poll(app->board->stack);

        err = watch_link(app);
        again_us = earlier(again_us, watch_radio(app));
        again_us = earlier(again_us, nif_dhcp_poll(&app->dhcp));
        echo_datagrams(app);
        run_echo(app);
        again_us = run_http(app, again_us);
        nif_clock_wait(app->board->clock, again_us);
    }
    return err;
}

int nif_app(struct nif_board *board)
{
    // Not static: two boards may run in one program.
    struct app app = {
        .board = board,
        .started_us = nif_clock_now_us(board->clock),
    };
    int err;

    nif_dhcp_init(&app.dhcp,
        &(struct nif_dhcp_cfg){ .stack = board->stack, .seed = board->seed });
    if (!start_device(board)) {
        return 0;
    }
    err = open_http(&app);
    if (err == 0) {
        err = open_udp(&app);
    }
    if (err == 0) {
        err = open_echo(&app);
    }
    if (err == NIF_ENOBUFS) {
        // A chip with few sockets, or one server only.
        abort_all(&app.echo_listener, 1);
        abort_all(app.echo_conns, ECHO_COUNT);
        err = 0;
    }
    if (err == 0) {
        err = run(&app);
    }
    close_all(&app);
    return err;
}
