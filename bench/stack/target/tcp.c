// SPDX-License-Identifier: MIT
//
// All that nif_tcpip_init() links.

#include "bench/stack/target/app.h"

void app_init(struct nif_tcpip *tcpip, struct nif_tcpip_cfg *cfg)
{
    nif_tcpip_init(tcpip, cfg);
}
