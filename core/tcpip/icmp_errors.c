// SPDX-License-Identifier: MIT
//
// ICMP errors (RFC 792, RFC 1122 3.2.2): tells others what was wrong with their
// packets, and hands what they say about ours to UDP and TCP.

#include "internal.h"
#include "parts.h"

// ------------------------------------------------------------- about ours

// Somebody says that a packet of ours did not arrive. Returns false if it
// cannot be one of ours.
static bool errors_heard(struct nif_tcpip *ip, const struct nif__in *in)
{
    const uint8_t *h = in->body + ICMP_LEN;
    struct nif__icmp_error error;
    size_t header;

    if (!nif__icmp_quote_sound(ip, in)) {
        return false;
    }
    header = (size_t)(h[IPV4_VERSION_IHL] & 0xF) * 4;
    error.type = in->body[ICMP_TYPE];
    error.code = in->body[ICMP_CODE];
    error.mtu = 0;
    error.src = ip->ip;
    error.dst = nif_load_be32(h + IPV4_DST);
    error.body = h + header;
    error.len = in->len - ICMP_LEN - header;
    if (error.type == ICMP_UNREACHABLE && error.code == ICMP_CODE_TOO_BIG) {
        error.mtu = nif_load_be16(in->body + ICMP_MTU);
    }
    ip->stats.icmp_error++;
    if (h[IPV4_PROTO] == IPV4_PROTO_UDP) {
        nif__udp_icmp(ip, &error);
    } else if (h[IPV4_PROTO] == IPV4_PROTO_TCP) {
        nif__tcp_icmp(ip, &error);
    }
    return true;
}

// ----------------------------------------------------------- about theirs

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

// Tells the sender of `in` what was wrong with it.
static void errors_tell(struct nif_tcpip *ip, const struct nif__in *in,
    uint16_t what, uint32_t rest)
{
    struct nif__out out;
    size_t quote = in->len < ICMP_QUOTE ? in->len : ICMP_QUOTE;
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

const struct nif_icmp_errors nif_icmp_errors = {
    .heard = errors_heard,
    .tell = errors_tell,
};
