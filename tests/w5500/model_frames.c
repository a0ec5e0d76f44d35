// SPDX-License-Identifier: MIT
//
// Frames of a peer for the W5500 model.

#include "tests/w5500/model_frames.h"

enum { ETH = 14, IP = 20, UDP = 8, TCP = 20 };

static uint32_t add(uint32_t sum, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    }
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

// Of what is in an IPv4 packet, with the pseudo header if it has one.
static uint16_t body_sum(const uint8_t *ip, const uint8_t *body, size_t len)
{
    bool pseudo = ip[9] == 6 || ip[9] == 17;
    uint32_t sum = pseudo ? add((uint32_t)(ip[9] + len), ip + 12, 8) : 0;

    return fold(add(sum, body, len));
}

void arp_from(struct bench *b, unsigned oper, uint32_t from, uint32_t to)
{
    uint8_t frame[42] = { 0 };

    memcpy(frame, oper == 1 ? all_macs : own_mac, 6);
    memcpy(frame + 6, peer_mac, 6);
    nif_put_be16(frame + 12, 0x0806);
    nif_put_be32(frame + 14, 0x00010800);
    nif_put_be32(frame + 18, 0x06040000 | oper);
    memcpy(frame + 22, peer_mac, 6);
    nif_put_be32(frame + 28, from);
    memcpy(frame + 32, own_mac, 6);
    nif_put_be32(frame + 38, to);
    arrive(b, frame, sizeof(frame));
}

void ip_from(struct bench *b, const struct ip_frame *ip, const uint8_t *body,
    size_t len)
{
    uint8_t frame[1514] = { 0 };
    uint8_t *head = frame + ETH;

    memcpy(frame, ip->to_mac ? ip->to_mac : own_mac, 6);
    memcpy(frame + 6, peer_mac, 6);
    nif_put_be16(frame + 12, 0x0800);
    head[0] = 0x45;
    nif_put_be16(head + 2, (uint16_t)(IP + len));
    nif_put_be16(head + 6, ip->fragment);
    head[8] = 64;
    head[9] = ip->proto;
    nif_put_be32(head + 12, ip->from ? ip->from : PEER_IP);
    nif_put_be32(head + 16, ip->to ? ip->to : OWN_IP);
    nif_put_be16(head + 10, fold(add(0, head, IP)));
    memcpy(head + IP, body, len);
    arrive(b, frame, ETH + IP + len);
}

// Puts the checksum at `at` of a body that is going to be sent so.
static void put_sum(const struct ip_frame *ip, uint8_t *body, size_t len,
    unsigned at)
{
    uint8_t head[IP] = { 0 };

    head[9] = ip->proto;
    nif_put_be32(head + 12, ip->from ? ip->from : PEER_IP);
    nif_put_be32(head + 16, ip->to ? ip->to : OWN_IP);
    nif_put_be16(body + at, body_sum(head, body, len));
}

void udp_from(struct bench *b, const struct ip_frame *ip, unsigned port,
    const void *data, size_t len)
{
    struct ip_frame with = *ip;
    uint8_t body[1480] = { 0 };

    with.proto = 17;
    nif_put_be16(body, 7);
    nif_put_be16(body + 2, (uint16_t)port);
    nif_put_be16(body + 4, (uint16_t)(UDP + len));
    memcpy(body + UDP, data, len);
    put_sum(&with, body, UDP + len, 6);
    ip_from(b, &with, body, UDP + len);
}

// `options` bytes of `data` belong to the header.
static void segment(struct bench *b, unsigned flags, const uint32_t numbers[2],
    const void *data, size_t len, size_t options)
{
    const struct ip_frame ip = { .proto = 6 };
    uint8_t body[1480] = { 0 };

    nif_put_be16(body, 7);
    nif_put_be16(body + 2, 5000);
    nif_put_be32(body + 4, numbers[0]);
    nif_put_be32(body + 8, numbers[1]);
    body[12] = (uint8_t)((TCP + options) / 4 << 4);
    body[13] = (uint8_t)flags;
    nif_put_be16(body + 14, 8192);
    if (len > 0) {
        memcpy(body + TCP, data, len);
    }
    put_sum(&ip, body, TCP + len, 16);
    ip_from(b, &ip, body, TCP + len);
}

void tcp_from(struct bench *b, unsigned flags, uint32_t seq, uint32_t ack,
    const void *data, size_t len)
{
    segment(b, flags, (const uint32_t[]){ seq, ack }, data, len, 0);
}

void syn_from(struct bench *b, unsigned flags, uint32_t ack,
    const uint8_t *options, size_t len)
{
    segment(b, flags | SYN, (const uint32_t[]){ 1000, ack }, options, len, len);
}

void ping_from(struct bench *b, uint32_t to, size_t len)
{
    const struct ip_frame ip = { .to = to, .proto = 1 };
    uint8_t body[1480] = { 8, 0, 0, 0, 0x12, 0x34, 0, 1 };

    for (size_t i = 0; i < len; i++) {
        body[8 + i] = (uint8_t)i;
    }
    put_sum(&ip, body, 8 + len, 2);
    ip_from(b, &ip, body, 8 + len);
}

unsigned seen8(const struct bench *b, unsigned frame, unsigned at)
{
    assert_true(frame < b->seen_count);
    return b->seen[frame][at];
}

unsigned seen16(const struct bench *b, unsigned frame, unsigned at)
{
    assert_true(frame < b->seen_count);
    return nif_get_be16(b->seen[frame] + at);
}

uint32_t seen32(const struct bench *b, unsigned frame, unsigned at)
{
    assert_true(frame < b->seen_count);
    return nif_get_be32(b->seen[frame] + at);
}

bool seen_sound(const struct bench *b, unsigned frame)
{
    const uint8_t *ip = b->seen[frame] + ETH;
    size_t total = nif_get_be16(ip + 2);

    assert_true(frame < b->seen_count);
    return ip[0] == 0x45 && ETH + total <= b->seen_len[frame] &&
        fold(add(0, ip, IP)) == 0 && body_sum(ip, ip + IP, total - IP) == 0;
}
