// SPDX-License-Identifier: MIT
//
// Fetches a page by HTTP/1.0, shows it line by line, and ends. What it fetches
// it is told as
//
//     [http://]HOST[:PORT][/PATH]
//
// HOST is an address, or a name that the board's DNS servers know. A server
// that is not there yet is asked again, for half a minute in all. Runs
// unchanged on every board and in the simulator.

#include "../uplink.h"
#include "nif/net.h"
#include "nif/resolver.h"

#include <string.h>

#define LIMIT_US 30000000u // for all of it
#define TRY_US   5000000u  // for one connection
#define AGAIN_US 250000u   // until the next
#define HOST_MAX 64
#define PATH_MAX 96
#define LINE_MAX 120

struct fetch {
    struct nif_board *board;
    uint64_t until_us;
    struct uplink up;
    struct nif_dns_resolver dns;
    struct nif_endpoint to;
    char host[HOST_MAX];
    char path[PATH_MAX];
    struct nif_conn conn;
    // The answer, as far as it is read.
    unsigned lines;    // of its head, from the status on
    bool in_body;      // behind its head
    bool good;         // its status is 200
    bool sized;        // it says how long the body is
    uint32_t promised; // bytes
    uint32_t body_len; // bytes
    size_t line_len;
    char line[LINE_MAX + 1];
    uint8_t rx[1460];
    uint8_t tx[256];
};

static void show(struct nif_board *board, const char *line)
{
    if (board->print != NULL) {
        board->print(board, line);
    }
}

// ---- what it is told

static bool read_port(const char **at, uint16_t *port)
{
    uint32_t v = 0;

    while (**at >= '0' && **at <= '9' && v <= UINT16_MAX) {
        v = v * 10 + (uint32_t)(*(*at)++ - '0');
    }
    *port = (uint16_t)v;
    return v >= 1 && v <= UINT16_MAX;
}

static int read_args(struct fetch *f, const char *args)
{
    static const char scheme[] = "http://";
    const char *at = args != NULL ? args : "";
    size_t len;

    if (strncmp(at, scheme, sizeof(scheme) - 1) == 0) {
        at += sizeof(scheme) - 1;
    }
    len = strcspn(at, ":/ ");
    if (len == 0 || len >= HOST_MAX) {
        return NIF_EINVAL;
    }
    memcpy(f->host, at, len);
    at += len;
    f->to = (struct nif_endpoint){ .host = f->host, .port = 80 };
    if (*at == ':') {
        at++;
        if (!read_port(&at, &f->to.port)) {
            return NIF_EINVAL;
        }
    }
    len = strlen(at);
    if (len >= PATH_MAX || strchr(at, ' ') != NULL || (len > 0 && *at != '/')) {
        return NIF_EINVAL;
    }
    memcpy(f->path, len > 0 ? at : "/", len > 0 ? len : 1);
    return 0;
}

// ---- the answer

// The number in a line of the head, behind a word; letters of either case.
static bool number_of(const char *line, const char *word, uint32_t *v)
{
    for (; *word != '\0'; line++, word++) {
        if ((*line | 0x20) != (*word | 0x20)) {
            return false;
        }
    }
    while (*line == ' ') {
        line++;
    }
    for (*v = 0; *line >= '0' && *line <= '9' && *v < 100000000; line++) {
        *v = *v * 10 + (uint32_t)(*line - '0');
    }
    return true;
}

// False: it is no answer of HTTP.
static bool take_status(struct fetch *f)
{
    uint32_t status;

    if (!number_of(f->line, "HTTP/1.0", &status) &&
        !number_of(f->line, "HTTP/1.1", &status)) {
        return false;
    }
    f->good = status == 200;
    if (!f->good) {
        show(f->board, f->line);
    }
    return true;
}

// False: it is no answer of HTTP.
static bool end_line(struct fetch *f)
{
    bool ok = true;

    f->line[f->line_len] = '\0';
    if (f->in_body) {
        show(f->board, f->line);
    } else if (f->lines++ == 0) {
        ok = take_status(f);
    } else if (f->line_len == 0) {
        f->in_body = true;
    } else if (number_of(f->line, "Content-Length:", &f->promised)) {
        f->sized = true;
    }
    f->line_len = 0;
    return ok;
}

