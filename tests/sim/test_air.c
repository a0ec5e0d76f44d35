// SPDX-License-Identifier: MIT
//
// The air: who may join, how long it takes, how it ends, where frames go.

#include "sim/net/air.h"
#include "tests/support/check.h"

#include <string.h>

// A station that notes what it is told.
struct phone {
    struct sim_station st;
    unsigned told;
    enum sim_air_end end;
    uint64_t told_ns;
    unsigned frames;
    size_t len;
    uint8_t last[64];
};

static void phone_state(struct sim_station *st, enum sim_air_end end)
{
    struct phone *phone = nif_container_of(st, struct phone, st);

    phone->told++;
    phone->end = end;
    phone->told_ns = st->air->world->now_ns;
}

static void phone_frame(struct sim_station *st, const uint8_t *frame,
    size_t len)
{
    struct phone *phone = nif_container_of(st, struct phone, st);

    phone->frames++;
    phone->len = len;
    memcpy(phone->last, frame, len < 64 ? len : 64);
}

static const struct sim_station_ops phone_ops = {
    .state = phone_state,
    .frame = phone_frame,
};

struct bench {
    struct sim_world world;
    struct sim_air air;
    struct sim_ap home;
    struct sim_cable cable;
    struct sim_nic server;
    unsigned server_frames;
    struct phone phone[3];
};

static void on_server_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct bench *b = arg;

    (void)frame;
    (void)len;
    b->server_frames++;
}

static int setup(void **state)
{
    static struct bench b;
    static const struct sim_ap_cfg home = {
        .ssid = "home",
        .passphrase = "correct horse",
        .security = SIM_WPA2,
        .bssid = { 2, 0xA, 0, 0, 0, 1 },
    };

    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    sim_air_init(&b.air, &b.world);
    sim_ap_init(&b.home, &b.air, &home);
    sim_cable_init(&b.cable, &b.world, 100000000);
    sim_nic_init(&b.server, &b.world, "server", 0);
    b.server.on_frame = on_server_frame;
    b.server.arg = &b;
    sim_cable_join(&b.cable, &b.home.nic.port, &b.server.port);
    for (unsigned i = 0; i < 3; i++) {
        sim_station_init(&b.phone[i].st, &b.air, "phone",
            (uint8_t[]){ 2, 0xB, 0, 0, 0, (uint8_t)i }, &phone_ops);
    }
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 3; i++) {
        sim_station_done(&b->phone[i].st);
    }
    sim_ap_done(&b->home);
    sim_air_done(&b->air);
    sim_nic_done(&b->server);
    sim_cable_done(&b->cable);
    assert_int_equal(b->world.complaints, 0);
    sim_world_done(&b->world);
    return 0;
}

// Joins and says how it ended.
static enum sim_air_end join(struct bench *b, unsigned n, const char *ssid,
    const char *passphrase, unsigned accept)
{
    unsigned told = b->phone[n].told;

    sim_station_join(&b->phone[n].st,
        &(struct sim_join){ ssid, passphrase, NULL, accept });
    sim_run_until(&b->world, b->world.now_ns + 10 * SIM_S);
    assert_int_equal(b->phone[n].told, told + 1);
    return b->phone[n].end;
}

static void a_join_takes_time_and_ends_well(void **state)
{
    struct bench *b = *state;

    assert_int_equal(join(b, 0, "home", "correct horse", 0), SIM_AIR_JOINED);
    assert_int_equal(b->phone[0].told_ns, 2 * SIM_S);
    assert_ptr_equal(b->phone[0].st.ap, &b->home);
    assert_int_equal(b->home.count, 1);
    assert_ptr_equal(sim_ap_station(&b->home, NULL), &b->phone[0].st);
    assert_null(sim_ap_station(&b->home, &b->phone[0].st));
}

