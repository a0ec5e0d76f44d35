// SPDX-License-Identifier: MIT
//
// No part beside the base.

#include "bench/stack/target/app.h"

void app_parts(struct nif_tcpip_cfg *cfg)
{
    (void)cfg;
}

void app_start(struct nif_tcpip *tcpip)
{
    (void)tcpip;
}
