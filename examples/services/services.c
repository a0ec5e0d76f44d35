// SPDX-License-Identifier: MIT
//
// A board to talk to: it answers ping, echoes UDP and TCP on port 7, and
// serves a small page on port 80. Runs unchanged on every board and in the
// simulator, on our stack and on those inside chips.
//
//     page: only the page
//     echo: only the echo
//
// A chip has few connections, and it may be able to listen at one port only:
// then the page has it, unless the word above says otherwise.

#include "../uplink.h"

#include <string.h>

#define ECHO_PORT     7
#define ECHO_COUNT    4
#define ECHO_RING     2920 // two full segments
#define HTTP_PORT     80
#define HTTP_COUNT    2
#define HTTP_RX       512
#define HTTP_TX       1024 // the whole answer fits
#define DATAGRAM      1472
#define UDP_RING      2960      // two of them with their heads
#define HTTP_LIMIT_US 10000000u // for a request, and for the good-bye
#define TEND_US       1000000u  // between two tries to open what is shut

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
    size_t out_at; // what is sent of the answer
    size_t out_len;
    char line[64]; // the request line, as far as it is of interest
    char out[HTTP_TX];
};

// A listener and how much of its backlog is used.
struct server {
    uint16_t port; // 0: not wanted
    size_t count;
    struct nif_conn listener;
};

