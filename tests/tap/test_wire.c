// SPDX-License-Identifier: MIT
//
// A wire that several programs share: frames as QEMU passes them, others that
// come and go, and others that talk nonsense. The others are plain sockets
// here.

#include "nif/base.h"
#include "sim/world.h"
#include "tap/wire.h"
#include "tests/tap/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define TURNS   200
#define TURN_NS (2 * (int64_t)SIM_MS)

// What somebody at the wire has got and was told.
struct station {
    struct tap_wire *wire;
    unsigned frames;
    size_t len;
    uint8_t last[1600];
    char said[400];
};

static char path[FILE_NAME + 4];

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct station *s = arg;

    s->frames++;
    s->len = len;
    memcpy(s->last, frame, len);
}

static void on_say(void *arg, const char *text)
{
    snprintf(((struct station *)arg)->said, 400, "%s", text);
}

static void join_at(struct station *s, const char *where)
{
    char why[TAP_WHY] = "";

    *s = (struct station){ .frames = 0 };
    s->wire = tap_wire_open(&(struct tap_wire_cfg){ .where = where,
                                .frame = on_frame,
                                .say = on_say,
                                .arg = s },
        why);
    assert_string_equal(why, "");
    assert_non_null(s->wire);
}

static void join(struct station *s)
{
    join_at(s, path);
}

// Gives each some turns.
static void turns_of(struct station *a, struct station *b, unsigned count)
{
    struct station *const all[] = { a, b };

    for (unsigned i = 0; i < 2 * count; i++) {
        struct pollfd fds[TAP_WIRE_PEERS + 1];
        int64_t timeout_ns = TURN_NS / 2;
        struct timespec timeout = { 0, 0 };
        size_t n;

        if (!all[i % 2]) {
            continue;
        }
        n = tap_wire_fds(all[i % 2]->wire, fds, nif_countof(fds), &timeout_ns);
        timeout.tv_nsec = timeout_ns;
        assert_true(ppoll(fds, n, &timeout, NULL) >= 0);
        tap_wire_ready(all[i % 2]->wire, fds, n);
    }
}

static void turns(struct station *s)
{
    turns_of(s, NULL, 10);
}

static struct sockaddr_un address(const char *name)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", name);
    return addr;
}

