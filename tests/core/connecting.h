// SPDX-License-Identifier: MIT
//
// For tests of the connector: a device that fails as it is told, with a radio
// if it is wanted, and ways to an address that do as they are told. The stack
// is one of the pair's; its own device is not touched.

#ifndef TESTS_CORE_CONNECTING_H
#define TESTS_CORE_CONNECTING_H

#include "nif/connector.h"
#include "tests/core/pump.h"

#define EVENTS 64

/// A device with nothing behind it.
struct device {
    struct nif_iface iface;
    nif_event_fn *fn;
    void *arg;
    bool link;
    int start_err;       ///< what start() says
    unsigned bad_starts; ///< so often; then 0
    uint64_t start_us;   ///< how long it takes
    bool ill;            ///< poll_err outlives start()
    int poll_err;
    unsigned starts;
    unsigned stops;
    unsigned polls;
    // The radio.
    int join_err; ///< what join() says
    int outcome;  ///< what becomes of a joining: 0 or why it fails
    bool silent;  ///< nothing becomes of it
    uint64_t joined_us;
    unsigned joins;
    unsigned leaves;
    struct nif_wifi_status status;
    enum nif_wifi_mode mode;
};

/// A way to an address.
struct way {
    struct device *device;
    int start_err;
    unsigned starts;
    unsigned stops;
    unsigned polls;
    uint64_t again_us;
    uint8_t
        last; ///< of the address 192.0.2.x that it sets when polled; 0: none
    uint8_t given; ///< the last it has set
    bool has;
};

extern const struct nif_addr_ops way_ops;

struct connecting {
    struct pump pump; ///< first
    struct device device;
    struct way dhcp;
    struct way fallback;
    struct nif_connector c;
    unsigned count;
    struct {
        enum nif_connector_event event;
        int err;
        uint64_t at_us;
    } seen[EVENTS];
};

extern struct connecting bench;

/// A wired device without a link, DHCP without an answer. cmocka setup.
int connecting_setup(void **state);

/// What the setup has made, to be changed and given to connecting_begin().
struct nif_connector_cfg connecting_cfg(void);

/// The same with the address 192.0.2.9 in place of DHCP.
struct nif_connector_cfg connecting_static(void);

/// The same with a fallback, begun after 4 s.
struct nif_connector_cfg connecting_fallback(void);

void connecting_begin(const struct nif_connector_cfg *cfg);

/// Lets time pass.
void connecting_pass(uint64_t us);

/// Brings it up by DHCP with the address 192.0.2.5.
void connecting_up(const struct nif_connector_cfg *cfg);

/// Plugs the cable, or pulls it; the device tells of it.
void connecting_link(bool up);

/// Expects just these events since the last time; ends with 0.
void connecting_expect(const enum nif_connector_event *events);

#define EXPECT(...)                                                    \
    connecting_expect((const enum nif_connector_event[]){ __VA_ARGS__, \
        (enum nif_connector_event)0 })

#endif
