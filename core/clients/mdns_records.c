// SPDX-License-Identifier: MIT
//
// Names and records of an mDNS responder (RFC 6763 4 and 6).

#include "mdns_internal.h"

#include <string.h>

#define TTL_HOST_S  120  // what depends on the host (RFC 6762 10)
#define TTL_OTHER_S 4500 // anything else
#define TTL_PLAIN_S 10   // for plain DNS clients (RFC 6762 6.7)

enum { POINTER = 0xC000, SRV_HEAD = 6 };

// ----------------------------------------------------------------- names

static size_t put_label(uint8_t *out, const char *text, size_t len)
{
    out[0] = (uint8_t)len;
    memcpy(out + 1, text, len);
    return 1 + len;
}

// A label with our number, if there is one: "-2" behind a host's name, " (2)"
// behind what people read. The text gives way if it is too long.
static size_t put_numbered(const struct nif_mdns *mdns, uint8_t *out,
    const char *text, bool words)
{
    char tail[5] = { '-' };
    size_t tail_len = 1;
    size_t len = strlen(text);
    uint8_t number = mdns->number;
    char tens = '0';

    if (number < 2) {
        return put_label(out, text, len);
    }
    if (words) {
        tail[0] = ' ';
        tail[1] = '(';
        tail_len = 2;
    }
    for (; number >= 10; number = (uint8_t)(number - 10)) {
        tens++;
    }
    if (tens != '0') {
        tail[tail_len++] = tens;
    }
    tail[tail_len++] = (char)('0' + number);
    if (words) {
        tail[tail_len++] = ')';
    }
    if (len > NIF_MDNS_LABEL_MAX - tail_len) {
        len = NIF_MDNS_LABEL_MAX - tail_len;
    }
    (void)put_label(out, text, len);
    memcpy(out + 1 + len, tail, tail_len);
    out[0] = (uint8_t)(len + tail_len);
    return 1 + len + tail_len;
}

// Two labels as in "_http._tcp".
static size_t put_type(uint8_t *out, const char *type)
{
    size_t len = strlen(type);
    const char *dot = memchr(type, '.', len);
    size_t first = put_label(out, type, (size_t)(dot - type));

    return first + put_label(out + first, dot + 1, len - first);
}

// A name without compression. Returns its length; start() has seen to it that
// it fits.
static size_t write_name(const struct nif_mdns *mdns, uint8_t name,
    const struct nif_mdns_service *s, uint8_t out[NIF_DNS_NAME_MAX])
{
    size_t len = 0;

    if (name == NAME_HOST) {
        len = put_numbered(mdns, out, mdns->cfg.host, false);
    } else if (name == NAME_TYPES) {
        len = put_label(out, "_services", 9);
        len += put_type(out + len, "_dns-sd._udp");
    } else {
        if (name == NAME_INSTANCE) {
            len = put_numbered(mdns, out,
                s->name != NULL ? s->name : mdns->cfg.host, true);
        }
        len += put_type(out + len, s->type);
    }
    len += put_label(out + len, "local", 5);
    out[len] = 0;
    return len + 1;
}

size_t nif__mdns_host(const struct nif_mdns *mdns,
    uint8_t out[1 + NIF_MDNS_LABEL_MAX])
{
    return put_numbered(mdns, out, mdns->cfg.host, false);
}

bool nif__mdns_named(const struct nif_mdns *mdns,
    const struct nif__mdns_record *r, const struct nif__dns_msg *m, size_t at)
{
    uint8_t name[NIF_DNS_NAME_MAX];
    struct nif__dns_msg own = { name, 0 };

    own.len = write_name(mdns, r->name, r->service, name);
    return nif__dns_same(m, at, &own, 0);
}

// --------------------------------------------------------------- records

unsigned nif__mdns_count(const struct nif_mdns *mdns)
{
    return 1 + 4 * (unsigned)mdns->cfg.service_count;
}

