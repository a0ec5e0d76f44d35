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

static void send_question(struct nif_dns *dns)
{
    struct nif_endpoint to = { .ip = { .family = NIF_IPV4 },
        .port = dns->local ? MDNS_PORT : DNS_PORT };

    nif_put_be32(to.ip.byte, dns->server);
    dns->unsent = nif_conn_send(&dns->conn, dns->question, dns->question_len,
                      &to) == NIF_EAGAIN;
}

// The server for this question: in turn, if there are two; for .local the
// neighbours. False if there is none.
static bool choose_server(struct nif_dns *dns)
{
    struct nif_net net;
    const struct nif_ip *ip = net.dns;

    if (dns->local) {
        dns->server = MDNS_GROUP;
        return true;
    }
    nif_stack_net(dns->stack, &net);
    ip += ((dns->tries & 1) != 0 && net.dns[1].family == NIF_IPV4) ||
        net.dns[0].family != NIF_IPV4;
    dns->server = nif_ip4_value(ip);
    return ip->family == NIF_IPV4;
}

// Asks the next server, over a new connection: that is a new port, drawn by
// the stack, which an attacker has to guess beside the id (RFC 5452 9.2).
static int ask(struct nif_dns *dns)
{
    const struct nif_conn_cfg buffers = { .rx = dns->rx,
        .rx_cap = sizeof(dns->rx) };
    int err;

    close_conn(dns);
    if (dns->tries >= TRIES_MAX) {
        return NIF_ETIMEDOUT;
    }
    if (!choose_server(dns)) {
        return NIF_EADDR;
    }
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

    if (len < dns->question_len || memcmp(m + DNS_ID, q + DNS_ID, 2) != 0 ||
        memcmp(m + DNS_QUESTIONS, q + DNS_QUESTIONS, 2) != 0 ||
        (nif_get_be16(m + DNS_FLAGS) & (DNS_RESPONSE | DNS_OPCODE)) !=
            DNS_RESPONSE) {
        return false;
    }
    for (size_t i = DNS_BODY; i < dns->question_len; i++) {
        if (nif__dns_lower(m[i]) != q[i]) {
            return false;
        }
    }
    return true;
}

// One walk through the answers, for the addresses of `name`. If it is an
// alias, `*target` becomes the place of what it stands for. `*ttl_s` becomes
// the least time to live of what was used. Returns how many addresses there
// are; NIF_EPROTO.
static int find(struct nif_dns *dns, struct nif__dns_msg m, size_t name,
    size_t *target, uint32_t *ttl_s)
{
    size_t at = dns->question_len;
    struct nif__dns_record r;
    int n = 0;

    // Ends with the bytes, whatever the count says: each record has eleven.
    for (unsigned i = nif_get_be16(m.at + DNS_ANSWERS); i > 0; i--) {
        if (!nif__dns_record(m, &at, &r)) {
            return NIF_EPROTO;
        }
        if ((r.cls & ~DNS_UNIQUE) != DNS_IN ||
            !nif__dns_same(m, r.name, m, name)) {
            continue;
        }
        if (r.type == DNS_A && r.data_len == 4) {
            if (n < NIF_DNS_IPS) {
                dns->ip[n++] = nif_get_be32(m.at + r.data);
            }
        } else if (r.type == DNS_CNAME) {
            *target = r.data;
        } else {
            continue;
        }
        *ttl_s = r.ttl_s < *ttl_s ? r.ttl_s : *ttl_s;
    }
    return n;
}

// How long the absence of a name may be remembered (RFC 2308 5): what the SOA
// record among the authorities says; 0 if there is none.
static uint32_t absence_s(const struct nif_dns *dns, struct nif__dns_msg m)
{
    size_t at = dns->question_len;
    unsigned answers = nif_get_be16(m.at + DNS_ANSWERS);
    unsigned all = answers + nif_get_be16(m.at + DNS_AUTHORITIES);
    struct nif__dns_record r;

    for (unsigned i = 0; i < all && nif__dns_record(m, &at, &r); i++) {
        if (i >= answers && r.type == DNS_SOA && r.data_len >= 22) {
            uint32_t least_s = nif_get_be32(m.at + at - 4);

            return least_s < r.ttl_s ? least_s : r.ttl_s;
        }
    }
    return 0;
}

