// SPDX-License-Identifier: MIT
//
// The radio: joining as a station and what becomes of it, being an access
// point. The commands about it are in wifi_commands.c.

#include "sim/chips/espat/model.h"

// AT 1.7 takes no command while it joins by itself, for so long at most.
#define BOOT_JOIN_NS (15 * SIM_S)

static struct espat *of(struct sim_station *station)
{
    return nif_container_of(station, struct espat, station);
}

// ---- the station

// What it is content with: the old firmware does not know WPA3.
static unsigned accepts(const struct espat *e)
{
    if (e->now.passphrase[0] == '\0') {
        return SIM_ACCEPT_OPEN;
    }
    return SIM_ACCEPT_WPA | SIM_ACCEPT_WPA2 |
        (e->dialect->nonos ? 0 : SIM_ACCEPT_WPA3);
}

void espat__join(struct espat *e)
{
    sim_event_cancel(e->world, &e->rejoin);
    e->wants_join = true;
    sim_station_join(&e->station,
        &(struct sim_join){
            .ssid = e->now.ssid,
            .passphrase = e->now.passphrase,
            .bssid = e->now.has_bssid ? e->now.bssid : NULL,
            .accept = accepts(e),
        });
}

void espat__begin_address(struct espat *e)
{
    struct espat_net *net = &e->net[0];

    if (e->dhcp_on) {
        nif_dhcp_stop(&e->dhcp);
    }
    e->dhcp_on = (e->now.dhcp & 1) != 0;
    if (!e->dhcp_on) {
        espat__net_address(net, &e->now.ip);
        return;
    }
    nif_dhcp_init(&e->dhcp,
        &(struct nif_dhcp_cfg){ .stack = &net->tcpip.stack,
            .seed = espat__dice(e),
            .hostname = e->hostname[0] ? e->hostname : NULL });
    e->dhcp_on = nif_dhcp_start(&e->dhcp) == 0;
}

static void lose(struct espat *e)
{
    if (!e->joined) {
        return;
    }
    espat__say(e, "WIFI DISCONNECT\r\n");
    espat__links_drop(e, &e->net[0]);
    if (e->dhcp_on) {
        nif_dhcp_stop(&e->dhcp);
    }
    e->joined = false;
    e->got_ip = false;
    e->dhcp_on = false;
    espat__net_address(&e->net[0], &(struct nif_net){ .prefix_len = 0 });
    espat__net_down(&e->net[0]);
}

void espat__leave(struct espat *e)
{
    sim_event_cancel(e->world, &e->rejoin);
    e->wants_join = false;
    e->boot_join = false;
    sim_station_leave(&e->station);
    lose(e);
}

static int code_of(enum sim_air_end end)
{
    switch (end) {
    case SIM_AIR_PASSPHRASE: return 2;
    case SIM_AIR_NOT_FOUND:
    case SIM_AIR_SECURITY: return 3;
    case SIM_AIR_JOINED:
    case SIM_AIR_REFUSED:
    case SIM_AIR_KICKED:
    case SIM_AIR_LOST: break;
    }
    return 4;
}

// A join came to nothing, or what it led to is over.
static void on_lost(struct espat *e, enum sim_air_end end)
{
    lose(e);
    e->boot_join = false;
    if (e->state == STATE_EXEC && e->pending == PENDING_JOIN) {
        espat__say(e, "+CWJAP:%d\r\n", code_of(end));
        espat__finish(e, RESULT_FAILED);
    }
    if (e->wants_join && e->reconn_s > 0) {
        sim_event_at(e->world, &e->rejoin,
            e->world->now_ns + e->reconn_s * SIM_S);
    }
}