static void a_join_fails_for_the_reason_there_is(void **state)
{
    struct bench *b = *state;
    uint64_t at_ns;

    assert_int_equal(join(b, 0, "elsewhere", "correct horse", 0),
        SIM_AIR_NOT_FOUND);
    assert_int_equal(b->phone[0].told_ns, 1500 * SIM_MS);
    at_ns = b->world.now_ns;
    assert_int_equal(join(b, 0, "home", "wrong", 0), SIM_AIR_PASSPHRASE);
    assert_int_equal(b->phone[0].told_ns - at_ns, 5 * SIM_S);
    assert_int_equal(join(b, 0, "home", "", 0), SIM_AIR_SECURITY);
    assert_int_equal(join(b, 0, "home", "correct horse", SIM_ACCEPT_WPA3),
        SIM_AIR_SECURITY);
    b->home.cfg.security = SIM_WPA2_WPA3;
    assert_int_equal(join(b, 0, "home", "correct horse", SIM_ACCEPT_WPA3),
        SIM_AIR_JOINED);
    b->home.cfg.max_stations = 1;
    assert_int_equal(join(b, 1, "home", "correct horse", 0), SIM_AIR_REFUSED);
    b->home.cfg.max_stations = 2;
    b->home.cfg.refuse = true;
    assert_int_equal(join(b, 1, "home", "correct horse", 0), SIM_AIR_REFUSED);
    b->home.cfg.refuse = false;
    assert_int_equal(join(b, 1, "home", "correct horse", 0), SIM_AIR_JOINED);
}

static void
the_strongest_of_a_name_is_chosen_or_the_one_that_is_named(void **state)
{
    struct bench *b = *state;
    struct sim_ap other;
    struct sim_ap_cfg cfg = b->home.cfg;

    cfg.rssi_dbm = -40;
    cfg.bssid[5] = 2;
    sim_ap_init(&other, &b->air, &cfg);
    assert_int_equal(join(b, 0, "home", "correct horse", 0), SIM_AIR_JOINED);
    assert_ptr_equal(b->phone[0].st.ap, &other);
    sim_station_join(&b->phone[0].st,
        &(struct sim_join){ "home", "correct horse", b->home.cfg.bssid, 0 });
    assert_int_equal(other.count, 0);
    sim_run_until(&b->world, b->world.now_ns + 3 * SIM_S);
    assert_ptr_equal(b->phone[0].st.ap, &b->home);
    sim_ap_done(&other);
}

static void one_that_vanishes_is_missed_after_a_while(void **state)
{
    struct bench *b = *state;
    uint64_t at_ns;

    assert_int_equal(join(b, 0, "home", "correct horse", 0), SIM_AIR_JOINED);
    sim_ap_switch(&b->home, false);
    at_ns = b->world.now_ns;
    sim_run_until(&b->world, at_ns + 5 * SIM_S);
    assert_int_equal(b->phone[0].told, 1);
    sim_run_until(&b->world, at_ns + 7 * SIM_S);
    assert_int_equal(b->phone[0].end, SIM_AIR_LOST);
    assert_null(b->phone[0].st.ap);
    assert_int_equal(join(b, 0, "home", "correct horse", 0), SIM_AIR_NOT_FOUND);
    sim_ap_switch(&b->home, true);
    assert_int_equal(join(b, 0, "home", "correct horse", 0), SIM_AIR_JOINED);
    // Gone and back at once: it knows nobody any more.
    sim_ap_switch(&b->home, false);
    sim_ap_switch(&b->home, true);
    sim_run_until(&b->world, b->world.now_ns + SIM_S);
    assert_int_equal(b->phone[0].end, SIM_AIR_KICKED);
}

static void one_can_be_sent_away_or_all(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(join(b, i, "home", "correct horse", 0),
            SIM_AIR_JOINED);
    }
    sim_ap_kick(&b->home, &b->phone[1].st);
    assert_int_equal(b->phone[0].told, 1);
    assert_int_equal(b->phone[1].end, SIM_AIR_KICKED);
    assert_int_equal(b->home.count, 2);
    sim_ap_kick(&b->home, NULL);
    assert_int_equal(b->phone[0].end, SIM_AIR_KICKED);
    assert_int_equal(b->phone[2].end, SIM_AIR_KICKED);
    assert_int_equal(b->home.count, 0);
}

