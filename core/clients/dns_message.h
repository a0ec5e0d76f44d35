// SPDX-License-Identifier: MIT
//
// DNS messages (RFC 1035 4): names and records, read within bounds. For DNS
// and mDNS.

#ifndef CORE_CLIENTS_DNS_MESSAGE_H
#define CORE_CLIENTS_DNS_MESSAGE_H

#include "client.h"
#include "nif/dns.h"

enum {
    DNS_ID = 0,
    DNS_FLAGS = 2,
    DNS_QUESTIONS = 4,
    DNS_ANSWERS = 6,
    DNS_AUTHORITIES = 8,
    DNS_ADDITIONALS = 10,
    DNS_BODY = 12,

    DNS_RESPONSE = 0x8000,
    DNS_OPCODE = 0x7800,
    DNS_AUTHORITATIVE = 0x0400,
    DNS_TRUNCATED = 0x0200,
    DNS_RECURSE = 0x0100,
    DNS_CODE = 0x000F,
    DNS_CODE_NO_NAME = 3,

    DNS_A = 1,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_PTR = 12,
    DNS_TXT = 16,
    DNS_SRV = 33,
    DNS_NSEC = 47,
    DNS_ANY = 255,

    DNS_IN = 1,
    DNS_UNIQUE = 0x8000, // in mDNS: of a question QU, of a record "flush"

    DNS_LABEL_MAX = 63,
    DNS_PORT = 53,
    MDNS_PORT = 5353,
};

#define MDNS_GROUP 0xE00000FBu // 224.0.0.251

/// A message, or anything else that names stand in.
struct nif__dns_msg {
    const uint8_t *at;
    size_t len;
};

/// A record, or a question (then only the first three fields); the places are
/// offsets into the message.
struct nif__dns_record {
    size_t name;
    unsigned type;
    unsigned cls;
    uint32_t ttl_s;
    size_t data;
    size_t data_len;
};

/// Walks over the name at `at`, pointers and all. Returns what is behind it;
/// 0 if it does not hold together (RFC 9267 2 to 5).
size_t nif__dns_skip(const struct nif__dns_msg *m, size_t at);

/// Writes the name at `at` in full. Returns its length, 0 if it does not hold
/// together.
size_t nif__dns_expand(const struct nif__dns_msg *m, size_t at,
    uint8_t out[NIF_DNS_NAME_MAX]);

/// True if two names are the same, whatever their case.
bool nif__dns_same(const struct nif__dns_msg *m, size_t at,
    const struct nif__dns_msg *other, size_t other_at);

/// Reads the question at `*at`, and moves on. False if it does not hold
/// together.
bool nif__dns_question(const struct nif__dns_msg *m, size_t *at,
    struct nif__dns_record *q);

/// Reads the record at `*at`, and moves on. False likewise.
bool nif__dns_record(const struct nif__dns_msg *m, size_t *at,
    struct nif__dns_record *r);

/// Writes "example.net" as 7 example 3 net 0, in lower case. A dot at the end
/// is allowed. Returns its length; 0 if it is no name.
size_t nif__dns_encode(uint8_t out[NIF_DNS_NAME_MAX], const char *host);

/// True if `len` bytes are the same but for capitals.
bool nif__dns_alike(const uint8_t *a, const uint8_t *b, size_t len);

#endif
