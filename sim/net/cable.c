// SPDX-License-Identifier: MIT
//
// Frames under way on a cable. Each is three events: its first bit arrives,
// its last bit has left, its last bit arrives.

#include "sim/net/cable.h"

#include "sim/trace/trace.h"

#include <stdlib.h>
#include <string.h>

#define PREAMBLE 8

struct sim_flight {
    struct sim_flight *next;
    struct sim_cable *cable;
    unsigned side; // who sends
    uint64_t sent_ns;
    struct sim_event begin;
    struct sim_event left;
    struct sim_event end;
    bool begun;   // the receiver knows of it
    bool leaving; // the sender is still at it
    bool lost;    // there was no link when it began
    bool cut;
    size_t len;
    uint8_t data[SIM_FRAME_MAX];
};

static struct sim_port *receiver(const struct sim_flight *flight)
{
    return flight->cable->port[!flight->side];
}

static void retire(struct sim_flight *flight)
{
    struct sim_cable *cable = flight->cable;
    struct sim_flight **at = &cable->flights;

    while (*at != flight) {
        at = &(*at)->next;
    }
    *at = flight->next;
    sim_event_cancel(cable->world, &flight->begin);
    sim_event_cancel(cable->world, &flight->left);
    sim_event_cancel(cable->world, &flight->end);
    flight->next = cable->spare;
    cable->spare = flight;
}

// ---- the three events

static void on_begin(struct sim_event *event)
{
    struct sim_flight *flight =
        nif_container_of(event, struct sim_flight, begin);
    struct sim_port *to = receiver(flight);

    flight->begun = true;
    to->carrier = true;
    if (to->ops->rx_begin) {
        to->ops->rx_begin(to);
    }
}

static void on_left(struct sim_event *event)
{
    struct sim_flight *flight =
        nif_container_of(event, struct sim_flight, left);
    struct sim_port *from = flight->cable->port[flight->side];
    bool lost = flight->lost;

    flight->leaving = false;
    from->sending = false;
    if (lost) {
        retire(flight);
    }
    from->ops->tx_end(from);
}

static void arrive(struct sim_flight *flight)
{
    struct sim_cable *cable = flight->cable;
    struct sim_port *to = receiver(flight);
    struct sim_frame frame = { flight->data, flight->len, flight->cut };

    to->carrier = false;
    if (cable->world->trace) {
        sim_trace_frame(cable->world->trace, to->name ? to->name : "port",
            frame.cut ? "cut" : "rx", frame.data, frame.len);
    }
    for (struct sim_cable_tap *tap = cable->taps; tap; tap = tap->next) {
        tap->fn(tap->arg, flight->side, flight->sent_ns, &frame);
    }
    to->ops->rx_end(to, &frame);
}

static void on_end(struct sim_event *event)
{
    struct sim_flight *flight = nif_container_of(event, struct sim_flight, end);

    arrive(flight);
    // The last bit leaves before it arrives, but at the same time if the
    // cable is short; `left` was scheduled first.
    retire(flight);
}

// ---- sending

uint64_t sim_cable_time_ns(const struct sim_cable *cable, size_t len)
{
    return (len * 8 * cable->bit_ps + 999) / 1000;
}

static struct sim_flight *take(struct sim_cable *cable)
{
    struct sim_flight *flight = cable->spare;

    if (flight) {
        cable->spare = flight->next;
    } else {
        flight = malloc(sizeof(*flight));
        NIF_ASSERT(flight != NULL);
        flight->begin = (struct sim_event){ .fn = on_begin };
        flight->left = (struct sim_event){ .fn = on_left };
        flight->end = (struct sim_event){ .fn = on_end };
        flight->cable = cable;
    }
    flight->next = cable->flights;
    cable->flights = flight;
    return flight;
}

