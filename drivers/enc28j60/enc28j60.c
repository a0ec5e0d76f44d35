// SPDX-License-Identifier: MIT
//
// The ENC28J60 as a network device: start and stop, link, and what is done
// when the chip or its bus is lost. Commands are in spi.c, bring-up in
// setup.c, frames in frames.c.

#include "enc28j60.h"

#include "internal.h"

#include <string.h>

#define CHECK_MS      1000u // with /INT
#define CHECK_BARE_MS 100u  // without
#define POLL_US       1000u

// Steps of bring-up until start() gives up: three times all of it, once more
// than erratum 19 asks for.
#define TRIES 9

// The longest frame takes 1.23 ms to leave or to come in.
#define QUIET_US 1280u

// From a failed attempt to set the chip up to the next.
#define BACKOFF_US 100000

static struct enc28j60 *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct enc28j60, iface);
}

// ---- looking after the chip

static void look_at_link(struct enc28j60 *chip)
{
    unsigned status;

    // Reading PHIR clears LINKIF. First, so that no change gets lost.
    (void)enc28j60__read_phy(chip, ENC28J60_PHIR);
    status = enc28j60__read_phy(chip, ENC28J60_PHSTAT2);
    if (chip->err != 0) {
        return;
    }
    if (((status & ENC28J60_PHSTAT2_DPXSTAT) != 0) != chip->cfg.full_duplex) {
        chip->err = NIF_EPROTO; // PHCON1 is not what it was
    } else {
        enc28j60__set_link(chip, (status & ENC28J60_PHSTAT2_LSTAT) != 0);
    }
}

static void serve(struct enc28j60 *chip)
{
    uint8_t flags = enc28j60__move_frames(chip);

    if (flags & ENC28J60_EIR_RXERIF) {
        chip->stats.rx_overrun++;
        enc28j60__write8(chip, ENC28J60_CLEAR(ENC28J60_EIR),
            ENC28J60_EIR_RXERIF);
        if (!enc28j60__count_frames(chip)) {
            enc28j60__restart_rx(chip); // no room in an empty ring
        }
    }
    if (flags & ENC28J60_EIR_LINKIF) {
        look_at_link(chip);
    }
}

static void check(struct enc28j60 *chip)
{
    bool good = enc28j60__holds(chip);

    if (!good) {
        good = enc28j60__holds(chip); // it may have been a slip of the bus
    }
    if (!good && chip->err == 0) {
        chip->err = NIF_EPROTO;
    }
    look_at_link(chip);
    // Should /INT not be connected after all.
    (void)enc28j60__count_frames(chip);
}

// What is due: a look at the chip, or a step of bring-up. Returns the
// microseconds until the next.
static uint32_t step(struct enc28j60 *chip)
{
    int result;

    if (chip->phase == ENC28J60_READY) {
        check(chip);
        return 1000u * chip->cfg.check_ms;
    }
    result = enc28j60__bring_up(chip);
    if (result < 0) {
        chip->fault = result;
        return BACKOFF_US;
    }
    if (result == 0 && chip->fault != 0) {
        chip->fault = 0;
        chip->stats.restarted++;
        enc28j60__notify(chip, NIF_EVENT_RESTARTED);
    }
    return (uint32_t)result;
}

static int enc28j60_poll(struct nif_iface *iface, uint64_t *again_us)
{
    struct enc28j60 *chip = of(iface);
    uint64_t now_us = nif_clock_now_us(chip->cfg.clock);
    uint32_t passed_us;
    uint32_t wait_us;

    if (chip->phase != ENC28J60_READY) {
        enc28j60__set_link(chip, false);
    }
    if (chip->phase <= ENC28J60_ASLEEP) {
        return 0;
    }
    if (chip->phase == ENC28J60_READY &&
        (chip->tx_busy || !enc28j60__is_idle(chip))) {
        serve(chip);
    }
    passed_us = (uint32_t)now_us - chip->step_us;
    wait_us = chip->pause_us - passed_us;
    if (passed_us >= chip->pause_us) {
        wait_us = step(chip);
        chip->pause_us = wait_us;
        chip->step_us = (uint32_t)now_us;
    }
    if (chip->tx_busy && wait_us > ENC28J60_TX_US) {
        wait_us = ENC28J60_TX_US;
    }
    // /INT of a chip that is not set up says nothing.
    if (chip->phase == ENC28J60_READY && !enc28j60__is_idle(chip)) {
        // Without /INT, only a frame that waits is a reason for haste.
        uint32_t soon_us = chip->cfg.poll_us;

        if (chip->cfg.interrupt != NULL ||
            chip->tx_count == ENC28J60_TX_PLACES) {
            soon_us = 0;
        }
        if (wait_us > soon_us) {
            wait_us = soon_us;
        }
    }
    now_us += wait_us;
    nif_again_by(again_us, now_us);
    return enc28j60__finish(chip, chip->fault);
}

