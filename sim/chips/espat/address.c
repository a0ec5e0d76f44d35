// SPDX-License-Identifier: MIT
//
// The commands about addresses: DHCP, fixed ones, name servers, hardware
// addresses.

#include "sim/chips/espat/model.h"

// ---- DHCP

// AT 1.7 counts 0 access point, 1 station, 2 both, and its query has the bits
// the other way round.
static enum espat_result cwdhcp_nonos(struct espat *e,
    const struct espat_args *args, uint8_t *bits, bool *on)
{
    static const uint8_t of_mode[] = { 2, 1, 3 };
    long mode;
    long enable;

    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%u\r\n", args->name,
            (e->now.dhcp & 1u) << 1 | (e->now.dhcp & 2u) >> 1);
        return RESULT_SAID;
    }
    if (!espat__number(args, 0, 0, 2, &mode) ||
        !espat__number(args, 1, 0, 1, &enable)) {
        return RESULT_INVALID;
    }
    *bits = of_mode[mode];
    *on = enable != 0;
    return RESULT_OK;
}

static enum espat_result cwdhcp_args(struct espat *e,
    const struct espat_args *args, uint8_t *bits, bool *on)
{
    long mode;
    long enable;

    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%u\r\n", args->name, e->now.dhcp);
        return RESULT_SAID;
    }
    if (!espat__number(args, 0, 0, 1, &enable) ||
        !espat__number(args, 1, 1, 3, &mode)) {
        return RESULT_INVALID;
    }
    *bits = (uint8_t)mode;
    *on = enable != 0;
    return RESULT_OK;
}

enum espat_result espat__cwdhcp(struct espat *e, const struct espat_args *args)
{
    uint8_t bits = 0;
    bool on = false;
    uint8_t before = e->now.dhcp;
    enum espat_result result = e->dialect->nonos
        ? cwdhcp_nonos(e, args, &bits, &on)
        : cwdhcp_args(e, args, &bits, &on);

    if (result != RESULT_OK) {
        return result == RESULT_SAID ? RESULT_OK : result;
    }
    e->now.dhcp = (uint8_t)(on ? before | bits : before & ~bits);
    espat__store(e);
    if (((before ^ e->now.dhcp) & 2) != 0) {
        espat__ap_apply(e);
    }
    if (((before ^ e->now.dhcp) & 1) != 0 && e->joined) {
        espat__begin_address(e);
    }
    return RESULT_OK;
}

// ---- addresses

static void say_address(struct espat *e, const char *name,
    const struct nif_net *at)
{
    struct nif_ip none = nif_ip4(0, 0, 0, 0);
    uint32_t bits = at->prefix_len ? UINT32_MAX << (32 - at->prefix_len) : 0;
    struct nif_ip mask = nif_ip4((uint8_t)(bits >> 24), (uint8_t)(bits >> 16),
        (uint8_t)(bits >> 8), (uint8_t)bits);
    const struct nif_ip *of[] = { &at->ip, &at->gateway, &mask };
    static const char *const what[] = { "ip", "gateway", "netmask" };

    for (unsigned i = 0; i < 3; i++) {
        char text[NIF_IP_TEXT_MAX];

        espat__say(e, "%s:%s:\"%s\"\r\n", name, what[i],
            nif_ip_format(of[i]->family == NIF_IP_NONE ? &none : of[i], text));
    }
}

static bool read_ip(const struct espat_args *args, size_t n, struct nif_ip *ip)
{
    const char *text;

    return espat__text(args, n, 15, &text) && nif_ip_parse(text, ip) == 0;
}

// Reads "ip"[,"gateway","netmask"].
static enum espat_result read_address(const struct espat_args *args,
    struct nif_net *out)
{
    struct nif_ip mask = nif_ip4(255, 255, 255, 0);
    uint32_t bits;

    *out = (struct nif_net){ .prefix_len = 0 };
    if (args->count != 1 && args->count != 3) {
        return RESULT_COUNT;
    }
    if (!read_ip(args, 0, &out->ip)) {
        return RESULT_INVALID;
    }
    out->gateway =
        nif_ip4(out->ip.byte[0], out->ip.byte[1], out->ip.byte[2], 1);
    if (args->count == 3 &&
        (!read_ip(args, 1, &out->gateway) || !read_ip(args, 2, &mask))) {
        return RESULT_INVALID;
    }
    for (bits = nif_ip4_value(&mask); bits & 1u << 31; bits <<= 1) {
        out->prefix_len++;
    }
    return bits == 0 ? RESULT_OK : RESULT_INVALID;
}

