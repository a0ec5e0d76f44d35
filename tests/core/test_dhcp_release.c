// SPDX-License-Identifier: MIT
//
// The DHCP client gives its lease back.

#include "tests/core/dhcp_bench.h"

// RFC 2131 3.1 4.4.6
static void a_lease_can_be_given_back(void **state)
{
    int err;

    (void)state;
    assert_int_equal(nif_dhcp_release(&dhcp), NIF_ENOTCONN);
    dhcp_get_a_lease();
    err = nif_dhcp_release(&dhcp);
    assert_int_equal(err, NIF_EAGAIN); // the server's neighbour entry is not
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND); // there yet
    assert_int_equal(dhcp_hear(SECOND), 0);       // ARP
    assert_int_equal(nif_dhcp_release(&dhcp), 0);
    assert_int_equal(dhcp.state, NIF_DHCP_OFF);
    assert_int_equal(dhcp_address(), 0);
    assert_true(nif_dhcp_poll(&dhcp) == NIF_NEVER);
    assert_int_equal(dhcp_hear(SECOND), 7);
    assert_int_equal(nif_get_be32(frame + 30), PAIR_IP1);
    assert_int_equal(nif_get_be32(msg + 12), 0xC0000232);
    assert_int_equal(nif_get_be32(dhcp_option(54) + 1), PAIR_IP1);
    assert_null(dhcp_option(50));
    assert_null(dhcp_option(55));
    // It is gone: the next start searches.
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
}

// The stack of a chip that takes a datagram, and asks for the receiver's
// hardware address then: nothing more can be sent meanwhile.
static const struct nif_stack_ops *whole;
static bool busy;

static unsigned ready_unless_busy(struct nif_stack *stack,
    struct nif_conn *conn)
{
    unsigned ready = whole->ready(stack, conn);

    return busy ? ready & ~(unsigned)NIF_WRITABLE : ready;
}

static void be_slow(struct nif_stack *stack)
{
    static struct nif_stack_ops slow;

    whole = stack->ops;
    slow = *whole;
    slow.ready = ready_unless_busy;
    stack->ops = &slow;
    busy = true;
}

// Bound, and the server's hardware address known.
static void get_a_lease_and_a_neighbour(void)
{
    dhcp_get_a_lease();
    assert_int_equal(nif_dhcp_release(&dhcp), NIF_EAGAIN);
    assert_int_equal(dhcp_hear(SECOND), 0); // ARP
}

// RFC 2131 4.4.6
static void the_address_stays_until_the_release_has_left(void **state)
{
    (void)state;
    get_a_lease_and_a_neighbour();
    be_slow(&p.stack[0].stack);
    assert_int_equal(nif_dhcp_release(&dhcp), NIF_EAGAIN);
    assert_int_equal(dhcp_hear(SECOND), RELEASE);
    assert_int_equal(nif_dhcp_release(&dhcp), NIF_EAGAIN);
    assert_int_equal(dhcp_address(), 0xC0000232);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    busy = false;
    assert_int_equal(nif_dhcp_release(&dhcp), 0);
    assert_int_equal(dhcp_address(), 0);
    assert_int_equal(dhcp.state, NIF_DHCP_OFF);
    assert_int_equal(dhcp_hear(SECOND), 0); // it was told once
}

// RFC 2131 4.4.6
static void a_lease_renewed_meanwhile_is_given_back_anew(void **state)
{
    (void)state;
    get_a_lease_and_a_neighbour();
    be_slow(&p.stack[0].stack);
    assert_int_equal(nif_dhcp_release(&dhcp), NIF_EAGAIN);
    assert_int_equal(dhcp_hear(SECOND), RELEASE);
    assert_int_equal(dhcp_hear(2000 * SECOND), REQUEST);
    busy = false;
    assert_int_equal(nif_dhcp_release(&dhcp), 0);
    assert_int_equal(dhcp_hear(SECOND), RELEASE);
    assert_int_equal(dhcp_address(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_lease_can_be_given_back, dhcp_setup),
        cmocka_unit_test_setup(the_address_stays_until_the_release_has_left,
            dhcp_setup),
        cmocka_unit_test_setup(a_lease_renewed_meanwhile_is_given_back_anew,
            dhcp_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
