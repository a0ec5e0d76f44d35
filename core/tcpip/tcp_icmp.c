// SPDX-License-Identifier: MIT
//
// What TCP does about errors that the network reports. Any host can forge
// them, and retransmission finds out by itself: a connection does not end for
// one (RFC 1122 4.2.3.9, RFC 5927 4).

#include "internal.h"

void nif__tcp_icmp(struct nif_tcpip *ip, const struct nif__icmp_error *error)
{
    (void)ip;
    (void)error;
}
