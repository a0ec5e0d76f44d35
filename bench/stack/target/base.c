// SPDX-License-Identifier: MIT
//
// No part beside the base.

#include "bench/stack/target/app.h"

void app_init(struct nif_tcpip *tcpip, struct nif_tcpip_cfg *cfg)
{
    nif_tcpip_init_bare(tcpip, cfg);
}
