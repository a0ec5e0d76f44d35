// SPDX-License-Identifier: MIT
//
// LM3S6965EVB with a module with AT firmware at UART1, without flow control and
// without a line to its reset. In QEMU the other end of UART1 is a socket, and
// the model of the module behind it.

#include "espat/espat.h"

#include "boards/target/board.h"
#include "boards/target/cortex_m.h"
#include "boards/target/pl011.h"
#include "boards/target/semihost.h"

#define REG(address) (*(volatile uint32_t *)(address))

#define CLOCK_HZ    12500000u // QEMU's at reset
#define RCGC1       REG(0x400FE104)
#define RCGC2       REG(0x400FE108)
#define RCGC1_UART1 (1u << 1)
#define RCGC2_GPIOD (1u << 3)
#define UART1       0x4000D000u
#define UART1_IRQ   6u

#define RING 1024

// Where datagrams wait of who has no place for them.
#define SPARE 1480

static struct pl011 uart;

void board_make(struct board_port *port, const struct nif_hwaddr *hwaddr)
{
    static struct espat chip;
    static uint8_t ring[RING];
    static uint8_t spare[SPARE];
    static const struct nif_wifi_params wifi = { .ssid = "netif" };

    (void)hwaddr; // the module has its own
    RCGC1 |= RCGC1_UART1;
    RCGC2 |= RCGC2_GPIOD;
    (void)RCGC2; // a few clocks until they run
    port->name = "lm3s6965evb-espat";
    port->clock = cortex_m_clock(CLOCK_HZ);
    port->seed = 1; // the module draws for itself
    port->own_dhcp = true;
    port->wifi = &wifi;
    port->iface = &chip.iface;
    pl011_uart_init(&uart,
        &(struct pl011_cfg){
            .mmio = { .base = UART1 },
            .hz = CLOCK_HZ,
            .clock = port->clock,
            .ring = ring,
            .ring_len = RING,
        });
    espat_init(&chip,
        &(struct espat_cfg){
            .uart = &uart.uart,
            .clock = port->clock,
            .tx = spare,
            .tx_cap = sizeof(spare),
        });
    cortex_m_interrupt(UART1_IRQ);
    cortex_m_interrupts_on();
}

void cortex_m_external(unsigned number)
{
    if (number != UART1_IRQ) {
        board_fault();
    }
    pl011_interrupt(&uart);
}

const char *board_args(char buf[BOARD_ARGS])
{
    return semihost_args(buf, BOARD_ARGS);
}
