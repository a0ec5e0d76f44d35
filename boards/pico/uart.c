// SPDX-License-Identifier: MIT
//
// RP2040 and RP2350: UART1, for a module with AT commands.

#include "pico.h"

#include "boards/target/cortex_m.h"
#include "boards/target/pl011.h"

// 5 ms at 921600 baud: as long as the program may be elsewhere without RTS.
#define RING 512

static struct pl011 port;

void pico_uart_interrupt(void)
{
    pl011_interrupt(&port);
}

struct nif_uart *pico_uart(void)
{
    static uint8_t ring[RING];

    pico_function(PICO_UART1_TX, PICO_UART, false);
    pico_function(PICO_UART1_RX, PICO_UART, true);
    pico_function(PICO_UART1_CTS, PICO_UART, true);
    pico_function(PICO_UART1_RTS, PICO_UART, false);
    pl011_uart_init(&port,
        &(struct pl011_cfg){
            .mmio = { .base = PICO_UART1 },
            .hz = PICO_HZ,
            .clock = pico_clock(),
            .ring = ring,
            .ring_len = RING,
            .rts_cts = true,
        });
    cortex_m_interrupt(PICO_UART1_IRQ);
    return &port.uart;
}
