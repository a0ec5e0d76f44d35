// SPDX-License-Identifier: MIT
//
// The commands about the radio: joining, looking around, being an access
// point.

#include "sim/chips/espat/model.h"

#include <stdlib.h>

#define SCAN_MAX 32

static void copy(char *to, size_t cap, const char *text)
{
    snprintf(to, cap, "%s", text);
}

// ---- modes

enum espat_result espat__cwmode(struct espat *e, const struct espat_args *args)
{
    uint8_t before = e->now.mode;
    long mode;
    long connect;

    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%u\r\n", args->name, e->now.mode);
        return RESULT_OK;
    }
    if (args->count < 1 || args->count > 2) {
        return RESULT_COUNT;
    }
    if (!espat__number(args, 0, e->dialect->nonos, 3, &mode) ||
        (espat__given(args, 1) && !espat__number(args, 1, 0, 1, &connect))) {
        return RESULT_INVALID;
    }
    e->now.mode = (uint8_t)mode;
    espat__store(e);
    if ((mode & 1) == 0) {
        espat__leave(e);
    }
    if (((before ^ e->now.mode) & 2) != 0) {
        espat__ap_apply(e);
    }
    return RESULT_OK;
}

enum espat_result espat__cwstate(struct espat *e, const struct espat_args *args)
{
    unsigned state = 0;

    if (e->joined) {
        state = e->got_ip ? 2 : 1;
    } else if (e->wants_join) {
        state = 3;
    } else if (e->now.ssid[0] != '\0') {
        state = 4;
    }
    espat__say(e, "%s:%u,\"%s\"\r\n", args->name, state, e->now.ssid);
    return RESULT_OK;
}

enum espat_result espat__cwautoconn(struct espat *e,
    const struct espat_args *args)
{
    long on;

    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%d\r\n", args->name, e->now.autoconn);
        return RESULT_OK;
    }
    if (!espat__number(args, 0, 0, 1, &on)) {
        return RESULT_INVALID;
    }
    e->now.autoconn = on != 0;
    espat__store(e);
    return RESULT_OK;
}

enum espat_result espat__cwreconncfg(struct espat *e,
    const struct espat_args *args)
{
    long interval;
    long count;

    if (args->count != 2) {
        return RESULT_COUNT;
    }
    if (!espat__number(args, 0, 0, 7200, &interval) ||
        !espat__number(args, 1, 0, 1000, &count)) {
        return RESULT_INVALID;
    }
    e->reconn_s = (uint16_t)interval;
    return RESULT_OK;
}

enum espat_result espat__cwhostname(struct espat *e,
    const struct espat_args *args)
{
    const char *name;

    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%s\r\n", args->name, e->hostname);
        return RESULT_OK;
    }
    if (!espat__text(args, 0, 32, &name)) {
        return RESULT_INVALID;
    }
    if ((e->now.mode & 1) == 0) {
        return RESULT_STATE;
    }
    copy(e->hostname, sizeof(e->hostname), name);
    return RESULT_OK;
}

// ---- joining

static enum espat_result cwjap_query(struct espat *e,
    const struct espat_args *args)
{
    const struct sim_ap *ap = e->station.ap;

    if (!ap) {
        if (e->dialect->no_ap_line) {
            espat__say(e, "No AP\r\n");
        }
        return RESULT_OK;
    }
    espat__say(e, "%s:\"%s\",\"" MAC_FORMAT "\",%u,%d", args->name,
        ap->cfg.ssid, MAC_ARGS(ap->cfg.bssid), ap->cfg.channel,
        ap->cfg.rssi_dbm);
    espat__echo(e, e->dialect->nonos ? "\r\n" : ",0,1,3,0,1\r\n",
        e->dialect->nonos ? 2 : 12);
    return RESULT_OK;
}

static bool read_mac(const char *text, uint8_t mac[6])
{
    for (unsigned i = 0; i < 6; i++) {
        char *end;
        unsigned long v = strtoul(text, &end, 16);

        if (end != text + 2 || v > 0xFF || *end != (i < 5 ? ':' : '\0')) {
            return false;
        }
        mac[i] = (uint8_t)v;
        text = end + 1;
    }
    return true;
}

enum espat_result espat__cwjap(struct espat *e, const struct espat_args *args)
{
    const char *ssid;
    const char *passphrase = "";
    const char *bssid = NULL;
    uint8_t mac[6] = { 0 };
    long reconn = 1;
    long patience = 15;

