// SPDX-License-Identifier: MIT
//
// The boards, their switch and their words.

#include "tests/host/boards.h"

#include <stdio.h>
#include <string.h>

struct boards boards;

unsigned boards_index(const struct nif_board *board)
{
    unsigned i = 0;

    while (&boards.board[i].board != board) {
        i++;
    }
    return i;
}

static void print(struct nif_board *board, const char *line)
{
    char *said = boards.said[boards_index(board)];
    size_t len = strlen(said);

    snprintf(said + len, sizeof(boards.said[0]) - len, "%s\n", line);
}

void boards_add(const char *chip, int (*app)(struct nif_board *board),
    const char *args)
{
    unsigned i = boards.count++;
    const struct host_board_cfg cfg = {
        .chip = chip,
        .app = app,
        .args = args,
        .print = print,
        .number = (uint8_t)i,
        .seed = i + 1,
        .cpu_ns = boards.cpu_ns,
        .net = { .ip = nif_ip4(192, 0, 2, (uint8_t)(i + 2)), .prefix_len = 24 },
    };
    char why[HOST_WHY] = "";

    assert_in_range(i, 0, BOARDS - 1);
    assert_int_equal(host_board_init(&boards.board[i], &boards.world, &cfg,
                         why),
        0);
    host_board_plug(&boards.board[i], &boards.net.port[i].nic.port);
}

int boards_setup(void **state)
{
    (void)state;
    memset(&boards, 0, sizeof(boards));
    sim_world_init(&boards.world, 1);
    sim_switch_init(&boards.net, &boards.world, BOARDS);
    return 0;
}

int boards_teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < boards.count; i++) {
        boards.board[i].board.stop = true;
        nif_clock_wake(boards.board[i].board.clock);
    }
    boards_run(60);
    for (unsigned i = 0; i < boards.count; i++) {
        assert_true(sim_fiber_ended(boards.board[i].fiber));
        assert_null(boards.board[i].tcpip.conns);
        host_board_done(&boards.board[i]);
    }
    sim_switch_done(&boards.net);
    assert_int_equal(boards.world.complaints, 0);
    sim_world_done(&boards.world);
    return 0;
}

void boards_run(uint64_t seconds)
{
    sim_run_until(&boards.world, boards.world.now_ns + seconds * SIM_S);
}

int boards_result(unsigned board)
{
    assert_true(sim_fiber_ended(boards.board[board].fiber));
    return boards.board[board].result;
}

const char *boards_said(unsigned board, const char *text)
{
    const char *at = strstr(boards.said[board], text);

    if (at == NULL) {
        fail_msg("board %u did not say \"%s\" but: %s", board, text,
            boards.said[board]);
    }
    return at;
}
