// SPDX-License-Identifier: MIT
//
// A program that has a stack and one datagram connection and names no other
// part. tests/gates/linked.py looks at what it consists of.

#include "nif/tcpip.h"

static struct nif_tcpip tcpip;
static struct nif_conn conn;
static uint8_t frame[NIF_ETH_FRAME_MAX];

int main(void)
{
    const struct nif_tcpip_cfg cfg = {
        .rx = frame,
        .rx_cap = sizeof(frame),
    };
    const struct nif_conn_cfg none = { .rx = NULL };

    nif_tcpip_init_bare(&tcpip, &cfg);
    return nif_conn_open(&tcpip.stack, &conn, NIF_UDP, &none);
}
