// SPDX-License-Identifier: MIT
//
// SPI transactions on top of a port's three operations.

#include "nif/spi.h"

int nif_spi_transact(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count, uint32_t hold_ns)
{
    int err = spi->ops->select(spi);

    if (err == 0) {
        err = spi->ops->exchange(spi, segs, count);
        spi->ops->release(spi, hold_ns);
    }
    return err;
}