struct nif__mdns_record nif__mdns_record(const struct nif_mdns *mdns,
    unsigned n)
{
    static const struct nif__mdns_record of_service[] = {
        { NULL, NAME_TYPE, NAME_INSTANCE, DNS_PTR, TTL_OTHER_S, false },
        { NULL, NAME_INSTANCE, 0, DNS_TXT, TTL_OTHER_S, true },
        { NULL, NAME_INSTANCE, NAME_HOST, DNS_SRV, TTL_HOST_S, true },
        { NULL, NAME_TYPES, NAME_TYPE, DNS_PTR, TTL_OTHER_S, false },
    };
    struct nif__mdns_record r = { NULL, NAME_HOST, 0, DNS_A, TTL_HOST_S, true };

    if (n == nif__mdns_count(mdns)) {
        r.type = DNS_NSEC;
    } else if (n > 0) {
        r = of_service[(n - 1) & 3];
        r.service = &mdns->cfg.services[(n - 1) >> 2];
    }
    return r;
}

// The data of a record, names in full. It is at `*data`, in `buf` or where it
// lies. Returns its length.
static size_t data_of(const struct nif_mdns *mdns,
    const struct nif__mdns_record *r, uint8_t buf[SRV_HEAD + NIF_DNS_NAME_MAX],
    const uint8_t **data)
{
    *data = buf;
    switch (r->type) {
    case DNS_A: nif_store_be32(buf, mdns->ip); return 4;
    case DNS_TXT:
        buf[0] = 0; // at least one string (RFC 6763 6.1)
        if (r->service->txt_len == 0) {
            return 1;
        }
        *data = r->service->txt;
        return r->service->txt_len;
    case DNS_SRV:
        memset(buf, 0, SRV_HEAD); // priority, weight
        nif_put_be16(buf + 4, r->service->port);
        return SRV_HEAD +
            write_name(mdns, r->target, r->service, buf + SRV_HEAD);
    default: return write_name(mdns, r->target, r->service, buf);
    }
}

int nif__mdns_compare(const struct nif_mdns *mdns,
    const struct nif__mdns_record *r, const struct nif__dns_msg *m,
    const struct nif__dns_record *theirs)
{
    uint8_t own_buf[SRV_HEAD + NIF_DNS_NAME_MAX];
    uint8_t buf[SRV_HEAD + NIF_DNS_NAME_MAX];
    const uint8_t *own;
    const uint8_t *other = m->at + theirs->data;
    size_t own_len = data_of(mdns, r, own_buf, &own);
    size_t len = theirs->data_len;
    size_t head = r->type == DNS_SRV ? SRV_HEAD : 0;
    int order;

    if (r->type == DNS_SRV || r->type == DNS_PTR) {
        if (len <= head) {
            return 1;
        }
        memcpy(buf, other, head);
        len = head + nif__dns_expand(m, theirs->data + head, buf + head);
        other = buf;
    }
    order = memcmp(own, other, own_len < len ? own_len : len);
    if (order == 0) {
        order = own_len == len ? 0 : own_len < len ? -1 : 1;
    }
    return order;
}

// --------------------------------------------------------------- writing

static void put(struct nif__mdns_out *out, const void *data, size_t len)
{
    if (len <= NIF_MDNS_OUT_MAX - out->len) {
        memcpy(out->mdns->out + out->len, data, len);
        out->len += len;
    } else {
        out->len = NIF_MDNS_OUT_MAX; // full: seen at the end of the record
    }
}

static void put16(struct nif__mdns_out *out, uint16_t v)
{
    uint8_t bytes[2];

    nif_put_be16(bytes, v);
    put(out, bytes, 2);
}

// A name, the end of which is a pointer if it stands in the message already
// (RFC 6762 18.14).
static void put_name(struct nif__mdns_out *out, const uint8_t *name, size_t len,
    bool compress)
{
    const struct nif__dns_msg own = { name, len };
    const struct nif__dns_msg m = { out->mdns->out, out->len };

    for (size_t at = 0; name[at] != 0; at += name[at] + 1u) {
        for (unsigned i = 0; compress && i < out->places_n; i++) {
            if (nif__dns_same(&m, out->places[i], &own, at)) {
                put16(out, (uint16_t)(POINTER | out->places[i]));
                return;
            }
        }
        if (out->places_n < nif_countof(out->places)) {
            out->places[out->places_n++] = (uint16_t)out->len;
        }
        put(out, name + at, name[at] + 1u);
    }
    put(out, "", 1);
}

