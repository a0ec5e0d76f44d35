// SPDX-License-Identifier: MIT
//
// Captures: what passes on a cable into a pcap file, frames of a pcap file
// onto the cable, and an interface of the host as the end of the wire. All
// through libpcap.

#ifndef TAP_PCAP_H
#define TAP_PCAP_H

#include "sim/net/cable.h"
#include "tap/end.h"

struct sim_world;
struct tap_loop;

// ---- a file that grows

struct tap_pcap;

/// Creates a pcap file (nanoseconds, Ethernet without FCS) with the world's
/// time, and writes each whole frame of `cable` when its last bit has passed.
/// Returns NULL and says why.
struct tap_pcap *tap_pcap_create(const char *path, struct sim_cable *cable,
    char why[TAP_WHY]);

/// Frames written so far.
uint64_t tap_pcap_count(const struct tap_pcap *pcap);

/// Closes the file. The cable must have ended, or carry nothing any more.
/// Returns 0, or -1 and says why if not all could be written.
int tap_pcap_close(struct tap_pcap *pcap, char why[TAP_WHY]);

// ---- a file that is played

struct tap_pcap_player;

/// Plays a file's frames into `loop`, as if they came from outside: the
/// first at the world's present time plus `start_ns`, the others as far
/// behind it as in the file. `path` must outlive it. Returns NULL and says
/// why.
struct tap_pcap_player *tap_pcap_play(const char *path, struct tap_loop *loop,
    uint64_t start_ns, char why[TAP_WHY]);

/// True when all frames have been played.
bool tap_pcap_played(const struct tap_pcap_player *player);

/// Ends it. Returns 0, or -1 and says why if the file could not be read to its
/// end, as one that was cut.
int tap_pcap_play_done(struct tap_pcap_player *player, char why[TAP_WHY]);

// ---- an interface of the host

/// Captures from and injects into interface `name`. Returns NULL and says
/// why.
struct tap_end *tap_live_open(const char *name, char why[TAP_WHY]);

/// libpcap's version.
const char *tap_pcap_version(void);

#endif
