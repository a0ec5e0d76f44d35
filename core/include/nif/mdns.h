// SPDX-License-Identifier: MIT
//
// mDNS responder (RFC 6762) with DNS-SD (RFC 6763): the board answers to
// name.local, and is found by those who look for its services. Runs on any
// stack with UDP and multicast groups (on ours: nif/igmp.h). IPv4 only.
//
//     static const struct nif_mdns_service services[] = {
//         { .type = "_http._tcp", .port = 80 },
//     };
//     nif_mdns_init(&mdns, &(struct nif_mdns_cfg){ .stack = stack,
//         .seed = seed, .host = "board", .services = services,
//         .service_count = 1 });
//     nif_mdns_start(&mdns);
//     ... in the main loop, next to nif_stack_poll():
//     nif_again_by(&again_us, nif_mdns_poll(&mdns));
//
// As soon as the stack has an address, the names are asked for three times (is
// anybody else called that?), then announced twice, then answered for. If
// another host has a name, ours become board-2.local and "board (2)", then 3
// and so on: one number for all of them. When the stack's address changes, or
// start() is called again because the cable came back, that begins anew.
//
// Answers go to the group, no record more often than once a second (deferred,
// not lost); to the asker alone if it wants that, or if it is a plain DNS
// client. What the asker says it knows is left out. Asking is for nif/dns.h.
//
// Not here: reverse lookups, subtypes, names for more than one host.

#ifndef NIF_MDNS_H
#define NIF_MDNS_H

#include "nif/random.h"
#include "nif/stack.h"

NIF_C_BEGIN

/// The most services.
#define NIF_MDNS_SERVICES_MAX 7

/// The longest message read, and the longest written, as UDP payload.
#define NIF_MDNS_IN_MAX  1472
#define NIF_MDNS_OUT_MAX 768

/// The longest name of a host or an instance, bytes.
#define NIF_MDNS_LABEL_MAX 63

/// A service that the board offers.
struct nif_mdns_service {
    /// What it is: "_http._tcp" (RFC 6763 7), at most 24 bytes.
    const char *type;

    /// What people read, UTF-8, at most NIF_MDNS_LABEL_MAX bytes. NULL: the
    /// host's name.
    const char *name;

    uint16_t port;

    /// What else is to be known (RFC 6763 6): strings "key=value", a byte with
    /// its length before each, at most 400 bytes in all. NULL: nothing.
    const uint8_t *txt;
    size_t txt_len;
};

/// All that it points to must outlive the responder.
struct nif_mdns_cfg {
    struct nif_stack *stack;
    uint64_t seed;    ///< secret; another at each boot
    const char *host; ///< without ".local", no dots, at most NIF_MDNS_LABEL_MAX
    const struct nif_mdns_service *services; ///< or NULL
    size_t service_count;                    ///< up to NIF_MDNS_SERVICES_MAX
};

enum nif_mdns_state {
    NIF_MDNS_OFF,
    NIF_MDNS_WAITING, ///< for an address
    NIF_MDNS_PROBING, ///< asks whether its names are free
    NIF_MDNS_ANNOUNCING,
    NIF_MDNS_RUNNING,
};

/// The responder. Must not move while it is on.
struct nif_mdns {
    uint8_t state;           ///< enum nif_mdns_state; may be read
    uint8_t number;          ///< 2: names are board-2 ...; may be read
    uint32_t conflict_count; ///< others with our names; may be read

    // Private from here on.
    bool open;
    uint8_t tries;      // probes or announcements sent
    uint8_t collisions; // since names were last ours
    uint32_t ip;
    uint32_t mask;
    uint32_t pending; // records to send to the group, a bit each
    uint32_t recent;  // sent to it less than a second ago
    uint64_t at_us;   // next probe or announcement
    uint64_t send_us; // when to send what is pending
    uint64_t recent_us;
    struct nif_random random;
    struct nif_mdns_cfg cfg;
    struct nif_conn conn;
    uint8_t in[NIF_MDNS_IN_MAX];
    uint8_t out[NIF_MDNS_OUT_MAX];
    uint8_t rx[NIF_MDNS_IN_MAX + 8];
    uint8_t tx[NIF_MDNS_OUT_MAX + 8];
};

/// Fills memory only.
void nif_mdns_init(struct nif_mdns *mdns, const struct nif_mdns_cfg *cfg);

/// Begins, or begins anew.
///
/// Returns 0; NIF_EINVAL if a name or type is empty, too long or no such thing,
/// or if there are too many services; NIF_EADDRINUSE if port 5353 is taken;
/// what joining the group returns.
NIF_NODISCARD int nif_mdns_start(struct nif_mdns *mdns);

/// Says good-bye (RFC 6762 10.1) as far as the stack takes it at once, and
/// stops.
void nif_mdns_stop(struct nif_mdns *mdns);

/// Does what is due. Call it after each nif_stack_poll().
///
/// Returns when to call again, absolute, in microseconds; NIF_NEVER if only a
/// message can bring work.
uint64_t nif_mdns_poll(struct nif_mdns *mdns);

/// Writes the host's name of now, without ".local", with its NUL. Returns
/// `text`.
const char *nif_mdns_host(const struct nif_mdns *mdns,
    char text[NIF_MDNS_LABEL_MAX + 1]);

NIF_C_END

#endif