static void put_data(struct nif__mdns_out *out,
    const struct nif__mdns_record *r)
{
    uint8_t buf[SRV_HEAD + NIF_DNS_NAME_MAX];
    const uint8_t *data;
    size_t len = data_of(out->mdns, r, buf, &data);
    size_t head = r->type == DNS_SRV ? SRV_HEAD : 0;

    if (r->type == DNS_A || r->type == DNS_TXT) {
        put(out, data, len);
        return;
    }
    put(out, data, head);
    // RFC 2782 knows no compression, mDNS does.
    put_name(out, data + head, len - head,
        !(out->legacy && r->type == DNS_SRV));
    if (r->type == DNS_NSEC) { // window 0, one byte: nothing but type 1, A
        put(out, "\0\1\x40", 3);
    }
}

static void put_head(struct nif__mdns_out *out,
    const struct nif__mdns_record *r, uint16_t type, bool flag)
{
    uint8_t name[NIF_DNS_NAME_MAX];
    size_t len = write_name(out->mdns, r->name, r->service, name);

    put_name(out, name, len, true);
    put16(out, type);
    put16(out, flag ? DNS_IN | DNS_UNIQUE : DNS_IN);
}

static void count_up(struct nif__mdns_out *out, size_t count)
{
    uint8_t *p = out->mdns->out + count;

    nif_put_be16(p, (uint16_t)(nif_load_be16(p) + 1));
}

void nif__mdns_begin(struct nif__mdns_out *out, struct nif_mdns *mdns,
    uint16_t flags)
{
    memset(out, 0, sizeof(*out));
    out->mdns = mdns;
    out->len = DNS_BODY;
    memset(mdns->out, 0, DNS_BODY);
    nif_put_be16(mdns->out + DNS_FLAGS, flags);
}

bool nif__mdns_add_question(struct nif__mdns_out *out,
    const struct nif__mdns_record *r)
{
    put_head(out, r, DNS_ANY, true);
    count_up(out, DNS_QUESTIONS);
    return out->len < NIF_MDNS_OUT_MAX;
}

// Says what an earlier service says too: that there is one of its type. It
// need not say it again (RFC 2181 5).
static bool is_repeat(const struct nif_mdns *mdns,
    const struct nif__mdns_record *r)
{
    const struct nif_mdns_service *s = mdns->cfg.services;

    if (r->name != NAME_TYPES) {
        return false;
    }
    while (s != r->service && strcmp(s->type, r->service->type) != 0) {
        s++;
    }
    return s != r->service;
}

bool nif__mdns_add(struct nif__mdns_out *out, unsigned n, size_t count)
{
    const struct nif__mdns_out before = *out;
    const struct nif__mdns_record r = nif__mdns_record(out->mdns, n);
    uint16_t ttl_s = out->bye ? 0 : r.ttl_s;
    // Probes and plain answers flush nobody's cache (RFC 6762 10.2, 6.7).
    bool flush = r.unique && !out->legacy && count != DNS_AUTHORITIES;
    size_t start;

    if (out->legacy && ttl_s > TTL_PLAIN_S) {
        ttl_s = TTL_PLAIN_S;
    }
    if (is_repeat(out->mdns, &r)) {
        return true;
    }
    put_head(out, &r, r.type, flush);
    put16(out, 0);
    put16(out, ttl_s);
    put16(out, 0); // the length, once it is known
    start = out->len;
    put_data(out, &r);
    if (out->len >= NIF_MDNS_OUT_MAX) {
        *out = before;
        return false;
    }
    nif_put_be16(out->mdns->out + start - 2, (uint16_t)(out->len - start));
    count_up(out, count);
    return true;
}
