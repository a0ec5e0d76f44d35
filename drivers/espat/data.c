// SPDX-License-Identifier: MIT
//
// Data: what connections send, a piece at a time, and what they receive,
// straight into their buffers.

#include "internal.h"

#include <string.h>

// Sent at a time. From ESP-AT 2.4 on a module takes 8192; but it does nothing
// else until its peer has room for them, and what is more than its own window
// of 5760 may never end.
#define SEND_MAX 2048u

// Pieces that are worth a command.
#define WORTH 512u

// Asked for at a time.
#define FETCH_MAX 2048u

// The longest datagram that is received.
#define DATAGRAM_RX 1460u

// Pieces that are sent without a look whether there is something to fetch:
// should the notice have got lost, each end would wait for the other to read.
#define SENDS 3u

// Times that sending may be refused although the link is there.
#define REFUSED 3u

// ---- rings

void at__ring_write(uint8_t *ring, size_t cap, size_t at, const uint8_t *data,
    size_t len)
{
    size_t space;

    at = at >= cap ? at - cap : at;
    space = cap - at;
    if (len > space) {
        memcpy(ring, data + space, len - space);
        len = space;
    }
    if (len > 0) {
        memcpy(ring + at, data, len);
    }
}

size_t at__room(struct nif_conn *conn)
{
    return conn->cfg.rx_cap - at__conn(conn)->rx_len;
}

void at__rx_write(struct nif_conn *conn, size_t offset, const uint8_t *data,
    size_t len)
{
    const struct espat_conn *c = at__conn(conn);

    at__ring_write(conn->cfg.rx, conn->cfg.rx_cap,
        c->rx_at + c->rx_len + offset, data, len);
}

uint8_t *at__tx(struct espat *chip, struct nif_conn *conn, size_t *cap)
{
    bool own = conn->cfg.tx_cap > 0;

    *cap = own ? conn->cfg.tx_cap : chip->cfg.tx_cap;
    return own ? conn->cfg.tx : chip->cfg.tx;
}

// ---- sending

// Byte `offset` of what waits to be sent.
static uint8_t tx_byte(struct espat *chip, struct nif_conn *conn, size_t offset)
{
    size_t cap;
    const uint8_t *ring = at__tx(chip, conn, &cap);
    size_t at = at__conn(conn)->tx_at + offset;

    return ring[at >= cap ? at - cap : at];
}

static void write_send(struct espat *chip)
{
    struct nif_conn *conn = chip->link[chip->id].conn;
    const struct espat_conn *c = at__conn(conn);
    uint8_t head[ESPAT_HEAD];
    size_t max = SEND_MAX;

    chip->send_conn = conn;
    chip->send_at = 0;
    if (chip->cfg.tx_cap >= WORTH && chip->cfg.tx_cap < max) {
        max = chip->cfg.tx_cap; // so that the rest fits: at__orphan()
    }
    chip->send_len = (uint16_t)(c->tx_len < max ? c->tx_len : max);
    if (conn->proto == NIF_UDP) {
        for (size_t i = 0; i < sizeof(head); i++) {
            head[i] = tx_byte(chip, conn, i);
        }
        chip->send_len = nif_get_be16(head + 6);
    }
    at__put(chip, "AT+CIPSEND=");
    at__put_number(chip, chip->id);
    at__put(chip, ",");
    at__put_number(chip, chip->send_len);
    if (conn->proto == NIF_UDP) {
        at__put(chip, ",");
        at__put_ip(chip, head);
        at__put(chip, ",");
        at__put_number(chip, nif_get_be16(head + 4));
    }
}

const uint8_t *at__payload(struct espat *chip, size_t *len)
{
    // For a connection that is gone: the module waits for as many bytes.
    static const char filler[] = "\r\n\r\n\r\n\r\n";
    struct nif_conn *conn = chip->send_conn;
    const uint8_t *ring;
    size_t cap;
    size_t at;

    if (conn == NULL && chip->orphan) {
        return chip->cfg.tx + (chip->send_at - chip->orphan_at);
    }
    if (conn == NULL) {
        *len = *len < sizeof(filler) - 1 ? *len : sizeof(filler) - 1;
        return (const uint8_t *)filler;
    }
    ring = at__tx(chip, conn, &cap);
    at = at__conn(conn)->tx_at + chip->send_at;
    at += conn->proto == NIF_UDP ? ESPAT_HEAD : 0;
    at = at >= cap ? at - cap : at;
    *len = *len < cap - at ? *len : cap - at;
    return ring + at;
}

