// SPDX-License-Identifier: MIT
//
// What the files of the mDNS responder share. Its records are known by their
// numbers: the host's address is 0, then four of each service, then the one
// that says what the host does not have. In masks a record is a bit.

#ifndef CORE_CLIENTS_MDNS_INTERNAL_H
#define CORE_CLIENTS_MDNS_INTERNAL_H

#include "dns_message.h"
#include "nif/mdns.h"

/// What a name is the name of.
enum nif__mdns_name {
    NAME_HOST,     ///< board.local
    NAME_INSTANCE, ///< board._http._tcp.local
    NAME_TYPE,     ///< _http._tcp.local
    NAME_TYPES,    ///< _services._dns-sd._udp.local (RFC 6763 9)
};

struct nif__mdns_record {
    const struct nif_mdns_service *service; // NULL: of the host
    uint8_t name;                           // enum nif__mdns_name
    uint8_t target; // what a PTR or SRV record points to
    uint16_t type;
    uint16_t ttl_s;
    bool unique; // no other host has one of that name
};

/// How many there are, that of absence not counted; its number is this.
unsigned nif__mdns_count(const struct nif_mdns *mdns);

/// Describes record `n`.
struct nif__mdns_record nif__mdns_record(const struct nif_mdns *mdns,
    unsigned n);

/// Writes the label of the host's name, length first. Returns its length.
size_t nif__mdns_host(const struct nif_mdns *mdns,
    uint8_t out[1 + NIF_MDNS_LABEL_MAX]);

/// True if the name at `at` is that of record `r`.
bool nif__mdns_named(const struct nif_mdns *mdns,
    const struct nif__mdns_record *r, const struct nif__dns_msg *m, size_t at);

/// Compares our data with theirs as RFC 6762 8.2.1 wants. Returns less than 0,
/// 0, or more.
int nif__mdns_compare(const struct nif_mdns *mdns,
    const struct nif__mdns_record *r, const struct nif__dns_msg *m,
    const struct nif__dns_record *theirs);

/// A message being written into nif_mdns.out.
struct nif__mdns_out {
    struct nif_mdns *mdns;
    size_t len;
    bool legacy;      // for a plain DNS client (RFC 6762 6.7)
    bool bye;         // times to live are 0
    uint8_t places_n; // where names have been written, to be pointed to
    uint16_t places[24];
};

/// Begins a message: head only.
void nif__mdns_begin(struct nif__mdns_out *out, struct nif_mdns *mdns,
    uint16_t flags);

/// Adds a question for everything of that name, to be answered to us alone.
bool nif__mdns_add_question(struct nif__mdns_out *out,
    const struct nif__mdns_record *r);

/// Adds record `n`, and counts it in the head at `count`, unless another record
/// of ours says the same. False if there is no room: nothing is added then.
bool nif__mdns_add(struct nif__mdns_out *out, unsigned n, size_t count);

// ---- mdns.c

/// Sends records to the group (`to` NULL) or to one. A plain client gets its
/// question back, of `question_len` bytes, from nif_mdns.in. Returns those
/// that were sent as answers, none if the stack would not take the message.
uint32_t nif__mdns_answer(struct nif_mdns *mdns, uint32_t bits,
    const struct nif_endpoint *to, size_t question_len);

/// Adds to what is sent to the group, in `us` at the latest.
void nif__mdns_schedule(struct nif_mdns *mdns, uint32_t bits, uint32_t us);

/// Begins to probe in `us`.
void nif__mdns_probe_in(struct nif_mdns *mdns, uint32_t us);

/// Another host has a name of ours.
void nif__mdns_collide(struct nif_mdns *mdns);

// ---- mdns_in.c

/// Takes the message of `len` bytes in nif_mdns.in.
void nif__mdns_take(struct nif_mdns *mdns, size_t len,
    const struct nif_endpoint *from);

#endif
