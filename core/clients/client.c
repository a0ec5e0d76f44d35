// SPDX-License-Identifier: MIT
//
// What the clients have in common.

#include "client.h"

#include <string.h>

int nif__client_open(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_conn_cfg *buffers, uint16_t port)
{
    struct nif_endpoint local = { .port = port };
    int err = nif_conn_open(stack, conn, NIF_UDP, buffers);

    if (err == 0) {
        err = nif_conn_bind(conn, &local);
        if (err != 0) {
            nif_conn_abort(conn);
        }
    }
    return err;
}

bool nif__has_come(const struct nif_stack *stack, uint64_t at_us)
{
    return nif_clock_now_us(stack->clock) >= at_us;
}

void nif__sooner(uint64_t *at_us, uint64_t us)
{
    if (us < *at_us) {
        *at_us = us;
    }
}

bool nif__host_ip(uint32_t ip)
{
    uint32_t net = ip >> 24;

    return net != 0 && net != 127 && net < 224;
}

void nif__put_ip(struct nif_ip *ip, uint32_t value)
{
    memset(ip, 0, sizeof(*ip));
    ip->family = NIF_IPV4;
    nif_store_be32(ip->byte, value);
}

void nif__set_ip(struct nif_ip *ip, uint32_t value)
{
    if (nif__host_ip(value)) {
        nif__put_ip(ip, value);
    } else {
        memset(ip, 0, sizeof(*ip)); // NIF_IP_NONE
    }
}

uint32_t nif__mask(uint8_t prefix_len)
{
    return prefix_len == 0 ? 0 : UINT32_MAX << (32 - prefix_len);
}

void nif__digest(const uint32_t key[2], const void *data, size_t len,
    uint32_t out[2])
{
    const uint32_t other[2] = { key[1], ~key[0] };
    uint32_t words[64] = { 0 };

    memcpy(words, data, len);
    out[0] = nif_hash(key, words, nif_countof(words));
    out[1] = nif_hash(other, words, nif_countof(words));
}
