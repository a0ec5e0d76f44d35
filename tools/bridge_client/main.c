// SPDX-License-Identifier: MIT
//
// An example of a program that holds a chip model of `nif chip`: it asks the
// chip what it is, with nothing but its bus, a pin and a clock.

#include "tools/bridge_client/unix.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

// ---- SPI

// One transaction: `len` bytes each way.
static int exchange(struct bridge *bridge, const uint8_t *tx, uint8_t *rx,
    size_t len)
{
    struct nif_spi *spi = bridge_spi(bridge);

    return spi
        ? nif_spi_transact(spi,
              &(struct nif_spi_seg){ .tx = tx, .rx = rx, .len = len }, 1, 0)
        : NIF_ENODEV;
}

// ENC28J60 (DS39662, table 4-1): reset, bank 3, EREVID.
static int ask_enc28j60(struct bridge *bridge, char *text, size_t cap)
{
    static const uint8_t reset[] = { 0xFF };
    static const uint8_t bank[] = { 0x9F, 0x03 };
    static const uint8_t read[] = { 0x12, 0 };
    uint8_t rx[2] = { 0 };
    int err = exchange(bridge, reset, rx, sizeof(reset));

    nif_clock_delay_us(&bridge->clock, 1000); // errata 2: not less
    if (err == 0) {
        err = exchange(bridge, bank, rx, sizeof(bank));
    }
    if (err == 0) {
        err = exchange(bridge, read, rx, sizeof(read));
    }
    snprintf(text, cap, "revision %u", rx[1]);
    return err;
}

// W5500 (data sheet 2.2 and 4.1): VERSIONR, of the common registers.
static int ask_w5500(struct bridge *bridge, char *text, size_t cap)
{
    static const uint8_t read[] = { 0x00, 0x39, 0x00, 0 };
    uint8_t rx[4] = { 0 };
    int err;

    nif_clock_delay_us(&bridge->clock, 1000); // until its clock runs: 5.5.1
    err = exchange(bridge, read, rx, sizeof(read));
    snprintf(text, cap, "version %u", rx[3]);
    return err;
}

// ---- MDIO

// Any PHY (clause 22): its identifier, at the first address that answers.
static int ask_phy(struct bridge *bridge, char *text, size_t cap)
{
    struct nif_mdio *mdio = bridge_mdio(bridge);

    for (uint8_t phy = 0; mdio && phy < 32; phy++) {
        int high = mdio->ops->read(mdio, phy, 2);
        int low = mdio->ops->read(mdio, phy, 3);

        if (high < 0 || low < 0) {
            return high < 0 ? high : low;
        }
        if (high != 0xFFFF) {
            snprintf(text, cap, "PHY %u is %04x:%04x", phy, (unsigned)high,
                (unsigned)low);
            return 0;
        }
    }
    return NIF_ENODEV;
}

// ---- a serial line

// Reads for so long, and keeps the last of it.
static int hear(struct bridge *bridge, char *text, size_t cap, uint32_t us)
{
    struct nif_uart *uart = bridge_uart(bridge);
    uint64_t until_us = nif_clock_now_us(&bridge->clock) + us;
    size_t len = 0;

    while (nif_clock_now_us(&bridge->clock) < until_us) {
        uint8_t byte;
        int n = uart->ops->read(uart, &byte, 1);

        if (n < 0) {
            return n;
        }
        if (n == 0) {
            nif_clock_wait(&bridge->clock, until_us);
        } else if (byte >= ' ') {
            if (len + 1 == cap) {
                memmove(text, text + 1, --len);
            }
            text[len++] = (char)byte;
            text[len] = '\0';
        }
    }
    return 0;
}

// ESP-AT: "AT", and its answer. It is reset, and has three seconds to boot.
static int ask_espat(struct bridge *bridge, char *text, size_t cap)
{
    struct nif_uart *uart = bridge_uart(bridge);
    struct nif_pin *enable = bridge_pin(bridge, "espat.en");
    int err;

    if (!uart || !enable) {
        return NIF_ENODEV;
    }
    err = uart->ops->configure(uart, 115200, false);
    nif_pin_write(enable, false);
    nif_clock_delay_us(&bridge->clock, 10000);
    nif_pin_write(enable, true);
    if (err == 0) {
        err = hear(bridge, text, cap, 3000000);
    }
    if (err == 0 && uart->ops->write(uart, (const uint8_t *)"AT\r\n", 4) != 4) {
        err = NIF_EIO;
    }
    *text = '\0';
    return err == 0 ? hear(bridge, text, cap, 100000) : err;
}

static const struct {
    const char *chip;
    int (*ask)(struct bridge *bridge, char *text, size_t cap);
} chips[] = {
    { "enc28j60", ask_enc28j60 },
    { "w5500", ask_w5500 },
    { "w5500-raw", ask_w5500 },
    { "lan8720", ask_phy },
    { "espat", ask_espat },
};

static int ask(struct bridge *bridge, char *text, size_t cap)
{
    for (size_t i = 0; i < nif_countof(chips); i++) {
        if (strcmp(bridge->board.chip, chips[i].chip) == 0) {
            return chips[i].ask(bridge, text, cap);
        }
    }
    return NIF_ENOTSUP;
}

int main(int argc, char **argv)
{
    struct bridge bridge = { .why = "" };
    struct bridge_unix link;
    char text[40] = "";
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
        err = ask(&bridge, text, sizeof(text));
    }
    if (err != 0) {
        fprintf(stderr, "bridge-client: %s%s%s\n", nif_err_text(err),
            bridge.why[0] != '\0' ? ": " : "", bridge.why);
        return 1;
    }
    printf("%s: %s, at %" PRIu64 " us\n", bridge.board.chip, text,
        nif_clock_now_us(&bridge.clock));
    bridge_stop(&bridge);
    bridge_unix_close(&link);
    return 0;
}
