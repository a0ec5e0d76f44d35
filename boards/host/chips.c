// SPDX-License-Identifier: MIT
//
// The kinds of chips that a simulated board can have.

#include "boards/host/host.h"

const struct host_chip *const host_chips[] = {
    &host_enc28j60,
    &host_w5500,
    &host_w5500_raw,
    &host_lan8720,
    &host_stm32_eth,
    &host_lan9118,
    &host_stellaris,
    &host_virtio_net,
    &host_virtio_net_legacy,
    &host_espat,
    &host_direct,
    NULL,
};
