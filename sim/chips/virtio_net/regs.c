// SPDX-License-Identifier: MIT
//
// The registers of virtio-mmio, reset and interrupts (virtio 1.1, 4.2).

#include "sim/chips/virtio_net/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RESET_NS  (1 * SIM_US)
#define STUCK_MAX 100u
#define MAGIC     0x74726976u
#define NET       1u
#define QEMU      0x554D4551u
#define LINK_UP   1u
#define PAGE_MAX  (1u << 16)

enum { R = 1, W = 2, V1 = 4, V2 = 8 };

// Of each register: whether it can be read and written, and in which layouts.
static const struct {
    uint16_t offset;
    uint8_t can;
} regs[] = {
    { VIO_MAGIC, R | V1 | V2 },
    { VIO_VERSION, R | V1 | V2 },
    { VIO_DEVICE, R | V1 | V2 },
    { VIO_VENDOR, R | V1 | V2 },
    { VIO_OFFER, R | V1 | V2 },
    { VIO_OFFER_SEL, W | V1 | V2 },
    { VIO_TAKE, W | V1 | V2 },
    { VIO_TAKE_SEL, W | V1 | V2 },
    { VIO_PAGE, W | V1 },
    { VIO_QUEUE_SEL, W | V1 | V2 },
    { VIO_QUEUE_MAX, R | V1 | V2 },
    { VIO_QUEUE_NUM, W | V1 | V2 },
    { VIO_QUEUE_ALIGN, W | V1 },
    { VIO_QUEUE_PFN, R | W | V1 },
    { VIO_QUEUE_READY, R | W | V2 },
    { VIO_QUEUE_NOTIFY, W | V1 | V2 },
    { VIO_INTERRUPTS, R | V1 | V2 },
    { VIO_ACK, W | V1 | V2 },
    { VIO_STATUS, R | W | V1 | V2 },
    { VIO_QUEUE_DESC, W | V2 },
    { VIO_QUEUE_DESC + 4, W | V2 },
    { VIO_QUEUE_AVAIL, W | V2 },
    { VIO_QUEUE_AVAIL + 4, W | V2 },
    { VIO_QUEUE_USED, W | V2 },
    { VIO_QUEUE_USED + 4, W | V2 },
    { VIO_GENERATION, R | V2 },
    { VIO_CONFIG, R | V1 | V2 },
    { VIO_CONFIG + 4, R | V1 | V2 },
};

void vio__complain(struct sim_virtio_net *net, const char *format, ...)
{
    char what[160];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    sim_complain(net->cpu->world, net->cfg.name, "%s", what);
}

