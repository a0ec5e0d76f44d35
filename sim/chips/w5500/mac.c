// SPDX-License-Identifier: MIT
//
// The W5500 model's MAC: frames that wait, leave and come. It pads what is
// too short and adds the FCS; what comes with a wrong one is nobody's.

#include "sim/chips/w5500/model.h"

#include <stdlib.h>
#include <string.h>

enum {
    PREAMBLE = 8,
    GAP = 12, // bytes
    BYTE_NS_100M = 80,
};

struct sim_w5500_frame {
    struct sim_w5500_frame *next;
    unsigned owner;
    size_t len; // with FCS
    uint8_t data[W55_FRAME_MAX + SIM_FCS];
};

static uint64_t bytes_ns(const struct sim_w5500 *chip, size_t count)
{
    return chip->port.cable ? sim_cable_time_ns(chip->port.cable, count)
                            : count * BYTE_NS_100M;
}

// ---- sending

static void begin(struct sim_w5500 *chip)
{
    const struct sim_w5500_frame *frame = chip->tx.head;
    uint64_t now_ns = chip->world->now_ns;

    if (!frame || chip->tx.busy) {
        return;
    }
    if (now_ns < chip->tx.idle_ns) {
        sim_event_at(chip->world, &chip->tx.event, chip->tx.idle_ns);
        return;
    }
    chip->tx.busy = true;
    chip->tx.on_cable = chip->link && chip->port.cable;
    if (chip->tx.on_cable) {
        sim_port_send(&chip->port, frame->data, frame->len);
    } else {
        sim_event_at(chip->world, &chip->tx.event,
            now_ns + bytes_ns(chip, PREAMBLE + frame->len));
    }
}

void sim_w55_transmit(struct sim_w5500 *chip, unsigned owner,
    const uint8_t *frame, size_t len)
{
    struct sim_w5500_frame *item = calloc(1, sizeof(*item));

    NIF_ASSERT(item != NULL && len <= W55_FRAME_MAX);
    memcpy(item->data, frame, len);
    item->owner = owner;
    item->len =
        sim_fcs_put(item->data, len < W55_FRAME_MIN ? W55_FRAME_MIN : len);
    if (chip->tx.tail) {
        chip->tx.tail->next = item;
    } else {
        chip->tx.head = item;
    }
    chip->tx.tail = item;
    if (owner < W55_SOCKETS) {
        chip->socket[owner].wire++;
    }
    begin(chip);
}

static void left(struct sim_w5500 *chip)
{
    struct sim_w5500_frame *frame = chip->tx.head;
    unsigned owner = frame->owner;

    chip->tx.head = frame->next;
    if (!chip->tx.head) {
        chip->tx.tail = NULL;
    }
    free(frame);
    chip->tx.busy = false;
    chip->tx.idle_ns = chip->world->now_ns + bytes_ns(chip, GAP);
    chip->counts.tx_frames++;
    if (owner < W55_SOCKETS && --chip->socket[owner].wire == 0) {
        sim_w55_left(chip, owner);
    }
    begin(chip);
}

void sim_w55_tx_event(struct sim_event *event)
{
    struct sim_w5500 *chip =
        nif_container_of(event, struct sim_w5500, tx.event);

    if (chip->tx.busy) {
        left(chip);
    } else {
        begin(chip);
    }
}

// What is on its way leaves whole, but is nobody's any more.
void sim_w55_tx_drop(struct sim_w5500 *chip, unsigned owner)
{
    struct sim_w5500_frame **at = &chip->tx.head;

    chip->socket[owner].wire = 0;
    if (*at && chip->tx.busy) {
        if ((*at)->owner == owner) {
            (*at)->owner = W55_NOBODY;
        }
        at = &(*at)->next;
    }
    while (*at) {
        struct sim_w5500_frame *frame = *at;

        if (frame->owner == owner) {
            *at = frame->next;
            free(frame);
        } else {
            at = &frame->next;
        }
    }
    chip->tx.tail = chip->tx.head;
    while (chip->tx.tail && chip->tx.tail->next) {
        chip->tx.tail = chip->tx.tail->next;
    }
}

void sim_w55_tx_reset(struct sim_w5500 *chip)
{
    if (chip->tx.busy && chip->tx.on_cable) {
        sim_port_cut(&chip->port);
    }
    while (chip->tx.head) {
        struct sim_w5500_frame *frame = chip->tx.head;

        chip->tx.head = frame->next;
        free(frame);
    }
    sim_event_cancel(chip->world, &chip->tx.event);
    chip->tx.tail = NULL;
    chip->tx.busy = false;
    chip->tx.idle_ns = 0;
    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        chip->socket[n].wire = 0;
    }
}

// ---- the port

static struct sim_w5500 *of_port(struct sim_port *port)
{
    return nif_container_of(port, struct sim_w5500, port);
}

static void w55_link(struct sim_port *port, bool up)
{
    of_port(port)->cable = up;
    sim_w55_link_look(of_port(port));
}

static void w55_rx_end(struct sim_port *port, const struct sim_frame *frame)
{
    struct sim_w5500 *chip = of_port(port);
    size_t len = frame->len - SIM_FCS;

    if (!chip->link) {
        return;
    }
    if (frame->cut || frame->len < W55_FRAME_MIN + SIM_FCS ||
        len > W55_FRAME_MAX || !sim_fcs_good(frame->data, frame->len)) {
        chip->counts.rx_bad++;
        return;
    }
    chip->counts.rx_frames++;
    sim_w55_macraw_take(chip, frame->data, len);
    sim_w55_net_take(chip, frame->data, len);
}

static void w55_tx_end(struct sim_port *port)
{
    if (of_port(port)->tx.busy) {
        left(of_port(port));
    }
}

const struct sim_port_ops sim_w55_port_ops = {
    .link = w55_link,
    .rx_end = w55_rx_end,
    .tx_end = w55_tx_end,
};
