// SPDX-License-Identifier: MIT
//
// The management bus between a MAC and its PHY (IEEE 802.3 clause 22):
// 32 PHY addresses with 32 registers of 16 bits.

#ifndef NIF_MDIO_H
#define NIF_MDIO_H

#include "nif/base.h"
#include "nif/err.h"

NIF_C_BEGIN

struct nif_mdio;

/// What a MAC driver, a board port or a simulated bus implements.
struct nif_mdio_ops {
    /// Reads register `reg` of the PHY at `phy`, both 0 to 31.
    ///
    /// Returns the value, 0 to 65535 (65535 where no PHY answers);
    /// NIF_EIO; NIF_ETIMEDOUT.
    int (*read)(struct nif_mdio *mdio, uint8_t phy, uint8_t reg);

    /// Writes it.
    ///
    /// Returns 0; NIF_EIO; NIF_ETIMEDOUT.
    int (*write)(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
        uint16_t value);
};

struct nif_mdio {
    const struct nif_mdio_ops *ops;
};

NIF_C_END

#endif
