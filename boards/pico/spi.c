// SPDX-License-Identifier: MIT
//
// RP2040 and RP2350: SPI0, with chip select as a pin of the program's own: the
// port would raise it between two bytes.

#include "pico.h"

#include "boards/target/pl022.h"

struct nif_spi *pico_spi(uint32_t baud, uint16_t cs_setup_ns,
    uint16_t cs_recovery_ns)
{
    static struct pl022 port;
    static struct pico_pin cs;

    pico_function(PICO_SPI0_RX, PICO_SPI, true);
    pico_function(PICO_SPI0_SCK, PICO_SPI, false);
    pico_function(PICO_SPI0_TX, PICO_SPI, false);
    pl022_init(&port,
        &(struct pl022_cfg){
            .mmio = { .base = PICO_SPI0 },
            .hz = PICO_HZ,
            .cpu_hz = PICO_HZ,
            .baud = baud,
            .cs = pico_output(&cs, PICO_SPI0_CS, true),
            .cs_setup_ns = cs_setup_ns,
            .cs_recovery_ns = cs_recovery_ns,
        });
    return &port.spi;
}
