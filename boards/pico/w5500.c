// SPDX-License-Identifier: MIT
//
// Pico and a W5500, as on WIZnet's W5500-EVB-Pico: SPI0, INTn, RSTn. The
// sockets are the chip's.

#include "w5500/w5500.h"

#include "pico.h"

#define BAUD  33333333u // what its data sheet guarantees
#define CS_NS 5u        // SCSn: set-up, and high between two

void pico_make(struct board_port *port, const struct nif_hwaddr *hwaddr)
{
    static struct w5500 chip;
    static struct pico_pin interrupt;
    static struct pico_pin reset;

    w5500_init(&chip,
        &(struct w5500_cfg){
            .spi = pico_spi(BAUD, CS_NS, CS_NS),
            .clock = port->clock,
            .interrupt = pico_input(&interrupt, PICO_CHIP_INT),
            .reset = pico_output(&reset, PICO_CHIP_RESET, true),
            .seed = port->seed,
            .hwaddr = *hwaddr,
        });
    port->name = PICO_NAME "-w5500";
    port->iface = &chip.chip.iface;
}
