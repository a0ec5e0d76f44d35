// SPDX-License-Identifier: MIT
//
// A board with a LAN8720 meets recordings of itself: MDIO and nINT as they
// were.

#include "boards/host/host.h"
#include "sim/net/nic.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    struct sim_world world;
    struct host_board board;
    struct sim_nic nic;
    struct sim_trace trace;
    struct sim_replay replay;
    char *text; // what was recorded
    size_t len;
} b;

// Three seconds with a link, which is pulled for one in the middle.
static int drive(bool live)
{
    struct nif_iface *iface = b.board.iface;
    int err = nif_iface_start(iface);

    for (unsigned ms = 0; err >= 0 && ms < 5000; ms++) {
        uint64_t until_us = 1000 + (uint64_t)ms * 1000;

        if (live && (ms == 2500 || ms == 3500)) {
            host_board_link(&b.board, ms == 3500);
        }
        while (err >= 0 && b.world.now_ns / 1000 < until_us) {
            uint64_t again_us = until_us;

            err = nif_iface_poll(iface, &again_us);
            nif_clock_wait(&b.board.cpu.clock, again_us);
        }
    }
    return err < 0 ? err : 0;
}

static void record(bool polling)
{
    char why[HOST_WHY] = "";
    FILE *out;

    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    out = open_memstream(&b.text, &b.len);
    assert_non_null(out);
    sim_trace_init(&b.trace, &b.world, out);
    assert_int_equal(host_board_init(&b.board, &b.world,
                         &(struct host_board_cfg){ .chip = "lan8720",
                             .seed = 1,
                             .polling = polling,
                             .trace = &b.trace },
                         why),
        0);
    sim_nic_init(&b.nic, &b.world, "other", 0);
    host_board_plug(&b.board, &b.nic.port);
    assert_int_equal(drive(true), 0);
    host_board_done(&b.board);
    sim_nic_done(&b.nic);
    assert_int_equal(b.world.complaints, 0);
    sim_world_done(&b.world);
    fclose(out);
}

// Returns whether the driver asked for all that was recorded, and no more.
static bool is_repeated(bool polling)
{
    struct sim_recording rec;
    struct sim_trace_reader reader;
    char why[HOST_WHY] = "";
    FILE *in = fmemopen(b.text, b.len, "r");
    bool same;

    assert_non_null(in);
    sim_trace_read_init(&reader, in, "run");
    assert_int_equal(sim_recording_read(&rec, &reader), 1);
    sim_trace_read_done(&reader);
    fclose(in);
    sim_world_init(&b.world, 1);
    // The player needs a processor, and the board the player.
    sim_replay_init(&b.replay, &b.board.cpu, &rec);
    assert_int_equal(host_board_init(&b.board, &b.world,
                         &(struct host_board_cfg){ .chip = "lan8720",
                             .seed = 1,
                             .polling = polling,
                             .replay = &b.replay },
                         why),
        0);
    host_board_plug(&b.board, NULL);
    (void)drive(false);
    same = sim_replay_finish(&b.replay);
    host_board_done(&b.board);
    sim_replay_done(&b.replay);
    sim_world_done(&b.world);
    sim_recording_done(&rec);
    return same;
}

static void a_recorded_board_is_repeated(void **state)
{
    (void)state;
    for (int polling = 0; polling < 2; polling++) {
        record(polling);
        assert_non_null(strstr(b.text, " mdio lan8720 "));
        assert_true(polling || strstr(b.text, " pin lan8720.int 0"));
        assert_true(is_repeated(polling));
        free(b.text);
    }
}

// What is read becomes another: the driver then writes or asks differently.
static void a_changed_answer_is_noticed(void **state)
{
    static const char *const changes[][2] = {
        { "read 1 2 0007", "read 1 2 0008" },
        { "read 1 18 60e1", "read 1 18 6081" },
        { "read 1 1 7809", "read 1 1 0809" },
        { "read 1 1 782d", "read 1 1 7809" },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(changes); i++) {
        char *at;

        record(false);
        at = strstr(b.text, changes[i][0]);
        assert_non_null(at);
        memcpy(at, changes[i][1], strlen(changes[i][1]));
        assert_false(is_repeated(false));
        free(b.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recorded_board_is_repeated),
        cmocka_unit_test(a_changed_answer_is_noticed),
    };

    return cmocka_run_group_tests_name("lan8720 replay", tests, NULL, NULL);
}
