// SPDX-License-Identifier: MIT
//
// The air.

#include "sim/net/air.h"

#include <stdlib.h>
#include <string.h>

// A frame under way: up from a station, or down to one or all.
struct sim_air_flight {
    struct sim_event event;
    struct sim_air_flight *next;
    struct sim_air *air;
    struct sim_ap *ap;
    const struct sim_station *from; // NULL: down
    size_t len;
    uint8_t data[];
};

void sim_air_init(struct sim_air *air, struct sim_world *world)
{
    *air = (struct sim_air){
        .world = world,
        .scan_ns = 1500 * SIM_MS,
        .join_ns = 500 * SIM_MS,
        .wrong_ns = 3 * SIM_S,
        .lost_ns = 6 * SIM_S,
        .bit_ps = 50000,
        .frame_ns = 100 * SIM_US,
    };
}

// ---- frames

static void unlink_flight(struct sim_air_flight *flight)
{
    struct sim_air_flight **at = &flight->air->flights;

    while (*at != flight) {
        at = &(*at)->next;
    }
    *at = flight->next;
}

// Gives up what is under way at an access point, or from a station.
static void drop_flights(struct sim_air *air, const struct sim_ap *ap,
    const struct sim_station *from)
{
    struct sim_air_flight **at = &air->flights;

    while (*at) {
        struct sim_air_flight *flight = *at;

        if ((ap && flight->ap == ap) || (from && flight->from == from)) {
            *at = flight->next;
            sim_event_cancel(air->world, &flight->event);
            free(flight);
        } else {
            at = &flight->next;
        }
    }
}

void sim_air_done(struct sim_air *air)
{
    while (air->flights) {
        drop_flights(air, air->flights->ap, NULL);
    }
}

static bool is_group(const uint8_t *frame)
{
    return (frame[0] & 1) != 0;
}

static struct sim_station *member(const struct sim_ap *ap, const uint8_t *mac)
{
    struct sim_station *st = NULL;

    while ((st = sim_ap_station(ap, st)) != NULL) {
        if (memcmp(st->mac, mac, 6) == 0) {
            return st;
        }
    }
    return NULL;
}

static void on_flight(struct sim_event *event);

// Puts a frame on the air of `ap`, when it is free.
static void launch(struct sim_ap *ap, const struct sim_station *from,
    const uint8_t *frame, size_t len)
{
    struct sim_air *air = ap->air;
    struct sim_air_flight *flight = malloc(sizeof(*flight) + len);
    uint64_t now_ns = air->world->now_ns;

    NIF_ASSERT(flight != NULL);
    *flight = (struct sim_air_flight){
        .event.fn = on_flight,
        .next = air->flights,
        .air = air,
        .ap = ap,
        .from = from,
        .len = len,
    };
    memcpy(flight->data, frame, len);
    air->flights = flight;
    ap->free_ns = (ap->free_ns > now_ns ? ap->free_ns : now_ns) +
        air->frame_ns + len * 8 * air->bit_ps / 1000;
    sim_event_at(air->world, &flight->event, ap->free_ns);
}

// Gives a frame to those who are meant; `from` has sent it.
static void give(const struct sim_ap *ap, const struct sim_air_flight *flight)
{
    struct sim_station *st = sim_ap_station(ap, NULL);

    while (st) {
        struct sim_station *next = sim_ap_station(ap, st);

        // A station does not hear its own frame when it comes back.
        if (!st->stale && memcmp(st->mac, flight->data + 6, 6) != 0 &&
            (is_group(flight->data) || memcmp(st->mac, flight->data, 6) == 0)) {
            st->ops->frame(st, flight->data, flight->len);
        }
        st = next;
    }
}

// A station's frame has come: up, down to others, or both.
static void relay(struct sim_ap *ap, const struct sim_air_flight *flight)
{
    bool inside = member(ap, flight->data) != NULL;

    if (inside || is_group(flight->data)) {
        launch(ap, NULL, flight->data, flight->len);
    }
    if (inside) {
        return;
    }
    if (ap->cfg.on_frame) {
        ap->cfg.on_frame(ap->cfg.arg, flight->data, flight->len);
    } else {
        sim_nic_send(&ap->nic, flight->data, flight->len);
    }
}

