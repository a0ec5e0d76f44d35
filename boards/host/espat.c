// SPDX-License-Identifier: MIT
//
// A board with an ESP-AT module: a serial line with RTS and CTS, its reset
// line, and in the air the access point that it is to join.

#include "espat/espat.h"
#include "boards/host/host.h"
#include "sim/bus/uart_fault.h"
#include "sim/chips/espat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAUD 921600u

// Without flow control more is lost than it is worth.
#define BAUD_BARE 115200u

// Where datagrams wait of who has no place for them.
#define SPARE 1480

struct part {
    struct sim_air air;
    struct sim_ap ap;
    struct sim_espat model;
    struct sim_uart bus;
    struct sim_uart_fault fault;
    struct sim_pin enable;
    struct espat driver;
    uint8_t spare[SPARE];
    unsigned occasions; // kinds of faults that the model was given
};

static struct part *of(struct host_board *board)
{
    return board->part;
}

static const struct {
    const char *name;
    enum sim_espat_firmware firmware;
} dialects[] = {
    { "1.7", SIM_ESPAT_1_7 },
    { "2.0", SIM_ESPAT_2_0 },
    { "2.1", SIM_ESPAT_2_1 },
    { "2.2", SIM_ESPAT_2_2 },
    { "2.4", SIM_ESPAT_2_4 },
    { "3.3", SIM_ESPAT_3_3 },
    { "4.1", SIM_ESPAT_4_1 },
};

// The newest is the last.
static size_t dialect_of(const char *name)
{
    size_t i = nif_countof(dialects) - 1;

    while (name && i < nif_countof(dialects) &&
        strcmp(dialects[i].name, name) != 0) {
        i--; // from 0 to SIZE_MAX: none
    }
    return i;
}

static enum sim_security security_of(const struct host_board_cfg *cfg)
{
    switch (cfg->security) {
    case NIF_WIFI_OPEN: return SIM_OPEN;
    case NIF_WIFI_WPA: return SIM_WPA;
    case NIF_WIFI_WPA2_MIXED: return SIM_WPA_WPA2;
    case NIF_WIFI_WPA3: return SIM_WPA3;
    case NIF_WIFI_AUTO: return cfg->passphrase ? SIM_WPA2 : SIM_OPEN;
    case NIF_WIFI_WPA2:
    default: return SIM_WPA2;
    }
}

static void make_air(struct host_board *board, struct part *part)
{
    sim_air_init(&part->air, board->world);
    sim_ap_init(&part->ap, &part->air,
        &(struct sim_ap_cfg){
            .ssid = board->wifi.ssid,
            .passphrase = board->wifi.passphrase,
            .security = security_of(&board->cfg),
            .bssid = { 2, 0, 0, 0, 0xA9, board->cfg.number },
        });
    board->port = &part->ap.nic.port;
    board->ap = &part->ap;
}

static void make_chip(struct host_board *board, struct part *part,
    enum sim_espat_firmware firmware, struct espat_cfg *driver)
{
    const struct host_board_cfg *cfg = &board->cfg;

    make_air(board, part);
    sim_espat_init(&part->model, board->world,
        &(struct sim_espat_cfg){
            .firmware = firmware,
            .air = &part->air,
            .mac = { 2, 0, 0, 0, 0xE5, (uint8_t)(cfg->number * 2 + 2) },
        });
    sim_pin_init(&part->enable, &board->cpu, "espat.en", true);
    sim_espat_pins(&part->model, &part->enable);
    sim_uart_init(&part->bus, &board->cpu,
        cfg->absent ? NULL : &part->model.uart,
        &(struct sim_uart_cfg){
            .name = "espat",
            .rx_cap = 1024,
            .no_flow = cfg->no_rts_cts,
            .polled = cfg->polling,
        });
    if (cfg->trace) {
        sim_uart_record(&part->bus, cfg->trace, "espat");
        sim_pin_record(cfg->trace, &part->enable);
    }
    sim_uart_fault_init(&part->fault, &board->cpu, &part->bus.uart);
    driver->uart = &part->fault.uart;
    driver->reset = &part->enable.pin;
    board->seams.uart = driver->uart;
    board->seams.pins[0] = &part->enable;
}

static int make(struct host_board *board, char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    size_t dialect = dialect_of(cfg->dialect);
    struct espat_cfg driver = {
        .clock = &board->cpu.clock,
        .baud = cfg->baud,
        .rts_cts = !cfg->no_rts_cts,
        .active = cfg->active,
        .poll_us = cfg->polling ? 1000 : 0,
        .tx_cap = SPARE,
    };
    struct part *part;

    if (dialect >= nif_countof(dialects)) {
        snprintf(why, HOST_WHY,
            "there is no firmware '%s' here: 1.7, 2.0, 2.1, 2.2, 2.4, 3.3, "
            "4.1",
            cfg->dialect);
        return -1;
    }
    if (cfg->replay) {
        snprintf(why, HOST_WHY, "a recording cannot play this chip");
        return -1;
    }
    if (cfg->revision || cfg->bus_hz || cfg->half_duplex || cfg->compat) {
        snprintf(why, HOST_WHY,
            "--revision, --spi-hz, --half-duplex and --compat say nothing to "
            "a module on a serial line");
        return -1;
    }
    part = calloc(1, sizeof(*part));
    NIF_ASSERT(part != NULL);
    board->part = part;
    if (driver.baud == 0) {
        driver.baud = cfg->no_rts_cts ? BAUD_BARE : BAUD;
    }
    driver.tx = part->spare;
    make_chip(board, part, dialects[dialect].firmware, &driver);
    espat_init(&part->driver, &driver);
    board->iface = &part->driver.iface;
    board->revision = dialects[dialect].name;
    return 0;
}

