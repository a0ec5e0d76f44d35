// SPDX-License-Identifier: MIT
//
// Frames by hand, with sums of their own, so that the stack is not checked
// against itself.

#include "tests/core/pair.h"

#include <string.h>

static uint16_t sum(uint32_t s, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    }
    while (s >> 16) {
        s = (s & 0xFFFF) + (s >> 16);
    }
    return (uint16_t)s;
}

static size_t ihl(const uint8_t *ip)
{
    return (size_t)(ip[0] & 15) * 4;
}

static uint16_t body_sum(const uint8_t *ip)
{
    size_t len = (size_t)nif_get_be16(ip + 2) - ihl(ip);
    uint32_t s = 0;

    if (ip[9] != 1) {
        s = sum(ip[9] + (uint32_t)len, ip + 12, 8);
    }
    return sum(s, ip + ihl(ip), len);
}

// Where the sum of the transport lies; 0: none.
static size_t sum_at(uint8_t proto)
{
    return proto == 1 ? 2 : proto == 17 ? 6 : proto == 6 ? 16 : 0;
}

void pair_resum(uint8_t *frame)
{
    uint8_t *ip = frame + 14;
    size_t at = sum_at(ip[9]);

    nif_put_be16(ip + 10, 0);
    nif_put_be16(ip + 10, (uint16_t)~sum(0, ip, ihl(ip)));
    if (at != 0) {
        nif_put_be16(ip + ihl(ip) + at, 0);
        nif_put_be16(ip + ihl(ip) + at, (uint16_t)~body_sum(ip));
    }
}

size_t pair_wrap(struct pair *p, uint8_t *frame, const struct pair_ip *ip,
    size_t len)
{
    uint8_t *h = frame + 14;
    size_t header = 20 + ip->options_len;

    memcpy(frame, p->dev[0].hwaddr.byte, 6);
    memcpy(frame + 6, p->dev[1].hwaddr.byte, 6);
    nif_put_be16(frame + 12, 0x0800);
    memset(h, 0, 20);
    h[0] = (uint8_t)(0x40 | header / 4);
    nif_put_be16(h + 2, (uint16_t)(header + len));
    h[8] = 64;
    h[9] = ip->proto;
    nif_put_be32(h + 12, ip->src);
    nif_put_be32(h + 16, ip->dst);
    if (ip->options_len > 0) {
        memcpy(h + 20, ip->options, ip->options_len);
    }
    pair_resum(frame);
    return 14 + header + len;
}

size_t pair_arp(struct pair *p, uint8_t *frame, uint16_t oper, uint32_t spa,
    uint32_t tpa)
{
    static const uint8_t head[8] = { 0, 1, 8, 0, 6, 4, 0, 0 };

    memset(frame, 0, 60);
    memset(frame, 0xFF, 6);
    memcpy(frame + 6, p->dev[1].hwaddr.byte, 6);
    nif_put_be16(frame + 12, 0x0806);
    memcpy(frame + 14, head, sizeof(head));
    nif_put_be16(frame + 20, oper);
    memcpy(frame + 22, p->dev[1].hwaddr.byte, 6);
    nif_put_be32(frame + 28, spa);
    nif_put_be32(frame + 38, tpa);
    return 60;
}

size_t pair_echo(struct pair *p, uint8_t *frame, size_t payload)
{
    const struct pair_ip ip = { .src = PAIR_IP1, .dst = PAIR_IP0, .proto = 1 };
    uint8_t *icmp = frame + 34;

    memset(icmp, 0, 8);
    icmp[0] = 8;
    nif_put_be16(icmp + 4, 0x1234);
    nif_put_be16(icmp + 6, 1);
    for (size_t i = 0; i < payload; i++) {
        icmp[8 + i] = (uint8_t)(i * 7);
    }
    return pair_wrap(p, frame, &ip, 8 + payload);
}

size_t pair_icmp(struct pair *p, uint8_t *frame, uint16_t what, uint32_t rest,
    const void *data, size_t len)
{
    const struct pair_ip ip = { .src = PAIR_IP1, .dst = PAIR_IP0, .proto = 1 };
    uint8_t *icmp = frame + 34;

    memmove(icmp + 8, data, len);
    nif_put_be16(icmp, what);
    nif_put_be32(icmp + 4, rest);
    return pair_wrap(p, frame, &ip, 8 + len);
}

size_t pair_udp(struct pair *p, uint8_t *frame, uint16_t src, uint16_t dst,
    const void *data, size_t len)
{
    const struct pair_ip ip = { .src = PAIR_IP1, .dst = PAIR_IP0, .proto = 17 };
    uint8_t *udp = frame + 34;

    nif_put_be16(udp, src);
    nif_put_be16(udp + 2, dst);
    nif_put_be16(udp + 4, (uint16_t)(8 + len));
    if (len > 0) {
        memcpy(udp + 8, data, len);
    }
    return pair_wrap(p, frame, &ip, 8 + len);
}

size_t pair_tcp(struct pair *p, uint8_t *frame, const struct pair_seg *seg)
{
    const struct pair_ip ip = { .src = PAIR_IP1, .dst = PAIR_IP0, .proto = 6 };
    uint8_t *tcp = frame + 34;
    size_t header = 20 + seg->options_len;

    memset(tcp, 0, 20);
    nif_put_be16(tcp, seg->src);
    nif_put_be16(tcp + 2, seg->dst);
    nif_put_be32(tcp + 4, seg->seq);
    nif_put_be32(tcp + 8, seg->ack);
    tcp[12] = (uint8_t)(header / 4 << 4);
    tcp[13] = seg->flags;
    nif_put_be16(tcp + 14, seg->wnd);
    if (seg->options_len > 0) {
        memcpy(tcp + 20, seg->options, seg->options_len);
    }
    if (seg->len > 0) {
        memcpy(tcp + header, seg->data, seg->len);
    }
    return pair_wrap(p, frame, &ip, header + seg->len);
}

bool pair_read_tcp(const uint8_t *frame, size_t len, struct pair_seg *seg)
{
    const uint8_t *ip = frame + 14;
    const uint8_t *tcp = ip + 20;
    size_t header;

    if (len < 54 || nif_get_be16(frame + 12) != 0x0800 || ip[0] != 0x45 ||
        ip[9] != 6 || sum(0, ip, 20) != 0xFFFF || body_sum(ip) != 0xFFFF) {
        return false;
    }
    header = (size_t)(tcp[12] >> 4) * 4;
    *seg = (struct pair_seg){
        .src = nif_get_be16(tcp),
        .dst = nif_get_be16(tcp + 2),
        .seq = nif_get_be32(tcp + 4),
        .ack = nif_get_be32(tcp + 8),
        .flags = tcp[13],
        .wnd = nif_get_be16(tcp + 14),
        .options = tcp + 20,
        .options_len = header - 20,
        .data = tcp + header,
        .len = nif_get_be16(ip + 2) - 20u - header,
    };
    return true;
}
