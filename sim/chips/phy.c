// SPDX-License-Identifier: MIT
//
// A clause-22 PHY.

#include "sim/chips/phy.h"

enum {
    BMCR = 0,
    BMSR = 1,
    PHYID1 = 2,
    PHYID2 = 3,
    ANAR = 4,
    ANLPAR = 5,
    ANER = 6,
    EXTENDED_STATUS = 15,
    SILICON = 16, // from here on the LAN8720A's own
    MODE_CONTROL = 17,
    SPECIAL_MODES = 18,
    SYMBOL_ERRORS = 26,
    CONTROL_INDICATION = 27,
    INT_SOURCE = 29,
    INT_MASK = 30,
    SPECIAL_STATUS = 31,
};

// 22.2.4.1
#define BMCR_RESET   0x8000
#define BMCR_100     0x2000
#define BMCR_AUTONEG 0x1000
#define BMCR_DOWN    0x0800
#define BMCR_RESTART 0x0200
#define BMCR_FULL    0x0100

// 22.2.4.2: all of 10 and 100 Mbit/s, negotiates, extended registers.
#define BMSR_CAN          0x7809
#define BMSR_AUTONEG_DONE 0x0020
#define BMSR_LINK         0x0004

// 28.2.4.1.3, base page
#define PAGE_NEXT  0x8000
#define PAGE_ACK   0x4000
#define PAGE_100FD 0x0100
#define PAGE_100HD 0x0080
#define PAGE_10FD  0x0040
#define PAGE_10HD  0x0020
#define PAGE_ALL   0x01E1 // with the selector of 802.3
#define SELECTOR   0x0001

#define SELECTOR_MASK 0x001F
#define ANAR_MASK     0x2DE0

#define ANER_NEXT_PAGE 0x0008
#define ANER_RECEIVED  0x0002
#define ANER_PARTNER   0x0001

#define MODE_MASK   0x2240
#define MODE_ENERGY 0x0002

#define SPECIAL_RESERVED 0x6000
#define SPECIAL_ADDR     0x001F

#define INT_ENERGY   0x0080
#define INT_AUTONEG  0x0040
#define INT_DOWN     0x0010
#define INT_ACK      0x0008
#define INT_POSSIBLE 0x00FE

#define STATUS_AUTODONE 0x1000
#define STATUS_ONE      0x0040
#define STATUS_FULL     0x0010
#define STATUS_100      0x0008
#define STATUS_10       0x0004

#define MDC_MAX_HZ 2500000

// nRST, and the least that it is low.
#define NRST_NS (100 * SIM_US)

static const char who[] = "phy";

static struct sim_phy *of(struct sim_mdio_chip *chip)
{
    return nif_container_of(chip, struct sim_phy, mdio);
}

static bool is_down(const struct sim_phy *phy)
{
    return (phy->bmcr & BMCR_DOWN) || phy->resetting;
}

static bool negotiates(const struct sim_phy *phy)
{
    return (phy->bmcr & BMCR_AUTONEG) != 0;
}

// ---- interrupts

static void drive_int(struct sim_phy *phy)
{
    sim_pin_drive(phy->int_pin, (phy->int_source & phy->int_mask) == 0);
}

static void raise_int(struct sim_phy *phy, uint16_t sources)
{
    phy->int_source |= sources;
    drive_int(phy);
}

// ---- link

static void tell_change(struct sim_phy *phy)
{
    if (phy->on_change) {
        phy->on_change(phy->change_arg);
    }
}

static void lose_link(struct sim_phy *phy)
{
    sim_event_cancel(phy->mdio.world, &phy->link_event);
    phy->autoneg_done = false;
    if (phy->link) {
        phy->link = false;
        phy->link_failed = true;
        raise_int(phy, INT_DOWN);
        tell_change(phy);
    }
}

static uint16_t page_of(const struct sim_phy *phy)
{
    return phy->partner.page ? phy->partner.page : PAGE_NEXT | PAGE_ALL;
}

// Both ends negotiate: the best that both can (28B.3). False if nothing is.
static bool resolve(struct sim_phy *phy)
{
    uint16_t common = phy->told & page_of(phy);

    phy->is_100 = (common & (PAGE_100FD | PAGE_100HD)) != 0;
    phy->full =
        phy->is_100 ? (common & PAGE_100FD) != 0 : (common & PAGE_10FD) != 0;
    return (common & (PAGE_100FD | PAGE_100HD | PAGE_10FD | PAGE_10HD)) != 0;
}

