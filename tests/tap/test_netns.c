// SPDX-License-Identifier: MIT
//
// The private network namespace: the host's kernel answers in it, and
// nothing of it is left behind.

#include "nif/base.h"
#include "tap/device.h"
#include "tap/loop.h"
#include "tap/netns.h"
#include "tests/tap/files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

struct bench {
    struct sim_world world;
    struct sim_nic card;
    struct sim_cable cable;
    struct tap_loop loop;
    bool answered;
};

// The kernel says who has 192.0.2.1.
static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    static const uint8_t host[4] = { 192, 0, 2, 1 };

    if (len >= 42 && nif_get_be16(frame + 12) == 0x0806 &&
        nif_get_be16(frame + 20) == 2 && memcmp(frame + 28, host, 4) == 0) {
        ((struct bench *)arg)->answered = true;
    }
}

static bool has_answer(void *arg)
{
    return ((struct bench *)arg)->answered;
}

static void ask_who_is_there(struct tap_end *end)
{
    static struct bench b;
    static const uint8_t request[42] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
        0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 192, 0,
        2, 2, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1 };

    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    sim_nic_init(&b.card, &b.world, "card", 0);
    b.card.on_frame = on_frame;
    b.card.arg = &b;
    b.card.full_duplex = true;
    sim_cable_init(&b.cable, &b.world, 10000000);
    tap_loop_init(&b.loop, &b.world, end, NULL);
    b.loop.nic.full_duplex = true;
    sim_cable_join(&b.cable, &b.card.port, &b.loop.nic.port);
    assert_true(sim_nic_send(&b.card, request, sizeof(request)));
    assert_int_equal(tap_loop_run(&b.loop, 2 * SIM_S, has_answer, &b),
        TAP_LOOP_DONE);
    sim_cable_done(&b.cable);
    tap_loop_done(&b.loop); // and closes the end
    sim_nic_done(&b.card);
    sim_world_done(&b.world);
}

static void the_kernel_answers_and_nothing_is_left(void **state)
{
    (void)state;
    for (int no_tun = 0; no_tun < 2; no_tun++) {
        const struct tap_netns_cfg cfg = { .host_addr = "192.0.2.1/24",
            .no_tun = no_tun != 0 };
        char why[TAP_WHY] = "";
        struct tap_end *end = tap_netns_open(&cfg, why);
        pid_t keeper;

        assert_non_null(end);
        keeper = tap_netns_pid(end);
        if (no_tun) {
            assert_string_equal(tap_netns_kind(end), "veth");
        }
        assert_int_equal(kill(keeper, 0), 0);
        ask_who_is_there(end);
        assert_int_equal(kill(keeper, 0), -1);
        assert_int_equal(errno, ESRCH);
    }
}

static void a_program_runs_inside_and_ends_with_it(void **state)
{
    const struct tap_netns_cfg cfg = { .host_addr = "192.0.2.1/24" };
    // It knows the address inside; what it leaves behind sleeps on.
    static char sh[] = "sh";
    static char dash_c[] = "-c";
    static char script[] =
        "ip -o -4 address show; sleep 1000 >/dev/null 2>&1 & echo $!";
    char *const argv[] = { sh, dash_c, script, NULL };
    char why[TAP_WHY] = "";
    char text[2000] = "";
    char *line;
    size_t len = 0;
    ssize_t got;
    int fds[2];
    int status;
    pid_t pid;
    pid_t left;
    struct tap_end *end = tap_netns_open(&cfg, why);

    (void)state;
    assert_non_null(end);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid = tap_netns_spawn(end, argv, fds[1], why);
    assert_true(pid > 0);
    close(fds[1]);
    while ((got = read(fds[0], text + len, sizeof(text) - 1 - len)) > 0) {
        len += (size_t)got;
    }
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_non_null(strstr(text, "192.0.2.1/24"));
    line = strrchr(text, '\n');
    assert_non_null(line);
    *line = '\0';
    line = strrchr(text, '\n');
    assert_non_null(line);
    left = (pid_t)strtol(line + 1, NULL, 10);
    assert_true(left > 1);
    assert_int_equal(kill(left, 0), 0);
    end->ops->close(end);
    for (int i = 0; i < 100 && kill(left, 0) == 0; i++) {
        char path[40];
        FILE *stat;
        char state_of = '?';

        // Nobody may be there to collect it: then it stays as a zombie.
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)left);
        stat = fopen(path, "r");
        if (stat && fgets(text, sizeof(text), stat) && strchr(text, ')')) {
            state_of = strchr(text, ')')[2];
        }
        if (stat) {
            fclose(stat);
        }
        if (state_of == 'Z') {
            return;
        }
        usleep(20000);
    }
    assert_int_equal(kill(left, 0), -1);
}

static void a_program_that_is_not_there_is_told(void **state)
{
    const struct tap_netns_cfg cfg = { .host_addr = "192.0.2.1/24" };
    static char name[] = "nif-no-such-program";
    char *const argv[] = { name, NULL };
    char why[TAP_WHY] = "";
    struct tap_end *end = tap_netns_open(&cfg, why);
    int status;
    pid_t pid;

    (void)state;
    assert_non_null(end);
    pid = tap_netns_spawn(end, argv, -1, why);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 127);
    end->ops->close(end);
}

static void an_address_that_is_none_is_refused(void **state)
{
    const struct tap_netns_cfg cfg = { .host_addr = "nonsense" };
    char why[TAP_WHY] = "";

    (void)state;
    assert_null(tap_netns_open(&cfg, why));
    assert_string_equal(why, "`ip address add nonsense dev nif0` failed");
}

static void a_tap_name_is_checked(void **state)
{
    char why[TAP_WHY] = "";

    (void)state;
    assert_null(tap_device_open("", "192.0.2.1/24", why));
    assert_non_null(strstr(why, "1 to 15"));
    assert_null(tap_device_open("sixteen-letters-", "192.0.2.1/24", why));
    assert_non_null(strstr(why, "1 to 15"));
}

int main(void)
{
    const struct tap_netns_cfg cfg = { .host_addr = "192.0.2.1/24" };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_answers_and_nothing_is_left),
        cmocka_unit_test(a_program_runs_inside_and_ends_with_it),
        cmocka_unit_test(a_program_that_is_not_there_is_told),
        cmocka_unit_test(an_address_that_is_none_is_refused),
        cmocka_unit_test(a_tap_name_is_checked),
    };
    char why[TAP_WHY];
    struct tap_end *end = tap_netns_open(&cfg, why);

    if (!end) {
        printf("skipped: %s\n", why);
        return 77;
    }
    end->ops->close(end);
    return cmocka_run_group_tests_name("netns", tests, NULL, NULL);
}
