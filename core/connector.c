// SPDX-License-Identifier: MIT
//
// From a device to an address, and back to the start when that is lost.

#include "nif/connector.h"

#define LINK_MS      10000
#define ADDR_MS      10000
#define RETRY_MS     500
#define RETRY_MAX_MS 30000
#define SALT         0x434f4e4e // "CONN"

// Changes of state in one poll. It has no ring without a wait in it.
#define STEPS_MAX 4

// In this part of its time the watchdog looks at the device once.
#define WATCH_PART 4

static void tell(struct nif_connector *c, enum nif_connector_event event,
    int err)
{
    if (c->cfg.fn != NULL) {
        c->cfg.fn(c->cfg.arg, c, event, err);
    }
}

static uint64_t later(uint64_t now_us, uint32_t ms)
{
    return now_us + (uint64_t)ms * 1000;
}

static bool has_link(const struct nif_connector *c)
{
    return (nif_iface_flags(c->cfg.iface) & NIF_IFACE_LINK) != 0;
}

static void on_event(void *arg, struct nif_iface *iface, enum nif_event event)
{
    struct nif_connector *c = arg;

    (void)iface;
    // It may be back before anybody looks at the flags.
    c->dropped = c->dropped || event == NIF_EVENT_LINK_DOWN;
}

// ---------------------------------------------------------------- ending

static void end_fallback(struct nif_connector *c)
{
    if (c->filling) {
        c->filling = false;
        c->cfg.fallback.ops->stop(c->cfg.fallback.client);
    }
}

static void end_addr(struct nif_connector *c)
{
    end_fallback(c);
    if (c->asking) {
        c->asking = false;
        c->cfg.addr.ops->stop(c->cfg.addr.client);
    }
}

static void quiet(struct nif_connector *c)
{
    end_addr(c);
    if (c->running) {
        c->running = false;
        if (c->cfg.wifi != NULL) {
            (void)nif_wifi_leave(c->cfg.iface);
        }
        // A device that cannot be stopped is not used either.
        (void)nif_iface_stop(c->cfg.iface);
    }
}

// -------------------------------------------------------------- failures

static uint32_t pause_ms(struct nif_connector *c)
{
    uint32_t ms = c->cfg.retry_ms;

    for (unsigned i = 1; i < c->tries && ms < c->cfg.retry_max_ms; i++) {
        ms = ms > UINT32_MAX / 2 ? UINT32_MAX : ms * 2;
    }
    if (ms > c->cfg.retry_max_ms) {
        ms = c->cfg.retry_max_ms;
    }
    return ms - ms / 2 + nif_random_below(&c->random, ms / 2 + 1);
}

// What the network says is no reason to suspect the device.
static bool is_network(int err)
{
    return err == NIF_ENOTFOUND || err == NIF_EAUTH || err == NIF_EREFUSED ||
        err == NIF_ERESET;
}

static void fail(struct nif_connector *c, uint64_t now_us, int err)
{
    bool hopeless = err == NIF_EINVAL || err == NIF_ENOTSUP;

    c->err = err;
    if (c->tries < UINT16_MAX) {
        c->tries++;
    }
    c->renew = c->renew || !is_network(err);
    if (hopeless || (c->cfg.retries != 0 && c->tries >= c->cfg.retries)) {
        quiet(c);
        c->state = NIF_CONNECTOR_GAVE_UP;
        tell(c, NIF_CONNECTOR_END, err);
        return;
    }
    c->state = NIF_CONNECTOR_PAUSING;
    c->at_us = later(now_us, pause_ms(c));
    tell(c, NIF_CONNECTOR_RETRY, err);
}

// --------------------------------------------------------------- forward

static void attempt(struct nif_connector *c, uint64_t now_us)
{
    int err = 0;

    c->attempts++;
    if (!c->running || c->renew) {
        err = nif_iface_start(c->cfg.iface);
        now_us = nif_clock_now_us(c->cfg.stack->clock); // that took its time
        c->running = err == 0;
        c->renew = false;
        c->well_us = now_us;
    }
    if (err == 0 && c->cfg.wifi != NULL) {
        err = nif_wifi_join(c->cfg.iface, c->cfg.wifi);
    }
    if (err != 0) {
        fail(c, now_us, err);
        return;
    }
    c->state = NIF_CONNECTOR_LINKING;
    c->at_us = later(now_us, c->cfg.link_ms);
}

static void begin_addr(struct nif_connector *c, uint64_t now_us)
{
    int err = 0;

    c->dropped = false;
    c->state = NIF_CONNECTOR_ADDRESSING;
    c->at_us = later(now_us, c->cfg.addr_ms);
    tell(c, NIF_CONNECTOR_LINK, 0);
    if (c->cfg.net.ip.family != NIF_IP_NONE) {
        err = nif_stack_set_net(c->cfg.stack, &c->cfg.net);
    } else if (c->cfg.addr.ops != NULL) {
        err = c->cfg.addr.ops->start(c->cfg.addr.client);
        c->asking = err == 0;
    }
    if (err != 0) {
        fail(c, now_us, err);
    }
}

