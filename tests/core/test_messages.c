// SPDX-License-Identifier: MIT
//
// The readers of DHCP and DNS messages alone, with messages at the very end of
// their memory: the sanitizers see a byte read too far.

#include "core/clients/dhcp_message.h"
#include "core/clients/dns_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t roll(uint32_t limit)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(((state >> 32) * limit) >> 32);
}

static unsigned long rounds(unsigned long few)
{
    const char *full = getenv("NIF_FULL");

    return full != NULL && *full ? few * 50 : few;
}

// The bytes, in memory that ends with them.
static uint8_t *exact(const uint8_t *bytes, size_t len)
{
    uint8_t *p = malloc(len > 0 ? len : 1);

    assert_non_null(p);
    return memcpy(p, bytes, len);
}

static size_t behind(const uint8_t *bytes, size_t len, size_t at)
{
    uint8_t *p = exact(bytes, len);
    size_t behind = nif__dns_skip(&(struct nif__dns_msg){ p, len }, at);

    free(p);
    return behind;
}

// RFC 1035 2.3.4 4.1.4 RFC 9267 2 3 4 5
static void names_have_labels_of_63_and_255_bytes_at_most(void **state)
{
    uint8_t m[400];

    (void)state;
    memset(m, 'a', sizeof(m));
    m[12] = 64;
    m[12 + 65] = 0;
    assert_int_equal(behind(m, sizeof(m), 12), 0);
    m[12] = 63;
    m[12 + 64] = 0;
    assert_int_equal(behind(m, sizeof(m), 12), 12 + 65);
    assert_int_equal(behind(m, 12 + 65, 12), 12 + 65);
    assert_int_equal(behind(m, 12 + 64, 12), 0);
    // 64 + 64 + 64 + 62 + 1 = 255, and one more.
    for (size_t i = 0; i < 4; i++) {
        m[12 + 64 * i] = i < 3 ? 63 : 61;
    }
    m[12 + 254] = 0;
    assert_int_equal(behind(m, sizeof(m), 12), 12 + 255);
    m[12 + 192] = 62;
    m[12 + 255] = 0;
    assert_int_equal(behind(m, sizeof(m), 12), 0);
    assert_false(nif__dns_same(&(struct nif__dns_msg){ m, sizeof(m) }, 12,
        &(struct nif__dns_msg){ m, sizeof(m) }, 12));
}

// RFC 1035 4.1.4 RFC 9267 2
static void pointers_lead_backwards_and_their_end_is_found(void **state)
{
    static const uint8_t m[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 'n',
        'e', 't', 0, 1, 'a', 0xC0, 12, 1, 'b', 0xC0, 17, 0xC0, 21 };

    (void)state;
    assert_int_equal(behind(m, sizeof(m), 12), 17);
    assert_int_equal(behind(m, sizeof(m), 17), 21);
    assert_int_equal(behind(m, sizeof(m), 21), 25);
    assert_int_equal(behind(m, sizeof(m), 25), 27);
    assert_int_equal(behind(m, 26, 25), 0);
    assert_int_equal(behind(m, sizeof(m), 27), 0);
}

static void a_record_is_read_as_far_as_it_is_there(void **state)
{
    static const uint8_t m[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'a', 0,
        0, 1, 0x80, 1, 0, 0, 1, 0, 0, 2, 7, 8 };

    (void)state;
    for (size_t len = 12; len <= sizeof(m); len++) {
        uint8_t *p = exact(m, len);
        struct nif__dns_record r = { 0 };
        size_t at = 12;

        assert_int_equal(nif__dns_record(&(struct nif__dns_msg){ p, len }, &at,
                             &r),
            len == sizeof(m));
        if (len == sizeof(m)) {
            assert_int_equal(r.type, 1);
            assert_int_equal(r.cls, 0x8001);
            assert_int_equal(r.ttl_s, 256);
            assert_int_equal(r.data, 25);
            assert_int_equal(r.data_len, 2);
            assert_int_equal(at, len);
        }
        free(p);
    }
}

