// SPDX-License-Identifier: MIT
//
// The command engine: one command at a time, its answer told from all else
// that comes in, and what is done when the answer does not come.
//
// An answer that was missed, or a module that is busy with something else,
// leaves in doubt whose the next OK is. So a question follows whose answer
// cannot be mistaken (at__probe); only then the next command. One that is
// answered with "busy" tells that the command still runs: what ends next is
// that one.

#include "internal.h"

#include <string.h>

#define S 1000000u

// Behind OK, for a prompt that got lost.
#define PROMPT_US 1000000u

// For the rest of an answer that has said already that it failed.
#define DETAIL_US 500000u

// For "Recv n bytes", and then for SEND OK until the module is asked whether
// it still works at that.
#define TAKEN_US 4000000u
#define SENT_US  1000000u

// Between the end of a command without an answer, or what disturbed the line
// while one ran, and the question; between two answers "busy"; for the answer
// to the question when nobody has answered before.
#define QUIET_US       500000u
#define BUSY_US        200000u
#define PROBE_FIRST_US 200000u

// Questions until the module is given up, and the time that it may be busy.
#define PROBES      2u
#define BUSY_MAX_US 60000000u

// The length of a line's end, which is all that is sent to a module that may
// wait for the end of a line.
#define NUDGE 2u

// Without progress on the way out.
#define STUCK_US 3000000u

// ---- beginning

void at__begin(struct espat *chip, const struct espat_command *command,
    uint64_t now_us)
{
    chip->command = command;
    chip->stage = ESPAT_TEXT;
    chip->cmd_len = 0;
    chip->cmd_at = 0;
    chip->echo_at = 0;
    chip->detail = 0;
    chip->accepted = false;
    chip->synced = false;
    chip->until_us = now_us + STUCK_US;
    chip->stats.commands++;
    command->write(chip);
    at__put(chip, "\r\n");
}

void at__forget_command(struct espat *chip)
{
    chip->command = NULL;
    chip->victim = NULL;
    chip->victim_runs = false;
    chip->stage = ESPAT_IDLE;
    chip->lost = 0;
    chip->fill = 0;
    chip->send_conn = NULL;
    chip->orphan = false;
}

static void pause_for(struct espat *chip, uint64_t now_us, uint32_t us)
{
    chip->stage = ESPAT_PAUSE;
    chip->until_us = now_us + us;
}

// ---- ending

static void finish(struct espat *chip, int result)
{
    const struct espat_command *command = chip->command;

    chip->command = NULL;
    chip->stage = ESPAT_IDLE;
    command->done(chip, result);
}

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
    finish(chip, 0);
    // Unless the answer was that it has started anew.
    if (victim != NULL && chip->victim == victim) {
        finish_victim(chip, NIF_ETIMEDOUT);
    }
}

// From now on nothing is sure but by asking.
static void out_of_step(struct espat *chip, uint64_t now_us, uint32_t us)
{
    chip->command = NULL;
    if (chip->lost == 0) {
        chip->lost = 1;
        chip->lost_us = now_us;
    }
    pause_for(chip, now_us, us);
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
    out_of_step(chip, now_us, BUSY_US);
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
            finish(chip, 0);
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
        finish(chip, chip->detail != 0 ? chip->detail : NIF_EPROTO);
    }
}

