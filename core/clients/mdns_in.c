// SPDX-License-Identifier: MIT
//
// mDNS responder: what others say. Questions (RFC 6762 6 and 7), probes at the
// same time as ours (8.2), records of our names (9).

#include "mdns_internal.h"

#define LOST_US        1000000u // after a lost tie (RFC 6762 8.2)
#define SHARED_US      20000u   // RFC 6762 6: others may have answers too:
#define SHARED_MORE_US 100000u  // 20 to 120 ms
#define MORE_US        400000u  // RFC 6762 7.2: more known answers will come
#define AGAIN_US       750000u  // RFC 6762 6: 250 ms are enough for a probe

// Which of our records a question is about.
static uint32_t asked(const struct nif_mdns *mdns, const struct nif__dns_msg *m,
    const struct nif__dns_record *q)
{
    unsigned count = nif__mdns_count(mdns);
    unsigned cls = q->cls & ~(unsigned)DNS_UNIQUE;
    uint32_t bits = 0;

    for (unsigned n = 0; n < count; n++) {
        const struct nif__mdns_record r = nif__mdns_record(mdns, n);

        if ((cls != DNS_IN && cls != DNS_ANY) ||
            !nif__mdns_named(mdns, &r, m, q->name)) {
            continue;
        }
        if (q->type == r.type || q->type == DNS_ANY) {
            bits |= 1u << n;
        } else if (n == 0) { // RFC 6762 6.1: there is no such record
            bits |= 1u << count;
        }
    }
    return bits;
}

// Which of our records the asker knows, for half their life at least (RFC 6762
// 7.1).
static uint32_t known(const struct nif_mdns *mdns, const struct nif__dns_msg *m,
    const struct nif__dns_record *theirs)
{
    uint32_t bits = 0;

    for (unsigned n = 0; n < nif__mdns_count(mdns); n++) {
        const struct nif__mdns_record r = nif__mdns_record(mdns, n);

        if (theirs->type == r.type && theirs->ttl_s >= r.ttl_s / 2u &&
            nif__mdns_named(mdns, &r, m, theirs->name) &&
            nif__mdns_compare(mdns, &r, m, theirs) == 0) {
            bits |= 1u << n;
        }
    }
    return bits;
}

// Their record of our name with the least type above `above`, among `count`
// from `at` on; false if there is none.
static bool next_of(const struct nif_mdns *mdns,
    const struct nif__mdns_record *r, const struct nif__dns_msg *m, size_t at,
    struct nif__dns_record *found)
{
    unsigned above = found->type;
    struct nif__dns_record theirs;
    bool any = false;

    for (unsigned i = nif_load_be16(m->at + DNS_AUTHORITIES);
         i > 0 && nif__dns_record(m, &at, &theirs); i--) {
        if (theirs.type > above && (!any || theirs.type < found->type) &&
            nif__mdns_named(mdns, r, m, theirs.name)) {
            *found = theirs;
            any = true;
        }
    }
    return any;
}

// Both probe for a name at the same time: whose records are later in order has
// it (RFC 6762 8.2). Record `n` is our first of that name. True if it is them.
static bool beaten(const struct nif_mdns *mdns, unsigned n,
    const struct nif__dns_msg *m, size_t at)
{
    struct nif__mdns_record r = nif__mdns_record(mdns, n);
    unsigned last = r.type == DNS_TXT ? n + 1 : n; // and SRV
    struct nif__dns_record theirs = { .type = 0 };
    int order;

    if (!next_of(mdns, &r, m, at, &theirs)) {
        return false; // they do not want it
    }
    for (; n <= last; n++) {
        r = nif__mdns_record(mdns, n);
        order = theirs.type != r.type ? (int)r.type - (int)theirs.type
                                      : nif__mdns_compare(mdns, &r, m, &theirs);
        if (order != 0) {
            return order < 0;
        }
        if (!next_of(mdns, &r, m, at, &theirs)) {
            return false; // the same, or we have one more
        }
    }
    return true; // they have one more
}

static void contest(struct nif_mdns *mdns, const struct nif__dns_msg *m,
    size_t at)
{
    for (unsigned n = 0; n < nif__mdns_count(mdns); n++) {
        const struct nif__mdns_record r = nif__mdns_record(mdns, n);

        if (r.unique && r.type != DNS_SRV && beaten(mdns, n, m, at)) {
            nif__mdns_probe_in(mdns, LOST_US);
            return;
        }
    }
}

// Others may have records of such names too.
static bool is_shared(const struct nif_mdns *mdns, uint32_t bits)
{
    for (unsigned n = 0; n < nif__mdns_count(mdns); n++) {
        if ((bits >> n & 1) != 0 && !nif__mdns_record(mdns, n).unique) {
            return true;
        }
    }
    return false;
}

// What an asker wants: by the group or alone, and how long its first question
// is.
struct wanted {
    uint32_t group;
    uint32_t alone;
    size_t question_len;
};

