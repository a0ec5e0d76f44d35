// SPDX-License-Identifier: MIT
//
// Address conflict detection (RFC 5227): asks before an address is used
// whether anybody else has it, and watches over it afterwards. For our own
// stack (nif/tcpip.h): it speaks ARP. Linked only where nif_acd_init() is
// called.
//
//     nif_acd_init(&acd, &(struct nif_acd_cfg){ .tcpip = &tcpip });
//     nif_acd_probe(&acd, &ip);
//     ... poll the stack until the state leaves NIF_ACD_PROBING, 4 to 7 s
//     if (acd.state == NIF_ACD_FREE) {
//         nif_stack_set_net(stack, &net);  // which announces it
//         nif_acd_defend(&acd);
//     }
//
// The stack's poll() moves it; there is nothing else to call. Whoever started
// it looks at `state`: NIF_ACD_CONFLICT says that the address must not be
// used (any more), and the stack's address is for him to take away. Several
// can watch one stack, each its own address: a link-local one and one that a
// DHCP server offers.
//
// When the cable comes back, an address that is defended is probed again, as
// the network may be another (RFC 5227 2.1); the stack keeps using it.

#ifndef NIF_ACD_H
#define NIF_ACD_H

#include "nif/tcpip.h"

NIF_C_BEGIN

enum nif_acd_state {
    NIF_ACD_OFF,
    NIF_ACD_PROBING,   ///< asks whether anybody has the address
    NIF_ACD_FREE,      ///< nobody has it
    NIF_ACD_DEFENDING, ///< it is ours; others are told so
    NIF_ACD_CONFLICT,  ///< somebody else has it
};

/// What to do when somebody else uses the address that we defend (RFC 5227
/// 2.4).
enum nif_acd_policy {
    NIF_ACD_ONCE,    ///< (b) tell him once; give up if he comes back within
                     ///< 10 s. What hosts do
    NIF_ACD_GIVE_UP, ///< (a) give up at once
    NIF_ACD_NEVER,   ///< (c) keep it whatever happens and tell him, at most
                     ///< once in 10 s. For a router or a server
};

struct nif_acd_cfg {
    struct nif_tcpip *tcpip; ///< must outlive the watch
    uint8_t policy;          ///< enum nif_acd_policy
};

struct nif_acd;

/// What a watch does. By pointer, so that a client that can do with or
/// without one (nif/dhcp.h) does not link it.
struct nif_acd_ops {
    int (*probe)(struct nif_acd *acd, const struct nif_ip *ip);
    int (*defend)(struct nif_acd *acd);
    void (*stop)(struct nif_acd *acd);
    void (*arp)(struct nif_acd *acd, const uint8_t *arp);
    void (*timer)(struct nif_acd *acd);
};

/// A watch over one address. Must not move while it is not off.
struct nif_acd {
    uint8_t state;           ///< enum nif_acd_state; may be read
    uint32_t conflict_count; ///< others met with our address; may be read

    // Private from here on.
    const struct nif_acd_ops *ops;
    struct nif_acd_cfg cfg;
    struct nif_acd *next;
    uint32_t ip;
    uint8_t sent;         ///< probes of this round
    bool claimed;         ///< back to NIF_ACD_DEFENDING after the probes
    bool link;            ///< as last seen
    uint32_t at;          ///< tick of the next probe, or of the end of the wait
    uint32_t defended_at; ///< tick
    uint32_t begun_at;    ///< tick when the last round of probes began
};

/// Fills memory only. Counts of conflicts begin at zero.
void nif_acd_init(struct nif_acd *acd, const struct nif_acd_cfg *cfg);

/// Begins to ask for `ip`, whatever it did before. Three questions, 1 to 2 s
/// apart, then 2 s of silence make an address free (RFC 5227 2.1.1). After 10
/// conflicts not more than one address is tried in 60 s.
///
/// Returns 0; NIF_EINVAL if `ip` is no IPv4 address of a host.
NIF_NODISCARD static inline int nif_acd_probe(struct nif_acd *acd,
    const struct nif_ip *ip)
{
    return acd->ops->probe(acd, ip);
}

/// From now on the address is in use: watches over it by the policy. To be
/// called after the stack has it, from NIF_ACD_FREE.
///
/// Returns 0; NIF_EINVAL in another state.
NIF_NODISCARD static inline int nif_acd_defend(struct nif_acd *acd)
{
    return acd->ops->defend(acd);
}

/// Ends the watch; the memory is the caller's.
static inline void nif_acd_stop(struct nif_acd *acd)
{
    acd->ops->stop(acd);
}

NIF_C_END

#endif
