// SPDX-License-Identifier: MIT
//
// A PHY of IEEE 802.3 clause 22, without what only its vendor knows.

#include "nif/phy.h"

#include <string.h>

// After power down, and between two looks whether reset is over.
#define PAUSE_US 1000

// IEEE 802.3 22.2.4.1.1.
#define RESET_US 500000u

// No register is all ones; BMSR is never all zero, for it lists abilities.
#define NOBODY 0xFFFFu

#define FULL_ONES ((uint16_t)(NIF_PHY_CAN_10_FULL | NIF_PHY_CAN_100_FULL))
#define FAST_ONES ((uint16_t)(NIF_PHY_CAN_100_HALF | NIF_PHY_CAN_100_FULL))
#define ALL_ONES  (FULL_ONES | FAST_ONES | (uint16_t)NIF_PHY_CAN_10_HALF)

// BMSR lists in 14 to 11 what ANAR has in 8 to 5.
#define BMSR_TO_ANAR 6

// What of BMCR stays as it was written. Duplex reads as negotiated in some.
#define BMCR_KEPT                                                 \
    (NIF_PHY_BMCR_RESET | NIF_PHY_BMCR_LOOP | NIF_PHY_BMCR_AUTO | \
        NIF_PHY_BMCR_DOWN | NIF_PHY_BMCR_ISOLATE)
#define BMCR_FORCED (NIF_PHY_BMCR_100 | NIF_PHY_BMCR_FULL)

// Up to READY are the steps of bring-up, in order.
enum phase {
    PHASE_FIND,
    PHASE_RESET,
    PHASE_WAIT,
    PHASE_READY,
};

static const struct nif_phy_ops any;

// ---- the bus

uint16_t nif_phy_read(struct nif_phy *phy, uint8_t reg)
{
    int got;

    if (phy->err != 0) {
        return 0;
    }
    got = phy->cfg.mdio->ops->read(phy->cfg.mdio, phy->addr, reg);
    if (got < 0) {
        phy->err = got;
        got = 0;
    }
    return (uint16_t)got;
}

void nif_phy_write(struct nif_phy *phy, uint8_t reg, uint16_t value)
{
    struct nif_mdio *mdio = phy->cfg.mdio;

    if (phy->err == 0) {
        phy->err = mdio->ops->write(mdio, phy->addr, reg, value);
    }
}

static void fail(struct nif_phy *phy, int err)
{
    if (phy->err == 0) {
        phy->err = err;
    }
}

// The first error of the operation, or `result`.
static int take_err(struct nif_phy *phy, int result)
{
    if (phy->err != 0) {
        result = phy->err;
        phy->err = 0;
    }
    return result;
}

// ---- bring-up

// True if at `addr` is one that we know.
static bool answers(struct nif_phy *phy)
{
    const struct nif_phy_ops *ops = phy->cfg.ops;
    uint16_t high = nif_phy_read(phy, NIF_PHY_ID1);
    uint32_t id;

    if (high == NOBODY) {
        return false;
    }
    id = (uint32_t)high << 16 | nif_phy_read(phy, NIF_PHY_ID2);
    if (id == 0) {
        return false;
    }
    phy->id = id;
    return (id & ops->id_mask) == ops->id;
}

static bool find(struct nif_phy *phy)
{
    if (phy->known) {
        return answers(phy);
    }
    for (phy->addr = 0; phy->addr < 32 && phy->err == 0; phy->addr++) {
        if ((phy->cfg.addrs >> phy->addr & 1) != 0 && answers(phy)) {
            return true;
        }
    }
    return false;
}

// Finds it and ends power down, in which some are deaf to a reset.
static int wake(struct nif_phy *phy)
{
    if (!find(phy)) {
        return NIF_ENODEV;
    }
    nif_phy_write(phy, NIF_PHY_BMCR, NIF_PHY_BMCR_AUTO);
    return PAUSE_US;
}

static int reset(struct nif_phy *phy)
{
    if (phy->cfg.ops->prepare != NULL) {
        phy->cfg.ops->prepare(phy);
    }
    nif_phy_write(phy, NIF_PHY_BMCR, NIF_PHY_BMCR_RESET);
    phy->reset_us = (uint32_t)nif_clock_now_us(phy->cfg.clock);
    return PAUSE_US;
}

