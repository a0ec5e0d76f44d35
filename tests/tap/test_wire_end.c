// SPDX-License-Identifier: MIT
//
// A shared wire as the end of a world: frames leave it and come in, and what
// was lost is counted.

#include "nif/base.h"
#include "tap/loop.h"
#include "tap/wire.h"
#include "tests/tap/files.h"

#include <sys/socket.h>
#include <sys/un.h>

static char path[FILE_NAME];

static int stranger(void)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

static void a_world_is_at_the_wire(void **state)
{
    struct sim_world world;
    struct sim_nic card;
    struct sim_cable cable;
    struct tap_loop loop;
    char why[TAP_WHY];
    uint8_t frame[64] = { 2 };
    uint8_t in[2 * 64] = { 0, 0, 0, 60, [60 + 4 + 3] = 5 }; // the second: short
    struct tap_end *end =
        tap_wire_end(&(struct tap_wire_cfg){ .where = path }, why);
    int fd;

    (void)state;
    assert_non_null(end);
    assert_true(tap_wire_end_is_held(end));
    fd = stranger();
    sim_world_init(&world, 1);
    sim_nic_init(&card, &world, "card", 0);
    card.full_duplex = true;
    sim_cable_init(&cable, &world, 100000000);
    tap_loop_init(&loop, &world, end, NULL);
    loop.nic.full_duplex = true;
    sim_cable_join(&cable, &card.port, &loop.nic.port);
    assert_int_equal(tap_loop_run(&loop, 20 * SIM_MS, NULL, NULL),
        TAP_LOOP_UNTIL);

    assert_true(sim_nic_send(&card, frame, 60));
    assert_int_equal(send(fd, in, 4 + 60 + 4 + 5, 0), 73);
    assert_int_equal(tap_loop_run(&loop, 60 * SIM_MS, NULL, NULL),
        TAP_LOOP_UNTIL);
    assert_int_equal(loop.in_count, 1);
    assert_int_equal(end->lost, 1);
    assert_int_equal(loop.out_count, 1);
    assert_int_equal(recv(fd, frame, sizeof(frame), 0), 64);
    assert_int_equal(nif_get_be32(frame), 60);
    assert_int_equal(frame[4], 2);
    close(fd);
    sim_cable_done(&cable);
    tap_loop_done(&loop);
    sim_nic_done(&card);
    sim_world_done(&world);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void why_there_is_none_is_told(void **state)
{
    char why[TAP_WHY];

    (void)state;
    assert_null(tap_wire_end(&(struct tap_wire_cfg){ .where =
                                                         "/nonexistent/wire" },
        why));
    assert_non_null(strstr(why, "/nonexistent/wire"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_world_is_at_the_wire),
        cmocka_unit_test(why_there_is_none_is_told),
    };

    file_make(path, NULL);
    unlink(path);
    return cmocka_run_group_tests_name("wire_end", tests, NULL, NULL);
}
