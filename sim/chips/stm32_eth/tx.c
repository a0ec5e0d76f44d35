// SPDX-License-Identifier: MIT
//
// The transmit process: descriptors to the FIFO, the FIFO to the wire, status
// back (RM0090 33.6.7).

#include "sim/chips/stm32_eth/model.h"

#include <string.h>

#define FS        (1u << 28)
#define LS        (1u << 29)
#define IC        (1u << 30)
#define DC        (1u << 27)
#define DP        (1u << 26)
#define TTSE      (1u << 25)
#define CIC       (3u << 22)
#define TER       (1u << 21)
#define TCH       (1u << 20)
#define ES        (1u << 15)
#define FF        (1u << 13) // flushed
#define LCO       (1u << 9)  // late collision
#define EC        (1u << 8)  // excessive collisions
#define STATUS    0x0003FFFFu
#define SIZE2     16
#define FRAME_MAX 1518u // without FCS, with a VLAN tag
#define FRAME_MIN 60u
#define FLUSH_NS  (1 * SIM_US)
#define RETRY_NS  (100 * SIM_US)
#define OVERHEAD  20u // bytes of preamble and gap

static void send(struct sim_stm32_eth *eth);

// ---- descriptors

static void suspend(struct sim_stm32_eth *eth)
{
    eth->tx_suspended = true;
    eth__fence(eth, true); // so it was when the DMA looked
    eth__state(eth, TPS_SHIFT, TPS_SUSPENDED);
    eth__raise(eth, SR_TBUS);
}

// True if another frame may be read: with OSF while the one before it leaves.
static bool may_read(struct sim_stm32_eth *eth)
{
    return eth__has(eth, ETH_DMAOMR, OMR_ST) && !eth->tx_stopping &&
        !eth->tx_suspended && !eth->tx_reading && !eth->tx_whole &&
        !eth->fatal && !eth->resetting && !eth__has(eth, ETH_DMAOMR, OMR_FTF) &&
        (!eth->tx_leaving || eth->tx_orphan ||
            eth__has(eth, ETH_DMAOMR, OMR_OSF));
}

static void check(struct sim_stm32_eth *eth, uint32_t word)
{
    if (word & (TTSE | CIC)) {
        eth__complain(eth, "time stamps and checksums are not modelled");
    }
    if (!(word & FS) != eth->tx_building) {
        eth__complain(eth,
            eth->tx_building ? "a first segment within a frame"
                             : "a frame without a first segment");
    }
}

void eth__tx_go(struct sim_stm32_eth *eth)
{
    struct sim_stm32_eth_desc *desc = &eth->tx_desc;

    send(eth);
    if (!may_read(eth) || !eth__fetch(eth, eth->tx_at, desc)) {
        return;
    }
    if (!(desc->word[0] & DESC_OWN)) {
        if (eth->tx_building) {
            eth__complain(eth, "the rest of a frame is not the DMA's");
        }
        suspend(eth);
        return;
    }
    check(eth, desc->word[0]);
    if (desc->word[0] & FS) {
        eth->tx_new.len = 0;
        eth->tx_new.no_pad = (desc->word[0] & DP) != 0;
        eth->tx_new.no_fcs = (desc->word[0] & DC) != 0;
    }
    eth->tx_building = true;
    eth->tx_reading = true;
    eth__state(eth, TPS_SHIFT, TPS_READING);
    sim_event_at(eth->cpu->world, &eth->tx_event,
        eth->cpu->world->now_ns + eth__dma_ns(eth, desc->word[1] & DESC_SIZE));
}

static void append(struct sim_stm32_eth *eth, uint32_t address, size_t len)
{
    struct sim_stm32_eth_frame *frame = &eth->tx_new;
    const uint8_t *data;

    if (len == 0) {
        return;
    }
    if (frame->len + len > FRAME_MAX) {
        eth__complain(eth, "a frame of more than %u bytes", FRAME_MAX);
        len = FRAME_MAX - frame->len;
    }
    data = eth__memory(eth, address, len);
    if (data != NULL) {
        memcpy(frame->data + frame->len, data, len);
        frame->len += len;
    }
}

// A descriptor's data is in the FIFO.
static void on_read(struct sim_event *event)
{
    struct sim_stm32_eth *eth =
        nif_container_of(event, struct sim_stm32_eth, tx_event);
    struct sim_stm32_eth_desc *desc = &eth->tx_desc;
    uint32_t word = desc->word[0];
    uint32_t sizes = desc->word[1];

    eth->tx_reading = false;
    append(eth, desc->word[2], sizes & DESC_SIZE);
    if (!(word & TCH)) {
        append(eth, desc->word[3], sizes >> SIZE2 & DESC_SIZE);
    }
    eth->tx_at =
        eth__next(eth, desc, (word & TCH) != 0, (word & TER) != 0, ETH_TDLAR);
    if (word & LS) {
        eth->tx_building = false;
        eth->tx_whole = true;
        eth->tx_new.last = *desc;
        eth__state(eth, TPS_SHIFT, TPS_WAITING);
    } else {
        eth__close(eth, desc, word & ~DESC_OWN);
    }
    eth__tx_go(eth);
}

// ---- the wire

static void stop_if_told(struct sim_stm32_eth *eth)
{
    if (eth->tx_stopping && !eth->tx_leaving && !eth->tx_reading &&
        !eth->tx_whole) {
        eth->tx_stopping = false;
        eth__state(eth, TPS_SHIFT, TPS_STOPPED);
        eth__raise(eth, SR_TPSS);
    }
}

