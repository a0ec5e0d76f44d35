// SPDX-License-Identifier: MIT
//
// A bus on which a W5500 is scripted: memory behind SPI frames, commands that
// are taken at once, and a list of all that was said. It knows no network; a
// test puts into the memory what the chip is to say. So the driver's bytes are
// judged by the data sheet and not by a model's idea of it.

#ifndef TESTS_W5500_DRIVER_SCRIPT_H
#define TESTS_W5500_DRIVER_SCRIPT_H

#include "nif/clock.h"
#include "nif/pin.h"
#include "nif/spi.h"
#include "tests/support/check.h"

/// One SPI frame: its head as sent, and the data, of whatever direction.
struct said {
    uint16_t offset;
    uint8_t control;
    uint8_t data[32]; ///< the first of them
    size_t len;       ///< of data
    size_t pieces;    ///< calls of exchange()
};

struct script {
    struct nif_spi spi;
    struct nif_clock clock;
    struct nif_pin interrupt;
    struct nif_pin reset;
    uint64_t now_us;
    uint64_t delay_us; ///< sum of all delays
    uint64_t low_us;   ///< how long RSTn was low
    uint64_t low_at_us;
    bool int_level;
    unsigned woken;
    uint8_t mem[32][0x4000]; ///< by block
    struct said said[2048];
    size_t count;
    size_t commands; ///< so many more are taken; the others never
    bool no_sendok;
    bool times_out; ///< socket 0, when its flags are read, behind them
    uint16_t rx_rd; ///< where OPEN puts the pointers of socket 0
    uint16_t tx_wr;
    uint8_t version; ///< what a reset makes of VERSIONR
};

void script_init(struct script *s);

/// Block and offset of a register of socket `n`.
uint8_t *script_sn(struct script *s, unsigned n, unsigned offset);

/// The frame from `from` on with this head, or the count.
size_t script_find(const struct script *s, size_t from, uint8_t control,
    uint16_t offset);

/// Fails unless frame `at` wrote or read just this.
void script_is(const struct script *s, size_t at, uint8_t control,
    uint16_t offset, const void *data, size_t len);

#endif
