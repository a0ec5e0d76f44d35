// SPDX-License-Identifier: MIT
//
// What every simulated board has in common, whatever its chip.

#include "boards/host/host.h"
#include "sim/net/nic.h"
#include "tests/support/check.h"

#include <stdlib.h>
#include <string.h>

struct bench {
    struct sim_world world;
    struct host_board board;
    struct sim_nic nic; // the other end
};

static const struct nif_net address = {
    .ip = { .family = NIF_IPV4, .byte = { 192, 0, 2, 2 } },
    .prefix_len = 24,
};

static struct bench *open_bench(const struct host_board_cfg *cfg)
{
    static struct bench b;
    char why[HOST_WHY] = "";

    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    assert_int_equal(host_board_init(&b.board, &b.world, cfg, why), 0);
    sim_nic_init(&b.nic, &b.world, "other", 0);
    host_board_plug(&b.board, &b.nic.port);
    return &b;
}

static void close_bench(struct bench *b)
{
    host_board_done(&b->board);
    sim_nic_done(&b->nic);
    assert_int_equal(b->world.complaints, 0);
    sim_world_done(&b->world);
}

// ---- a chip with a stack of its own: the one without registers, and our
// stack behind it

struct inner {
    struct nif_iface iface; // first
    struct nif_iface *direct;
    void *part;
    struct nif_tcpip tcpip;
    uint8_t rx[NIF_ETH_FRAME_MAX];
};

static struct inner *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct inner, iface);
}

static int inner_start(struct nif_iface *iface)
{
    return nif_iface_start(of(iface)->direct);
}

static int inner_stop(struct nif_iface *iface)
{
    return nif_iface_stop(of(iface)->direct);
}

static int inner_poll(struct nif_iface *iface, uint64_t *again_us)
{
    return nif_iface_poll(of(iface)->direct, again_us);
}

static void inner_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    nif_iface_hwaddr(of(iface)->direct, out);
}

static unsigned inner_flags(struct nif_iface *iface)
{
    return nif_iface_flags(of(iface)->direct);
}

static size_t inner_mtu(struct nif_iface *iface)
{
    return nif_iface_mtu(of(iface)->direct);
}

static void inner_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    nif_iface_on_event(of(iface)->direct, fn, arg);
}

static const struct nif_iface_ops inner_ops = {
    .start = inner_start,
    .stop = inner_stop,
    .poll = inner_poll,
    .hwaddr = inner_hwaddr,
    .flags = inner_flags,
    .mtu = inner_mtu,
    .on_event = inner_on_event,
};

static int inner_make(struct host_board *board, char why[HOST_WHY])
{
    struct inner *inner = calloc(1, sizeof(*inner));
    int err = host_direct.make(board, why);

    assert_non_null(inner);
    inner->direct = board->iface;
    inner->part = board->part;
    nif_tcpip_init(&inner->tcpip,
        &(struct nif_tcpip_cfg){
            .iface = inner->direct,
            .clock = &board->cpu.clock,
            .rx = inner->rx,
            .rx_cap = sizeof(inner->rx),
            .seed = board->cfg.seed,
        });
    inner->iface =
        (struct nif_iface){ .ops = &inner_ops, .stack = &inner->tcpip.stack };
    board->iface = &inner->iface;
    board->part = inner;
    return err;
}

static void inner_done(struct host_board *board)
{
    struct inner *inner = board->part;

    board->part = inner->part;
    host_direct.done(board);
    free(inner);
}

static bool was_pulled;

static void inner_link(struct host_board *board, bool up)
{
    was_pulled = !up;
    sim_cable_plug(&board->cable, up);
}

static const struct host_chip sockets = {
    .name = "sockets",
    .bits_per_s = 100000000,
    .make = inner_make,
    .done = inner_done,
    .link = inner_link,
};

static const struct host_chip asks_itself = {
    .name = "asks-itself",
    .bits_per_s = 100000000,
    .own_dhcp = true,
    .make = inner_make,
    .done = inner_done,
};

// ---- tests

