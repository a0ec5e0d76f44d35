// SPDX-License-Identifier: MIT
//
// ICMP (RFC 792, RFC 1122 3.2.2): answers echo requests. Errors are for
// icmp_errors.c, redirects for routes.c: with one gateway there is no choice to
// make. Source quench is ignored (RFC 6633).

#include "internal.h"
#include "parts.h"

#include "nif/routes.h"

#define ERRORS_PER_SECOND     8 // RFC 1812 4.3.2.8: limit what you send
#define CHALLENGES_PER_SECOND 8 // and up to 7 more: see below

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

bool nif__icmp_quote_sound(const struct nif_tcpip *ip, const struct nif__in *in)
{
    const uint8_t *h = in->body + ICMP_LEN;
    size_t len = in->len - ICMP_LEN;
    size_t header = (size_t)(h[IPV4_VERSION_IHL] & 0xF) * 4;

    return !in->group && len >= IPV4_LEN && h[IPV4_VERSION_IHL] >> 4 == 4 &&
        header >= IPV4_LEN && len >= header + ICMP_QUOTE &&
        (nif_load_be16(h + IPV4_FRAGMENT) & IPV4_OFFSET) == 0 &&
        nif_load_be32(h + IPV4_SRC) == ip->ip;
}

// What is no echo request. Returns false if it is not for us.
static bool take_other(struct nif_tcpip *ip, const struct nif__in *in)
{
    uint8_t type = in->body[ICMP_TYPE];

    if (type == ICMP_REDIRECT) {
        return ip->cfg.routes != NULL && ip->cfg.routes->ops->redirect(ip, in);
    }
    return (type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED ||
               type == ICMP_PARAMETER) &&
        ip->cfg.parts->errors != NULL && ip->cfg.parts->errors->heard(ip, in);
}

void nif__icmp_input(struct nif_tcpip *ip, const struct nif__in *in)
{
    ip->stats.icmp_rx++;
    if (in->len >= ICMP_LEN &&
        nif__raw_zero(nif__copy_sum(NULL, in->body, in->len))) {
        // To a group: that would make us part of a flood (RFC 1122 3.2.2.6).
        if (in->body[ICMP_TYPE] == ICMP_ECHO && !in->group) {
            echo(ip, in);
            return;
        }
        if (take_other(ip, in)) {
            return;
        }
    }
    ip->stats.icmp_drop++;
}

void nif__icmp_error(struct nif_tcpip *ip, const struct nif__in *in,
    uint16_t what, uint32_t rest)
{
    const struct nif_icmp_errors *errors = ip->cfg.parts->errors;

    if (errors != NULL) {
        errors->tell(ip, in, what, rest);
    }
}
