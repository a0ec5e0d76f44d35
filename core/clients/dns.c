// SPDX-License-Identifier: MIT
//
// DNS lookup (RFC 1035) of an IPv4 address, over UDP. What a server says is
// believed only if it answers our question, and is read within bounds: RFC
// 9267 lists what others did wrong.

#include "nif/dns.h"

#include "nif/clock.h"

#include <string.h>

enum {
    MSG_ID = 0,
    MSG_FLAGS = 2,
    MSG_QUESTIONS = 4,
    MSG_ANSWERS = 6,
    MSG_BODY = 12,

    FLAG_RESPONSE = 0x8000,
    FLAG_OPCODE = 0x7800,
    FLAG_TRUNCATED = 0x0200,
    FLAG_RECURSE = 0x0100,
    FLAG_CODE = 0x000F,
    CODE_NO_NAME = 3,

    TYPE_A = 1,
    TYPE_CNAME = 5,
    CLASS_IN = 1,
    RECORD_HEAD = 10, // type, class, time to live, length

    POINTER = 0xC0,
};

#define SERVER_PORT 53
#define FIRST_US    1000000u // then doubled with each round of the servers
#define TRIES_MAX   6        // questions in all
#define RESEND_US   10000u
#define ALIASES_MAX 8   // CNAMEs in a row
#define LABELS_MAX  128 // more do not fit a name of 255

static uint32_t draw(struct nif_dns *dns)
{
    // Two xorshifts (Marsaglia), stirred with the time of the call, which
    // an attacker from afar does not know to the microsecond.
    uint32_t x = dns->random[0] ^ (uint32_t)nif_clock_now_us(dns->stack->clock);

    x |= x == 0;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    dns->random[0] = dns->random[1];
    dns->random[1] ^= x * 2654435761u;
    dns->random[1] = dns->random[1] << 7 | dns->random[1] >> 25;
    return dns->random[1] ^ x;
}

// ---------------------------------------------------------------- asking

// "example.net" as 7 example 3 net 0. A dot at the end is allowed.
static int encode(struct nif_dns *dns, const char *host)
{
    size_t len = strlen(host);
    size_t label = 0; // where its length stands

    if (len > 0 && host[len - 1] == '.') {
        len--;
    }
    if (len == 0 || len + 2 > sizeof(dns->name)) {
        return NIF_EINVAL;
    }
    for (size_t i = 0; i <= len; i++) {
        if (i < len && host[i] != '.') {
            dns->name[i + 1] = (uint8_t)host[i];
            continue;
        }
        if (i == label || i - label > 63) {
            return NIF_EINVAL;
        }
        dns->name[label] = (uint8_t)(i - label);
        label = i + 1;
    }
    dns->name[len + 1] = 0;
    dns->name_len = (uint16_t)(len + 2);
    return 0;
}

static size_t build(struct nif_dns *dns)
{
    uint8_t *m = dns->msg;

    memset(m, 0, MSG_BODY);
    nif_put_be16(m + MSG_ID, dns->id);
    nif_put_be16(m + MSG_FLAGS, FLAG_RECURSE);
    nif_put_be16(m + MSG_QUESTIONS, 1);
    memcpy(m + MSG_BODY, dns->name, dns->name_len);
    m += MSG_BODY + dns->name_len;
    nif_put_be16(m, TYPE_A);
    nif_put_be16(m + 2, CLASS_IN);
    return MSG_BODY + dns->name_len + 4u;
}

static void send_question(struct nif_dns *dns)
{
    const struct nif_endpoint to = { .ip = dns->server, .port = SERVER_PORT };
    int err = nif_conn_send(&dns->conn, dns->msg, build(dns), &to);

    dns->unsent = err == NIF_EAGAIN;
}

// A new connection for each question: a new port, drawn by the stack, which
// an attacker has to guess beside the id (RFC 5452 9.2).
static int reopen(struct nif_dns *dns)
{
    const struct nif_conn_cfg buffers = {
        .rx = dns->rx,
        .rx_cap = sizeof(dns->rx),
    };
    const struct nif_endpoint any = { .port = 0 };
    int err;

    nif_dns_stop(dns);
    err = nif_conn_open(dns->stack, &dns->conn, NIF_UDP, &buffers);
    if (err != 0) {
        return err;
    }
    dns->open = true;
    dns->id = (uint16_t)draw(dns);
    return nif_conn_bind(&dns->conn, &any);
}

// The server for question number `tries`: in turn, if there are two.
static bool choose_server(struct nif_dns *dns)
{
    struct nif_net net;
    size_t which = dns->tries & 1;

    nif_stack_net(dns->stack, &net);
    if (net.dns[which].family == NIF_IP_NONE) {
        which ^= 1;
    }
    dns->server = net.dns[which];
    return dns->server.family != NIF_IP_NONE;
}