static void pausing(struct nif_connector *c, uint64_t now_us)
{
    // The link has come before its time: nothing else was missing.
    if (c->err == NIF_ELINK && has_link(c)) {
        c->renew = false;
        begin_addr(c, now_us);
    } else if (now_us >= c->at_us) {
        attempt(c, now_us);
    }
}

static void linking(struct nif_connector *c, uint64_t now_us)
{
    struct nif_wifi_status wifi = { .state = NIF_WIFI_JOINING };

    if (has_link(c)) {
        begin_addr(c, now_us);
        return;
    }
    if (c->cfg.wifi != NULL) {
        nif_wifi_status(c->cfg.iface, &wifi);
    }
    if (wifi.state == NIF_WIFI_FAILED) {
        fail(c, now_us, wifi.err);
    } else if (now_us >= c->at_us) {
        fail(c, now_us, c->cfg.wifi != NULL ? NIF_ETIMEDOUT : NIF_ELINK);
    }
}

static void lose(struct nif_connector *c, uint64_t now_us, int err)
{
    bool held = c->state == NIF_CONNECTOR_UP && now_us >= c->stable_us;

    end_fallback(c);
    tell(c, NIF_CONNECTOR_DOWN, err);
    if (held) {
        c->tries = 0;
        c->state = NIF_CONNECTOR_PAUSING; // of no length
        c->at_us = now_us;
    } else {
        fail(c, now_us, err);
    }
}

// The reason why the radio has lost its network, if it knows one.
static int why_down(struct nif_connector *c)
{
    struct nif_wifi_status wifi = { .state = NIF_WIFI_IDLE };

    if (c->cfg.wifi != NULL) {
        nif_wifi_status(c->cfg.iface, &wifi);
    }
    return wifi.state == NIF_WIFI_FAILED ? wifi.err : NIF_ELINK;
}

// Lets the fallback come when it is time, and go when it is not needed.
static void balance(struct nif_connector *c, uint64_t now_us)
{
    bool given = c->asking && c->cfg.addr.ops->has(c->cfg.addr.client);

    if (given) {
        end_fallback(c);
    } else if (c->state == NIF_CONNECTOR_ADDRESSING && now_us >= c->at_us) {
        c->at_us = NIF_NEVER;
        tell(c, NIF_CONNECTOR_NO_ADDRESS, NIF_ETIMEDOUT);
        if (c->cfg.fallback.ops != NULL && !c->filling) {
            c->filling =
                c->cfg.fallback.ops->start(c->cfg.fallback.client) == 0;
        }
    }
}

static void addressing(struct nif_connector *c, uint64_t now_us)
{
    struct nif_net net;

    if (c->dropped || !has_link(c)) {
        lose(c, now_us, why_down(c));
        return;
    }
    balance(c, now_us);
    nif_stack_net(c->cfg.stack, &net);
    if (net.ip.family == NIF_IP_NONE) {
        if (c->state == NIF_CONNECTOR_UP) {
            c->state = NIF_CONNECTOR_ADDRESSING;
            c->at_us = later(now_us, c->cfg.addr_ms);
            c->ip = net.ip;
            tell(c, NIF_CONNECTOR_DOWN, NIF_EADDR);
        }
        return;
    }
    if (c->state == NIF_CONNECTOR_ADDRESSING) {
        c->state = NIF_CONNECTOR_UP;
        c->stable_us = later(now_us, c->cfg.link_ms);
        c->ip = (struct nif_ip){ .family = NIF_IP_NONE };
    }
    if (!nif_ip_equal(&net.ip, &c->ip)) {
        c->ip = net.ip;
        tell(c, NIF_CONNECTOR_ADDRESS, 0);
    }
}

// ------------------------------------------------------------------ poll

static void step(struct nif_connector *c, uint64_t now_us)
{
    switch (c->state) {
    case NIF_CONNECTOR_PAUSING: pausing(c, now_us); break;
    case NIF_CONNECTOR_LINKING: linking(c, now_us); break;
    case NIF_CONNECTOR_ADDRESSING:
    case NIF_CONNECTOR_UP: addressing(c, now_us); break;
    default: break; // off
    }
}

