// SPDX-License-Identifier: MIT
//
// A learning switch.

#include "sim/net/switch.h"

#include <string.h>

static struct sim_switch_port *lookup(struct sim_switch *sw,
    const uint8_t *address)
{
    for (size_t i = 0; i < nif_countof(sw->learned); i++) {
        if (sw->learned[i].port &&
            memcmp(sw->learned[i].address, address, 6) == 0) {
            return sw->learned[i].port;
        }
    }
    return NULL;
}

static void learn(struct sim_switch *sw, const uint8_t *address,
    struct sim_switch_port *port)
{
    size_t at = 0;

    while (at < nif_countof(sw->learned) &&
        !(sw->learned[at].port &&
            memcmp(sw->learned[at].address, address, 6) == 0)) {
        at++;
    }
    if (at == nif_countof(sw->learned)) {
        at = sw->learned_next++ % nif_countof(sw->learned);
    }
    memcpy(sw->learned[at].address, address, 6);
    sw->learned[at].port = port;
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct sim_switch_port *from = arg;
    struct sim_switch *sw = from->owner;
    struct sim_switch_port *to = NULL;

    if (!(frame[6] & 1)) {
        learn(sw, frame + 6, from);
    }
    if (!(frame[0] & 1)) {
        to = lookup(sw, frame);
    }
    for (unsigned i = 0; i < sw->count; i++) {
        struct sim_switch_port *port = &sw->port[i];

        if (port != from && (!to || to == port)) {
            sim_nic_send(&port->nic, frame, len);
        }
    }
}

void sim_switch_init(struct sim_switch *sw, struct sim_world *world,
    unsigned count)
{
    NIF_ASSERT(count >= 2 && count <= SIM_SWITCH_PORTS);
    memset(sw, 0, sizeof(*sw));
    sw->world = world;
    sw->count = count;
    for (unsigned i = 0; i < count; i++) {
        sim_nic_init(&sw->port[i].nic, world, "switch", 0);
        sw->port[i].owner = sw;
        sw->port[i].nic.on_frame = on_frame;
        sw->port[i].nic.arg = &sw->port[i];
    }
}

void sim_switch_done(struct sim_switch *sw)
{
    for (unsigned i = 0; i < sw->count; i++) {
        sim_nic_done(&sw->port[i].nic);
    }
}
