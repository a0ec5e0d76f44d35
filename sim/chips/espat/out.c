// SPDX-License-Identifier: MIT
//
// What the host hears.

#include "sim/chips/espat/model.h"

#include <stdarg.h>

static void raw(struct espat *e, const void *data, size_t len)
{
    if (len > 0 && e->chip->uart.bus) {
        sim_uart_chip_send(&e->chip->uart, data, len);
    }
}

// Puts a text in between if this is the place. Not counted itself.
void espat__inject(struct espat *e, enum sim_espat_where where, uint64_t at)
{
    const char *text = e->inject[where];

    if (text && e->inject_at[where] == at) {
        e->inject[where] = NULL;
        raw(e, text, strlen(text));
    }
}

// Bytes of a piece of output.
static void bytes(struct espat *e, const uint8_t *data, size_t len)
{
    uint64_t at = e->inject_at[SIM_ESPAT_AT_OUTPUT];

    if (e->inject[SIM_ESPAT_AT_OUTPUT] && at >= e->chip->out_count &&
        at - e->chip->out_count < len) {
        size_t first = (size_t)(at - e->chip->out_count);

        raw(e, data, first);
        espat__inject(e, SIM_ESPAT_AT_OUTPUT, at);
        raw(e, data + first, len - first);
    } else {
        raw(e, data, len);
    }
    e->chip->out_count += len;
}

void espat__echo(struct espat *e, const char *text, size_t len)
{
    bytes(e, (const uint8_t *)text, len);
}

void espat__out(struct espat *e, const void *data, size_t len)
{
    if (e->stuck || e->state == STATE_OFF) {
        return;
    }
    espat__inject(e, SIM_ESPAT_AT_LINE, e->chip->out_lines);
    e->chip->out_lines++;
    bytes(e, data, len);
}

void espat__say(struct espat *e, const char *fmt, ...)
{
    char text[512];
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    NIF_ASSERT(len >= 0 && (size_t)len < sizeof(text));
    espat__out(e, text, (size_t)len);
}

size_t espat__room(const struct espat *e)
{
    size_t queued =
        e->chip->uart.bus ? sim_uart_chip_queued(&e->chip->uart) : 0;

    return queued < TX_BUFFER ? TX_BUFFER - queued : 0;
}
