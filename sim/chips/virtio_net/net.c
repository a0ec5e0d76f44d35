// SPDX-License-Identifier: MIT
//
// Frames between the rings and the wire (virtio 1.1, 5.1.6).

#include "sim/chips/virtio_net/model.h"

#include <string.h>

#define HEADER_MAX 12u
#define BUFFERS_AT 10u          // number of buffers, in the header
#define FRAME_MIN  14u          // without FCS
#define FRAME_MAX  1518u        // with a VLAN tag
#define LATENCY_NS (2 * SIM_US) // from a notification to a look at the ring

// ---- transmit

static void tx_go(struct sim_virtio_net *net);

static bool is_zero(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0) {
            return false;
        }
    }
    return true;
}

// Reads the frame that `head` is about. Returns its length; 0: there is none.
static size_t read_frame(struct sim_virtio_net *net, int head, uint8_t *frame)
{
    uint8_t header[HEADER_MAX];
    size_t skip = vio__header(net);
    size_t len = vio__chain_len(net, TX, head) - skip;

    vio__read(net, TX, head, 0, header, skip);
    if (!is_zero(header, skip)) { // what it could ask for was not taken
        vio__complain(net, "the header of a frame to send is not zero");
    }
    if (len < FRAME_MIN || len > FRAME_MAX) {
        vio__complain(net, "a frame of %zu bytes", len);
        return 0;
    }
    vio__read(net, TX, head, skip, frame, len);
    return len;
}

static void complete(struct sim_virtio_net *net, int head)
{
    vio__give(net, TX, head, 0);
    vio__tell_used(net, TX);
}

// One frame is on the wire at a time; what has no wire is gone at once.
static void tx_go(struct sim_virtio_net *net)
{
    uint8_t frame[FRAME_MAX];
    int head;

    while (vio__live(net) && net->queue[TX].ready && !net->tx_leaving) {
        size_t len;

        head = vio__take(net, TX);
        if (head < 0) {
            return;
        }
        len = read_frame(net, head, frame);
        if (len > 0 && sim_nic_send(&net->nic, frame, len)) {
            net->tx_leaving = true;
            net->tx_head = (uint16_t)head;
        } else {
            net->tx_void += len > 0;
            complete(net, head);
        }
    }
}

static void on_tx(struct sim_event *event)
{
    tx_go(nif_container_of(event, struct sim_virtio_net, tx_event));
}

// The card has done with a frame, the only one that it has.
static void on_end(void *arg, enum sim_nic_end end)
{
    struct sim_virtio_net *net = arg;
    bool orphan = net->tx_orphan;

    net->tx_leaving = false;
    net->tx_orphan = false;
    if (!orphan && vio__live(net)) {
        net->tx += end == SIM_NIC_SENT;
        net->tx_void += end != SIM_NIC_SENT;
        complete(net, net->tx_head);
    }
    tx_go(net);
}

// ---- receive

// A header that says nothing, but in how many buffers the frame lies.
static void write_header(struct sim_virtio_net *net, int head, uint16_t buffers)
{
    uint8_t header[HEADER_MAX] = { 0 };

    memcpy(header + BUFFERS_AT, &buffers, sizeof(buffers));
    vio__write(net, RX, head, 0, header, vio__header(net));
}

// Over several buffers, if that was negotiated. `heads` are theirs. Returns how
// many there are; 0: too few.
static unsigned gather(struct sim_virtio_net *net, size_t len, int *heads,
    unsigned cap)
{
    unsigned most = (net->taken & F_MRG_RXBUF) != 0 ? cap : 1;
    unsigned count = 0;
    size_t room = 0;

    while (room < len && count < most) {
        int head = vio__take(net, RX);

        if (head < 0) {
            break;
        }
        heads[count++] = head;
        room += vio__chain_len(net, RX, head);
    }
    if (room >= len) {
        return count;
    }
    while (count > 0 && !net->broken) {
        vio__untake(net, RX, heads[--count]);
    }
    return 0;
}

static void store(struct sim_virtio_net *net, const uint8_t *frame, size_t len,
    const int *heads, unsigned count)
{
    size_t at = vio__header(net);
    size_t done = 0;

    write_header(net, heads[0], (uint16_t)count);
    for (unsigned i = 0; i < count; i++) {
        size_t part = vio__chain_len(net, RX, heads[i]) - at;

        part = part < len - done ? part : len - done;
        vio__write(net, RX, heads[i], at, frame + done, part);
        vio__give(net, RX, heads[i], (uint32_t)(at + part));
        done += part;
        at = 0;
    }
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct sim_virtio_net *net = arg;
    int heads[SIM_VIRTIO_MERGED];
    unsigned count;

    if (!vio__live(net) || !net->queue[RX].ready || len > FRAME_MAX) {
        return;
    }
    count = net->queue[RX].dry
        ? 0
        : gather(net, vio__header(net) + len, heads, SIM_VIRTIO_MERGED);
    if (count == 0) {
        net->rx_lost++;
        return;
    }
    net->rx++;
    store(net, frame, len, heads, count);
    vio__tell_used(net, RX);
}

// ---- both

void vio__net_notified(struct sim_virtio_net *net, unsigned index)
{
    net->queue[index].dry = false;
    if (index == TX && !net->tx_leaving && !sim_event_pending(&net->tx_event)) {
        sim_event_at(net->cpu->world, &net->tx_event,
            net->cpu->world->now_ns + LATENCY_NS);
    }
}

static void on_link(void *arg, bool up)
{
    struct sim_virtio_net *net = arg;

    net->linked = up;
    if (net->status & ST_DRIVER_OK) {
        vio__config_changed(net);
    }
}

void vio__net_reset(struct sim_virtio_net *net)
{
    sim_event_cancel(net->cpu->world, &net->tx_event);
    net->tx_orphan = net->tx_leaving;
}

void vio__net_init(struct sim_virtio_net *net)
{
    net->tx_event.fn = on_tx;
    net->nic.on_frame = on_frame;
    net->nic.arg = net;
    net->nic.on_link = on_link;
    net->nic.on_end = on_end;
}
