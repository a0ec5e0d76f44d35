// SPDX-License-Identifier: MIT
//
// A plain network card: queue, gap, and in half duplex deferral, collision
// and truncated binary exponential back-off (IEEE 802.3 4.2.3.2).

#include "sim/net/nic.h"

#include <stdlib.h>
#include <string.h>

#define GAP_BITS      96
#define PREAMBLE_BITS 64
#define SLOT_BITS     512
#define ATTEMPTS      16
#define FRAME_MIN     60
#define BACK_OFF_MAX  10

struct sim_nic_item {
    struct sim_nic_item *next;
    size_t len;
    uint8_t data[];
};

static uint64_t bits_ns(const struct sim_nic *nic, unsigned bits)
{
    return bits * nic->port.cable->bit_ps / 1000;
}

static void drop_head(struct sim_nic *nic)
{
    struct sim_nic_item *item = nic->head;

    nic->head = item->next;
    if (!nic->head) {
        nic->tail = NULL;
    }
    nic->queued--;
    nic->attempt = 0;
    free(item);
}

static void tell_end(struct sim_nic *nic, enum sim_nic_end end)
{
    if (nic->on_end) {
        nic->on_end(nic->arg, end);
    }
}

// Sends what is at the head of the queue, if it may.
static void try_send(struct sim_nic *nic)
{
    struct sim_world *world = nic->world;

    if (!nic->head || !nic->link || nic->port.sending ||
        (!nic->full_duplex && nic->port.carrier)) {
        return;
    }
    if (world->now_ns < nic->idle_ns) {
        sim_event_at(world, &nic->timer, nic->idle_ns);
        return;
    }
    nic->sent_ns = world->now_ns;
    sim_port_send(&nic->port, nic->head->data, nic->head->len);
}

static void on_timer(struct sim_event *event)
{
    try_send(nif_container_of(event, struct sim_nic, timer));
}

static void leave_gap(struct sim_nic *nic)
{
    uint64_t free_ns = nic->world->now_ns + bits_ns(nic, GAP_BITS);

    if (nic->idle_ns < free_ns) {
        nic->idle_ns = free_ns;
    }
}

static void nic_tx_end(struct sim_port *port)
{
    struct sim_nic *nic = nif_container_of(port, struct sim_nic, port);
    bool sent = nic->link;

    nic->tx_count += sent;
    nic->tx_dropped += !sent;
    drop_head(nic);
    leave_gap(nic);
    try_send(nic);
    tell_end(nic, sent ? SIM_NIC_SENT : SIM_NIC_NO_LINK);
}

static void nic_rx_begin(struct sim_port *port)
{
    struct sim_nic *nic = nif_container_of(port, struct sim_nic, port);
    bool late;
    bool lost;
    unsigned power;

    if (nic->full_duplex || !port->sending) {
        return;
    }
    late = nic->world->now_ns - nic->sent_ns >
        bits_ns(nic, PREAMBLE_BITS + SLOT_BITS);
    sim_port_cut(port);
    nic->collisions++;
    nic->late += late;
    lost = ++nic->attempt == ATTEMPTS || (late && nic->late_is_lost);
    if (lost) {
        nic->tx_dropped++;
        drop_head(nic);
    }
    power = nic->attempt < BACK_OFF_MAX ? nic->attempt : BACK_OFF_MAX;
    leave_gap(nic);
    nic->idle_ns += sim_roll(nic->world, 1u << power) * bits_ns(nic, SLOT_BITS);
    if (lost) {
        tell_end(nic, late ? SIM_NIC_LATE : SIM_NIC_COLLISIONS);
    }
}

static void nic_rx_end(struct sim_port *port, const struct sim_frame *frame)
{
    struct sim_nic *nic = nif_container_of(port, struct sim_nic, port);

    if (frame->cut || frame->len < FRAME_MIN + SIM_FCS ||
        !sim_fcs_good(frame->data, frame->len)) {
        nic->rx_bad++;
    } else {
        nic->rx_count++;
        if (nic->on_frame) {
            nic->on_frame(nic->arg, frame->data, frame->len - SIM_FCS);
        }
    }
    if (!nic->full_duplex) {
        leave_gap(nic);
    }
    try_send(nic);
}

static void nic_link(struct sim_port *port, bool up)
{
    struct sim_nic *nic = nif_container_of(port, struct sim_nic, port);
    size_t before = nic->queued;
    size_t lost;

    nic->link = up;
    if (nic->on_link) {
        nic->on_link(nic->arg, up);
    }
    if (up) {
        try_send(nic);
        return;
    }
    // What waits is lost; what is being sent ends by itself.
    while (nic->head && nic->head->next) {
        struct sim_nic_item *second = nic->head->next;

        nic->head->next = second->next;
        nic->queued--;
        nic->tx_dropped++;
        free(second);
    }
    nic->tail = nic->head;
    if (nic->head && !port->sending) {
        nic->tx_dropped++;
        drop_head(nic);
    }
    for (lost = before - nic->queued; lost > 0; lost--) {
        tell_end(nic, SIM_NIC_NO_LINK);
    }
}

static const struct sim_port_ops nic_ops = {
    .link = nic_link,
    .rx_begin = nic_rx_begin,
    .rx_end = nic_rx_end,
    .tx_end = nic_tx_end,
};

bool sim_nic_send_raw(struct sim_nic *nic, const uint8_t *frame, size_t len)
{
    struct sim_nic_item *item;

    if (!nic->link || nic->queued == nic->queue_max || len > SIM_FRAME_MAX) {
        nic->tx_dropped++;
        return false;
    }
    item = malloc(sizeof(*item) + len);
    NIF_ASSERT(item != NULL);
    item->next = NULL;
    item->len = len;
    memcpy(item->data, frame, len);
    if (nic->tail) {
        nic->tail->next = item;
    } else {
        nic->head = item;
    }
    nic->tail = item;
    nic->queued++;
    try_send(nic);
    return true;
}

bool sim_nic_send(struct sim_nic *nic, const uint8_t *frame, size_t len)
{
    uint8_t whole[SIM_FRAME_MAX];
    size_t padded = len < FRAME_MIN ? FRAME_MIN : len;

    if (padded + SIM_FCS > sizeof(whole)) {
        nic->tx_dropped++;
        return false;
    }
    memcpy(whole, frame, len);
    memset(whole + len, 0, padded - len);
    return sim_nic_send_raw(nic, whole, sim_fcs_put(whole, padded));
}

void sim_nic_init(struct sim_nic *nic, struct sim_world *world,
    const char *name, size_t queue_max)
{
    *nic = (struct sim_nic){
        .port = { .ops = &nic_ops, .name = name },
        .world = world,
        .full_duplex = true,
        .queue_max = queue_max ? queue_max : 256,
        .timer.fn = on_timer,
    };
}

void sim_nic_done(struct sim_nic *nic)
{
    while (nic->head) {
        drop_head(nic);
    }
    sim_event_cancel(nic->world, &nic->timer);
}
