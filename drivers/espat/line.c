// SPDX-License-Identifier: MIT
//
// What comes in: bytes to lines, prompts and payloads. Nothing here trusts
// the module: lines that are too long are cut, payloads that stop are given
// up, and what makes no sense is skipped up to the next line.

#include "internal.h"

#include <string.h>

// In one call, so that it takes less than 2 ms on a slow processor.
#define CHUNK  64u
#define CHUNKS 8

// A payload under way goes on at once, or never.
#define STALL_US 1000000u

// The most that one +IPD carries.
#define IPD_MAX 2920u

enum in_state {
    IN_LINE,
    IN_DATA, ///< `in_left` more bytes of a payload
    IN_TAIL, ///< the end of the line behind one that was asked for
};

// ---- payloads

static void end_data(struct espat *chip, bool good)
{
    chip->in_state = IN_LINE;
    at__data_end(chip, good && !chip->in_bad);
}

static void begin_data(struct espat *chip, uint8_t id, uint32_t len, bool asked)
{
    chip->line_len = 0;
    chip->in_state = IN_DATA;
    chip->in_bad = false;
    chip->in_left = (uint16_t)len;
    chip->in_asked = asked;
    at__data_begin(chip, id, len, asked);
    if (len == 0 && asked) {
        chip->in_state = IN_TAIL;
    } else if (len == 0) {
        end_data(chip, true);
    }
}

static size_t take_data(struct espat *chip, const uint8_t *data, size_t len)
{
    size_t n = len < chip->in_left ? len : chip->in_left;

    at__data(chip, data, n);
    chip->in_left = (uint16_t)(chip->in_left - n);
    if (chip->in_left == 0) {
        // The tail is what shows that no byte was lost.
        if (chip->in_asked) {
            chip->in_state = IN_TAIL;
        } else {
            end_data(chip, true);
        }
    }
    return n;
}

// The sender of what follows: ip and port, as far as they are told.
static const char *sender(struct espat *chip, const char *text)
{
    uint32_t port;

    text = at__skip(at__ip(text, chip->in_ip), ",");
    text = at__number(text, &port);
    chip->in_port = (uint16_t)port;
    return text;
}

// True if the line so far is the head of data that nobody asked for:
// +IPD,<id>,<len>[,<ip>,<port>]:
static bool begins_ipd(struct espat *chip)
{
    const char *text = at__skip(chip->line, "+IPD,");
    uint32_t len;
    uint32_t id;

    text = at__skip(at__number(text, &id), ",");
    text = at__number(text, &len);
    if (text == NULL || id >= ESPAT_LINKS || len > IPD_MAX) {
        return false;
    }
    chip->in_port = 0;
    if (*text == ',') {
        text = sender(chip, text + 1);
    }
    if (text == NULL || strcmp(text, ":") != 0) {
        return false;
    }
    begin_data(chip, (uint8_t)id, len, false);
    return true;
}

// The head of what was asked for, up to where the data begins; NULL if that
// is not yet there. AT 1.x: +CIPRECVDATA,<n>:  ESP-AT: +CIPRECVDATA:<n>,
// and there "<ip>",<port>, too if peers are told.
static const char *asked_head(struct espat *chip, const char *text,
    uint32_t *len)
{
    bool old = *text == ',';
    const char *end = old ? ":" : ",";

    text = at__skip(at__number(text + 1, len), end);
    chip->in_port = 0;
    if (text == NULL || old || !chip->dinfo || *text == '\0') {
        return old || !chip->dinfo ? text : NULL;
    }
    // Without a quote it is data already.
    return *text == '"' ? at__skip(sender(chip, text), ",") : text;
}

static bool begins_asked(struct espat *chip)
{
    const char *text = at__skip(chip->line, "+CIPRECVDATA");
    uint8_t first;
    uint32_t len;
    bool more;

    if (text == NULL || (*text != ':' && *text != ',')) {
        return false;
    }
    text = asked_head(chip, text, &len);
    if (text == NULL || len > UINT16_MAX) {
        return false;
    }
    more = *text != '\0';
    first = (uint8_t)*text;
    begin_data(chip, chip->id, len, true);
    if (more && chip->in_state == IN_DATA) {
        (void)take_data(chip, &first, 1);
    }
    return true;
}

// ---- lines

static void end_line(struct espat *chip)
{
    chip->line[chip->line_len] = '\0';
    if (chip->line_len > 0) {
        chip->line_len = 0;
        at__on_line(chip, chip->line);
    }
}

static void take_char(struct espat *chip, char c)
{
    if (c == '\n') {
        end_line(chip);
        return;
    }
    // Noise; AT 1.x ends its echo with two CR and its prompt with a space.
    if (c == '\0' || c == '\r' || (c == ' ' && chip->line_len == 0)) {
        return;
    }
    if (c == '>' && chip->line_len == 0 && chip->stage == ESPAT_PROMPT) {
        at__on_prompt(chip);
        return;
    }
    if (chip->line_len < sizeof(chip->line) - 1) {
        chip->line[chip->line_len++] = c;
        chip->line[chip->line_len] = '\0';
    }
    if (chip->line[0] == '+' && chip->line_len > 6 && !begins_asked(chip) &&
        c == ':') {
        (void)begins_ipd(chip);
    }
}

static void take_tail(struct espat *chip, char c)
{
    end_data(chip, c == '\r');
    if (c != '\r') {
        take_char(chip, c); // a byte was lost: this is of the next line
    }
}

static void take(struct espat *chip, const uint8_t *data, size_t len)
{
    size_t at = 0;

    while (at < len) {
        if (chip->in_state == IN_DATA) {
            at += take_data(chip, data + at, len - at);
        } else if (chip->in_state == IN_TAIL) {
            take_tail(chip, (char)data[at++]);
        } else {
            take_char(chip, (char)data[at++]);
        }
    }
}

// ---- surface

int at__read(struct espat *chip, uint64_t now_us)
{
    const struct nif_uart_ops *ops = chip->cfg.uart->ops;
    uint8_t buf[CHUNK];
    int n = 1;

    for (unsigned i = 0; i < CHUNKS && n > 0; i++) {
        bool inside = chip->in_state != IN_LINE;

        n = ops->read(chip->cfg.uart, buf, sizeof(buf));
        if (ops->errors(chip->cfg.uart) != 0) {
            chip->stats.line_errs++;
            chip->check_us = now_us; // it may be back at its first rate
            chip->check = 2;
            chip->in_bad = chip->in_bad || inside;
            at__disturbed(chip, now_us);
        }
        if (n > 0) {
            chip->in_us = now_us;
            take(chip, buf, (size_t)n);
        }
    }
    if (chip->in_state != IN_LINE && now_us - chip->in_us > STALL_US) {
        end_data(chip, false);
    }
    return n;
}

bool at__inside(const struct espat *chip)
{
    return chip->in_state != IN_LINE;
}

void at__forget_input(struct espat *chip)
{
    if (chip->in_state != IN_LINE) {
        end_data(chip, false);
    }
    chip->line_len = 0;
}

void at__forget_conn(struct espat *chip, const struct nif_conn *conn)
{
    if (chip->in_conn == conn) {
        chip->in_conn = NULL;
    }
}
