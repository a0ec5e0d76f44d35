// SPDX-License-Identifier: MIT
//
// Raspberry Pi Pico and Pico 2: console on UART0, a light, and what the image's
// network chip adds. Nothing here waits for a debugger: the command line is
// that of the build.

#include "pico.h"

#include "board_settings.h"
#include "boards/target/cortex_m.h"
#include "boards/target/pl011.h"

#include <string.h>

#define VTOR PICO_REG(0xE000ED08)
#define BAUD 115200u

extern uint32_t image_vectors[];

static struct nif_mmio uart0 = { .base = PICO_UART0 };
static struct pico_pin led;

// Nothing can be said without clocks: the light is on.
NIF_NORETURN static void halt(void)
{
    (void)pico_output(&led, PICO_LED, true);
    (void)cortex_m_lock();
    for (;;) {
        cortex_m_sleep();
    }
}

void board_init(void)
{
    VTOR = (uint32_t)(uintptr_t)image_vectors;
    if (!pico_start_clocks()) {
        halt();
    }
    (void)pico_output(&led, PICO_LED, false);
    pico_function(PICO_CONSOLE_TX, PICO_UART, false);
    pico_function(PICO_CONSOLE_RX, PICO_UART, true);
    pl011_init(&uart0, PICO_HZ, BAUD);
}

// The ring oscillator's bit depends on the one before it: some are folded to
// one (RP2040 2.17.5).
uint32_t pico_random(void)
{
    uint32_t noise = 0;

    for (unsigned i = 0; i < 32 * 8; i++) {
        noise = (noise << 1 | noise >> 31) ^ (PICO_REG(PICO_RANDOMBIT) & 1);
        for (unsigned n = 0; n < 13; n++) {
            __asm__ volatile("");
        }
    }
    return noise;
}

// An address that nobody else has, as likely as not; another with each start.
static void draw_hwaddr(struct nif_hwaddr *out)
{
    uint32_t noise = pico_random();

    out->byte[0] = 0x02; // locally administered
    out->byte[1] = (uint8_t)(noise >> 8 ^ noise >> 16);
    nif_put_be32(out->byte + 2, noise);
    out->byte[5] |= 1; // main.c takes zero for none
}

void board_make(struct board_port *port, const struct nif_hwaddr *hwaddr)
{
    struct nif_hwaddr own = *hwaddr;

    port->clock = pico_clock();
    port->seed = (uint64_t)pico_random() << 32 | pico_random();
    if (own.byte[5] == 0) {
        draw_hwaddr(&own);
    }
    pico_make(port, &own);
    cortex_m_interrupts_on();
    board_print(port->name);
    board_print("\n");
}

NIF_WEAK void pico_uart_interrupt(void)
{
    board_fault();
}

void cortex_m_external(unsigned number)
{
    switch (number) {
    case PICO_TIMER_IRQ: pico_clock_interrupt(); break;
    case PICO_IO_IRQ: pico_pins_interrupt(); break;
    case PICO_UART1_IRQ: pico_uart_interrupt(); break;
    default: board_fault();
    }
}

const char *board_args(char buf[BOARD_ARGS])
{
    static const char args[] = BOARD_SETTINGS_ARGS;

    _Static_assert(sizeof(args) <= BOARD_ARGS, "NIF_ARGS is too long");
    memcpy(buf, args, sizeof(args));
    return buf;
}

void board_putc(char c)
{
    pl011_putc(&uart0, c);
}

void board_exit(int code)
{
    (void)code; // the console has said it
    halt();
}
