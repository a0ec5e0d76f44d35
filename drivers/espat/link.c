// SPDX-License-Identifier: MIT
//
// The module's five connections: which of ours has which, who comes in, and
// what became of them. The module gives ids to clients that come in, lowest
// first; so we take ours from the top.

#include "internal.h"

#include <string.h>

// The end of a link that could not be opened is told up to so much later.
#define COOL_MS 500u

// Times that a link fetches before it sends: more than the module's window.
#define FETCHES 4u

static uint32_t now_ms(const struct espat *chip)
{
    return (uint32_t)(nif_clock_now_us(chip->cfg.clock) / 1000);
}

static void let_go(struct espat *chip, uint8_t id)
{
    chip->link[id] = (struct espat_link){
        .state = ESPAT_LINK_COOL,
        .cool_ms = now_ms(chip),
    };
}

bool at__link_is_free(const struct espat *chip, uint8_t id)
{
    const struct espat_link *link = &chip->link[id];

    return link->state == ESPAT_LINK_FREE ||
        (link->state == ESPAT_LINK_COOL &&
            now_ms(chip) - link->cool_ms >= COOL_MS);
}

// ---- ends

// The connection has its link no more, and gets none again unless it is UDP,
// for which nothing has ended.
static struct nif_conn *part(struct espat *chip, uint8_t id)
{
    struct espat_link *link = &chip->link[id];
    struct nif_conn *conn = link->conn;

    link->conn = NULL;
    if (conn != NULL) {
        if (chip->send_conn == conn) {
            at__orphan(chip);
        }
        at__forget_conn(chip, conn);
        at__conn(conn)->id = ESPAT_NO_LINK;
        at__conn(conn)->wants = conn->proto == NIF_UDP;
    }
    return conn;
}

// The peer has closed, and all is fetched.
static void end_link(struct espat *chip, uint8_t id, int err)
{
    struct nif_conn *conn = part(chip, id);

    let_go(chip, id);
    chip->link[id].state = ESPAT_LINK_FREE;
    if (conn == NULL || conn->proto == NIF_UDP) {
        return;
    }
    at__conn(conn)->ended = true;
    if (err != 0 || at__conn(conn)->tx_len > 0) {
        at__fail(chip, conn, err != 0 ? err : NIF_ERESET);
    } else if (conn->state == NIF_CONN_CLOSING) {
        at__release(chip, conn);
    } else {
        at__conn(conn)->ready = true;
        conn->state = NIF_CONN_OPEN;
    }
}

void at__drop_link(struct espat *chip, uint8_t id)
{
    (void)part(chip, id);
    chip->link[id].state = ESPAT_LINK_CLOSING;
}

void at__lose_links(struct espat *chip, int err)
{
    struct nif_conn *next;

    for (uint8_t id = 0; id < ESPAT_LINKS; id++) {
        (void)part(chip, id);
        let_go(chip, id);
    }
    for (struct nif_conn *conn = chip->conns; conn != NULL; conn = next) {
        next = conn->next;
        if (conn->proto == NIF_UDP) {
            if (conn->state == NIF_CONN_CLOSING) {
                at__release(chip, conn); // what it had to say is lost
            }
        } else if ((conn->state == NIF_CONN_OPENING ||
                       conn->state == NIF_CONN_OPEN ||
                       conn->state == NIF_CONN_CLOSING) &&
            !at__conn(conn)->ended) {
            at__fail(chip, conn, err);
        }
    }
}

void at__on_closed(struct espat *chip, uint8_t id)
{
    struct espat_link *link = &chip->link[id];
    bool starts = at__runs(chip, &at__start, id);

    switch (link->state) {
    case ESPAT_LINK_STARTING: link->closed = starts; break;
    case ESPAT_LINK_CLOSING: link->closed = true; break;
    case ESPAT_LINK_OPEN:
        link->closed = true;
        // AT 1.x says so before all is fetched.
        link->pending = true;
        if (!chip->passive || link->conn == NULL ||
            link->conn->proto == NIF_UDP) {
            end_link(chip, id, 0);
        }
        break;
    default: link->state = ESPAT_LINK_FREE; break;
    }
}

// ---- those who come in

void at__admit(struct nif_conn *conn)
{
    at__conn(conn)->ready = true;
    if (conn->state == NIF_CONN_OPENING) {
        conn->state = NIF_CONN_OPEN;
    }
}