    if (args->form == FORM_QUERY) {
        return cwjap_query(e, args);
    }
    if (args->count < 1 || args->count > (e->dialect->nonos ? 3u : 9u)) {
        return RESULT_COUNT;
    }
    if (!espat__text(args, 0, SIM_SSID_MAX, &ssid) ||
        (espat__given(args, 1) &&
            !espat__text(args, 1, SIM_PASSPHRASE_MAX, &passphrase)) ||
        (espat__given(args, 2) &&
            (!espat__text(args, 2, 17, &bssid) || !read_mac(bssid, mac))) ||
        (espat__given(args, 4) && !espat__number(args, 4, 0, 7200, &reconn)) ||
        (espat__given(args, 7) && !espat__number(args, 7, 3, 600, &patience))) {
        return RESULT_INVALID;
    }
    if ((e->now.mode & 1) == 0) {
        return RESULT_STATE;
    }
    espat__leave(e);
    copy(e->now.ssid, sizeof(e->now.ssid), ssid);
    copy(e->now.passphrase, sizeof(e->now.passphrase), passphrase);
    e->now.has_bssid = bssid != NULL;
    memcpy(e->now.bssid, mac, 6);
    e->reconn_s = (uint16_t)reconn;
    espat__store(e);
    e->pending = PENDING_JOIN;
    sim_event_at(e->world, &e->timer,
        e->world->now_ns + (uint64_t)patience * SIM_S);
    espat__join(e);
    return RESULT_PENDING;
}

enum espat_result espat__cwqap(struct espat *e, const struct espat_args *args)
{
    (void)args;
    espat__finish(e, RESULT_OK);
    espat__leave(e);
    return RESULT_SAID;
}

// ---- looking around

enum espat_result espat__cwlap(struct espat *e, const struct espat_args *args)
{
    const char *ssid;

    if (args->form == FORM_SET && espat__given(args, 0) &&
        !espat__text(args, 0, SIM_SSID_MAX, &ssid)) {
        return RESULT_INVALID;
    }
    if ((e->now.mode & 1) == 0) {
        return RESULT_STATE;
    }
    e->pending = PENDING_SCAN;
    sim_event_at(e->world, &e->timer,
        e->world->now_ns + e->chip->cfg.air->scan_ns);
    return RESULT_PENDING;
}

enum espat_result espat__cwlapopt(struct espat *e,
    const struct espat_args *args)
{
    long sort;
    long mask;

    if (args->count < 2 || args->count > 4) {
        return RESULT_COUNT;
    }
    if (!espat__number(args, 0, 0, 1, &sort)) {
        return RESULT_INVALID;
    }
    if (!espat__number(args, 1, 1, 0x7FFF, &mask)) {
        return RESULT_INVALID;
    }
    e->lap_mask = (uint16_t)mask;
    return RESULT_OK;
}

static unsigned ecn_of(enum sim_security security)
{
    static const uint8_t ecn[] = {
        [SIM_OPEN] = 0,
        [SIM_WEP] = 1,
        [SIM_WPA] = 2,
        [SIM_WPA2] = 3,
        [SIM_WPA_WPA2] = 4,
        [SIM_WPA3] = 6,
        [SIM_WPA2_WPA3] = 7,
    };

    return ecn[security];
}

static void add_field(char *line, size_t cap, const char *text)
{
    size_t len = strlen(line);

    snprintf(line + len, cap - len, "%s%s", line[len - 1] == '(' ? "" : ",",
        text);
}

// Network names have no NUL but may have quotes.
static void quote(char *to, size_t cap, const char *text)
{
    size_t len = 0;

    to[len++] = '"';
    for (; *text && len + 3 < cap; text++) {
        if (*text == '"' || *text == '\\' || *text == ',') {
            to[len++] = '\\';
        }
        to[len++] = *text;
    }
    to[len++] = '"';
    to[len] = '\0';
}

static void say_network(struct espat *e, const struct sim_ap *ap)
{
    char field[11][80];
    char line[320] = "+CWLAP:(";

    snprintf(field[0], 80, "%u", ecn_of(ap->cfg.security));
    quote(field[1], 80, ap->cfg.ssid);
    snprintf(field[2], 80, "%d", ap->cfg.rssi_dbm);
    snprintf(field[3], 80, "\"" MAC_FORMAT "\"", MAC_ARGS(ap->cfg.bssid));
    snprintf(field[4], 80, "%u", ap->cfg.channel);
    snprintf(field[5], 80, "-1");
    snprintf(field[6], 80, "-1");
    snprintf(field[7], 80, "%u", ap->cfg.security == SIM_OPEN ? 0u : 4u);
    snprintf(field[8], 80, "%u", ap->cfg.security == SIM_OPEN ? 0u : 4u);
    snprintf(field[9], 80, "7");
    snprintf(field[10], 80, "0");
    for (unsigned i = 0; i < nif_countof(field); i++) {
        if ((e->lap_mask >> i & 1) != 0) {
            add_field(line, sizeof(line), field[i]);
        }
    }
    espat__say(e, "%s)\r\n", line);
}

