// SPDX-License-Identifier: MIT
//
// For the contract of a Wi-Fi device: the air with other networks, and what
// the device says of itself.

#ifndef TESTS_CONTRACT_WIFI_BENCH_H
#define TESTS_CONTRACT_WIFI_BENCH_H

#include "sim/net/air.h"
#include "tests/contract/bench.h"

#define WIFI_SECRET "correct horse"
#define WIFI_OTHERS 3
#define WIFI_SEEN   64

/// Networks beside the board's own.
extern struct sim_ap wifi_other[WIFI_OTHERS];

/// Events as they came.
extern enum nif_event wifi_seen[WIFI_SEEN];
extern unsigned wifi_seen_count;

/// cmocka's: the board's network has a passphrase, or is open, or the device
/// is not started.
int wifi_setup(void **state);
int wifi_setup_open(void **state);
int wifi_setup_off(void **state);
int wifi_teardown(void **state);

#define WIFI_TEST(name) \
    cmocka_unit_test_setup_teardown(name, wifi_setup, wifi_teardown)
#define WIFI_TEST_OFF(name) \
    cmocka_unit_test_setup_teardown(name, wifi_setup_off, wifi_teardown)

struct nif_iface *wifi_iface(void);
struct nif_wifi_status wifi_status(void);

/// State, flags and events say the same.
void wifi_agree(void);

/// Another network is there from now on.
struct sim_ap *wifi_add(const char *ssid, enum sim_security security,
    int8_t rssi_dbm, uint8_t channel);

/// Joins, waits for what comes of it, and expects that; `err` 0: any.
void wifi_join(const struct nif_wifi_params *params, enum nif_wifi_state state,
    int err);
void wifi_join_home(void);

/// The state is that within `us`, and flags and events follow.
void wifi_expect_state(enum nif_wifi_state state, uint64_t us);

/// Gets an address, and moves bytes on connection `i`.
void wifi_expect_traffic(unsigned i);

/// What goes wrong: losing what was joined, the chip, its line. Returns how
/// many tests failed.
int wifi_losses(void);

#endif