// The frame is off the wire; `status` are its error bits.
static void complete(struct sim_stm32_eth *eth, uint32_t status)
{
    struct sim_stm32_eth_desc *last = &eth->tx_out.last;
    uint32_t word = last->word[0];

    eth->tx_leaving = false;
    if (eth->tx_orphan) {
        eth->tx_orphan = false;
    } else {
        if (status == 0) {
            eth->tx++;
            ++*eth__reg(eth, ETH_TGFCR);
        }
        eth__close(eth, last,
            (word & ~(DESC_OWN | STATUS)) | (status ? status | ES : 0));
        if (word & IC) {
            eth__raise(eth, SR_TS);
        }
    }
    eth__tx_go(eth);
    stop_if_told(eth);
}

// Pads and sums up what leaves. Returns its length on the wire.
static size_t finish(struct sim_stm32_eth_frame *frame)
{
    if (frame->no_fcs) {
        return frame->len;
    }
    if (frame->len < FRAME_MIN && !frame->no_pad) {
        memset(frame->data + frame->len, 0, FRAME_MIN - frame->len);
        frame->len = FRAME_MIN;
    }
    return sim_fcs_put(frame->data, frame->len);
}

// Where there is nobody, a frame takes its time all the same.
static void send_void(struct sim_stm32_eth *eth, size_t len)
{
    uint64_t byte_ns = eth__has(eth, ETH_MACCR, CR_FES) ? 80 : 800;

    eth->tx_void++;
    sim_event_at(eth->cpu->world, &eth->void_event,
        eth->cpu->world->now_ns + (len + OVERHEAD) * byte_ns);
}

static void send(struct sim_stm32_eth *eth)
{
    bool is_100 = eth__has(eth, ETH_MACCR, CR_FES);
    bool gone;
    size_t len;

    if (!eth->tx_whole || eth->tx_leaving || eth->resetting ||
        !eth__has(eth, ETH_MACCR, CR_TE)) {
        return;
    }
    eth->tx_out = eth->tx_new;
    eth->tx_whole = false;
    eth->tx_leaving = true;
    len = finish(&eth->tx_out);
    if (!eth__clocked(eth) || !sim_rmii_has_link(&eth->nic, eth->phy)) {
        send_void(eth, len);
        return;
    }
    if (sim_rmii_same_speed(&eth->nic, eth->phy, is_100)) {
        gone = sim_nic_send_raw(&eth->nic, eth->tx_out.data, len);
    } else {
        eth->tx_noise++;
        gone = sim_rmii_send_noise(&eth->nic, is_100, len);
    }
    if (!gone) {
        send_void(eth, len);
    }
}

static void on_void(struct sim_event *event)
{
    struct sim_stm32_eth *eth =
        nif_container_of(event, struct sim_stm32_eth, void_event);

    if (!eth__clocked(eth)) { // nothing moves
        sim_event_at(eth->cpu->world, event,
            eth->cpu->world->now_ns + RETRY_NS);
        return;
    }
    complete(eth, 0);
}

// The card has done with a frame, the last that it was given.
static void on_end(void *arg, enum sim_nic_end end)
{
    struct sim_stm32_eth *eth = arg;
    uint32_t status = end == SIM_NIC_LATE ? LCO
        : end == SIM_NIC_COLLISIONS       ? EC
                                          : 0;

    if (eth->tx_leaving && eth->nic.queued == 0 &&
        !sim_event_pending(&eth->void_event)) {
        complete(eth, status);
    }
}

// ---- modes

// ST was written.
void eth__tx_mode(struct sim_stm32_eth *eth, uint32_t before)
{
    bool was = (before & OMR_ST) != 0;
    bool is = eth__has(eth, ETH_DMAOMR, OMR_ST);

    if (is && !was) {
        eth->tx_stopping = false;
        eth->tx_suspended = false;
        eth__tx_go(eth);
    } else if (was && !is) {
        eth->tx_stopping = true;
        stop_if_told(eth);
    }
}

static void drop(struct sim_stm32_eth *eth, struct sim_stm32_eth_desc *last)
{
    eth__close(eth, last, (last->word[0] & ~(DESC_OWN | STATUS)) | ES | FF);
}

// What is in the FIFO is given back as flushed; bits on the wire go on.
void eth__tx_flush(struct sim_stm32_eth *eth)
{
    if (eth->tx_leaving && !eth->tx_orphan) {
        drop(eth, &eth->tx_out.last);
        eth->tx_orphan = true;
    }
    if (eth->tx_whole) {
        drop(eth, &eth->tx_new.last);
        eth->tx_whole = false;
    }
    sim_event_at(eth->cpu->world, &eth->flush_event,
        eth->cpu->world->now_ns + FLUSH_NS);
}

void eth__on_flush(struct sim_event *event)
{
    struct sim_stm32_eth *eth =
        nif_container_of(event, struct sim_stm32_eth, flush_event);

    if (!eth__clocked(eth)) {
        sim_event_at(eth->cpu->world, event,
            eth->cpu->world->now_ns + RETRY_NS);
        return;
    }
    *eth__reg(eth, ETH_DMAOMR) &= ~OMR_FTF;
    eth__tx_go(eth);
    stop_if_told(eth);
}

void eth__tx_reset(struct sim_stm32_eth *eth)
{
    sim_event_cancel(eth->cpu->world, &eth->tx_event);
    if (sim_event_pending(&eth->void_event)) {
        sim_event_cancel(eth->cpu->world, &eth->void_event);
        eth->tx_leaving = false;
    }
    eth->tx_orphan = eth->tx_leaving;
    eth->tx_reading = false;
    eth->tx_building = false;
    eth->tx_whole = false;
    eth->tx_suspended = false;
    eth->tx_stopping = false;
    eth->tx_at = 0;
}

void eth__tx_init(struct sim_stm32_eth *eth)
{
    eth->tx_event.fn = on_read;
    eth->void_event.fn = on_void;
    eth->nic.on_end = on_end;
}