// What the message in `dns->msg` says. NIF_EAGAIN: nothing that concerns us.
static int read_answer(struct nif_dns *dns, size_t len)
{
    struct nif__dns_msg m = { dns->msg, len };
    size_t want = DNS_BODY;
    uint32_t ttl_s = UINT32_MAX;
    unsigned flags;
    int n = 0;

    if (!answers_us(dns, len)) {
        return NIF_EAGAIN;
    }
    flags = nif_get_be16(m.at + DNS_FLAGS);
    if ((flags & DNS_CODE) != 0 && (flags & DNS_CODE) != DNS_CODE_NO_NAME) {
        return NIF_EPROTO;
    }
    for (unsigned i = 0; i <= ALIASES_MAX && n == 0 && want != 0; i++) {
        size_t name = want;

        want = 0;
        n = find(dns, m, name, &want, &ttl_s);
        if (want != 0 && nif__dns_skip(m, want) == 0) {
            n = NIF_EPROTO;
        }
    }
    if (n < 0 || (n == 0 && (want != 0 || (flags & DNS_TRUNCATED) != 0))) {
        return NIF_EPROTO; // broken, too many aliases, or cut off too early
    }
    dns->ip_count = (uint8_t)n;
    if (dns->cache != NULL && (flags & DNS_TRUNCATED) == 0) {
        dns->cache->remember(dns->cache, dns,
            n > 0 ? ttl_s : absence_s(dns, m));
    }
    return n > 0 ? 0 : NIF_ENOTFOUND;
}

// --------------------------------------------------------------- surface

// The answer comes from whom we asked; a neighbour's from its own address, on
// our link (RFC 6762 11).
static bool from_whom_we_asked(const struct nif_dns *dns,
    const struct nif_endpoint *from)
{
    struct nif_net net;
    uint32_t ip = nif_ip4_value(&from->ip);

    if (!dns->local) {
        return from->port == DNS_PORT && ip == dns->server;
    }
    nif_stack_net(dns->stack, &net);
    ip ^= nif_ip4_value(&net.ip);
    return from->port == MDNS_PORT && (ip & nif__mask(net.prefix_len)) == 0;
}

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
        if (from_whom_we_asked(dns, &from)) {
            err = read_answer(dns, (size_t)len);
        }
    }
    return err;
}

static int go_on(struct nif_dns *dns)
{
    int err = receive(dns);

    if (err == NIF_EPROTO) {
        err = ask(dns); // this server cannot tell: the other may
        return err == NIF_ETIMEDOUT ? NIF_EPROTO : err;
    }
    if (err == NIF_EAGAIN && now_us(dns) >= dns->until_us) {
        err = ask(dns);
        if (err == NIF_ETIMEDOUT && dns->local) {
            err = NIF_ENOTFOUND; // nobody has that name
        }
    } else if (err == NIF_EAGAIN && dns->unsent) {
        send_question(dns);
    }
    return err;
}

int nif_dns_poll(struct nif_dns *dns, struct nif_ip *out, uint64_t *again_us)
{
    uint64_t at_us;
    int err = dns->result;

    if (err == NIF_EAGAIN) {
        err = go_on(dns);
    }
    if (err == NIF_EAGAIN) {
        at_us = dns->unsent ? now_us(dns) + NIF__RESEND_US : dns->until_us;
        if (at_us < *again_us) {
            *again_us = at_us;
        }
        return err;
    }
    nif_dns_stop(dns);
    if (err == 0) {
        *out = nif_ip4(0, 0, 0, 0);
        nif_put_be32(out->byte, dns->ip[0]);
    }
    return err;
}

int nif_dns_start(struct nif_dns *dns, const char *host)
{
    static const uint8_t in_a[] = { 0, DNS_A, 0, DNS_IN };
    uint8_t *name = dns->question + DNS_BODY;
    struct nif_ip ip;
    size_t len;
    int err;

    nif_dns_stop(dns);
    dns->unsent = false;
    dns->tries = 0;
    if (nif_ip_parse(host, &ip) == 0) {
        dns->ip[0] = nif_ip4_value(&ip);
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
    memcpy(name + len, in_a, sizeof(in_a));
    dns->question_len = (uint16_t)(DNS_BODY + len + sizeof(in_a));
    dns->local = len > 7 && memcmp(name + len - 7, "\5local", 7) == 0;
    dns->question[DNS_FLAGS] = dns->local ? 0 : DNS_RECURSE >> 8;
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
