// SPDX-License-Identifier: MIT
//
// The receive process: the wire to the FIFO, the FIFO to descriptors (RM0090
// 33.6.8).

#include "sim/chips/stm32_eth/model.h"

#include <stdlib.h>
#include <string.h>

#define AFM      (1u << 30)
#define ES       (1u << 15)
#define DE       (1u << 14)
#define FIRST    (1u << 9)
#define LAST     (1u << 8)
#define FT       (1u << 5)
#define FL_SHIFT 16
#define DIC      (1u << 31) // word 1: no interrupt
#define RER      (1u << 15)
#define RCH      (1u << 14)
#define SIZE2    16
#define TYPE_MIN 0x600u
#define MISSED   1u         // one in MFBOCR, for want of a descriptor ...
#define OVERRUN  (1u << 17) // ... or of room in the FIFO
#define MFC      0xFFFFu
#define MFA      (0x7FFu << 17)

// ---- the FIFO

static void count(struct sim_stm32_eth *eth, uint32_t one, uint32_t field)
{
    uint32_t *lost = eth__reg(eth, ETH_MFBOCR);

    eth->rx_lost++;
    if ((*lost & field) != field) {
        *lost += one;
    }
}

static void pop(struct sim_stm32_eth *eth)
{
    eth->fifo_len -= eth->fifo[0].len;
    free(eth->fifo[0].data);
    eth->fifo_count--;
    memmove(eth->fifo, eth->fifo + 1, eth->fifo_count * sizeof(eth->fifo[0]));
    eth->rx_done = 0;
}

// What is kept of the FCS: CSTF strips it from frames with a type, APCS from
// those with a length.
static bool keeps_fcs(struct sim_stm32_eth *eth, bool typed)
{
    return !eth__has(eth, ETH_MACCR, typed ? CR_CSTF : CR_APCS);
}

// A good frame, without FCS.
static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct sim_stm32_eth *eth = arg;
    struct sim_stm32_eth_rx *slot = &eth->fifo[eth->fifo_count];
    bool wanted;

    if (eth->resetting || !eth__has(eth, ETH_MACCR, CR_RE) ||
        !eth__clocked(eth) || !sim_rmii_has_link(&eth->nic, eth->phy)) {
        return;
    }
    if (!sim_rmii_same_speed(&eth->nic, eth->phy,
            eth__has(eth, ETH_MACCR, CR_FES))) {
        eth->rx_noise++;
        return;
    }
    wanted = eth__wants(eth, frame);
    if (!wanted && !eth__has(eth, ETH_MACFFR, FFR_RA)) {
        return;
    }
    slot->typed = nif_get_be16(frame + 12) >= TYPE_MIN;
    slot->unwanted = !wanted;
    slot->len = len + (keeps_fcs(eth, slot->typed) ? SIM_FCS : 0);
    if (eth->fifo_len + slot->len > SIM_STM32_ETH_FIFO ||
        eth->fifo_count == nif_countof(eth->fifo)) {
        count(eth, OVERRUN, MFA);
        eth__raise(eth, SR_ROS);
        return;
    }
    slot->data = malloc(len + SIM_FCS);
    NIF_ASSERT(slot->data != NULL);
    memcpy(slot->data, frame, len);
    (void)sim_fcs_put(slot->data, len);
    eth->fifo_len += slot->len;
    eth->fifo_count++;
    if (!(frame[0] & 1)) {
        ++*eth__reg(eth, ETH_RGUFCR);
    }
    eth->rx_suspended = false; // a new frame: the descriptor is looked at again
    eth__rx_go(eth);
}

static void port_rx_end(struct sim_port *port, const struct sim_frame *frame)
{
    struct sim_nic *nic = nif_container_of(port, struct sim_nic, port);
    struct sim_stm32_eth *eth =
        nif_container_of(nic, struct sim_stm32_eth, nic);

    eth->card_ops->rx_end(port, frame);
    if ((frame->cut || frame->len <= SIM_FCS ||
            !sim_fcs_good(frame->data, frame->len)) &&
        eth__has(eth, ETH_MACCR, CR_RE)) {
        ++*eth__reg(eth, ETH_RFCECR);
    }
}

// ---- descriptors

// There is none for the oldest frame. The bit tells of it once.
static void suspend(struct sim_stm32_eth *eth)
{
    eth->rx_suspended = true;
    eth__fence(eth, false); // so it was when the DMA looked
    eth__state(eth, RPS_SHIFT, RPS_SUSPENDED);
    eth__raise(eth, SR_RBUS);
    if (!eth__has(eth, ETH_DMAOMR, OMR_DFRF)) {
        pop(eth);
        count(eth, MISSED, MFC);
    }
}

static size_t room(const struct sim_stm32_eth_desc *desc)
{
    size_t len = desc->word[1] & DESC_SIZE;

    if (!(desc->word[1] & RCH)) {
        len += desc->word[1] >> SIZE2 & DESC_SIZE;
    }
    return len;
}

