// SPDX-License-Identifier: MIT
//
// The far end of the wire: a host with the core's stack on a network card,
// a DHCP server and a name server, whose turns are events. Tests use its
// stack directly.

#ifndef TESTS_ESPAT_FAR_H
#define TESTS_ESPAT_FAR_H

#include "nif/dhcp_server.h"
#include "nif/tcpip.h"
#include "sim/net/air.h"

#define FAR_RING 64

struct far {
    struct nif_iface iface;
    struct nif_clock clock;
    struct nif_tcpip tcpip;
    struct sim_world *world;
    struct sim_nic nic; ///< join nic.port to a cable
    bool phone;         ///< a station with a DHCP client in its place
    struct sim_station st;
    struct nif_dhcp client;
    struct sim_event timer;
    struct nif_dhcp_server dhcpd;
    struct nif_dhcp_lease lease[1];
    bool dhcp;
    struct nif_conn dns;
    uint8_t dns_rx[600];
    uint8_t dns_tx[600];
    unsigned dns_asked;
    bool dns_mute;
    struct nif_conn sntp;
    uint8_t sntp_rx[256];
    uint8_t sntp_tx[256];
    uint8_t rx[NIF_ETH_FRAME_MAX];
    size_t head;
    size_t count;
    struct {
        size_t len;
        uint8_t data[NIF_ETH_FRAME_MAX];
    } ring[FAR_RING];
};

/// 192.0.2.1/24, which gives 192.0.2.2 to one, and knows the address of
/// "far.example": its own. All other names are unknown. It tells the time:
/// the world began at 2026-01-02 03:04:05.
void far_init(struct far *far, struct sim_world *world);
void far_done(struct far *far);

/// One of the same kind that is a telephone in the air, and joins `ssid`.
void far_phone(struct far *far, struct sim_air *air, const char *ssid,
    const char *passphrase);

/// Something was asked of its stack: it has a turn soon.
void far_kick(struct far *far);

#endif
