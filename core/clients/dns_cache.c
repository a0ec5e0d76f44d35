// SPDX-License-Identifier: MIT
//
// What DNS lookups remember. Names are kept as hashes of 64 bits under a
// secret key, in place of up to 255 bytes each.

#include "dns_message.h"
#include "nif/dns.h"

#include <string.h>

#define KEEP_MAX_S   86400u // of an address
#define ABSENT_MAX_S 3600u  // of a name that is not there (RFC 2308 5)

// The entry of this name; if there is none, the one that ends first.
static struct nif_dns_entry *entry_of(const struct nif_dns_cache *cache,
    const struct nif_dns *dns, uint32_t name[2])
{
    struct nif_dns_entry *e = cache->entries;
    struct nif_dns_entry *best = e;

    nif__digest(cache->random.key, dns->question + DNS_BODY,
        dns->question_len - DNS_BODY - 4u, name);
    for (size_t i = 0; i < cache->count; i++, e++) {
        if (memcmp(e->name, name, sizeof(e->name)) == 0) {
            return e;
        }
        if (e->until_us < best->until_us) {
            best = e;
        }
    }
    return best;
}

static bool recall(struct nif_dns_cache *cache, struct nif_dns *dns)
{
    uint32_t name[2];
    const struct nif_dns_entry *e = entry_of(cache, dns, name);

    if (e->until_us <= nif_clock_now_us(dns->stack->clock) ||
        memcmp(e->name, name, sizeof(name)) != 0) {
        return false;
    }
    memcpy(dns->ip, e->ip, sizeof(dns->ip));
    dns->ip_count = e->ip_count;
    cache->hit_count++;
    return true;
}

// How long the absence of a name may be remembered (RFC 2308 5): what the SOA
// record among the authorities says; 0 if there is none.
static uint32_t absence_s(const struct nif_dns *dns,
    const struct nif__dns_msg *m)
{
    size_t at = dns->question_len;
    unsigned answers = nif_load_be16(m->at + DNS_ANSWERS);
    unsigned all = answers + nif_load_be16(m->at + DNS_AUTHORITIES);
    struct nif__dns_record r;

    for (unsigned i = 0; i < all && nif__dns_record(m, &at, &r); i++) {
        if (i >= answers && r.type == DNS_SOA && r.data_len >= 22) {
            uint32_t least_s = nif_load_be32(m->at + at - 4);

            return least_s < r.ttl_s ? least_s : r.ttl_s;
        }
    }
    return 0;
}

static void remember(struct nif_dns_cache *cache, const struct nif_dns *dns,
    size_t len, uint32_t ttl_s)
{
    const struct nif__dns_msg m = { dns->msg, len };
    uint32_t name[2];
    struct nif_dns_entry *e;
    uint32_t max_s = KEEP_MAX_S;

    if (dns->ip_count == 0) {
        max_s = ABSENT_MAX_S;
        ttl_s = absence_s(dns, &m);
    }
    if (ttl_s == 0 || ttl_s >> 31 != 0) { // RFC 2181 8
        return;
    }
    e = entry_of(cache, dns, name);
    memcpy(e->name, name, sizeof(name));
    memcpy(e->ip, dns->ip, sizeof(e->ip));
    e->ip_count = dns->ip_count;
    e->until_us = nif_clock_now_us(dns->stack->clock) +
        (ttl_s < max_s ? ttl_s : max_s) * NIF__SECOND_US;
}

void nif_dns_cache_init(struct nif_dns_cache *cache,
    struct nif_dns_entry *entries, size_t count, uint64_t seed)
{
    *cache = (struct nif_dns_cache){
        .recall = recall,
        .remember = remember,
        .entries = entries,
        .count = count,
    };
    nif_random_init(&cache->random, seed, NIF__SALT_DNS_CACHE);
    memset(entries, 0, count * sizeof(entries[0]));
}
