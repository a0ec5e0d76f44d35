// SPDX-License-Identifier: MIT
//
// The meter of meter.h for valgrind's callgrind: a stretch is a time in which
// it collects, a report makes it write down what it has, under the stack's
// name and the figure's. What the meter adds itself, host.py takes off.

#include "bench/stack/meter.h"

#include "bench/stack/host/host.h"
#include "bench/stack/wire.h"

#include <stdio.h>
#include <valgrind/callgrind.h>

#define TIMES 100

static struct {
    const char *stack;
    bool heeds;
    bool running; // in a stretch that is heeded
    unsigned stretches;
    unsigned pauses;
} meter;

void meter_of(const char *stack)
{
    meter.stack = stack;
}

void meter_heed(void)
{
    meter.heeds = true;
}

void meter_on(void)
{
    if (meter.heeds) {
        meter.heeds = false;
        meter.running = true;
        CALLGRIND_TOGGLE_COLLECT;
    }
}

void meter_off(void)
{
    if (meter.running) {
        CALLGRIND_TOGGLE_COLLECT;
        meter.running = false;
        meter.stretches++;
    }
}

void meter_pause(void)
{
    if (meter.running) {
        CALLGRIND_TOGGLE_COLLECT;
        meter.pauses++;
    }
}

void meter_resume(void)
{
    if (meter.running) {
        CALLGRIND_TOGGLE_COLLECT;
    }
}

void meter_forget(void)
{
    CALLGRIND_ZERO_STATS;
    meter.stretches = 0;
    meter.pauses = 0;
}

void meter_report(const char *figure, unsigned count)
{
    char title[64];

    (void)snprintf(title, sizeof(title), "%s %s %u %u %u", meter.stack, figure,
        count, meter.stretches, meter.pauses);
    CALLGRIND_DUMP_STATS_AT(title);
    meter_forget();
}

// What `clock` costs where it does nothing.
static void calibrate(const char *figure, struct nif_clock *clock)
{
    meter_forget();
    for (unsigned i = 0; i < TIMES; i++) {
        meter_heed();
        meter_on();
        nif_clock_wake(clock);
        meter_off();
    }
    meter_report(figure, TIMES);
}

void meter_calibrate(void)
{
    static struct wire wire;
    struct wire_end ends[2];

    wire_init(&wire, &ends[0], &ends[1]);
    wire_dress(&ends[0], &wire_plain, false);
    wire_dress(&ends[1], &wire_outside, false);
    meter_of("meter");
    meter_forget();
    for (unsigned i = 0; i < TIMES; i++) {
        meter_heed();
        meter_on();
        meter_off();
    }
    meter_report("stretch", TIMES);
    calibrate("plain", &ends[0].clock);
    calibrate("pause", &ends[1].clock);
}

// ---------------------------------------- the device, with the meter off

int outside_start(struct nif_iface *iface)
{
    int result;

    meter_pause();
    result = wire_start(iface);
    meter_resume();
    return result;
}

int outside_poll(struct nif_iface *iface, uint64_t *again_us)
{
    int result;

    meter_pause();
    result = wire_poll(iface, again_us);
    meter_resume();
    return result;
}

void outside_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    meter_pause();
    wire_hwaddr(iface, out);
    meter_resume();
}

unsigned outside_flags(struct nif_iface *iface)
{
    unsigned result;

    meter_pause();
    result = wire_flags(iface);
    meter_resume();
    return result;
}

size_t outside_mtu(struct nif_iface *iface)
{
    size_t result;

    meter_pause();
    result = wire_mtu(iface);
    meter_resume();
    return result;
}

void outside_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    meter_pause();
    wire_on_event(iface, fn, arg);
    meter_resume();
}

int outside_send(struct nif_iface *iface, const struct nif_seg *segs, size_t n)
{
    int result;

    meter_pause();
    result = wire_send(iface, segs, n);
    meter_resume();
    return result;
}

int outside_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    int result;

    meter_pause();
    result = wire_recv(iface, buf, cap, frame);
    meter_resume();
    return result;
}

int outside_lend(struct nif_iface *iface, size_t len, uint8_t **buf)
{
    int result;

    meter_pause();
    result = wire_lend(iface, len, buf);
    meter_resume();
    return result;
}

int outside_commit(struct nif_iface *iface, size_t len)
{
    int result;

    meter_pause();
    result = wire_commit(iface, len);
    meter_resume();
    return result;
}

uint64_t outside_now_us(struct nif_clock *clock)
{
    uint64_t result;

    meter_pause();
    result = wire_now_us(clock);
    meter_resume();
    return result;
}

void outside_wake(struct nif_clock *clock)
{
    meter_pause();
    wire_wake(clock);
    meter_resume();
}