// A device that has been ill for too long is started anew.
static void watch(struct nif_connector *c, uint64_t now_us, uint64_t *again_us)
{
    uint32_t part_ms = c->cfg.watchdog_ms / WATCH_PART;
    int err;

    if (c->cfg.watchdog_ms == 0 || !c->running) {
        return;
    }
    if (now_us >= c->watch_us) {
        c->watch_us = later(now_us, part_ms);
        err = nif_iface_poll(c->cfg.iface, again_us);
        if (err >= 0) {
            c->well_us = now_us;
        } else if (now_us >= later(c->well_us, c->cfg.watchdog_ms)) {
            c->well_us = now_us;
            c->renew = true;
            if (c->state >= NIF_CONNECTOR_ADDRESSING) {
                lose(c, now_us, err);
            } else {
                fail(c, now_us, err);
            }
        }
    }
    nif_again_by(again_us, c->watch_us);
}

static void poll_clients(struct nif_connector *c, uint64_t *again_us)
{
    if (c->asking) {
        nif_again_by(again_us, c->cfg.addr.ops->poll(c->cfg.addr.client));
    }
    if (c->filling) {
        nif_again_by(again_us,
            c->cfg.fallback.ops->poll(c->cfg.fallback.client));
    }
}

uint64_t nif_connector_poll(struct nif_connector *c)
{
    uint64_t again_us = NIF_NEVER;
    uint64_t now_us;
    unsigned state = NIF_CONNECTOR_OFF;

    if (c->state == NIF_CONNECTOR_OFF || c->state == NIF_CONNECTOR_GAVE_UP) {
        return NIF_NEVER;
    }
    now_us = nif_clock_now_us(c->cfg.stack->clock);
    poll_clients(c, &again_us);
    watch(c, now_us, &again_us);
    for (unsigned i = 0; i < STEPS_MAX && c->state != state; i++) {
        state = c->state;
        step(c, now_us);
    }
    // A client that was just started has its first turn at once.
    poll_clients(c, &again_us);
    if (c->state == NIF_CONNECTOR_UP) {
        if (now_us >= c->stable_us) {
            c->tries = 0;
        }
    } else if (c->state != NIF_CONNECTOR_GAVE_UP) {
        nif_again_by(&again_us, c->at_us);
    }
    return again_us;
}

static uint64_t poll_job(struct nif_job *job)
{
    return nif_connector_poll(nif_container_of(job, struct nif_connector, job));
}

// --------------------------------------------------------------- surface

static uint32_t or_else(uint32_t ms, uint32_t other)
{
    return ms != 0 ? ms : other;
}

void nif_connector_init(struct nif_connector *c,
    const struct nif_connector_cfg *cfg)
{
    *c = (struct nif_connector){ .cfg = *cfg, .job.poll = poll_job };
    c->cfg.link_ms = or_else(cfg->link_ms, LINK_MS);
    c->cfg.addr_ms = or_else(cfg->addr_ms, ADDR_MS);
    c->cfg.retry_ms = or_else(cfg->retry_ms, RETRY_MS);
    c->cfg.retry_max_ms = or_else(cfg->retry_max_ms, RETRY_MAX_MS);
    nif_random_init(&c->random, cfg->seed, SALT);
    if (cfg->stack == NULL && cfg->iface != NULL) {
        c->cfg.stack = cfg->iface->stack;
    }
}

int nif_connector_start(struct nif_connector *c)
{
    if (c->cfg.stack == NULL) {
        return NIF_EINVAL;
    }
    if (c->state != NIF_CONNECTOR_OFF && c->state != NIF_CONNECTOR_GAVE_UP) {
        return NIF_EISCONN;
    }
    if (c->cfg.wifi != NULL) {
        if (c->cfg.iface->wifi == NULL) {
            return NIF_ENOTSUP;
        }
        if (nif_wifi_check(c->cfg.wifi) != 0) {
            return NIF_EINVAL;
        }
    }
    if (c->state == NIF_CONNECTOR_OFF) {
        nif_job_add(c->cfg.stack, &c->job);
    }
    c->tries = 0;
    c->err = 0;
    c->state = NIF_CONNECTOR_PAUSING; // of no length
    c->at_us = 0;
    nif_iface_on_event(c->cfg.iface, on_event, c);
    nif_clock_wake(c->cfg.stack->clock);
    return 0;
}

void nif_connector_stop(struct nif_connector *c)
{
    if (c->state == NIF_CONNECTOR_OFF) {
        return;
    }
    quiet(c);
    nif_iface_on_event(c->cfg.iface, NULL, NULL);
    nif_job_remove(c->cfg.stack, &c->job);
    c->state = NIF_CONNECTOR_OFF;
}

static int try_up(void *arg)
{
    const struct nif_connector *c = arg;

    switch (c->state) {
    case NIF_CONNECTOR_OFF: return NIF_EINVAL;
    case NIF_CONNECTOR_UP: return 0;
    case NIF_CONNECTOR_GAVE_UP: return c->err;
    default: return NIF_EAGAIN;
    }
}

int nif_connector_wait(struct nif_connector *c, uint64_t until_us)
{
    return c->cfg.stack != NULL
        ? nif_wait_for(c->cfg.stack, try_up, c, until_us)
        : NIF_EINVAL;
}