static void check(struct sim_stm32_eth *eth,
    const struct sim_stm32_eth_desc *desc)
{
    if ((desc->word[1] & DESC_SIZE) % 4 != 0 || room(desc) == 0) {
        eth__complain(eth, "a buffer of %u bytes: must be a multiple of 4",
            (unsigned)(desc->word[1] & DESC_SIZE));
    }
    if (desc->word[2] % 4 != 0) {
        eth__complain(eth,
            "a buffer at %08lX: the bytes before it are "
            "overwritten",
            (unsigned long)desc->word[2]);
    }
}

void eth__rx_go(struct sim_stm32_eth *eth)
{
    struct sim_stm32_eth_desc *desc = &eth->rx_desc;
    size_t len;

    if (!eth__has(eth, ETH_DMAOMR, OMR_SR) || eth->rx_suspended ||
        eth->rx_writing || eth->rx_stopping || eth->fatal || eth->resetting) {
        return;
    }
    eth__state(eth, RPS_SHIFT, RPS_WAITING);
    if (eth->fifo_count == 0 || !eth__fetch(eth, eth->rx_at, desc)) {
        return;
    }
    if (!(desc->word[0] & DESC_OWN)) {
        suspend(eth);
        return;
    }
    check(eth, desc);
    len = eth->fifo[0].len - eth->rx_done;
    len = len < room(desc) ? len : room(desc);
    eth->rx_writing = true;
    eth__state(eth, RPS_SHIFT, RPS_WRITING);
    sim_event_at(eth->cpu->world, &eth->rx_event,
        eth->cpu->world->now_ns + eth__dma_ns(eth, len));
}

// Fills one buffer. Returns how many bytes went into it.
static size_t fill(struct sim_stm32_eth *eth, uint32_t address, size_t cap)
{
    struct sim_stm32_eth_rx *frame = &eth->fifo[0];
    size_t len = frame->len - eth->rx_done;
    uint8_t *memory;

    len = len < cap ? len : cap;
    if (len == 0) {
        return 0;
    }
    memory = eth__memory(eth, address & ~3u, len);
    if (memory != NULL) {
        memcpy(memory, frame->data + eth->rx_done, len);
    }
    eth->rx_done += len;
    return len;
}

// The frame's next descriptor is not the DMA's: what is left of it is lost.
static bool is_cut(struct sim_stm32_eth *eth)
{
    struct sim_stm32_eth_desc next;

    return eth->rx_done < eth->fifo[0].len &&
        (!eth__fetch(eth, eth->rx_at, &next) || !(next.word[0] & DESC_OWN));
}

static void stop_if_told(struct sim_stm32_eth *eth)
{
    if (eth->rx_stopping && !eth->rx_writing) {
        eth->rx_stopping = false;
        eth__state(eth, RPS_SHIFT, RPS_STOPPED);
        eth__raise(eth, SR_RPSS);
    }
}

static void on_written(struct sim_event *event)
{
    struct sim_stm32_eth *eth =
        nif_container_of(event, struct sim_stm32_eth, rx_event);
    const struct sim_stm32_eth_desc *desc = &eth->rx_desc;
    const struct sim_stm32_eth_rx *frame = &eth->fifo[0];
    uint32_t control = desc->word[1];
    uint32_t status = eth->rx_done == 0 ? FIRST : 0;
    bool cut;

    eth->rx_writing = false;
    (void)fill(eth, desc->word[2], control & DESC_SIZE);
    if (!(control & RCH)) {
        (void)fill(eth, desc->word[3], control >> SIZE2 & DESC_SIZE);
    }
    eth->rx_at = eth__next(eth, desc, (control & RCH) != 0,
        (control & RER) != 0, ETH_RDLAR);
    cut = is_cut(eth);
    if (cut || eth->rx_done == frame->len) {
        status |= LAST | (uint32_t)eth->rx_done << FL_SHIFT |
            (frame->typed ? FT : 0) | (frame->unwanted ? AFM : 0) |
            (cut ? ES | DE : 0);
    }
    eth__close(eth, desc, status);
    if (status & LAST) {
        eth->rx++;
        pop(eth);
        if (!(control & DIC)) {
            eth__raise(eth, SR_RS);
        }
    }
    stop_if_told(eth);
    eth__rx_go(eth);
}

// ---- modes

void eth__rx_mode(struct sim_stm32_eth *eth, uint32_t before)
{
    bool was = (before & OMR_SR) != 0;
    bool is = eth__has(eth, ETH_DMAOMR, OMR_SR);

    if (is && !was) {
        eth->rx_stopping = false;
        eth->rx_suspended = false;
        eth__rx_go(eth);
    } else if (was && !is) {
        eth->rx_stopping = true;
        stop_if_told(eth);
    }
}

void eth__rx_reset(struct sim_stm32_eth *eth)
{
    sim_event_cancel(eth->cpu->world, &eth->rx_event);
    while (eth->fifo_count > 0) {
        pop(eth);
    }
    eth->rx_writing = false;
    eth->rx_suspended = false;
    eth->rx_stopping = false;
    eth->rx_at = 0;
}

void eth__rx_init(struct sim_stm32_eth *eth)
{
    eth->rx_event.fn = on_written;
    eth->nic.on_frame = on_frame;
    eth->card_ops = eth->nic.port.ops;
    eth->port_ops = *eth->card_ops;
    eth->port_ops.rx_end = port_rx_end;
    eth->nic.port.ops = &eth->port_ops;
}
