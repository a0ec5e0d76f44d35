// SPDX-License-Identifier: MIT
//
// From a module in any state to one that is ours: reset, rate, version,
// settings. And the way back there when it is lost.

#include "internal.h"

#include <string.h>

// EN needs 1 ms; until "ready" comes 0.3 to 1.2 s pass as a rule.
#define PULSE_US 20000u
#define BOOT_US  5000000u

// From an attempt that failed to the next.
#define BACKOFF_US 1000000u

// A rate counts from the end of the answer at the old one.
#define SWITCH_US 100000u

// Questions at one rate; and in all, in one attempt.
#define PROBES_RATE 5u
#define PROBES_ALL  20u

// What the longest payload can still want.
#define FILL 8192u

// Attempts to give a command that must work, and more of one that may.
#define MUST  3u
#define TRIES 3u

void at__notify(struct espat *chip, enum nif_event event)
{
    if (chip->event_fn != NULL) {
        chip->event_fn(chip->event_arg, &chip->iface, event);
    }
}

// ---- the rate

static bool has_two_rates(const struct espat *chip)
{
    return chip->cfg.baud != chip->cfg.boot_baud || chip->cfg.rts_cts;
}

static int set_rate(struct espat *chip, bool fast)
{
    const struct espat_cfg *cfg = &chip->cfg;

    chip->fast = fast;
    at__forget_input(chip);
    return cfg->uart->ops->configure(cfg->uart,
        fast ? cfg->baud : cfg->boot_baud, fast && cfg->rts_cts);
}

// ---- the way

static void enter(struct espat *chip, enum espat_phase phase, uint32_t us)
{
    chip->phase = (uint8_t)phase;
    chip->phase_us = nif_clock_now_us(chip->cfg.clock) + us;
    chip->tries = 0;
}

static void drive_reset(struct espat *chip, bool level)
{
    if (chip->cfg.reset != NULL) {
        nif_pin_write(chip->cfg.reset, level);
    }
}

static void lose(struct espat *chip, int err)
{
    if (chip->phase == ESPAT_READY) {
        chip->stats.lost++;
    }
    at__forget_command(chip);
    at__forget_input(chip);
    at__lose_links(chip, NIF_ERESET);
    at__lose_radio(chip, err);
    chip->server_on = false;
    chip->actives = 0;
}

void at__restart(struct espat *chip, int fault, bool reset)
{
    bool pin = chip->cfg.reset != NULL;

    lose(chip, fault != 0 ? fault : NIF_EIO);
    chip->fault = fault;
    chip->todo = ESPAT_TODO_SETUP;
    if (chip->listener != NULL) {
        chip->todo |= ESPAT_TODO_ROOM | ESPAT_TODO_LISTEN | ESPAT_TODO_IDLE;
    }
    if (!reset || pin) {
        chip->todo &= ~(uint32_t)ESPAT_TODO_RESET;
        chip->fast = false;
    }
    // Not every port can have every rate.
    if (!has_two_rates(chip) || set_rate(chip, true) != 0) {
        chip->todo &= ~(uint32_t)ESPAT_TODO_BAUD;
    }
    (void)set_rate(chip, false);
    if (reset && pin) {
        drive_reset(chip, false);
        enter(chip, ESPAT_PULSE, PULSE_US);
    } else {
        enter(chip, ESPAT_PROBE, 0);
    }
}

void at__back_off(struct espat *chip)
{
    enter(chip, ESPAT_PULSE, BACKOFF_US);
}

void at__stop(struct espat *chip)
{
    static const char leave[] = "AT+CWQAP\r\n";
    const struct nif_uart_ops *ops = chip->cfg.uart->ops;

    // Without the pin this must do, if it hears it.
    if (chip->phase == ESPAT_READY && chip->cfg.reset == NULL &&
        chip->stage == ESPAT_IDLE) {
        (void)ops->write(chip->cfg.uart, (const uint8_t *)leave,
            sizeof(leave) - 1);
    }
    lose(chip, NIF_EIO);
    chip->wifi = (struct nif_wifi_status){ .state = NIF_WIFI_IDLE };
    chip->todo = 0;
    chip->fault = 0;
    drive_reset(chip, false);
    chip->phase = ESPAT_OFF;
}

// This attempt is over; the next begins after a pause.
static void give_up(struct espat *chip)
{
    int fault = chip->fault;

    if (fault == 0) {
        fault = chip->alive ? NIF_ETIMEDOUT : NIF_ENODEV;
    }
    chip->failed++;
    at__restart(chip, fault, true);
    at__back_off(chip);
}

void at__on_ready(struct espat *chip)
{
    switch (chip->phase) {
    case ESPAT_BOOT:
        chip->alive = true;
        enter(chip, ESPAT_PROBE, 0);
        break;
    case ESPAT_SETUP:
    case ESPAT_READY:
        if (chip->command == &at__reset) {
            at__forget_command(chip);
            (void)set_rate(chip, false);
            enter(chip, ESPAT_PROBE, 0);
        } else {
            at__restart(chip, NIF_EIO, false);
        }
        break;
    default: break;
    }
}

