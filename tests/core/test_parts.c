// SPDX-License-Identifier: MIT
//
// The small parts of the stack: sums, secrets, rings, addresses, errors.

#include "core/tcpip/internal.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

// RFC 1071 as its text says it.
static uint16_t plain_sum(const uint8_t *p, size_t len)
{
    uint32_t s = 0;

    for (size_t i = 0; i < len; i++) {
        s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    }
    while (s >> 16) {
        s = (s & 0xFFFF) + (s >> 16);
    }
    return (uint16_t)~s;
}

static void the_sum_is_right_at_every_place_and_length(void **state)
{
    static struct pair p;
    uint8_t buf[96];

    (void)state;
    pair_init_single(&p, 3);
    for (size_t i = 0; i < sizeof(buf); i++) {
        buf[i] = (uint8_t)(pair_roll(&p, 4) == 0 ? 0xFF : pair_roll(&p, 256));
    }
    for (size_t at = 0; at < 8; at++) {
        for (size_t len = 0; at + len <= sizeof(buf); len++) {
            assert_int_equal(nif__checksum(0, buf + at, len),
                plain_sum(buf + at, len));
        }
    }
    memset(buf, 0xFF, sizeof(buf));
    assert_int_equal(nif__checksum(0, buf, sizeof(buf)), 0);
    memset(buf, 0, sizeof(buf));
    assert_int_equal(nif__checksum(0, buf, sizeof(buf)), 0xFFFF);
}

static void a_copy_and_its_sum_are_right_at_every_place(void **state)
{
    static struct pair p;
    uint32_t from[60];
    uint32_t to[60];
    uint8_t *src = (uint8_t *)from;
    uint8_t *dst = (uint8_t *)to;

    (void)state;
    pair_init_single(&p, 7);
    for (size_t i = 0; i < sizeof(from); i++) {
        src[i] = (uint8_t)(pair_roll(&p, 4) == 0 ? 0xFF : pair_roll(&p, 256));
    }
    for (size_t i = 0; i < 16; i++) {
        for (size_t len = 0; len <= 200; len++) {
            const uint8_t *s = src + (i & 3);
            uint8_t *d = dst + 4 + (i >> 2);
            uint32_t sum;

            memset(to, 0x55, sizeof(to));
            sum = nif__copy_sum(d, s, len);
            assert_memory_equal(d, s, len);
            assert_int_equal(d[-1], 0x55);
            assert_int_equal(d[len], 0x55);
            assert_int_equal(nif__raw_end(sum),
                nif__raw_end(nif__copy_sum(NULL, s, len)));
            assert_int_equal(nif__checksum(0, s, len), plain_sum(s, len));
        }
    }
}

static void the_sum_of_the_rfc_is_the_one_of_the_rfc(void **state)
{
    // RFC 1071 3: 0001 f203 f4f5 f6f7 sum to ddf2.
    static const uint8_t bytes[] = { 0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6,
        0xF7 };

    (void)state;
    assert_int_equal(nif__checksum(0, bytes, 8), 0xFFFF ^ 0xDDF2);
}

static void the_hash_gives_the_published_values(void **state)
{
    // HalfSipHash-2-4, key 00 01 .. 07, messages of 0 and 4 bytes 00 01 02 03,
    // from the authors' test vectors.
    struct nif_tcpip ip;
    const uint32_t word = 0x03020100;

    (void)state;
    memset(&ip, 0, sizeof(ip));
    nif__hash_seed(&ip, 0x0706050403020100u);
    assert_int_equal(nif__hash(&ip, NULL, 0), 0x5B9F35A9);
    assert_int_equal(nif__hash(&ip, &word, 1), 0x89466E2A);
}

static void random_numbers_differ_by_seed_and_by_draw(void **state)
{
    struct nif_tcpip a;
    struct nif_tcpip c;
    uint32_t first;

    (void)state;
    memset(&a, 0, sizeof(a));
    memset(&c, 0, sizeof(c));
    nif__hash_seed(&a, 1);
    nif__hash_seed(&c, 2);
    first = nif__random(&a);
    assert_int_not_equal(first, nif__random(&a));
    assert_int_not_equal(first, nif__random(&c));
}

static void a_ring_keeps_bytes_in_order_around_its_end(void **state)
{
    struct nif__ring ring = { 0, 0 };
    uint8_t buf[11];
    uint8_t in[5];
    uint8_t out[5];
    uint8_t next = 0;

    (void)state;
    for (unsigned round = 0; round < 30; round++) {
        struct nif_seg segs[2];

        for (size_t i = 0; i < sizeof(in); i++) {
            in[i] = next++;
        }
        nif__ring_write(&ring, buf, sizeof(buf), ring.used, in, 5);
        ring.used += 5;
        nif__ring_segs(&ring, buf, sizeof(buf), 1, 3, segs);
        assert_int_equal(segs[0].len + segs[1].len, 3);
        assert_int_equal(segs[0].data[0], in[1]);
        assert_int_equal(segs[1].len > 0 ? segs[1].data[segs[1].len - 1]
                                         : segs[0].data[2],
            in[3]);
        nif__ring_read(&ring, buf, sizeof(buf), 0, out, 5);
        assert_memory_equal(in, out, 5);
        nif__ring_drop(&ring, sizeof(buf), 5);
        assert_true(ring.at < sizeof(buf));
    }
    nif__ring_write(&ring, buf, sizeof(buf), 0, NULL, 0);
    nif__ring_read(&ring, buf, sizeof(buf), 0, NULL, 0);
}

