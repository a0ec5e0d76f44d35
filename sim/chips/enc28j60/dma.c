// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's DMA controller: copies within packet memory and sums
// it up (DS39662 13). The work is done at its end, all at once.

#include "sim/chips/enc28j60/model.h"

#define COPY_NS 80 // per byte: two clocks of 25 MHz
#define SUM_NS  40

// Bytes from EDMAST to EDMAND the way the controller goes; 0: never there.
static unsigned length(const struct sim_enc28j60 *chip)
{
    unsigned at = chip->ptr[SIM_ENC28J60_EDMAST];

    for (unsigned count = 1; count <= SIM_ENC28J60_RAM; count++) {
        if (at == chip->ptr[SIM_ENC28J60_EDMAND]) {
            return count;
        }
        at = sim_enc_after(chip, at);
    }
    return 0;
}

static void copy(struct sim_enc28j60 *chip, unsigned count)
{
    unsigned from = chip->ptr[SIM_ENC28J60_EDMAST];
    unsigned to = chip->ptr[SIM_ENC28J60_EDMADST];

    for (unsigned i = 0; i < count; i++) {
        chip->ram[to] = chip->ram[from];
        from = sim_enc_after(chip, from);
        to = (to + 1) & ENC_RAM_MASK;
    }
}

static void sum(struct sim_enc28j60 *chip, unsigned count)
{
    unsigned at = chip->ptr[SIM_ENC28J60_EDMAST];
    uint32_t total = 0;

    for (unsigned i = 0; i < count; i++) {
        uint32_t byte = chip->ram[at];

        total += i & 1 ? byte : byte << 8;
        at = sim_enc_after(chip, at);
    }
    total = (total & 0xFFFF) + (total >> 16);
    total = (total & 0xFFFF) + (total >> 16);
    chip->ptr[SIM_ENC28J60_EDMACS] = (uint16_t)~total;
}

bool sim_enc_dma_runs(const struct sim_enc28j60 *chip)
{
    return sim_event_pending(&chip->dma) || chip->dma_endless;
}

// A copy of one byte, or to an end that is never reached, goes on for ever
// and leaves no byte of the memory as it was.
static void run_wild(struct sim_enc28j60 *chip)
{
    sim_enc_broke(chip, SIM_ENC28J60_R_DMA, "DMA %04X to %04X never ends",
        (unsigned)chip->ptr[SIM_ENC28J60_EDMAST],
        (unsigned)chip->ptr[SIM_ENC28J60_EDMAND]);
    chip->dma_endless = true;
    if (!sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_CSUMEN)) {
        copy(chip, SIM_ENC28J60_RAM);
    }
}

static void run(struct sim_enc28j60 *chip)
{
    bool sums = sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_CSUMEN);
    unsigned count = length(chip);

    if (count == 0 || (count == 1 && !sums)) {
        run_wild(chip);
    } else {
        sim_event_at(chip->world, &chip->dma,
            chip->world->now_ns + (uint64_t)count * (sums ? SUM_NS : COPY_NS));
    }
    sim_enc_rx_spoil(chip);
}

void sim_enc_dma_start(struct sim_enc28j60 *chip)
{
    chip->dma_waits = sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_TXRTS);
    if (!chip->dma_waits) {
        run(chip);
    }
}

void sim_enc_dma_resume(struct sim_enc28j60 *chip)
{
    if (chip->dma_waits) {
        chip->dma_waits = false;
        run(chip);
    }
}

void sim_enc_dma_event(struct sim_event *event)
{
    struct sim_enc28j60 *chip =
        nif_container_of(event, struct sim_enc28j60, dma);
    unsigned count = length(chip);

    if (sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_CSUMEN)) {
        sum(chip, count);
    } else {
        copy(chip, count);
    }
    sim_enc_put_bit(chip, ENC_ECON1, ENC_ECON1_DMAST, false);
    sim_enc_flag(chip, ENC_EIR_DMAIF);
    sim_enc_tx_kick(chip);
}

void sim_enc_dma_cancel(struct sim_enc28j60 *chip)
{
    sim_event_cancel(chip->world, &chip->dma);
    chip->dma_waits = false;
    chip->dma_endless = false;
    sim_enc_flag(chip, ENC_EIR_DMAIF);
    sim_enc_tx_kick(chip);
}
