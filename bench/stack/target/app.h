// SPDX-License-Identifier: MIT
//
// What differs between the images that are only weighed: the parts of the
// stack that are named.

#ifndef BENCH_STACK_TARGET_APP_H
#define BENCH_STACK_TARGET_APP_H

#include "nif/tcpip.h"

/// Begins the stack, and what stands beside it.
void app_init(struct nif_tcpip *tcpip, struct nif_tcpip_cfg *cfg);

#endif
