// SPDX-License-Identifier: MIT
//
// The TCP peer by hand.

#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t mss_option[4] = { 2, 4, 0x05, 0xB4 };

void peer_begin(struct peer *p, size_t cap)
{
    struct nif_stack *stack = &p->pair.stack[0].stack;
    const struct nif_endpoint local = { .port = OUR_PORT };
    const struct nif_conn_cfg none = { .rx = NULL };

    p->port = PEER_PORT;
    p->our_port = OUR_PORT;
    p->seq = 1000;
    p->wnd = 8000;
    pair_inject(&p->pair, p->frame,
        pair_arp(&p->pair, p->frame, 1, PAIR_IP1, PAIR_IP0));
    pair_clear(&p->pair);
    assert_int_equal(nif_conn_open(stack, &p->listener, NIF_TCP, &none), 0);
    assert_int_equal(nif_conn_bind(&p->listener, &local), 0);
    for (int i = 0; i < 2; i++) {
        const struct nif_conn_cfg cfg = { p->rx[i], cap, p->tx[i], cap };

        assert_int_equal(nif_conn_open(stack, &p->backlog[i], NIF_TCP, &cfg),
            0);
    }
    assert_int_equal(nif_conn_listen(&p->listener, p->backlog, 2), 0);
}

void peer_init_rings(struct peer *p, size_t cap)
{
    memset(p, 0, sizeof(*p));
    pair_init_single(&p->pair, 5);
    peer_begin(p, cap);
}

void peer_init(struct peer *p)
{
    peer_init_rings(p, 4096);
}

void peer_extend(struct peer *p, bool sack, bool stamps)
{
    p->pair.stack[0].cfg.sack = sack ? &nif_tcp_sack : NULL;
    p->pair.stack[0].cfg.stamps = stamps ? &nif_tcp_stamps : NULL;
    for (int i = 0; i < 2; i++) {
        p->backlog[i].state = NIF_CONN_IDLE;
        nif_tcp_extend(&p->backlog[i], &p->more[i]);
    }
}

void peer_say(struct peer *p, uint8_t flags, int32_t seq, int32_t ack,
    const void *data, size_t len)
{
    const struct pair_seg seg = {
        .src = p->port,
        .dst = p->our_port,
        .seq = p->seq + (uint32_t)seq,
        .ack = flags & ACK ? p->ack + (uint32_t)ack : 0,
        .flags = flags,
        .wnd = p->wnd,
        .options = p->options != NULL ? p->options : mss_option,
        .options_len = p->options != NULL ? p->options_len
            : flags & SYN                 ? sizeof(mss_option)
                                          : 0,
        .data = data,
        .len = len,
    };

    if (seq == 0 && !(flags & RST)) {
        p->seq += (uint32_t)len + ((flags & SYN) != 0) + ((flags & FIN) != 0);
    }
    pair_inject(&p->pair, p->frame, pair_tcp(&p->pair, p->frame, &seg));
}

bool peer_hear(struct peer *p)
{
    size_t len = pair_take(&p->pair, p->frame);

    while (len > 0 && nif_get_be16(p->frame + 12) == 0x0806) {
        pair_inject(&p->pair, p->frame,
            pair_arp(&p->pair, p->frame, 2, PAIR_IP1, PAIR_IP0));
        len = pair_take(&p->pair, p->frame);
    }
    if (len == 0) {
        return false;
    }
    if (!pair_read_tcp(p->frame, len, &p->seg)) {
        fail_msg("something else than a sound TCP segment came");
    }
    assert_int_equal(p->seg.dst, p->port);
    return true;
}

void peer_expect(struct peer *p, uint8_t flags, size_t len)
{
    if (!peer_hear(p)) {
        fail_msg("silence, where flags %02x with %u bytes were expected", flags,
            (unsigned)len);
    }
    assert_int_equal(p->seg.flags & ~PSH, flags);
    assert_int_equal(p->seg.len, len);
    if (!(flags & SYN)) {
        assert_int_equal(p->seg.seq, p->ack);
    }
    if (flags & ACK) {
        assert_int_equal(p->seg.ack, p->seq);
    }
    p->ack = p->seg.seq + (uint32_t)len + ((flags & SYN) != 0) +
        ((flags & FIN) != 0);
}

void peer_expect_nothing(struct peer *p)
{
    if (peer_hear(p)) {
        fail_msg("flags %02x with %u bytes, where silence was expected",
            p->seg.flags, (unsigned)p->seg.len);
    }
}

void peer_connect(struct peer *p)
{
    peer_say(p, SYN, 0, 0, NULL, 0);
    peer_expect(p, SYN | ACK, 0);
    peer_say(p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p->listener, &p->conn, NULL), 0);
    assert_int_equal(nif_conn_state(p->conn), NIF_CONN_OPEN);
}

void peer_serve(struct peer *p)
{
    const struct nif_conn_cfg cfg = { p->rx[2], sizeof(p->rx[2]), p->tx[2],
        sizeof(p->tx[2]) };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PEER_PORT };

    assert_int_equal(nif_conn_open(&p->pair.stack[0].stack, &p->client, NIF_TCP,
                         &cfg),
        0);
    nif_tcp_extend(&p->client, &p->more[2]);
    assert_int_equal(nif_conn_connect(&p->client, &to), 0);
    p->conn = &p->client;
    peer_pass(p, 1);
    assert_true(peer_hear(p));
    assert_int_equal(p->seg.flags, SYN);
    p->our_port = p->seg.src;
    p->ack = p->seg.seq + 1;
    peer_say(p, SYN | ACK, 0, 0, NULL, 0);
    peer_expect(p, ACK, 0);
    assert_int_equal(nif_conn_state(&p->client), NIF_CONN_OPEN);
}

void peer_pass(struct peer *p, uint64_t us)
{
    pair_pass(&p->pair, us);
}