static bool is_power(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

// ---- interrupts

static void update(struct sim_virtio_net *net)
{
    if (net->interrupts && net->cfg.irq && !net->handling &&
        !sim_event_pending(&net->irq_event)) {
        sim_event_at(net->cpu->world, &net->irq_event, net->cpu->world->now_ns);
    }
}

static void on_irq(struct sim_event *event)
{
    struct sim_virtio_net *net =
        nif_container_of(event, struct sim_virtio_net, irq_event);

    if (!net->interrupts) {
        return;
    }
    net->cpu->interrupt++;
    net->handling = true; // the line is looked at again when it has returned
    net->cfg.irq(net->cfg.irq_arg);
    net->handling = false;
    net->cpu->interrupt--;
    if (!net->interrupts) {
        net->stuck = 0;
    } else if (++net->stuck < STUCK_MAX) {
        sim_event_at(net->cpu->world, event, net->cpu->world->now_ns + SIM_US);
    } else if (net->stuck == STUCK_MAX) {
        vio__complain(net, "the interrupt handler leaves the line asserted");
    }
}

void vio__raise(struct sim_virtio_net *net, uint32_t bits)
{
    net->interrupts |= bits;
    update(net);
}

void vio__config_changed(struct sim_virtio_net *net)
{
    net->generation++;
    vio__raise(net, INT_CONFIG);
}

// ---- reset

static void reset(struct sim_virtio_net *net)
{
    vio__net_reset(net);
    sim_event_cancel(net->cpu->world, &net->irq_event);
    memset(net->queue, 0, sizeof(net->queue));
    for (unsigned i = 0; i < SIM_VIRTIO_QUEUES; i++) {
        net->queue[i].num = net->cfg.legacy ? SIM_VIRTIO_QUEUE_MAX : 0;
        net->align[i] = 0;
    }
    net->status = 0;
    net->broken = false;
    net->resetting = false;
    net->stuck = 0;
    net->interrupts = 0;
    net->offer_sel = 0;
    net->take_sel = 0;
    net->taken = 0;
    net->unoffered = false;
    net->page = 0;
    net->queue_sel = 0;
}

static void on_reset(struct sim_event *event)
{
    reset(nif_container_of(event, struct sim_virtio_net, reset_event));
}

void vio__begin_reset(struct sim_virtio_net *net)
{
    if (net->status == 0 || net->cfg.reset_ns == 0) {
        reset(net);
        return;
    }
    net->resetting = true;
    net->interrupts = 0;
    sim_event_at(net->cpu->world, &net->reset_event,
        net->cpu->world->now_ns + net->cfg.reset_ns);
}

// ---- queues

// The chosen queue, if it may be changed now. NULL: it may not.
static struct sim_virtio_queue *queue_to_set(struct sim_virtio_net *net,
    uint32_t offset)
{
    uint32_t first = net->cfg.legacy ? ST_DRIVER : ST_FEATURES_OK;

    if (net->queue_sel >= SIM_VIRTIO_QUEUES) {
        vio__complain(net, "%03X written for queue %u, which there is not",
            (unsigned)offset, (unsigned)net->queue_sel);
    } else if (!(net->status & first) || (net->status & ST_DRIVER_OK)) {
        vio__complain(net, "%03X written with a status of %X", (unsigned)offset,
            (unsigned)net->status);
    } else if (net->queue[net->queue_sel].ready && offset != VIO_QUEUE_READY) {
        vio__complain(net, "%03X written while the queue is used",
            (unsigned)offset);
    } else {
        return &net->queue[net->queue_sel];
    }
    return NULL;
}

static void write_num(struct sim_virtio_net *net,
    struct sim_virtio_queue *queue, uint32_t value)
{
    if (!is_power(value) || value > SIM_VIRTIO_QUEUE_MAX) {
        vio__complain(net, "a queue of %lu entries", (unsigned long)value);
        return;
    }
    queue->num = value;
}

// Where the parts of a queue lie in version 1 (2.6.2).
static void write_pfn(struct sim_virtio_net *net,
    struct sim_virtio_queue *queue, uint32_t value)
{
    uint32_t align = net->align[net->queue_sel];

    if (!is_power(net->page) || !is_power(align)) {
        vio__complain(net, "a queue without size of page or alignment");
        return;
    }
    queue->pfn = value;
    queue->at[0] = (uint64_t)value * net->page;
    queue->at[1] = queue->at[0] + 16 * (uint64_t)queue->num;
    queue->at[2] = (queue->at[1] + 6 + 2 * (uint64_t)queue->num + align - 1) &
        ~(uint64_t)(align - 1);
    queue->ready = true;
    vio__queue_begin(net, net->queue_sel);
}

static void write_ready(struct sim_virtio_net *net,
    struct sim_virtio_queue *queue, uint32_t value)
{
    if (value > 1 || (value && queue->ready)) {
        vio__complain(net, "QueueReady is %lu already, or cannot be",
            (unsigned long)value);
        return;
    }
    if (value &&
        (queue->num == 0 || queue->at[0] % 16 || queue->at[1] % 2 ||
            queue->at[2] % 4)) {
        vio__complain(net, "a queue without a size, or not aligned");
        return;
    }
    queue->ready = value != 0;
    if (value) {
        vio__queue_begin(net, net->queue_sel);
    }
}

static void write_address(struct sim_virtio_queue *queue, uint32_t offset,
    uint32_t value)
{
    uint64_t *at = &queue->at[(offset - VIO_QUEUE_DESC) / 16];

    *at = offset % 16 ? (*at & UINT32_MAX) | (uint64_t)value << 32
                      : (*at & ~(uint64_t)UINT32_MAX) | value;
}

static void write_queue(struct sim_virtio_net *net, uint32_t offset,
    uint32_t value)
{
    struct sim_virtio_queue *queue;

    if (offset == VIO_QUEUE_PFN && value == 0) { // as QEMU does
        vio__begin_reset(net);
        return;
    }
    queue = queue_to_set(net, offset);
    if (queue == NULL) {
        return;
    }
    switch (offset) {
    case VIO_QUEUE_NUM: write_num(net, queue, value); break;
    case VIO_QUEUE_ALIGN: net->align[net->queue_sel] = value; break;
    case VIO_QUEUE_PFN: write_pfn(net, queue, value); break;
    case VIO_QUEUE_READY: write_ready(net, queue, value); break;
    default: write_address(queue, offset, value); break;
    }
}

static void notify(struct sim_virtio_net *net, uint32_t value)
{
    if (value >= SIM_VIRTIO_QUEUES || !net->queue[value].ready) {
        vio__complain(net, "queue %lu is notified, which there is not",
            (unsigned long)value);
    } else if (!(net->status & ST_DRIVER_OK)) {
        vio__complain(net, "queue %lu is notified before DRIVER_OK",
            (unsigned long)value);
    } else if (vio__live(net)) {
        net->notified[value]++;
        vio__queue_notified(net, value);
        vio__net_notified(net, value);
    }
}

// ---- access

static void put(struct sim_virtio_net *net, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case VIO_OFFER_SEL: net->offer_sel = value < 2 ? value + 1 : 3; break;
    case VIO_TAKE: vio__write_taken(net, value); break;
    case VIO_TAKE_SEL: net->take_sel = value < 2 ? value + 1 : 3; break;
    case VIO_PAGE:
        if (!is_power(value) || value > PAGE_MAX) {
            vio__complain(net, "pages of %lu bytes", (unsigned long)value);
        }
        net->page = value;
        break;
    case VIO_QUEUE_SEL: net->queue_sel = value; break;
    case VIO_QUEUE_NOTIFY: notify(net, value); break;
    case VIO_ACK:
        if (value & ~(INT_USED | INT_CONFIG)) {
            vio__complain(net, "%lX acknowledged", (unsigned long)value);
        }
        net->interrupts &= ~value;
        break;
    case VIO_STATUS: vio__write_status(net, value); break;
    default: write_queue(net, offset, value); break;
    }
}