static void its_device_answers_and_is_listed(void **state)
{
    (void)state;
    for (const struct host_chip *const *chip = host_chips; *chip; chip++) {
        struct bench *b = open_bench(&(struct host_board_cfg){
            .chip = (*chip)->name,
            .seed = 1,
            .net = address,
        });
        struct nif_board *board = &b->board.board;
        unsigned wifi = b->board.iface->wifi ? NIF_KIND_WIFI : NIF_KIND_WIRED;
        struct nif_device *found = NULL;
        struct nif_interface list[2];

        assert_int_equal(nif_probe(board, wifi ^ NIF_KIND_WIFI ^ NIF_KIND_WIRED,
                             &found),
            NIF_ENODEV);
        assert_int_equal(nif_probe(board, wifi, &found), 0);
        assert_int_equal(nif_interfaces(board, list, 2), 1);
        assert_string_equal(list[0].name, (*chip)->name);
        assert_true(list[0].flags & NIF_IFACE_STARTED);
        assert_int_equal(list[0].mtu, 1500);
        assert_int_equal(list[0].hwaddr.byte[5], 2);
        if (!(list[0].kind & NIF_KIND_WIFI)) { // it has to join first
            assert_int_equal(list[0].net.ip.byte[3], 2);
        }
        close_bench(b);
    }
}

static void a_board_without_its_chip_says_so(void **state)
{
    (void)state;
    for (const struct host_chip *const *chip = host_chips; *chip; chip++) {
        struct bench *b = open_bench(&(struct host_board_cfg){
            .chip = (*chip)->name,
            .seed = 1,
            .absent = true,
        });
        struct nif_device *found = NULL;

        assert_int_equal(nif_probe(&b->board.board, NIF_KIND_ANY, &found),
            NIF_ENODEV);
        close_bench(b);
    }
}

static void frames_get_our_stack_and_sockets_keep_theirs(void **state)
{
    char kind[HOST_KIND];
    struct bench *b;
    struct nif_net net;

    (void)state;
    b = open_bench(&(struct host_board_cfg){ .chip = "direct", .seed = 1 });
    assert_ptr_equal(b->board.stack, &b->board.tcpip.stack);
    assert_string_equal(host_board_kind(&b->board, kind), "wired, frames");
    close_bench(b);

    b = open_bench(&(struct host_board_cfg){
        .kind = &sockets,
        .seed = 1,
        .net = address,
    });
    assert_ptr_equal(b->board.stack, b->board.iface->stack);
    assert_ptr_equal(b->board.board.stack, b->board.iface->stack);
    assert_string_equal(host_board_kind(&b->board, kind), "wired, sockets");
    assert_true(host_board_has_addr(&b->board));
    nif_stack_net(b->board.iface->stack, &net);
    assert_int_equal(net.ip.byte[3], 2);
    assert_false(b->board.board.use_dhcp);
    close_bench(b);
}

static void
the_application_asks_for_an_address_unless_the_chip_does(void **state)
{
    struct bench *b;

    (void)state;
    b = open_bench(&(struct host_board_cfg){ .kind = &sockets, .seed = 1 });
    assert_true(b->board.board.use_dhcp);
    assert_false(host_board_has_addr(&b->board));
    close_bench(b);

    b = open_bench(&(struct host_board_cfg){ .kind = &asks_itself, .seed = 1 });
    assert_false(b->board.board.use_dhcp);
    close_bench(b);
}

static void the_link_is_pulled_where_the_chip_has_it(void **state)
{
    struct bench *b;

    (void)state;
    b = open_bench(&(struct host_board_cfg){ .kind = &sockets, .seed = 1 });
    host_board_link(&b->board, false);
    assert_true(was_pulled);
    close_bench(b);

    b = open_bench(&(struct host_board_cfg){ .chip = "direct", .seed = 1 });
    assert_true(b->nic.link);
    host_board_link(&b->board, false);
    assert_false(b->nic.link);
    host_board_link(&b->board, true);
    assert_true(b->nic.link);
    close_bench(b);
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
    for (const struct host_chip *const *chip = host_chips; *chip; chip++) {
        assert_non_null(strstr(why, (*chip)->name));
    }
    sim_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_device_answers_and_is_listed),
        cmocka_unit_test(a_board_without_its_chip_says_so),
        cmocka_unit_test(frames_get_our_stack_and_sockets_keep_theirs),
        cmocka_unit_test(
            the_application_asks_for_an_address_unless_the_chip_does),
        cmocka_unit_test(the_link_is_pulled_where_the_chip_has_it),
        cmocka_unit_test(a_chip_that_there_is_not_is_told_with_those_there_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