void sim_port_send(struct sim_port *port, const uint8_t *frame, size_t len)
{
    struct sim_cable *cable = port->cable;
    struct sim_flight *flight;
    uint64_t now_ns;
    uint64_t left_ns;

    NIF_ASSERT(cable && !port->sending && len <= SIM_FRAME_MAX);
    now_ns = cable->world->now_ns;
    left_ns = now_ns + sim_cable_time_ns(cable, PREAMBLE + len);
    flight = take(cable);
    flight->side = port->side;
    flight->sent_ns = now_ns;
    flight->begun = false;
    flight->leaving = true;
    flight->cut = false;
    flight->lost = !cable->plugged;
    flight->len = len;
    memcpy(flight->data, frame, len);
    port->sending = true;
    if (!flight->lost) {
        sim_event_at(cable->world, &flight->begin, now_ns + cable->delay_ns);
    }
    sim_event_at(cable->world, &flight->left, left_ns);
    if (!flight->lost) {
        sim_event_at(cable->world, &flight->end, left_ns + cable->delay_ns);
    }
}

// Bytes of the frame proper that have left the sender so far.
static size_t sent_so_far(const struct sim_flight *flight)
{
    const struct sim_cable *cable = flight->cable;
    uint64_t bytes =
        (cable->world->now_ns - flight->sent_ns) * 1000 / (8 * cable->bit_ps);

    if (bytes < PREAMBLE) {
        return 0;
    }
    bytes -= PREAMBLE;
    return bytes < flight->len ? (size_t)bytes : flight->len;
}

void sim_port_cut(struct sim_port *port)
{
    struct sim_cable *cable = port->cable;
    struct sim_flight *flight = cable ? cable->flights : NULL;

    while (flight && !(flight->leaving && flight->side == port->side)) {
        flight = flight->next;
    }
    if (!flight) {
        return;
    }
    flight->leaving = false;
    port->sending = false;
    sim_event_cancel(cable->world, &flight->left);
    if (flight->lost) {
        retire(flight);
        return;
    }
    flight->cut = true;
    flight->len = sent_so_far(flight);
    sim_event_at(cable->world, &flight->end,
        cable->world->now_ns + cable->delay_ns);
}

// ---- the link

static void tell(struct sim_cable *cable, bool up)
{
    for (int side = 0; side < 2; side++) {
        if (cable->port[side]) {
            cable->port[side]->ops->link(cable->port[side], up);
        }
    }
}

// What is under way arrives as far as it had come; what is still being sent
// goes on being sent, to nobody.
static void lose_flights(struct sim_cable *cable)
{
    struct sim_flight *next;

    for (struct sim_flight *f = cable->flights; f; f = next) {
        next = f->next;
        if (f->lost) {
            continue;
        }
        f->lost = true;
        sim_event_cancel(cable->world, &f->begin);
        sim_event_cancel(cable->world, &f->end);
        if (f->begun) {
            size_t len = f->len;

            f->cut = true;
            f->len = sent_so_far(f);
            arrive(f);
            f->len = len;
        }
        if (!f->leaving) {
            retire(f);
        }
    }
}

void sim_cable_plug(struct sim_cable *cable, bool plugged)
{
    if (cable->plugged == plugged) {
        return;
    }
    cable->plugged = plugged;
    if (!plugged) {
        lose_flights(cable);
    }
    tell(cable, plugged);
}

void sim_cable_watch(struct sim_cable *cable, struct sim_cable_tap *tap)
{
    tap->next = cable->taps;
    cable->taps = tap;
}

void sim_cable_join(struct sim_cable *cable, struct sim_port *a,
    struct sim_port *b)
{
    cable->port[0] = a;
    cable->port[1] = b;
    for (unsigned side = 0; side < 2; side++) {
        cable->port[side]->cable = cable;
        cable->port[side]->side = side;
        cable->port[side]->carrier = false;
        cable->port[side]->sending = false;
    }
    sim_cable_plug(cable, true);
}

void sim_cable_init(struct sim_cable *cable, struct sim_world *world,
    uint64_t bits_per_s)
{
    *cable = (struct sim_cable){
        .world = world,
        .bit_ps = 1000000000000u / bits_per_s,
    };
}

void sim_cable_set_rate(struct sim_cable *cable, uint64_t bits_per_s)
{
    cable->bit_ps = 1000000000000u / bits_per_s;
}

void sim_cable_done(struct sim_cable *cable)
{
    struct sim_flight *flight;

    while (cable->flights) {
        retire(cable->flights);
    }
    while ((flight = cable->spare) != NULL) {
        cable->spare = flight->next;
        free(flight);
    }
    for (int side = 0; side < 2; side++) {
        if (cable->port[side]) {
            cable->port[side]->cable = NULL;
            cable->port[side] = NULL;
        }
    }
}
