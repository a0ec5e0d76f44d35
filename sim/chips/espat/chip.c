// SPDX-License-Identifier: MIT
//
// The module as a whole: power, boot, its two pins of serial line, and the
// test's face.

#include "sim/chips/espat/model.h"

#include <stdlib.h>

#define ROM_BAUD     74880
#define ROM_AT_NS    (5 * SIM_MS)
#define RESET_MIN_NS (1 * SIM_MS)

static const char rom_text[] =
    "\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)\r\n\r\n"
    "load 0x40100000, len 2592, room 16 \r\ntail 0\r\nchksum 0xf3\r\n"
    "load 0x3ffe8000, len 764, room 8 \r\ntail 4\r\nchksum 0x92\r\n"
    "csum 0x92\r\n";

static struct espat *of(struct sim_uart_chip *uart)
{
    return nif_container_of(uart, struct sim_espat, uart)->in;
}

// ---- what is set up

void espat__factory(struct espat *e, struct espat_settings *to)
{
    const uint8_t *mac = e->chip->cfg.mac;

    *to = (struct espat_settings){
        .mode = e->dialect->nonos ? 2 : 0,
        .dhcp = 3,
        .autoconn = true,
        .baud = 115200,
        .ap_channel = 1,
        .ap_max = 4,
        .ap_ip = { .ip = nif_ip4(192, 168, 4, 1),
            .prefix_len = 24,
            .gateway = nif_ip4(192, 168, 4, 1) },
    };
    snprintf(to->ap_ssid, sizeof(to->ap_ssid), "ESP_%02X%02X%02X", mac[3],
        mac[4], mac[5]);
}

void espat__store(struct espat *e)
{
    size_t len = strlen(e->args.name);
    bool store = e->dialect->nonos
        ? len < 4 || strcmp(e->args.name + len - 4, "_CUR") != 0
        : e->sysstore;

    if (store) {
        uint32_t baud = e->flash.baud;

        e->flash = e->now;
        e->flash.baud = baud;
        e->chip->flash_writes++;
    }
}

// ---- power and boot

// All that runs ends, without a word.
void espat__stop(struct espat *e)
{
    sim_event_cancel(e->world, &e->timer);
    sim_event_cancel(e->world, &e->send_timer);
    espat__wifi_end(e);
    espat__links_reset(e);
    if (e->chip->uart.bus) {
        sim_uart_chip_reset(&e->chip->uart);
    }
    e->pending = PENDING_NONE;
    e->next_baud = 0;
    e->rom = false;
    e->line_len = 0;
    e->line_long = false;
    e->line_cr = false;
}

static void forget(struct espat *e)
{
    e->echo = true;
    e->syslog = false;
    e->sysmsg = 0;
    e->sysstore = true;
    e->storm_ns = 0;
    e->mux = false;
    e->dinfo = false;
    e->server_max = LINKS;
    e->sto_s = 180;
    e->reconn_s = 1;
    e->lap_mask = 0x7FF;
    e->dns_manual = false;
    e->tls_size = 0;
    memset(e->tls_auth, 0, sizeof(e->tls_auth));
    e->hostname[0] = '\0';
    e->flow_rts = false;
    e->flow_cts = false;
    e->now = e->flash;
}

static void set_rate(struct espat *e, uint32_t baud)
{
    sim_uart_chip_set(&e->chip->uart, baud, false, false);
}

// What the ROM, or a fault, says before the firmware does.
static void say_noise(struct espat *e, const char *text)
{
    const struct sim_espat_fault *f = espat__hit(e, SIM_ESPAT_F_GARBAGE);

    if (!e->chip->uart.bus) {
        return;
    }
    if (text) {
        sim_uart_chip_send(&e->chip->uart, text, strlen(text));
    }
    for (uint32_t i = 0; f && i < f->value; i++) {
        static const uint8_t some[] = { 0x00, 0xFF, '\r', '\n' };
        uint8_t byte =
            i < sizeof(some) ? some[i] : sim_noise(e->world, i ^ 1u << 20);

        sim_uart_chip_send(&e->chip->uart, &byte, 1);
    }
    if (e->dialect->rom_text) {
        e->rom = true;
        if (sim_uart_chip_queued(&e->chip->uart) == 0) {
            set_rate(e, ROM_BAUD);
        }
        sim_uart_chip_send(&e->chip->uart, rom_text, sizeof(rom_text) - 1);
    }
}

void espat__boot(struct espat *e, const char *text)
{
    const struct sim_espat_fault *late = espat__hit(e, SIM_ESPAT_F_LATE_READY);

    espat__stop(e);
    forget(e);
    e->state = STATE_BOOT;
    if (e->chip->uart.bus) {
        set_rate(e, e->flash.baud);
    }
    say_noise(e, text);
    sim_event_at(e->world, &e->timer,
        e->world->now_ns + e->chip->cfg.boot_ms * SIM_MS +
            (late ? late->value * SIM_MS : 0));
}