void at__on_silence(struct espat *chip, uint64_t now_us)
{
    bool switched = chip->victim == &at__baud;

    at__forget_command(chip);
    if (switched) { // but has not said so
        (void)set_rate(chip, true);
        enter(chip, ESPAT_PROBE, 0);
        return;
    }
    if (chip->phase > ESPAT_PROBE) {
        at__restart(chip, NIF_EIO, true);
        return;
    }
    if (++chip->tries >= PROBES_ALL) {
        give_up(chip);
        return;
    }
    if (chip->tries % PROBES_RATE == 0 && has_two_rates(chip)) {
        (void)set_rate(chip, !chip->fast);
    }
    // It may wait for the rest of what it was to send before we started.
    if (chip->tries == PROBES_ALL / 2 && chip->cfg.reset == NULL) {
        chip->fill = FILL;
        chip->stage = ESPAT_FILL;
        chip->until_us = now_us + BACKOFF_US;
    }
}

static void settle(struct espat *chip)
{
    chip->phase = ESPAT_READY;
    chip->check_us = chip->phase_us;
    if (chip->fault != 0) {
        chip->fault = 0;
        chip->stats.restarted++;
        at__notify(chip, NIF_EVENT_RESTARTED);
    }
}

const struct espat_command *at__next_setup(struct espat *chip, uint64_t now_us)
{
    const struct espat_command *command = NULL;

    switch (chip->phase) {
    case ESPAT_PULSE:
        if (now_us >= chip->phase_us) {
            at__forget_input(chip);
            drive_reset(chip, true);
            if (chip->cfg.reset != NULL) {
                enter(chip, ESPAT_BOOT, BOOT_US);
            } else {
                enter(chip, ESPAT_PROBE, 0);
            }
        }
        break;
    case ESPAT_BOOT:
        if (now_us >= chip->phase_us) {
            enter(chip, ESPAT_PROBE, 0);
        }
        break;
    case ESPAT_PROBE: command = &at__probe; break;
    case ESPAT_SETUP:
        command = at__next_todo(chip);
        if (command == NULL) {
            settle(chip);
        }
        break;
    default: break;
    }
    return command;
}

// ---- commands

static void write_probe(struct espat *chip)
{
    at__put(chip, "AT+CIPMUX?");
}

static bool probe_line(struct espat *chip, const char *line)
{
    const char *value = at__value(line, "CIPMUX");

    if (value == NULL || (*value != '0' && *value != '1')) {
        return false;
    }
    chip->synced = true;
    // It was ours, and is not any more: it has started anew, unheard.
    chip->detail = *value == '0' ? NIF_EIO : 0;
    return true;
}

static void probe_done(struct espat *chip, int result)
{
    (void)result;
    if (chip->phase == ESPAT_PROBE) {
        enter(chip, ESPAT_SETUP, 0);
    } else if (chip->phase == ESPAT_READY && chip->detail != 0) {
        at__restart(chip, NIF_EIO, true);
    }
}

const struct espat_command at__probe = {
    write_probe,
    probe_line,
    probe_done,
    1,
    false,
};

// What may be missing in a firmware.
static void need_not(struct espat *chip, int result)
{
    (void)chip;
    (void)result;
}

// What is tried once more before it counts as missing: the command, or its
// answer, may have suffered on the line.
static bool again(struct espat *chip, int result)
{
    bool more = result != 0 && chip->tries < TRIES;

    chip->tries = (uint8_t)(more ? chip->tries + 1 : 0);
    if (more) {
        chip->todo |= chip->doing;
    }
    return more;
}

// What must work.
static void must(struct espat *chip, int result)
{
    if (result == 0) {
        chip->tries = 0;
    } else if (++chip->tries >= MUST) {
        give_up(chip);
    } else {
        chip->todo |= chip->doing;
    }
}

static void write_reset(struct espat *chip)
{
    at__put(chip, "AT+RST");
}

static void reset_done(struct espat *chip, int result)
{
    (void)result;
    (void)set_rate(chip, false);
    enter(chip, ESPAT_BOOT, BOOT_US);
}

const struct espat_command at__reset = {
    write_reset,
    NULL,
    reset_done,
    2,
    false,
};

static void write_echo(struct espat *chip)
{
    at__put(chip, "ATE0");
}

const struct espat_command at__echo = {
    write_echo,
    NULL,
    must,
    2,
    false,
};

static void write_version(struct espat *chip)
{
    chip->version = 0;
    at__put(chip, "AT+GMR");
}

static bool names_8266(const char *text)
{
    for (; *text != '\0'; text++) {
        if (at__skip(text, "ESP8266") != NULL) {
            return true;
        }
    }
    return false;
}

