// SPDX-License-Identifier: MIT
//
// Frames to a stack that has one of each: listener, connection that is open,
// datagram connection, fragments, groups, several gateways.

#include "tests/fuzz/frames_of.h"

#include "nif/igmp.h"
#include "nif/reassembly.h"
#include "nif/routes.h"
#include "tests/core/peer.h"

#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 64

static struct peer p;
static struct nif_conn udp;
static uint8_t udp_rx[2000];
static struct nif_reassembly reassembly;
static struct nif_reassembly_slot slots[2];
static uint8_t packets[2 * NIF_REASSEMBLY_BYTES(4096)];
static struct nif_fragment fragment;
static struct nif_igmp igmp;
static struct nif_igmp_group groups[2];
static struct nif_routes routes;
static struct nif_route ways[2];

static void ignore(int result)
{
    (void)result;
}

static bool has_sums(const uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + 14;
    size_t header = (size_t)(ip[0] & 15) * 4;
    size_t total;

    if (len < 34 || nif_get_be16(frame + 12) != 0x0800) {
        return false;
    }
    total = nif_get_be16(ip + 2);
    return header >= 20 && total >= header + 20 && total <= len - 14;
}

static void repaired(uint8_t *frame, size_t len)
{
    if (len < 34) {
        return;
    }
    frame[0] &= 1; // to us, or to a group
    if (frame[0] == 0) {
        memcpy(frame, p.pair.dev[0].hwaddr.byte, 6);
    }
    frame[6] &= 0xFE;
    if (nif_get_be16(frame + 12) == 0x0800) {
        nif_put_be16(frame + 16, (uint16_t)(len - 14));
    }
    if (has_sums(frame, len)) {
        pair_resum(frame);
    }
}

static void begin(void)
{
    const struct nif_endpoint at = { .port = OUR_PORT };
    const struct nif_ip group = nif_ip4(239, 1, 2, 3);

    memset(&p, 0, sizeof(p));
    pair_init_single(&p.pair, 5);
    nif_reassembly_init(&reassembly,
        &(struct nif_reassembly_cfg){ .slots = slots,
            .count = 2,
            .buf = packets,
            .each = 4096 });
    nif_fragment_init(&fragment);
    nif_igmp_init(&igmp,
        &(struct nif_igmp_cfg){ .groups = groups, .count = 2 });
    p.pair.parts = (struct nif_tcpip_cfg){ .reassembly = &reassembly,
        .fragment = &fragment,
        .igmp = &igmp };
    pair_restart(&p.pair, 5);
    nif_routes_init(&routes,
        &(struct nif_routes_cfg){ .table = ways, .count = 2 });
    p.pair.stack[0].cfg.routes = &routes;
    peer_begin(&p, 4096);
    peer_connect(&p);
    if (nif_conn_open(&p.pair.stack[0].stack, &udp, NIF_UDP,
            &(struct nif_conn_cfg){ .rx = udp_rx, .rx_cap = sizeof(udp_rx) }) !=
            0 ||
        nif_conn_bind(&udp, &at) != 0 ||
        nif_conn_group(&udp, &group, true) != 0) {
        abort();
    }
}

void fuzz_frames(const uint8_t *data, size_t size, bool repair)
{
    uint8_t some[100];

    begin();
    for (unsigned n = 0; size >= 2 && n < FRAMES_MAX; n++) {
        unsigned head = nif_get_be16(data);
        size_t len = head & 0x7FF;
        uint8_t *frame;

        data += 2;
        size -= 2;
        if (len > size) {
            len = size;
        }
        if (len > NIF_ETH_FRAME_MAX) {
            len = NIF_ETH_FRAME_MAX;
        }
        frame = malloc(len > 0 ? len : 1);
        if (frame == NULL) {
            abort();
        }
        memcpy(frame, data, len);
        data += len;
        size -= len;
        if (repair) {
            repaired(frame, len);
        }
        // Aligned, as most devices give frames, or at the end of their memory.
        p.pair.dev[0].place = head >> 11 & 1 ? 2 : 0;
        if (len >= NIF_ETH_HEADER) {
            pair_inject(&p.pair, frame, len);
        }
        free(frame);
        ignore(nif_conn_recv(&udp, some, sizeof(some), NULL));
        ignore(nif_conn_recv(p.conn, some, sizeof(some), NULL));
        pair_pass(&p.pair, (uint64_t)(head >> 11) * 50000);
        pair_clear(&p.pair);
    }
}