struct app {
    struct nif_board *board;
    uint64_t started_us;
    uint64_t tend_us; // the next try to open what is shut
    int err;          // nothing that time could heal
    uint32_t page_count;
    uint32_t echo_bytes;
    uint32_t datagram_count;
    struct uplink up;
    struct nif_conn udp;
    struct server echo_server;
    struct server http_server;
    struct nif_conn echo_conns[ECHO_COUNT];
    struct nif_conn http_conns[HTTP_COUNT];
    struct echo echo[ECHO_COUNT];
    struct http http[HTTP_COUNT];
    uint8_t udp_rx[UDP_RING];
    uint8_t udp_tx[DATAGRAM + 8];
    bool held; // a datagram that is to go back
    size_t datagram_len;
    struct nif_endpoint from;
    uint8_t datagram[DATAGRAM];
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

// Sends the one that is held. False if there is no room for it yet.
static bool send_back(struct app *app)
{
    int n = app->held
        ? nif_conn_send(&app->udp, app->datagram, app->datagram_len, &app->from)
        : 0;

    if (n == NIF_EAGAIN) {
        return false;
    }
    // One that cannot be sent is lost, as datagrams are.
    app->echo_bytes += n > 0 ? (uint32_t)n : 0;
    app->held = false;
    return true;
}

static void echo_datagrams(struct app *app)
{
    if (nif_conn_state(&app->udp) == NIF_CONN_CLOSED) {
        return;
    }
    // As many as fit the ring, so that nobody can keep us here.
    for (unsigned i = 0; i < 8 && send_back(app); i++) {
        int len = nif_conn_recv(&app->udp, app->datagram, DATAGRAM, &app->from);

        if (len < 0) {
            return;
        }
        // An echo service that answers one is a fire.
        if (app->from.port != ECHO_PORT) {
            app->datagram_count++;
            app->datagram_len = (size_t)len;
            app->held = true;
        }
    }
    (void)send_back(app);
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

// A client, if one is there.
static bool take(struct server *s, struct nif_conn **conn)
{
    return nif_conn_state(&s->listener) == NIF_CONN_LISTENING &&
        nif_conn_accept(&s->listener, conn, NULL) == 0;
}

static void run_echo(struct app *app)
{
    for (size_t i = 0; i < ECHO_COUNT; i++) {
        struct echo *e = &app->echo[i];

        if (e->conn == NULL && take(&app->echo_server, &e->conn)) {
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
    put_u32(t, app->up.dhcp.lease_count);
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
    char space[HTTP_TX - 192];
    struct text head = { h->out, 192, 0 };
    struct text body = { space, sizeof(space), 0 };
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
    memcpy(h->out + head.len, body.buf, body.len);
    h->out_len = head.len + body.len;
    h->until_us = nif_clock_now_us(app->board->clock) + HTTP_LIMIT_US;
}

// Says the answer, as far as there is room, and the end behind it. False if
// the connection is over.
static bool say(struct http *h)
{
    int n = 1;

    while (h->out_at < h->out_len && n > 0) {
        n = nif_conn_send(h->conn, h->out + h->out_at, h->out_len - h->out_at,
            NULL);
        h->out_at += n > 0 ? (size_t)n : 0;
    }
    if (h->out_len == 0 || n == NIF_EAGAIN) {
        return true;
    }
    // A chip that cannot end one direction ends both.
    return n > 0 && nif_conn_shutdown(h->conn) != NIF_ENOTSUP;
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
        if (h->out_len == 0 && request_ends(h, data, (size_t)n)) {
            answer(app, h);
        }
        n = nif_conn_recv(h->conn, data, sizeof(data), NULL);
    }
    if ((n < 0 && n != NIF_EAGAIN) || (n == 0 && h->out_at == h->out_len) ||
        !say(h) || nif_clock_now_us(app->board->clock) >= h->until_us) {
        nif_conn_close(h->conn);
        h->conn = NULL;
    }
}

// Comes again when a slow browser is to be given up.
static void run_http(struct app *app, uint64_t *again_us)
{
    for (size_t i = 0; i < HTTP_COUNT; i++) {
        struct http *h = &app->http[i];

        if (h->conn == NULL && take(&app->http_server, &h->conn)) {
            *h = (struct http){
                .conn = h->conn,
                .until_us = nif_clock_now_us(app->board->clock) + HTTP_LIMIT_US,
            };
        }
        if (h->conn != NULL) {
            http_step(app, h);
        }
        if (h->conn != NULL) {
            nif_again_by(again_us, h->until_us);
        }
    }
}

// ----------------------------------------------------------- setting up

static void abort_all(struct nif_conn *conns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (nif_conn_state(&conns[i]) != NIF_CONN_CLOSED) {
            nif_conn_abort(&conns[i]);
        }
    }
}

static int open_udp(struct app *app)
{
    const struct nif_open_cfg cfg = {
        .stack = app->board->stack,
        .proto = NIF_UDP,
        .buffers = { app->udp_rx, sizeof(app->udp_rx), app->udp_tx,
            sizeof(app->udp_tx) },
        .local = { .port = ECHO_PORT },
    };

    abort_all(&app->udp, 1);
    return nif_open(&app->udp, &cfg);
}

// Listens; what there was before has gone with the chip.
static int open_server(struct app *app, struct server *s,
    struct nif_conn *conns, const struct nif_conn_cfg *buffers)
{
    abort_all(&s->listener, 1);
    abort_all(conns, s->count);
    return nif_listen(&s->listener,
        &(struct nif_listen_cfg){
            .stack = app->board->stack,
            .local = { .port = s->port },
            .backlog = conns,
            .buffers = buffers,
            .n = s->count,
        });
}

static int open_http(struct app *app)
{
    struct nif_conn_cfg buffers[HTTP_COUNT];

    for (size_t i = 0; i < HTTP_COUNT; i++) {
        buffers[i] = (struct nif_conn_cfg){ app->http_rx[i], HTTP_RX,
            app->http_tx[i], HTTP_TX };
        app->http[i].conn = NULL;
    }
    return open_server(app, &app->http_server, app->http_conns, buffers);
}

static int open_echo(struct app *app)
{
    struct nif_conn_cfg buffers[ECHO_COUNT];

    for (size_t i = 0; i < ECHO_COUNT; i++) {
        buffers[i] = (struct nif_conn_cfg){ app->echo_rx[i], ECHO_RING,
            app->echo_tx[i], ECHO_RING };
        app->echo[i].conn = NULL;
    }
    return open_server(app, &app->echo_server, app->echo_conns, buffers);
}

static bool is_shut(const struct server *s)
{
    return s->port != 0 && nif_conn_state(&s->listener) != NIF_CONN_LISTENING;
}

// Opens what is not open: at first, and when the chip has lost it. What it
// cannot have it asks for again, and does without meanwhile.
static void tend(struct app *app, uint64_t *again_us)
{
    uint64_t now_us = nif_clock_now_us(app->board->clock);
    enum nif_conn_state udp = nif_conn_state(&app->udp);
    bool no_udp = app->echo_server.port != 0 &&
        (udp == NIF_CONN_CLOSED || udp == NIF_CONN_FAILED);

    if (!no_udp && !is_shut(&app->http_server) && !is_shut(&app->echo_server)) {
        return;
    }
    if (now_us >= app->tend_us) {
        int err = is_shut(&app->http_server) ? open_http(app) : 0;

        if (no_udp && err == 0) {
            err = open_udp(app);
        }
        if (is_shut(&app->echo_server) && err == 0) {
            err = open_echo(app);
        }
        app->err = err == NIF_EADDRINUSE ? err : 0;
        app->tend_us = now_us + (err != 0 ? TEND_US : TEND_US / 100);
    }
    nif_again_by(again_us, app->tend_us);
}

// How many clients at a time, of as many as the chip has connections for. The
// datagrams, DHCP and each listener may need one, too.
static void share(struct app *app)
{
    size_t most = app->board->stack->caps.conn_max;
    size_t taken = (app->echo_server.port != 0 ? 2u : 0u) +
        (app->http_server.port != 0 ? 1u : 0u) +
        (app->board->use_dhcp ? 1u : 0u);
    size_t left = most == 0 ? ECHO_COUNT + HTTP_COUNT : most - taken;

    if (most != 0 && most <= taken) {
        left = 1;
    }
    app->http_server.count = left > HTTP_COUNT ? HTTP_COUNT : 1;
    if (app->http_server.port != 0 && left > 1) {
        left -= app->http_server.count;
    }
    app->echo_server.count = left < ECHO_COUNT ? left : ECHO_COUNT;
}

static int begin(struct app *app)
{
    struct nif_board *board = app->board;
    const char *args = board->args != NULL ? board->args : "";

    app->http_server.port = strcmp(args, "echo") != 0 ? HTTP_PORT : 0;
    app->echo_server.port = strcmp(args, "page") != 0 ? ECHO_PORT : 0;
    share(app);
    return uplink_start(&app->up, board);
}

// Our memory goes away: nothing of it may stay in the stack.
static void close_all(struct app *app)
{
    nif_dhcp_stop(&app->up.dhcp);
    abort_all(&app->udp, 1);
    abort_all(&app->echo_server.listener, 1);
    abort_all(app->echo_conns, ECHO_COUNT);
    abort_all(&app->http_server.listener, 1);
    abort_all(app->http_conns, HTTP_COUNT);
    nif_connector_stop(&app->up.connector);
}

// ------------------------------------------------------------- main loop

int nif_app(struct nif_board *board)
{
    // Not static: two boards may run in one program.
    struct app app = {
        .board = board,
        .started_us = nif_clock_now_us(board->clock),
    };
    int err = begin(&app);

    (void)nif_connector_poll(&app.up.connector);
    while (!board->stop && err == 0) {
        uint64_t again_us = NIF_NEVER;

        tend(&app, &again_us);
        nif_again_by(&again_us, nif_stack_poll(board->stack));
        nif_again_by(&again_us, nif_connector_poll(&app.up.connector));
        echo_datagrams(&app);
        run_echo(&app);
        run_http(&app, &again_us);
        nif_clock_wait(board->clock, again_us);
        err = app.err;
    }
    close_all(&app);
    return err;
}
