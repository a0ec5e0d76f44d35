// SPDX-License-Identifier: MIT
//
// The W5500 as a network device, whatever it is used for: start and stop,
// link, and what is done when the chip or its bus is lost.

#include "internal.h"

#include <string.h>

#define CHECK_MS 100u
#define POLL_US  1000u

// Steps of bring-up until start() gives up.
#define TRIES 12

// RSTn low, then the PLL locks; the latter also after a reset by
// command, which ends within one access as a rule.
#define RESET_LOW_US 500u
#define RESET_US     1000u
#define RESET_READS  5 // until it has not ended

// From a failed attempt to set the chip up to the next.
#define BACKOFF_US 100000

#define KIB_MAX 16

// What the chip starts with.
#define RTR_DEFAULT 2000
#define RCR_DEFAULT 8

static struct w5500_chip *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct w5500_chip, iface);
}

void w5500__soon(struct w5500_chip *chip)
{
    chip->pause_us = 0;
    nif_clock_wake(chip->cfg.clock);
}

bool w5500__is_idle(struct w5500_chip *chip)
{
    return chip->cfg.interrupt != NULL && nif_pin_read(chip->cfg.interrupt);
}

static void notify(struct w5500_chip *chip, enum nif_event event)
{
    if (chip->event_fn != NULL) {
        chip->event_fn(chip->event_arg, &chip->iface, event);
    }
}

static void set_link(struct w5500_chip *chip, bool up)
{
    if (up != chip->link) {
        chip->link = up;
        notify(chip, up ? NIF_EVENT_LINK_UP : NIF_EVENT_LINK_DOWN);
    }
}

// The chip is set up anew by the next steps of bring-up. `fault` is why; 0:
// because the caller wants it.
static void begin(struct w5500_chip *chip, int fault)
{
    chip->err = 0;
    chip->fault = fault;
    chip->phase = W5500_WAKE;
    chip->tries = 0;
    chip->face->lost(chip);
    chip->err = 0;
    w5500__soon(chip);
}

int w5500__finish(struct w5500_chip *chip, int result)
{
    int err = chip->err;

    if (err == 0) {
        return result;
    }
    if (err == NIF_ETIMEDOUT) {
        err = NIF_EIO; // a command that the chip did not take
    }
    chip->stats.lost++;
    begin(chip, err);
    return err;
}

// ---- bring-up

void w5500__write_own(struct w5500_chip *chip)
{
    w5500__write8(chip, W5500_MR, chip->own[W5500_MR]);
    // Without SIR, which is read only.
    w5500__write(chip, W5500_GAR, chip->own + W5500_GAR, W5500_SIR - W5500_GAR);
    w5500__write(chip, W5500_SIMR, chip->own + W5500_SIMR,
        W5500_OWN - W5500_SIMR);
}

// True if the chip still has its settings.
static bool holds(struct w5500_chip *chip)
{
    uint8_t now[W5500_OWN];

    w5500__read(chip, W5500_MR, now, sizeof(now));
    now[W5500_IR] = chip->own[W5500_IR];
    now[W5500_SIR] = chip->own[W5500_SIR];
    return memcmp(now, chip->own, sizeof(now)) == 0 &&
        w5500__read8(chip, W5500_VERSIONR) == W5500_VERSIONR_VALUE;
}

// True if PHYCFGR is as it ought to be. Left to its pins, OPMDC says nothing.
static bool phy_holds(const struct w5500_chip *chip, uint8_t phycfgr)
{
    uint8_t mask = W5500_PHYCFGR_RST | W5500_PHYCFGR_OPMD;

    if (chip->phycfgr & W5500_PHYCFGR_OPMD) {
        mask |= W5500_PHYCFGR_OPMDC;
    }
    return ((phycfgr ^ chip->phycfgr) & mask) == 0;
}

// A new mode counts from the PHY's reset on, which breaks the link.
static void write_phy(struct w5500_chip *chip, uint8_t phycfgr)
{
    w5500__write8(chip, W5500_PHYCFGR, phycfgr & (uint8_t)~W5500_PHYCFGR_RST);
    w5500__write8(chip, W5500_PHYCFGR, phycfgr);
}

static int set_up(struct w5500_chip *chip)
{
    uint8_t version = w5500__read8(chip, W5500_VERSIONR);

    if (version != W5500_VERSIONR_VALUE) {
        return NIF_ENODEV;
    }
    if (w5500__read8(chip, W5500_MR) & W5500_MR_RST) {
        chip->phase--; // looks again
        return ++chip->tries < RESET_READS ? (int)RESET_US : NIF_ETIMEDOUT;
    }
    if (chip->pulse || !phy_holds(chip, w5500__read8(chip, W5500_PHYCFGR))) {
        write_phy(chip, chip->phycfgr);
    }
    for (unsigned n = 0; n < W5500_SOCKETS; n++) {
        const uint8_t kib[] = { chip->cfg.rx_kib[n], chip->cfg.tx_kib[n] };

        w5500__write(chip, W5500_SN(n, W5500_SN_RXBUF_SIZE), kib, sizeof(kib));
    }
    w5500__write_own(chip);
    if (!holds(chip)) {
        return NIF_ENODEV;
    }
    chip->face->set_up(chip);
    return 0;
}