static struct nif_conn *free_place(struct espat *chip)
{
    const struct espat_conn *listener =
        chip->listener != NULL ? at__conn(chip->listener) : NULL;

    for (size_t i = 0; listener != NULL && i < listener->backlog_len; i++) {
        struct nif_conn *conn = &listener->backlog[i];

        if (conn->state == NIF_CONN_IDLE) {
            return conn;
        }
    }
    return NULL;
}

// A client is at link `id`; who it is, if `ip` is not NULL.
void at__welcome(struct espat *chip, uint8_t id, const uint8_t *ip,
    uint16_t port)
{
    struct nif_conn *conn = free_place(chip);
    struct espat_link *link = &chip->link[id];
    struct espat_conn *c;

    *link = (struct espat_link){ .state = ESPAT_LINK_CLOSING };
    if (conn == NULL) {
        chip->stats.refused++;
        return;
    }
    link->state = ESPAT_LINK_OPEN;
    link->conn = conn;
    link->pending = true; // some versions do not tell
    c = at__conn(conn);
    c->id = id;
    c->order = chip->order++;
    conn->state = NIF_CONN_OPENING;
    if (ip != NULL) {
        memcpy(c->peer, ip, sizeof(c->peer));
        c->port = port;
        c->known = true;
        at__admit(conn);
    } else {
        chip->todo |= ESPAT_TODO_LINKS;
    }
}

// A link is there; `client`: one that came in, as far as the module tells.
static void on_connect(struct espat *chip, uint8_t id, bool client,
    const uint8_t *ip, uint16_t port)
{
    struct espat_link *link = &chip->link[id];
    bool lost;

    switch (link->state) {
    case ESPAT_LINK_STARTING:
        if (!client && at__runs(chip, &at__start, id)) {
            link->met = true;
            return;
        }
        // It was faster than we were.
        at__conn(link->conn)->wants = true;
        at__conn(link->conn)->id = ESPAT_NO_LINK;
        break;
    case ESPAT_LINK_OPEN:
        // Only the end of the one before can have got lost. Only AT 1.x tells
        // an end before all is fetched.
        if (!client && chip->listener == NULL) {
            return;
        }
        lost = link->pending && (!link->closed || chip->version < 0x0200);
        end_link(chip, id, lost && link->conn != NULL ? NIF_ERESET : 0);
        break;
    case ESPAT_LINK_CLOSING:
        if (!link->closed) {
            return; // what was given up has come about: it is closed
        }
        break;
    default: break;
    }
    at__welcome(chip, id, ip, port);
}

// ---- lines

// <id>,CONNECT and <id>,CLOSED
static bool on_short(struct espat *chip, const char *line)
{
    uint32_t id;
    const char *text = at__skip(at__number(line, &id), ",");

    if (text == NULL || id >= ESPAT_LINKS) {
        return false;
    }
    if (strcmp(text, "CONNECT") == 0) {
        on_connect(chip, (uint8_t)id, false, NULL, 0);
        return true;
    }
    if (strcmp(text, "CLOSED") == 0) {
        at__on_closed(chip, (uint8_t)id);
        return true;
    }
    return strcmp(text, "CONNECT FAIL") == 0; // ERROR follows
}

// +LINK_CONN:<0 good>,<id>,"TCP",<1 came in>,"<ip>",<port>,<own port>
static bool on_link_conn(struct espat *chip, const char *line)
{
    const char *text = at__skip(line, "+LINK_CONN:");
    uint32_t status;
    uint32_t id;
    uint32_t client;
    uint32_t port;
    char kind[4];
    uint8_t ip[4];

    text = at__skip(at__number(text, &status), ",");
    text = at__skip(at__number(text, &id), ",");
    text = at__skip(at__quoted(text, kind, sizeof(kind)), ",");
    text = at__skip(at__number(text, &client), ",");
    text = at__skip(at__ip(text, ip), ",");
    if (at__number(text, &port) == NULL || id >= ESPAT_LINKS) {
        return false;
    }
    if (status == 0) {
        on_connect(chip, (uint8_t)id, client == 1, ip, (uint16_t)port);
    }
    return true;
}

