// SPDX-License-Identifier: MIT
//
// The air: access points and stations that hear each other. What a Wi-Fi chip
// model has of radio, as far as it matters above the driver: who is there,
// who may join, how long that takes, and how it ends.
//
// An access point bridges its stations to its cable, as one that stands in a
// house does; one that is inside a chip takes their frames itself. A station
// is a part of a chip model, or of a test that plays a telephone.
//
// Frames are Ethernet frames without FCS. The air of one access point carries
// one at a time, at a fixed rate; whose turn is next is the order of asking.
// Interference is for an impaired cable behind it (sim/net/impair.h).
//
// Not here: the frames of 802.11, keys, roaming, what distance does to a rate.

#ifndef SIM_NET_AIR_H
#define SIM_NET_AIR_H

#include "sim/net/nic.h"

#define SIM_SSID_MAX       32
#define SIM_PASSPHRASE_MAX 64

/// What an access point demands.
enum sim_security {
    SIM_OPEN,
    SIM_WEP, ///< is only heard: nobody here can join one
    SIM_WPA,
    SIM_WPA2,
    SIM_WPA_WPA2,
    SIM_WPA3,
    SIM_WPA2_WPA3,
};

/// What a station is content with, or-ed together.
enum sim_accept {
    SIM_ACCEPT_OPEN = 1 << 0,
    SIM_ACCEPT_WPA = 1 << 1,
    SIM_ACCEPT_WPA2 = 1 << 2,
    SIM_ACCEPT_WPA3 = 1 << 3,
};

/// How a join, or the time after it, ended.
enum sim_air_end {
    SIM_AIR_JOINED,
    SIM_AIR_NOT_FOUND,  ///< no access point of that name is heard
    SIM_AIR_SECURITY,   ///< none whose security fits
    SIM_AIR_PASSPHRASE, ///< the handshake failed
    SIM_AIR_REFUSED,    ///< it takes nobody more
    SIM_AIR_KICKED,     ///< it has sent the station away
    SIM_AIR_LOST,       ///< it is heard no more
};

struct sim_ap;
struct sim_station;
struct sim_air_flight;

struct sim_air {
    struct sim_world *world;
    struct sim_ap *aps; ///< all of them, by `next`
    // Times; may be changed.
    uint64_t scan_ns;  ///< to listen on all channels; 1.5 s
    uint64_t join_ns;  ///< to associate and shake hands; 0.5 s
    uint64_t wrong_ns; ///< until a wrong passphrase is noticed; 3 s
    uint64_t lost_ns;  ///< without beacons until one is lost; 6 s
    uint32_t bit_ps;   ///< of data; 50000: 20 Mbit/s
    uint32_t frame_ns; ///< beside its bits; 100 us
    // Private.
    struct sim_station *stations;
    struct sim_air_flight *flights;
};

void sim_air_init(struct sim_air *air, struct sim_world *world);

/// Ends what is under way. Access points and stations are ended before.
void sim_air_done(struct sim_air *air);

// ---- access points

/// Inside a chip: a station's frame that is not for another station alone.
/// Runs as an event.
typedef void sim_ap_frame_fn(void *arg, const uint8_t *frame, size_t len);

/// Inside a chip: a station has joined (`joined`) or is gone.
typedef void sim_ap_member_fn(void *arg, struct sim_station *station,
    bool joined);

/// How it is set up. May be changed in sim_ap.cfg: it then holds for those
/// who join from then on.
struct sim_ap_cfg {
    const char *ssid;       ///< at most SIM_SSID_MAX bytes
    const char *passphrase; ///< NULL: none
    enum sim_security security;
    uint8_t bssid[6];
    uint8_t channel;      ///< 0: 6
    int8_t rssi_dbm;      ///< as all stations hear it; 0: -50
    uint8_t max_stations; ///< 0: as many as come
    bool hidden;
    bool refuse;                 ///< takes nobody
    sim_ap_frame_fn *on_frame;   ///< NULL: frames go to the cable
    sim_ap_member_fn *on_member; ///< or NULL
    void *arg;
};

struct sim_ap {
    struct sim_ap_cfg cfg;
    struct sim_nic nic; ///< join nic.port to a cable, unless cfg.on_frame
    struct sim_air *air;
    struct sim_ap *next;
    bool on;          ///< read only
    unsigned count;   ///< stations that are joined, read only
    uint64_t free_ns; ///< private: when its air is free
};

/// An access point that is on from now on.
void sim_ap_init(struct sim_ap *ap, struct sim_air *air,
    const struct sim_ap_cfg *cfg);

/// Ends it. Its stations are not told.
void sim_ap_done(struct sim_ap *ap);

/// Off: it vanishes without a word, and its stations notice after
/// sim_air.lost_ns. On again: nobody is joined.
void sim_ap_switch(struct sim_ap *ap, bool on);

/// Sends a station away; NULL: all of them.
void sim_ap_kick(struct sim_ap *ap, const struct sim_station *station);

/// To its stations: to the one whose address it has, or to all. For access
/// points inside chips; a cable does it by itself. Returns false if no
/// station was meant.
bool sim_ap_send(struct sim_ap *ap, const uint8_t *frame, size_t len);

/// The first station that is joined, or the one after `last`; NULL at the end.
struct sim_station *sim_ap_station(const struct sim_ap *ap,
    const struct sim_station *last);

// ---- stations

struct sim_station_ops {
    /// A join has ended, or what it led to. SIM_AIR_JOINED: frames flow.
    void (*state)(struct sim_station *station, enum sim_air_end end);

    /// A frame for this station, or for all.
    void (*frame)(struct sim_station *station, const uint8_t *frame,
        size_t len);
};

struct sim_station {
    const struct sim_station_ops *ops;
    struct sim_air *air;
    const char *name;
    uint8_t mac[6];
    struct sim_ap *ap; ///< read only: where it is joined, or NULL
    // Private.
    struct sim_station *next;
    bool stale; // its access point has been off, and does not know it
    struct sim_ap *chosen;   // the one it is joining
    enum sim_air_end result; // of what is under way
    char passphrase[SIM_PASSPHRASE_MAX + 1];
    struct sim_event timer;
};

/// Whom to join. Borrowed for the call.
struct sim_join {
    const char *ssid;
    const char *passphrase; ///< NULL or "": none
    const uint8_t *bssid;   ///< just this one, or NULL: the strongest
    unsigned accept;        ///< enum sim_accept; 0: open without a
                            ///< passphrase, all others with one
};

void sim_station_init(struct sim_station *station, struct sim_air *air,
    const char *name, const uint8_t mac[6], const struct sim_station_ops *ops);

/// Leaves without telling.
void sim_station_done(struct sim_station *station);

/// Begins to join; leaves another before that. Its end is told by
/// ops->state().
void sim_station_join(struct sim_station *station, const struct sim_join *join);

/// Leaves, or ends a join. Nothing is told.
void sim_station_leave(struct sim_station *station);

/// Sends a frame. Returns false if it is not joined.
bool sim_station_send(struct sim_station *station, const uint8_t *frame,
    size_t len);

#endif