static int ask(struct nif_dns *dns)
{
    int err;

    if (dns->tries >= TRIES_MAX) {
        return NIF_ETIMEDOUT;
    }
    if (!choose_server(dns)) {
        return NIF_EADDR;
    }
    err = reopen(dns);
    if (err != 0) {
        return err;
    }
    dns->at_us = nif_clock_now_us(dns->stack->clock) +
        ((uint64_t)FIRST_US << (dns->tries >> 1));
    dns->tries++;
    send_question(dns);
    return NIF_EAGAIN;
}

// --------------------------------------------------------------- reading

struct reader {
    const uint8_t *msg;
    size_t len;
    size_t at;
};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

// Follows the pointer at `at`; 0 if it may not be followed. It must lead to
// before `limit`, where the piece of the name that it ends began: then there
// is no loop.
static size_t follow(const struct reader *r, size_t at, size_t limit)
{
    size_t to;

    if (r->len - at < 2) {
        return 0;
    }
    to = nif_get_be16(r->msg + at) & 0x3FFFu;
    return to >= MSG_BODY && to < limit ? to : 0;
}

// Adds the label at `at` to a name of `len` bytes; false if it does not fit.
static bool take_label(const struct reader *r, size_t at,
    uint8_t out[NIF_DNS_NAME_MAX], size_t len)
{
    size_t n = r->msg[at];

    if (n > 63 || n >= r->len - at || len + n + 1 > NIF_DNS_NAME_MAX) {
        return false;
    }
    out[len] = (uint8_t)n;
    for (size_t i = 1; i <= n; i++) {
        out[len + i] = lower(r->msg[at + i]);
    }
    return true;
}

// Reads the name at `r->at`, compression and all, into `out`, in lower case;
// `r` is then behind it. Returns the length, or 0 if it does not hold
// together.
static size_t read_name(struct reader *r, uint8_t out[NIF_DNS_NAME_MAX])
{
    size_t at = r->at;
    size_t limit = r->at;
    size_t len = 0;
    size_t behind = 0; // the first pointer

    // Ends: a label makes `len` grow, a pointer makes `limit` shrink.
    while (at < r->len) {
        uint8_t n = r->msg[at];

        if ((n & POINTER) == POINTER) {
            behind = behind != 0 ? behind : at + 2;
            at = follow(r, at, limit);
            limit = at;
            if (at == 0) {
                return 0;
            }
            continue;
        }
        if (!take_label(r, at, out, len)) {
            return 0;
        }
        at += n + 1u;
        len += n + 1u;
        if (n == 0) {
            r->at = behind != 0 ? behind : at;
            return len;
        }
    }
    return 0;
}

static bool name_is(const uint8_t *name, size_t len, const uint8_t *other,
    size_t other_len)
{
    if (len != other_len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (lower(name[i]) != lower(other[i])) {
            return false;
        }
    }
    return true;
}

// The head of an answer that is ours: id, one question, which is the one
// that we asked. `r` is then behind it.
static bool answers_us(const struct nif_dns *dns, struct reader *r,
    uint8_t name[NIF_DNS_NAME_MAX])
{
    uint16_t flags;
    size_t len;

    if (r->len < MSG_BODY || nif_get_be16(r->msg + MSG_ID) != dns->id ||
        nif_get_be16(r->msg + MSG_QUESTIONS) != 1) {
        return false;
    }
    flags = nif_get_be16(r->msg + MSG_FLAGS);
    if ((flags & (FLAG_RESPONSE | FLAG_OPCODE)) != FLAG_RESPONSE) {
        return false;
    }
    len = read_name(r, name);
    if (len == 0 || !name_is(name, len, dns->name, dns->name_len) ||
        r->len - r->at < 4) {
        return false;
    }
    r->at += 4;
    return nif_get_be16(r->msg + r->at - 4) == TYPE_A &&
        nif_get_be16(r->msg + r->at - 2) == CLASS_IN;
}

struct record {
    uint8_t name[NIF_DNS_NAME_MAX];
    size_t name_len;
    uint16_t type;
    size_t data; // where it is
    size_t data_len;
};

static bool read_record(struct reader *r, struct record *rec)
{
    const uint8_t *head;

    rec->name_len = read_name(r, rec->name);
    if (rec->name_len == 0 || r->len - r->at < RECORD_HEAD) {
        return false;
    }
    head = r->msg + r->at;
    rec->type = nif_get_be16(head + 2) == CLASS_IN ? nif_get_be16(head) : 0;
    rec->data_len = nif_get_be16(head + 8);
    rec->data = r->at + RECORD_HEAD;
    if (rec->data_len > r->len - rec->data) {
        return false;
    }
    r->at = rec->data + rec->data_len;
    return true;
}

