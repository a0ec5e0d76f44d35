// SPDX-License-Identifier: MIT
//
// Pico and an ENC28J60: SPI0, /INT, /RESET.

#include "enc28j60/enc28j60.h"

#include "pico.h"

#define BAUD  20000000u // table 16-6 of its data sheet: the most
#define CS_NS 50u       // from select to clock, and between two

void pico_make(struct board_port *port, const struct nif_hwaddr *hwaddr)
{
    static struct enc28j60 chip;
    static struct pico_pin interrupt;
    static struct pico_pin reset;

    enc28j60_init(&chip,
        &(struct enc28j60_cfg){
            .spi = pico_spi(BAUD, CS_NS, CS_NS),
            .clock = port->clock,
            .interrupt = pico_input(&interrupt, PICO_CHIP_INT),
            .reset = pico_output(&reset, PICO_CHIP_RESET, true),
            .hwaddr = *hwaddr,
        });
    port->name = PICO_NAME "-enc28j60";
    port->iface = &chip.iface;
}
