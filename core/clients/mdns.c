// SPDX-License-Identifier: MIT
//
// mDNS responder: probing (RFC 6762 8.1), announcing (8.3), conflicts (9), and
// when answers are sent.

#include "nif/mdns.h"

#include "mdns_internal.h"

#include <string.h>

#define TTL            255     // RFC 6762 11
#define PROBES         3       // RFC 6762 8.1
#define PROBE_US       250000u // between them
#define ANNOUNCEMENTS  2       // RFC 6762 8.3: a second apart
#define COLLISIONS_MAX 15      // RFC 6762 8.1: then it goes slowly
#define SLOWLY_US      5000000u
#define MESSAGES       4 // in one poll()
#define TYPE_MAX       24
#define TXT_MAX        400

static uint64_t now_us(const struct nif_mdns *mdns)
{
    return nif_clock_now_us(mdns->cfg.stack->clock);
}

static uint32_t all_records(const struct nif_mdns *mdns)
{
    return (1u << nif__mdns_count(mdns)) - 1;
}

// --------------------------------------------------------------- sending

static int send_to(struct nif_mdns *mdns, const struct nif__mdns_out *out,
    const struct nif_endpoint *to)
{
    static const struct nif_endpoint group = {
        .ip = { NIF_IPV4, { 224, 0, 0, 251 }, 0 },
        .port = MDNS_PORT,
    };

    return nif_conn_send(&mdns->conn, mdns->out, out->len,
        to != NULL ? to : &group);
}

// Adds those records of `bits` for which there is room. Returns them.
static uint32_t add_records(struct nif__mdns_out *out, uint32_t bits,
    size_t count)
{
    uint32_t added = 0;

    for (unsigned n = 0; n <= nif__mdns_count(out->mdns); n++) {
        if ((bits >> n & 1) != 0 && nif__mdns_add(out, n, count)) {
            added |= 1u << n;
        }
    }
    return added;
}

// What those who get these records will ask for next (RFC 6763 12).
static uint32_t companions(const struct nif_mdns *mdns, uint32_t bits)
{
    uint32_t more = 0;

    for (unsigned n = 1; n < nif__mdns_count(mdns); n += 4) {
        if ((bits >> n & 1) != 0) { // PTR: its TXT and SRV
            more |= 6u << n;
        }
        if (((bits | more) >> n & 4) != 0) { // SRV: the address
            more |= 1;
        }
    }
    return more & ~bits;
}

uint32_t nif__mdns_answer(struct nif_mdns *mdns, uint32_t bits,
    const struct nif_endpoint *to, size_t question_len)
{
    struct nif__mdns_out out;
    uint32_t sent;

    nif__mdns_begin(&out, mdns, DNS_RESPONSE | DNS_AUTHORITATIVE);
    if (question_len != 0) {
        memcpy(mdns->out + DNS_ID, mdns->in + DNS_ID, 2);
        memcpy(mdns->out + DNS_BODY, mdns->in + DNS_BODY, question_len);
        mdns->out[DNS_QUESTIONS + 1] = 1;
        out.len += question_len;
        out.legacy = true;
    }
    sent = add_records(&out, bits, DNS_ANSWERS);
    (void)add_records(&out, companions(mdns, bits), DNS_ADDITIONALS);
    return send_to(mdns, &out, to) == NIF_EAGAIN ? 0 : sent;
}

static bool send_probe(struct nif_mdns *mdns)
{
    struct nif__mdns_out out;
    struct nif__mdns_record r;

    nif__mdns_begin(&out, mdns, 0);
    for (unsigned n = 0; n < nif__mdns_count(mdns); n++) {
        r = nif__mdns_record(mdns, n);
        if (r.unique && r.type != DNS_SRV) { // once a name
            (void)nif__mdns_add_question(&out, &r);
        }
    }
    for (unsigned n = 0; n < nif__mdns_count(mdns); n++) {
        r = nif__mdns_record(mdns, n);
        if (r.unique) {
            (void)nif__mdns_add(&out, n, DNS_AUTHORITIES);
        }
    }
    return send_to(mdns, &out, NULL) != NIF_EAGAIN;
}

// ---------------------------------------------------------------- states

