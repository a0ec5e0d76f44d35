// SPDX-License-Identifier: MIT
//
// Addresses: compare, classify, read, write.

#include "nif/ip.h"

#include <string.h>

bool nif_ip_equal(const struct nif_ip *a, const struct nif_ip *b)
{
    size_t len = a->family == NIF_IPV6 ? 16 : 4;

    if (a->family != b->family) {
        return false;
    }
    return a->family == NIF_IP_NONE ||
        (memcmp(a->byte, b->byte, len) == 0 && a->zone == b->zone);
}

bool nif_ip_is_any(const struct nif_ip *ip)
{
    unsigned any = 0;

    // Behind an IPv4 address are zeroes.
    for (size_t i = 0; i < sizeof(ip->byte); i++) {
        any |= ip->byte[i];
    }
    return ip->family == NIF_IP_NONE || any == 0;
}

bool nif_ip_is_multicast(const struct nif_ip *ip)
{
    return ip->family == NIF_IPV6
        ? ip->byte[0] == 0xFF
        : ip->family == NIF_IPV4 && ip->byte[0] >> 4 == 0xE;
}

// Numbers of up to three digits, 0 to 255, without leading zeros: some readers
// take those for octal.
int nif_ip_parse(const char *text, struct nif_ip *ip)
{
    uint8_t byte[4];
    unsigned digits = 0;
    unsigned v = 0;
    size_t i = 0;

    memset(ip, 0, sizeof(*ip)); // NIF_IP_NONE
    for (; i < sizeof(byte); text++) {
        unsigned digit = (unsigned)*text - '0';

        if (digit < 10 && digits < 3 && (v > 0 || digits == 0)) {
            v = v * 10 + digit;
            digits++;
        } else if (digits == 0 || v > 255 || *text != (i < 3 ? '.' : '\0')) {
            return NIF_EINVAL;
        } else {
            byte[i++] = (uint8_t)v;
            digits = 0;
            v = 0;
        }
    }
    ip->family = NIF_IPV4;
    memcpy(ip->byte, byte, sizeof(byte));
    return 0;
}

static char *write_byte(char *at, uint8_t v)
{
    uint8_t hundreds = (uint8_t)((v >= 100) + (v >= 200));
    uint8_t tens = 0;

    v = (uint8_t)(v - hundreds * 100);
    while (v >= 10) {
        v = (uint8_t)(v - 10);
        tens++;
    }
    if (hundreds > 0) {
        *at++ = (char)('0' + hundreds);
    }
    if (hundreds > 0 || tens > 0) {
        *at++ = (char)('0' + tens);
    }
    *at++ = (char)('0' + v);
    return at;
}

static void write_ipv4(const struct nif_ip *ip, char *at)
{
    for (size_t i = 0; i < 4; i++) {
        at = write_byte(at, ip->byte[i]);
        *at++ = i < 3 ? '.' : '\0';
    }
}

static void write_ipv6(const struct nif_ip *ip, char *at)
{
    static const char digit[] = "0123456789abcdef";

    for (size_t i = 0; i < 16; i++) {
        *at++ = digit[ip->byte[i] >> 4];
        *at++ = digit[ip->byte[i] & 0xF];
        if (i & 1) {
            *at++ = i < 15 ? ':' : '\0';
        }
    }
}

const char *nif_ip_format(const struct nif_ip *ip, char text[NIF_IP_TEXT_MAX])
{
    if (ip->family == NIF_IPV4) {
        write_ipv4(ip, text);
    } else if (ip->family == NIF_IPV6) {
        write_ipv6(ip, text);
    } else {
        memcpy(text, "none", 5);
    }
    return text;
}