void at__orphan(struct espat *chip)
{
    size_t left = (size_t)(chip->send_len - chip->send_at);
    uint16_t at = chip->send_at;

    if (chip->send_conn->proto != NIF_UDP && chip->spare == NULL &&
        left <= chip->cfg.tx_cap) {
        while (chip->send_at < chip->send_len) {
            size_t n = (size_t)(chip->send_len - chip->send_at);
            const uint8_t *data = at__payload(chip, &n);

            memcpy(chip->cfg.tx + (chip->send_at - at), data, n);
            chip->send_at = (uint16_t)(chip->send_at + n);
        }
        chip->send_at = at;
        chip->orphan_at = at;
        chip->orphan = true;
    }
    chip->send_conn = NULL;
}

static void consume(struct espat *chip, struct nif_conn *conn)
{
    struct espat_conn *c = at__conn(conn);
    size_t n = chip->send_len;
    size_t cap;

    n += conn->proto == NIF_UDP ? ESPAT_HEAD : 0;
    (void)at__tx(chip, conn, &cap);
    c->tx_len -= (uint32_t)n;
    c->tx_at += (uint32_t)n;
    c->tx_at -= (uint32_t)(c->tx_at >= cap ? cap : 0);
    if (chip->spare == conn) {
        chip->spare = NULL;
    }
}

static void send_done(struct espat *chip, int result)
{
    struct nif_conn *conn = chip->send_conn;
    struct espat_link *link = &chip->link[chip->id];

    chip->send_conn = NULL;
    chip->orphan = false;
    if (conn == NULL) {
        return;
    }
    // No answer, but the module has had it all and is at rest: it is sent.
    if (result == 0 || result == NIF_ETIMEDOUT || conn->proto == NIF_UDP) {
        link->refused = 0;
        if (++link->sent >= SENDS) {
            link->pending = true;
        }
        consume(chip, conn);
    } else if (result == NIF_ENOTCONN) {
        at__on_closed(chip, chip->id);
    } else if (result == NIF_EPROTO && chip->send_at == 0 &&
        ++link->refused < REFUSED) {
        chip->todo |= ESPAT_TODO_LINKS; // not there, or was not understood
    } else {
        at__fail(chip, conn, result == NIF_EPROTO ? NIF_ERESET : result);
    }
}

const struct espat_command at__send = {
    write_send,
    NULL,
    send_done,
    2,
    true,
};

// ---- receiving

bool at__can_fetch(struct espat *chip, struct espat_link *link)
{
    struct nif_conn *conn = link->conn;
    size_t room;

    if (!chip->passive || !link->pending || conn == NULL ||
        conn->state == NIF_CONN_CLOSING) {
        return false;
    }
    room = at__room(conn);
    if (at__conn(conn)->rx_len == 0) {
        return room > ESPAT_HEAD;
    }
    // Datagrams whole, all else in pieces that are worth it.
    return conn->proto == NIF_UDP ? room >= ESPAT_HEAD + DATAGRAM_RX
                                  : room >= conn->cfg.rx_cap / 4 && room > 0;
}

static void write_fetch(struct espat *chip)
{
    struct nif_conn *conn = chip->link[chip->id].conn;
    size_t ask = at__room(conn);

    // A byte more than fits of a datagram: then it is told that it was cut.
    ask -= conn->proto == NIF_UDP ? ESPAT_HEAD - 1 : 0;
    chip->in_good = false;
    chip->link[chip->id].sent = 0;
    chip->link[chip->id].noticed = false;
    chip->in_ask = (uint16_t)(ask < FETCH_MAX ? ask : FETCH_MAX);
    at__put(chip, "AT+CIPRECVDATA=");
    at__put_number(chip, chip->id);
    at__put(chip, ",");
    at__put_number(chip, chip->in_ask);
}

