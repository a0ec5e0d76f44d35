// SPDX-License-Identifier: MIT
//
// What the files of this driver share: bus commands and bring-up. From the
// bottom up: spi.c, setup.c, enc28j60.c.

#ifndef ENC28J60_INTERNAL_H
#define ENC28J60_INTERNAL_H

#include "enc28j60.h"
#include "enc28j60_regs.h"

// The chip's 8 KiB. The receive ring starts at 0 (erratum 5) and ends at an
// odd address (erratum 14). Behind it lie two places for frames to send,
// each with a control byte before and a status vector of 7 behind.
#define ENC28J60_RX_END 0x13FFu
#define ENC28J60_TX_0   0x1400u
#define ENC28J60_TX_1   0x1A00u

/// Places in `own` of struct enc28j60.
#define ENC28J60_OWN_EHT     6
#define ENC28J60_OWN_ERXFCON 14

/// The longest frame and the shortest that is no runt, FCS included.
#define ENC28J60_COUNT_MAX 1518u
#define ENC28J60_COUNT_MIN 64u
#define ENC28J60_FCS       4u

/// A frame that has not ended by then hangs (errata 12 and 13). Without a
/// collision it takes 1.3 ms; back-off beyond this time is cut short.
#define ENC28J60_TX_US 20000u

/// Where the driver is with its chip. From WAKE to SETUP are the steps of
/// bring-up, in order.
enum enc28j60_phase {
    ENC28J60_OFF,
    ENC28J60_ASLEEP,
    ENC28J60_WAKE,
    ENC28J60_RESET,
    ENC28J60_SETUP,
    ENC28J60_READY,
};

// ---- commands. After the first error nothing more reaches the bus, and
// reads give zero, until enc28j60__take_err().

/// One transaction of `n` stretches.
void enc28j60__command(struct enc28j60 *chip, const struct nif_spi_seg *segs,
    size_t n, uint32_t hold_ns);

/// Reads `len` bytes of packet memory from `at` on.
void enc28j60__read_mem(struct enc28j60 *chip, uint16_t at, uint8_t *buf,
    size_t len);

/// Sends one instruction and reads `len` bytes after it: ENC28J60_RBM reads
/// on from where the last reading ended; ENC28J60_SRC with none.
void enc28j60__stream(struct enc28j60 *chip, uint8_t op, uint8_t *buf,
    size_t len);

/// Reads a register, if `value` is ENC28J60_READ, or writes to it. Those that
/// are in all banks come with their instruction when they are written: PUT,
/// SET, CLEAR.
uint8_t enc28j60__access(struct enc28j60 *chip, uint8_t reg, int value);

/// No value: beyond eight bits, of which those on the bus are zero.
#define ENC28J60_READ 0x100

uint8_t enc28j60__read8(struct enc28j60 *chip, uint8_t reg);

static inline void enc28j60__write8(struct enc28j60 *chip, uint8_t reg,
    uint8_t value)
{
    (void)enc28j60__access(chip, reg, value);
}

/// Low byte, then high byte, which makes the value valid.
unsigned enc28j60__read16(struct enc28j60 *chip, uint8_t reg);
void enc28j60__write16(struct enc28j60 *chip, uint8_t reg, uint16_t value);

/// Writes `n` values, each given behind its register.
void enc28j60__run(struct enc28j60 *chip, const uint8_t (*list)[2], size_t n);

/// Writes a frame, given in stretches, to packet memory.
void enc28j60__write_frame(struct enc28j60 *chip, const struct nif_seg *segs,
    size_t n);

/// Waits for the end of an access to the PHY. If it does not come, that is
/// the error NIF_ETIMEDOUT.
void enc28j60__wait_phy(struct enc28j60 *chip);
unsigned enc28j60__read_phy(struct enc28j60 *chip, uint8_t addr);

/// The first error since the last call, or `result`.
int enc28j60__take_err(struct enc28j60 *chip, int result);

// ---- operations

/// Microseconds, of which only differences count. 32 bits are enough for
/// those, and half the work for a small processor: what is looked at again
/// only after 71 minutes or more is late by one pause at most.
static inline uint32_t enc28j60__now(struct enc28j60 *chip)
{
    return (uint32_t)nif_clock_now_us(chip->cfg.clock);
}

/// poll() is to look at the chip, or to go on with bring-up, at once.
void enc28j60__soon(struct enc28j60 *chip);

/// The chip is set up anew by the next steps of bring-up. `fault` is why; 0:
/// because the caller wants it.
void enc28j60__begin(struct enc28j60 *chip, int fault);

/// Ends an operation. A bus error goes before its result, and makes poll()
/// set the chip up again.
int enc28j60__finish(struct enc28j60 *chip, int result);

/// True if there is certainly nothing to do: /INT is low as long as one of
/// its sources is there. As the level is looked at, and not edges, nothing
/// can be missed.
bool enc28j60__is_idle(struct enc28j60 *chip);

void enc28j60__notify(struct enc28j60 *chip, enum nif_event event);

/// Tells of a change of the link.
void enc28j60__set_link(struct enc28j60 *chip, bool up);

/// Completes and starts what can be sent. Returns EIR.
uint8_t enc28j60__move_frames(struct enc28j60 *chip);

extern const struct nif_eth_ops enc28j60__eth_ops;

// ---- bring-up

/// Does the next step. Returns the microseconds that must pass before the
/// one after it; 0 if the chip is ready; an error if it cannot be brought
/// up.
int enc28j60__bring_up(struct enc28j60 *chip);

/// True if the chip still has its settings and receives.
bool enc28j60__holds(struct enc28j60 *chip);

/// Writes the station's address and the receive filter.
void enc28j60__write_own(struct enc28j60 *chip);

/// Frames to a group are to pass the filter, too. Touches `own` only.
void enc28j60__pass_group(struct enc28j60 *chip,
    const struct nif_hwaddr *group);

/// The next frame starts at `next`: what is before has been read. ERXRDPT
/// gets the byte before, which is odd (erratum 14).
void enc28j60__set_rx_next(struct enc28j60 *chip, unsigned next);

/// Looks how many frames wait in the ring: `rx_pending`.
uint8_t enc28j60__count_frames(struct enc28j60 *chip);

/// Empties the receive ring and starts it anew.
void enc28j60__restart_rx(struct enc28j60 *chip);

/// Ends what the transmitter does, and its flags.
void enc28j60__restart_tx(struct enc28j60 *chip);

#endif
