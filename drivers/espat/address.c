// SPDX-License-Identifier: MIT
//
// The module's addresses and its resolver.

#include "internal.h"

#include <string.h>

// A result that nobody has fetched is not given to the next who asks.
#define STALE_US 2000000u

static void put_net(struct espat *chip, const char *before,
    const struct nif_ip *ip)
{
    at__put(chip, before);
    at__put_ip(chip, ip->byte);
}

static void put_interface(struct espat *chip)
{
    at__put_cur(chip, chip->serving ? "CIPAP" : "CIPSTA");
}

// ---- setting

static void write_set_ip(struct espat *chip)
{
    const struct nif_net *want = &chip->want;
    struct nif_ip mask = nif_ip4(0, 0, 0, 0);

    if (want->ip.family == NIF_IP_NONE) {
        at__put_cur(chip, "CWDHCP");
        // Access points hand out addresses themselves.
        if (chip->version < 0x0200) {
            at__put(chip, chip->serving ? "=0,1" : "=1,1");
        } else {
            at__put(chip, chip->serving ? "=1,2" : "=1,1");
        }
        return;
    }
    nif_put_be32(mask.byte,
        want->prefix_len == 0 ? 0 : UINT32_MAX << (32 - want->prefix_len));
    put_interface(chip);
    put_net(chip, "=", &want->ip);
    put_net(chip, ",",
        want->gateway.family == NIF_IP_NONE ? &want->ip : &want->gateway);
    put_net(chip, ",", &mask);
}

static void set_ip_done(struct espat *chip, int result)
{
    (void)result; // what is in use is read back
    if (chip->want.dns[0].family != NIF_IP_NONE) {
        chip->todo |= ESPAT_TODO_SET_DNS;
    }
    if (chip->wifi.state == NIF_WIFI_JOINED ||
        chip->wifi.state == NIF_WIFI_SERVING) {
        chip->todo |= ESPAT_TODO_GET_IP | ESPAT_TODO_GET_DNS;
    }
}

const struct espat_command at__set_ip = {
    write_set_ip,
    NULL,
    set_ip_done,
    2,
    false,
};

static void write_set_dns(struct espat *chip)
{
    at__put_cur(chip, "CIPDNS");
    put_net(chip, "=1,", &chip->want.dns[0]);
    if (chip->want.dns[1].family != NIF_IP_NONE) {
        put_net(chip, ",", &chip->want.dns[1]);
    }
}

static void set_dns_done(struct espat *chip, int result)
{
    (void)chip;
    (void)result;
}

const struct espat_command at__set_dns = {
    write_set_dns,
    NULL,
    set_dns_done,
    2,
    false,
};

// ---- getting

static void write_get_ip(struct espat *chip)
{
    chip->next_ip.family = NIF_IP_NONE;
    put_interface(chip);
    at__put(chip, "?");
}

static uint8_t prefix_of(const struct nif_ip *mask)
{
    uint32_t bits = mask->family == NIF_IP_NONE ? 0 : nif_ip4_value(mask);
    uint8_t len = 0;

    while (bits & UINT32_C(0x80000000)) {
        bits <<= 1;
        len++;
    }
    return len;
}

static bool get_ip_line(struct espat *chip, const char *line)
{
    const char *text = at__value(line, chip->serving ? "CIPAP" : "CIPSTA");
    const char *ip = at__skip(text, "ip:");
    const char *gateway = at__skip(text, "gateway:");
    const char *netmask = at__skip(text, "netmask:");
    struct nif_ip mask;

    if (ip != NULL) {
        (void)at__nif_ip(ip, &chip->next_ip);
    } else if (gateway != NULL) {
        (void)at__nif_ip(gateway, &chip->net.gateway);
    } else if (netmask != NULL && at__nif_ip(netmask, &mask) != NULL) {
        chip->net.prefix_len = prefix_of(&mask);
    }
    return text != NULL;
}

static void get_ip_done(struct espat *chip, int result)
{
    // Only now, when all else is known; unless it was lost meanwhile.
    if (result == 0 &&
        (chip->wifi.state == NIF_WIFI_JOINED ||
            chip->wifi.state == NIF_WIFI_SERVING)) {
        chip->net.ip = chip->next_ip;
    }
}

const struct espat_command at__get_ip = {
    write_get_ip,
    get_ip_line,
    get_ip_done,
    2,
    false,
};

static void write_get_dns(struct espat *chip)
{
    at__put_cur(chip, "CIPDNS");
    at__put(chip, "?");
}

