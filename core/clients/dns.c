// SPDX-License-Identifier: MIT
//
// DNS lookup (RFC 1035) of an IPv4 address, over UDP. What a server says is
// believed only if it answers our question (RFC 5452).

#include "nif/dns.h"

#include "dns_message.h"

#include <string.h>

#define FIRST_US    1000000u // then doubled with each round of the servers
#define TRIES_MAX   6        // questions in all
#define ALIASES_MAX 8        // CNAMEs in a row
#define ANSWERS     4        // messages looked at in one poll()

static uint64_t now_us(const struct nif_dns *dns)
{
    return nif_clock_now_us(dns->stack->clock);
}

// ---------------------------------------------------------------- asking

static void close_conn(struct nif_dns *dns)
{
    if (dns->open) {
        nif_conn_abort(&dns->conn);
        dns->open = false;
    }
}

static bool is_local(const struct nif_dns *dns)
{
    return dns->port == MDNS_PORT;
}

static void send_question(struct nif_dns *dns)
{
    struct nif_endpoint to;

    nif__put_ip(&to.ip, is_local(dns) ? MDNS_GROUP : dns->server);
    to.port = dns->port;
    to.host = NULL;
    dns->unsent = nif_conn_send(&dns->conn, dns->question, dns->question_len,
                      &to) == NIF_EAGAIN;
}

// Who is to answer this question: the servers in turn, if there are two; for
// .local anybody on our link, from its own address (RFC 6762 11). False if
// there is none.
static bool choose_server(struct nif_dns *dns)
{
    struct nif_net net;
    const struct nif_ip *ip = net.dns;

    nif_stack_net(dns->stack, &net);
    dns->mask = UINT32_MAX;
    if (is_local(dns)) {
        ip = &net.ip;
        dns->mask = nif__mask(net.prefix_len);
    } else {
        ip += ((dns->tries & 1) != 0 && ip[1].family == NIF_IPV4) ||
            ip[0].family != NIF_IPV4;
    }
    dns->server = nif_load_be32(ip->byte);
    return ip->family == NIF_IPV4 || is_local(dns);
}

// Asks the next server, over a new connection: that is a new port, drawn by
// the stack, which an attacker has to guess beside the id (RFC 5452 9.2).
static int ask(struct nif_dns *dns)
{
    struct nif_conn_cfg buffers;
    int err;

    close_conn(dns);
    if (dns->tries >= TRIES_MAX) {
        return NIF_ETIMEDOUT;
    }
    if (!choose_server(dns)) {
        return NIF_EADDR;
    }
    buffers.rx = dns->rx;
    buffers.rx_cap = sizeof(dns->rx);
    buffers.tx = NULL;
    buffers.tx_cap = 0;
    err = nif__client_open(dns->stack, &dns->conn, &buffers, 0);
    if (err != 0) {
        return err;
    }
    dns->open = true;
    nif_put_be16(dns->question + DNS_ID,
        (uint16_t)nif_random_draw(dns->cache != NULL ? &dns->cache->random
                                                     : &dns->random));
    dns->until_us = now_us(dns) + (FIRST_US << (dns->tries >> 1));
    dns->tries++;
    send_question(dns);
    return NIF_EAGAIN;
}

// --------------------------------------------------------------- reading

// Has the head of an answer to our question, and that question.
static bool answers_us(const struct nif_dns *dns, size_t len)
{
    const uint8_t *m = dns->msg;
    const uint8_t *q = dns->question;
    uint32_t differ = nif_load_be32(m) ^ nif_load_be32(q);

    return len >= dns->question_len &&
        (differ & (0xFFFF0000u | DNS_RESPONSE | DNS_OPCODE)) == DNS_RESPONSE &&
        nif_load_be16(m + DNS_QUESTIONS) == 1 &&
        nif__dns_alike(m + DNS_BODY, q + DNS_BODY,
            dns->question_len - DNS_BODY);
}

// One walk through the answers, for the addresses of the name at `*name`. If
// it is an alias, that becomes the place of what it stands for, else 0;
// `*ttl_s` the least time to live of what was used. False if they do not hold
// together.
static bool find(struct nif_dns *dns, const struct nif__dns_msg *m,
    size_t *name, uint32_t *ttl_s)
{
    size_t at = dns->question_len;
    size_t wanted = *name;
    struct nif__dns_record r;

    *name = 0;
    // Ends with the bytes, whatever the count says: each record has eleven.
    for (unsigned i = nif_load_be16(m->at + DNS_ANSWERS); i > 0; i--) {
        if (!nif__dns_record(m, &at, &r)) {
            return false;
        }
        if ((r.cls & ~(unsigned)DNS_UNIQUE) != DNS_IN ||
            !nif__dns_same(m, r.name, m, wanted)) {
            continue;
        }
        if (r.type == DNS_A && r.data_len == 4) {
            if (dns->ip_count < NIF_DNS_IPS) {
                dns->ip[dns->ip_count++] = nif_load_be32(m->at + r.data);
            }
        } else if (r.type == DNS_CNAME) {
            *name = r.data;
        } else {
            continue;
        }
        *ttl_s = r.ttl_s < *ttl_s ? r.ttl_s : *ttl_s;
    }
    return *name == 0 || nif__dns_skip(m, *name) != 0;
}