void nif__mdns_probe_in(struct nif_mdns *mdns, uint32_t us)
{
    mdns->state = NIF_MDNS_PROBING;
    mdns->tries = 0;
    mdns->pending = 0;
    mdns->at_us = now_us(mdns) + us;
}

static void probe(struct nif_mdns *mdns)
{
    nif__mdns_probe_in(mdns, nif_random_below(&mdns->random, PROBE_US));
}

// If we thought it was ours, we ask for it first (RFC 6762 9), else we take
// another.
void nif__mdns_collide(struct nif_mdns *mdns)
{
    mdns->conflict_count++;
    if (mdns->collisions < UINT8_MAX) {
        mdns->collisions++;
    }
    if (mdns->state == NIF_MDNS_PROBING) {
        mdns->number = (uint8_t)(mdns->number < 2 || mdns->number >= 99
                ? 2
                : mdns->number + 1);
    }
    if (mdns->collisions >= COLLISIONS_MAX) {
        nif__mdns_probe_in(mdns, SLOWLY_US);
    } else {
        probe(mdns);
    }
}

void nif__mdns_schedule(struct nif_mdns *mdns, uint32_t bits, uint32_t us)
{
    uint64_t at_us = now_us(mdns) + us;

    if (mdns->pending == 0 || at_us < mdns->send_us) {
        mdns->send_us = at_us;
    }
    mdns->pending |= bits;
}

static void send_pending(struct nif_mdns *mdns)
{
    uint64_t now = now_us(mdns);
    uint32_t sent;

    if (now >= mdns->recent_us) {
        mdns->recent = 0;
    }
    if ((mdns->pending & ~mdns->recent) == 0) {
        mdns->send_us = mdns->recent_us; // RFC 6762 6: once a second
        return;
    }
    sent = nif__mdns_answer(mdns, mdns->pending & ~mdns->recent, NULL, 0);
    if (sent == 0) {
        mdns->send_us = now + NIF__RESEND_US;
        return;
    }
    mdns->pending &= ~sent;
    mdns->recent |= sent;
    mdns->recent_us = now + NIF__SECOND_US;
    mdns->send_us = now; // what did not fit
}

static void step(struct nif_mdns *mdns)
{
    uint64_t now = now_us(mdns);

    if (mdns->state == NIF_MDNS_PROBING && mdns->tries < PROBES) {
        if (!send_probe(mdns)) {
            mdns->at_us = now + NIF__RESEND_US;
            return;
        }
        mdns->tries++;
        mdns->at_us = now + PROBE_US;
        return;
    }
    if (mdns->state == NIF_MDNS_PROBING) { // nobody objected
        mdns->state = NIF_MDNS_ANNOUNCING;
        mdns->tries = 0;
        mdns->collisions = 0;
    }
    nif__mdns_schedule(mdns, all_records(mdns), 0);
    mdns->at_us = now + NIF__SECOND_US;
    if (++mdns->tries >= ANNOUNCEMENTS) {
        mdns->state = NIF_MDNS_RUNNING;
        mdns->at_us = NIF_NEVER;
    }
}

// The stack's address may be another, or gone.
static void watch_address(struct nif_mdns *mdns)
{
    struct nif_net net;
    uint32_t ip;

    nif_stack_net(mdns->cfg.stack, &net);
    ip = net.ip.family == NIF_IPV4 ? nif_ip4_value(&net.ip) : 0;
    mdns->mask = nif__mask(net.prefix_len);
    if (ip == mdns->ip) {
        return;
    }
    mdns->ip = ip;
    mdns->pending = 0;
    mdns->at_us = NIF_NEVER;
    mdns->state = NIF_MDNS_WAITING;
    if (ip != 0) {
        probe(mdns);
    }
}

// True if there may be more.
static bool receive(struct nif_mdns *mdns)
{
    struct nif_endpoint from;

    for (unsigned i = 0; i < MESSAGES; i++) {
        int len = nif_conn_recv(&mdns->conn, mdns->in, sizeof(mdns->in), &from);

        if (len < 0) {
            return false;
        }
        nif__mdns_take(mdns, (size_t)len, &from);
    }
    return true;
}

// --------------------------------------------------------------- surface