static void on_flight(struct sim_event *event)
{
    struct sim_air_flight *flight =
        nif_container_of(event, struct sim_air_flight, event);
    struct sim_ap *ap = flight->ap;

    unlink_flight(flight);
    if (flight->from == NULL) {
        give(ap, flight);
    } else if (flight->from->ap == ap && ap->on && !flight->from->stale) {
        relay(ap, flight);
    }
    free(flight);
}

// ---- access points

static void on_cable_frame(void *arg, const uint8_t *frame, size_t len)
{
    sim_ap_send(arg, frame, len);
}

bool sim_ap_send(struct sim_ap *ap, const uint8_t *frame, size_t len)
{
    if (!ap->on || len < 14 || ap->count == 0 ||
        (!is_group(frame) && !member(ap, frame))) {
        return false;
    }
    launch(ap, NULL, frame, len);
    return true;
}

struct sim_station *sim_ap_station(const struct sim_ap *ap,
    const struct sim_station *last)
{
    struct sim_station *st = last ? last->next : ap->air->stations;

    while (st && st->ap != ap) {
        st = st->next;
    }
    return st;
}

void sim_ap_init(struct sim_ap *ap, struct sim_air *air,
    const struct sim_ap_cfg *cfg)
{
    *ap = (struct sim_ap){ .cfg = *cfg, .air = air, .on = true };
    NIF_ASSERT(strlen(cfg->ssid) <= SIM_SSID_MAX);
    if (ap->cfg.channel == 0) {
        ap->cfg.channel = 6;
    }
    if (ap->cfg.rssi_dbm == 0) {
        ap->cfg.rssi_dbm = -50;
    }
    sim_nic_init(&ap->nic, air->world, "ap", 0);
    ap->nic.on_frame = on_cable_frame;
    ap->nic.arg = ap;
    ap->next = air->aps;
    air->aps = ap;
}

static void leave(struct sim_station *st)
{
    struct sim_ap *ap = st->ap;

    sim_event_cancel(st->air->world, &st->timer);
    st->chosen = NULL;
    if (!ap) {
        return;
    }
    drop_flights(st->air, NULL, st);
    st->ap = NULL;
    ap->count--;
    if (ap->cfg.on_member) {
        ap->cfg.on_member(ap->cfg.arg, st, false);
    }
}

// The station is told that it is over.
static void end(struct sim_station *st, enum sim_air_end why)
{
    leave(st);
    st->ops->state(st, why);
}

void sim_ap_done(struct sim_ap *ap)
{
    struct sim_ap **at = &ap->air->aps;
    struct sim_station *st;

    ap->cfg.on_member = NULL;
    while ((st = sim_ap_station(ap, NULL)) != NULL) {
        leave(st);
    }
    for (st = ap->air->stations; st; st = st->next) {
        if (st->chosen == ap) {
            st->chosen = NULL;
            st->result = SIM_AIR_NOT_FOUND;
        }
    }
    drop_flights(ap->air, ap, NULL);
    while (*at != ap) {
        at = &(*at)->next;
    }
    *at = ap->next;
    sim_nic_done(&ap->nic);
}

void sim_ap_switch(struct sim_ap *ap, bool on)
{
    struct sim_station *st = NULL;

    if (on == ap->on) {
        return;
    }
    ap->on = on;
    if (!on) {
        drop_flights(ap->air, ap, NULL);
    }
    while ((st = sim_ap_station(ap, st)) != NULL) {
        // One that is on again does not know them, and says so.
        st->stale = on;
        st->result = on ? SIM_AIR_KICKED : SIM_AIR_LOST;
        sim_event_at(ap->air->world, &st->timer,
            ap->air->world->now_ns + (on ? 100 * SIM_MS : ap->air->lost_ns));
    }
}

void sim_ap_kick(struct sim_ap *ap, const struct sim_station *station)
{
    struct sim_station *st = ap->air->stations;

    while (st) {
        struct sim_station *next = st->next;

        if (st->ap == ap && (!station || st == station)) {
            end(st, SIM_AIR_KICKED);
        }
        st = next;
    }
}

// ---- stations

