// SPDX-License-Identifier: MIT
//
// The two short ways in TCP, and what they share with the long ones.

#ifndef CORE_TCPIP_TCP_FAST_H
#define CORE_TCPIP_TCP_FAST_H

#include "tcp.h"

/// See nif_tcp_fast.take.
bool nif__tcp_expected(struct nif_tcpip *ip, const uint8_t *h, size_t len);

/// See nif_tcp_fast.push.
bool nif__tcp_push(struct nif_conn *conn);

/// See nif_tcp_fast.build.
int nif__tcp_build(struct nif_tcpip *ip, const struct nif_seg *segs, size_t n,
    size_t len, uint32_t sum);

#endif