static void station_state(struct sim_station *station, enum sim_air_end end)
{
    struct espat *e = of(station);
    const struct sim_espat_fault *fault;

    if (end != SIM_AIR_JOINED) {
        on_lost(e, end);
        return;
    }
    if (e->state == STATE_EXEC && e->pending == PENDING_JOIN &&
        (fault = espat__hit(e, SIM_ESPAT_F_JOIN_ERROR)) != NULL) {
        sim_station_leave(station);
        espat__say(e, "+CWJAP:%u\r\n", (unsigned)fault->value);
        espat__finish(e, RESULT_FAILED);
        sim_event_at(e->world, &e->rejoin, e->world->now_ns + SIM_S);
        return;
    }
    e->joined = true;
    espat__net_up(&e->net[0]);
    espat__say(e, "WIFI CONNECTED\r\n");
    espat__begin_address(e);
}

static void station_frame(struct sim_station *station, const uint8_t *frame,
    size_t len)
{
    espat__net_frame(&of(station)->net[0], frame, len);
}

static const struct sim_station_ops station_ops = {
    .state = station_state,
    .frame = station_frame,
};

static void on_rejoin(struct sim_event *event)
{
    espat__join(nif_container_of(event, struct espat, rejoin));
}

// The address has come, changed or gone.
static void follow_address(struct espat *e)
{
    bool has = espat__net_has_ip(&e->net[0]);
    struct nif_net at;

    if (!has) {
        e->got_ip = false;
        return;
    }
    nif_stack_net(&e->net[0].tcpip.stack, &at);
    if (e->got_ip && nif_ip_equal(&at.ip, &e->last_ip)) {
        return;
    }
    e->got_ip = true;
    e->last_ip = at.ip;
    e->boot_join = false;
    if (e->dns_manual) {
        at.dns[0] = e->dns_ip[0];
        at.dns[1] = e->dns_ip[1];
        espat__net_address(&e->net[0], &at);
    }
    espat__say(e, "WIFI GOT IP\r\n");
    if (e->state == STATE_EXEC && e->pending == PENDING_JOIN) {
        espat__finish(e, RESULT_OK);
    }
}

// ---- the access point

static void ap_frame(void *arg, const uint8_t *frame, size_t len)
{
    espat__net_frame(&((struct espat *)arg)->net[1], frame, len);
}

static void say_mac(struct espat *e, const char *what, const uint8_t *mac,
    const struct nif_ip *ip)
{
    char text[NIF_IP_TEXT_MAX];

    espat__say(e, "+%s:\"" MAC_FORMAT "\"%s%s%s\r\n", what, MAC_ARGS(mac),
        ip ? ",\"" : "", ip ? nif_ip_format(ip, text) : "", ip ? "\"" : "");
}

static void ap_member(void *arg, struct sim_station *station, bool joined)
{
    struct espat *e = arg;

    if (!e->dialect->nonos) {
        say_mac(e, joined ? "STA_CONNECTED" : "STA_DISCONNECTED", station->mac,
            NULL);
    }
    for (size_t i = 0; i < LEASES && !joined; i++) {
        if (memcmp(&e->lease[i].hwaddr, station->mac, 6) == 0) {
            e->lease_told[i] = false;
        }
    }
}

static enum sim_security security_of(uint8_t ecn)
{
    static const uint8_t of_ecn[] = { SIM_OPEN, SIM_WEP, SIM_WPA, SIM_WPA2,
        SIM_WPA_WPA2 };

    return (enum sim_security)of_ecn[ecn];
}

static void ap_stop(struct espat *e)
{
    if (!e->ap_on) {
        return;
    }
    e->ap_on = false;
    espat__links_drop(e, &e->net[1]);
    e->ap.cfg.on_member = NULL;
    sim_ap_kick(&e->ap, NULL);
    sim_ap_done(&e->ap);
    if (e->dhcpd_on) {
        nif_dhcp_server_stop(&e->dhcpd);
    }
    e->dhcpd_on = false;
    espat__net_address(&e->net[1], &(struct nif_net){ .prefix_len = 0 });
    espat__net_down(&e->net[1]);
}