// A long line is shown in pieces; in the head it is cut.
static bool take_letter(struct fetch *f, char letter)
{
    f->line[f->line_len++] = letter;
    if (f->line_len < LINE_MAX) {
        return true;
    }
    if (f->in_body) {
        return end_line(f);
    }
    f->line_len--;
    return true;
}

static bool take(struct fetch *f, const uint8_t *data, size_t len)
{
    bool ok = true;

    for (size_t i = 0; i < len && ok; i++) {
        f->body_len += f->in_body;
        if (data[i] == '\n') {
            ok = end_line(f);
        } else if (data[i] != '\r') {
            ok = take_letter(f, (char)data[i]);
        }
    }
    return ok;
}

// Returns 0; NIF_EPROTO if it was no page, or not all of it.
static int read_answer(struct fetch *f)
{
    uint8_t data[128];
    int n;

    do {
        n = nif_recv(&f->conn, data, sizeof(data), f->until_us);
        if (n > 0 && !take(f, data, (size_t)n)) {
            return NIF_EPROTO;
        }
    } while (n > 0);
    if (f->line_len > 0 && f->in_body) {
        (void)end_line(f);
    }
    if (n == 0 &&
        (!f->in_body || !f->good || (f->sized && f->body_len != f->promised))) {
        return NIF_EPROTO;
    }
    return n;
}

// ---- the question

// In one piece, so that it is one segment.
static int ask(struct fetch *f)
{
    const char *const parts[] = { "GET ", f->path,
        " HTTP/1.0\r\nHost: ", f->host, "\r\n\r\n" };
    char text[PATH_MAX + HOST_MAX + 32];
    size_t len = 0;

    for (size_t i = 0; i < nif_countof(parts); i++) {
        size_t n = strlen(parts[i]);

        memcpy(text + len, parts[i], n);
        len += n;
    }
    return nif_send_all(&f->conn, text, len, f->until_us);
}

// Until somebody is there, or the time is up.
static int dial(struct fetch *f)
{
    struct nif_board *board = f->board;
    const struct nif_open_cfg cfg = {
        .stack = board->stack,
        .resolver = &f->dns.resolver,
        .buffers = { f->rx, sizeof(f->rx), f->tx, sizeof(f->tx) },
    };
    uint64_t now_us = nif_clock_now_us(board->clock);
    int err;

    do {
        err = nif_dial(&f->conn, &cfg, &f->to, now_us + TRY_US);
        if (err != 0 && err != NIF_EINVAL) {
            uplink_rest(board, AGAIN_US);
        }
        now_us = nif_clock_now_us(board->clock);
    } while (err != 0 && err != NIF_EINVAL && now_us < f->until_us &&
        !board->stop);
    return err;
}

static int try_gone(void *arg)
{
    return nif_conn_state(arg) == NIF_CONN_CLOSING ? NIF_EAGAIN : 0;
}

// The server has a place again when it has our end: that goes out before the
// board does something else.
static void finish(struct fetch *f)
{
    uint64_t until_us = nif_clock_now_us(f->board->clock) + TRY_US;

    (void)nif_close(&f->conn, until_us);
    (void)!nif_wait_for(f->board->stack, try_gone, &f->conn, until_us);
    if (nif_conn_state(&f->conn) != NIF_CONN_CLOSED) {
        nif_conn_abort(&f->conn); // its memory goes away
    }
}

static int fetch(struct fetch *f)
{
    int err = dial(f);

    if (err != 0) {
        return err;
    }
    err = ask(f);
    if (err == 0) {
        err = read_answer(f);
    }
    finish(f);
    return err;
}

// ---- the application

int nif_app(struct nif_board *board)
{
    // Not static: two boards may run in one program.
    struct fetch f = {
        .board = board,
        .until_us = nif_clock_now_us(board->clock) + LIMIT_US,
    };
    int err = read_args(&f, board->args);

    if (err != 0) {
        show(board, "fetch: [http://]HOST[:PORT][/PATH]");
        return err;
    }
    err = uplink_wait(&f.up, board, f.until_us);
    if (err == 0) {
        nif_dns_resolver_init(&f.dns, board->stack, board->seed);
        err = fetch(&f);
    }
    nif_connector_stop(&f.up.connector);
    return board->stop ? 0 : err;
}
