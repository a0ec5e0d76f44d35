// SPDX-License-Identifier: MIT
//
// The receive-handler view of a frame device.

#include "nif/iface.h"

int nif_iface_poll_one(struct nif_iface *iface, uint8_t *buf, size_t cap,
    nif_frame_fn *fn, void *arg)
{
    uint64_t again_us = NIF_NEVER;
    uint8_t *frame = buf;
    int got = nif_iface_poll(iface, &again_us);

    if (got >= 0) {
        got = nif_eth_recv(iface, buf, cap, &frame);
    }
    if (got > 0) {
        fn(arg, frame, (size_t)got);
        return 1;
    }
    return got == NIF_EAGAIN ? 0 : got;
}