static int reset(struct w5500_chip *chip)
{
    // It may have been left without power.
    chip->pulse = !phy_holds(chip, w5500__read8(chip, W5500_PHYCFGR));
    w5500__write8(chip, W5500_MR, W5500_MR_RST);
    return RESET_US;
}

// Without RSTn: its supply may have come up just now.
static int wake(struct w5500_chip *chip)
{
    if (chip->cfg.reset != NULL) {
        nif_pin_write(chip->cfg.reset, false);
        nif_clock_delay_us(chip->cfg.clock, RESET_LOW_US);
        nif_pin_write(chip->cfg.reset, true);
    }
    return RESET_US;
}

// Does the next step. Returns the microseconds that must pass before the one
// after it; 0 if the chip is ready; an error if it cannot be brought up.
static int bring_up(struct w5500_chip *chip)
{
    int result;

    if (chip->phase == W5500_WAKE) {
        result = wake(chip);
    } else if (chip->phase == W5500_RESET) {
        result = reset(chip);
    } else {
        result = set_up(chip);
    }
    result = w5500__take_err(chip, result);
    chip->phase++;
    if (result < 0) {
        chip->phase = W5500_WAKE;
        chip->tries = 0;
    }
    return result;
}

// ---- looking after the chip

static void look_at_link(struct w5500_chip *chip)
{
    uint8_t phycfgr = w5500__read8(chip, W5500_PHYCFGR);

    if (chip->err != 0) {
        return;
    }
    if (!phy_holds(chip, phycfgr)) {
        chip->err = NIF_EPROTO;
    } else {
        chip->full_duplex = (phycfgr & W5500_PHYCFGR_DPX) != 0;
        set_link(chip, (phycfgr & W5500_PHYCFGR_LNK) != 0);
    }
}

static void check(struct w5500_chip *chip)
{
    bool good = holds(chip);

    if (!good) {
        good = holds(chip); // it may have been a slip of the bus
    }
    if (!(good && chip->face->check(chip)) && chip->err == 0) {
        chip->err = NIF_EPROTO;
    }
    look_at_link(chip);
}

// What is due: a look at the chip, or a step of bring-up. Returns the
// microseconds until the next.
static uint32_t step(struct w5500_chip *chip)
{
    int result;

    if (chip->phase == W5500_READY) {
        check(chip);
        return 1000u * chip->cfg.check_ms;
    }
    result = bring_up(chip);
    if (result < 0) {
        chip->fault = result;
        return BACKOFF_US;
    }
    if (result == 0 && chip->fault != 0) {
        chip->fault = 0;
        chip->stats.restarted++;
        notify(chip, NIF_EVENT_RESTARTED);
    }
    return (uint32_t)result;
}

static int w5500_poll(struct nif_iface *iface, uint64_t *again_us)
{
    struct w5500_chip *chip = of(iface);
    uint64_t now_us = nif_clock_now_us(chip->cfg.clock);
    uint32_t passed_us;
    uint32_t wait_us;

    int result = 0;

    if (chip->phase == W5500_OFF) {
        set_link(chip, false);
        return result;
    }
    passed_us = (uint32_t)now_us - chip->step_us;
    wait_us = chip->pause_us - passed_us;
    if (passed_us >= chip->pause_us) {
        wait_us = step(chip);
        chip->pause_us = wait_us;
        chip->step_us = (uint32_t)now_us;
    }
    if (chip->phase == W5500_READY && chip->err == 0) {
        wait_us = w5500__least(wait_us, chip->face->serve(chip));
    }
    now_us += wait_us;
    nif_again_by(again_us, now_us);
    result = w5500__finish(chip, chip->fault);
    if (chip->phase != W5500_READY) {
        set_link(chip, false);
    }
    return result;
}

// Context: interrupt.
static void rouse(void *arg)
{
    nif_clock_wake(arg);
}

// ---- starting and stopping

// One direction of the packet memory.
static bool fits(const uint8_t kib[W5500_SOCKETS])
{
    unsigned sum = 0;

    for (unsigned n = 0; n < W5500_SOCKETS; n++) {
        if ((kib[n] & (kib[n] - 1)) != 0) {
            return false;
        }
        sum += kib[n];
    }
    return sum <= KIB_MAX;
}

