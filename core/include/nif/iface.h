// SPDX-License-Identifier: MIT
//
// A network device: what a chip's driver gives and the stack uses.
//
// A driver's own struct has a `struct nif_iface` as its first member and
// fills it in its init function. What a device can do are the capabilities
// that are not NULL: wired or Wi-Fi, frames or sockets of its own, in any
// combination. There are no further device types.
//
// Nothing here waits for the network. Only start() may take longer than 2 ms;
// link changes, joining, sending finish in poll() and are reported by flags
// and events. All functions of one device run in one context, one at a time.
//
// A frame here starts at the destination address and ends before the FCS: 14
// to 1514 bytes. The device pads short frames, adds the FCS when it sends,
// and delivers only frames whose FCS was right.
//
// Below the driver lies a bus that can fail at any transfer. A driver keeps
// the first error, does nothing more on the bus in that call, and returns it.
// Its next poll() tries to bring the chip back, and says so by
// NIF_EVENT_RESTARTED when it is set up again; link events follow.

#ifndef NIF_IFACE_H
#define NIF_IFACE_H

#include "nif/base.h"
#include "nif/err.h"

NIF_C_BEGIN

/// The least and the most of a frame without FCS and VLAN tag, in bytes.
#define NIF_ETH_HEADER    14
#define NIF_ETH_FRAME_MAX 1514

/// An Ethernet address, in the order of the wire.
struct nif_hwaddr {
    uint8_t byte[6];
};

/// A stretch of a frame to send; the stretches follow each other on the wire.
struct nif_seg {
    const uint8_t *data;
    size_t len;
};

/// What a device is and does at the moment, or-ed together.
enum nif_iface_flag {
    NIF_IFACE_STARTED = 1 << 0,     ///< start() worked, stop() did not come
    NIF_IFACE_LINK = 1 << 1,        ///< cable in and partner there, or joined
    NIF_IFACE_FULL_DUPLEX = 1 << 2, ///< sends and receives at the same time
    NIF_IFACE_BROADCAST = 1 << 3,   ///< can send to all
    NIF_IFACE_MULTICAST = 1 << 4,   ///< can receive groups
};

enum nif_event {
    NIF_EVENT_LINK_UP = 1,
    NIF_EVENT_LINK_DOWN,
    NIF_EVENT_RESTARTED, ///< the chip had lost itself and was set up again
};

/// What poll() found out on its way, or-ed together.
enum nif_seen {
    NIF_SEEN_NO_FRAME = 1 << 0, ///< recv() would say NIF_EAGAIN
    NIF_SEEN_LINK = 1 << 1,     ///< flags() have NIF_IFACE_LINK
    NIF_SEEN_NO_LINK = 1 << 2,  ///< they have not
    NIF_SEEN_ONE_FRAME = 1 << 3 ///< recv() would give one at most
};

struct nif_iface;
struct nif_wifi_ops; // nif/wifi.h
struct nif_stack;

/// Told of an event, from within poll(). It must not call the device.
typedef void nif_event_fn(void *arg, struct nif_iface *iface,
    enum nif_event event);

/// What every device implements.
struct nif_iface_ops {
    /// Resets the chip, checks that it is the right one, lets frames flow.
    /// Takes as long as the chip needs, a few milliseconds as a rule. May be
    /// called again at any time: it starts anew.
    ///
    /// Returns 0; NIF_ENODEV if another chip or none answers; NIF_ETIMEDOUT
    /// if the chip does not come out of reset; NIF_EIO.
    int (*start)(struct nif_iface *iface);

    /// Ends traffic and leaves the chip quiet, where it can in its least
    /// power. Returns 0 or NIF_EIO.
    int (*stop)(struct nif_iface *iface);

    /// Looks after the chip: completes what was sent, follows the link,
    /// recovers. Lowers `*again_us` to the time when it wants to be called
    /// at the latest, even if no interrupt comes. Where another call changes
    /// that, the device wakes the clock (nif/clock.h).
    ///
    /// Returns enum nif_seen, as far as it is sure, so that a stack need not
    /// ask recv() and flags() in turns that bring nothing; 0 is always right.
    /// Or the error that kept it from its work; it may be called again all the
    /// same.
    int (*poll)(struct nif_iface *iface, uint64_t *again_us);

    /// The device's own address.
    void (*hwaddr)(struct nif_iface *iface, struct nif_hwaddr *out);

    /// enum nif_iface_flag, or-ed. As of the last poll(), and as events have
    /// told; no bus access.
    unsigned (*flags)(struct nif_iface *iface);

    /// The longest payload of a frame, in bytes, without its header: 1500
    /// for Ethernet.
    size_t (*mtu)(struct nif_iface *iface);

    /// From now on `fn(arg, iface, event)` is told of events. One listener
    /// per device; NULL: none.
    void (*on_event)(struct nif_iface *iface, nif_event_fn *fn, void *arg);
};