enum espat_result espat__cipsta(struct espat *e, const struct espat_args *args)
{
    struct nif_net at;
    enum espat_result result;

    if (args->form == FORM_QUERY) {
        nif_stack_net(&e->net[0].tcpip.stack, &at);
        say_address(e, args->name, &at);
        return RESULT_OK;
    }
    result = read_address(args, &at);
    if (result != RESULT_OK) {
        return result;
    }
    if ((e->now.mode & 1) == 0) {
        return RESULT_STATE;
    }
    e->now.ip = at;
    e->now.dhcp &= 2;
    espat__store(e);
    if (e->joined) {
        espat__begin_address(e);
    }
    return RESULT_OK;
}

enum espat_result espat__cipap(struct espat *e, const struct espat_args *args)
{
    struct nif_net at;
    enum espat_result result;

    if (args->form == FORM_QUERY) {
        say_address(e, args->name, &e->now.ap_ip);
        return RESULT_OK;
    }
    result = read_address(args, &at);
    if (result != RESULT_OK) {
        return result;
    }
    if ((e->now.mode & 2) == 0) {
        return RESULT_STATE;
    }
    e->now.ap_ip = at;
    espat__store(e);
    espat__ap_apply(e);
    return RESULT_OK;
}

enum espat_result espat__mac(struct espat *e, const struct espat_args *args)
{
    bool ap = strncmp(args->name, "+CIPAPMAC", 9) == 0;

    espat__say(e, "%s:\"" MAC_FORMAT "\"\r\n", args->name,
        MAC_ARGS(e->net[ap].hwaddr.byte));
    return RESULT_OK;
}

enum espat_result espat__cifsr(struct espat *e, const struct espat_args *args)
{
    (void)args;
    for (unsigned i = 2; i-- > 0;) {
        const char *who = i == 1 ? "AP" : "STA";
        struct nif_ip none = nif_ip4(0, 0, 0, 0);
        struct nif_net at;
        char text[NIF_IP_TEXT_MAX];

        if ((e->now.mode & (i + 1)) == 0) {
            continue;
        }
        nif_stack_net(&e->net[i].tcpip.stack, &at);
        espat__say(e, "+CIFSR:%sIP,\"%s\"\r\n", who,
            nif_ip_format(at.ip.family == NIF_IP_NONE ? &none : &at.ip, text));
        espat__say(e, "+CIFSR:%sMAC,\"" MAC_FORMAT "\"\r\n", who,
            MAC_ARGS(e->net[i].hwaddr.byte));
    }
    return RESULT_OK;
}

// ---- name servers

static enum espat_result cipdns_query(struct espat *e,
    const struct espat_args *args)
{
    struct nif_net at;
    char text[2][NIF_IP_TEXT_MAX];

    nif_stack_net(&e->net[0].tcpip.stack, &at);
    espat__say(e, "%s:%d", args->name, e->dns_manual);
    for (unsigned i = 0; i < 2; i++) {
        const struct nif_ip *ip = e->dns_manual ? &e->dns_ip[i] : &at.dns[i];

        if (ip->family != NIF_IP_NONE) {
            char one[NIF_IP_TEXT_MAX + 4];
            int len = snprintf(one, sizeof(one), ",\"%s\"",
                nif_ip_format(ip, text[i]));

            espat__echo(e, one, (size_t)len);
        }
    }
    espat__echo(e, "\r\n", 2);
    return RESULT_OK;
}

enum espat_result espat__cipdns(struct espat *e, const struct espat_args *args)
{
    struct nif_ip ip[2] = { { .family = NIF_IP_NONE } };
    struct nif_net at;
    long manual;

    if (args->form == FORM_QUERY) {
        return cipdns_query(e, args);
    }
    if (!espat__number(args, 0, 0, 1, &manual)) {
        return RESULT_INVALID;
    }
    for (size_t i = 0; i < 2; i++) {
        if (espat__given(args, 1 + i) && !read_ip(args, 1 + i, &ip[i])) {
            return RESULT_INVALID;
        }
    }
    e->dns_manual = manual != 0;
    memcpy(e->dns_ip, ip, sizeof(ip));
    if (e->dns_manual && e->joined) {
        nif_stack_net(&e->net[0].tcpip.stack, &at);
        memcpy(at.dns, ip, sizeof(ip));
        espat__net_address(&e->net[0], &at);
    }
    return RESULT_OK;
}
