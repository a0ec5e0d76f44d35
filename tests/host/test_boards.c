// SPDX-License-Identifier: MIT
//
// What every simulated board has in common, whatever its chip.

#include "boards/host/host.h"
#include "sim/net/nic.h"
#include "tests/support/check.h"

#include <string.h>

static void its_device_answers_and_is_listed(void **state)
{
    static struct host_board board;

    (void)state;
    for (const struct host_chip *chip = host_chips; chip->name; chip++) {
        const struct host_board_cfg cfg = {
            .chip = chip->name,
            .seed = 1,
            .net = { .ip = nif_ip4(192, 0, 2, 2), .prefix_len = 24 },
        };
        struct sim_world world;
        struct sim_nic nic;
        struct nif_device *found = NULL;
        struct nif_interface list[2];
        char why[HOST_WHY] = "";

        sim_world_init(&world, 1);
        assert_int_equal(host_board_init(&board, &world, &cfg, why), 0);
        sim_nic_init(&nic, &world, "other", 0);
        host_board_plug(&board, &nic.port);
        assert_int_equal(nif_probe(&board.board, NIF_KIND_WIFI, &found),
            NIF_ENODEV);
        assert_int_equal(nif_probe(&board.board, NIF_KIND_WIRED, &found), 0);
        assert_int_equal(nif_interfaces(&board.board, list, 2), 1);
        assert_string_equal(list[0].name, chip->name);
        assert_true(list[0].flags & NIF_IFACE_STARTED);
        assert_int_equal(list[0].mtu, 1500);
        assert_int_equal(list[0].hwaddr.byte[5], 2);
        assert_int_equal(list[0].net.ip.byte[3], 2);
        host_board_done(&board);
        sim_nic_done(&nic);
        assert_int_equal(world.complaints, 0);
        sim_world_done(&world);
    }
}

static void a_chip_that_there_is_not_is_told_with_those_there_are(void **state)
{
    static struct host_board board;
    const struct host_board_cfg cfg = { .chip = "nonsense" };
    struct sim_world world;
    char why[HOST_WHY] = "";

    (void)state;
    sim_world_init(&world, 1);
    assert_int_equal(host_board_init(&board, &world, &cfg, why), -1);
    for (const struct host_chip *chip = host_chips; chip->name; chip++) {
        assert_non_null(strstr(why, chip->name));
    }
    sim_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_device_answers_and_is_listed),
        cmocka_unit_test(a_chip_that_there_is_not_is_told_with_those_there_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