// +IPD,<id>,<len>: there is something to fetch.
static bool on_notice(struct espat *chip, const char *line)
{
    const char *text = at__skip(line, "+IPD,");
    uint32_t len;
    uint32_t id;

    text = at__skip(at__number(text, &id), ",");
    text = at__number(text, &len);
    if (text == NULL || *text != '\0' || id >= ESPAT_LINKS) {
        return false;
    }
    chip->passive = true; // whatever it has said to that
    chip->link[id].pending = true;
    chip->link[id].noticed = true;
    return true;
}

bool at__on_link(struct espat *chip, const char *line)
{
    return on_short(chip, line) || on_link_conn(chip, line) ||
        on_notice(chip, line);
}

// ---- opening and closing

static void put_with_id(struct espat *chip, const char *text)
{
    at__put(chip, text);
    at__put_number(chip, chip->id);
}

// Datagrams that are told with their data stay apart from each other.
static bool is_active(const struct espat_link *link)
{
    return link->state == ESPAT_LINK_STARTING && link->conn != NULL &&
        link->conn->proto == NIF_UDP;
}

static void write_type(struct espat *chip)
{
    put_with_id(chip, "AT+CIPRECVTYPE=");
    at__put(chip, is_active(&chip->link[chip->id]) ? ",0" : ",1");
}

static void type_done(struct espat *chip, int result)
{
    (void)result; // both kinds are understood
    chip->actives ^= (uint8_t)(1u << chip->id);
}

static const struct espat_command type = {
    write_type,
    NULL,
    type_done,
    2,
    false,
};

static bool has_other_type(const struct espat *chip, uint8_t id)
{
    return chip->by_type && chip->passive &&
        (chip->actives >> id & 1) != is_active(&chip->link[id]);
}

static void write_start(struct espat *chip)
{
    struct espat_link *link = &chip->link[chip->id];
    const struct nif_conn *conn = link->conn;
    const struct espat_conn *c = at__conn(link->conn);

    link->met = false;
    link->closed = false;
    put_with_id(chip, "AT+CIPSTART=");
    if (conn->proto == NIF_UDP) {
        // From any peer, to any: what is not of the one is left out here.
        at__put(chip, ",\"UDP\",\"0.0.0.0\",");
        at__put_number(chip, c->local);
        at__put(chip, ",");
        at__put_number(chip, c->local);
        at__put(chip, ",2");
        return;
    }
    at__put(chip, conn->proto == NIF_TCP ? ",\"TCP\"," : ",\"SSL\",");
    if (c->host[0] != '\0') {
        at__put_quoted(chip, c->host);
    } else {
        at__put_ip(chip, c->peer);
    }
    at__put(chip, ",");
    at__put_number(chip, c->port);
    if (c->keepalive != 0) {
        at__put(chip, ",");
        at__put_number(chip, c->keepalive);
    }
}

static void start_failed(struct espat *chip, uint8_t id, int result)
{
    struct espat_link *link = &chip->link[id];
    bool taken = link->met && !link->closed && chip->listener != NULL;
    struct nif_conn *conn = part(chip, id);

    let_go(chip, id);
    if (result == NIF_ETIMEDOUT || result == NIF_EISCONN) {
        link->state = ESPAT_LINK_CLOSING; // it may still come about
    } else if (taken) {
        at__welcome(chip, id, NULL, 0); // a client was faster
    }
    if (conn == NULL || conn->proto == NIF_UDP) {
        return;
    }
    if (result == NIF_EISCONN || (taken && result == NIF_EPROTO)) {
        at__conn(conn)->wants = true;
    } else {
        at__fail(chip, conn, result == NIF_EPROTO ? NIF_EUNREACH : result);
    }
}

static void start_done(struct espat *chip, int result)
{
    uint8_t id = chip->id;
    struct espat_link *link = &chip->link[id];

    if (link->state == ESPAT_LINK_CLOSING && result != 0 &&
        result != NIF_ETIMEDOUT) {
        let_go(chip, id);
    }
    if (link->state != ESPAT_LINK_STARTING) {
        return;
    }
    if (result != 0) {
        start_failed(chip, id, result);
        return;
    }
    link->state = ESPAT_LINK_OPEN;
    link->pending = true;
    link->missed = 0;
    if (link->conn->state == NIF_CONN_OPENING) {
        link->conn->state = NIF_CONN_OPEN;
    }
    if (link->closed) {
        at__on_closed(chip, id);
    }
}

const struct espat_command at__start = {
    write_start,
    NULL,
    start_done,
    30,
    false,
};