static unsigned offers(enum sim_security security)
{
    static const uint8_t offer[] = {
        [SIM_OPEN] = SIM_ACCEPT_OPEN,
        [SIM_WEP] = 0,
        [SIM_WPA] = SIM_ACCEPT_WPA,
        [SIM_WPA2] = SIM_ACCEPT_WPA2,
        [SIM_WPA_WPA2] = SIM_ACCEPT_WPA | SIM_ACCEPT_WPA2,
        [SIM_WPA3] = SIM_ACCEPT_WPA3,
        [SIM_WPA2_WPA3] = SIM_ACCEPT_WPA2 | SIM_ACCEPT_WPA3,
    };

    return offer[security];
}

// The strongest that fits; `*why` says what was wrong if none does.
static struct sim_ap *choose(const struct sim_air *air,
    const struct sim_join *join, unsigned accept, enum sim_air_end *why)
{
    struct sim_ap *best = NULL;

    *why = SIM_AIR_NOT_FOUND;
    for (struct sim_ap *ap = air->aps; ap; ap = ap->next) {
        if (!ap->on || strcmp(ap->cfg.ssid, join->ssid) != 0 ||
            (join->bssid && memcmp(ap->cfg.bssid, join->bssid, 6) != 0)) {
            continue;
        }
        if ((offers(ap->cfg.security) & accept) == 0) {
            *why = best ? *why : SIM_AIR_SECURITY;
        } else if (!best || ap->cfg.rssi_dbm > best->cfg.rssi_dbm) {
            *why = SIM_AIR_JOINED;
            best = ap;
        }
    }
    return best;
}

// The handshake is over.
static void judge(struct sim_station *st)
{
    struct sim_ap *ap = st->chosen;
    const char *secret = ap->cfg.passphrase ? ap->cfg.passphrase : "";

    st->chosen = NULL;
    if (!ap->on) {
        end(st, SIM_AIR_NOT_FOUND);
    } else if (ap->cfg.refuse ||
        (ap->cfg.max_stations > 0 && ap->count >= ap->cfg.max_stations)) {
        end(st, SIM_AIR_REFUSED);
    } else if (ap->cfg.security != SIM_OPEN &&
        strcmp(secret, st->passphrase) != 0) {
        st->result = SIM_AIR_PASSPHRASE;
        sim_event_at(st->air->world, &st->timer,
            st->air->world->now_ns + st->air->wrong_ns);
    } else {
        st->ap = ap;
        st->stale = false;
        ap->count++;
        st->ops->state(st, SIM_AIR_JOINED);
        if (ap->cfg.on_member) {
            ap->cfg.on_member(ap->cfg.arg, st, true);
        }
    }
}

static void on_timer(struct sim_event *event)
{
    struct sim_station *st = nif_container_of(event, struct sim_station, timer);

    if (st->chosen) {
        judge(st);
    } else {
        end(st, st->result);
    }
}

void sim_station_init(struct sim_station *station, struct sim_air *air,
    const char *name, const uint8_t mac[6], const struct sim_station_ops *ops)
{
    *station = (struct sim_station){
        .ops = ops,
        .air = air,
        .name = name,
        .next = air->stations,
        .timer.fn = on_timer,
    };
    memcpy(station->mac, mac, 6);
    air->stations = station;
}

void sim_station_done(struct sim_station *station)
{
    struct sim_station **at = &station->air->stations;

    leave(station);
    while (*at != station) {
        at = &(*at)->next;
    }
    *at = station->next;
}

void sim_station_join(struct sim_station *station, const struct sim_join *join)
{
    struct sim_air *air = station->air;
    bool secret = join->passphrase && join->passphrase[0] != '\0';
    unsigned accept = join->accept;

    leave(station);
    if (accept == 0) {
        accept = secret ? SIM_ACCEPT_WPA | SIM_ACCEPT_WPA2 | SIM_ACCEPT_WPA3
                        : SIM_ACCEPT_OPEN;
    }
    station->passphrase[0] = '\0';
    if (secret) {
        strncpy(station->passphrase, join->passphrase, SIM_PASSPHRASE_MAX);
    }
    station->chosen = choose(air, join, accept, &station->result);
    sim_event_at(air->world, &station->timer,
        air->world->now_ns + air->scan_ns +
            (station->chosen ? air->join_ns : 0));
}

void sim_station_leave(struct sim_station *station)
{
    leave(station);
}

bool sim_station_send(struct sim_station *station, const uint8_t *frame,
    size_t len)
{
    if (!station->ap || len < 14) {
        return false;
    }
    if (station->ap->on) {
        launch(station->ap, station, frame, len);
    }
    return true;
}
