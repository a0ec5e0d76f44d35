// SPDX-License-Identifier: MIT
//
// What the files of this driver share. From the bottom up: bus.c, chip.c;
// then raw.c, or tcp.c, udp.c and sockets.c.

#ifndef W5500_INTERNAL_H
#define W5500_INTERNAL_H

#include "w5500.h"
#include "w5500_regs.h"

/// Where the driver is with its chip. From WAKE to SETUP are the steps of
/// bring-up, in order.
enum w5500__phase {
    W5500_OFF,
    W5500_WAKE,
    W5500_RESET,
    W5500_SETUP,
    W5500_READY,
};

/// "No limit" for a time to wait.
#define W5500_LATER UINT32_MAX

/// What differs from one way of using the chip to the other.
struct w5500__face {
    /// Opens sockets in a chip that is fresh from reset.
    void (*set_up)(struct w5500_chip *chip);

    /// A turn. Returns the microseconds until it wants the next.
    uint32_t (*serve)(struct w5500_chip *chip);

    /// Looks at everything in the next turn, whatever the chip says. False
    /// if a socket is not as it was left.
    bool (*check)(struct w5500_chip *chip);

    /// All that was in the chip is gone.
    void (*lost)(struct w5500_chip *chip);
};

// ---- bus. After the first error nothing more reaches it, and reads give
// zero, until w5500__take_err().

void w5500__read(struct w5500_chip *chip, uint32_t where, void *buf,
    size_t len);
void w5500__write(struct w5500_chip *chip, uint32_t where, const void *data,
    size_t len);
void w5500__write_segs(struct w5500_chip *chip, uint32_t where,
    const struct nif_seg *segs, size_t n);
uint8_t w5500__read8(struct w5500_chip *chip, uint32_t where);
void w5500__write8(struct w5500_chip *chip, uint32_t where, unsigned value);
unsigned w5500__read16(struct w5500_chip *chip, uint32_t where);
void w5500__write16(struct w5500_chip *chip, uint32_t where, unsigned value);

/// Reads 16 bits that the chip may change between the two bytes: until
/// they are twice the same. If they never are, that is the error NIF_EPROTO.
unsigned w5500__read_settled(struct w5500_chip *chip, uint32_t where);

/// Gives socket `n` a command and waits until it is taken. If it is not, that
/// is the error NIF_ETIMEDOUT.
void w5500__command(struct w5500_chip *chip, unsigned n, uint8_t command);

/// Makes it CLOSED, without flags.
void w5500__close(struct w5500_chip *chip, unsigned n);

/// Opens it, and waits for this status.
void w5500__open(struct w5500_chip *chip, unsigned n, uint8_t mode,
    uint8_t status);

/// The first error since the last call, or `result`.
int w5500__take_err(struct w5500_chip *chip, int result);

// ---- chip

/// Microseconds, of which only differences count.
static inline uint32_t w5500__now(struct w5500_chip *chip)
{
    return (uint32_t)nif_clock_now_us(chip->cfg.clock);
}

static inline uint32_t w5500__least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/// Fills in what both ways share.
void w5500__init(struct w5500_chip *chip, const struct w5500__face *face,
    const struct w5500_cfg *cfg);

/// poll() is to check the chip, or to go on with bring-up, at once.
void w5500__soon(struct w5500_chip *chip);

/// Ends an operation. A bus error goes before its result, and makes poll()
/// set the chip up again.
int w5500__finish(struct w5500_chip *chip, int result);

/// True if there is certainly nothing to do: INTn is low as long as one of
/// its sources is there.
bool w5500__is_idle(struct w5500_chip *chip);

/// Writes `own` to the chip.
void w5500__write_own(struct w5500_chip *chip);

#endif
