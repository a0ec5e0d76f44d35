// SPDX-License-Identifier: MIT
//
// The DNS server by hand.

#include "tests/core/dns_bench.h"

struct pair p;
struct nif_dns dns;
struct nif_dns_cache cache;

static struct nif_dns_entry entries[3];
struct nif_ip found;
int result;
uint8_t frame[NIF_ETH_FRAME_MAX];
uint8_t query[512];
size_t query_len;
uint16_t port;
uint16_t to_port;
uint32_t server;
uint8_t msg[600];
size_t msg_len;
uint32_t ttl_s;

const uint8_t to_question[2] = { 0xC0, 12 };
const uint8_t address[4] = { 198, 51, 100, 7 };

int dns_setup(void **state)
{
    struct nif_net net;

    (void)state;
    nif_dns_stop(&dns);
    ttl_s = 60;
    pair_init_single(&p, 31);
    nif_stack_net(&p.stack[0].stack, &net);
    net.dns[0] = nif_ip4(192, 0, 2, 53);
    net.dns[1] = nif_ip4(192, 0, 2, 54);
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &net), 0);
    for (unsigned i = 0; i < 2; i++) {
        pair_inject(&p, frame, pair_arp(&p, frame, 1, SERVER0 + i, PAIR_IP0));
    }
    pair_clear(&p);
    nif_dns_init(&dns, &p.stack[0].stack, 4711);
    return 0;
}

static bool dns_step(struct pair *pair)
{
    uint64_t again_us = NIF_NEVER;

    result = nif_dns_poll(&dns, &found, &again_us);
    pair->also_us = again_us;
    return p.dev[1].queued > 0 || result != NIF_EAGAIN;
}

bool dns_hear(void)
{
    uint64_t until_us = p.now_us + 20 * SECOND;
    size_t len;

    pair_run(&p, until_us, dns_step);
    len = pair_take(&p, frame);
    while (len > 0 && nif_get_be16(frame + 12) == 0x0806) {
        pair_arp(&p, frame, 2, nif_get_be32(frame + 38), PAIR_IP0);
        pair_inject(&p, frame, 60);
        pair_run(&p, until_us, dns_step);
        len = pair_take(&p, frame);
    }
    if (len == 0) {
        return false;
    }
    to_port = nif_get_be16(frame + 36);
    port = nif_get_be16(frame + 34);
    server = nif_get_be32(frame + 30);
    query_len = nif_get_be16(frame + 38) - 8u;
    memcpy(query, frame + 42, query_len);
    return true;
}

void dns_ask(const char *host)
{
    assert_int_equal(nif_dns_start(&dns, host), 0);
    assert_true(dns_hear());
}

void dns_say_from(uint32_t ip, uint16_t from_port, const uint8_t *bytes,
    size_t len)
{
    uint64_t again_us = NIF_NEVER;
    size_t n = pair_udp(&p, frame, from_port, port, bytes, len);

    nif_put_be32(frame + 26, ip);
    pair_resum(frame);
    pair_inject(&p, frame, n);
    result = nif_dns_poll(&dns, &found, &again_us);
}

void dns_begin(uint16_t flags, uint16_t answers)
{
    memcpy(msg, query, query_len);
    nif_put_be16(msg + 2, flags);
    nif_put_be16(msg + 6, answers);
    msg_len = query_len;
}

void dns_add(const void *bytes, size_t len)
{
    memcpy(msg + msg_len, bytes, len);
    msg_len += len;
}

void dns_add_record(const void *name, size_t name_len, uint16_t type,
    const void *data, uint16_t len)
{
    uint8_t head[10] = { 0, 0, 0, 1 };

    nif_put_be16(head, type);
    nif_put_be32(head + 4, ttl_s);
    nif_put_be16(head + 8, len);
    dns_add(name, name_len);
    dns_add(head, sizeof(head));
    dns_add(data, len);
}

void dns_say(void)
{
    dns_say_from(server, 53, msg, msg_len);
}

int dns_setup_cache(void **state)
{
    int err = dns_setup(state);

    nif_dns_cache_init(&cache, entries, nif_countof(entries), 4711);
    nif_dns_share(&dns, &cache);
    return err;
}
