// SPDX-License-Identifier: MIT
//
// A device and ways to an address that do as they are told.

#include "tests/core/connecting.h"

#include "tests/support/check.h"

#include <string.h>

#define JOIN_US 1500000 // what a joining takes

struct connecting bench;

// --------------------------------------------------------------- device

static struct device *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct device, iface);
}

static int dev_start(struct nif_iface *iface)
{
    struct device *d = of(iface);

    d->starts++;
    bench.pump.pair.now_us += d->start_us;
    if (d->bad_starts > 0) {
        d->bad_starts--;
        return d->start_err;
    }
    d->status = (struct nif_wifi_status){ .state = NIF_WIFI_IDLE };
    d->poll_err = d->ill ? d->poll_err : 0;
    return 0;
}

static int dev_stop(struct nif_iface *iface)
{
    of(iface)->stops++;
    return 0;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
static int dev_poll(struct nif_iface *iface, uint64_t *again_us)
{
    (void)again_us;
    of(iface)->polls++;
    return of(iface)->poll_err;
}

static unsigned dev_flags(struct nif_iface *iface)
{
    return of(iface)->link ? NIF_IFACE_STARTED | NIF_IFACE_LINK
                           : NIF_IFACE_STARTED;
}

static void dev_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    of(iface)->fn = fn;
    of(iface)->arg = arg;
}

static const struct nif_iface_ops dev_ops = {
    .start = dev_start,
    .stop = dev_stop,
    .poll = dev_poll,
    .flags = dev_flags,
    .on_event = dev_on_event,
};

// ---------------------------------------------------------------- radio

static int radio_join(struct nif_iface *iface,
    const struct nif_wifi_params *params)
{
    struct device *d = of(iface);

    d->joins++;
    d->link = false;
    d->joined_us = bench.pump.pair.now_us + JOIN_US;
    d->mode = params->mode;
    d->status = (struct nif_wifi_status){ .state = NIF_WIFI_JOINING };
    nif_clock_wake(&bench.pump.pair.clock); // its poll() has something to do
    return d->join_err;
}

static int radio_leave(struct nif_iface *iface)
{
    of(iface)->leaves++;
    of(iface)->status.state = NIF_WIFI_IDLE;
    return 0;
}

static void radio_status(struct nif_iface *iface, struct nif_wifi_status *out)
{
    *out = of(iface)->status;
}

static const struct nif_wifi_ops radio_ops = {
    .join = radio_join,
    .leave = radio_leave,
    .status = radio_status,
};

// Its poll(), which the stack of a real one would call.
static void radio_step(struct pump *pump)
{
    struct device *d = &bench.device;

    if (d->status.state != NIF_WIFI_JOINING || d->silent) {
        return;
    }
    pump->step_us = d->joined_us;
    if (pump->pair.now_us < d->joined_us) {
        return;
    }
    d->status.err = d->outcome;
    if (d->outcome != 0) {
        d->status.state = NIF_WIFI_FAILED;
    } else {
        d->status.state =
            d->mode == NIF_WIFI_AP ? NIF_WIFI_SERVING : NIF_WIFI_JOINED;
        d->link = true;
    }
}

// ----------------------------------------------------------------- ways

static int way_start(void *client)
{
    struct way *w = client;

    w->starts++;
    return w->start_err;
}

static void way_stop(void *client)
{
    struct way *w = client;
    struct nif_net net;

    w->stops++;
    nif_stack_net(&bench.pump.pair.stack[0].stack, &net);
    if (w == &bench.fallback && net.ip.byte[3] == w->given) {
        assert_int_equal(nif_stack_set_net(&bench.pump.pair.stack[0].stack,
                             &(struct nif_net){ .prefix_len = 0 }),
            0);
    }
}

static uint64_t way_poll(void *client)
{
    struct way *w = client;

    w->polls++;
    if (w->last != 0) {
        const struct nif_net net = { .ip = nif_ip4(192, 0, 2, w->last),
            .prefix_len = 24 };

        assert_int_equal(nif_stack_set_net(&bench.pump.pair.stack[0].stack,
                             &net),
            0);
        w->has = true;
        w->given = w->last;
        w->last = 0;
    }
    return w->again_us;
}

static bool way_has(const void *client)
{
    return ((const struct way *)client)->has;
}

const struct nif_addr_ops way_ops = {
    .start = way_start,
    .stop = way_stop,
    .poll = way_poll,
    .has = way_has,
};

// ---------------------------------------------------------------- bench

static void on_event(void *arg, struct nif_connector *c,
    enum nif_connector_event event, int err)
{
    assert_ptr_equal(arg, &bench);
    assert_ptr_equal(c, &bench.c);
    assert_true(bench.count < EVENTS);
    bench.seen[bench.count].event = event;
    bench.seen[bench.count].err = err;
    bench.seen[bench.count].at_us = bench.pump.pair.now_us;
    bench.count++;
}

int connecting_setup(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof(bench));
    pump_init(&bench.pump, 6);
    bench.pump.step = radio_step;
    // The stack has no address yet.
    assert_int_equal(nif_stack_set_net(&bench.pump.pair.stack[0].stack,
                         &(struct nif_net){ .prefix_len = 0 }),
        0);
    bench.device.iface.ops = &dev_ops;
    bench.device.iface.wifi = &radio_ops;
    bench.dhcp.again_us = NIF_NEVER;
    bench.fallback.again_us = NIF_NEVER;
    return 0;
}

struct nif_connector_cfg connecting_cfg(void)
{
    return (struct nif_connector_cfg){
        .iface = &bench.device.iface,
        .stack = &bench.pump.pair.stack[0].stack,
        .addr = { &way_ops, &bench.dhcp },
        .seed = 1,
        .fn = on_event,
        .arg = &bench,
    };
}

struct nif_connector_cfg connecting_static(void)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    cfg.addr.ops = NULL;
    cfg.net = (struct nif_net){ .ip = nif_ip4(192, 0, 2, 9), .prefix_len = 24 };
    return cfg;
}

struct nif_connector_cfg connecting_fallback(void)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    cfg.fallback = (struct nif_addr_way){ &way_ops, &bench.fallback };
    cfg.addr_ms = 4000;
    return cfg;
}

void connecting_begin(const struct nif_connector_cfg *cfg)
{
    nif_connector_init(&bench.c, cfg);
    assert_int_equal(nif_connector_start(&bench.c), 0);
    connecting_pass(10);
}

void connecting_pass(uint64_t us)
{
    pump_pass(&bench.pump, us);
}

void connecting_up(const struct nif_connector_cfg *cfg)
{
    connecting_begin(cfg);
    bench.dhcp.last = 5;
    connecting_link(true);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
    EXPECT(NIF_CONNECTOR_LINK, NIF_CONNECTOR_ADDRESS);
}

void connecting_link(bool up)
{
    struct device *d = &bench.device;

    d->link = up;
    if (d->fn != NULL) {
        d->fn(d->arg, &d->iface, up ? NIF_EVENT_LINK_UP : NIF_EVENT_LINK_DOWN);
    }
    connecting_pass(10);
}

void connecting_expect(const enum nif_connector_event *events)
{
    unsigned n = 0;

    for (; events[n] != 0; n++) {
        assert_true(n < bench.count);
        assert_int_equal(bench.seen[n].event, events[n]);
    }
    assert_int_equal(bench.count, n);
    bench.count = 0;
}
