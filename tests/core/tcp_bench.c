// SPDX-License-Identifier: MIT
//
// The bench of TCP's tests.

#include "tests/core/tcp_bench.h"

struct peer p;
uint8_t data[4096];
uint8_t got[5000];

int setup(void **state)
{
    (void)state;
    peer_init(&p);
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 13 + (i >> 8));
    }
    return 0;
}

struct nif_tcpip_stats *stats(void)
{
    return &p.pair.stack[0].stats;
}

int send_all(size_t len)
{
    return nif_conn_send(p.conn, data, len, NULL);
}

int recv_all(void)
{
    return nif_conn_recv(p.conn, got, sizeof(got), NULL);
}
