// SPDX-License-Identifier: MIT
//
// Its own reading of the formats (RFC 768, 791, 792, 826, 1071): it shares
// nothing with the stacks that it judges.

#include "bench/stack/frames.h"

#include <string.h>

#define IP   14
#define BODY 34
#define DATA 42 // of UDP and ICMP echo

static uint32_t sum(uint32_t s, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    }
    return s;
}

static uint16_t folded(uint32_t s)
{
    s = (s >> 16) + (s & 0xFFFF);
    return (uint16_t)((s >> 16) + (s & 0xFFFF));
}

static uint16_t body_sum(const uint8_t *frame, size_t len)
{
    uint8_t proto = frame[IP + 9];
    uint32_t s = sum(0, frame + BODY, len);

    if (proto == 17) {
        s = sum(s, frame + IP + 12, 8) + proto + (uint32_t)len;
    }
    return folded(s);
}

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 7 + (i >> 8));
}

static void put_ethernet(uint8_t *out, uint8_t to, uint16_t type)
{
    static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 0, 2 };

    memcpy(out, macs, sizeof(macs));
    out[5] = to;
    out[11] = (uint8_t)(3 - to);
    nif_put_be16(out + 12, type);
}

static size_t put_ip(uint8_t *out, uint8_t proto, size_t len)
{
    static const uint8_t head[20] = { 0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 64, 0, 0,
        0, 192, 0, 2, 2, 192, 0, 2, 1 };
    size_t body_len = 8 + len;

    put_ethernet(out, 1, 0x0800);
    memcpy(out + IP, head, sizeof(head));
    out[IP + 9] = proto;
    nif_put_be16(out + IP + 2, (uint16_t)(20 + body_len));
    nif_put_be16(out + IP + 10, (uint16_t)~folded(sum(0, out + IP, 20)));
    memset(out + BODY, 0, 8);
    for (size_t i = 0; i < len; i++) {
        out[DATA + i] = pattern(i);
    }
    return BODY + body_len;
}

size_t frames_udp(uint8_t *out, uint16_t port, size_t len)
{
    size_t total = put_ip(out, 17, len);

    nif_put_be16(out + BODY, 49152);
    nif_put_be16(out + BODY + 2, port);
    nif_put_be16(out + BODY + 4, (uint16_t)(8 + len));
    nif_put_be16(out + BODY + 6, (uint16_t)~body_sum(out, 8 + len));
    return total;
}

size_t frames_udp_broadcast(uint8_t *out, uint16_t port, size_t len)
{
    size_t total = put_ip(out, 17, len);

    memset(out, 0xFF, 6);
    memset(out + IP + 16, 0xFF, 4);
    nif_put_be16(out + IP + 10, 0);
    nif_put_be16(out + IP + 10, (uint16_t)~folded(sum(0, out + IP, 20)));
    nif_put_be16(out + BODY, 49152);
    nif_put_be16(out + BODY + 2, port);
    nif_put_be16(out + BODY + 4, (uint16_t)(8 + len));
    nif_put_be16(out + BODY + 6, (uint16_t)~body_sum(out, 8 + len));
    return total;
}

size_t frames_ping(uint8_t *out, size_t len)
{
    size_t total = put_ip(out, 1, len);

    out[BODY] = 8;
    nif_put_be32(out + BODY + 4, 0x77000001);
    nif_put_be16(out + BODY + 2, (uint16_t)~body_sum(out, 8 + len));
    return total;
}

size_t frames_arp(uint8_t *out, uint8_t to)
{
    static const uint8_t arp[28] = { 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0,
        192, 0, 2, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 0 };

    memset(out, 0, 60);
    put_ethernet(out, to, 0x0806);
    memset(out, 0xFF, 6);
    memcpy(out + IP, arp, sizeof(arp));
    out[IP + 13] = (uint8_t)(3 - to);
    out[IP + 17] = (uint8_t)(3 - to);
    out[IP + 27] = to;
    return 60;
}

// ---------------------------------------------------------------- answers

static bool ip_answers(const struct wire_slot *frame, uint8_t proto, size_t len)
{
    static const uint8_t addresses[8] = { 192, 0, 2, 1, 192, 0, 2, 2 };
    const uint8_t *f;

    if (frame == NULL || frame->len < DATA + len) {
        return false;
    }
    f = frame->data;
    if (f[5] != 2 || f[11] != 1 || nif_get_be16(f + 12) != 0x0800 ||
        f[IP] != 0x45 || f[IP + 9] != proto ||
        nif_get_be16(f + IP + 2) != 28 + len ||
        memcmp(f + IP + 12, addresses, 8) != 0 ||
        folded(sum(0, f + IP, 20)) != 0xFFFF ||
        body_sum(f, 8 + len) != 0xFFFF) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (f[DATA + i] != pattern(i)) {
            return false;
        }
    }
    return true;
}

bool frames_udp_answers(const struct wire_slot *frame, size_t len)
{
    return ip_answers(frame, 17, len) &&
        nif_get_be16(frame->data + BODY + 2) == 49152 &&
        nif_get_be16(frame->data + BODY + 4) == 8 + len;
}

bool frames_ping_answers(const struct wire_slot *frame, size_t len)
{
    return ip_answers(frame, 1, len) && frame->data[BODY] == 0 &&
        nif_get_be32(frame->data + BODY + 4) == 0x77000001;
}

bool frames_arp_answers(const struct wire_slot *frame)
{
    return frame != NULL && frame->len >= 42 && frame->data[IP + 7] == 2 &&
        frame->data[IP + 13] == 1 && frame->data[IP + 17] == 1 &&
        frame->data[IP + 27] == 2;
}