// Walks a message as a client does. Returns how many records it had.
static unsigned walk_dns(const struct nif__dns_msg *m)
{
    struct nif__dns_record r;
    size_t at = 12;
    unsigned n = 0;

    if (m->len < 12 || !nif__dns_question(m, &at, &r)) {
        return 0;
    }
    while (nif__dns_record(m, &at, &r)) {
        assert_true(at <= m->len && r.data + r.data_len == at);
        (void)nif__dns_same(m, r.name, m, 12);
        (void)nif__dns_skip(m, r.data);
        n++;
    }
    return n;
}

static void no_mutation_of_a_dns_message_does_harm(void **state)
{
    static const uint8_t valid[] = { 0, 1, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0,
        3, 'w', 'w', 'w', 1, 'a', 3, 'n', 'e', 't', 0, 0, 1, 0, 1, 0xC0, 12, 0,
        5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 'b', 0xC0, 18, 0xC0, 39, 0, 1, 0, 1, 0,
        0, 0, 60, 0, 4, 1, 2, 3, 4 };
    static const uint8_t odd[] = { 0, 1, 12, 63, 64, 0xBF, 0xC0, 0xFF };
    unsigned whole = 0;

    (void)state;
    for (unsigned long n = rounds(100000); n > 0; n--) {
        size_t len = roll(4) == 0 ? roll(sizeof(valid)) : sizeof(valid);
        uint8_t *p = exact(valid, len);

        for (uint32_t i = roll(4); i > 0 && len > 0; i--) {
            p[roll((uint32_t)len)] =
                roll(2) ? (uint8_t)roll(256) : odd[roll(sizeof(odd))];
        }
        whole += walk_dns(&(struct nif__dns_msg){ p, len }) == 2;
        free(p);
    }
    assert_true(whole > 1000);
}

static void no_mutation_of_a_dhcp_message_does_harm(void **state)
{
    static const uint8_t options[] = { 53, 1, 2, 54, 4, 192, 0, 2, 2, 51, 4, 0,
        0, 14, 16, 0, 0, 1, 4, 255, 255, 255, 0, 3, 4, 192, 0, 2, 254, 52, 1, 3,
        6, 8, 9, 9, 9, 9, 8, 8, 8, 8, 61, 3, 1, 2, 3 };
    static const uint8_t odd[] = { 0, 1, 3, 4, 52, 61, 63, 64, 128, 255 };
    unsigned whole = 0;

    (void)state;
    for (unsigned long n = rounds(100000); n > 0; n--) {
        uint8_t m[240 + sizeof(options)] = { 2, 1, 6 };
        size_t len = sizeof(m);
        struct nif__dhcp_options o;
        uint8_t *p;

        nif_put_be32(m + 236, 0x63825363);
        memcpy(m + 240, options, sizeof(options));
        for (uint32_t i = roll(4); i > 0; i--) {
            m[240 + roll(sizeof(options))] = odd[roll(sizeof(odd))];
            m[44 + roll(192)] = odd[roll(sizeof(odd))];
        }
        if (roll(4) == 0) {
            len = roll((uint32_t)len);
        }
        p = exact(m, len);
        if (nif__dhcp_read(p, len, 2, &o)) {
            whole++;
            for (unsigned code = 0; code < OPT_CODES; code++) {
                assert_true(o.at[code] == NULL ||
                    o.at[code] + 1 + o.at[code][0] <= p + len);
                (void)nif__dhcp_word(&o, (uint8_t)code, 0);
                (void)nif__dhcp_word(&o, (uint8_t)code, 1);
            }
        }
        free(p);
    }
    assert_true(whole > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_labels_of_63_and_255_bytes_at_most),
        cmocka_unit_test(pointers_lead_backwards_and_their_end_is_found),
        cmocka_unit_test(a_record_is_read_as_far_as_it_is_there),
        cmocka_unit_test(no_mutation_of_a_dns_message_does_harm),
        cmocka_unit_test(no_mutation_of_a_dhcp_message_does_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
