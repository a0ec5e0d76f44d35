// SPDX-License-Identifier: MIT
//
// An example of a program that holds a chip model of `nif chip`: it resets an
// ENC28J60 and reads its revision, with nothing but SPI and a clock.

#include "tools/bridge_client/unix.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

// The commands of the data sheet (DS39662, table 4-1).
#define RESET     0xFF
#define SET_ECON1 0x9F
#define READ      0x00

#define ECON1_BANK 0x03
#define EREVID     0x12 // in bank 3

void nif_panic(const char *what)
{
    fprintf(stderr, "bridge-client: %s\n", what);
    exit(1);
}

static void ended(struct bridge *bridge, bool lost)
{
    (void)bridge;
    fprintf(stderr, "bridge-client: %s\n",
        lost ? "nobody answers" : "the run is over");
    exit(lost ? 1 : 0);
}

static int command(struct nif_spi *spi, uint8_t first, uint8_t second,
    size_t len, uint8_t *answer)
{
    const uint8_t tx[] = { first, second };
    uint8_t rx[2] = { 0 };
    int err = nif_spi_transact(spi,
        &(struct nif_spi_seg){ .tx = tx, .rx = rx, .len = len }, 1, 0);

    *answer = rx[1];
    return err;
}

static int read_revision(struct bridge *bridge, uint8_t *revision)
{
    struct nif_spi *spi = bridge_spi(bridge);
    uint8_t none;
    int err = spi ? command(spi, RESET, 0, 1, &none) : NIF_ENODEV;

    nif_clock_delay_us(&bridge->clock, 1000); // errata 2: not less
    if (err == 0) {
        err = command(spi, SET_ECON1, ECON1_BANK, 2, &none);
    }
    return err == 0 ? command(spi, READ | EREVID, 0, 2, revision) : err;
}

int main(int argc, char **argv)
{
    struct bridge bridge;
    struct bridge_unix link;
    uint8_t revision = 0;
    int err;

    if (argc != 2) {
        fputs("usage: bridge-client PATH\n", stderr);
        return 2;
    }
    err = bridge_unix_open(&link, argv[1]);
    if (err == 0) {
        bridge_init(&bridge,
            &(struct bridge_cfg){ .link = &link.link, .ended = ended });
        err = bridge_start(&bridge);
    }
    if (err == 0) {
        err = read_revision(&bridge, &revision);
    }
    if (err != 0) {
        fprintf(stderr, "bridge-client: %s\n", nif_err_text(err));
        return 1;
    }
    printf("%s: revision %u, at %" PRIu64 " us\n", bridge.board.chip, revision,
        nif_clock_now_us(&bridge.clock));
    bridge_stop(&bridge);
    bridge_unix_close(&link);
    return 0;
}
