// SPDX-License-Identifier: MIT
//
// An RP2040 that runs images: processor 0, boot ROM, flash behind the SSI, RAM,
// clocks, resets, pins, timer, UART0 for a console, and SPI0 or UART1, whose
// device is the chip model of a simulated board. It is that board's
// application: an instruction costs the board's time what it costs silicon,
// flash that is not in the cache more.
//
// It does not forgive. What would hang silicon, or work on the bench only,
// stops it and is told: a port that is held in reset or has no clock, settings
// made while a port is on, a rate that is too high, flash that is read before
// it can be, a byte that is lost.
//
// Not here: processor 1, DMA, PIO, USB, I2C, ADC, PWM, RTC, SPI1, SysTick. A
// byte on SPI holds the processor until it is through. Registers are those of
// the data sheet, written down apart from boards/pico.

#ifndef TESTS_BOARDS_RP2040_RP2040_H
#define TESTS_BOARDS_RP2040_RP2040_H

#include "boards/host/host.h"
#include "tests/boards/rp2040/armv6m.h"

#define RP2040_FLASH   (2u << 20)
#define RP2040_RAM     0x42000u
#define RP2040_CONSOLE 2000
#define RP2040_BLOCKS  32   // of registers, 16 KiB apart from 0x40000000 on
#define RP2040_REGS    128  // in each, as far as they are used
#define RP2040_SETS    1024 // of the cache, two lines of 8 bytes in each

struct rp2040_cfg {
    uint32_t spi_max_hz; ///< what the device bears
    uint32_t cs_ns;      ///< from select to clock, and from release to select
    uint64_t instructions_max; ///< more than that, and it runs away
};

struct rp2040 {
    struct armv6m cpu; // first
    struct rp2040_cfg cfg;
    struct sim_world *world;
    struct host_seams seams;
    char console[RP2040_CONSOLE];
    size_t console_len;
    uint32_t spi_hz;    ///< as set
    bool light;         ///< the LED is on
    uint32_t uart_baud; ///< of UART1, as set
    uint32_t sp_low;    ///< how far down the stack went
    uint64_t instructions;
    uint64_t misses; ///< of the cache
    uint64_t slept_ns;

    // Private.
    uint32_t hz; // of the processor
    uint64_t ps; // less than a nanosecond, not passed yet
    uint32_t reg[RP2040_BLOCKS][RP2040_REGS];
    uint32_t ssi[64];
    uint32_t cached[RP2040_SETS][2]; // which lines, the last used first
    uint32_t sio_out;
    uint32_t sio_oe;
    uint32_t nvic;
    uint64_t xosc_ns;    // when it is stable; 0: off
    uint64_t pll_ns;     // when it is locked; 0: off
    uint64_t tick_ns;    // when the timer began; 0: it stands still
    uint64_t alarm_ns;   // SIM_NEVER: none
    uint64_t spi_end_ns; // the last bit
    uint64_t cs_ns;      // when chip select changed
    bool selected;
    bool attention; // an interrupt may be pending
    bool wake;
    uint8_t spi_rx[8];
    unsigned spi_rx_len;
    uint64_t uart_ns;    // when UART1 is to be looked at; SIM_NEVER: it is off
    uint64_t uart_tx_ns; // when all has left it
    uint64_t uart_rx_ns; // when the last byte came
    uint32_t uart_byte_ns;
    bool uart_tx_due; // its FIFO has become half empty
    bool uart_above;  // it was more than that
    bool enabled;     // GPIO 22
    uint8_t uart_rx[32];
    unsigned uart_rx_len;
    uint8_t flash[RP2040_FLASH];
    uint8_t ram[RP2040_RAM];
};

/// Takes the image of a UF2 file, into flash or RAM. Fills memory only.
/// Returns 0, or -1: it is none of this chip's.
int rp2040_load(struct rp2040 *chip, const uint8_t *uf2, size_t len);

/// Power on: the boot ROM runs what was loaded, at the seams of `board`.
/// Returns when the processor stops (chip->cpu.why) or `board->board.stop`.
void rp2040_run(struct rp2040 *chip, struct host_board *board,
    const struct rp2040_cfg *cfg);

// ---- private: between the files

bool rp2040__load(struct armv6m *cpu, uint32_t at, unsigned size,
    uint32_t *value);
bool rp2040__store(struct armv6m *cpu, uint32_t at, unsigned size,
    uint32_t value);

/// Blocks of registers, by their place from 0x40000000 on (2.2.4).
enum {
    CLOCKS = 0x02,
    RESETS = 0x03,
    IO_BANK0 = 0x05,
    PADS_BANK0 = 0x07,
    XOSC = 0x09,
    PLL_SYS = 0x0A,
    UART0 = 0x0D,
    UART1 = 0x0E,
    SPI0 = 0x0F,
    TIMER = 0x15,
    WATCHDOG = 0x16,
    ROSC = 0x18,
};

static inline uint32_t *reg(struct rp2040 *chip, unsigned block,
    unsigned offset)
{
    return &chip->reg[block][offset / 4];
}

/// All registers as after power on.
void rp2040__power_on(struct rp2040 *chip);

/// The exception that is to be taken; 0: none.
uint32_t rp2040__pending(struct rp2040 *chip);

/// Lets the time of `cycles` pass.
void rp2040__pass(struct rp2040 *chip, unsigned cycles);

/// Rings the timer's alarm if it is due.
void rp2040__alarm(struct rp2040 *chip);

/// The rate that the ports have; 0: none.
uint32_t rp2040__peri_hz(struct rp2040 *chip);

/// What a pin says or a port does.
void rp2040__follow_pins(struct rp2040 *chip);
uint32_t rp2040__read_port(struct rp2040 *chip, unsigned block,
    unsigned offset);
void rp2040__write_port(struct rp2040 *chip, unsigned block, unsigned offset,
    uint32_t value);

/// Looks at UART1's line, when it is time.
void rp2040__look_at_uart(struct rp2040 *chip);

/// True if UART1 has its interrupt line up.
bool rp2040__uart_asks(struct rp2040 *chip);

/// Stops the processor and says why.
void rp2040__stop(struct rp2040 *chip, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
