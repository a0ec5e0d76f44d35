// SPDX-License-Identifier: MIT
//
// What the two files of this driver share.

#ifndef STELLARIS_INTERNAL_H
#define STELLARIS_INTERNAL_H

#include "stellaris.h"

static inline uint32_t stellaris__get(struct stellaris *chip, uint32_t reg)
{
    return nif_mmio_read(&chip->cfg.mmio, reg);
}

static inline void stellaris__put(struct stellaris *chip, uint32_t reg,
    uint32_t value)
{
    nif_mmio_write(&chip->cfg.mmio, reg, value);
}

/// Makes MDIO and the PHY's interrupt ready for use; `chip` has its `cfg`.
/// Touches memory only.
void stellaris__init_phy(struct stellaris *chip);

/// Looks whether there is a PHY. Returns 0 then and if there is none;
/// NIF_ETIMEDOUT.
int stellaris__find_phy(struct stellaris *chip);

#endif
