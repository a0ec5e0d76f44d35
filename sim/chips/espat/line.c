// SPDX-License-Identifier: MIT
//
// The line engine: bytes become lines, lines commands, one at a time.

#include "sim/chips/espat/model.h"

// Bytes behind a payload that come so soon belong to nothing the host could
// have waited for.
#define AT_ONCE_NS (200 * SIM_US)

void espat__complain(struct espat *e, const char *what)
{
    if (!e->chip->lenient) {
        sim_complain(e->world, e->chip->cfg.name, "%s: %.60s", what, e->line);
    }
}

// ---- the end of a command

static void say_error(struct espat *e, enum espat_result result)
{
    bool fail =
        e->dialect->nonos && e->command && e->command->fn == espat__cwjap;

    e->chip->error_count++;
    if (e->syslog) {
        espat__say(e, "ERR CODE:0x01%02x0000\r\n", (unsigned)result);
    }
    espat__say(e, fail ? "\r\nFAIL\r\n" : "\r\nERROR\r\n");
}

void espat__finish(struct espat *e, enum espat_result result)
{
    if (e->state != STATE_EXEC) {
        return;
    }
    sim_event_cancel(e->world, &e->timer);
    e->state = STATE_IDLE;
    e->pending = PENDING_NONE;
    // What has come meanwhile is gone, be it a whole line or not.
    e->line_len = 0;
    e->line_long = false;
    if (e->no_final) {
        if (e->next_baud != 0) {
            espat__switch_rate(e);
        }
        return;
    }
    if (result == RESULT_OK) {
        espat__say(e, "\r\nOK\r\n");
    } else {
        say_error(e, result);
    }
}

// ---- its beginning

static void find_command(struct espat *e, char *text)
{
    bool known;
    bool parsed = espat__parse(&e->args, text);

    e->command = espat__command(e, e->args.name, &known);
    if (!known) {
        espat__complain(e, "no firmware has such a command");
    } else if (!parsed) {
        espat__complain(e, "arguments that cannot be read");
        e->command = NULL;
    }
}

// A command's time is over.
static void execute(struct espat *e)
{
    enum espat_result result = RESULT_UNKNOWN;

    if (espat__hit(e, SIM_ESPAT_F_REBOOT)) {
        espat__boot(e, NULL);
        return;
    }
    if (espat__hit(e, SIM_ESPAT_F_ERROR)) {
        espat__finish(e, RESULT_FAILED);
        return;
    }
    if (e->command && (e->command->forms & e->args.form) != 0) {
        result = e->command->fn(e, &e->args);
    }
    if (result != RESULT_PENDING && result != RESULT_SAID) {
        espat__finish(e, result);
    }
}

void espat__execute(struct espat *e)
{
    if (e->state != STATE_EXEC) {
        return;
    }
    if (e->pending == PENDING_NONE) {
        execute(e);
    } else if (e->pending == PENDING_RESTART) {
        espat__boot(e, NULL);
    } else if (e->pending == PENDING_SCAN) {
        espat__scan_done(e);
    } else if (e->pending == PENDING_JOIN) {
        espat__say(e, "+CWJAP:1\r\n");
        espat__finish(e, RESULT_FAILED);
    } else {
        espat__timed_out(e);
    }
}

static void take_line(struct espat *e)
{
    const struct sim_espat_fault *slow;

    e->chip->command_count++;
    if (espat__hit(e, SIM_ESPAT_F_DEAF)) {
        return;
    }
    slow = espat__hit(e, SIM_ESPAT_F_SLOW);
    e->no_final = espat__hit(e, SIM_ESPAT_F_NO_FINAL) != NULL;
    e->command = NULL;
    e->args = (struct espat_args){ .name = "", .form = FORM_EXEC };
    if (e->line_long) {
        espat__complain(e, "a line of more than 256 bytes");
    } else if (strncmp(e->line, "AT", 2) == 0) {
        find_command(e, e->line + 2);
    }
    e->state = STATE_EXEC;
    e->pending = PENDING_NONE;
    sim_event_at(e->world, &e->timer,
        e->world->now_ns + e->chip->cfg.exec_us * SIM_US +
            (slow ? slow->value * SIM_MS : 0));
}

// ---- bytes

// Returns true when a line is whole: CR and LF, neither alone.
static bool collect(struct espat *e, uint8_t byte)
{
    bool whole = byte == '\n' && e->line_cr;

    if (e->line_len < LINE_MAX) {
        e->line[e->line_len++] = (char)byte;
    } else {
        e->line_long = true;
    }
    e->line_cr = byte == '\r';
    if (whole) {
        e->line[e->line_len >= 2 && !e->line_long ? e->line_len - 2
                                                  : e->line_len] = '\0';
    }
    return whole;
}

static bool is_busy(const struct espat *e)
{
    return e->state != STATE_IDLE || e->world->now_ns < e->storm_ns ||
        (e->dialect->nonos && e->boot_join &&
            e->world->now_ns < e->boot_until_ns);
}

static void echo(struct espat *e, uint8_t byte)
{
    if (e->state != STATE_IDLE || !e->echo) {
        return;
    }
    if (byte == '\n' && e->dialect->nonos) {
        espat__echo(e, "\r\n", 2); // behind the CR: CR CR LF
    } else {
        espat__echo(e, &(char){ (char)byte }, 1);
    }
}

static void line_byte(struct espat *e, uint8_t byte)
{
    if (e->state == STATE_SENDING && e->line_len == 0 &&
        e->world->now_ns - e->payload_ns < AT_ONCE_NS) {
        e->line[0] = '\0';
        espat__complain(e, "a payload longer than was announced");
    }
    echo(e, byte);
    if (!collect(e, byte)) {
        return;
    }
    if (e->line_len > 2) {
        if (is_busy(e)) {
            e->chip->busy_count++;
            espat__say(e, "\r\nbusy %s...\r\n",
                e->dialect->nonos && e->state == STATE_SENDING ? "s" : "p");
        } else {
            take_line(e);
        }
    }
    e->line_len = 0;
    e->line_long = false;
}

void espat__byte(struct espat *e, uint8_t byte)
{
    if (e->state == STATE_DATA) {
        espat__send_byte(e, byte);
    } else if (e->state != STATE_OFF && e->state != STATE_BOOT) {
        line_byte(e, byte);
    }
}
