// SPDX-License-Identifier: MIT
//
// Which devices a board has: one fake of each of the four kinds, and one that
// is two of them.

#include "nif/board.h"
#include "nif/wifi.h"
#include "tests/support/check.h"

#include <string.h>

struct fake {
    struct nif_iface iface;
    unsigned made;
    unsigned starts;
    unsigned stops;
    uint8_t number;
    bool there;
};

static int fake_start(struct nif_iface *iface)
{
    struct fake *f = nif_container_of(iface, struct fake, iface);

    f->starts++;
    return f->there ? 0 : NIF_ENODEV;
}

static int fake_stop(struct nif_iface *iface)
{
    nif_container_of(iface, struct fake, iface)->stops++;
    return NIF_EIO; // it is not there
}

static unsigned fake_flags(struct nif_iface *iface)
{
    const struct fake *f = nif_container_of(iface, struct fake, iface);

    return f->there && f->starts > 0 ? NIF_IFACE_STARTED : 0;
}

static size_t fake_mtu(struct nif_iface *iface)
{
    return 1500u - nif_container_of(iface, struct fake, iface)->number;
}

static void fake_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = (struct nif_hwaddr){ { 2, 0, 0, 0, 0,
        nif_container_of(iface, struct fake, iface)->number } };
}

static const struct nif_iface_ops fake_ops = {
    .start = fake_start,
    .stop = fake_stop,
    .flags = fake_flags,
    .mtu = fake_mtu,
    .hwaddr = fake_hwaddr,
};

static void stack_net(struct nif_stack *stack, struct nif_net *out)
{
    (void)stack;
    *out = (struct nif_net){ .ip = nif_ip4(192, 0, 2, 7) };
}

static const struct nif_stack_ops stack_ops = { .net = stack_net };
static const struct nif_eth_ops eth;
static const struct nif_wifi_ops wifi;
static struct nif_stack own = { .ops = &stack_ops };
static struct fake fakes[5];
static struct nif_device devices[5];
static struct nif_board board;

static struct nif_iface *make(void *arg)
{
    struct fake *f = arg;

    f->made++;
    return &f->iface;
}

static int setup(void **state)
{
    static const char *const names[] = { "wired frames", "wired sockets",
        "wifi frames", "wifi sockets", "wired both" };

    (void)state;
    memset(fakes, 0, sizeof(fakes));
    for (unsigned i = 0; i < 5; i++) {
        fakes[i].iface.ops = &fake_ops;
        fakes[i].iface.wifi = i == 2 || i == 3 ? &wifi : NULL;
        fakes[i].iface.eth = i % 2 == 0 ? &eth : NULL;
        fakes[i].iface.stack = i % 2 == 1 || i == 4 ? &own : NULL;
        fakes[i].number = (uint8_t)i;
        devices[i] = (struct nif_device){ .name = names[i],
            .make = make,
            .arg = &fakes[i] };
    }
    board = (struct nif_board){ .devices = devices, .device_count = 5 };
    return 0;
}

static void the_first_that_answers_is_given(void **state)
{
    struct nif_device *found = NULL;

    (void)state;
    fakes[2].there = true;
    fakes[3].there = true;
    assert_int_equal(nif_probe(&board, NIF_KIND_ANY, &found), 0);
    assert_ptr_equal(found, &devices[2]);
    assert_ptr_equal(found->iface, &fakes[2].iface);
    assert_int_equal(fakes[0].stops, 1);
    assert_int_equal(fakes[1].stops, 1);
    assert_int_equal(fakes[2].stops, 0);
    assert_int_equal(fakes[3].made, 0);
}

static void each_of_the_four_kinds_can_be_asked_for(void **state)
{
    const unsigned kinds[] = { NIF_KIND_WIRED_FRAMES, NIF_KIND_WIRED_SOCKETS,
        NIF_KIND_WIFI_FRAMES, NIF_KIND_WIFI_SOCKETS };
    struct nif_device *found = NULL;

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        fakes[i].there = true;
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(nif_probe(&board, kinds[i], &found), 0);
        assert_ptr_equal(found, &devices[i]);
        assert_int_equal(fakes[i].starts, 1); // and no other was
    }
    assert_int_equal(nif_probe(&board, NIF_KIND_FRAMES | NIF_KIND_SOCKETS,
                         &found),
        0);
    assert_ptr_equal(found, &devices[4]);
    assert_int_equal(fakes[0].made, 1);
}

static void nothing_that_answers_is_no_device(void **state)
{
    struct nif_device *found = NULL;

    (void)state;
    assert_int_equal(nif_probe(&board, NIF_KIND_ANY, &found), NIF_ENODEV);
    fakes[0].there = true;
    assert_int_equal(nif_probe(&board, NIF_KIND_WIFI, &found), NIF_ENODEV);
    board.device_count = 0;
    assert_int_equal(nif_probe(&board, NIF_KIND_ANY, &found), NIF_ENODEV);
    board.device_count = 1;
    devices[0] = (struct nif_device){ .name = "not fitted" };
    assert_int_equal(nif_probe(&board, NIF_KIND_ANY, &found), NIF_ENODEV);
    assert_null(found);
}

static void made_devices_are_listed_with_what_is_known_of_them(void **state)
{
    struct nif_interface list[3];
    struct nif_device *found = NULL;

    (void)state;
    assert_int_equal(nif_interfaces(&board, list, 3), 0);
    fakes[1].there = true;
    assert_int_equal(nif_probe(&board, NIF_KIND_ANY, &found), 0);
    assert_int_equal(nif_interfaces(&board, list, 3), 2);
    assert_string_equal(list[0].name, "wired frames");
    assert_int_equal(list[0].kind, NIF_KIND_WIRED_FRAMES);
    assert_int_equal(list[0].flags, 0);
    assert_int_equal(list[0].net.ip.family, NIF_IP_NONE);
    assert_int_equal(list[1].kind, NIF_KIND_WIRED_SOCKETS);
    assert_int_equal(list[1].flags, NIF_IFACE_STARTED);
    assert_int_equal(list[1].mtu, 1499);
    assert_int_equal(list[1].hwaddr.byte[5], 1);
    assert_int_equal(list[1].net.ip.byte[3], 7);
    assert_ptr_equal(list[1].iface, &fakes[1].iface);
    // The stack of a frame device is the board's.
    board.iface = &fakes[0].iface;
    board.stack = &own;
    list[1].name = NULL;
    assert_int_equal(nif_interfaces(&board, list, 1), 2);
    assert_int_equal(list[0].net.ip.byte[3], 7);
    assert_null(list[1].name);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_that_answers_is_given),
        TEST(each_of_the_four_kinds_can_be_asked_for),
        TEST(nothing_that_answers_is_no_device),
        TEST(made_devices_are_listed_with_what_is_known_of_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
