// SPDX-License-Identifier: MIT
//
// Byte rings in memory of the caller. No index ever reaches the size, so that
// nothing is divided.

#include "internal.h"

static size_t place(const struct nif__ring *ring, size_t cap, size_t offset)
{
    size_t at = ring->at + offset;

    return at >= cap ? at - cap : at;
}

uint32_t nif__ring_write(const struct nif__ring *ring, uint8_t *buf, size_t cap,
    size_t offset, const void *src, size_t len)
{
    size_t at = place(ring, cap, offset);
    size_t first = cap - at < len ? cap - at : len;
    uint32_t sum;

    NIF_ASSERT(offset + len <= cap);
    if (len == 0) {
        return 0;
    }
    sum = nif__copy_sum(buf + at, src, first);
    if (len == first) {
        return sum;
    }
    return nif__raw_join(sum,
        nif__copy_sum(buf, (const uint8_t *)src + first, len - first), first);
}

void nif__ring_put(const struct nif__ring *ring, uint8_t *buf, size_t cap,
    size_t offset, const void *src, size_t len)
{
    size_t at = place(ring, cap, offset);
    size_t first = cap - at < len ? cap - at : len;

    NIF_ASSERT(offset + len <= cap);
    nif__copy(buf + at, src, first);
    if (len > first) {
        nif__copy(buf, (const uint8_t *)src + first, len - first);
    }
}

void nif__ring_read(const struct nif__ring *ring, const uint8_t *buf,
    size_t cap, size_t offset, void *dst, size_t len)
{
    struct nif_seg segs[2];

    if (len == 0) {
        return;
    }
    nif__ring_segs(ring, buf, cap, offset, len, segs);
    nif__copy(dst, segs[0].data, segs[0].len);
    if (segs[1].len > 0) {
        nif__copy((uint8_t *)dst + segs[0].len, segs[1].data, segs[1].len);
    }
}

void nif__ring_drop(struct nif__ring *ring, size_t cap, size_t len)
{
    NIF_ASSERT(len <= ring->used);
    ring->at = (uint32_t)place(ring, cap, len);
    ring->used -= (uint32_t)len;
}

void nif__ring_segs(const struct nif__ring *ring, const uint8_t *buf,
    size_t cap, size_t offset, size_t len, struct nif_seg segs[2])
{
    size_t at = place(ring, cap, offset);
    size_t first = cap - at < len ? cap - at : len;

    NIF_ASSERT(offset + len <= ring->used);
    segs[0] = (struct nif_seg){ buf + at, first };
    segs[1] = (struct nif_seg){ buf, len - first };
}
