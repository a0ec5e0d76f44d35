// SPDX-License-Identifier: MIT
//
// What the parts of the ENC28J60 model know of each other.

#ifndef SIM_CHIPS_ENC28J60_MODEL_H
#define SIM_CHIPS_ENC28J60_MODEL_H

#include "sim/chips/enc28j60.h"

enum {
    ENC_RAM_MASK = SIM_ENC28J60_RAM - 1,
    ENC_BYTE_NS = 800, // one byte at 10 Mbit/s
    ENC_SLOT_NS = 51200,
    ENC_GAP_NS = 9600,
    ENC_PREAMBLE = 8,
    ENC_DEAF = 0xFF, // SPI phase: until the next chip select
};

/// What the transmitter is doing.
enum enc_tx_state {
    ENC_TX_IDLE, ///< nothing to send, or waiting until it may be sent
    ENC_TX_WIRE, ///< bits are leaving
    ENC_TX_JAM,  ///< after a collision
    ENC_TX_HUNG, ///< TXRTS is set and nothing will happen
};

// ---- chip.c: rules and errata

/// The host broke a rule.
void sim_enc_broke(struct sim_enc28j60 *chip, enum sim_enc28j60_rule rule,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/// True if the chip has this erratum; counts it as having struck.
bool sim_enc_bites(struct sim_enc28j60 *chip, unsigned number);

/// The same for those that strike at each so-manyth occasion.
bool sim_enc_bites_now(struct sim_enc28j60 *chip, unsigned number);

// ---- reset.c: resets, clocks, power

void sim_enc_power_up(struct sim_enc28j60 *chip);
void sim_enc_soft_reset(struct sim_enc28j60 *chip);
void sim_enc_reset_level(struct sim_pin *pin, void *arg, bool level);
void sim_enc_power_save(struct sim_enc28j60 *chip, bool on);
void sim_enc_ost_end(struct sim_event *event);
void sim_enc_reset_hit(struct sim_event *event);

/// True if MAC, MII and PHY can be used now.
bool sim_enc_awake(const struct sim_enc28j60 *chip);

// ---- regs.c: control registers

/// What reading gives, without side effects.
uint8_t sim_enc_value(const struct sim_enc28j60 *chip, unsigned id);

/// A host's read.
uint8_t sim_enc_read(struct sim_enc28j60 *chip, unsigned id);

/// A host's WCR, BFS or BFC (enum enc_op).
void sim_enc_write(struct sim_enc28j60 *chip, unsigned op, unsigned id,
    uint8_t data);

/// Sets flags of EIR and tells the pin.
void sim_enc_flag(struct sim_enc28j60 *chip, unsigned bits);

/// Lets /INT be what it must be now.
void sim_enc_irq(struct sim_enc28j60 *chip);

static inline bool sim_enc_bit(const struct sim_enc28j60 *chip, unsigned id,
    unsigned bits)
{
    return (chip->reg[id] & bits) != 0;
}

static inline void sim_enc_put_bit(struct sim_enc28j60 *chip, unsigned id,
    unsigned bits, bool on)
{
    chip->reg[id] =
        (uint8_t)(on ? chip->reg[id] | bits : chip->reg[id] & ~bits);
}

/// True if `at` lies in the receive FIFO.
static inline bool sim_enc_in_fifo(const struct sim_enc28j60 *chip, unsigned at)
{
    unsigned first = chip->ptr[SIM_ENC28J60_ERXST];
    unsigned last = chip->ptr[SIM_ENC28J60_ERXND];

    return ((at - first) & ENC_RAM_MASK) <= ((last - first) & ENC_RAM_MASK);
}

/// Where a read of packet memory goes on after `at` (DS39662 7.2.3).
static inline uint16_t sim_enc_after(const struct sim_enc28j60 *chip,
    unsigned at)
{
    if (at == chip->ptr[SIM_ENC28J60_ERXND]) {
        return chip->ptr[SIM_ENC28J60_ERXST];
    }
    return (uint16_t)((at + 1) & ENC_RAM_MASK);
}

// ---- spi.c: the bus face

extern const struct sim_spi_chip_ops sim_enc_spi_ops;

// ---- mii.c, phy.c

void sim_enc_micmd(struct sim_enc28j60 *chip, uint8_t before, uint8_t now);
void sim_enc_miwr(struct sim_enc28j60 *chip);
void sim_enc_mii_check(struct sim_enc28j60 *chip, const char *what);
void sim_enc_mii_reset(struct sim_enc28j60 *chip);
void sim_enc_mii_event(struct sim_event *event);

void sim_enc_phy_reset(struct sim_enc28j60 *chip);
uint16_t sim_enc_phy_value(const struct sim_enc28j60 *chip, unsigned addr);
uint16_t sim_enc_phy_read(struct sim_enc28j60 *chip, unsigned addr);
void sim_enc_phy_write(struct sim_enc28j60 *chip, unsigned addr,
    uint16_t value);
void sim_enc_phy_reset_end(struct sim_event *event);
void sim_enc_link_event(struct sim_event *event);
void sim_enc_link_look(struct sim_enc28j60 *chip);
bool sim_enc_link(const struct sim_enc28j60 *chip);

/// EIR.LINKIF: the shadow of PHIR.PGIF.
bool sim_enc_link_flag(const struct sim_enc28j60 *chip);

static inline bool sim_enc_phy_bit(const struct sim_enc28j60 *chip,
    unsigned addr, unsigned bits)
{
    return (chip->phy.reg[addr] & bits) != 0;
}

// ---- rx.c, filter.c

void sim_enc_rx_reset(struct sim_enc28j60 *chip);
void sim_enc_rx_stop(struct sim_enc28j60 *chip);
void sim_enc_rx_begin(struct sim_enc28j60 *chip);
void sim_enc_rx_frame(struct sim_enc28j60 *chip, const struct sim_frame *frame);
void sim_enc_rx_rdpt(struct sim_enc28j60 *chip, unsigned value);
void sim_enc_rx_base(struct sim_enc28j60 *chip);
void sim_enc_rx_loop(struct sim_enc28j60 *chip, const uint8_t *data,
    size_t len);
void sim_enc_rx_spoil(struct sim_enc28j60 *chip);
bool sim_enc_filter(struct sim_enc28j60 *chip, const uint8_t *frame,
    size_t len);

// ---- tx.c, build.c, flow.c

void sim_enc_tx_reset(struct sim_enc28j60 *chip);
void sim_enc_tx_request(struct sim_enc28j60 *chip);
void sim_enc_tx_cancel(struct sim_enc28j60 *chip);
void sim_enc_tx_event(struct sim_event *event);
void sim_enc_tx_excess(struct sim_event *event);
void sim_enc_tx_kick(struct sim_enc28j60 *chip);
void sim_enc_tx_check(struct sim_enc28j60 *chip);
uint64_t sim_enc_tx_gap_ns(const struct sim_enc28j60 *chip);
void sim_enc_tx_left(struct sim_enc28j60 *chip);
void sim_enc_tx_collide(struct sim_enc28j60 *chip);

/// Reads the frame out of packet memory into chip->tx, padded and with FCS.
void sim_enc_tx_build(struct sim_enc28j60 *chip);

/// Why a transmission has ended, in bits of the status vector.
enum enc_tsv {
    ENC_TSV_CRC = 1 << 20,
    ENC_TSV_LENGTH = 1 << 21,
    ENC_TSV_RANGE = 1 << 22,
    ENC_TSV_DONE = 1 << 23,
    ENC_TSV_MULTICAST = 1 << 24,
    ENC_TSV_BROADCAST = 1 << 25,
    ENC_TSV_DEFER = 1 << 26,
    ENC_TSV_EXCESS_DEFER = 1 << 27,
    ENC_TSV_EXCESS_COLLISION = 1 << 28,
    ENC_TSV_LATE = 1 << 29,
    ENC_TSV_GIANT = 1 << 30,
};

/// Writes the status vector behind ETXND.
void sim_enc_tx_vector(struct sim_enc28j60 *chip, uint32_t why);

void sim_enc_flow_write(struct sim_enc28j60 *chip);
void sim_enc_flow_event(struct sim_event *event);
void sim_enc_flow_build(struct sim_enc28j60 *chip);
void sim_enc_flow_sent(struct sim_enc28j60 *chip);
void sim_enc_flow_heard(struct sim_enc28j60 *chip, const uint8_t *frame);

static inline bool sim_enc_full_duplex(const struct sim_enc28j60 *chip)
{
    return sim_enc_bit(chip, ENC_MACON3, ENC_MACON3_FULDPX);
}

/// True if MAC and PHY are not set to the same duplex mode; complains.
bool sim_enc_mismatch(struct sim_enc28j60 *chip);

/// The station's own address, in wire order.
void sim_enc_own(const struct sim_enc28j60 *chip, uint8_t mac[6]);

// ---- dma.c

void sim_enc_dma_start(struct sim_enc28j60 *chip);
void sim_enc_dma_resume(struct sim_enc28j60 *chip);
bool sim_enc_dma_runs(const struct sim_enc28j60 *chip);
void sim_enc_dma_cancel(struct sim_enc28j60 *chip);
void sim_enc_dma_event(struct sim_event *event);

#endif