// This end is forced, or the other one is: the speed must be the same, and
// whoever has not heard of the duplex assumes half (28.2.3.1).
static bool match_speed(struct sim_phy *phy)
{
    bool forced = !negotiates(phy);

    phy->is_100 = forced ? (phy->bmcr & BMCR_100) != 0 : phy->partner.is_100;
    phy->full = forced && (phy->bmcr & BMCR_FULL);
    if (forced && phy->partner.silent_about_it) {
        return phy->is_100 == phy->partner.is_100;
    }
    if (forced) {
        return page_of(phy) &
            (phy->is_100 ? PAGE_100HD | PAGE_100FD : PAGE_10HD | PAGE_10FD);
    }
    return phy->told & (phy->is_100 ? PAGE_100HD : PAGE_10HD);
}

static void on_link(struct sim_event *event)
{
    struct sim_phy *phy = nif_container_of(event, struct sim_phy, link_event);

    if (negotiates(phy) && !phy->partner.silent_about_it) {
        phy->link = resolve(phy);
        phy->page_received = true;
        phy->autoneg_done = phy->link;
        // The base page is acknowledged; it does not count as one received.
        raise_int(phy, phy->link ? INT_ACK | INT_AUTONEG : INT_ACK);
    } else {
        phy->link = match_speed(phy);
        phy->autoneg_done = phy->link && negotiates(phy);
        if (phy->autoneg_done) {
            raise_int(phy, INT_AUTONEG);
        }
    }
    tell_change(phy);
}

// What there is to be found on the cable is looked for, from now on.
static void seek_link(struct sim_phy *phy)
{
    struct sim_world *world = phy->mdio.world;

    lose_link(phy);
    phy->told = phy->anar; // what is written later waits for the next time
    if (phy->plugged && !is_down(phy)) {
        sim_event_at(world, &phy->link_event,
            world->now_ns +
                (negotiates(phy) ? phy->cfg.autoneg_ns : phy->cfg.forced_ns));
    }
}

static void on_energy(struct sim_event *event)
{
    struct sim_phy *phy = nif_container_of(event, struct sim_phy, energy_event);

    phy->energy = phy->plugged;
    if (phy->energy) {
        raise_int(phy, INT_ENERGY);
    }
}

static void notice_energy(struct sim_phy *phy)
{
    struct sim_world *world = phy->mdio.world;

    sim_event_at(world, &phy->energy_event, world->now_ns + phy->cfg.energy_ns);
}

void sim_phy_plug(struct sim_phy *phy, const struct sim_phy_partner *partner)
{
    phy->partner = partner ? *partner : (struct sim_phy_partner){ 0 };
    phy->plugged = true;
    notice_energy(phy);
    seek_link(phy);
}

void sim_phy_unplug(struct sim_phy *phy)
{
    phy->plugged = false;
    notice_energy(phy);
    seek_link(phy);
}

// ---- reset

// MODE[2:0] (table 3-5 of the data sheet): 0 to 3 force a mode, 7 negotiates
// all, 4 and 5 100 Mbit/s half duplex only, 6 is power-down.
static void apply_straps(struct sim_phy *phy)
{
    unsigned mode = phy->special >> 5 & 7;

    phy->bmcr = BMCR_AUTONEG | BMCR_100;
    phy->anar = PAGE_ALL;
    if (mode < 4) {
        phy->bmcr =
            (uint16_t)((mode & 2 ? BMCR_100 : 0) | (mode & 1 ? BMCR_FULL : 0));
    } else if (mode < 6) {
        phy->anar = PAGE_100HD | SELECTOR;
    } else if (mode == 6) {
        phy->bmcr |= BMCR_DOWN;
    }
    phy->mode_control = 0;
    phy->int_mask = 0;
}

// What the pins say, as they are read at power-up and at nRST.
static void read_pins(struct sim_phy *phy)
{
    phy->special = (uint16_t)(SPECIAL_RESERVED |
        (unsigned)(phy->cfg.mode & 7) << 5 | (phy->cfg.addr & SPECIAL_ADDR));
}

