// SPDX-License-Identifier: MIT
//
// A MAC without a PHY, as many microcontrollers have it inside, and the two
// joined to one network device:
//
//     static struct stm32_eth mac;     // implements struct nif_mac
//     static struct lan8720 phy;       // is a struct nif_phy
//     static struct nif_macphy device; // is a struct nif_iface
//
//     nif_macphy_init(&device, &(struct nif_macphy_cfg){
//         .mac = &mac.mac, .phy = &phy.phy, .clock = clock });
//     err = nif_iface_start(&device.iface);
//
// Order. First the PHY is reset by its pin, as it may be the one that gives
// the clock; then the MAC is started, as it has the MDIO; then the PHY is
// found and set up. No frame moves before the link is up and the MAC was told
// its speed and duplex. stop() puts the PHY into power down.
//
// Link. It is looked at ten times a second; with an interrupt line from the
// PHY at once when that asks for it, and as a precaution every `check_ms`.
// Each change is told to the MAC first, then to the listener.
//
// Errors. Whatever fails, MDIO or MAC: the link is reported down, poll()
// returns what happened, and both are set up again, at once and then ten times
// a second, a step at a time; then NIF_EVENT_RESTARTED comes, and
// NIF_EVENT_LINK_UP when there is a link. Frames in the MAC are lost. That
// happens without end, as everything here does that the network does.

#ifndef NIF_MAC_H
#define NIF_MAC_H

#include "nif/iface.h"
#include "nif/phy.h"

NIF_C_BEGIN

struct nif_mac;

/// What a driver of a MAC implements. None of these waits for the wire, and
/// only start() may take longer than 2 ms.
struct nif_mac_ops {
    /// Makes MDIO work. Frames do not move yet; those from before are gone.
    /// What is done here must not need the PHY's clock: a PHY in power down
    /// may give none. May be called at any time.
    ///
    /// Returns 0; NIF_ENODEV; NIF_ETIMEDOUT; NIF_EIO.
    int (*start)(struct nif_mac *mac);

    /// No frames, no interrupts, least power. MDIO need not work. Returns 0
    /// or NIF_EIO.
    int (*stop)(struct nif_mac *mac);

    /// The PHY's link has changed. Up: sets speed and duplex, and lets frames
    /// flow. Down: stops them; what waits to be sent is lost.
    ///
    /// Returns 0; NIF_ETIMEDOUT, if there is no clock from the PHY; NIF_EIO.
    int (*link)(struct nif_mac *mac, const struct nif_phy_link *link);

    /// Looks after the MAC: completes what was sent, notices what is wrong.
    /// Lowers `*again_us` as nif_iface_ops.poll does. Only between start()
    /// and stop().
    ///
    /// Returns 0, or NIF_SEEN_NO_FRAME or NIF_SEEN_ONE_FRAME if it is sure of
    /// what recv() would say; or the error after which it must be started
    /// again.
    int (*poll)(struct nif_mac *mac, uint64_t *again_us);

    /// As in nif_eth_ops, but: send() comes only with a link and a right
    /// length; filter() comes at any time, touches memory only before start()
    /// and after stop(), and what it sets outlives these.
    int (*send)(struct nif_mac *mac, const struct nif_seg *segs, size_t n,
        size_t len);
    int (*recv)(struct nif_mac *mac, uint8_t *buf, size_t cap, uint8_t **frame);
    int (*filter)(struct nif_mac *mac, const struct nif_eth_filter *f);

    /// Its address: the board's own.
    void (*hwaddr)(struct nif_mac *mac, struct nif_hwaddr *out);
};

/// First or other member of a driver's struct.
struct nif_mac {
    const struct nif_mac_ops *ops;
    struct nif_mdio *mdio; ///< to its PHY; works after start()
    /// What its interrupt handler wakes, when a frame has come or gone; set
    /// by nif_macphy_init(). NULL: nobody.
    struct nif_clock *wake;
};

/// For drivers: wakes whom `wake` names. From interrupt handlers, too.
static inline void nif_mac_wake(const struct nif_mac *mac)
{
    if (mac->wake != NULL) {
        nif_clock_wake(mac->wake);
    }
}

/// What is joined. Zero is the default of each field but the first three.
struct nif_macphy_cfg {
    struct nif_mac *mac;
    struct nif_phy *phy; ///< its nif_mdio is the MAC's, or one around it
    struct nif_clock *clock;

    /// Milliseconds between two looks at a PHY that has an interrupt line
    /// and a link. 0: 1000. Without one of these it is 100, or this if less.
    uint16_t check_ms;
};

/// What happened since init. Counters wrap.
struct nif_macphy_stats {
    uint32_t lost;      ///< times that MDIO or MAC failed
    uint32_t restarted; ///< times that both came back
};

/// Caller-allocated. Must not move after nif_macphy_init(). All is private
/// but what is said to be otherwise.
struct nif_macphy {
    struct nif_iface iface; ///< what the stack is given
    uint8_t phase;          // enum phase
    bool link;              // as last reported
    uint32_t step_us;       // when the last step or look was, ...
    uint32_t pause_us;      // ... and how long after it the next is due
    int fault;              // why it is set up again; 0: it is not
    struct nif_macphy_cfg cfg;
    struct nif_macphy_stats stats; ///< may be read
    nif_event_fn *event_fn;
    void *event_arg;
};

/// Joins a MAC and a PHY. Touches memory only. `cfg` is copied; what it
/// points at must outlive `dev`.
///
/// start() then takes a few milliseconds; half a second, before it gives up,
/// with a PHY that stays in reset. It does not wait for the link.
void nif_macphy_init(struct nif_macphy *dev, const struct nif_macphy_cfg *cfg);

NIF_C_END

#endif
