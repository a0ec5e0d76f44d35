// SPDX-License-Identifier: MIT
//
// ICMP (RFC 792, RFC 1122 3.2.2): answers echo requests, tells others what was
// wrong with their packets, and hands what they say about ours to UDP and
// TCP. Redirects and source quench are ignored: with one gateway there is no
// choice to make, and RFC 6633 retired the other.

#include "internal.h"
#include "tcp_parts.h"

#define ERRORS_PER_SECOND     8 // RFC 1812 4.3.2.8: limit what you send
#define CHALLENGES_PER_SECOND 8 // and up to 7 more: see below
#define QUOTE                 8 // bytes behind the offending header

void nif__rate_renew(struct nif_tcpip *ip)
{
    if (ip->now - ip->rate_at < NIF__S(1)) {
        return;
    }
    ip->rate_at = ip->now;
    ip->errors = ERRORS_PER_SECOND;
    // Not a fixed number: counting challenge ACKs from outside would tell
    // whether one went to somebody else (CVE-2016-5696).
    ip->challenges = (uint8_t)(CHALLENGES_PER_SECOND + (nif__random(ip) & 7));
}

// ---------------------------------------------------------------- answers

// The type changes from 8 to 0, so the sum grows by 0x0800, whatever else
// is in the message (RFC 1624).
static void echo(struct nif_tcpip *ip, const struct nif__in *in)
{
    uint32_t sum = nif_get_be16(in->body + ICMP_SUM) + 0x0800u;

    in->body[ICMP_TYPE] = ICMP_ECHO_REPLY;
    nif_put_be16(in->body + ICMP_SUM, (uint16_t)((sum >> 16) + sum));
    ip->stats.icmp_tx++;
    nif__ipv4_reply(ip, in, in->len);
}

// The header of a packet of ours, as far as it is quoted, holds together. It
// is its first fragment, or the ports would not be there.
static bool quote_sound(const struct nif_tcpip *ip, const uint8_t *h,
    size_t len)
{
    size_t header = (size_t)(h[IPV4_VERSION_IHL] & 0xF) * 4;

    return len >= IPV4_LEN && h[IPV4_VERSION_IHL] >> 4 == 4 &&
        header >= IPV4_LEN && len >= header + QUOTE &&
        (nif_get_be16(h + IPV4_FRAGMENT) & IPV4_OFFSET) == 0 &&
        nif_get_be32(h + IPV4_SRC) == ip->ip;
}

// Somebody says that a packet of ours did not arrive. Returns false if it
// cannot be one of ours.
static bool take_error(struct nif_tcpip *ip, const struct nif__in *in)
{
    const uint8_t *h = in->body + ICMP_LEN;
    size_t len = in->len - ICMP_LEN;
    struct nif__icmp_error error;
    size_t header;

    if (in->group || !quote_sound(ip, h, len)) {
        return false;
    }
    header = (size_t)(h[IPV4_VERSION_IHL] & 0xF) * 4;
    error.type = in->body[ICMP_TYPE];
    error.code = in->body[ICMP_CODE];
    error.mtu = 0;
    error.src = ip->ip;
    error.dst = nif_get_be32(h + IPV4_DST);
    error.body = h + header;
    error.len = len - header;
    if (error.type == ICMP_UNREACHABLE && error.code == ICMP_CODE_TOO_BIG) {
        error.mtu = nif_get_be16(in->body + ICMP_MTU);
    }
    ip->stats.icmp_error++;
    if (h[IPV4_PROTO] == IPV4_PROTO_UDP) {
        nif__udp_icmp(ip, &error);
    } else if (h[IPV4_PROTO] == IPV4_PROTO_TCP) {
        if (ip->cfg.tcp->advice != NULL) {
            ip->cfg.tcp->advice->take(ip, &error);
        }
    }
    return true;
}

static bool take(struct nif_tcpip *ip, const struct nif__in *in)
{
    if (in->len < ICMP_LEN ||
        nif__raw_end(nif__copy_sum(NULL, in->body, in->len)) != 0) {
        return false;
    }
    switch (in->body[ICMP_TYPE]) {
    case ICMP_ECHO:
        // Not to a group: that would make us part of a flood (RFC 1122
        // 3.2.2.6).
        if (in->group) {
            return false;
        }
        echo(ip, in);
        return true;
    case ICMP_UNREACHABLE:
    case ICMP_TIME_EXCEEDED:
    case ICMP_PARAMETER: return take_error(ip, in);
    default: return false;
    }
}

void nif__icmp_input(struct nif_tcpip *ip, const struct nif__in *in)
{
    ip->stats.icmp_rx++;
    if (!take(ip, in)) {
        ip->stats.icmp_drop++;
    }
}

// ----------------------------------------------------------------- errors

// RFC 1122 3.2.2: never about an ICMP error, what was for many, or from
// nobody. (Fragments but the first do not come here.)
static bool error_due(struct nif_tcpip *ip, const struct nif__in *in)
{
    if (in->group || in->src == 0 || ip->ip == 0 ||
        (in->ip[IPV4_PROTO] == IPV4_PROTO_ICMP &&
            (in->len == 0 || in->body[ICMP_TYPE] != ICMP_ECHO))) {
        return false;
    }
    nif__rate_renew(ip);
    if (ip->errors == 0) {
        ip->stats.icmp_limit++;
        return false;
    }
    ip->errors--;
    return true;
}

void nif__icmp_error(struct nif_tcpip *ip, const struct nif__in *in,
    uint16_t what, uint32_t rest)
{
    struct nif__out out;
    size_t quote = in->len < QUOTE ? in->len : QUOTE;
    uint32_t sum;

    if (!error_due(ip, in)) {
        return;
    }
    quote += (size_t)(in->body - in->ip);
    nif__hwaddr_copy(nif__head_ether(&out.head), nif__frame(in) + ETH_SRC);
    out.head.dst = in->src;
    out.head.proto = IPV4_PROTO_ICMP;
    out.head.ttl = IPV4_TTL_DEFAULT;
    out.head.tos = 0;
    out.head.body_len = ICMP_LEN;
    out.segs[1] = (struct nif_seg){ in->ip, quote };
    out.segs[2] = (struct nif_seg){ NULL, 0 };
    out.body[0] = nif__be32((uint32_t)what << 16);
    out.body[1] = nif__be32(rest);
    sum = nif__carry_add(out.body[0], out.body[1]);
    sum = nif__checksum(sum, in->ip, quote);
    out.body[0] |= nif__be32(sum);
    // Lost if there is no room: the next packet brings another.
    (void)nif__ipv4_head(ip, &out.head, IPV4_LEN + ICMP_LEN + quote,
        (uint32_t)ip->ip_id++ << 16);
    if (nif__ether_send_out(ip, &out, ICMP_LEN + quote) == 0) {
        ip->stats.icmp_tx++;
    }
}