static void answer_query(struct nif_mdns *mdns, const struct nif__dns_msg *m,
    const struct nif_endpoint *from, struct wanted w)
{
    uint32_t us = 0;

    if (from->port != MDNS_PORT) { // a plain DNS client, RFC 6762 6.7
        if ((w.group | w.alone) != 0 && w.question_len < NIF_MDNS_OUT_MAX / 2) {
            (void)nif__mdns_answer(mdns, w.group | w.alone, from,
                w.question_len);
        }
        return;
    }
    if (w.alone != 0) {
        (void)nif__mdns_answer(mdns, w.alone, from, 0);
    }
    if (w.group == 0) {
        return;
    }
    if (nif_load_be16(m->at + DNS_AUTHORITIES) != 0 &&
        nif_clock_now_us(mdns->cfg.stack->clock) + AGAIN_US >=
            mdns->recent_us) {
        mdns->recent &= ~w.group; // somebody is about to take our name
    }
    if ((nif_load_be16(m->at + DNS_FLAGS) & DNS_TRUNCATED) != 0) {
        us = MORE_US;
    } else if (is_shared(mdns, w.group)) {
        us = SHARED_US;
    }
    if (us != 0) {
        us += nif_random_below(&mdns->random, SHARED_MORE_US);
    }
    nif__mdns_schedule(mdns, w.group, us);
}

static void take_query(struct nif_mdns *mdns, const struct nif__dns_msg *m,
    const struct nif_endpoint *from)
{
    struct nif__dns_record r;
    size_t at = DNS_BODY;
    size_t question_len = 0;
    uint32_t group = 0;
    uint32_t alone = 0;
    uint32_t has = 0;

    for (unsigned i = nif_load_be16(m->at + DNS_QUESTIONS); i > 0; i--) {
        if (!nif__dns_question(m, &at, &r)) {
            return;
        }
        *((r.cls & DNS_UNIQUE) != 0 ? &alone : &group) |= asked(mdns, m, &r);
        question_len = question_len != 0 ? question_len : at - DNS_BODY;
    }
    for (unsigned i = nif_load_be16(m->at + DNS_ANSWERS); i > 0; i--) {
        if (!nif__dns_record(m, &at, &r)) {
            return;
        }
        has |= known(mdns, m, &r);
    }
    if (mdns->state == NIF_MDNS_PROBING) {
        contest(mdns, m, at);
    }
    if (mdns->state < NIF_MDNS_ANNOUNCING) {
        return; // the names are not ours yet
    }
    if (question_len == 0) { // RFC 6762 7.2: the rest of an earlier query
        mdns->pending &= ~has;
        return;
    }
    answer_query(mdns, m, from,
        (struct wanted){ group & ~has, alone & ~has, question_len });
}

// Another's record about a name of ours. True if it was a conflict.
static bool take_record(struct nif_mdns *mdns, const struct nif__dns_msg *m,
    const struct nif__dns_record *theirs)
{
    for (unsigned n = 0; n < nif__mdns_count(mdns); n++) {
        const struct nif__mdns_record r = nif__mdns_record(mdns, n);
        // While we ask, any record says that the name is taken (8.1).
        bool taken = n == 0 && mdns->state == NIF_MDNS_PROBING &&
            theirs->type != DNS_NSEC;

        if ((theirs->type != r.type && !taken) ||
            !nif__mdns_named(mdns, &r, m, theirs->name)) {
            continue;
        }
        if (theirs->type == r.type &&
            nif__mdns_compare(mdns, &r, m, theirs) == 0) {
            if (theirs->ttl_s >= r.ttl_s / 2u) {
                mdns->pending &= ~(1u << n); // said already (7.4)
            } else if (mdns->state >= NIF_MDNS_ANNOUNCING) {
                nif__mdns_schedule(mdns, 1u << n, 0); // it is still so (6.6)
            }
        } else if (r.unique && theirs->ttl_s != 0) {
            nif__mdns_collide(mdns);
            return true;
        }
    }
    return false;
}

static void take_response(struct nif_mdns *mdns, const struct nif__dns_msg *m)
{
    struct nif__dns_record r;
    size_t at = DNS_BODY;

    for (unsigned i = nif_load_be16(m->at + DNS_QUESTIONS); i > 0; i--) {
        if (!nif__dns_question(m, &at, &r)) {
            return;
        }
    }
    // All sections alike, as far as the bytes go.
    while (nif__dns_record(m, &at, &r)) {
        if ((r.cls & ~(unsigned)DNS_UNIQUE) == DNS_IN &&
            take_record(mdns, m, &r)) {
            return;
        }
    }
}

void nif__mdns_take(struct nif_mdns *mdns, size_t len,
    const struct nif_endpoint *from)
{
    struct nif__dns_msg m = { mdns->in, len };
    uint32_t ip = nif_ip4_value(&from->ip);
    unsigned flags;

    // RFC 6762 11: from our link, and not from ourselves. Nor from a group: the
    // answer to a plain client would go there.
    if (len < DNS_BODY || mdns->ip == 0 || ip == mdns->ip || ip >> 28 >= 0xE ||
        ((ip ^ mdns->ip) & mdns->mask) != 0) {
        return;
    }
    flags = nif_load_be16(m.at + DNS_FLAGS);
    if ((flags & (DNS_OPCODE | DNS_CODE)) != 0) { // RFC 6762 18.3, 18.11
        return;
    }
    if ((flags & DNS_RESPONSE) == 0) {
        take_query(mdns, &m, from);
    } else if (from->port == MDNS_PORT) { // RFC 6762 6
        take_response(mdns, &m);
    }
}