static void fetch_done(struct espat *chip, int result)
{
    struct espat_link *link = &chip->link[chip->id];
    struct nif_conn *conn = link->conn;

    if (result == 0 || result == NIF_ETIMEDOUT) {
        // What was not understood is gone from the module all the same.
        if (!chip->in_good && conn != NULL && conn->proto != NIF_UDP) {
            at__fail(chip, conn, NIF_EIO);
        }
        return;
    }
    link->pending = false; // there was none
    if (result == NIF_ENOTCONN) {
        at__on_closed(chip, chip->id);
        link->pending = false;
    }
}

const struct espat_command at__fetch = {
    write_fetch,
    NULL,
    fetch_done,
    2,
    false,
};

void at__data_begin(struct espat *chip, uint8_t id, uint32_t len, bool asked)
{
    struct nif_conn *conn = NULL;
    size_t head = 0;

    chip->in_got = 0;
    if (!asked || at__runs(chip, &at__fetch, id)) {
        conn = chip->link[id].conn;
    }
    if (conn != NULL && conn->proto == NIF_UDP) {
        head = ESPAT_HEAD;
    }
    chip->in_conn = conn;
    if (conn == NULL) {
        chip->stats.dropped += len;
    } else if (conn->state == NIF_CONN_CLOSING) {
        chip->in_conn = NULL;
    } else if (at__room(conn) < len + head) {
        chip->stats.dropped += len;
        chip->in_conn = NULL;
        if (head == 0) {
            at__fail(chip, conn, NIF_ENOBUFS); // a hole in the stream
        }
    }
}

void at__data(struct espat *chip, const uint8_t *data, size_t len)
{
    struct nif_conn *conn = chip->in_conn;

    if (conn != NULL) {
        at__rx_write(conn,
            chip->in_got + (conn->proto == NIF_UDP ? ESPAT_HEAD : 0), data,
            len);
    }
    chip->in_got = (uint16_t)(chip->in_got + len);
}

// A datagram counts if it is of the peer, where there is one.
static void keep_datagram(struct espat *chip, struct nif_conn *conn)
{
    struct espat_conn *c = at__conn(conn);
    uint8_t head[ESPAT_HEAD] = { 0 };

    if (chip->in_port != 0) {
        memcpy(head, chip->in_ip, 4);
        nif_put_be16(head + 4, chip->in_port);
        if (c->known &&
            (chip->in_port != c->port || memcmp(head, c->peer, 4) != 0)) {
            chip->stats.dropped += chip->in_got;
            return;
        }
    } else if (c->known) {
        memcpy(head, c->peer, 4);
        nif_put_be16(head + 4, c->port);
    }
    nif_put_be16(head + 6, chip->in_got);
    at__rx_write(conn, 0, head, sizeof(head));
    c->rx_len += ESPAT_HEAD + chip->in_got;
}

void at__data_end(struct espat *chip, bool good)
{
    struct nif_conn *conn = chip->in_conn;

    chip->in_conn = NULL;
    if (chip->in_asked && good) {
        chip->in_good = true;
    }
    if (conn == NULL) {
        return;
    }
    if (!good) {
        if (conn->proto != NIF_UDP) {
            at__fail(chip, conn, NIF_EIO);
        }
        return;
    }
    if (chip->in_asked) {
        struct espat_link *link = &chip->link[chip->id];

        // All that there was; or there may be more.
        link->pending = chip->in_got >= chip->in_ask || link->noticed;
    }
    if (conn->proto == NIF_UDP) {
        keep_datagram(chip, conn);
    } else {
        at__conn(conn)->rx_len += chip->in_got;
    }
}

// ---- what was not told

static void write_lengths(struct espat *chip)
{
    at__put(chip, "AT+CIPRECVLEN?");
}

// +CIPRECVLEN:<l0>,<l1>,...: 0, -1 or nothing where there is no link.
static bool lengths_line(struct espat *chip, const char *line)
{
    const char *text = at__value(line, "CIPRECVLEN");

    for (uint8_t id = 0; text != NULL && id < ESPAT_LINKS; id++) {
        int len;
        const char *behind = at__signed(text, &len);

        if (behind != NULL && len > 0) {
            chip->link[id].pending = true;
        }
        text = at__skip(behind != NULL ? behind : text, ",");
    }
    return true;
}

static void lengths_done(struct espat *chip, int result)
{
    (void)chip;
    (void)result; // most versions tell without being asked
}

const struct espat_command at__lengths = {
    write_lengths,
    lengths_line,
    lengths_done,
    2,
    false,
};