static void on_reset(struct sim_event *event)
{
    struct sim_phy *phy = nif_container_of(event, struct sim_phy, reset_event);

    phy->resetting = false;
    apply_straps(phy);
    drive_int(phy);
    seek_link(phy);
}

static void reset(struct sim_phy *phy)
{
    struct sim_world *world = phy->mdio.world;

    phy->resetting = true;
    lose_link(phy);
    phy->int_source = 0;
    phy->page_received = false;
    sim_event_at(world, &phy->reset_event, world->now_ns + phy->cfg.reset_ns);
}

void sim_phy_nrst(struct sim_phy *phy, bool level)
{
    struct sim_world *world = phy->mdio.world;

    if (!level) {
        phy->nrst_ns = world->now_ns;
        read_pins(phy);
        if (!phy->resetting) { // else one that lasts is stronger
            reset(phy);
        }
    } else if (world->now_ns - phy->nrst_ns < NRST_NS) {
        sim_complain(world, who, "nRST was low for %u us, less than 100",
            (unsigned)((world->now_ns - phy->nrst_ns) / SIM_US));
    }
}

// ---- reading

static uint16_t read_bmcr(const struct sim_phy *phy)
{
    // The duplex bit tells what was negotiated.
    return phy->link && phy->full && negotiates(phy) ? phy->bmcr | BMCR_FULL
                                                     : phy->bmcr;
}

static uint16_t read_bmsr(struct sim_phy *phy)
{
    bool link = phy->link && !phy->link_failed;

    phy->link_failed = false;
    return (uint16_t)(BMSR_CAN | (phy->autoneg_done ? BMSR_AUTONEG_DONE : 0) |
        (link ? BMSR_LINK : 0));
}

static bool heard_page(const struct sim_phy *phy)
{
    return phy->autoneg_done && !phy->partner.silent_about_it;
}

static uint16_t read_anlpar(const struct sim_phy *phy)
{
    if (heard_page(phy)) {
        return page_of(phy) | PAGE_ACK;
    }
    if (phy->autoneg_done) { // parallel detection
        return phy->is_100 ? PAGE_100HD | SELECTOR : PAGE_10HD | SELECTOR;
    }
    return SELECTOR;
}

static uint16_t read_aner(struct sim_phy *phy)
{
    unsigned value = phy->page_received ? ANER_RECEIVED : 0;

    phy->page_received = false;
    if (heard_page(phy)) {
        value |= ANER_PARTNER;
        value |= page_of(phy) & PAGE_NEXT ? ANER_NEXT_PAGE : 0;
    }
    return (uint16_t)value;
}

static uint16_t read_int_source(struct sim_phy *phy)
{
    uint16_t value = phy->int_source;

    phy->int_source = 0;
    drive_int(phy);
    return value;
}

static uint16_t read_special_status(const struct sim_phy *phy)
{
    unsigned value = STATUS_ONE;

    if (phy->autoneg_done) {
        value |= STATUS_AUTODONE;
    }
    if (phy->link) {
        value |= phy->is_100 ? STATUS_100 : STATUS_10;
        value |= phy->full ? STATUS_FULL : 0;
    }
    return (uint16_t)value;
}

static bool exists(uint8_t reg)
{
    return reg <= ANER ||
        (reg >= EXTENDED_STATUS && reg != 19 && reg != 24 && reg != 25);
}

static uint16_t phy_read(struct sim_mdio_chip *chip, uint8_t reg)
{
    struct sim_phy *phy = of(chip);

    if (chip->hz > MDC_MAX_HZ) {
        sim_complain(chip->world, who, "MDC of %u Hz", chip->hz);
    }
    switch (reg) {
    case BMCR: return read_bmcr(phy);
    case BMSR: return read_bmsr(phy);
    case PHYID1: return (uint16_t)(phy->cfg.id >> 16);
    case PHYID2: return (uint16_t)phy->cfg.id;
    case ANAR: return phy->anar;
    case ANLPAR: return read_anlpar(phy);
    case ANER: return read_aner(phy);
    case SILICON: return 0x0040;
    case MODE_CONTROL:
        return phy->mode_control | (phy->energy ? MODE_ENERGY : 0);
    case SPECIAL_MODES: return phy->special;
    case INT_SOURCE: return read_int_source(phy);
    case INT_MASK: return phy->int_mask;
    case SPECIAL_STATUS: return read_special_status(phy);
    default: return exists(reg) ? 0 : UINT16_MAX;
    }
}

