// SPDX-License-Identifier: MIT
//
// What every other header stands on: C++ guards, function attributes,
// assertions, byte order. Depends on nothing but freestanding C.

#ifndef NIF_BASE_H
#define NIF_BASE_H

#include <stdbool.h> // IWYU pragma: export
#include <stddef.h>  // IWYU pragma: export
#include <stdint.h>  // IWYU pragma: export

#ifdef __cplusplus
#define NIF_C_BEGIN extern "C" {
#define NIF_C_END   }
#else
#define NIF_C_BEGIN
#define NIF_C_END
#endif

/// NIF_NODISCARD: the caller must look at the result. NIF_APART: not to be made
/// a part of its only caller, which does without it as a rule and would have
/// its registers saved for it. NIF_WITHIN: to be made a part of each caller: it
/// is done with every packet.
#if defined(__GNUC__)
#define NIF_NODISCARD  __attribute__((warn_unused_result))
#define NIF_NORETURN   __attribute__((noreturn))
#define NIF_WEAK       __attribute__((weak))
#define NIF_APART      __attribute__((noinline))
#define NIF_WITHIN     inline __attribute__((always_inline))
#define NIF_ALIGNED(n) __attribute__((aligned(n)))
#else
#define NIF_NODISCARD
#define NIF_NORETURN
#define NIF_WEAK
#define NIF_APART
#define NIF_WITHIN     inline
#define NIF_ALIGNED(n) _Alignas(n)
#endif

/// The struct `type` whose member `member` is at `ptr`.
#define nif_container_of(ptr, type, member) \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/// Number of elements of the array `a` (not of a pointer).
#define nif_countof(a) (sizeof(a) / sizeof((a)[0]))

/// "Never": a time in microseconds that does not come.
#define NIF_NEVER UINT64_MAX

NIF_C_BEGIN

/// Stops: the program itself is wrong. Weak, so that a board can put its own
/// in its place; the one in core loops for ever. `what` names the place.
NIF_NORETURN void nif_panic(const char *what);

/// For our own mistakes only, never for what came from a wire, a chip or a
/// file: those give an error.
#define NIF_ASSERT(cond)                    \
    do {                                    \
        if (!(cond)) {                      \
            nif_panic(__FILE__ ": " #cond); \
        }                                   \
    } while (0)

/// Big-endian 16 bits at `p`, which needs no alignment.
static inline uint16_t nif_get_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/// Big-endian 32 bits at `p`, which needs no alignment.
static inline uint32_t nif_get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
        p[3];
}

/// Puts `v` at `p`, big-endian; `p` needs no alignment.
static inline void nif_put_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/// Puts `v` at `p`, big-endian; `p` needs no alignment.
static inline void nif_put_be32(uint8_t *p, uint32_t v)
{
    nif_put_be16(p, (uint16_t)(v >> 16));
    nif_put_be16(p + 2, (uint16_t)v);
}

/// The same by a call, which is a third of the text of a small processor: for
/// what is not done with each packet.
uint16_t nif_load_be16(const uint8_t *p);
/// Likewise 32 bits.
uint32_t nif_load_be32(const uint8_t *p);
/// Puts 32 bits, likewise.
void nif_store_be32(uint8_t *p, uint32_t v);

/// Little-endian 16 bits at `p`, which needs no alignment.
static inline uint16_t nif_get_le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

/// Little-endian 32 bits at `p`, which needs no alignment.
static inline uint32_t nif_get_le32(const uint8_t *p)
{
    return (uint32_t)nif_get_le16(p + 2) << 16 | nif_get_le16(p);
}

/// Puts `v` at `p`, little-endian; `p` needs no alignment.
static inline void nif_put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

/// Puts `v` at `p`, little-endian; `p` needs no alignment.
static inline void nif_put_le32(uint8_t *p, uint32_t v)
{
    nif_put_le16(p, (uint16_t)v);
    nif_put_le16(p + 2, (uint16_t)(v >> 16));
}

NIF_C_END

#endif
