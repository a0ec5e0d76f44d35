// SPDX-License-Identifier: MIT
//
// Raspberry Pi Pico (RP2040) and Pico 2 (RP2350, with BOARD_PICO2): what the
// files of this folder share. Register names are those of the data sheets,
// RP2040 (2.14 clocks, 2.19 GPIO, 4.6 timer) and RP2350 (8, 9, 12.8).

#ifndef BOARDS_PICO_PICO_H
#define BOARDS_PICO_PICO_H

#include "boards/target/board.h"
#include "nif/pin.h"

#define PICO_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

// A register of a peripheral has three more faces (2.1.2).
#define PICO_SET(address)   PICO_REG((address) + 0x2000u)
#define PICO_CLEAR(address) PICO_REG((address) + 0x3000u)

// ---- addresses and numbers in which the two chips differ

#if defined(BOARD_PICO2)
#define PICO_NAME        "pico2"
#define PICO_HZ          150000000u // the processor's, and its peripherals'
#define PICO_CLOCKS      0x40010000u
#define PICO_RESETS      0x40020000u
#define PICO_IO_BANK0    0x40028000u
#define PICO_PADS_BANK0  0x40038000u
#define PICO_XOSC        0x40048000u
#define PICO_PLL_SYS     0x40050000u
#define PICO_UART0       0x40070000u
#define PICO_UART1       0x40078000u
#define PICO_SPI0        0x40080000u
#define PICO_TIMER       0x400B0000u
#define PICO_TIMER_INTR  (PICO_TIMER + 0x3Cu)
#define PICO_TIMER_INTE  (PICO_TIMER + 0x40u)
#define PICO_RANDOMBIT   0x400E8020u // of ROSC
#define PICO_TIMER_IRQ   0u
#define PICO_IO_IRQ      21u
#define PICO_UART1_IRQ   34u
#define PICO_INTR0       (PICO_IO_BANK0 + 0x230u)
#define PICO_PROC0_INTE0 (PICO_IO_BANK0 + 0x248u)
#define PICO_PROC0_INTS0 (PICO_IO_BANK0 + 0x278u)
#else
#define PICO_NAME        "pico"
#define PICO_HZ          125000000u
#define PICO_CLOCKS      0x40008000u
#define PICO_RESETS      0x4000C000u
#define PICO_IO_BANK0    0x40014000u
#define PICO_PADS_BANK0  0x4001C000u
#define PICO_XOSC        0x40024000u
#define PICO_PLL_SYS     0x40028000u
#define PICO_UART0       0x40034000u
#define PICO_UART1       0x40038000u
#define PICO_SPI0        0x4003C000u
#define PICO_TIMER       0x40054000u
#define PICO_TIMER_INTR  (PICO_TIMER + 0x34u)
#define PICO_TIMER_INTE  (PICO_TIMER + 0x38u)
#define PICO_RANDOMBIT   0x4006001Cu // of ROSC
#define PICO_TIMER_IRQ   0u
#define PICO_IO_IRQ      13u
#define PICO_UART1_IRQ   21u
#define PICO_INTR0       (PICO_IO_BANK0 + 0xF0u)
#define PICO_PROC0_INTE0 (PICO_IO_BANK0 + 0x100u)
#define PICO_PROC0_INTS0 (PICO_IO_BANK0 + 0x120u)
#endif

// ---- pins, by the numbers of GPIO; README.md has those of the header

enum pico_gpio {
    PICO_CONSOLE_TX = 0,
    PICO_CONSOLE_RX = 1,
    PICO_UART1_TX = 4,
    PICO_UART1_RX = 5,
    PICO_UART1_CTS = 6,
    PICO_UART1_RTS = 7,
    PICO_SPI0_RX = 16,
    PICO_SPI0_CS = 17,
    PICO_SPI0_SCK = 18,
    PICO_SPI0_TX = 19,
    PICO_CHIP_RESET = 20,
    PICO_CHIP_INT = 21,
    PICO_CHIP_EN = 22,
    PICO_LED = 25,
};

enum pico_function {
    PICO_SPI = 1,
    PICO_UART = 2,
    PICO_SIO = 5, // the program's own
};

/// A pin of the program's own. Must not move.
struct pico_pin {
    struct nif_pin pin; ///< give this to drivers
    // Private.
    struct pico_pin *next; // of those that are watched
    nif_pin_edge_fn *fn;
    void *arg;
    uint8_t gpio;
    bool rising;
};

/// Gives a pin to a peripheral; with a pull-up or without any pull.
void pico_function(enum pico_gpio gpio, enum pico_function function,
    bool pull_up);

/// Makes `pin` an output at `level`, or an input with a pull-up. Returns its
/// nif_pin.
struct nif_pin *pico_output(struct pico_pin *pin, enum pico_gpio gpio,
    bool level);
struct nif_pin *pico_input(struct pico_pin *pin, enum pico_gpio gpio);

/// The handler of IO_IRQ_BANK0. Context: interrupt.
void pico_pins_interrupt(void);

// ---- the rest

/// Starts the crystal, the PLL and the clocks of all that is used, and takes
/// that out of reset. False if the crystal or the PLL does not start: the
/// processor then runs by its ring oscillator, at some 6 MHz.
NIF_NODISCARD bool pico_start_clocks(void);

/// The timer's clock, of microseconds.
struct nif_clock *pico_clock(void);

/// The handler of TIMER_IRQ_0. Context: interrupt.
void pico_clock_interrupt(void);

/// SPI0, with chip select on its pin, at most `baud`.
struct nif_spi *pico_spi(uint32_t baud, uint16_t cs_setup_ns,
    uint16_t cs_recovery_ns);

/// UART1, not configured yet.
struct nif_uart *pico_uart(void);

/// The handler of UART1. Context: interrupt. Linked with pico_uart().
void pico_uart_interrupt(void);

/// 32 bits of noise.
uint32_t pico_random(void);

// ---- what each network chip has (enc28j60.c, w5500.c, espat.c)

/// Joins the driver to its bus and pins. `port` has clock and seed; the name of
/// board and device is to be added, too.
void pico_make(struct board_port *port, const struct nif_hwaddr *hwaddr);

#endif