static uint32_t read_config(const struct sim_virtio_net *net, uint32_t offset)
{
    const uint8_t *own = net->cfg.hwaddr.byte;
    uint32_t status = net->linked && (vio__offer(net) & F_STATUS) ? LINK_UP : 0;

    if (!(vio__offer(net) & F_MAC)) {
        return offset == VIO_CONFIG ? 0 : status << 16;
    }
    return offset == VIO_CONFIG ? nif_get_le32(own)
                                : status << 16 | nif_get_le16(own + 4);
}

static uint32_t get(struct sim_virtio_net *net, uint32_t offset)
{
    bool exists = net->queue_sel < SIM_VIRTIO_QUEUES;

    switch (offset) {
    case VIO_MAGIC: return MAGIC;
    case VIO_VERSION: return net->cfg.legacy ? 1 : 2;
    case VIO_DEVICE: return net->cfg.empty ? 0 : NET;
    case VIO_VENDOR: return QEMU;
    case VIO_OFFER: return vio__read_offer(net);
    case VIO_QUEUE_MAX: return exists ? SIM_VIRTIO_QUEUE_MAX : 0;
    case VIO_QUEUE_PFN: return exists ? net->queue[net->queue_sel].pfn : 0;
    case VIO_QUEUE_READY: return exists && net->queue[net->queue_sel].ready;
    case VIO_INTERRUPTS: return net->interrupts;
    case VIO_STATUS: return net->status;
    case VIO_GENERATION: return net->generation;
    default: return read_config(net, offset);
    }
}

