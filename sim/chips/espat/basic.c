// SPDX-License-Identifier: MIT
//
// The basic commands: test, echo, restart, version, the serial line itself,
// what is stored and what is said unasked.

#include "sim/chips/espat/model.h"

// The clock that the serial unit divides.
#define UART_CLOCK 80000000

enum espat_result espat__at(struct espat *e, const struct espat_args *args)
{
    (void)e;
    (void)args;
    return RESULT_OK;
}

enum espat_result espat__ate(struct espat *e, const struct espat_args *args)
{
    e->echo = args->name[1] == '1';
    return RESULT_OK;
}

// Reboots when OK has left the line and a moment has gone by.
static enum espat_result restart(struct espat *e)
{
    if (!e->no_final) {
        espat__say(e, "\r\nOK\r\n");
    }
    e->pending = PENDING_RESTART;
    sim_event_at(e->world, &e->timer, e->world->now_ns + 20 * SIM_MS);
    return RESULT_PENDING;
}

enum espat_result espat__rst(struct espat *e, const struct espat_args *args)
{
    (void)args;
    return restart(e);
}

enum espat_result espat__restore(struct espat *e, const struct espat_args *args)
{
    (void)args;
    espat__factory(e, &e->flash);
    e->chip->flash_writes++;
    return restart(e);
}

enum espat_result espat__gmr(struct espat *e, const struct espat_args *args)
{
    (void)args;
    espat__say(e, "%s", e->dialect->gmr);
    return RESULT_OK;
}

// ---- the line

static enum espat_result uart_query(struct espat *e,
    const struct espat_args *args)
{
    bool stored = strcmp(args->name, "+UART_CUR") != 0;
    uint32_t baud = stored ? e->flash.baud : e->chip->uart.baud;

    espat__say(e, "%s:%u,8,1,0,%u\r\n", args->name,
        (unsigned)(UART_CLOCK / (UART_CLOCK / baud)),
        stored ? 0u : e->flow_rts * 1u + e->flow_cts * 2u);
    return RESULT_OK;
}

enum espat_result espat__uart(struct espat *e, const struct espat_args *args)
{
    long v[5];

    if (args->form == FORM_QUERY) {
        return uart_query(e, args);
    }
    if (args->count != 5) {
        return RESULT_COUNT;
    }
    for (size_t i = 0; i < 5; i++) {
        static const long low[] = { 80, 5, 1, 0, 0 };
        static const long high[] = { 5000000, 8, 3, 2, 3 };

        if (!espat__number(args, i, low[i], high[i], &v[i])) {
            return RESULT_INVALID;
        }
    }
    if (v[1] != 8 || v[2] != 1 || v[3] != 0) {
        return RESULT_FAILED; // formats that no host can speak here
    }
    if (strcmp(args->name, "+UART_CUR") != 0) {
        e->flash.baud = (uint32_t)v[0];
        e->chip->flash_writes++;
    }
    if (espat__hit(e, SIM_ESPAT_F_BAUD_OLD)) {
        return RESULT_OK;
    }
    e->next_baud = (uint32_t)v[0];
    e->next_flow = (uint8_t)v[4];
    if (espat__hit(e, SIM_ESPAT_F_BAUD_EARLY)) {
        espat__switch_rate(e);
    }
    return RESULT_OK;
}

void espat__switch_rate(struct espat *e)
{
    e->flow_rts = (e->next_flow & 1) != 0;
    e->flow_cts = (e->next_flow & 2) != 0;
    sim_uart_chip_set(&e->chip->uart, e->next_baud, e->flow_rts, e->flow_cts);
    e->next_baud = 0;
}

// ---- switches

static enum espat_result small(struct espat *e, const struct espat_args *args,
    long high, long *value)
{
    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%ld\r\n", args->name, *value);
        return RESULT_OK;
    }
    if (args->count != 1) {
        return RESULT_COUNT;
    }
    return espat__number(args, 0, 0, high, value) ? RESULT_OK : RESULT_INVALID;
}

enum espat_result espat__sysstore(struct espat *e,
    const struct espat_args *args)
{
    long value = e->sysstore;
    enum espat_result result = small(e, args, 1, &value);

    e->sysstore = result == RESULT_OK ? value != 0 : e->sysstore;
    return result;
}

enum espat_result espat__sysmsg(struct espat *e, const struct espat_args *args)
{
    long value = e->sysmsg;
    enum espat_result result = small(e, args, 7, &value);

    e->sysmsg = result == RESULT_OK ? (uint8_t)value : e->sysmsg;
    return result;
}

enum espat_result espat__syslog(struct espat *e, const struct espat_args *args)
{
    long value = e->syslog;
    enum espat_result result = small(e, args, 1, &value);

    e->syslog = result == RESULT_OK ? value != 0 : e->syslog;
    return result;
}

// Has an effect that nobody here can see.
enum espat_result espat__ignored(struct espat *e, const struct espat_args *args)
{
    (void)e;
    return args->count > 0 ? RESULT_OK : RESULT_COUNT;
}
