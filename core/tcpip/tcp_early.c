// SPDX-License-Identifier: MIT
//
// Text that comes before what it follows goes to its place in the receive ring,
// too. A few such stretches are remembered; what would make one more is dropped
// and comes again.

#include "tcp.h"

static void early_joined(struct nif_conn *conn, uint32_t len)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    while (len > 0) { // each further round takes away a range
        uint32_t joined = 0;
        uint8_t kept = 0;

        for (unsigned i = 0; i < t->aheads; i++) {
            struct nif__range r = t->ahead[i];

            if (r.to <= len) {
                continue;
            }
            r.to = (uint16_t)(r.to - len);
            if (r.from <= len) {
                joined = r.to;
                continue;
            }
            r.from = (uint16_t)(r.from - len);
            t->ahead[kept++] = r;
        }
        t->aheads = kept;
        t->rx.used += joined;
        t->rcv_nxt += joined;
        len = joined;
    }
}

// Notes a range, the latest first (RFC 2018 4), joined with those that it
// touches. False if it would be one too many.
static bool note(struct nif__tcp *t, uint32_t from, uint32_t to)
{
    struct nif__range all[NIF__TCP_AHEADS + 1];
    uint8_t n = 1;

    for (unsigned i = 0; i < t->aheads; i++) {
        const struct nif__range *r = &t->ahead[i];

        if (r->from <= to && from <= r->to) {
            from = nif__min(from, r->from);
            to = nif__max(to, r->to);
        } else {
            all[n++] = *r;
        }
    }
    if (n > NIF__TCP_AHEADS) {
        return false;
    }
    all[0] = (struct nif__range){ (uint16_t)from, (uint16_t)to };
    for (unsigned i = 0; i < n; i++) {
        t->ahead[i] = all[i];
    }
    t->aheads = n;
    return true;
}

static void early_take(struct nif_conn *conn, uint32_t seq, const uint8_t *data,
    uint32_t len)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t from = seq - t->rcv_nxt;

    if (from + len <= UINT16_MAX && note(t, from, from + len)) {
        nif__tcp_put(conn, seq, data, len);
    }
}

const struct nif_tcp_early nif_tcp_early = {
    .take = early_take,
    .joined = early_joined,
};