static void end_send(struct espat *chip, int result)
{
    const struct espat_command *victim = chip->victim;

    if (chip->stage == ESPAT_SENT) {
        chip->alive = true;
        finish(chip, result);
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

void at__on_prompt(struct espat *chip)
{
    chip->stage = ESPAT_DATA;
    chip->send_at = 0;
    chip->accepted = false;
    chip->until_us = nif_clock_now_us(chip->cfg.clock) + STUCK_US;
}

// ---- out

// Writes a piece; 0 if there is no room for more.
static int write_some(struct espat *chip, const void *data, size_t len,
    uint64_t now_us)
{
    struct nif_uart *uart = chip->cfg.uart;
    int n = len > 0 ? uart->ops->write(uart, data, len) : 0;

    if (n > 0) {
        chip->until_us = now_us + STUCK_US;
    }
    return n;
}

static int write_text(struct espat *chip, uint64_t now_us)
{
    int n = write_some(chip, chip->cmd + chip->cmd_at,
        (size_t)(chip->cmd_len - chip->cmd_at), now_us);

    if (n > 0) {
        chip->cmd_at = (uint16_t)(chip->cmd_at + n);
    }
    if (chip->cmd_at == chip->cmd_len) {
        uint32_t limit_us = chip->command->limit_s * S;

        if (chip->command == &at__probe && chip->phase == ESPAT_PROBE) {
            limit_us = PROBE_FIRST_US;
        } else if (chip->cmd_len == NUDGE) {
            limit_us = QUIET_US;
        }
        chip->stage = chip->command->sends ? ESPAT_PROMPT : ESPAT_WAIT;
        chip->until_us = now_us + limit_us;
    }
    return n;
}

static int write_data(struct espat *chip, uint64_t now_us)
{
    size_t len = (size_t)(chip->send_len - chip->send_at);
    const uint8_t *data = at__payload(chip, &len);
    int n = write_some(chip, data, len, now_us);

    if (n > 0) {
        chip->send_at = (uint16_t)(chip->send_at + n);
    }
    if (chip->send_at == chip->send_len) {
        chip->stage = ESPAT_SENT;
        chip->until_us = now_us + TAKEN_US;
    }
    return n;
}

static int write_fill(struct espat *chip, uint64_t now_us)
{
    int n = write_some(chip, "\r\n", chip->fill > 0 ? 2 : 0, now_us);

    if (n > 0) {
        chip->fill = (uint16_t)(chip->fill > n ? chip->fill - n : 0);
    }
    if (chip->fill == 0 && n >= 0) {
        out_of_step(chip, now_us, QUIET_US);
    }
    return n;
}

static int write_out(struct espat *chip, uint64_t now_us)
{
    switch (chip->stage) {
    case ESPAT_TEXT: return write_text(chip, now_us);
    case ESPAT_DATA: return write_data(chip, now_us);
    case ESPAT_FILL: return write_fill(chip, now_us);
    default: return 0;
    }
}

// ---- time-outs

// The module still waits for bytes of a payload: some were lost on the way.
// What it has got of it must not reach the peer if that can be helped: a
// reset forgets it. Without that line, it gets what it waits for.
static void unjam(struct espat *chip)
{
    chip->stats.late++;
    if (chip->cfg.reset != NULL) {
        at__restart(chip, NIF_EIO, true);
        return;
    }
    chip->command->done(chip, NIF_EIO);
    chip->command = NULL;
    chip->fill = (uint16_t)(chip->send_len | 1u); // the last pair ends a line
    chip->stage = ESPAT_FILL;
    chip->until_us = nif_clock_now_us(chip->cfg.clock) + STUCK_US;
}

// No OK and no prompt: either the module waits for the rest of the line, and
// finds that it is no command; or both got lost, and it waits for data.
static void miss_prompt(struct espat *chip, uint64_t now_us)
{
    if (chip->detail != 0) {
        finish(chip, chip->detail);
    } else if (chip->accepted) {
        at__on_prompt(chip);
    } else if (chip->cmd_len > NUDGE) {
        chip->cmd[0] = '\r';
        chip->cmd[1] = '\n';
        chip->cmd_len = NUDGE;
        chip->cmd_at = 0;
        chip->echo_at = 0;
        chip->stage = ESPAT_TEXT;
        chip->until_us = now_us + STUCK_US;
    } else {
        unjam(chip);
    }
}

static void miss_answer(struct espat *chip, uint64_t now_us)
{
    chip->stats.late++;
    chip->victim = chip->command;
    chip->victim_runs = false;
    chip->victim_err = 0;
    out_of_step(chip, now_us, QUIET_US);
}

static void miss_probe(struct espat *chip, uint64_t now_us)
{
    chip->command = NULL;
    chip->stage = ESPAT_IDLE;
    if (chip->phase <= ESPAT_PROBE || chip->lost++ >= PROBES ||
        now_us - chip->lost_us > BUSY_MAX_US) {
        at__on_silence(chip, now_us);
    }
}

static void on_timeout(struct espat *chip, uint64_t now_us)
{
    switch (chip->stage) {
    case ESPAT_PAUSE:
        chip->stage = ESPAT_IDLE;
        if (chip->lost != 0 && now_us - chip->lost_us > BUSY_MAX_US) {
            at__on_silence(chip, now_us);
        }
        break;
    case ESPAT_PROMPT: miss_prompt(chip, now_us); break;
    case ESPAT_WAIT:
    case ESPAT_SENT:
        if (chip->command == &at__probe) {
            miss_probe(chip, now_us);
        } else if (chip->detail != 0) {
            finish(chip, chip->detail);
        } else if (chip->stage == ESPAT_SENT && !chip->accepted) {
            unjam(chip);
        } else {
            miss_answer(chip, now_us);
        }
        break;
    default: // nothing goes out any more
        at__on_silence(chip, now_us);
        break;
    }
}

// ---- surface

void at__disturbed(struct espat *chip, uint64_t now_us)
{
    if (chip->stage == ESPAT_WAIT && chip->command != &at__probe &&
        chip->until_us > now_us + QUIET_US) {
        chip->until_us = now_us + QUIET_US;
    }
}

const struct espat_command *at__next_todo(struct espat *chip)
{
    // In the order of enum espat_todo.
    static const struct espat_command *const commands[] = {
        &at__reset,
        &at__echo,
        &at__version,
        &at__store,
        &at__baud,
        &at__station,
        &at__quit,
        &at__mux,
        &at__dinfo,
        &at__receive,
        &at__events,
        &at__tls,
        &at__get_hwaddr,
        &at__leave,
        &at__mode,
        &at__country,
        &at__set_ip,
        &at__set_dns,
        &at__join,
        &at__serve,
        &at__get_dns,
        &at__get_ip,
        &at__get_ap,
        &at__scan,
        &at__unlisten,
        &at__server_room,
        &at__listen,
        &at__server_idle,
        &at__links,
        &at__lengths,
        &at__lookup,
    };
    uint32_t todo = chip->todo;

    if (chip->phase != ESPAT_READY) {
        todo &= ESPAT_TODO_SETUP;
    }
    for (size_t i = 0; i < nif_countof(commands); i++) {
        if (todo & (1u << i)) {
            chip->doing = 1u << i;
            chip->todo &= ~chip->doing;
            return commands[i];
        }
    }
    return NULL;
}

static const struct espat_command *next(struct espat *chip, uint64_t now_us)
{
    const struct espat_command *command;

    if (chip->lost != 0) {
        return &at__probe;
    }
    if (chip->phase != ESPAT_READY) {
        return at__next_setup(chip, now_us);
    }
    command = at__next_todo(chip);
    return command != NULL ? command : at__next_link(chip, now_us);
}

int at__step(struct espat *chip, uint64_t now_us)
{
    int n;

    if (chip->stage != ESPAT_IDLE && now_us >= chip->until_us) {
        on_timeout(chip, now_us);
    }
    if (chip->stage == ESPAT_IDLE) {
        const struct espat_command *command;

        if (chip->lost == 0) { // else it is the victim's
            chip->doing = 0;
        }
        command = next(chip, now_us);
        if (command != NULL) {
            at__begin(chip, command, now_us);
        }
    }
    n = write_out(chip, now_us);
    return n < 0 ? n : 0;
}