static void done(struct host_board *board)
{
    struct part *part = of(board);

    sim_espat_done(&part->model);
    sim_uart_done(&part->bus);
    sim_ap_done(&part->ap);
    sim_air_done(&part->air);
    free(part);
    board->part = NULL;
}

// ---- the test face

static void reset(struct host_board *board)
{
    sim_espat_reboot(&of(board)->model, NULL);
}

static void switch_ap(struct host_board *board, bool up)
{
    sim_ap_switch(&of(board)->ap, up);
}

static void bus_fault(struct host_board *board, enum host_fault kind,
    uint64_t at)
{
    struct sim_uart_fault *wrap = &of(board)->fault;
    struct sim_fault fault = { .at = wrap->rx_count + at, .count = UINT64_MAX };

    sim_uart_fault_clear(wrap);
    of(board)->model.lenient = true; // it hears the end of what was cut
    switch (kind) {
    case HOST_FAULT_NONE: return;
    case HOST_FAULT_ZEROS: fault.kind = SIM_FAULT_RX_STUCK; break;
    case HOST_FAULT_ONES:
        fault.kind = SIM_FAULT_RX_STUCK;
        fault.value = 0xFF;
        break;
    case HOST_FAULT_NOISE: fault.kind = SIM_FAULT_RX_NOISE; break;
    case HOST_FAULT_ONE_NOISE: // a bit of it
        fault.kind = SIM_FAULT_RX_FLIP;
        fault.value = 0x10;
        fault.count = 1;
        break;
    case HOST_FAULT_ERROR:
        fault.kind = SIM_FAULT_READ_EIO;
        fault.at = wrap->reads + at;
        break;
    case HOST_FAULT_ONE_ERROR:
        fault.kind = SIM_FAULT_READ_EIO;
        fault.at = wrap->reads + at;
        fault.count = 1;
        break;
    }
    sim_uart_fault_add(wrap, &fault);
}

// Three times from the first time on; there is no room for more of them.
static void occasion(struct host_board *board, enum sim_espat_fault_kind kind,
    uint32_t value)
{
    struct part *part = of(board);

    if ((part->occasions >> kind & 1) == 0) {
        part->occasions |= 1u << kind;
        sim_espat_fault(&part->model,
            &(struct sim_espat_fault){
                .kind = kind,
                .count = 3,
                .value = value,
            });
    }
}

static void delay_send_ok(struct host_board *board)
{
    occasion(board, SIM_ESPAT_F_SEND_LATE, 3000);
}

static void lose_send_ok(struct host_board *board)
{
    occasion(board, SIM_ESPAT_F_NO_SEND_OK, 0);
}

static void lose_notice(struct host_board *board)
{
    occasion(board, SIM_ESPAT_F_NO_IPD, 0);
}

static void lose_end(struct host_board *board)
{
    occasion(board, SIM_ESPAT_F_END_LOST, 0);
}

static void take_slowly(struct host_board *board)
{
    occasion(board, SIM_ESPAT_F_SLOW, 500);
}

static void storm(struct host_board *board)
{
    sim_espat_storm(&of(board)->model, 2 * SIM_S);
}

static void stall(struct host_board *board)
{
    sim_espat_stall(&of(board)->model, 20 * SIM_MS);
}

// Its clock was set, which nobody has asked for.
static void say_line(struct host_board *board)
{
    sim_espat_say(&of(board)->model, "+TIME_UPDATED\r\n");
}

static void renew_lease(struct host_board *board)
{
    if (sim_espat_online(&of(board)->model)) {
        sim_espat_say(&of(board)->model, "WIFI GOT IP\r\n");
    }
}

static const struct host_stimulus stimuli[] = {
    { .name = "late-send-ok", .fn = delay_send_ok },
    { .name = "lost-send-ok", .fn = lose_send_ok },
    { .name = "lost-notice", .fn = lose_notice },
    { .name = "lost-end", .fn = lose_end },
    { .name = "slow-command", .fn = take_slowly },
    { .name = "busy", .fn = storm },
    { .name = "stall", .fn = stall },
    { .name = "stray-line", .fn = say_line },
    { .name = "new-lease", .fn = renew_lease },
    { .name = NULL },
};

const struct host_chip host_espat = {
    .name = "espat",
    .about = "Wi-Fi module with Espressif's AT firmware, UART, five sockets",
    .bits_per_s = 100000000,
    .own_dhcp = true,
    .make = make,
    .done = done,
    .reset = reset,
    .link = switch_ap,
    .bus_fault = bus_fault,
    .stimuli = stimuli,
};