// Context: interrupt.
static void rouse(void *arg)
{
    nif_clock_wake(arg);
}

// ---- starting and stopping

static int enc28j60_start(struct nif_iface *iface)
{
    struct enc28j60 *chip = of(iface);
    unsigned tries = 0;
    int result;

    if (chip->cfg.interrupt != NULL) {
        nif_pin_on_edge(chip->cfg.interrupt, false, rouse, chip->cfg.clock);
    }
    enc28j60__begin(chip, 0);
    do {
        result = enc28j60__bring_up(chip);
        if (result > 0) {
            nif_clock_delay_us(chip->cfg.clock, (uint32_t)result);
        } else if (result == 0) {
            return 0;
        }
    } while (result != NIF_EIO && ++tries < TRIES);
    chip->phase = ENC28J60_OFF;
    return result;
}

// Lets frames that are under way end, and puts the chip into power save.
static int silence(struct enc28j60 *chip, enum enc28j60_phase phase)
{
    static const uint8_t before[][2] = {
        { ENC28J60_CLEAR(ENC28J60_EIE), ENC28J60_EIE_USED },
        { ENC28J60_CLEAR(ENC28J60_ECON1), ENC28J60_ECON1_RXEN },
    };
    static const uint8_t behind[][2] = {
        { ENC28J60_CLEAR(ENC28J60_ECON1), ENC28J60_ECON1_TXRTS },
        { ENC28J60_SET(ENC28J60_ECON2),
            ENC28J60_ECON2_PWRSV | ENC28J60_ECON2_VRPS },
    };

    if (chip->phase > ENC28J60_ASLEEP) {
        enc28j60__run(chip, before, nif_countof(before));
        nif_clock_delay_us(chip->cfg.clock, QUIET_US);
        enc28j60__run(chip, behind, nif_countof(behind));
    }
    chip->phase = (uint8_t)phase;
    return enc28j60__take_err(chip, 0);
}

static int enc28j60_stop(struct nif_iface *iface)
{
    struct enc28j60 *chip = of(iface);

    if (chip->cfg.interrupt != NULL) {
        nif_pin_on_edge(chip->cfg.interrupt, false, NULL, NULL);
    }
    return silence(chip, ENC28J60_OFF);
}

int enc28j60_power_down(struct enc28j60 *chip)
{
    if (chip->phase <= ENC28J60_ASLEEP) {
        return NIF_EINVAL;
    }
    return silence(chip, ENC28J60_ASLEEP);
}

int enc28j60_power_up(struct enc28j60 *chip)
{
    if (chip->phase != ENC28J60_ASLEEP) {
        return NIF_EINVAL;
    }
    enc28j60__begin(chip, 0);
    return 0;
}

static void enc28j60_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = of(iface)->cfg.hwaddr;
}

static unsigned enc28j60_flags(struct nif_iface *iface)
{
    const struct enc28j60 *chip = of(iface);
    unsigned flags = NIF_IFACE_BROADCAST | NIF_IFACE_MULTICAST;

    if (chip->phase != ENC28J60_OFF) {
        flags |= NIF_IFACE_STARTED;
    }
    if (chip->phase > ENC28J60_ASLEEP && chip->link) {
        flags |= NIF_IFACE_LINK;
    }
    if (chip->cfg.full_duplex) {
        flags |= NIF_IFACE_FULL_DUPLEX;
    }
    return flags;
}

static size_t enc28j60_mtu(struct nif_iface *iface)
{
    (void)iface;
    return NIF_ETH_FRAME_MAX - NIF_ETH_HEADER;
}

static void enc28j60_on_event(struct nif_iface *iface, nif_event_fn *fn,
    void *arg)
{
    struct enc28j60 *chip = of(iface);

    chip->event_fn = fn;
    chip->event_arg = arg;
}

static const struct nif_iface_ops iface_ops = {
    .start = enc28j60_start,
    .stop = enc28j60_stop,
    .poll = enc28j60_poll,
    .hwaddr = enc28j60_hwaddr,
    .flags = enc28j60_flags,
    .mtu = enc28j60_mtu,
    .on_event = enc28j60_on_event,
};

void enc28j60_init(struct enc28j60 *chip, const struct enc28j60_cfg *cfg)
{
    memset(chip, 0, sizeof(*chip));
    chip->iface.ops = &iface_ops;
    chip->iface.eth = &enc28j60__eth_ops;
    chip->cfg = *cfg;
    if (cfg->check_ms == 0) {
        chip->cfg.check_ms = CHECK_MS;
        if (cfg->interrupt == NULL) {
            chip->cfg.check_ms = CHECK_BARE_MS;
        }
    }
    if (cfg->poll_us == 0) {
        chip->cfg.poll_us = POLL_US;
    }
    memcpy(chip->own, cfg->hwaddr.byte, sizeof(cfg->hwaddr.byte));
    chip->own[ENC28J60_OWN_ERXFCON] = ENC28J60_ERXFCON_OURS;
}