// What the message in `dns->msg` says. NIF_EAGAIN: nothing that concerns us.
static int read_answer(struct nif_dns *dns, size_t len)
{
    const struct nif__dns_msg m = { dns->msg, len };
    size_t name = DNS_BODY;
    uint32_t ttl_s = UINT32_MAX;
    unsigned aliases = 0;
    unsigned flags;

    if (!answers_us(dns, len)) {
        return NIF_EAGAIN;
    }
    flags = nif_load_be16(m.at + DNS_FLAGS);
    if ((flags & DNS_CODE) != 0 && (flags & DNS_CODE) != DNS_CODE_NO_NAME) {
        return NIF_EPROTO;
    }
    flags &= DNS_TRUNCATED;
    dns->ip_count = 0;
    do {
        if (aliases > ALIASES_MAX || !find(dns, &m, &name, &ttl_s)) {
            return NIF_EPROTO; // too many, or broken
        }
        aliases++;
    } while (dns->ip_count == 0 && name != 0);
    if (flags != 0) { // cut off, maybe too early
        return dns->ip_count > 0 ? 0 : NIF_EPROTO;
    }
    if (dns->cache != NULL) {
        dns->cache->remember(dns->cache, dns, len, ttl_s);
    }
    return dns->ip_count > 0 ? 0 : NIF_ENOTFOUND;
}

// --------------------------------------------------------------- surface

static int receive(struct nif_dns *dns)
{
    struct nif_endpoint from;
    int err = NIF_EAGAIN;

    // What is not for us may stand before what is.
    for (unsigned i = 0; i < ANSWERS && err == NIF_EAGAIN; i++) {
        int len = nif_conn_recv(&dns->conn, dns->msg, sizeof(dns->msg), &from);

        if (len < 0) {
            break;
        }
        if (from.port == dns->port &&
            ((nif_load_be32(from.ip.byte) ^ dns->server) & dns->mask) == 0) {
            err = read_answer(dns, (size_t)len);
        }
    }
    return err;
}

static int go_on(struct nif_dns *dns)
{
    int said = receive(dns);
    int err = said;

    // A server that cannot tell is as one that does not answer: the other may.
    if (err == NIF_EPROTO ||
        (err == NIF_EAGAIN && nif__has_come(dns->stack, dns->until_us))) {
        err = ask(dns);
        if (err == NIF_ETIMEDOUT && said == NIF_EPROTO) {
            err = said;
        } else if (err == NIF_ETIMEDOUT && is_local(dns)) {
            err = NIF_ENOTFOUND; // nobody has that name
        }
    } else if (err == NIF_EAGAIN && dns->unsent) {
        send_question(dns);
    }
    return err;
}

int nif_dns_poll(struct nif_dns *dns, struct nif_ip *out, uint64_t *again_us)
{
    int err = dns->result;

    if (err == NIF_EAGAIN) {
        err = go_on(dns);
    }
    if (err == NIF_EAGAIN) {
        nif__sooner(again_us,
            dns->unsent ? now_us(dns) + NIF__RESEND_US : dns->until_us);
        return err;
    }
    nif_dns_stop(dns);
    if (err == 0) {
        nif__put_ip(out, dns->ip[0]);
    }
    return err;
}

int nif_dns_start(struct nif_dns *dns, const char *host)
{
    uint8_t *name = dns->question + DNS_BODY;
    struct nif_ip ip;
    size_t len;
    int err;

    nif_dns_stop(dns);
    dns->unsent = false;
    dns->tries = 0;
    if (nif_ip_parse(host, &ip) == 0) {
        dns->ip[0] = nif_load_be32(ip.byte);
        dns->ip_count = 1;
        dns->result = 0;
        return 0;
    }
    memset(dns->question, 0, DNS_BODY);
    dns->question[DNS_QUESTIONS + 1] = 1;
    len = nif__dns_encode(name, host);
    if (len == 0) {
        return NIF_EINVAL;
    }
    nif_store_be32(name + len, DNS_A << 16 | DNS_IN);
    dns->question_len = (uint16_t)(DNS_BODY + len + 4);
    dns->port = MDNS_PORT;
    if (len <= 7 || memcmp(name + len - 7, "\5local", 7) != 0) {
        dns->port = DNS_PORT;
        dns->question[DNS_FLAGS] = DNS_RECURSE >> 8;
    }
    if (dns->cache != NULL && dns->cache->recall(dns->cache, dns)) {
        dns->result = dns->ip_count > 0 ? 0 : NIF_ENOTFOUND;
        return 0;
    }
    err = ask(dns);
    if (err != NIF_EAGAIN) {
        return err;
    }
    dns->result = NIF_EAGAIN;
    return 0;
}

void nif_dns_stop(struct nif_dns *dns)
{
    close_conn(dns);
    dns->result = NIF_EINVAL;
}

void nif_dns_share(struct nif_dns *dns, struct nif_dns_cache *cache)
{
    dns->cache = cache;
}

void nif_dns_init(struct nif_dns *dns, struct nif_stack *stack, uint64_t seed)
{
    memset(dns, 0, sizeof(*dns));
    dns->stack = stack;
    dns->result = NIF_EINVAL;
    nif_random_init(&dns->random, seed, NIF__SALT_DNS);
}