static void set_up(struct nif_phy *phy)
{
    uint16_t can = (uint16_t)(nif_phy_read(phy, NIF_PHY_BMSR) >> BMSR_TO_ANAR);
    uint16_t want = phy->cfg.abilities;
    unsigned forced = phy->cfg.mode;

    phy->anar = (can & want & ALL_ONES) | NIF_PHY_ANAR_802_3;
    if (phy->cfg.pause) {
        phy->anar |= NIF_PHY_ANAR_PAUSE;
    }
    phy->bmcr = NIF_PHY_BMCR_AUTO;
    if (forced != NIF_PHY_NEGOTIATE) {
        forced -= NIF_PHY_10_HALF; // 2: speed, 1: duplex
        phy->bmcr = (uint16_t)((forced & 2) * (NIF_PHY_BMCR_100 / 2) +
            (forced & 1) * NIF_PHY_BMCR_FULL);
    }
    nif_phy_write(phy, NIF_PHY_ANAR, phy->anar);
    if (phy->cfg.ops->set_up != NULL) {
        phy->cfg.ops->set_up(phy);
    }
    nif_phy_write(phy, NIF_PHY_BMCR,
        phy->bmcr != NIF_PHY_BMCR_AUTO
            ? phy->bmcr
            : NIF_PHY_BMCR_AUTO | NIF_PHY_BMCR_RESTART);
}

// Waits for the end of reset, a look at a time.
static int look_at_reset(struct nif_phy *phy)
{
    uint32_t now_us = (uint32_t)nif_clock_now_us(phy->cfg.clock);
    uint16_t bmcr = nif_phy_read(phy, NIF_PHY_BMCR);
    uint32_t id = phy->id;

    if (bmcr == NOBODY || !answers(phy) || phy->id != id) {
        return NIF_ENODEV;
    }
    if ((bmcr & NIF_PHY_BMCR_RESET) == 0) {
        set_up(phy);
        phy->known = phy->err == 0;
        return 0;
    }
    return now_us - phy->reset_us < RESET_US ? PAUSE_US : NIF_ETIMEDOUT;
}

int nif_phy_bring_up(struct nif_phy *phy)
{
    int result;

    if (phy->phase == PHASE_FIND) {
        result = wake(phy);
    } else if (phy->phase == PHASE_RESET) {
        result = reset(phy);
    } else if (phy->phase == PHASE_WAIT) {
        result = look_at_reset(phy);
    } else {
        return 0;
    }
    result = take_err(phy, result);
    if (result < 0) {
        phy->phase = PHASE_FIND;
    } else if (result == 0 || phy->phase != PHASE_WAIT) {
        phy->phase++;
    }
    return result;
}

int nif_phy_reset(struct nif_phy *phy)
{
    return phy->cfg.ops->reset != NULL ? phy->cfg.ops->reset(phy) : 0;
}

void nif_phy_begin(struct nif_phy *phy)
{
    memset(&phy->link, 0, sizeof(phy->link));
    phy->deaf = false;
    phy->phase = PHASE_FIND;
}

// ---- the link

// Speed and duplex by what both sides can do (IEEE 802.3 28.2.3.3, Annex
// 28B.3). A partner that does not negotiate is known by its signal only,
// which does not tell its duplex: half (28.2.3.1).
static void negotiated(struct nif_phy *phy, struct nif_phy_link *link)
{
    uint16_t common = nif_phy_read(phy, NIF_PHY_ANLPAR) & phy->anar;
    bool talks = (nif_phy_read(phy, NIF_PHY_ANER) & NIF_PHY_ANER_LP_AUTO) != 0;
    uint16_t best = common & FAST_ONES;

    if (best == 0) {
        best = common & ALL_ONES;
    }
    link->up = best != 0; // else it does not know yet
    link->is_100 = (best & FAST_ONES) != 0;
    link->full_duplex = (best & FULL_ONES) != 0;
    if (phy->cfg.ops->resolve != NULL) {
        phy->cfg.ops->resolve(phy, link);
    }
    link->full_duplex = link->full_duplex && talks;
    link->pause = link->full_duplex && (common & NIF_PHY_ANAR_PAUSE) != 0;
}