static void enter(struct sim_virtio_net *net)
{
    if (net->cpu->interrupt == 0) {
        (void)sim_cpu_bus_call(net->cpu, net->cfg.name);
    }
}

// What identifies a device is read first: magic, version, then the device's ID
// (4.2.3.1).
static void identify(struct sim_virtio_net *net, uint32_t offset)
{
    if (offset <= VIO_DEVICE) {
        net->asked |= 1u << offset / 4;
    } else if (offset != VIO_VENDOR && (net->asked != 7 || net->cfg.empty)) {
        vio__complain(net, "%03X used of a device that %s", (unsigned)offset,
            net->cfg.empty ? "there is not" : "nobody has asked what it is");
        net->asked = 7;
    }
}

static bool can(struct sim_virtio_net *net, uint32_t offset, uint8_t what)
{
    what |= net->cfg.legacy ? V1 : V2;
    for (size_t i = 0; i < nif_countof(regs); i++) {
        if (regs[i].offset == offset && (regs[i].can & what) == what) {
            return true;
        }
    }
    return false;
}

static void mmio_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    struct sim_virtio_net *net = vio__of(mmio);

    enter(net);
    identify(net, offset);
    if (!can(net, offset, W)) {
        vio__complain(net, "%03X cannot be written", (unsigned)offset);
    } else if (net->resetting) {
        vio__complain(net, "%03X written in a reset", (unsigned)offset);
    } else if (!net->cfg.empty) {
        put(net, offset, value);
        update(net);
    }
}

static uint32_t mmio_read(struct nif_mmio *mmio, uint32_t offset)
{
    struct sim_virtio_net *net = vio__of(mmio);

    enter(net);
    identify(net, offset);
    if (!can(net, offset, R)) {
        vio__complain(net, "%03X cannot be read", (unsigned)offset);
        return 0;
    }
    return get(net, offset);
}

static uint32_t mmio_address(struct nif_mmio *mmio, const void *memory,
    size_t len)
{
    return sim_dma_address(&vio__of(mmio)->dma, memory, len);
}

static void mmio_barrier(struct nif_mmio *mmio)
{
    struct sim_virtio_net *net = vio__of(mmio);

    enter(net);
    vio__fence(net);
}

static const struct nif_mmio_ops mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .address = mmio_address,
    .barrier = mmio_barrier,
};

// ---- beginning, test face and end

void sim_virtio_net_init(struct sim_virtio_net *net, struct sim_cpu *cpu,
    const struct sim_virtio_net_cfg *cfg)
{
    memset(net, 0, sizeof(*net));
    net->cpu = cpu;
    net->cfg = *cfg;
    net->cfg.name = cfg->name ? cfg->name : "virtio_net";
    if (cfg->reset_ns == 0 && !cfg->legacy) {
        net->cfg.reset_ns = RESET_NS;
    }
    net->mmio = (struct nif_mmio){ .ops = &mmio_ops, .model = net };
    net->dma = (struct sim_dma){ .base = 0x80000000, .grain = 4096 };
    net->reset_event.fn = on_reset;
    net->irq_event.fn = on_irq;
    sim_nic_init(&net->nic, cpu->world, net->cfg.name, 1);
    vio__net_init(net);
    reset(net);
}

void sim_virtio_net_dip(struct sim_virtio_net *net)
{
    sim_event_cancel(net->cpu->world, &net->reset_event);
    reset(net);
    net->generation = 0;
}

void sim_virtio_net_break(struct sim_virtio_net *net)
{
    if (!net->broken) {
        vio__break(net);
    }
}

void sim_virtio_net_lie(struct sim_virtio_net *net, unsigned queue, uint32_t id,
    uint32_t len)
{
    if (vio__live(net) && net->queue[queue].ready) {
        vio__push(net, queue, id, len);
        vio__tell_used(net, queue);
    }
}

void sim_virtio_net_done(struct sim_virtio_net *net)
{
    sim_nic_done(&net->nic);
    sim_event_cancel(net->cpu->world, &net->reset_event);
    sim_event_cancel(net->cpu->world, &net->irq_event);
    sim_event_cancel(net->cpu->world, &net->tx_event);
}