// Somebody else, as QEMU comes.
static int stranger(void)
{
    struct sockaddr_un addr = address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

static size_t make_frame(uint8_t *out, size_t len, uint8_t mark)
{
    nif_put_be32(out, (uint32_t)len);
    memset(out + 4, mark, len);
    return 4 + len;
}

static void say_frame(int fd, size_t len, uint8_t mark)
{
    uint8_t data[4 + 3000];
    size_t n = make_frame(data, len, mark);

    assert_int_equal(send(fd, data, n, MSG_NOSIGNAL), (int)n);
}

// A whole frame of `len` bytes of `mark` is there, and nothing else.
static void hears(int fd, size_t len, uint8_t mark)
{
    uint8_t data[3000];
    uint8_t want[3000];
    size_t n = make_frame(want, len, mark);

    assert_int_equal(recv(fd, data, sizeof(data), 0), (int)n);
    assert_memory_equal(data, want, n);
}

static void hears_nothing(int fd)
{
    uint8_t byte;

    assert_int_equal(recv(fd, &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
}

static void is_cut_off(int fd)
{
    uint8_t byte;

    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    file_make(path, NULL);
    unlink(path);
    return 0;
}

static int teardown(void **state)
{
    struct stat is;

    (void)state;
    assert_int_not_equal(stat(path, &is), 0); // whoever held it has tidied up
    return 0;
}

// ---- frames

static void all_others_get_a_frame_and_its_sender_does_not(void **state)
{
    struct station s;
    uint8_t frame[60];
    int a;
    int b;

    (void)state;
    join(&s);
    assert_true(tap_wire_is_held(s.wire));
    a = stranger();
    b = stranger();
    turns(&s);
    say_frame(a, 100, 0xA5);
    turns(&s);
    hears(b, 100, 0xA5);
    hears_nothing(a);
    assert_int_equal(s.frames, 1);
    assert_int_equal(s.len, 100);
    assert_int_equal(s.last[99], 0xA5);

    memset(frame, 0x11, sizeof(frame));
    tap_wire_send(s.wire, frame, sizeof(frame));
    hears(a, 60, 0x11);
    hears(b, 60, 0x11);
    assert_int_equal(s.frames, 1);
    assert_int_equal(tap_wire_lost(s.wire), 0);
    close(a);
    close(b);
    tap_wire_close(s.wire);
}

static void a_frame_may_come_byte_by_byte(void **state)
{
    struct station s;
    uint8_t data[4 + 64];
    int a;

    (void)state;
    join(&s);
    a = stranger();
    make_frame(data, 64, 7);
    for (size_t i = 0; i < sizeof(data); i++) {
        assert_int_equal(s.frames, 0);
        assert_int_equal(send(a, data + i, 1, 0), 1);
        turns_of(&s, NULL, 2);
    }
    assert_int_equal(s.frames, 1);
    assert_int_equal(s.len, 64);
    close(a);
    tap_wire_close(s.wire);
}

static void many_frames_may_come_at_once(void **state)
{
    struct station s;
    uint8_t data[20 * (4 + 1514)];
    size_t len = 0;
    int a;

    (void)state;
    join(&s);
    a = stranger();
    for (unsigned i = 0; i < 20; i++) {
        len += make_frame(data + len, i % 2 ? 1514 : 60, (uint8_t)i);
    }
    assert_int_equal(send(a, data, len, 0), (int)len);
    turns_of(&s, NULL, 20);
    assert_int_equal(s.frames, 20);
    assert_int_equal(s.len, 1514);
    assert_int_equal(s.last[1513], 19);
    close(a);
    tap_wire_close(s.wire);
}

static void two_members_talk_through_who_holds_it(void **state)
{
    struct station holder;
    struct station member;
    uint8_t frame[1514] = { 1 };
    int a;

    (void)state;
    join(&holder);
    join(&member);
    assert_false(tap_wire_is_held(member.wire));
    a = stranger();
    turns_of(&holder, &member, 5);
    tap_wire_send(member.wire, frame, sizeof(frame));
    turns_of(&holder, &member, 5);
    assert_int_equal(holder.frames, 1);
    assert_int_equal(member.frames, 0);
    say_frame(a, 60, 2);
    turns_of(&holder, &member, 5);
    assert_int_equal(holder.frames, 2);
    assert_int_equal(member.frames, 1);
    close(a);
    tap_wire_close(member.wire);
    tap_wire_close(holder.wire);
}

// ---- nonsense

static void runts_and_giants_are_skipped(void **state)
{
    struct station s;
    int a;

    (void)state;
    join(&s);
    a = stranger();
    say_frame(a, 13, 1);
    say_frame(a, 1519, 2);
    nif_put_be32(s.last, 0);
    assert_int_equal(send(a, s.last, 4, 0), 4); // of no bytes at all
    turns(&s);
    assert_int_equal(s.frames, 0);
    assert_int_equal(tap_wire_lost(s.wire), 3);
    say_frame(a, 14, 3);
    say_frame(a, 1518, 4);
    turns(&s);
    assert_int_equal(s.frames, 2);
    assert_int_equal(s.len, 1518);
    assert_string_equal(s.said, "");
    close(a);
    tap_wire_close(s.wire);
}

static void a_stream_out_of_step_is_cut_off(void **state)
{
    static const uint8_t head[4] = { 0x00, 0x01, 0x10, 0x01 };
    struct station s;
    int a;
    int b;

    (void)state;
    join(&s);
    a = stranger();
    b = stranger();
    turns(&s);
    assert_int_equal(send(a, head, sizeof(head), 0), 4);
    turns(&s);
    is_cut_off(a);
    assert_non_null(strstr(s.said, "a frame has 69633 bytes"));
    assert_non_null(strstr(s.said, path));
    say_frame(b, 60, 5);
    turns(&s);
    assert_int_equal(s.frames, 1);
    close(b);
    tap_wire_close(s.wire);
}

static void who_leaves_in_a_frame_leaves_none(void **state)
{
    struct station s;
    uint8_t data[4 + 100];
    int a;
    int b;

    (void)state;
    join(&s);
    a = stranger();
    turns(&s);
    make_frame(data, 100, 1);
    assert_int_equal(send(a, data, 50, 0), 50);
    turns(&s);
    close(a);
    turns(&s);
    assert_non_null(strstr(s.said, "in the middle of a frame"));
    assert_int_equal(s.frames, 0);
    b = stranger(); // has its place, and not its bytes
    turns(&s);
    say_frame(b, 60, 2);
    turns(&s);
    assert_int_equal(s.frames, 1);
    assert_int_equal(s.len, 60);
    close(b);
    tap_wire_close(s.wire);
}

// Reads all there is of a stream of frames; whole ones, each of one mark.
static unsigned drain(struct station *s, int fd, size_t len)
{
    static uint8_t data[1 << 20];
    size_t got = 0;
    ssize_t n;

    for (unsigned i = 0; i < TURNS; i++) {
        while ((n = recv(fd, data + got, sizeof(data) - got, 0)) > 0) {
            got += (size_t)n;
        }
        turns_of(s, NULL, 1);
    }
    assert_int_equal(got % (4 + len), 0);
    for (size_t at = 0; at < got; at += 4 + len) {
        assert_int_equal(nif_get_be32(data + at), len);
        for (size_t i = 5; i < 4 + len; i++) {
            assert_int_equal(data[at + i], data[at + 4]);
        }
    }
    return (unsigned)(got / (4 + len));
}

static void
who_does_not_listen_loses_whole_frames_and_holds_nobody_up(void **state)
{
    enum { COUNT = 600, LEN = 1000 };
    struct station s;
    uint8_t frame[LEN];
    unsigned got;
    int deaf;
    int small = 4096;

    (void)state;
    join(&s);
    deaf = stranger();
    turns(&s);
    (void)setsockopt(deaf, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    for (unsigned i = 0; i < COUNT; i++) {
        memset(frame, (int)i, sizeof(frame));
        tap_wire_send(s.wire, frame, sizeof(frame));
    }
    assert_true(tap_wire_lost(s.wire) > 0);
    got = drain(&s, deaf, LEN);
    assert_int_equal(got + tap_wire_lost(s.wire), COUNT);
    // And hears again.
    tap_wire_send(s.wire, frame, sizeof(frame));
    hears(deaf, LEN, (uint8_t)(COUNT - 1));
    close(deaf);
    tap_wire_close(s.wire);
}

static void a_full_wire_turns_others_away(void **state)
{
    struct station s;
    int others[TAP_WIRE_PEERS];
    int late;

    (void)state;
    join(&s);
    for (size_t i = 0; i < TAP_WIRE_PEERS; i++) {
        others[i] = stranger();
        turns_of(&s, NULL, 2);
    }
    late = stranger();
    turns(&s);
    is_cut_off(late);
    assert_non_null(strstr(s.said, "full"));
    close(others[3]);
    turns(&s);
    others[3] = stranger();
    turns(&s);
    say_frame(others[3], 60, 1);
    turns(&s);
    hears(others[TAP_WIRE_PEERS - 1], 60, 1);
    for (size_t i = 0; i < TAP_WIRE_PEERS; i++) {
        close(others[i]);
    }
    tap_wire_close(s.wire);
}

// ---- coming and going

static void when_who_holds_it_leaves_another_does(void **state)
{
    struct station holder;
    struct station b;
    struct station c;
    uint8_t frame[60] = { 9 };

    (void)state;
    join(&holder);
    join(&b);
    join(&c);
    turns_of(&holder, &b, 3);
    tap_wire_close(holder.wire);
    turns_of(&b, &c, 10);
    assert_int_not_equal(tap_wire_is_held(b.wire), tap_wire_is_held(c.wire));
    assert_non_null(strstr(b.said, "who held it has left"));
    assert_non_null(strstr(c.said, "who held it has left"));
    tap_wire_send(c.wire, frame, sizeof(frame));
    turns_of(&b, &c, 5);
    assert_int_equal(b.frames, 1);
    tap_wire_close(b.wire);
    turns_of(&c, NULL, 10);
    assert_true(tap_wire_is_held(c.wire));
    tap_wire_close(c.wire);
}

static void what_a_killed_program_has_left_is_taken_over(void **state)
{
    struct sockaddr_un addr = address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct station s;

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    close(fd); // the path stays
    join(&s);
    assert_true(tap_wire_is_held(s.wire));
    tap_wire_close(s.wire);
}

static void expect_refusal(const char *where, const char *says)
{
    char why[TAP_WHY] = "";

    assert_null(tap_wire_open(&(struct tap_wire_cfg){ .where = where,
                                  .frame = on_frame },
        why));
    assert_non_null(strstr(why, "--wire"));
    assert_non_null(strstr(why, says));
}

static void a_file_at_the_path_is_left_alone(void **state)
{
    char dgram[FILE_NAME + 40];
    struct stat is;

    (void)state;
    file_make(path, "mine");
    expect_refusal(path, "no socket");
    snprintf(dgram, sizeof(dgram), "dgram:%s:/tmp/x", path);
    expect_refusal(dgram, "no socket");
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_size, 4);
    unlink(path);
}

static void a_path_that_cannot_be_is_told(void **state)
{
    char longest[120];

    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    expect_refusal(longest, "107 bytes");
    expect_refusal("", "1 to 107 bytes");
    expect_refusal("/nonexistent/wire", "/nonexistent/wire: No such file");
    expect_refusal("dgram:/tmp/x", "dgram:OWN:OTHER");
    expect_refusal("dgram::/tmp/x", "1 to 107 bytes");
    expect_refusal("dgram:/nonexistent/x:/tmp/y", "No such file");
}

// ---- datagrams

static void datagrams_are_frames(void **state)
{
    struct sockaddr_un other = address("");
    struct station s;
    char where[200];
    uint8_t frame[1600] = { 0 };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    struct sockaddr_un own = address(path);

    (void)state;
    snprintf(other.sun_path, sizeof(other.sun_path), "%s.2", path);
    snprintf(where, sizeof(where), "dgram:%s:%s", path, other.sun_path);
    join_at(&s, where);
    expect_refusal(where, "another program has it");
    expect_refusal(path, "datagrams");
    tap_wire_send(s.wire, frame, 60); // nobody is there
    assert_int_equal(tap_wire_lost(s.wire), 1);

    assert_int_equal(bind(fd, (struct sockaddr *)&other, sizeof(other)), 0);
    tap_wire_send(s.wire, frame, 1514);
    assert_int_equal(recv(fd, frame, sizeof(frame), 0), 1514);
    assert_int_equal(connect(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(send(fd, frame, 60, 0), 60);
    assert_int_equal(send(fd, frame, 1600, 0), 1600); // too long
    assert_int_equal(send(fd, frame, 10, 0), 10);     // too short
    assert_int_equal(send(fd, frame, 61, 0), 61);
    turns(&s);
    assert_int_equal(s.frames, 2);
    assert_int_equal(s.len, 61);
    assert_int_equal(tap_wire_lost(s.wire), 3);
    close(fd);
    unlink(other.sun_path);
    tap_wire_close(s.wire);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(all_others_get_a_frame_and_its_sender_does_not),
        TEST(a_frame_may_come_byte_by_byte),
        TEST(many_frames_may_come_at_once),
        TEST(two_members_talk_through_who_holds_it),
        TEST(runts_and_giants_are_skipped),
        TEST(a_stream_out_of_step_is_cut_off),
        TEST(who_leaves_in_a_frame_leaves_none),
        TEST(who_does_not_listen_loses_whole_frames_and_holds_nobody_up),
        TEST(a_full_wire_turns_others_away),
        TEST(when_who_holds_it_leaves_another_does),
        TEST(what_a_killed_program_has_left_is_taken_over),
        TEST(a_file_at_the_path_is_left_alone),
        TEST(a_path_that_cannot_be_is_told),
        TEST(datagrams_are_frames),
    };

    return cmocka_run_group_tests_name("tap_wire", tests, NULL, NULL);
}
