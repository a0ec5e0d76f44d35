// SPDX-License-Identifier: MIT
//
// Fragments by hand.

#include "tests/core/pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void pieces_start(struct pieces *s, size_t count, size_t each)
{
    const struct nif_endpoint local = { .port = 7 };
    const struct nif_conn_cfg rings = { s->rx, sizeof(s->rx), s->tx,
        sizeof(s->tx) };
    struct pair *p = &s->pair;

    pair_init_single(p, 31);
    nif_reassembly_init(&s->reassembly,
        &(struct nif_reassembly_cfg){ .slots = s->slots,
            .count = count,
            .buf = s->memory,
            .each = each });
    nif_fragment_init(&s->fragment);
    p->parts.reassembly = &s->reassembly;
    p->parts.fragment = &s->fragment;
    pair_restart(p, 31);
    pair_inject(p, s->in, pair_arp(p, s->in, 1, PAIR_IP1, PAIR_IP0));
    pair_clear(p);
    assert_int_equal(nif_conn_open(&p->stack[0].stack, &s->c, NIF_UDP, &rings),
        0);
    assert_int_equal(nif_conn_bind(&s->c, &local), 0);
}

uint16_t pieces_sum(uint32_t start, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        start += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
    }
    while (start >> 16) {
        start = (start & 0xFFFF) + (start >> 16);
    }
    return (uint16_t)start;
}

size_t pieces_udp(struct pieces *s, size_t len)
{
    uint32_t pseudo = (PAIR_IP0 >> 16) + (PAIR_IP0 & 0xFFFF) +
        (PAIR_IP1 >> 16) + (PAIR_IP1 & 0xFFFF) + 17 + 8 + (uint32_t)len;
    uint8_t *whole = s->whole;

    memset(whole, 0, 8);
    nif_put_be16(whole, 5000);
    nif_put_be16(whole + 2, 7);
    nif_put_be16(whole + 4, (uint16_t)(8 + len));
    for (size_t i = 0; i < len; i++) {
        whole[8 + i] = (uint8_t)(i * 31 + (i >> 8));
    }
    nif_put_be16(whole + 6, (uint16_t)~pieces_sum(pseudo, whole, 8 + len));
    return 8 + len;
}

size_t pieces_echo(struct pieces *s, size_t len)
{
    uint8_t *whole = s->whole;

    memset(whole, 0, 8);
    whole[0] = 8;
    for (size_t i = 0; i < len; i++) {
        whole[8 + i] = (uint8_t)(i * 13 + (i >> 8));
    }
    nif_put_be16(whole + 2, (uint16_t)~pieces_sum(0, whole, 8 + len));
    return 8 + len;
}

void pieces_say(struct pieces *s, const struct frag *f)
{
    const struct pair_ip ip = {
        .src = f->src != 0 ? f->src : PAIR_IP1,
        .dst = PAIR_IP0,
        .proto = f->proto != 0 ? f->proto : 17,
    };
    uint8_t *h = s->in + 14;
    size_t len = pair_wrap(&s->pair, s->in, &ip, f->len);

    memcpy(h + 20, s->whole + f->at, f->len); // without a sum of its own
    nif_put_be16(h + 4, f->id);
    nif_put_be16(h + 6, (uint16_t)(f->at / 8 | (f->more ? 0x2000 : 0)));
    nif_put_be16(h + 10, 0);
    nif_put_be16(h + 10, (uint16_t)~pieces_sum(0, h, 20));
    pair_inject(&s->pair, s->in, len);
}

void pieces_say_all(struct pieces *s, uint8_t proto, uint16_t id, size_t len,
    size_t step)
{
    size_t count = (len + 1479) / 1480;

    for (size_t k = 0; k < count; k++) {
        size_t at = k * step % count * 1480;
        size_t left = len - at;

        pieces_say(s,
            &(struct frag){ .id = id,
                .proto = proto,
                .at = at,
                .len = left < 1480 ? left : 1480,
                .more = left > 1480 });
    }
}

int pieces_recv(struct pieces *s)
{
    return nif_conn_recv(&s->c, s->got, sizeof(s->got), NULL);
}
