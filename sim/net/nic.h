// SPDX-License-Identifier: MIT
//
// A plain network card at the end of a cable: frames without FCS in and out,
// a queue, full or half duplex with deferral and back-off. Scripted peers of
// tests and all ends of the wire in the real world stand on it.

#ifndef SIM_NET_NIC_H
#define SIM_NET_NIC_H

#include "sim/net/cable.h"

struct sim_nic;

/// A good frame has come, without FCS; borrowed for the call. Runs as an
/// event.
typedef void sim_nic_fn(void *arg, const uint8_t *frame, size_t len);

/// What has become of a frame that was to be sent.
enum sim_nic_end {
    SIM_NIC_SENT,       ///< it went out whole
    SIM_NIC_NO_LINK,    ///< the link was lost
    SIM_NIC_COLLISIONS, ///< sixteen of them
    SIM_NIC_LATE,       ///< a late one: see `late_is_lost`
};

struct sim_nic {
    struct sim_port port; ///< join this to a cable
    struct sim_world *world;
    bool full_duplex;
    /// A collision after the first 64 bytes costs the frame, as in most MACs;
    /// default: it is sent again. There is one only where the two ends do not
    /// agree on duplex.
    bool late_is_lost;
    sim_nic_fn *on_frame; ///< or NULL
    void *arg;
    void (*on_link)(void *arg, bool up); ///< or NULL
    /// A frame has left the queue, which is as it will be; another may be
    /// sent. Or NULL.
    void (*on_end)(void *arg, enum sim_nic_end end);
    bool link; ///< read only
    // Counters, read only.
    uint64_t rx_count;   ///< good frames
    uint64_t rx_bad;     ///< wrong FCS, cut, runts
    uint64_t tx_count;   ///< frames that went out whole
    uint64_t tx_dropped; ///< queue full, no link, or too many collisions
    uint64_t collisions;
    uint64_t late; ///< of these
    // Private.
    struct sim_nic_item *head;
    struct sim_nic_item *tail;
    size_t queued;
    size_t queue_max;
    unsigned attempt;
    uint64_t sent_ns; // when the head began to leave
    uint64_t idle_ns; // the medium is free for us from this time on
    struct sim_event timer;
};

/// `queue_max` frames can wait (0: 256).
void sim_nic_init(struct sim_nic *nic, struct sim_world *world,
    const char *name, size_t queue_max);

/// Drops what waits and gives memory back.
void sim_nic_done(struct sim_nic *nic);

/// Queues a frame of 14 to 1514 bytes (or more, to test giants); pads it to
/// 60 and adds the FCS. Returns false if the queue is full.
bool sim_nic_send(struct sim_nic *nic, const uint8_t *frame, size_t len);

/// Queues exactly these bytes, FCS or what stands for it included: for bad
/// frames and runts.
bool sim_nic_send_raw(struct sim_nic *nic, const uint8_t *frame, size_t len);

#endif
