// SPDX-License-Identifier: MIT
//
// ICMP (RFC 792, RFC 1122 3.2.2): answers echo requests, says "port
// unreachable". What others report is counted and changes nothing.

#include "internal.h"

#include <string.h>

#define ERRORS_PER_SECOND     8 // RFC 1812 4.3.2.8: limit what you send
#define CHALLENGES_PER_SECOND 8 // and up to 7 more: see below

void nif__rate_renew(struct nif_tcpip *ip)
{
    if (ip->now_us < ip->rate_at_us) {
        return;
    }
    ip->rate_at_us = ip->now_us + NIF__SECOND_US;
    ip->errors = ERRORS_PER_SECOND;
    // Not a fixed number: counting challenge ACKs from outside would tell
    // whether one went to somebody else (CVE-2016-5696).
    ip->challenges = (uint8_t)(CHALLENGES_PER_SECOND + (nif__random(ip) & 7));
}

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

void nif__icmp_input(struct nif_tcpip *ip, const struct nif__in *in)
{
    bool sound = in->len >= ICMP_LEN &&
        nif__sum_end(nif__sum(0, in->body, in->len)) == 0;

    ip->stats.icmp_rx++;
    if (sound && in->body[ICMP_TYPE] == ICMP_ECHO && !in->group) {
        // Not to a group: that would make us part of a flood (RFC 1122
        // 3.2.2.6).
        echo(ip, in);
    } else {
        ip->stats.icmp_drop++;
    }
}

void nif__icmp_port_unreachable(struct nif_tcpip *ip, const struct nif__in *in)
{
    struct nif__out out = {
        .hwaddr = in->frame + ETH_SRC,
        .dst = in->src,
        .proto = IPV4_PROTO_ICMP,
        .ttl = IPV4_TTL_DEFAULT,
        .body_len = ICMP_LEN,
    };
    uint8_t *body = nif__out_body(&out);
    uint32_t sum;

    nif__rate_renew(ip);
    if (in->group || in->src == 0 || ip->ip == 0 || ip->errors == 0) {
        return;
    }
    ip->errors--;
    // The offending header and 8 bytes behind it, which are there: UDP's.
    out.data[0] =
        (struct nif_seg){ in->ip, (size_t)(in->body - in->ip) + UDP_LEN };
    memset(body, 0, ICMP_LEN);
    body[ICMP_TYPE] = ICMP_UNREACHABLE;
    body[ICMP_CODE] = ICMP_CODE_PORT;
    sum = nif__sum(0, body, ICMP_LEN);
    sum = nif__sum(sum, out.data[0].data, out.data[0].len);
    nif_put_be16(body + ICMP_SUM, nif__sum_end(sum));
    // Lost if there is no room: the next datagram brings another.
    if (nif__ipv4_send(ip, &out) == 0) {
        ip->stats.icmp_tx++;
    }
}
