// SPDX-License-Identifier: MIT
//
// DHCP client (RFC 2131): gets an address and keeps it. Runs on any stack
// with UDP and an address setter, ours or a chip's own.
//
//     nif_dhcp_init(&dhcp, &(struct nif_dhcp_cfg){ .stack = stack,
//         .seed = seed });
//     nif_dhcp_start(&dhcp);
//     ... in the main loop, next to nif_stack_poll():
//     nif_again_by(&again_us, nif_dhcp_poll(&dhcp));
//
// When the lease runs out, or the server takes it back, the stack's address
// is removed, which ends its connections, and the search begins anew.
//
// What a server says is not believed because it says so. Offered addresses
// that no host can have, masks with holes and leases of less than ten seconds
// are not taken; a router outside the subnet and name servers that no host
// can be are left out; a message whose options do not hold together is as if
// it had not come.

#ifndef NIF_DHCP_H
#define NIF_DHCP_H

#include "nif/random.h"
#include "nif/stack.h"

NIF_C_BEGIN

/// The states of RFC 2131 4.4, figure 5. INIT is the beginning of SELECTING,
/// INIT-REBOOT that of REBOOTING: the time before the first message.
enum nif_dhcp_state {
    NIF_DHCP_OFF,
    NIF_DHCP_SELECTING,  ///< calls out, waits for an offer
    NIF_DHCP_REQUESTING, ///< has chosen an offer, waits for the promise
    NIF_DHCP_REBOOTING,  ///< asks whether an earlier lease still holds
    NIF_DHCP_CHECKING,   ///< has a lease; is its address in use by another?
    NIF_DHCP_BOUND,
    NIF_DHCP_RENEWING,  ///< asks the server for more time
    NIF_DHCP_REBINDING, ///< asks any server for more time
};

/// The longest DHCP message that every client must take (RFC 2131 2), as
/// UDP payload.
#define NIF_DHCP_MESSAGE_MAX 548

/// The longest host name and client identifier, bytes.
#define NIF_DHCP_NAME_MAX 63

/// Finds out whether an address is in use on the link before it becomes ours
/// (RFC 2131 3.1 step 5; RFC 5227 says how). Whoever can do that puts this
/// into a struct of its own.
struct nif_dhcp_probe {
    /// Begins with `ip`, ends what was begun before.
    void (*begin)(struct nif_dhcp_probe *probe, const struct nif_ip *ip);

    /// Goes on. Lowers `*again_us` to the time when it wants to be called
    /// again.
    ///
    /// Returns NIF_EAGAIN while it does not know; NIF_EADDRINUSE; anything
    /// else lets the client have the address.
    int (*poll)(struct nif_dhcp_probe *probe, uint64_t *again_us);
};

struct nif_dhcp_cfg {
    struct nif_stack *stack; ///< must outlive the client
    uint64_t seed;           ///< secret; another at each boot

    /// The host name to tell the server (option 12), at most
    /// NIF_DHCP_NAME_MAX bytes; must outlive the client. NULL: none.
    const char *hostname;

    /// What the server shall know the client by (option 61, RFC 2132 9.14:
    /// the first byte is a type), at most NIF_DHCP_NAME_MAX bytes; must
    /// outlive the client. NULL: type 1 and the hardware address.
    const uint8_t *client_id;
    uint8_t client_id_len;

    /// An address from before, as of the last boot, to be asked for first
    /// (INIT-REBOOT). "None": whichever the server offers.
    struct nif_ip last;

    /// NULL: the server is trusted that the address is free.
    struct nif_dhcp_probe *probe;
};

/// The client. Must not move while it is on.
struct nif_dhcp {
    uint8_t state; ///< enum nif_dhcp_state; may be read

    // Private up to here below: small fields first, where a Cortex-M0+ can
    // reach them with one instruction.
    bool open;
    bool held;    // the address is set, by us
    bool leaving; // the last message gave the lease back
    uint8_t tries;
    uint16_t secs;
    uint8_t id[7]; // 1 (Ethernet) and the hardware address
    uint32_t xid;
    uint32_t ip; // what was offered, then what is leased
    uint32_t server;

    uint32_t lease_count;   ///< leases got and renewed; may be read
    uint32_t nak_count;     ///< refusals by servers; may be read
    uint32_t decline_count; ///< addresses found in use; may be read

    // Private from here on.
    uint64_t begun_us; // of this search or renewal
    uint64_t sent_us;  // the last message
    uint64_t at_us;    // next message
    uint64_t t1_us;
    uint64_t t2_us;
    uint64_t end_us; // of the lease; 0: none
    struct nif_random random;
    struct nif_dhcp_cfg cfg;
    struct nif_net net;
    struct nif_conn conn;
    uint8_t msg[NIF_DHCP_MESSAGE_MAX];
    uint8_t rx[NIF_DHCP_MESSAGE_MAX + 8];
};

/// Fills memory only.
void nif_dhcp_init(struct nif_dhcp *dhcp, const struct nif_dhcp_cfg *cfg);

/// Begins to look for an address. To be called again when the link has come
/// back: the board may be on another network. A lease that has not run out is
/// then asked about first, and its address stays while no server objects.
///
/// Returns 0; NIF_EINVAL if a name is too long; NIF_EADDRINUSE if port 68 is
/// taken; NIF_ENOBUFS; what setting the address returns.
NIF_NODISCARD int nif_dhcp_start(struct nif_dhcp *dhcp);

/// Stops; the stack keeps its address, the server is not told.
void nif_dhcp_stop(struct nif_dhcp *dhcp);

/// Gives the lease back (RFC 2131 4.4.6): tells the server once, removes the
/// address and stops.
///
/// Returns 0; NIF_EAGAIN if the stack cannot send to the server yet, or still
/// sends: the address is still there, call it again after the next poll;
/// NIF_ENOTCONN if there is no lease.
NIF_NODISCARD int nif_dhcp_release(struct nif_dhcp *dhcp);

/// Says that another host turned out to use the address: declines it, removes
/// it and looks for another one ten seconds later (RFC 2131 3.1 step 5).
/// Nothing happens if there is no lease.
void nif_dhcp_conflict(struct nif_dhcp *dhcp);

/// Does what is due. Call it after each nif_stack_poll().
///
/// Returns when to call again, absolute, in microseconds; NIF_NEVER if off.
uint64_t nif_dhcp_poll(struct nif_dhcp *dhcp);

NIF_C_END

#endif