/// What a device receives beside frames for its own address and broadcasts.
struct nif_eth_filter {
    bool promiscuous;                ///< everything
    bool all_multicast;              ///< every group
    const struct nif_hwaddr *groups; ///< these groups; borrowed for the call
    size_t group_count;
};

/// Frames. A device has them or, for a chip that keeps its frames to itself,
/// NULL in nif_iface.eth.
struct nif_eth_ops {
    /// Sends one frame, given in `n` stretches. The stretches are borrowed
    /// for the call: when it returns, the chip holds a copy. A frame that
    /// was accepted cannot fail later but on the wire itself.
    ///
    /// Returns 0; NIF_EAGAIN if the chip has no room yet, before it took any
    /// of it: poll() will be asked for in time; NIF_ELINK; NIF_ETOOBIG;
    /// NIF_EINVAL if it is shorter than its header; NIF_EIO; NIF_ETIMEDOUT if
    /// the chip does not come to an end.
    int (*send)(struct nif_iface *iface, const struct nif_seg *segs, size_t n);

    /// Takes the oldest received frame. It lies in `buf` (of `cap` bytes) or
    /// in a buffer of the driver's own, `*frame` says where, and may be
    /// written to until the next recv().
    ///
    /// Returns the frame's length; NIF_EAGAIN if there is none; NIF_ETOOBIG
    /// if `cap` is too small (the frame is then gone); NIF_EPROTO if the
    /// chip's receive buffer made no sense and was reset; NIF_EIO;
    /// NIF_ETIMEDOUT as send().
    int (*recv)(struct nif_iface *iface, uint8_t *buf, size_t cap,
        uint8_t **frame);

    /// Chooses what is received. NULL: the device has no filter to set.
    ///
    /// Returns 0; NIF_EIO.
    int (*filter)(struct nif_iface *iface, const struct nif_eth_filter *f);

    /// Optional pair, NULL where there is no gain: lends `len` bytes in
    /// which a frame can be built in place, and sends it.
    ///
    /// Return 0, or as send().
    int (*lend)(struct nif_iface *iface, size_t len, uint8_t **buf);
    int (*commit)(struct nif_iface *iface, size_t len);
};

/// The part of every driver that others know.
struct nif_iface {
    const struct nif_iface_ops *ops;
    const struct nif_eth_ops *eth;   ///< frames, or NULL
    const struct nif_wifi_ops *wifi; ///< radio, or NULL
    struct nif_stack *stack;         ///< sockets of its own, or NULL
};

/// Receives one frame of at most `len` bytes; see nif_iface_poll_one().
typedef void nif_frame_fn(void *arg, uint8_t *frame, size_t len);

/// Looks after the device, and if a frame is there hands it to `fn`. `buf`
/// and `cap` as for nif_eth_ops.recv.
///
/// Returns 1 if a frame was handed over, 0 if none was there; an error of
/// poll() or recv().
NIF_NODISCARD int nif_iface_poll_one(struct nif_iface *iface, uint8_t *buf,
    size_t cap, nif_frame_fn *fn, void *arg);

NIF_NODISCARD static inline int nif_iface_start(struct nif_iface *iface)
{
    return iface->ops->start(iface);
}

static inline int nif_iface_stop(struct nif_iface *iface)
{
    return iface->ops->stop(iface);
}

NIF_NODISCARD static inline int nif_iface_poll(struct nif_iface *iface,
    uint64_t *again_us)
{
    return iface->ops->poll(iface, again_us);
}

/// For who implements a poll(), and for main loops that call several: lowers
/// `*again_us` to `at_us`, if that is earlier.
static inline void nif_again_by(uint64_t *again_us, uint64_t at_us)
{
    if (*again_us > at_us) {
        *again_us = at_us;
    }
}

static inline void nif_iface_hwaddr(struct nif_iface *iface,
    struct nif_hwaddr *out)
{
    iface->ops->hwaddr(iface, out);
}

static inline unsigned nif_iface_flags(struct nif_iface *iface)
{
    return iface->ops->flags(iface);
}

static inline size_t nif_iface_mtu(struct nif_iface *iface)
{
    return iface->ops->mtu(iface);
}

static inline void nif_iface_on_event(struct nif_iface *iface, nif_event_fn *fn,
    void *arg)
{
    iface->ops->on_event(iface, fn, arg);
}

NIF_NODISCARD static inline int nif_eth_send(struct nif_iface *iface,
    const struct nif_seg *segs, size_t n)
{
    return iface->eth->send(iface, segs, n);
}

NIF_NODISCARD static inline int nif_eth_recv(struct nif_iface *iface,
    uint8_t *buf, size_t cap, uint8_t **frame)
{
    return iface->eth->recv(iface, buf, cap, frame);
}

NIF_C_END

#endif