static void data_can_be_put_beyond_a_hole(void **state)
{
    struct nif__ring ring = { 8, 0 };
    uint8_t buf[10];
    uint8_t out[6];

    (void)state;
    nif__ring_write(&ring, buf, sizeof(buf), 3, "def", 3);
    nif__ring_write(&ring, buf, sizeof(buf), 0, "abc", 3);
    ring.used = 6;
    nif__ring_read(&ring, buf, sizeof(buf), 0, out, 6);
    assert_memory_equal(out, "abcdef", 6);
}

static void addresses_are_read_as_they_are_written(void **state)
{
    static const char *const good[] = { "0.0.0.0", "192.0.2.1", "10.20.30.40",
        "255.255.255.255", "100.200.99.9" };
    char text[NIF_IP_TEXT_MAX];
    struct nif_ip ip;

    (void)state;
    for (size_t i = 0; i < nif_countof(good); i++) {
        assert_int_equal(nif_ip_parse(good[i], &ip), 0);
        assert_string_equal(nif_ip_format(&ip, text), good[i]);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = { "", "1", "1.2.3", "1.2.3.4.",
        "1.2.3.4.5", "256.1.1.1", "1.2.3.999", "01.2.3.4", "1.2.3.004",
        "a.b.c.d", "1..2.3", "1.2.3.4 ", " 1.2.3.4", "-1.2.3.4",
        "1.2.3.4294967297", "::1" };
    struct nif_ip ip;

    (void)state;
    for (size_t i = 0; i < nif_countof(bad); i++) {
        if (nif_ip_parse(bad[i], &ip) != NIF_EINVAL) {
            fail_msg("\"%s\" was taken for an address", bad[i]);
        }
        assert_int_equal(ip.family, NIF_IP_NONE);
    }
}

static void addresses_of_both_families_are_told_apart(void **state)
{
    const struct nif_ip none = { .family = NIF_IP_NONE };
    const struct nif_ip a = nif_ip4(192, 0, 2, 1);
    const struct nif_ip g = nif_ip4(224, 0, 0, 1);
    struct nif_ip six = { .family = NIF_IPV6 };
    char text[NIF_IP_TEXT_MAX];

    (void)state;
    assert_true(nif_ip_is_any(&none));
    assert_true(nif_ip_is_any(&six));
    assert_false(nif_ip_is_any(&a));
    assert_true(nif_ip_equal(&a, &a));
    assert_true(nif_ip_equal(&none, &none));
    assert_false(nif_ip_equal(&a, &g));
    assert_false(nif_ip_equal(&a, &six));
    six.byte[0] = 0xFF;
    six.byte[1] = 0x02;
    six.byte[15] = 0x1A;
    assert_true(nif_ip_is_multicast(&six));
    assert_true(nif_ip_is_multicast(&g));
    assert_false(nif_ip_is_multicast(&a));
    assert_string_equal(nif_ip_format(&six, text),
        "ff02:0000:0000:0000:0000:0000:0000:001a");
    assert_string_equal(nif_ip_format(&none, text), "none");
    assert_true(nif_ip_equal(&six, &six));
    assert_int_equal(nif_ip4_value(&a), PAIR_IP0);
}

static void every_error_has_a_name_and_a_sentence(void **state)
{
    (void)state;
#define CHECK(code, value, sentence)                \
    assert_string_equal(nif_err_name(code), #code); \
    assert_string_equal(nif_err_text(code), sentence);
    NIF_ERR_MAP(CHECK)
#undef CHECK
    assert_string_equal(nif_err_name(0), "NIF_OK");
    assert_string_equal(nif_err_name(7), "NIF_OK");
    assert_string_equal(nif_err_name(-999), "unknown error");
    assert_string_equal(nif_err_text(-999), "unknown error");
    assert_string_equal(nif_err_text(0), "no error");
}

static unsigned handled;

static void count_frame(void *arg, uint8_t *frame, size_t len)
{
    (void)arg;
    assert_int_equal(len, 60);
    assert_int_equal(frame[0], 0xFF);
    handled++;
}

static void poll_one_says_truly_whether_there_was_a_frame(void **state)
{
    static struct pair p;
    uint8_t buf[NIF_ETH_FRAME_MAX];
    struct pair_dev *dev = &p.dev[0];

    (void)state;
    pair_init_single(&p, 1);
    handled = 0;
    assert_int_equal(nif_iface_poll_one(&dev->iface, buf, sizeof(buf),
                         count_frame, NULL),
        0);
    dev->queue[0].len = pair_arp(&p, dev->queue[0].data, 1, PAIR_IP1, PAIR_IP0);
    dev->queued = 1;
    assert_int_equal(nif_iface_poll_one(&dev->iface, buf, sizeof(buf),
                         count_frame, NULL),
        1);
    assert_int_equal(handled, 1);
    dev->poll_err = NIF_EIO;
    assert_int_equal(nif_iface_poll_one(&dev->iface, buf, sizeof(buf),
                         count_frame, NULL),
        NIF_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_is_right_at_every_place_and_length),
        cmocka_unit_test(a_copy_and_its_sum_are_right_at_every_place),
        cmocka_unit_test(the_sum_of_the_rfc_is_the_one_of_the_rfc),
        cmocka_unit_test(the_hash_gives_the_published_values),
        cmocka_unit_test(random_numbers_differ_by_seed_and_by_draw),
        cmocka_unit_test(a_ring_keeps_bytes_in_order_around_its_end),
        cmocka_unit_test(data_can_be_put_beyond_a_hole),
        cmocka_unit_test(addresses_are_read_as_they_are_written),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(addresses_of_both_families_are_told_apart),
        cmocka_unit_test(every_error_has_a_name_and_a_sentence),
        cmocka_unit_test(poll_one_says_truly_whether_there_was_a_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