static int w5500_start(struct nif_iface *iface)
{
    struct w5500_chip *chip = of(iface);
    unsigned tries = 0;
    int result;

    if (!fits(chip->cfg.rx_kib) || !fits(chip->cfg.tx_kib) ||
        chip->cfg.phy > W5500_PHY_AUTO) {
        return NIF_EINVAL;
    }
    if (chip->cfg.interrupt != NULL) {
        nif_pin_on_edge(chip->cfg.interrupt, false, rouse, chip->cfg.clock);
    }
    begin(chip, 0);
    do {
        result = bring_up(chip);
        if (result > 0) {
            nif_clock_delay_us(chip->cfg.clock, (uint32_t)result);
        } else if (result == 0) {
            return 0;
        }
    } while (result != NIF_EIO && ++tries < TRIES);
    chip->phase = W5500_OFF;
    return result < 0 ? result : NIF_ETIMEDOUT;
}

static int w5500_stop(struct nif_iface *iface)
{
    struct w5500_chip *chip = of(iface);

    if (chip->cfg.interrupt != NULL) {
        nif_pin_on_edge(chip->cfg.interrupt, false, NULL, NULL);
    }
    if (chip->phase != W5500_OFF) {
        begin(chip, 0);
        // All sockets are closed by it, then the PHY sleeps.
        w5500__write8(chip, W5500_MR, W5500_MR_RST);
        nif_clock_delay_us(chip->cfg.clock, RESET_US);
        write_phy(chip,
            W5500_PHYCFGR_RST | W5500_PHYCFGR_OPMD | W5500_PHYCFGR_OFF);
    }
    chip->phase = W5500_OFF;
    return w5500__take_err(chip, 0);
}

static void w5500_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = of(iface)->cfg.hwaddr;
}

static unsigned w5500_flags(struct nif_iface *iface)
{
    const struct w5500_chip *chip = of(iface);
    unsigned flags = NIF_IFACE_BROADCAST | NIF_IFACE_MULTICAST;

    if (chip->phase != W5500_OFF) {
        flags |= NIF_IFACE_STARTED;
    }
    if (chip->phase != W5500_OFF && chip->link) {
        flags |= NIF_IFACE_LINK;
        if (chip->full_duplex) {
            flags |= NIF_IFACE_FULL_DUPLEX;
        }
    }
    return flags;
}

static size_t w5500_mtu(struct nif_iface *iface)
{
    (void)iface;
    return NIF_ETH_FRAME_MAX - NIF_ETH_HEADER;
}

static void w5500_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    struct w5500_chip *chip = of(iface);

    chip->event_fn = fn;
    chip->event_arg = arg;
}

static const struct nif_iface_ops iface_ops = {
    .start = w5500_start,
    .stop = w5500_stop,
    .poll = w5500_poll,
    .hwaddr = w5500_hwaddr,
    .flags = w5500_flags,
    .mtu = w5500_mtu,
    .on_event = w5500_on_event,
};

// PHYCFGR for each enum w5500_phy (table of OPMDC).
static const uint8_t phy_modes[] = {
    W5500_PHYCFGR_RST | W5500_PHYCFGR_OPMDC,
    W5500_PHYCFGR_RST | W5500_PHYCFGR_OPMD, // OPMDC 0: 10BASE-T, half duplex
    W5500_PHYCFGR_RST | W5500_PHYCFGR_OPMD | 0x08,
    W5500_PHYCFGR_RST | W5500_PHYCFGR_OPMD | 0x10,
    W5500_PHYCFGR_RST | W5500_PHYCFGR_OPMD | 0x18,
    W5500_PHYCFGR_RST | W5500_PHYCFGR_OPMD | 0x20,
    W5500_PHYCFGR_RST | W5500_PHYCFGR_OPMD | 0x38,
};

void w5500__init(struct w5500_chip *chip, const struct w5500__face *face,
    const struct w5500_cfg *cfg)
{
    chip->iface.ops = &iface_ops;
    chip->face = face;
    chip->cfg = *cfg;
    if (cfg->check_ms == 0) {
        chip->cfg.check_ms = CHECK_MS;
    }
    if (cfg->poll_us == 0) {
        chip->cfg.poll_us = POLL_US;
    }
    if (cfg->retry_100us == 0) {
        chip->cfg.retry_100us = RTR_DEFAULT;
    }
    if (cfg->retries == 0) {
        chip->cfg.retries = RCR_DEFAULT;
    }
    if (cfg->phy <= W5500_PHY_AUTO) {
        chip->phycfgr = phy_modes[cfg->phy];
    }
    memcpy(chip->own + W5500_SHAR, cfg->hwaddr.byte, sizeof(cfg->hwaddr.byte));
    chip->own[W5500_IR] = W5500_IR_ALL; // clears what is left
    nif_put_be16(chip->own + W5500_RTR, chip->cfg.retry_100us);
    chip->own[W5500_RCR] = chip->cfg.retries;
}
