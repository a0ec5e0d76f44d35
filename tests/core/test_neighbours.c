// SPDX-License-Identifier: MIT
//
// Two of our own stacks on a cable: one has a name and a service, the other
// looks for them.

#include "nif/dns.h"
#include "nif/igmp.h"
#include "nif/mdns.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull

static struct pair p;
static struct nif_igmp igmp;
static struct nif_igmp_group groups[2];
static struct nif_mdns mdns;
static struct nif_dns dns;
static struct nif_ip found;
static int result;

static bool step(struct pair *pair)
{
    uint64_t again_us = NIF_NEVER;

    pair->also_us = nif_mdns_poll(&mdns);
    if (result == NIF_EAGAIN) {
        result = nif_dns_poll(&dns, &found, &again_us);
    }
    if (again_us < pair->also_us) {
        pair->also_us = again_us;
    }
    return result != NIF_EAGAIN && result != NIF_EINVAL;
}

static int setup(void **state)
{
    (void)state;
    pair_init(&p, 5);
    nif_igmp_init(&igmp,
        &(struct nif_igmp_cfg){ .groups = groups,
            .count = nif_countof(groups) });
    p.parts.igmp = &igmp;
    pair_restart(&p, 5);
    nif_mdns_init(&mdns,
        &(struct nif_mdns_cfg){ .stack = &p.stack[0].stack,
            .seed = 1,
            .host = "board" });
    assert_int_equal(nif_mdns_start(&mdns), 0);
    result = NIF_EINVAL;
    pair_run(&p, p.now_us + 5 * SECOND, step);
    assert_int_equal(mdns.state, NIF_MDNS_RUNNING);
    nif_dns_init(&dns, &p.stack[1].stack, 2);
    return 0;
}

static int look(const char *host)
{
    assert_int_equal(nif_dns_start(&dns, host), 0);
    result = NIF_EAGAIN;
    pair_run(&p, p.now_us + 60 * SECOND, step);
    return result;
}

// RFC 6762 5.1 6.7
static void a_neighbour_is_found_by_its_name(void **state)
{
    uint64_t begun_us = p.now_us;

    (void)state;
    assert_int_equal(look("Board.local"), 0);
    assert_int_equal(nif_ip4_value(&found), PAIR_IP0);
    assert_in_range(p.now_us - begun_us, 0, SECOND);
    assert_int_equal(look("nobody.local"), NIF_ENOTFOUND);
    nif_mdns_stop(&mdns);
    assert_int_equal(look("board.local"), NIF_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_neighbour_is_found_by_its_name, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
