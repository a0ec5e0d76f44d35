// SPDX-License-Identifier: MIT
//
// The command engine: one command at a time, on its way out, and what is done
// when its answer does not come. answer.c has what comes.
//
// An answer that was missed, or a module that is busy with something else,
// leaves in doubt whose the next OK is. So a question follows whose answer
// cannot be mistaken (at__probe); only then the next command. One that is
// answered with "busy" tells that the command still runs: what ends next is
// that one.

#include "internal.h"

#include <string.h>

#define S 1000000u

// For "Recv n bytes".
#define TAKEN_US 4000000u

// Between the end of a command without an answer, or what disturbed the line
// while one ran, and the question; for the answer to the question when nobody
// has answered before.
#define QUIET_US       500000u
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

// ---- ending

void at__finish(struct espat *chip, int result)
{
    const struct espat_command *command = chip->command;

    chip->command = NULL;
    chip->stage = ESPAT_IDLE;
    command->done(chip, result);
}

void at__out_of_step(struct espat *chip, uint64_t now_us, uint32_t us)
{
    chip->command = NULL;
    if (chip->lost == 0) {
        chip->lost = 1;
        chip->lost_us = now_us;
    }
    chip->stage = ESPAT_PAUSE;
    chip->until_us = now_us + us;
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
        at__out_of_step(chip, now_us, QUIET_US);
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
        at__finish(chip, chip->detail);
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
    at__out_of_step(chip, now_us, QUIET_US);
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
            at__finish(chip, chip->detail);
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
