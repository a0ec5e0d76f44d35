// SPDX-License-Identifier: MIT
//
// DNS names and records. RFC 9267 lists what others did wrong here.

#include "dns_message.h"

#include <string.h>

#define POINTER     0xC0
#define RECORD_HEAD 10 // type, class, time to live, length

// Where in a name we are.
struct cursor {
    const struct nif__dns_msg *m;
    size_t at;
    size_t limit; // a pointer must lead to before it: where the piece of the
                  // name began that it ends. So there is no loop.
};

static uint8_t lower(uint8_t c)
{
    return (uint8_t)(c - 'A') < 26 ? (uint8_t)(c | 0x20) : c;
}

bool nif__dns_alike(const uint8_t *a, const uint8_t *b, size_t len)
{
    while (len > 0 && lower(*a) == lower(*b)) {
        a++;
        b++;
        len--;
    }
    return len == 0;
}

// Follows pointers to the next label. Returns its length, or -1.
static int label(struct cursor *c)
{
    const uint8_t *p = c->m->at;
    size_t len = c->m->len;
    uint8_t n;

    while (c->at + 1 < len && p[c->at] >= POINTER) {
        size_t to = nif_load_be16(p + c->at) & 0x3FFFu;

        if (to < DNS_BODY || to >= c->limit) {
            return -1;
        }
        c->at = to;
        c->limit = to;
    }
    if (c->at >= len) {
        return -1;
    }
    n = p[c->at];
    return n <= DNS_LABEL_MAX && n < len - c->at ? n : -1;
}

size_t nif__dns_skip(const struct nif__dns_msg *m, size_t at)
{
    struct cursor c = { m, at, at };
    size_t len = 0;
    size_t behind = 0;
    int n;

    do {
        size_t before = c.at;

        n = label(&c);
        if (behind == 0 && c.at != before) {
            behind = before + 2; // the first pointer
        }
        len += (size_t)n + 1;
        if (n < 0 || len > NIF_DNS_NAME_MAX) {
            return 0;
        }
        c.at += (size_t)n + 1;
    } while (n != 0);
    return behind != 0 ? behind : c.at;
}

size_t nif__dns_expand(const struct nif__dns_msg *m, size_t at,
    uint8_t out[NIF_DNS_NAME_MAX])
{
    struct cursor c = { m, at, at };
    size_t len = 0;
    int n;

    do {
        n = label(&c);
        if (n < 0 || (size_t)n + 1 > NIF_DNS_NAME_MAX - len) {
            return 0;
        }
        memcpy(out + len, m->at + c.at, (size_t)n + 1);
        len += (size_t)n + 1;
        c.at += (size_t)n + 1;
    } while (n != 0);
    return len;
}

bool nif__dns_same(const struct nif__dns_msg *m, size_t at,
    const struct nif__dns_msg *other, size_t other_at)
{
    struct cursor a = { m, at, at };
    struct cursor b = { other, other_at, other_at };
    size_t len = 0;
    int n;

    do {
        n = label(&a);
        len += (size_t)n + 1;
        if (n < 0 || n != label(&b) || len > NIF_DNS_NAME_MAX) {
            return false;
        }
        if (!nif__dns_alike(m->at + a.at, other->at + b.at, (size_t)n + 1)) {
            return false; // lengths are no capitals
        }
        a.at += (size_t)n + 1;
        b.at += (size_t)n + 1;
    } while (n != 0);
    return true;
}

bool nif__dns_question(const struct nif__dns_msg *m, size_t *at,
    struct nif__dns_record *q)
{
    size_t behind = nif__dns_skip(m, *at);
    const uint8_t *p = m->at + behind;
    uint32_t word;

    if (behind == 0 || m->len - behind < 4) {
        return false;
    }
    q->name = *at;
    word = nif_load_be32(p);
    q->type = word >> 16;
    q->cls = word & 0xFFFF;
    *at = behind + 4;
    return true;
}

bool nif__dns_record(const struct nif__dns_msg *m, size_t *at,
    struct nif__dns_record *r)
{
    const uint8_t *p;

    if (!nif__dns_question(m, at, r) || m->len - *at < RECORD_HEAD - 4) {
        return false;
    }
    p = m->at + *at;
    r->ttl_s = nif_load_be32(p);
    r->data_len = nif_load_be16(p + 4);
    r->data = *at + RECORD_HEAD - 4;
    *at = r->data + r->data_len;
    return *at <= m->len;
}

size_t nif__dns_encode(uint8_t out[NIF_DNS_NAME_MAX], const char *host)
{
    size_t len = strlen(host);
    size_t start = 0; // where the length of this label stands

    if (len > 0 && host[len - 1] == '.') {
        len--;
    }
    if (len + 2 > NIF_DNS_NAME_MAX) {
        return 0;
    }
    for (size_t i = 0; i <= len; i++) {
        if (i < len && host[i] != '.') {
            out[i + 1] = lower((uint8_t)host[i]);
            continue;
        }
        if (i == start || i - start > DNS_LABEL_MAX) {
            return 0;
        }
        out[start] = (uint8_t)(i - start);
        start = i + 1;
    }
    out[start] = 0;
    return start + 1;
}