// "AT version:2.4.0.0(4c6eb5e - ESP32C3 - May 20 2022 03:12:58)"
static bool version_line(struct espat *chip, const char *line)
{
    const char *text = at__skip(line, "AT version:");
    uint32_t major;
    uint32_t minor;

    text = at__skip(at__number(text, &major), ".");
    text = at__number(text, &minor);
    if (text == NULL || major > 255 || minor > 255) {
        return false;
    }
    chip->version = (uint16_t)(major << 8 | minor);
    chip->is_8266 = major < 2 || names_8266(text);
    chip->by_type = chip->version >= 0x0303;
    chip->by_status = chip->version < 0x0204;
    return true;
}

static void version_done(struct espat *chip, int result)
{
    uint32_t none = ESPAT_TODO_TLS;

    (void)result;
    if (chip->version < 0x0200) {
        none = ESPAT_TODO_STORE | ESPAT_TODO_EVENTS;
        none |= chip->cfg.tls ? 0u : ESPAT_TODO_TLS;
    }
    chip->todo &= ~none;
    must(chip, chip->version != 0 ? 0 : NIF_EPROTO);
}

const struct espat_command at__version = {
    write_version,
    version_line,
    version_done,
    2,
    false,
};

static void write_store(struct espat *chip)
{
    at__put(chip, "AT+SYSSTORE=0");
}

const struct espat_command at__store = {
    write_store,
    NULL,
    need_not,
    2,
    false,
};

static void write_baud(struct espat *chip)
{
    at__put(chip, "AT+UART_CUR=");
    at__put_number(chip, chip->cfg.baud);
    at__put(chip, chip->cfg.rts_cts ? ",8,1,0,3" : ",8,1,0,0");
}

// Who knows whether it has switched: the new rate is tried, then the old.
static void baud_done(struct espat *chip, int result)
{
    if (result != 0 && result != NIF_ETIMEDOUT) {
        return;
    }
    (void)set_rate(chip, true);
    enter(chip, ESPAT_PROBE, 0);
    chip->stage = ESPAT_PAUSE;
    chip->until_us = chip->phase_us + SWITCH_US;
}

const struct espat_command at__baud = {
    write_baud,
    NULL,
    baud_done,
    2,
    false,
};

static void write_station(struct espat *chip)
{
    at__put_cur(chip, "CWMODE");
    at__put(chip, "=1");
}

const struct espat_command at__station = {
    write_station,
    NULL,
    must,
    5,
    false,
};

static void write_quit(struct espat *chip)
{
    at__put(chip, "AT+CWQAP");
}

const struct espat_command at__quit = {
    write_quit,
    NULL,
    need_not,
    5,
    false,
};

static void write_mux(struct espat *chip)
{
    at__put(chip, "AT+CIPMUX=1");
}

const struct espat_command at__mux = {
    write_mux,
    NULL,
    must,
    2,
    false,
};

static void write_dinfo(struct espat *chip)
{
    at__put(chip, "AT+CIPDINFO=1");
}

static void dinfo_done(struct espat *chip, int result)
{
    if (!again(chip, result)) {
        chip->dinfo = result == 0;
    }
}

const struct espat_command at__dinfo = {
    write_dinfo,
    NULL,
    dinfo_done,
    2,
    false,
};

static void write_receive(struct espat *chip)
{
    at__put(chip, chip->by_type ? "AT+CIPRECVTYPE=5," : "AT+CIPRECVMODE=");
    at__put(chip, chip->cfg.active ? "0" : "1");
}

static void receive_done(struct espat *chip, int result)
{
    chip->passive = result == 0 && !chip->cfg.active;
    if (again(chip, result) && result != NIF_ETIMEDOUT) {
        chip->by_type = !chip->by_type; // it has two names
    }
}

const struct espat_command at__receive = {
    write_receive,
    NULL,
    receive_done,
    2,
    false,
};

static void write_events(struct espat *chip)
{
    at__put(chip, "AT+SYSMSG=2");
}

const struct espat_command at__events = {
    write_events,
    NULL,
    need_not,
    2,
    false,
};

static void write_tls(struct espat *chip)
{
    at__put(chip, "AT+CIPSSLSIZE=4096");
}

const struct espat_command at__tls = {
    write_tls,
    NULL,
    need_not,
    2,
    false,
};

static void write_get_hwaddr(struct espat *chip)
{
    at__put_cur(chip, "CIPSTAMAC");
    at__put(chip, "?");
}

static bool hwaddr_line(struct espat *chip, const char *line)
{
    return at__hwaddr(at__value(line, "CIPSTAMAC"), &chip->net.hwaddr) != NULL;
}

static void get_hwaddr_done(struct espat *chip, int result)
{
    (void)again(chip, result);
}

const struct espat_command at__get_hwaddr = {
    write_get_hwaddr,
    hwaddr_line,
    get_hwaddr_done,
    2,
    false,
};
