// SPDX-License-Identifier: MIT
//
// What the module says while a command runs: its end, and whose that is; all
// else goes on to whom it concerns.

#include "internal.h"

#include <string.h>

// Behind OK, for a prompt that got lost.
#define PROMPT_US 1000000u

// For the rest of an answer that has said already that it failed.
#define DETAIL_US 500000u

// Behind "Recv n bytes", for SEND OK until the module is asked whether it
// still works at that.
#define SENT_US 1000000u

// Between two answers "busy".
#define BUSY_US 200000u

// ---- ending

static void finish_victim(struct espat *chip, int result)
{
    const struct espat_command *victim = chip->victim;

    chip->victim = NULL;
    chip->victim_runs = false;
    victim->done(chip, result);
}

// True if what ends now is an earlier command: nobody knows which, unless the
// module has said that the victim runs.
static bool ends_earlier(struct espat *chip, int result)
{
    if (chip->command != &at__probe && chip->lost == 0) {
        return false;
    }
    if (chip->victim_runs && !chip->victim->sends) {
        finish_victim(chip, result);
    }
    return true;
}

// The question was answered: the module is idle, and in step with us.
static void in_step(struct espat *chip)
{
    const struct espat_command *victim = chip->victim;

    chip->alive = true;
    chip->lost = 0;
    at__finish(chip, 0);
    // Unless the answer was that it has started anew.
    if (victim != NULL && chip->victim == victim) {
        finish_victim(chip, NIF_ETIMEDOUT);
    }
}

static void on_busy(struct espat *chip)
{
    uint64_t now_us = nif_clock_now_us(chip->cfg.clock);

    if (chip->stage != ESPAT_WAIT && chip->stage != ESPAT_PROMPT) {
        return; // what went out behind a payload
    }
    chip->stats.busy++;
    chip->alive = true;
    if (chip->command == &at__probe) {
        chip->victim_runs = chip->victim != NULL;
    } else { // it comes again: nothing was changed when it was given
        chip->todo |= chip->doing;
    }
    at__out_of_step(chip, now_us, BUSY_US);
    chip->lost = 1; // it answers
}

static void end_ok(struct espat *chip)
{
    if (!chip->synced && ends_earlier(chip, 0)) {
        return;
    }
    if (chip->stage == ESPAT_PROMPT) {
        if (!chip->accepted) {
            chip->accepted = true;
            chip->until_us = nif_clock_now_us(chip->cfg.clock) + PROMPT_US;
        }
    } else if (chip->stage == ESPAT_WAIT) {
        if (chip->command == &at__probe) {
            in_step(chip);
        } else {
            chip->alive = true;
            at__finish(chip, 0);
        }
    }
}

static void end_error(struct espat *chip)
{
    if (ends_earlier(chip,
            chip->victim_err != 0 ? chip->victim_err : NIF_EPROTO)) {
        return;
    }
    // The module takes all of a payload before it says what is wrong with it.
    if (chip->stage == ESPAT_WAIT || chip->stage == ESPAT_PROMPT ||
        chip->stage == ESPAT_SENT) {
        chip->alive = true;
        at__finish(chip, chip->detail != 0 ? chip->detail : NIF_EPROTO);
    }
}

static void end_send(struct espat *chip, int result)
{
    const struct espat_command *victim = chip->victim;

    if (chip->stage == ESPAT_SENT) {
        chip->alive = true;
        at__finish(chip, result);
    } else if (victim != NULL && victim->sends) {
        // Late, and the question is on its way already.
        finish_victim(chip, result);
    }
}

// "Recv 5 bytes": the payload has come, whole.
static void taken(struct espat *chip)
{
    if (chip->stage == ESPAT_SENT) {
        chip->accepted = true;
        chip->until_us = nif_clock_now_us(chip->cfg.clock) + SENT_US;
    }
}

// ---- lines

static const struct ending {
    const char *text;
    int err; // what it says, 0 for good; else what it says of an ERROR behind
    uint8_t kind;
} endings[] = {
    { "OK", 0, 0 },
    { "ERROR", 0, 1 },
    { "FAIL", 0, 1 },
    { "SEND OK", 0, 2 },
    { "SEND FAIL", NIF_ERESET, 2 },
    { "SEND Canceled", NIF_ERESET, 2 },
    { "SEND CANCELLED", NIF_ERESET, 2 },
    { "busy p...", 0, 3 },
    { "busy s...", 0, 3 },
    { "DNS Fail", NIF_ENOTFOUND, 4 },
    { "no ip", NIF_EADDR, 4 },
    { "link is not valid", NIF_ENOTCONN, 4 },
    { "UNLINK", NIF_ENOTCONN, 4 },
    { "ALREADY CONNECTED", NIF_EISCONN, 4 },
    { "link is builded", NIF_EISCONN, 4 },
};

// An ERROR will follow, or has got lost.
void at__note_detail(struct espat *chip, int err)
{
    if (chip->lost != 0) {
        chip->victim_err = err;
    } else if (chip->stage == ESPAT_WAIT || chip->stage == ESPAT_PROMPT ||
        chip->stage == ESPAT_SENT) {
        chip->detail = err;
        chip->until_us = nif_clock_now_us(chip->cfg.clock) + DETAIL_US;
    }
}

static bool on_ending(struct espat *chip, const char *line)
{
    const char *rest = at__skip(line, "Recv ");
    uint32_t n;

    if (at__skip(at__number(rest, &n), " bytes") != NULL) {
        taken(chip);
        return true;
    }
    for (size_t i = 0; i < nif_countof(endings); i++) {
        const struct ending *e = &endings[i];

        if (strcmp(line, e->text) != 0) {
            continue;
        }
        switch (e->kind) {
        case 0: end_ok(chip); break;
        case 1: end_error(chip); break;
        case 2: end_send(chip, e->err); break;
        case 3: on_busy(chip); break;
        default: at__note_detail(chip, e->err); break;
        }
        return true;
    }
    return false;
}

static bool on_event(struct espat *chip, const char *line)
{
    if (strcmp(line, "ready") == 0) {
        at__on_ready(chip);
        return true;
    }
    return at__on_radio(chip, line) || at__on_link(chip, line);
}

// The echo of our command, which may be cut by what comes by itself. Returns
// whether the line was of it.
static bool on_echo(struct espat *chip, const char *line)
{
    const char *echo = chip->cmd + chip->echo_at;
    size_t left = chip->cmd_len >= 2 ? chip->cmd_len - 2u - chip->echo_at : 0;
    size_t k = 0;

    if (chip->command == NULL || chip->cmd_len < chip->echo_at + 2u) {
        return false;
    }
    while (k < left && line[k] == echo[k]) {
        k++;
    }
    if (k > 0 && line[k] == '\0') {
        chip->echo_at = (uint16_t)(chip->echo_at + k);
        return true;
    }
    // The longest part first: an event may begin as the echo goes on.
    for (; k > 0; k--) {
        if (on_event(chip, line + k)) {
            chip->echo_at = (uint16_t)(chip->echo_at + k);
            return true;
        }
    }
    return false;
}

void at__on_line(struct espat *chip, const char *line)
{
    if (on_ending(chip, line) || on_event(chip, line) || on_echo(chip, line)) {
        return;
    }
    if (chip->command != NULL && chip->command->line != NULL &&
        chip->command->line(chip, line)) {
        return;
    }
    if (chip->victim_runs && chip->victim->line != NULL) {
        (void)chip->victim->line(chip, line);
    }
}
