// SPDX-License-Identifier: MIT
//
// Big-endian numbers, read and written by a call.

#include "nif/base.h"

uint16_t nif_load_be16(const uint8_t *p)
{
    return nif_get_be16(p);
}

uint32_t nif_load_be32(const uint8_t *p)
{
    return nif_get_be32(p);
}

void nif_store_be32(uint8_t *p, uint32_t v)
{
    nif_put_be32(p, v);
}
