// SPDX-License-Identifier: MIT
//
// Captures, out and in: what passed on one cable passes on another one at
// the same distances, all in virtual time.

#include "tap/loop.h"
#include "tap/pcap.h"
#include "tests/tap/files.h"

#define FRAMES 20

struct seen {
    struct sim_world world;
    struct sim_nic peer;
    struct sim_cable cable;
    struct tap_loop loop;
    unsigned count;
    uint64_t at_ns[FRAMES + 5];
    size_t len[FRAMES + 5];
    uint8_t number[FRAMES + 5];
};

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct seen *s = arg;

    assert_true(s->count < FRAMES + 5);
    s->at_ns[s->count] = s->world.now_ns;
    s->len[s->count] = len;
    s->number[s->count++] = frame[14];
}

static void join(struct seen *s)
{
    memset(s, 0, sizeof(*s));
    sim_world_init(&s->world, 1);
    sim_nic_init(&s->peer, &s->world, "peer", 0);
    s->peer.on_frame = on_frame;
    s->peer.arg = s;
    s->peer.full_duplex = true;
    sim_cable_init(&s->cable, &s->world, 10000000);
    tap_loop_init(&s->loop, &s->world, NULL, NULL);
    s->loop.nic.full_duplex = true;
    sim_cable_join(&s->cable, &s->peer.port, &s->loop.nic.port);
}

static void part(struct seen *s)
{
    sim_cable_done(&s->cable);
    tap_loop_done(&s->loop);
    sim_nic_done(&s->peer);
    sim_world_done(&s->world);
}

// Sends frames of many sizes at odd times, and captures them.
static void make_capture(struct seen *s, const char *name)
{
    uint8_t frame[TAP_FRAME_MAX] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88,
        0xb5 };
    char why[TAP_WHY] = "";
    struct tap_pcap *pcap;

    join(s);
    pcap = tap_pcap_create(name, &s->cable, why);
    assert_non_null(pcap);
    for (unsigned i = 0; i < FRAMES; i++) {
        frame[14] = (uint8_t)i;
        assert_true(sim_nic_send(&s->loop.nic, frame, 60 + i * 76));
        sim_pass_ns(&s->world, 2 * SIM_MS + 10007ull * i);
    }
    // A bad frame is on the cable, but in no capture.
    assert_true(sim_nic_send_raw(&s->loop.nic, frame, 64));
    sim_pass_ns(&s->world, SIM_S);
    assert_int_equal(s->count, FRAMES);
    assert_int_equal(tap_pcap_count(pcap), FRAMES);
    assert_int_equal(tap_pcap_close(pcap, why), 0);
    part(s);
}

static void a_capture_is_played_as_it_was(void **state)
{
    static struct seen first;
    static struct seen again;
    struct tap_pcap_player *player;
    char why[TAP_WHY] = "";
    char name[FILE_NAME];

    (void)state;
    file_make(name, NULL);
    make_capture(&first, name);
    join(&again);
    player = tap_pcap_play(name, &again.loop, SIM_S, why);
    assert_non_null(player);
    assert_false(tap_pcap_played(player));
    assert_int_equal(tap_loop_run(&again.loop, 100 * SIM_S, NULL, NULL),
        TAP_LOOP_UNTIL);
    assert_true(tap_pcap_played(player));
    assert_int_equal(again.count, FRAMES);
    for (unsigned i = 0; i < FRAMES; i++) {
        assert_int_equal(again.len[i], first.len[i]);
        assert_int_equal(again.number[i], first.number[i]);
    }
    // A frame is captured at its last bit and played from there on, so a
    // longer one comes later by its own time on the wire.
    for (unsigned i = 1; i < FRAMES; i++) {
        uint64_t longer_ns =
            sim_cable_time_ns(&again.cable, first.len[i] - first.len[0]);

        assert_int_equal(again.at_ns[i] - again.at_ns[0],
            first.at_ns[i] - first.at_ns[0] + longer_ns);
    }
    assert_int_equal(tap_pcap_play_done(player, why), 0);
    part(&again);
    unlink(name);
}

static void a_capture_is_whole_before_it_is_closed(void **state)
{
    static struct seen s;
    static struct seen again;
    uint8_t frame[100] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
    char why[TAP_WHY] = "";
    char name[FILE_NAME];
    struct tap_pcap *pcap;
    struct tap_pcap_player *player;

    (void)state;
    file_make(name, NULL);
    join(&s);
    pcap = tap_pcap_create(name, &s.cable, why);
    assert_true(sim_nic_send(&s.peer, frame, sizeof(frame)));
    sim_pass_ns(&s.world, SIM_MS);
    // As after kill -9: the file is read while it is still open.
    join(&again);
    player = tap_pcap_play(name, &again.loop, 0, why);
    assert_non_null(player);
    sim_run_until(&again.world, SIM_S);
    assert_int_equal(again.count, 1);
    assert_int_equal(again.len[0], 100);
    assert_int_equal(tap_pcap_play_done(player, why), 0);
    part(&again);
    assert_int_equal(tap_pcap_close(pcap, why), 0);
    part(&s);
    unlink(name);
}

static void a_capture_that_was_cut_is_told(void **state)
{
    static const uint8_t head[24 + 20] = {
        0xd4, 0xc3, 0xb2, 0xa1, 2, 0,
        4, [18] = 1, [20] = 1, [32] = 60, [36] = 60
    }; // a frame of 60 bytes, not 4
    static struct seen s;
    char why[TAP_WHY] = "";
    char name[FILE_NAME];
    struct tap_pcap_player *player;
    FILE *file;

    (void)state;
    file_make(name, NULL);
    file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(head, sizeof(head), 1, file), 1);
    assert_int_equal(fclose(file), 0);
    join(&s);
    player = tap_pcap_play(name, &s.loop, 0, why);
    assert_non_null(player);
    sim_run_until(&s.world, SIM_S);
    assert_true(tap_pcap_played(player));
    assert_int_equal(tap_pcap_play_done(player, why), -1);
    assert_non_null(strstr(why, name));
    part(&s);
    unlink(name);
}

static void what_is_no_capture_is_refused(void **state)
{
    static struct seen s;
    char why[TAP_WHY] = "";
    char name[FILE_NAME];

    (void)state;
    join(&s);
    file_make(name, "this is a text and no capture at all\n");
    assert_null(tap_pcap_play(name, &s.loop, 0, why));
    assert_true(strlen(why) > 0);
    assert_null(tap_pcap_play("/nonexistent/x", &s.loop, 0, why));
    assert_non_null(strstr(why, "/nonexistent/x"));
    assert_null(tap_pcap_create("/nonexistent/x", &s.cable, why));
    assert_non_null(strstr(why, "/nonexistent/x"));
    part(&s);
    unlink(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_capture_is_played_as_it_was),
        cmocka_unit_test(a_capture_is_whole_before_it_is_closed),
        cmocka_unit_test(a_capture_that_was_cut_is_told),
        cmocka_unit_test(what_is_no_capture_is_refused),
    };

    return cmocka_run_group_tests_name("pcap", tests, NULL, NULL);
}
