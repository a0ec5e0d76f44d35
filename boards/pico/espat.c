// SPDX-License-Identifier: MIT
//
// Pico and a module with AT firmware: UART1 and EN. The network that it joins
// is that of the build.

#include "espat/espat.h"

#include "board_settings.h"
#include "pico.h"

#define BAUD      921600u
#define BAUD_BARE 115200u // without flow control

// Where datagrams wait of who has no place for them.
#define SPARE 1480

void pico_make(struct board_port *port, const struct nif_hwaddr *hwaddr)
{
    static struct espat chip;
    static uint8_t spare[SPARE];
    static struct pico_pin enable;
    static struct nif_wifi_params wifi = {
        .ssid = BOARD_SETTINGS_SSID,
        .passphrase = BOARD_SETTINGS_PASSPHRASE,
    };

    (void)hwaddr; // the module has its own
    espat_init(&chip,
        &(struct espat_cfg){
            .uart = pico_uart(),
            .clock = port->clock,
            .reset = pico_output(&enable, PICO_CHIP_EN, true),
            .baud = BOARD_SETTINGS_RTS_CTS ? BAUD : BAUD_BARE,
            .rts_cts = BOARD_SETTINGS_RTS_CTS,
            .tx = spare,
            .tx_cap = sizeof(spare),
        });
    port->name = PICO_NAME "-espat";
    port->iface = &chip.iface;
    port->own_dhcp = true;
    if (wifi.ssid[0] == '\0') {
        board_print("board: no network to join: build it with "
                    "-DNIF_WIFI_SSID=NAME\n");
    }
    if (wifi.passphrase[0] == '\0') {
        wifi.passphrase = NULL; // an open network
    }
    port->wifi = &wifi;
}
