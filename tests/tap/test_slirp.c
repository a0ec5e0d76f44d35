// SPDX-License-Identifier: MIT
//
// libslirp as the end of a wire: a scripted card gets its neighbour's
// address and its own by DHCP. No descriptor of the host is involved.

#include "tap/loop.h"
#include "tap/slirp.h"
#include "tests/tap/files.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct bench {
    struct sim_world world;
    struct sim_nic card;
    struct sim_cable cable;
    struct tap_loop loop;
    uint8_t frame[TAP_FRAME_MAX]; // the last that was of interest
    size_t len;
    uint16_t type; // of interest
};

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct bench *b = arg;

    if (nif_get_be16(frame + 12) == b->type) {
        memcpy(b->frame, frame, len);
        b->len = len;
    }
}

static bool has_answer(void *arg)
{
    return ((struct bench *)arg)->len > 0;
}

static void make(struct bench *b)
{
    char why[TAP_WHY] = "";
    struct tap_end *end = tap_slirp_open(why);

    assert_non_null(end);
    memset(b, 0, sizeof(*b));
    sim_world_init(&b->world, 1);
    sim_nic_init(&b->card, &b->world, "card", 0);
    b->card.on_frame = on_frame;
    b->card.arg = b;
    b->card.full_duplex = true;
    sim_cable_init(&b->cable, &b->world, 10000000);
    tap_loop_init(&b->loop, &b->world, end, NULL);
    b->loop.nic.full_duplex = true;
    sim_cable_join(&b->cable, &b->card.port, &b->loop.nic.port);
}

static void unmake(struct bench *b)
{
    sim_cable_done(&b->cable);
    tap_loop_done(&b->loop);
    sim_nic_done(&b->card);
    sim_world_done(&b->world);
}

// Sends a frame and waits for one of `type`, at most a second.
static void ask(struct bench *b, const uint8_t *frame, size_t len,
    uint16_t type)
{
    b->type = type;
    b->len = 0;
    assert_true(sim_nic_send(&b->card, frame, len));
    assert_int_equal(tap_loop_run(&b->loop, b->world.now_ns + SIM_S, has_answer,
                         b),
        TAP_LOOP_DONE);
}

static void slirp_answers_arp(void **state)
{
    static struct bench b;
    static const uint8_t request[42] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
        0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 2,
        15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2 };
    static const uint8_t host[4] = { 10, 0, 2, 2 };

    (void)state;
    make(&b);
    ask(&b, request, sizeof(request), 0x0806);
    assert_int_equal(nif_get_be16(b.frame + 20), 2);
    assert_memory_equal(b.frame + 28, host, 4);
    assert_memory_equal(b.frame, request + 6, 6);
    unmake(&b);
}

// A DHCP message of type `kind` (1 discover, 3 request) with its headers.
static size_t put_dhcp(uint8_t *f, uint8_t kind)
{
    static const uint8_t head[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0,
        0, 0, 2, 8, 0, 0x45, 0, 1, 46, 0, 1, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0,
        255, 255, 255, 255, 0, 68, 0, 67, 1, 26, 0, 0, 1, 1, 6, 0, 0x12, 0x34,
        0x56, 0x78 };
    static const uint8_t options[] = { 99, 130, 83, 99, 53, 1, 0, 50, 4, 10, 0,
        2, 15, 54, 4, 10, 0, 2, 2, 255 };
    const size_t len = 14 + 302;
    uint32_t sum = 0;

    memset(f, 0, len);
    memcpy(f, head, sizeof(head));
    f[70] = 2; // hardware address 02:00:00:00:00:02
    f[75] = 2;
    memcpy(f + 42 + 236, options, sizeof(options));
    f[42 + 236 + 6] = kind;
    for (size_t i = 14; i < 34; i += 2) {
        sum += nif_get_be16(f + i);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    nif_put_be16(f + 24, (uint16_t) ~(sum + (sum >> 16)));
    return len;
}

static void slirp_gives_an_address(void **state)
{
    static struct bench b;
    uint8_t frame[400];
    static const uint8_t board[4] = { 10, 0, 2, 15 };
    const uint8_t kinds[][2] = { { 1, 2 }, { 3, 5 } }; // asked, answered

    (void)state;
    make(&b);
    for (size_t i = 0; i < 2; i++) {
        ask(&b, frame, put_dhcp(frame, kinds[i][0]), 0x0800);
        assert_memory_equal(b.frame + 42 + 16, board, 4);
        assert_int_equal(b.frame[42 + 236 + 4], 53);
        assert_int_equal(b.frame[42 + 236 + 6], kinds[i][1]);
    }
    unmake(&b);
}

// Opens a listening socket of the host; returns its port.
static uint16_t take_port(int *fd)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
        .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(at);

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(*fd >= 0);
    assert_int_equal(bind(*fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(*fd, 1), 0);
    assert_int_equal(getsockname(*fd, (struct sockaddr *)&at, &len), 0);
    return ntohs(at.sin_port);
}

static void forwards_are_checked(void **state)
{
    static const char *const wrong[] = { "", "tcp", "tcp:80", "tcp:x:80",
        "tcp:8080:", "tcp:0:80", "tcp:65536:80", "sctp:18080:80",
        "tcp:localhost:18080:80", "tcp:127.0.0.1:18080:80:1", "tcp:1 :80",
        "tcp:127.0.0.1:18080:80000" };
    char why[TAP_WHY];
    char spec[64];
    int fd;
    unsigned port = take_port(&fd);
    struct tap_end *end = tap_slirp_open(why);

    (void)state;
    for (size_t i = 0; i < nif_countof(wrong); i++) {
        if (tap_slirp_forward(end, wrong[i], why) == 0) {
            fail_msg("'%s' was taken", wrong[i]);
        }
        assert_non_null(strstr(why, "write it as"));
    }
    snprintf(spec, sizeof(spec), "tcp:127.0.0.1:%u:80", port);
    assert_int_equal(tap_slirp_forward(end, spec, why), -1);
    assert_non_null(strstr(why, "in use"));
    close(fd);
    assert_int_equal(tap_slirp_forward(end, spec, why), 0);
    snprintf(spec, sizeof(spec), "udp:%u:7", port);
    assert_int_equal(tap_slirp_forward(end, spec, why), 0);
    end->ops->close(end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slirp_answers_arp),
        cmocka_unit_test(slirp_gives_an_address),
        cmocka_unit_test(forwards_are_checked),
    };

    return cmocka_run_group_tests_name("slirp", tests, NULL, NULL);
}
