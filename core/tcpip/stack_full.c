// SPDX-License-Identifier: MIT
//
// The stack as one has it who does not count bytes: with all of TCP. Nothing
// else names its parts, so that who begins a bare stack links what he says.

#include "nif/tcpip.h"

static const struct nif_tcpip_parts all_parts = {
    .server = &nif_tcp_server,
    .refs = &nif_tcp_refs,
    .early = &nif_tcp_early,
    .recovery = &nif_tcp_recovery,
    .keep = &nif_tcp_keep,
    .errors = &nif_icmp_errors,
    .queue = &nif_udp_queue,
    .fast = &nif_tcp_fast,
    .udp_fast = &nif_udp_fast,
};

void nif_tcpip_init(struct nif_tcpip *tcpip, const struct nif_tcpip_cfg *cfg)
{
    nif_tcpip_init_bare(tcpip, cfg);
    if (cfg->parts == NULL) {
        tcpip->cfg.parts = &all_parts;
    }
}