static int stronger(const void *a, const void *b)
{
    const struct sim_ap *const *x = a;
    const struct sim_ap *const *y = b;

    return (*y)->cfg.rssi_dbm - (*x)->cfg.rssi_dbm;
}

void espat__scan_done(struct espat *e)
{
    const char *ssid = espat__given(&e->args, 0) ? e->args.arg[0].text : NULL;
    const struct sim_ap *found[SCAN_MAX] = { NULL };
    size_t count = 0;

    for (const struct sim_ap *ap = e->chip->cfg.air->aps; ap; ap = ap->next) {
        bool named = ssid && strcmp(ap->cfg.ssid, ssid) == 0;

        if (ap->on && ap != &e->ap && count < SCAN_MAX &&
            (ssid ? named : !ap->cfg.hidden)) {
            found[count++] = ap;
        }
    }
    qsort(found, count, sizeof(struct sim_ap *), stronger);
    for (size_t i = 0; i < count; i++) {
        say_network(e, found[i]);
    }
    espat__finish(e, RESULT_OK);
}

// ---- being an access point

static enum espat_result cwsap_query(struct espat *e,
    const struct espat_args *args)
{
    espat__say(e, "%s:\"%s\",\"%s\",%u,%u,%u,%u\r\n", args->name,
        e->now.ap_ssid, e->now.ap_passphrase, e->now.ap_channel,
        e->now.ap_security, e->now.ap_max, e->now.ap_hidden);
    return RESULT_OK;
}

enum espat_result espat__cwsap(struct espat *e, const struct espat_args *args)
{
    const char *ssid;
    const char *passphrase;
    long channel;
    long ecn;
    long most = e->now.ap_max;
    long hidden = 0;

    if (args->form == FORM_QUERY) {
        return cwsap_query(e, args);
    }
    if (args->count < 4 || args->count > 6) {
        return RESULT_COUNT;
    }
    if (!espat__text(args, 0, SIM_SSID_MAX, &ssid) ||
        !espat__text(args, 1, SIM_PASSPHRASE_MAX - 1, &passphrase) ||
        !espat__number(args, 2, 1, 14, &channel) ||
        !espat__number(args, 3, 0, 4, &ecn) || ecn == 1 ||
        (espat__given(args, 4) && !espat__number(args, 4, 1, 10, &most)) ||
        (espat__given(args, 5) && !espat__number(args, 5, 0, 1, &hidden)) ||
        (ecn != 0 && strlen(passphrase) < 8) || ssid[0] == '\0') {
        return RESULT_INVALID;
    }
    if ((e->now.mode & 2) == 0) {
        return RESULT_STATE;
    }
    copy(e->now.ap_ssid, sizeof(e->now.ap_ssid), ssid);
    copy(e->now.ap_passphrase, sizeof(e->now.ap_passphrase), passphrase);
    e->now.ap_channel = (uint8_t)channel;
    e->now.ap_security = (uint8_t)ecn;
    e->now.ap_max = (uint8_t)most;
    e->now.ap_hidden = hidden != 0;
    espat__store(e);
    espat__ap_apply(e);
    return RESULT_OK;
}

enum espat_result espat__cwlif(struct espat *e, const struct espat_args *args)
{
    struct sim_station *st = NULL;

    while (e->ap_on && (st = sim_ap_station(&e->ap, st)) != NULL) {
        struct nif_ip ip = nif_ip4(0, 0, 0, 0);
        char text[NIF_IP_TEXT_MAX];

        for (size_t i = 0; i < LEASES; i++) {
            if (e->lease[i].state == NIF_DHCP_LEASE_GIVEN &&
                memcmp(&e->lease[i].hwaddr, st->mac, 6) == 0) {
                ip = e->now.ap_ip.ip;
                ip.byte[3] = (uint8_t)(ip.byte[3] + 1 + i);
            }
        }
        espat__say(e, "%s:%s," MAC_FORMAT "\r\n", args->name,
            nif_ip_format(&ip, text), MAC_ARGS(st->mac));
    }
    return RESULT_OK;
}