// +CIPDNS:<0 or 1>,"d1","d2"; AT 1.x: one line each, +CIPDNS_CUR:d1
static bool get_dns_line(struct espat *chip, const char *line)
{
    const char *text = at__value(line, "CIPDNS");
    struct nif_ip *dns = chip->net.dns;
    uint32_t manual;
    const char *list = at__skip(at__number(text, &manual), ",");

    if (list != NULL) {
        list = at__skip(at__nif_ip(list, &dns[0]), ",");
        if (list != NULL) {
            (void)at__nif_ip(list, &dns[1]);
        }
    } else if (text != NULL) {
        (void)at__nif_ip(text, &dns[dns[0].family != NIF_IP_NONE ? 1 : 0]);
    }
    return text != NULL;
}

static void get_dns_done(struct espat *chip, int result)
{
    (void)chip;
    (void)result;
}

const struct espat_command at__get_dns = {
    write_get_dns,
    get_dns_line,
    get_dns_done,
    2,
    false,
};

void at__net(struct nif_stack *stack, struct nif_net *out)
{
    *out = at__of(stack)->net;
}

// None, or the address of a host.
static bool is_host(const struct nif_ip *ip)
{
    uint8_t first = ip->byte[0];

    return ip->family == NIF_IP_NONE ||
        (ip->family == NIF_IPV4 && first != 0 && first != 127 && first < 224);
}

int at__set_net(struct nif_stack *stack, const struct nif_net *net)
{
    struct espat *chip = at__of(stack);

    if (!is_host(&net->ip) || !is_host(&net->gateway) ||
        !is_host(&net->dns[0]) || !is_host(&net->dns[1]) ||
        net->prefix_len > 32) {
        return NIF_EINVAL;
    }
    if (net->ip.family == NIF_IP_NONE && chip->want.ip.family == NIF_IP_NONE) {
        return 0; // the module asks for one already
    }
    if (at__has_address(chip) && !nif_ip_equal(&net->ip, &chip->net.ip)) {
        at__lose_links(chip, NIF_EADDR);
        chip->net.ip.family = NIF_IP_NONE;
    }
    chip->want = *net;
    if (chip->wifi.state == NIF_WIFI_JOINED ||
        chip->wifi.state == NIF_WIFI_SERVING) {
        chip->todo |= ESPAT_TODO_SET_IP;
        nif_clock_wake(stack->clock);
    }
    return 0;
}

// ---- names

static void write_lookup(struct espat *chip)
{
    at__put(chip, "AT+CIPDOMAIN=");
    at__put_quoted(chip, chip->look_host);
}

// +CIPDOMAIN:"1.2.3.4"; AT 1.x without quotes
static bool lookup_line(struct espat *chip, const char *line)
{
    struct nif_ip ip;
    const char *text = at__nif_ip(at__value(line, "CIPDOMAIN"), &ip);

    if (text == NULL || ip.family == NIF_IP_NONE) {
        return false;
    }
    memcpy(chip->look_ip, ip.byte, 4);
    chip->synced = true;
    return true;
}

static void lookup_done(struct espat *chip, int result)
{
    if (chip->look_result != NIF_EAGAIN ||
        (chip->todo & ESPAT_TODO_LOOKUP) != 0) {
        return; // another is wanted by now
    }
    if (result == 0) {
        result = chip->synced ? 0 : NIF_EPROTO;
    } else if (result != NIF_ETIMEDOUT) {
        result = NIF_ENOTFOUND;
    }
    chip->look_result = result;
    chip->look_us = nif_clock_now_us(chip->cfg.clock);
}

const struct espat_command at__lookup = {
    write_lookup,
    lookup_line,
    lookup_done,
    25,
    false,
};

static bool is_name(const char *host)
{
    size_t len = strlen(host);

    for (size_t i = 0; i < len; i++) {
        if (host[i] <= ' ' || host[i] > '~') {
            return false;
        }
    }
    return len > 0 && len <= ESPAT_HOST_MAX;
}

int at__ask(struct nif_stack *stack, const char *host, struct nif_ip *out)
{
    struct espat *chip = at__of(stack);
    int result = chip->look_result;
    bool same = strcmp(host, chip->look_host) == 0;

    if (!is_name(host)) {
        return NIF_EINVAL;
    }
    if (same && result == NIF_EAGAIN) {
        return result;
    }
    if (same && nif_clock_now_us(chip->cfg.clock) - chip->look_us < STALE_US) {
        chip->look_host[0] = '\0';
        if (result == 0) {
            *out = nif_ip4_from(chip->look_ip);
        }
        return result;
    }
    if (!at__has_address(chip)) {
        return NIF_EADDR;
    }
    memcpy(chip->look_host, host, strlen(host) + 1);
    chip->look_result = NIF_EAGAIN;
    chip->todo |= ESPAT_TODO_LOOKUP;
    nif_clock_wake(stack->clock);
    return NIF_EAGAIN;
}
