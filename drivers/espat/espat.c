// SPDX-License-Identifier: MIT
//
// The module as a network device: start and stop, one poll, and the look
// whether all is well. Commands are in command.c, bring-up in setup.c.

#include "espat.h"

#include "internal.h"

#include <string.h>

#define BOOT_BAUD 115200u
#define CHECK_MS  2000u

// Until the next look at what ends by itself: a link that cools, a payload
// that stalls.
#define COOL_US 100000u

// Commands that end without a wait, in one poll.
#define ROUNDS 4

// Bring-up takes 1 to 2 s; with a module that is busy with itself, longer.
#define START_US 30000000u

static struct espat *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct espat, iface);
}

// ---- looking after it

// Asks for what may not have been heard, one thing at a time. The last is
// whether it still is what it was made.
static void check(struct espat *chip, uint64_t now_us)
{
    bool links = false;

    if (now_us < chip->check_us || chip->stage != ESPAT_IDLE) {
        return;
    }
    chip->check_us = now_us + 1000u * (uint64_t)chip->cfg.check_ms;
    for (size_t id = 0; id < ESPAT_LINKS; id++) {
        links = links || chip->link[id].state == ESPAT_LINK_OPEN;
    }
    chip->check = (uint8_t)((chip->check + 1) % 4);
    if (chip->check == 0 && chip->wifi.state == NIF_WIFI_JOINED) {
        chip->todo |= ESPAT_TODO_GET_AP |
            (at__has_address(chip) ? 0u : ESPAT_TODO_GET_IP);
    } else if (chip->check == 1 && links && chip->passive) {
        chip->todo |= ESPAT_TODO_LENGTHS;
    } else if (chip->check == 2 && links) {
        chip->todo |= ESPAT_TODO_LINKS;
    } else {
        chip->lost = 1; // the question
        chip->lost_us = now_us;
    }
}

static int move(struct espat *chip, uint64_t now_us)
{
    int more = at__read(chip, now_us);
    int err = more < 0 ? more : 0;

    if (err == 0 && chip->phase == ESPAT_READY) {
        check(chip, now_us);
    }
    for (unsigned i = 0; i < ROUNDS && err == 0; i++) {
        err = at__step(chip, now_us);
        if (chip->stage != ESPAT_IDLE) {
            break;
        }
    }
    return err < 0 ? err : more;
}

// When something is due, whatever comes in.
static uint64_t due(const struct espat *chip, uint64_t now_us)
{
    uint64_t at_us = chip->until_us;

    if (chip->stage == ESPAT_IDLE) {
        at_us = chip->phase == ESPAT_READY ? chip->check_us : chip->phase_us;
        if (at_us > now_us + COOL_US && at__cools(chip)) {
            at_us = now_us + COOL_US;
        }
    }
    if (at__inside(chip) && at_us > now_us + COOL_US) {
        at_us = now_us + COOL_US;
    }
    if (chip->cfg.poll_us != 0 && at_us > now_us + chip->cfg.poll_us) {
        at_us = now_us + chip->cfg.poll_us;
    }
    return at_us;
}

static int espat_poll(struct nif_iface *iface, uint64_t *again_us)
{
    struct espat *chip = of(iface);
    uint64_t now_us;
    uint64_t at_us;
    int more;

    if (chip->phase == ESPAT_OFF) {
        return 0;
    }
    now_us = nif_clock_now_us(chip->cfg.clock);
    more = move(chip, now_us);
    if (more < 0) {
        at__restart(chip, more, true);
        at__back_off(chip);
    }
    at__tell_link(chip);
    at_us = more > 0 ? now_us : due(chip, now_us);
    nif_again_by(again_us, at_us);
    return chip->fault;
}

// ---- starting and stopping

static int espat_start(struct nif_iface *iface)
{
    struct espat *chip = of(iface);
    uint64_t now_us = nif_clock_now_us(chip->cfg.clock);
    uint64_t until_us = now_us + START_US;
    int more = 0;

    chip->failed = 0;
    chip->alive = false;
    at__restart(chip, 0, true);
    while (now_us < until_us && more >= 0 && chip->failed == 0) {
        more = move(chip, now_us);
        if (chip->phase == ESPAT_READY) {
            return 0;
        }
        now_us = nif_clock_now_us(chip->cfg.clock);
        if (more == 0) {
            nif_clock_wait(chip->cfg.clock, due(chip, now_us));
        }
    }
    chip->phase = ESPAT_OFF;
    if (more < 0) {
        return more;
    }
    return chip->alive ? NIF_ETIMEDOUT : NIF_ENODEV;
}

static int espat_stop(struct nif_iface *iface)
{
    struct espat *chip = of(iface);

    at__stop(chip);
    at__tell_link(chip);
    return 0;
}

static void espat_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = of(iface)->net.hwaddr;
}

static unsigned espat_flags(struct nif_iface *iface)
{
    const struct espat *chip = of(iface);
    unsigned flags = NIF_IFACE_BROADCAST;

    if (chip->phase != ESPAT_OFF) {
        flags |= NIF_IFACE_STARTED;
    }
    if (chip->link_up) {
        flags |= NIF_IFACE_LINK;
    }
    return flags;
}

static size_t espat_mtu(struct nif_iface *iface)
{
    (void)iface;
    return NIF_ETH_FRAME_MAX - NIF_ETH_HEADER;
}

static void espat_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    of(iface)->event_fn = fn;
    of(iface)->event_arg = arg;
}

static const struct nif_iface_ops iface_ops = {
    .start = espat_start,
    .stop = espat_stop,
    .poll = espat_poll,
    .hwaddr = espat_hwaddr,
    .flags = espat_flags,
    .mtu = espat_mtu,
    .on_event = espat_on_event,
};

void espat_init(struct espat *chip, const struct espat_cfg *cfg)
{
    memset(chip, 0, sizeof(*chip));
    chip->iface.ops = &iface_ops;
    chip->iface.wifi = &at__wifi_ops;
    chip->iface.stack = &chip->stack;
    chip->stack.ops = &at__stack_ops;
    chip->stack.clock = cfg->clock;
    chip->stack.caps = (struct nif_stack_caps){
        .datagram_max = ESPAT_DATAGRAM_MAX,
        .tls = cfg->tls,
        .conn_max = ESPAT_LINKS,
    };
    chip->cfg = *cfg;
    if (cfg->boot_baud == 0) {
        chip->cfg.boot_baud = BOOT_BAUD;
    }
    if (cfg->baud == 0) {
        chip->cfg.baud = chip->cfg.boot_baud;
    }
    if (cfg->check_ms == 0) {
        chip->cfg.check_ms = CHECK_MS;
    }
    chip->scan_result = NIF_EINVAL;
}
