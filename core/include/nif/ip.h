// SPDX-License-Identifier: MIT
//
// Internet addresses and endpoints. One type holds IPv4 and IPv6, so that no
// interface has to change when IPv6 comes to the wire. "No address" is a
// value (family NIF_IP_NONE), not an error.

#ifndef NIF_IP_H
#define NIF_IP_H

#include "nif/base.h"
#include "nif/err.h"

NIF_C_BEGIN

enum nif_ip_family {
    NIF_IP_NONE = 0,
    NIF_IPV4 = 4,
    NIF_IPV6 = 6,
};

/// An address in the order of the wire; an IPv4 address is in the first four
/// bytes and the others are zero.
struct nif_ip {
    uint8_t family; ///< enum nif_ip_family
    NIF_ALIGNED(4) uint8_t byte[16];
    uint32_t zone; ///< IPv6 link-local scope; 0: none
};

/// An address and a port. Where a call takes a `host`, it may be given by
/// name in place of the address; the name is borrowed for the call.
struct nif_endpoint {
    struct nif_ip ip;
    uint16_t port;    ///< 0: any
    const char *host; ///< or NULL
};

/// Room for the longest text of an address, with its NUL.
#define NIF_IP_TEXT_MAX 46

/// The IPv4 address a.b.c.d.
static inline struct nif_ip nif_ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    struct nif_ip ip = { NIF_IPV4, { a, b, c, d }, 0 };

    return ip;
}

/// The IPv4 address whose four bytes are at `p`.
static inline struct nif_ip nif_ip4_from(const uint8_t *p)
{
    return nif_ip4(p[0], p[1], p[2], p[3]);
}

/// The four bytes of an IPv4 address as one number, first byte highest.
static inline uint32_t nif_ip4_value(const struct nif_ip *ip)
{
    return nif_load_be32(ip->byte);
}

/// True if family, bytes and zone are the same.
bool nif_ip_equal(const struct nif_ip *a, const struct nif_ip *b);

/// True for 0.0.0.0, :: and "none".
bool nif_ip_is_any(const struct nif_ip *ip);

/// True for 224.0.0.0/4 and ff00::/8.
bool nif_ip_is_multicast(const struct nif_ip *ip);

/// Reads "192.0.2.1". (IPv6 text comes with IPv6 on the wire.)
///
/// Returns 0; NIF_EINVAL if `text` is no address, and `*ip` is then "none".
int nif_ip_parse(const char *text, struct nif_ip *ip);

/// Writes "192.0.2.1", "none", or an IPv6 address in full hexadecimal groups,
/// with its NUL, into `text`. Returns `text`.
const char *nif_ip_format(const struct nif_ip *ip, char text[NIF_IP_TEXT_MAX]);

NIF_C_END

#endif
