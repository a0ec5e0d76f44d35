// SPDX-License-Identifier: MIT
//
// DNS (RFC 1035): the IPv4 addresses of a name, from the servers that the
// stack was given. Runs on any stack with UDP. One lookup at a time per
// struct; several structs may look at the same time and share a cache.
//
//     nif_dns_init(&dns, stack, seed);
//     err = nif_dns_start(&dns, "example.net");
//     do {
//         again_us = nif_stack_poll(stack);
//         err = nif_dns_poll(&dns, &ip, &again_us);
//         nif_clock_wait(clock, again_us);
//     } while (err == NIF_EAGAIN);
//
// The servers are asked in turn, three times each, and one, two and four
// seconds are given to each. What comes back is checked against what was
// asked: server, port, id, question (RFC 5452); each question has its own
// random id and comes from its own random port. Names are walked within bounds
// (RFC 9267), chains of aliases have eight links at most. Of an answer that
// was cut (there is no TCP here) the addresses in it are used; if there are
// none, the next server is asked.
//
// Names that end in .local are not for servers: the neighbours are asked, by
// one question at a time to their group (RFC 6762 3, 5.1). Nothing but sending
// to a group is wanted from the stack for that. To be such a neighbour is for
// nif/mdns.h.

#ifndef NIF_DNS_H
#define NIF_DNS_H

#include "nif/random.h"
#include "nif/stack.h"

NIF_C_BEGIN

/// A name as it travels (RFC 1035 2.3.4), and the longest message over UDP
/// (4.2.1), bytes.
#define NIF_DNS_NAME_MAX    255
#define NIF_DNS_MESSAGE_MAX 512

/// Addresses of one name that are looked at. Servers vary which is first.
#define NIF_DNS_IPS 4

struct nif_dns;

/// What is remembered of one name; all zero is empty. Private.
struct nif_dns_entry {
    uint64_t until_us;
    uint32_t name[2]; // its hash, under a key that nobody knows
    uint32_t ip[NIF_DNS_IPS];
    uint8_t ip_count; // 0: there is no such name
};

/// What lookups remember. Shared by those that are given it.
struct nif_dns_cache {
    uint32_t
        hit_count; ///< answers that nobody had to be asked for; may be read

    // Private. By pointer, so that who has no cache does not link one.
    bool (*recall)(struct nif_dns_cache *cache, struct nif_dns *dns);
    void (*remember)(struct nif_dns_cache *cache, const struct nif_dns *dns,
        size_t len, uint32_t ttl_s);
    struct nif_random random;
    struct nif_dns_entry *entries;
    size_t count;
};

/// One lookup. Must not move while it runs.
struct nif_dns {
    uint8_t ip_count;         ///< after poll() said 0: how many there are
    uint32_t ip[NIF_DNS_IPS]; ///< and which, as of nif_ip4_value()

    // Private from here on.
    int result; // NIF_EAGAIN: being looked for; 0: found; NIF_EINVAL: none runs
    uint8_t tries;
    bool open;
    bool unsent;
    uint16_t port; // of mDNS: asks the neighbours, not a server
    uint16_t question_len;
    uint32_t server;   // or our own address, of the neighbours'
    uint32_t mask;     // of what must be the same in that of an answer's sender
    uint64_t until_us; // the question's time
    struct nif_stack *stack;
    struct nif_dns_cache *cache; // or NULL
    struct nif_random random;
    struct nif_conn conn;
    uint8_t question[12 + NIF_DNS_NAME_MAX + 4]; // as it is sent
    uint8_t msg[NIF_DNS_MESSAGE_MAX];
    uint8_t rx[NIF_DNS_MESSAGE_MAX + 8];
};

/// Fills memory only. `seed` is secret and another at each boot: ids come from
/// it.
void nif_dns_init(struct nif_dns *dns, struct nif_stack *stack, uint64_t seed);

/// Makes `cache` an empty one of `count` names (1 or more), kept in `entries`.
/// Addresses are kept for as long as they may be, a day at most; that a name
/// is not there for as long as its zone says (RFC 2308), an hour at most. The
/// entries must outlive the cache. Fills memory only. `seed` as above.
void nif_dns_cache_init(struct nif_dns_cache *cache,
    struct nif_dns_entry *entries, size_t count, uint64_t seed);

/// From now on `dns` looks into that cache first; NULL: into none. The cache
/// must outlive it.
void nif_dns_share(struct nif_dns *dns, struct nif_dns_cache *cache);

/// Begins to look for `host`, ends an earlier lookup. An address as text is
/// taken as it is. `host` is borrowed for the call.
///
/// Returns 0; NIF_EINVAL if it is no host name; NIF_EADDR if the stack has no
/// server to ask; what opening a connection returns.
NIF_NODISCARD int nif_dns_start(struct nif_dns *dns, const char *host);

/// Does what is due. Lowers `*again_us` to the time when it wants to be called
/// again.
///
/// Returns 0 and the first address in `*out`; NIF_EAGAIN while it works;
/// NIF_ENOTFOUND: there is no such name, or it has no IPv4 address;
/// NIF_ETIMEDOUT: no server answered; NIF_EPROTO: no server could tell;
/// NIF_EINVAL if no lookup runs.
NIF_NODISCARD int nif_dns_poll(struct nif_dns *dns, struct nif_ip *out,
    uint64_t *again_us);

/// Ends the lookup, if one runs.
void nif_dns_stop(struct nif_dns *dns);

NIF_C_END

#endif