// ---- writing

static void write_bmcr(struct sim_phy *phy, uint16_t value)
{
    bool was_down = is_down(phy);
    bool restart = (value & BMCR_RESTART) && (value & BMCR_AUTONEG);
    // Speed and duplex are nothing to one that negotiates (22.2.4.1.3).
    bool other = ((phy->bmcr ^ value) &
                     ((value & BMCR_AUTONEG)
                             ? BMCR_AUTONEG
                             : BMCR_100 | BMCR_AUTONEG | BMCR_FULL)) != 0;

    if ((value & BMCR_RESET) && (phy->bmcr & BMCR_DOWN)) {
        // It sleeps, and is deaf to that.
        sim_complain(phy->mdio.world, who, "reset while powered down");
        return;
    }
    phy->bmcr = value & (uint16_t)~BMCR_RESTART;
    if (value & BMCR_RESET) {
        reset(phy);
    } else if (restart || other || is_down(phy) != was_down) {
        seek_link(phy);
    }
}

static void phy_write(struct sim_mdio_chip *chip, uint8_t reg, uint16_t value)
{
    struct sim_phy *phy = of(chip);

    if (phy->resetting) {
        sim_complain(chip->world, who, "register %u written while it resets",
            reg);
        return;
    }
    switch (reg) {
    case BMCR: write_bmcr(phy, value); break;
    case ANAR:
        phy->anar = (value & ANAR_MASK) | SELECTOR;
        if ((value & SELECTOR_MASK) != SELECTOR) {
            sim_complain(chip->world, who,
                "register 4 written: selector %u is not 802.3",
                value & SELECTOR_MASK);
        }
        break;
    case MODE_CONTROL: phy->mode_control = value & MODE_MASK; break;
    case SPECIAL_MODES:
        // Taken over by the next reset, and kept in it.
        phy->special = SPECIAL_RESERVED | (value & 0x00FF);
        if ((value & SPECIAL_ADDR) != phy->cfg.addr) {
            sim_complain(chip->world, who,
                "register 18 written: it moves to address %u",
                value & SPECIAL_ADDR);
        }
        break;
    case INT_MASK:
        phy->int_mask = value & INT_POSSIBLE;
        drive_int(phy);
        break;
    case CONTROL_INDICATION: break; // MDIX, SQE: not modelled
    default:
        sim_complain(chip->world, who, "register %u written: %s", reg,
            exists(reg) ? "it is read-only" : "there is none");
    }
}

static const struct sim_mdio_chip_ops phy_ops = {
    .read = phy_read,
    .write = phy_write,
};

// ---- beginning and end

static uint64_t or_default(uint64_t ns, uint64_t otherwise_ns)
{
    return ns ? ns : otherwise_ns;
}

void sim_phy_init(struct sim_phy *phy, struct sim_world *world,
    const struct sim_phy_cfg *cfg)
{
    *phy = (struct sim_phy){
        .mdio = { .ops = &phy_ops, .world = world },
        .cfg = *cfg,
        .reset_event.fn = on_reset,
        .energy_event.fn = on_energy,
        .link_event.fn = on_link,
    };
    phy->cfg.mode = cfg->mode ? cfg->mode : 7;
    phy->cfg.id = cfg->id ? cfg->id : 0x0007C0F1;
    phy->cfg.reset_ns = or_default(cfg->reset_ns, 100 * SIM_US);
    phy->cfg.energy_ns = or_default(cfg->energy_ns, 250 * SIM_MS);
    phy->cfg.autoneg_ns = or_default(cfg->autoneg_ns, 1600 * SIM_MS);
    phy->cfg.forced_ns = or_default(cfg->forced_ns, 10 * SIM_MS);
    read_pins(phy);
    apply_straps(phy);
}

void sim_phy_pin(struct sim_phy *phy, struct sim_pin *interrupt)
{
    phy->int_pin = interrupt;
    drive_int(phy);
}

void sim_phy_done(struct sim_phy *phy)
{
    sim_event_cancel(phy->mdio.world, &phy->reset_event);
    sim_event_cancel(phy->mdio.world, &phy->energy_event);
    sim_event_cancel(phy->mdio.world, &phy->link_event);
}