static void write_close(struct espat *chip)
{
    put_with_id(chip, "AT+CIPCLOSE=");
}

static void close_done(struct espat *chip, int result)
{
    struct nif_conn *conn = chip->link[chip->id].conn;

    (void)result; // an error: it was closed already
    if (chip->link[chip->id].state != ESPAT_LINK_CLOSING) {
        return;
    }
    (void)part(chip, chip->id);
    let_go(chip, chip->id);
    if (conn != NULL) {
        at__release(chip, conn);
    }
}

const struct espat_command at__close = {
    write_close,
    NULL,
    close_done,
    2,
    false,
};

// ---- what is next

bool at__has_link(const struct espat *chip)
{
    unsigned busy = 0;

    for (uint8_t id = 0; id < ESPAT_LINKS; id++) {
        busy += chip->link[id].state >= ESPAT_LINK_STARTING;
    }
    for (struct nif_conn *conn = chip->conns; conn != NULL; conn = conn->next) {
        busy += at__conn(conn)->wants;
    }
    return busy < ESPAT_LINKS;
}

bool at__cools(const struct espat *chip)
{
    const struct nif_conn *conn = chip->conns;

    while (conn != NULL && !at__of_conn(conn)->wants) {
        conn = conn->next;
    }
    return conn != NULL && at__has_address(chip);
}

// Gives links to who wants one.
static void assign(struct espat *chip)
{
    struct nif_conn *conn = chip->conns;
    uint8_t id = ESPAT_LINKS;

    if (!at__has_address(chip)) {
        return;
    }
    while (conn != NULL && !at__conn(conn)->wants) {
        conn = conn->next;
    }
    if (conn == NULL) {
        return;
    }
    while (id > 0 && !at__link_is_free(chip, (uint8_t)(id - 1))) {
        id--;
    }
    if (id > 0) {
        id--;
        chip->link[id] = (struct espat_link){
            .state = ESPAT_LINK_STARTING,
            .conn = conn,
        };
        at__conn(conn)->id = id;
        at__conn(conn)->wants = false;
    }
}

// What an open link has to do. The module does nothing else while it sends,
// and that ends when its peer reads on; which it may only do when what it has
// sent itself is fetched: so that comes first. But who sends all the time does
// not keep us from it.
static const struct espat_command *work(struct espat *chip,
    struct espat_link *link)
{
    struct nif_conn *conn = link->conn;
    bool fetch = at__can_fetch(chip, link);
    bool send = conn != NULL && at__conn(conn)->tx_len > 0 &&
        conn->state != NIF_CONN_OPENING && !link->closed;

    if (send && (!fetch || link->fetched >= FETCHES)) {
        link->fetched = 0;
        return &at__send;
    }
    if (fetch) {
        link->fetched++;
        return &at__fetch;
    }
    return NULL;
}

static const struct espat_command *next_of(struct espat *chip, uint8_t id)
{
    struct espat_link *link = &chip->link[id];
    struct nif_conn *conn = link->conn;

    switch (link->state) {
    case ESPAT_LINK_STARTING:
        return has_other_type(chip, id) ? &type : &at__start;
    case ESPAT_LINK_CLOSING:
        if (!link->closed) {
            return &at__close;
        }
        chip->id = id;
        close_done(chip, 0);
        return NULL;
    case ESPAT_LINK_OPEN:
        if (conn == NULL) {
            link->state = ESPAT_LINK_CLOSING;
            return NULL;
        }
        if (conn->state == NIF_CONN_CLOSING && at__conn(conn)->tx_len == 0) {
            link->state = ESPAT_LINK_CLOSING;
            return link->closed ? NULL : &at__close;
        }
        if (link->closed && !link->pending) {
            end_link(chip, id, 0);
            return NULL;
        }
        return work(chip, link);
    default: return has_other_type(chip, id) ? &type : NULL;
    }
}

const struct espat_command *at__next_link(struct espat *chip, uint64_t now_us)
{
    (void)now_us;
    assign(chip);
    for (uint8_t i = 0; i < ESPAT_LINKS; i++) {
        uint8_t id = (uint8_t)((chip->turn + i) % ESPAT_LINKS);
        const struct espat_command *command = next_of(chip, id);

        if (command != NULL) {
            chip->id = id;
            chip->turn = (uint8_t)((id + 1) % ESPAT_LINKS);
            return command;
        }
    }
    return NULL;
}