static void a_join_that_is_given_up_tells_nothing(void **state)
{
    struct bench *b = *state;

    sim_station_join(&b->phone[0].st,
        &(struct sim_join){ "home", "correct horse", NULL, 0 });
    sim_run_until(&b->world, SIM_S);
    sim_station_leave(&b->phone[0].st);
    sim_run_until(&b->world, 10 * SIM_S);
    assert_int_equal(b->phone[0].told, 0);
    assert_int_equal(b->home.count, 0);
}

// ---- frames

static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
static const uint8_t outside[6] = { 2, 0, 0, 0, 0, 9 };

static void make(uint8_t frame[60], const uint8_t to[6], const uint8_t from[6])
{
    memset(frame, 0x5A, 60);
    memcpy(frame, to, 6);
    memcpy(frame + 6, from, 6);
}

static void settle(struct bench *b)
{
    sim_run_until(&b->world, b->world.now_ns + 100 * SIM_MS);
}

static void frames_cross_between_air_and_cable(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    make(frame, outside, b->phone[0].st.mac);
    assert_false(sim_station_send(&b->phone[0].st, frame, 60));
    assert_int_equal(join(b, 0, "home", "correct horse", 0), SIM_AIR_JOINED);
    assert_int_equal(join(b, 1, "home", "correct horse", 0), SIM_AIR_JOINED);
    assert_true(sim_station_send(&b->phone[0].st, frame, 60));
    settle(b);
    assert_int_equal(b->server_frames, 1);
    assert_int_equal(b->phone[1].frames, 0);
    make(frame, b->phone[1].st.mac, outside);
    assert_true(sim_nic_send(&b->server, frame, 60));
    settle(b);
    assert_int_equal(b->phone[0].frames, 0);
    assert_int_equal(b->phone[1].frames, 1);
    assert_int_equal(b->phone[1].len, 60);
    assert_memory_equal(b->phone[1].last, frame, 60);
    make(frame, all, outside);
    assert_true(sim_nic_send(&b->server, frame, 60));
    settle(b);
    assert_int_equal(b->phone[0].frames, 1);
    assert_int_equal(b->phone[1].frames, 2);
    assert_int_equal(b->phone[2].frames, 0);
}

static void frames_between_stations_stay_in_the_air(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    assert_int_equal(join(b, 0, "home", "correct horse", 0), SIM_AIR_JOINED);
    assert_int_equal(join(b, 1, "home", "correct horse", 0), SIM_AIR_JOINED);
    make(frame, b->phone[1].st.mac, b->phone[0].st.mac);
    assert_true(sim_station_send(&b->phone[0].st, frame, 60));
    settle(b);
    assert_int_equal(b->phone[1].frames, 1);
    assert_int_equal(b->server_frames, 0);
    make(frame, all, b->phone[0].st.mac);
    assert_true(sim_station_send(&b->phone[0].st, frame, 60));
    settle(b);
    assert_int_equal(b->phone[1].frames, 2);
    assert_int_equal(b->server_frames, 1);
    assert_int_equal(b->phone[0].frames, 0); // its own does not come back
}

static void nothing_passes_one_that_has_forgotten_its_stations(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    assert_int_equal(join(b, 0, "home", "correct horse", 0), SIM_AIR_JOINED);
    sim_ap_switch(&b->home, false);
    sim_ap_switch(&b->home, true);
    make(frame, outside, b->phone[0].st.mac);
    assert_true(sim_station_send(&b->phone[0].st, frame, 60));
    make(frame, all, outside);
    assert_true(sim_nic_send(&b->server, frame, 60));
    sim_run_until(&b->world, b->world.now_ns + 50 * SIM_MS);
    assert_int_equal(b->server_frames, 0);
    assert_int_equal(b->phone[0].frames, 0);
    settle(b);
    assert_int_equal(b->phone[0].end, SIM_AIR_KICKED);
}