uint64_t nif_mdns_poll(struct nif_mdns *mdns)
{
    bool more;

    if (mdns->state == NIF_MDNS_OFF) {
        return NIF_NEVER;
    }
    watch_address(mdns);
    more = receive(mdns);
    if (nif__has_come(mdns->cfg.stack, mdns->at_us)) {
        step(mdns);
    }
    if (mdns->pending != 0 && nif__has_come(mdns->cfg.stack, mdns->send_us)) {
        send_pending(mdns);
    }
    if (more) {
        return now_us(mdns);
    }
    return mdns->pending != 0 && mdns->send_us < mdns->at_us ? mdns->send_us
                                                             : mdns->at_us;
}

static bool fits(const char *text, size_t max)
{
    return text != NULL && text[0] != '\0' && strlen(text) <= max;
}

// "_http._tcp": two labels, each with its underscore (RFC 6763 7).
static bool is_type(const char *type)
{
    const char *dot;

    if (!fits(type, TYPE_MAX) || type[0] != '_') {
        return false;
    }
    dot = memchr(type, '.', strlen(type));
    return dot != NULL && dot[1] == '_' &&
        memchr(dot + 1, '.', strlen(dot + 1)) == NULL;
}

static bool valid(const struct nif_mdns_cfg *cfg)
{
    if (!fits(cfg->host, NIF_MDNS_LABEL_MAX) ||
        memchr(cfg->host, '.', strlen(cfg->host)) != NULL ||
        cfg->service_count > NIF_MDNS_SERVICES_MAX) {
        return false;
    }
    for (size_t i = 0; i < cfg->service_count; i++) {
        const struct nif_mdns_service *s = &cfg->services[i];

        if (!is_type(s->type) || s->txt_len > TXT_MAX ||
            (s->name != NULL && !fits(s->name, NIF_MDNS_LABEL_MAX))) {
            return false;
        }
    }
    return true;
}

static int open_conn(struct nif_mdns *mdns)
{
    const struct nif_ip group = nif_ip4(224, 0, 0, 251);
    const struct nif_conn_cfg buffers = {
        .rx = mdns->rx,
        .rx_cap = sizeof(mdns->rx),
        .tx = mdns->tx,
        .tx_cap = sizeof(mdns->tx),
    };
    int err =
        nif__client_open(mdns->cfg.stack, &mdns->conn, &buffers, MDNS_PORT);

    if (err != 0) {
        return err;
    }
    // A stack that cannot say 255 is still understood (RFC 6762 11).
    (void)nif_conn_option(&mdns->conn, NIF_OPT_TTL, TTL);
    err = nif_conn_group(&mdns->conn, &group, true);
    if (err != 0) {
        nif_conn_abort(&mdns->conn);
    }
    return err;
}

int nif_mdns_start(struct nif_mdns *mdns)
{
    int err = valid(&mdns->cfg) ? 0 : NIF_EINVAL;

    if (err == 0 && !mdns->open) {
        err = open_conn(mdns);
        mdns->open = err == 0;
    }
    if (err == 0) {
        mdns->ip = 0;
        mdns->at_us = NIF_NEVER;
        mdns->pending = 0;
        mdns->state = NIF_MDNS_WAITING;
        watch_address(mdns);
    }
    return err;
}

void nif_mdns_stop(struct nif_mdns *mdns)
{
    struct nif__mdns_out out;

    if (mdns->state >= NIF_MDNS_ANNOUNCING) {
        nif__mdns_begin(&out, mdns, DNS_RESPONSE | DNS_AUTHORITATIVE);
        out.bye = true;
        (void)add_records(&out, all_records(mdns), DNS_ANSWERS);
        (void)send_to(mdns, &out, NULL);
    }
    if (mdns->open) {
        nif_conn_abort(&mdns->conn);
        mdns->open = false;
    }
    mdns->state = NIF_MDNS_OFF;
}

const char *nif_mdns_host(const struct nif_mdns *mdns,
    char text[NIF_MDNS_LABEL_MAX + 1])
{
    uint8_t label[NIF_MDNS_LABEL_MAX + 1];
    size_t len = nif__mdns_host(mdns, label) - 1;

    memcpy(text, label + 1, len);
    text[len] = '\0';
    return text;
}

void nif_mdns_init(struct nif_mdns *mdns, const struct nif_mdns_cfg *cfg)
{
    memset(mdns, 0, sizeof(*mdns));
    mdns->cfg = *cfg;
    nif_random_init(&mdns->random, cfg->seed, NIF__SALT_MDNS);
}