static void resolve(struct nif_phy *phy, uint16_t bmsr,
    struct nif_phy_link *link)
{
    if ((phy->bmcr & NIF_PHY_BMCR_AUTO) == 0) {
        link->up = true;
        link->is_100 = (phy->bmcr & NIF_PHY_BMCR_100) != 0;
        link->full_duplex = (phy->bmcr & NIF_PHY_BMCR_FULL) != 0;
    } else if (bmsr & NIF_PHY_BMSR_DONE) {
        negotiated(phy, link);
    }
}

// True if the PHY has what set_up() gave it.
static bool holds(struct nif_phy *phy)
{
    unsigned kept = BMCR_KEPT;

    if ((phy->bmcr & NIF_PHY_BMCR_AUTO) == 0) {
        kept |= BMCR_FORCED;
    }
    return ((nif_phy_read(phy, NIF_PHY_BMCR) ^ phy->bmcr) & kept) == 0 &&
        nif_phy_read(phy, NIF_PHY_ANAR) == phy->anar;
}

bool nif_phy_asks(struct nif_phy *phy)
{
    if (phy->cfg.interrupt == NULL) {
        return false;
    }
    if (nif_pin_read(phy->cfg.interrupt)) {
        phy->deaf = false;
        return false;
    }
    return !phy->deaf;
}

// The state of the link now; not up if it was up and is not the same any
// more. MDIO has no checksum: a bit that fell when speed and duplex were read
// is found so with the next poll.
static void look_at_link(struct nif_phy *phy, uint16_t bmsr,
    struct nif_phy_link *link)
{
    if (!phy->link.up && (bmsr & NIF_PHY_BMSR_LINK) == 0) {
        bmsr = nif_phy_read(phy, NIF_PHY_BMSR); // the first was the past
    }
    if (bmsr & NIF_PHY_BMSR_LINK) {
        resolve(phy, bmsr, link);
    }
    if (phy->link.up &&
        (link->is_100 != phy->link.is_100 ||
            link->full_duplex != phy->link.full_duplex)) {
        link->up = false;
    }
}

int nif_phy_poll(struct nif_phy *phy)
{
    struct nif_phy_link link = { .up = false };
    bool was_up = phy->link.up;
    bool asked = nif_phy_asks(phy) || phy->deaf;
    int reason = 0;
    uint16_t bmsr;

    if (phy->phase != PHASE_READY) {
        return NIF_EINVAL;
    }
    // First the interrupt is taken back, so that no change gets lost.
    if (phy->cfg.ops->look != NULL) {
        reason = phy->cfg.ops->look(phy);
    }
    phy->deaf = asked && reason == 0;
    bmsr = nif_phy_read(phy, NIF_PHY_BMSR);
    if (bmsr == NOBODY || bmsr == 0) {
        fail(phy, NIF_EIO);
    } else if (reason < 0 || !holds(phy)) {
        fail(phy, NIF_EPROTO);
    } else {
        look_at_link(phy, bmsr, &link);
    }
    if (phy->err != 0) {
        memset(&link, 0, sizeof(link));
        phy->phase = PHASE_FIND;
    }
    phy->link = link;
    return take_err(phy, link.up != was_up);
}

int nif_phy_power_down(struct nif_phy *phy)
{
    nif_phy_begin(phy);
    if (phy->known) {
        nif_phy_write(phy, NIF_PHY_BMCR, NIF_PHY_BMCR_DOWN);
    }
    return take_err(phy, 0);
}

void nif_phy_init(struct nif_phy *phy, const struct nif_phy_cfg *cfg)
{
    memset(phy, 0, sizeof(*phy));
    phy->cfg = *cfg;
    if (cfg->ops == NULL) {
        phy->cfg.ops = &any;
    }
    if (cfg->addrs == 0) {
        phy->cfg.addrs = UINT32_MAX;
    }
    if (cfg->abilities == 0) {
        phy->cfg.abilities = ALL_ONES;
    }
}