static void the_air_carries_one_frame_at_a_time(void **state)
{
    struct bench *b = *state;
    uint64_t at_ns;
    uint8_t frame[60];

    assert_int_equal(join(b, 0, "home", "correct horse", 0), SIM_AIR_JOINED);
    make(frame, b->phone[0].st.mac, outside);
    at_ns = b->world.now_ns;
    assert_true(sim_ap_send(&b->home, frame, 60));
    assert_true(sim_ap_send(&b->home, frame, 60));
    // 100 us and 480 bits of 50 ns.
    sim_run_until(&b->world, at_ns + 124 * SIM_US);
    assert_int_equal(b->phone[0].frames, 1);
    sim_run_until(&b->world, at_ns + 247 * SIM_US);
    assert_int_equal(b->phone[0].frames, 1);
    sim_run_until(&b->world, at_ns + 248 * SIM_US);
    assert_int_equal(b->phone[0].frames, 2);
    make(frame, outside, outside);
    assert_false(sim_ap_send(&b->home, frame, 60));
}

static void what_is_under_way_ends_with_its_sender(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    assert_int_equal(join(b, 0, "home", "correct horse", 0), SIM_AIR_JOINED);
    make(frame, outside, b->phone[0].st.mac);
    assert_true(sim_station_send(&b->phone[0].st, frame, 60));
    sim_station_leave(&b->phone[0].st);
    settle(b);
    assert_int_equal(b->server_frames, 0);
}

// An access point inside a chip.
struct inside {
    struct sim_ap ap;
    unsigned frames;
    int members;
};

static void on_inside_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct inside *in = arg;

    (void)frame;
    (void)len;
    in->frames++;
}

static void on_inside_member(void *arg, struct sim_station *st, bool joined)
{
    struct inside *in = arg;

    assert_non_null(st);
    in->members += joined ? 1 : -1;
}

static void one_inside_a_chip_takes_frames_itself(void **state)
{
    struct bench *b = *state;
    struct inside in = { .frames = 0 };
    uint8_t frame[60];

    sim_ap_init(&in.ap, &b->air,
        &(struct sim_ap_cfg){ .ssid = "chip",
            .on_frame = on_inside_frame,
            .on_member = on_inside_member,
            .arg = &in });
    assert_int_equal(join(b, 0, "chip", NULL, 0), SIM_AIR_JOINED);
    assert_int_equal(in.members, 1);
    make(frame, outside, b->phone[0].st.mac);
    assert_true(sim_station_send(&b->phone[0].st, frame, 60));
    settle(b);
    assert_int_equal(in.frames, 1);
    sim_station_leave(&b->phone[0].st);
    assert_int_equal(in.members, 0);
    sim_ap_done(&in.ap);
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(a_join_takes_time_and_ends_well),
        ON_BENCH(a_join_fails_for_the_reason_there_is),
        ON_BENCH(the_strongest_of_a_name_is_chosen_or_the_one_that_is_named),
        ON_BENCH(one_that_vanishes_is_missed_after_a_while),
        ON_BENCH(one_can_be_sent_away_or_all),
        ON_BENCH(a_join_that_is_given_up_tells_nothing),
        ON_BENCH(frames_cross_between_air_and_cable),
        ON_BENCH(frames_between_stations_stay_in_the_air),
        ON_BENCH(nothing_passes_one_that_has_forgotten_its_stations),
        ON_BENCH(the_air_carries_one_frame_at_a_time),
        ON_BENCH(what_is_under_way_ends_with_its_sender),
        ON_BENCH(one_inside_a_chip_takes_frames_itself),
    };

    return cmocka_run_group_tests_name("air", tests, NULL, NULL);
}
