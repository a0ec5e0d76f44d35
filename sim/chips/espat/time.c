// SPDX-License-Identifier: MIT
//
// The time of day: the module asks a server for it, if it is told to.

#include "sim/chips/espat/model.h"

#include <stdlib.h>
#include <time.h>

// Seconds since 1970; 0 if nobody has told it yet.
static uint64_t seconds(const struct espat *e)
{
    uint64_t unix_us = 0;

    return e->sntp_on && nif_sntp_now(&e->sntp, &unix_us) == 0
        ? unix_us / 1000000
        : 0;
}

uint64_t espat__time_service(struct espat *e)
{
    uint64_t again_us;

    if (!e->sntp_on) {
        return NIF_NEVER;
    }
    again_us = nif_sntp_poll(&e->sntp);
    if (!e->time_told && seconds(e) != 0) {
        e->time_told = true;
        if (e->chip->cfg.firmware >= SIM_ESPAT_3_3) {
            espat__say(e, "+TIME_UPDATED\r\n");
        }
    }
    return again_us;
}

// Hours east of Greenwich: the one number that may be negative.
static bool read_zone(const struct espat_args *args, long *zone)
{
    const char *text = args->arg[1].text;
    char *end;

    if (!espat__given(args, 1)) {
        return true;
    }
    *zone = strtol(text, &end, 10);
    return !args->arg[1].quoted && *end == '\0' && *zone >= -12 && *zone <= 14;
}

enum espat_result espat__sntpcfg(struct espat *e, const struct espat_args *args)
{
    const char *server = "pool.ntp.org";
    long on;
    long zone = 0;

    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%d,%d,\"%s\"\r\n", args->name, e->sntp_on, e->zone_h,
            e->sntp_server);
        return RESULT_OK;
    }
    if (!espat__number(args, 0, 0, 1, &on) || !read_zone(args, &zone) ||
        (espat__given(args, 2) && !espat__text(args, 2, HOST_MAX, &server))) {
        return RESULT_INVALID;
    }
    espat__time_end(e);
    e->zone_h = (int8_t)zone;
    snprintf(e->sntp_server, sizeof(e->sntp_server), "%s", server);
    if (on == 0) {
        return RESULT_OK;
    }
    nif_dns_resolver_init(&e->sntp_resolver, &e->net[0].tcpip.stack,
        espat__dice(e));
    nif_sntp_init(&e->sntp,
        &(struct nif_sntp_cfg){ .stack = &e->net[0].tcpip.stack,
            .seed = espat__dice(e),
            .server = e->sntp_server,
            .resolver = &e->sntp_resolver.resolver });
    nif_sntp_start(&e->sntp);
    e->sntp_on = true;
    e->time_told = false;
    espat__net_kick(&e->net[0]);
    return RESULT_OK;
}

void espat__time_end(struct espat *e)
{
    if (e->sntp_on) {
        nif_sntp_stop(&e->sntp);
    }
    e->sntp_on = false;
}

enum espat_result espat__sntptime(struct espat *e,
    const struct espat_args *args)
{
    uint64_t now = seconds(e);
    time_t at =
        (time_t)(now != 0 ? (int64_t)now + (int64_t)e->zone_h * 3600 : 0);
    char text[32];
    struct tm tm;

    gmtime_r(&at, &tm);
    strftime(text, sizeof(text), "%a %b %d %H:%M:%S %Y", &tm);
    espat__say(e, "%s:%s\r\n", args->name, text);
    return RESULT_OK;
}

enum espat_result espat__systimestamp(struct espat *e,
    const struct espat_args *args)
{
    espat__say(e, "%s:%llu\r\n", args->name, (unsigned long long)seconds(e));
    return RESULT_OK;
}
