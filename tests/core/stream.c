// SPDX-License-Identifier: MIT
//
// Transfers over a bad cable.

#include "tests/core/stream.h"

#include "core/tcpip/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PORT 7
#define TEXT 0x40000u

// One direction of a transfer.
struct flow {
    struct nif_conn *from;
    struct nif_conn *to;
    uint32_t sent;
    uint32_t got;
    uint32_t total;
    unsigned calls;
    bool closed; // the receiver has seen the end
};

struct bench {
    struct pair pair; // first
    const struct stream_lane *lane;
    uint64_t seed;
    uint64_t moved_us; // when a frame was last sent
    unsigned frames;
    uint32_t digest;
    uint32_t edge[2];   // by each end: behind the last byte that was sent
    uint32_t resent[2]; // bytes of text that were sent before
    struct nif_conn client;
    struct nif_conn listener;
    struct nif_conn backlog[1];
    struct nif_conn *server;
    struct nif_tcpip_parts parts[2];
    struct nif_tcp_more more[2];
    struct flow up;
    struct flow down;
    uint8_t ring[4][0x12000];
};

static struct bench b;
static uint8_t text[TEXT];

static void make_text(void)
{
    for (uint32_t i = 0; text[1] == 0 && i < TEXT; i++) {
        text[TEXT - 1 - i] = (uint8_t)((TEXT - 1 - i) * 31 +
            ((TEXT - 1 - i) >> 8) * 7 + ((TEXT - 1 - i) >> 16));
    }
}

static void open_both(const struct stream_lane *lane)
{
    struct nif_stack *s0 = &b.pair.stack[0].stack;
    struct nif_stack *s1 = &b.pair.stack[1].stack;
    const struct nif_conn_cfg c0 = { b.ring[0], lane->cap, b.ring[1],
        lane->cap };
    const struct nif_conn_cfg c1 = { b.ring[2], lane->cap, b.ring[3],
        lane->cap };
    const struct nif_conn_cfg none = { .rx = NULL };
    const struct nif_endpoint local = { .port = PORT };
    const struct nif_endpoint peer = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PORT };

    assert_int_equal(nif_conn_open(s1, &b.listener, NIF_TCP, &none), 0);
    assert_int_equal(nif_conn_bind(&b.listener, &local), 0);
    assert_int_equal(nif_conn_open(s1, &b.backlog[0], NIF_TCP, &c1), 0);
    assert_int_equal(nif_conn_open(s0, &b.client, NIF_TCP, &c0), 0);
    nif_tcp_extend(&b.backlog[0], &b.more[0]);
    nif_tcp_extend(&b.client, &b.more[1]);
    assert_int_equal(nif_conn_listen(&b.listener, b.backlog, 1), 0);
    assert_int_equal(nif_conn_connect(&b.client, &peer), 0);
    b.server = NULL;
}

static int give(struct flow *f, uint32_t n)
{
    const uint8_t *from = text + f->sent;
    uint8_t buf[4096];

    if (b.lane->refs && f->calls % 3 != 0) {
        return nif_conn_send_ref(f->from, from, n);
    }
    // A copy that is gone as soon as it is sent.
    memcpy(buf, from, n);
    return nif_conn_send(f->from, buf, n, NULL);
}

static void feed(struct flow *f)
{
    while (f->from != NULL && f->sent < f->total) {
        uint32_t n = b.lane->chunk;
        int took;

        n = n > f->total - f->sent ? f->total - f->sent : n;
        took = give(f, n);
        if (took <= 0) {
            assert_true(took == NIF_EAGAIN);
            return;
        }
        f->calls++;
        f->sent += (uint32_t)took;
        if (f->sent == f->total) {
            assert_int_equal(nif_conn_shutdown(f->from), 0);
        }
    }
}

static void drain(struct flow *f)
{
    uint8_t buf[1000];
    int n = 1;

    while (f->to != NULL && !f->closed && n > 0) {
        n = nif_conn_recv(f->to, buf, sizeof(buf), NULL);
        if (n > 0) {
            assert_memory_equal(buf, text + f->got, (size_t)n);
            f->got += (uint32_t)n;
        } else if (n == 0) {
            f->closed = true;
        } else {
            assert_int_equal(n, NIF_EAGAIN);
        }
    }
}

// Counts the text of a segment that its sender has sent before.
static void count_again(int from, const uint8_t *frame, size_t len)
{
    struct pair_seg seg;
    uint32_t end;

    if (nif_get_be16(frame + 12) != 0x0800 ||
        !pair_read_tcp(frame, len, &seg)) {
        return;
    }
    end = seg.seq + (uint32_t)seg.len;
    if ((seg.flags & 2) != 0) { // SYN
        b.edge[from] = seg.seq + 1;
    } else if (nif__before(seg.seq, b.edge[from])) {
        b.resent[from] += nif__min((uint32_t)seg.len, b.edge[from] - seg.seq);
    }
    if (nif__before(b.edge[from], end)) {
        b.edge[from] = end;
    }
}