// Goes through the answers for one about `want`: an address ends the search;
// an alias puts its target in `want`. Returns 0, 1 for an alias, or an error.
static int find_answer(const struct reader *body, uint8_t *want,
    size_t *want_len, struct nif_ip *out)
{
    struct reader r = *body;
    unsigned count = nif_get_be16(r.msg + MSG_ANSWERS);
    struct record rec;

    // Not the count bounds it but the bytes: each record has 11 at least.
    for (unsigned i = 0; i < count && r.at < r.len; i++) {
        if (!read_record(&r, &rec)) {
            return NIF_EPROTO;
        }
        if (!name_is(rec.name, rec.name_len, want, *want_len)) {
            continue;
        }
        if (rec.type == TYPE_A && rec.data_len == 4) {
            *out = nif_ip4_from(r.msg + rec.data);
            return 0;
        }
        if (rec.type == TYPE_CNAME) {
            struct reader target = { r.msg, r.len, rec.data };

            *want_len = read_name(&target, want);
            return *want_len != 0 ? 1 : NIF_EPROTO;
        }
    }
    return NIF_ENOTFOUND;
}

// What the message in `dns->msg` says. NIF_EAGAIN: nothing that concerns us.
static int read_answer(struct nif_dns *dns, size_t len, struct nif_ip *out)
{
    struct reader r = { dns->msg, len, MSG_BODY };
    uint8_t want[NIF_DNS_NAME_MAX];
    size_t want_len = dns->name_len;
    unsigned flags;
    int found = 1;

    if (!answers_us(dns, &r, want)) {
        return NIF_EAGAIN;
    }
    flags = nif_get_be16(r.msg + MSG_FLAGS);
    if ((flags & FLAG_CODE) == CODE_NO_NAME) {
        return NIF_ENOTFOUND;
    }
    if ((flags & FLAG_CODE) != 0) {
        return NIF_EPROTO;
    }
    for (unsigned i = 0; i < ALIASES_MAX && found == 1; i++) {
        found = find_answer(&r, want, &want_len, out);
    }
    if (found == NIF_ENOTFOUND && (flags & FLAG_TRUNCATED)) {
        return NIF_EPROTO; // it may stand in what was cut off
    }
    return found == 1 ? NIF_EPROTO : found;
}

// --------------------------------------------------------------- surface

static int receive(struct nif_dns *dns, struct nif_ip *out)
{
    struct nif_endpoint from;
    int len = nif_conn_recv(&dns->conn, dns->msg, sizeof(dns->msg), &from);

    if (len < 0) {
        return NIF_EAGAIN;
    }
    if (from.port != SERVER_PORT || !nif_ip_equal(&from.ip, &dns->server)) {
        return NIF_EAGAIN;
    }
    return read_answer(dns, (size_t)len, out);
}

static int answer(struct nif_dns *dns, struct nif_ip *out)
{
    int err = NIF_EAGAIN;

    if (dns->name_len == 0) { // the host was an address
        *out = dns->server;
        return 0;
    }
    // What is not for us may stand before what is.
    for (unsigned i = 0; i < 4 && err == NIF_EAGAIN; i++) {
        err = receive(dns, out);
    }
    if (err == NIF_EPROTO) {
        err = ask(dns); // this server cannot tell: the other may
        return err == NIF_ETIMEDOUT ? NIF_EPROTO : err;
    }
    if (err != NIF_EAGAIN) {
        return err;
    }
    if (dns->unsent) {
        send_question(dns);
    }
    if (nif_clock_now_us(dns->stack->clock) >= dns->at_us) {
        err = ask(dns);
    }
    return err;
}

int nif_dns_poll(struct nif_dns *dns, struct nif_ip *out, uint64_t *again_us)
{
    uint64_t at_us;
    int err;

    if (!dns->open && (dns->name_len != 0 || dns->server.family == 0)) {
        return NIF_EINVAL;
    }
    err = answer(dns, out);
    if (err != NIF_EAGAIN) {
        nif_dns_stop(dns);
        dns->server = (struct nif_ip){ .family = NIF_IP_NONE };
        return err;
    }
    at_us = dns->at_us;
    if (dns->unsent) {
        at_us = nif_clock_now_us(dns->stack->clock) + RESEND_US;
    }
    if (at_us < *again_us) {
        *again_us = at_us;
    }
    return NIF_EAGAIN;
}

int nif_dns_start(struct nif_dns *dns, const char *host)
{
    int err;

    nif_dns_stop(dns);
    dns->tries = 0;
    dns->name_len = 0;
    if (nif_ip_parse(host, &dns->server) == 0) {
        return 0;
    }
    err = encode(dns, host);
    if (err == 0) {
        err = ask(dns);
    }
    return err == NIF_EAGAIN ? 0 : err;
}

void nif_dns_stop(struct nif_dns *dns)
{
    if (dns->open) {
        nif_conn_abort(&dns->conn);
        dns->open = false;
    }
    dns->unsent = false;
}

void nif_dns_init(struct nif_dns *dns, struct nif_stack *stack, uint64_t seed)
{
    memset(dns, 0, sizeof(*dns));
    dns->stack = stack;
    dns->random[0] = (uint32_t)seed;
    dns->random[1] = (uint32_t)(seed >> 32);
}