static void ap_start(struct espat *e)
{
    struct sim_ap_cfg cfg = {
        .ssid = e->now.ap_ssid,
        .passphrase = e->now.ap_passphrase,
        .security = security_of(e->now.ap_security),
        .channel = e->now.ap_channel,
        .max_stations = e->now.ap_max,
        .hidden = e->now.ap_hidden,
        .on_frame = ap_frame,
        .on_member = ap_member,
        .arg = e,
    };

    memcpy(cfg.bssid, e->net[1].hwaddr.byte, 6);
    sim_ap_init(&e->ap, e->chip->cfg.air, &cfg);
    e->ap_on = true;
    espat__net_up(&e->net[1]);
    espat__net_address(&e->net[1], &e->now.ap_ip);
    if ((e->now.dhcp & 2) != 0) {
        memset(e->lease_told, 0, sizeof(e->lease_told));
        nif_dhcp_server_init(&e->dhcpd,
            &(struct nif_dhcp_server_cfg){ .stack = &e->net[1].tcpip.stack,
                .leases = e->lease,
                .count = LEASES,
                .router = e->now.ap_ip.ip,
                .dns = { e->now.ap_ip.ip } });
        e->dhcpd_on = nif_dhcp_server_start(&e->dhcpd) == 0;
    }
}

// Makes of the radio what the settings say.
void espat__ap_apply(struct espat *e)
{
    ap_stop(e);
    if ((e->now.mode & 2) != 0) {
        ap_start(e);
    }
}

// Tells of stations that have got an address.
static void tell_leases(struct espat *e)
{
    for (size_t i = 0; i < LEASES; i++) {
        if (e->lease[i].state == NIF_DHCP_LEASE_GIVEN && !e->lease_told[i]) {
            struct nif_ip ip = e->now.ap_ip.ip;

            e->lease_told[i] = true;
            ip.byte[3] = (uint8_t)(ip.byte[3] + 1 + i);
            say_mac(e, "DIST_STA_IP", e->lease[i].hwaddr.byte, &ip);
        }
    }
}

// ---- both

uint64_t espat__wifi_service(struct espat *e, struct espat_net *net)
{
    uint64_t again_us = NIF_NEVER;
    uint64_t time_us;

    if (net->ap) {
        if (e->dhcpd_on) {
            again_us = nif_dhcp_server_poll(&e->dhcpd);
            tell_leases(e);
        }
        return again_us;
    }
    if (e->dhcp_on) {
        again_us = nif_dhcp_poll(&e->dhcp);
    }
    follow_address(e);
    time_us = espat__time_service(e);
    return time_us < again_us ? time_us : again_us;
}

void espat__wifi_init(struct espat *e)
{
    e->rejoin.fn = on_rejoin;
    sim_station_init(&e->station, e->chip->cfg.air, e->chip->cfg.name,
        e->chip->cfg.mac, &station_ops);
}

void espat__wifi_begin(struct espat *e)
{
    espat__net_boot(&e->net[0]);
    espat__net_boot(&e->net[1]);
    espat__ap_apply(e);
    if ((e->now.mode & 1) != 0 && e->now.autoconn && e->now.ssid[0] != '\0') {
        e->boot_join = true;
        e->boot_until_ns = e->world->now_ns + BOOT_JOIN_NS;
        espat__join(e);
    }
}

void espat__wifi_end(struct espat *e)
{
    // Without a word: whoever is not there says nothing.
    sim_event_cancel(e->world, &e->rejoin);
    sim_station_leave(&e->station);
    e->joined = false;
    e->got_ip = false;
    e->wants_join = false;
    e->boot_join = false;
    e->dhcp_on = false;
    e->sntp_on = false;
    espat__net_down(&e->net[0]);
    if (e->ap_on) {
        e->ap_on = false;
        e->ap.cfg.on_member = NULL;
        sim_ap_kick(&e->ap, NULL);
        sim_ap_done(&e->ap);
        e->dhcpd_on = false;
    }
    espat__net_down(&e->net[1]);
}

void espat__net_done(struct espat *e)
{
    sim_station_done(&e->station);
}