static bool digest(struct pair *p, int from, const uint8_t *frame, size_t len)
{
    count_again(from, frame, len);
    b.digest = (b.digest ^ (uint32_t)p->now_us) * 16777619u;
    for (size_t i = 0; i < len; i++) {
        b.digest = (b.digest ^ frame[i]) * 16777619u;
    }
    return true;
}

// RFC 6298 2, as its text says it, in microseconds.
static uint64_t rto_us(const struct nif__tcp *t)
{
    uint64_t rto = 1000000;

    if (t->srtt8 != 0) {
        rto = ((uint64_t)t->srtt8 / 8 + t->rttvar4) * 1024;
        rto = rto < NIF_TCP_RTO_MIN_MS * 1000ull ? NIF_TCP_RTO_MIN_MS * 1000ull
                                                 : rto;
    }
    for (unsigned i = 0; i < t->backoff; i++) {
        rto *= 2;
    }
    return rto > NIF_TCP_RTO_MAX_MS * 1000ull ? NIF_TCP_RTO_MAX_MS * 1000ull
                                              : rto;
}

// Somebody moves within the longest retransmission time that is in force, and
// no end has set itself a longer one.
static void watch(struct pair *p)
{
    uint64_t limit_us = NIF_TCP_DELACK_MS * 1000 + 3000;

    if (b.frames != p->sent[0] + p->sent[1]) {
        b.frames = p->sent[0] + p->sent[1];
        b.moved_us = p->now_us;
    }
    for (int i = 0; i < 2; i++) {
        struct nif_conn *c = i == 0 ? &b.client : &b.backlog[0];
        const struct nif__tcp *t = nif__tcp_of(c);

        // What waits has a timer, or poll() is to come again.
        if (t->state >= TCP_ESTABLISHED && t->queued > 0) {
            assert_true(t->rexmit_from != 0 ||
                (p->stack[i].todo & (NIF__WORK | NIF__BUSY)) != 0);
        }
        if (t->rexmit_from != 0) {
            uint64_t at_us = p->now_us + rto_us(t) + 3000;

            assert_false(nif__before((uint32_t)(at_us >> 10),
                t->rexmit_from + nif__tcp_rto(t)));
        }
        if (t->rexmit_from != 0 && limit_us < rto_us(t) + 3000) {
            limit_us = rto_us(t) + 3000;
        }
    }
    if (p->now_us - b.moved_us > limit_us + p->cable.delay_us * 2ull + 10000) {
        fail_msg("%s, seed %u: nobody moves for %u ms", b.lane->name,
            (unsigned)b.seed, (unsigned)((p->now_us - b.moved_us) / 1000));
    }
}

static bool step(struct pair *p)
{
    if (b.server == NULL &&
        nif_conn_accept(&b.listener, &b.server, NULL) == 0) {
        b.up.to = b.server;
        b.down.from = b.server;
    }
    feed(&b.up);
    feed(&b.down);
    drain(&b.up);
    drain(&b.down);
    watch(p);
    return b.up.closed && b.down.closed;
}

void stream_run(const struct stream_lane *lane, uint64_t seed,
    struct stream_result *result)
{
    uint64_t begun_us;

    assert_true(lane->up <= TEXT && lane->down <= TEXT);
    make_text();
    memset(&b, 0, sizeof(b));
    pair_init(&b.pair, seed);
    b.lane = lane;
    b.seed = seed;
    b.pair.cable = lane->cable;
    b.pair.tap = digest;
    for (int i = 0; i < 2; i++) {
        b.pair.dev[i].refill = lane->refill;
        b.pair.dev[i].place = lane->place;
        b.pair.stack[i].cfg.sack = lane->sack ? &nif_tcp_sack : NULL;
        b.pair.stack[i].cfg.stamps = lane->stamps ? &nif_tcp_stamps : NULL;
        if (lane->slow) {
            b.parts[i] = *b.pair.stack[i].cfg.parts;
            b.parts[i].fast = NULL;
            b.pair.stack[i].cfg.parts = &b.parts[i];
        }
        if (lane->lend) {
            pair_lend(&b.pair.dev[i]);
        }
    }
    open_both(lane);
    b.up = (struct flow){ .from = &b.client, .total = lane->up };
    b.down = (struct flow){ .to = &b.client, .total = lane->down };
    begun_us = b.pair.now_us;
    b.moved_us = begun_us;
    pair_run(&b.pair, begun_us + lane->limit_s * 1000000, step);
    if (!b.up.closed || !b.down.closed) {
        fail_msg("%s, seed %u: %u of %u up, %u of %u down after %u s",
            lane->name, (unsigned)seed, b.up.got, b.up.total, b.down.got,
            b.down.total, (unsigned)lane->limit_s);
    }
    assert_int_equal(b.up.got, lane->up);
    assert_int_equal(b.down.got, lane->down);
    *result = (struct stream_result){
        .us = b.pair.now_us - begun_us,
        .frames = { b.pair.sent[0], b.pair.sent[1] },
        .digest = b.digest,
    };
    for (int i = 0; i < 2; i++) {
        result->timeouts += b.pair.stack[i].stats.tcp_timeout;
        result->fast += b.pair.stack[i].stats.tcp_fast;
        result->resent += b.resent[i];
    }
}