static void on_timer(struct sim_event *event)
{
    struct espat *e = nif_container_of(event, struct espat, timer);

    if (e->state != STATE_BOOT) {
        espat__execute(e);
        return;
    }
    if (e->rom) { // it was longer than the boot: not in this world
        e->rom = false;
        set_rate(e, e->flash.baud);
    }
    e->state = STATE_IDLE;
    e->chip->boot_count++;
    if (!espat__hit(e, SIM_ESPAT_F_NO_READY)) {
        espat__say(e, "\r\nready\r\n");
    }
    espat__wifi_begin(e);
}

static void on_enable(struct sim_pin *pin, void *arg, bool level)
{
    struct espat *e = arg;

    (void)pin;
    if (!level) {
        sim_event_cancel(e->world, &e->power);
        espat__stop(e);
        e->state = STATE_OFF;
        e->stuck = false;
        e->enable_low_ns = e->world->now_ns;
        return;
    }
    if (e->world->now_ns - e->enable_low_ns < RESET_MIN_NS) {
        sim_complain(e->world, e->chip->cfg.name,
            "EN was low for less than 1 ms");
    }
    espat__boot(e, NULL);
}

// ---- the line's end

static bool uart_received(struct sim_uart_chip *uart, uint8_t byte,
    unsigned errors)
{
    struct espat *e = of(uart);

    (void)errors; // it takes what it gets
    if (e->stalled) {
        return false;
    }
    if (!e->stuck) {
        espat__byte(e, byte);
        espat__inject(e, SIM_ESPAT_AT_INPUT, e->chip->in_count);
    }
    e->chip->in_count++;
    return true;
}

static void uart_drained(struct sim_uart_chip *uart)
{
    struct espat *e = of(uart);

    if (e->rom) {
        e->rom = false;
        set_rate(e, e->flash.baud);
    } else if (e->next_baud != 0 && e->state != STATE_EXEC) {
        espat__switch_rate(e);
    } else if (e->state != STATE_OFF && e->state != STATE_BOOT) {
        // What had stalled for want of room goes on.
        espat__net_kick(&e->net[0]);
        espat__net_kick(&e->net[1]);
    }
}

static const struct sim_uart_chip_ops uart_ops = {
    .received = uart_received,
    .drained = uart_drained,
};

// ---- beginning and end

static void on_stall(struct sim_event *event)
{
    struct espat *e = nif_container_of(event, struct espat, stall);

    e->stalled = false;
    sim_uart_chip_resume(&e->chip->uart);
}

static void fill_cfg(struct sim_espat_cfg *cfg, const struct espat_dialect *d)
{
    static const uint8_t mac[6] = { 2, 0, 0, 0, 0xE5, 2 };
    static const uint8_t none[6];

    cfg->name = cfg->name ? cfg->name : "espat";
    cfg->exec_us = cfg->exec_us ? cfg->exec_us : 5000;
    cfg->boot_ms = cfg->boot_ms ? cfg->boot_ms : d->boot_ms;
    cfg->tls_ms = cfg->tls_ms ? cfg->tls_ms : 1500;
    if (memcmp(cfg->mac, none, 6) == 0) {
        memcpy(cfg->mac, mac, 6);
    }
}

void sim_espat_init(struct sim_espat *chip, struct sim_world *world,
    const struct sim_espat_cfg *cfg)
{
    struct espat *e = calloc(1, sizeof(*e));

    NIF_ASSERT(e != NULL && cfg->air != NULL);
    *chip = (struct sim_espat){
        .uart = { .ops = &uart_ops, .world = world },
        .world = world,
        .cfg = *cfg,
        .in = e,
    };
    e->chip = chip;
    e->world = world;
    e->dialect = &espat__dialects[cfg->firmware];
    fill_cfg(&chip->cfg, e->dialect);
    e->timer.fn = on_timer;
    e->stall.fn = on_stall;
    e->send_timer.fn = espat__send_event;
    espat__factory(e, &e->flash);
    if (cfg->stored_ssid) {
        e->flash.mode = 1;
        snprintf(e->flash.ssid, sizeof(e->flash.ssid), "%s", cfg->stored_ssid);
        snprintf(e->flash.passphrase, sizeof(e->flash.passphrase), "%s",
            cfg->stored_passphrase ? cfg->stored_passphrase : "");
    }
    e->flash.baud = cfg->stored_baud ? cfg->stored_baud : 115200;
    espat__net_init(e);
    // The line is joined behind this: the ROM speaks a moment later.
    e->state = STATE_OFF;
    e->power.fn = espat__power;
    sim_event_at(world, &e->power, world->now_ns + ROM_AT_NS);
}

void espat__power(struct sim_event *event)
{
    espat__boot(nif_container_of(event, struct espat, power), NULL);
}

void sim_espat_done(struct sim_espat *chip)
{
    struct espat *e = chip->in;

    espat__stop(e);
    espat__net_done(e);
    sim_event_cancel(e->world, &e->power);
    sim_event_cancel(e->world, &e->stall);
    if (e->enable) {
        e->enable->on_write = NULL;
    }
    free(e);
    chip->in = NULL;
}

void sim_espat_pins(struct sim_espat *chip, struct sim_pin *enable)
{
    chip->in->enable = enable;
    if (enable) {
        enable->on_write = on_enable;
        enable->write_arg = chip->in;
    }
}

bool sim_espat_online(const struct sim_espat *chip)
{
    return chip->in->joined && chip->in->got_ip;
}
