// SPDX-License-Identifier: MIT
//
// The air around the board.

#include "tests/contract/wifi_bench.h"

#include "tests/support/check.h"

#include <string.h>

struct sim_ap wifi_other[WIFI_OTHERS];
static unsigned others;
enum nif_event wifi_seen[WIFI_SEEN];
unsigned wifi_seen_count;
static bool told_up; // by events

struct nif_iface *wifi_iface(void)
{
    return bench.board.iface;
}

static void on_event(void *arg, struct nif_iface *device, enum nif_event event)
{
    (void)arg;
    (void)device;
    if (wifi_seen_count < nif_countof(wifi_seen)) {
        wifi_seen[wifi_seen_count++] = event;
    }
    told_up =
        event == NIF_EVENT_LINK_UP || (told_up && event == NIF_EVENT_RESTARTED);
}

struct nif_wifi_status wifi_status(void)
{
    struct nif_wifi_status s;

    nif_wifi_status(wifi_iface(), &s);
    return s;
}

void wifi_agree(void)
{
    bool link = (nif_iface_flags(wifi_iface()) & NIF_IFACE_LINK) != 0;
    enum nif_wifi_state state = wifi_status().state;

    assert_int_equal(link,
        state == NIF_WIFI_JOINED || state == NIF_WIFI_SERVING);
    assert_int_equal(link, told_up);
    assert_int_equal(wifi_status().err != 0, state == NIF_WIFI_FAILED);
}

static void begin(const char *passphrase, bool start)
{
    others = 0;
    wifi_seen_count = 0;
    told_up = false;
    bench_begin(&(struct bench_cfg){ .idle = true, .passphrase = passphrase });
    nif_iface_on_event(wifi_iface(), on_event, NULL);
    if (start) {
        assert_int_equal(nif_iface_start(wifi_iface()), 0);
    }
}

int wifi_setup(void **state)
{
    (void)state;
    begin(WIFI_SECRET, true);
    return 0;
}

int wifi_setup_open(void **state)
{
    (void)state;
    begin(NULL, true);
    return 0;
}

int wifi_setup_off(void **state)
{
    (void)state;
    begin(WIFI_SECRET, false);
    return 0;
}

int wifi_teardown(void **state)
{
    nif_iface_on_event(wifi_iface(), NULL, NULL);
    for (unsigned i = 0; i < others; i++) {
        sim_ap_done(&wifi_other[i]);
    }
    return bench_teardown(state);
}

struct sim_ap *wifi_add(const char *ssid, enum sim_security security,
    int8_t rssi_dbm, uint8_t channel)
{
    struct sim_ap *ap = &wifi_other[others];

    sim_ap_init(ap, bench.board.ap->air,
        &(struct sim_ap_cfg){
            .ssid = ssid,
            .security = security,
            .passphrase = security == SIM_OPEN ? NULL : WIFI_SECRET,
            .rssi_dbm = rssi_dbm,
            .channel = channel,
            .bssid = { 2, 0, 0, 1, 0, (uint8_t)others },
        });
    others++;
    return ap;
}

static int look_settled(void *arg)
{
    (void)arg;
    return wifi_status().state == NIF_WIFI_JOINING ? NIF_EAGAIN : 0;
}

void wifi_join(const struct nif_wifi_params *params, enum nif_wifi_state state,
    int err)
{
    assert_int_equal(nif_wifi_join(wifi_iface(), params), 0);
    assert_int_equal(nif_wait_for(bench.stack, look_settled, NULL,
                         bench_in(60 * S)),
        0);
    bench_pass(10000);
    assert_int_equal(wifi_status().state, state);
    if (err != 0) {
        assert_int_equal(wifi_status().err, err);
    }
    wifi_agree();
}

void wifi_join_home(void)
{
    wifi_join(bench.board.board.wifi, NIF_WIFI_JOINED, 0);
}

static int look_addr(void *arg)
{
    (void)arg;
    return host_board_has_addr(&bench.board) ? 0 : NIF_EAGAIN;
}

void wifi_expect_traffic(unsigned i)
{
    assert_int_equal(nif_wait_for(bench.stack, look_addr, NULL,
                         bench_in(30 * S)),
        0);
    bench.peer.ends = i;
    bench_prove(i);
}

void wifi_expect_state(enum nif_wifi_state state, uint64_t us)
{
    uint64_t until_us = bench_in(us);

    while (wifi_status().state != state && bench_now() < until_us) {
        bench_pass(10000);
    }
    bench_pass(10000);
    assert_int_equal(wifi_status().state, state);
    wifi_agree();
}
