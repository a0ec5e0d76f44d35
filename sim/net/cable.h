// SPDX-License-Identifier: MIT
//
// An Ethernet cable between two ports: frames as they are on the wire, with
// FCS, with a beginning and an end in time.
//
// A cable has two independent directions, as twisted pair does. Whether both
// may be used at once is the business of the MACs at its ends: a half-duplex
// MAC that sees a frame begin while it sends one has a collision; a
// full-duplex one has not. That is how a duplex mismatch does here what it
// does in the field.
//
// A frame on the wire takes 8 bytes of preamble and SFD, then its bytes with
// FCS, each 8 bit times. Keeping the gap of 96 bit times to the next one is
// the sender's business.

#ifndef SIM_NET_CABLE_H
#define SIM_NET_CABLE_H

#include "sim/world.h"

/// Longest frame that a cable carries, with FCS. More than any chip takes, so
/// that a giant can be sent to it.
#define SIM_FRAME_MAX 4096

/// Bytes of FCS at the end of each frame.
#define SIM_FCS 4

/// What reaches a port. Borrowed for the call.
struct sim_frame {
    const uint8_t *data; ///< destination address to FCS
    size_t len;          ///< in bytes; less than was sent if it was cut
    bool cut;            ///< the sender stopped in the middle of it
};

struct sim_port;

/// What a chip model or an end of the wire implements. Runs as an event.
struct sim_port_ops {
    /// The link came up or went down: there is a partner and a cable.
    void (*link)(struct sim_port *port, bool up);

    /// A carrier begins: the first bit of a preamble arrives. May be NULL.
    void (*rx_begin)(struct sim_port *port);

    /// The last bit has arrived. Each rx_begin() is followed by one.
    void (*rx_end)(struct sim_port *port, const struct sim_frame *frame);

    /// The last bit of what this port sends has left it. Not called after
    /// sim_port_cut().
    void (*tx_end)(struct sim_port *port);
};

struct sim_cable;

/// One end of a cable; a part of whoever has a socket for it.
struct sim_port {
    const struct sim_port_ops *ops;
    const char *name;
    struct sim_cable *cable; ///< read only; NULL: nothing plugged in
    unsigned side;           ///< private
    bool carrier;            ///< read only: a frame is arriving
    bool sending;            ///< read only
};

/// Sees each frame at its end, on either direction, before the receiver: for
/// captures. `side` sends it; `sent_ns` is when its preamble began to leave.
typedef void sim_cable_tap_fn(void *arg, unsigned side, uint64_t sent_ns,
    const struct sim_frame *frame);

/// One who watches a cable. A part of the watcher; all but `next` is its own.
struct sim_cable_tap {
    sim_cable_tap_fn *fn;
    void *arg;
    struct sim_cable_tap *next;
};

struct sim_cable {
    struct sim_world *world;
    uint64_t bit_ps;            ///< read only: picoseconds per bit
    uint64_t delay_ns;          ///< from one end to the other; may be changed
    bool plugged;               ///< read only
    struct sim_cable_tap *taps; ///< see sim_cable_watch()
    struct sim_port *port[2];
    struct sim_flight *flights; ///< private: frames under way
    struct sim_flight *spare;   ///< private: for the next ones
};

/// A cable for `bits_per_s` (10000000 for the ENC28J60), not yet plugged in.
void sim_cable_init(struct sim_cable *cable, struct sim_world *world,
    uint64_t bits_per_s);

/// The two ends have agreed on another rate. Not while a frame is under way
/// that is to be received.
void sim_cable_set_rate(struct sim_cable *cable, uint64_t bits_per_s);

/// Gives memory back. Both ports are unplugged without being told.
void sim_cable_done(struct sim_cable *cable);

/// Joins the two ports. The link is up from now on.
void sim_cable_join(struct sim_cable *cable, struct sim_port *a,
    struct sim_port *b);

/// Pulls the cable or puts it back: both ports are told. What is under way
/// arrives cut.
void sim_cable_plug(struct sim_cable *cable, bool plugged);

/// From now on `tap` sees what passes, until the cable ends.
void sim_cable_watch(struct sim_cable *cable, struct sim_cable_tap *tap);

/// Starts to send `len` bytes with FCS, which are copied. The caller keeps
/// to one frame at a time and to the gap (asserted). Without a link the
/// bits go nowhere, but take their time.
void sim_port_send(struct sim_port *port, const uint8_t *frame, size_t len);

/// Stops sending now: the other side gets the bits so far, as a cut frame.
void sim_port_cut(struct sim_port *port);

/// Nanoseconds that `len` bytes take on the port's cable, without preamble.
uint64_t sim_cable_time_ns(const struct sim_cable *cable, size_t len);

/// The FCS of `len` bytes, as a number whose lowest byte is sent first.
uint32_t sim_fcs(const uint8_t *data, size_t len);

/// Appends the FCS behind `len` bytes; there is room for four more. Returns
/// the new length.
size_t sim_fcs_put(uint8_t *frame, size_t len);

/// True if the last four of `len` bytes are the FCS of those before.
bool sim_fcs_good(const uint8_t *frame, size_t len);

#endif
