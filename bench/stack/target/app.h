// SPDX-License-Identifier: MIT
//
// What differs between the images that are only weighed: the parts of the
// stack that are named.

#ifndef BENCH_STACK_TARGET_APP_H
#define BENCH_STACK_TARGET_APP_H

#include "nif/tcpip.h"

/// Names parts in `cfg`.
void app_parts(struct nif_tcpip_cfg *cfg);

/// Starts those that stand beside the stack.
void app_start(struct nif_tcpip *tcpip);

#endif
