// SPDX-License-Identifier: MIT
//
// `nif trace import --from-board`: what a board tells of its buses, from a file
// or as it comes over a serial line.

#include "tools/nif/nif.h"
#include "tools/nif/trace_more.h"

#include "sim/trace/board.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char help[] =
    "usage: nif trace import --from-board FILE -o OUT [--baud N]\n"
    "\n"
    "Makes a trace of the records that a board sends of its buses\n"
    "(nif/trace.h). FILE is what was received, - standard input, or a serial\n"
    "port, which is read until Ctrl-C.\n"
    "\n"
    "Exit: 0 good, 1 records were damaged or lost, 2 usage or unreadable.\n";

struct job {
    const char *in;
    const char *out;
    unsigned long baud;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static int complain(const char *what, const char *which)
{
    fprintf(stderr, "nif: trace import: %s%s\n%s", what, which, help);
    return NIF_EXIT_USAGE;
}

static int fail(const char *name)
{
    fprintf(stderr, "nif: %s: %s\n", name, strerror(errno));
    return -1;
}

static bool speed_of(unsigned long baud, speed_t *speed)
{
    static const struct {
        unsigned long baud;
        speed_t speed;
    } rows[] = { { 9600, B9600 }, { 19200, B19200 }, { 38400, B38400 },
        { 57600, B57600 }, { 115200, B115200 }, { 230400, B230400 },
        { 460800, B460800 }, { 921600, B921600 }, { 1000000, B1000000 },
        { 2000000, B2000000 }, { 3000000, B3000000 } };

    for (size_t i = 0; i < nif_countof(rows); i++) {
        if (rows[i].baud == baud) {
            *speed = rows[i].speed;
            return true;
        }
    }
    return false;
}

static int open_input(const struct job *job)
{
    struct termios tty;
    speed_t speed = B115200;
    int fd = strcmp(job->in, "-") == 0
        ? dup(STDIN_FILENO)
        : open(job->in, O_RDONLY | O_NOCTTY | O_CLOEXEC);

    if (fd < 0) {
        return fail(job->in);
    }
    if (tcgetattr(fd, &tty) == 0) {
        speed_of(job->baud, &speed);
        cfmakeraw(&tty);
        cfsetispeed(&tty, speed);
        cfsetospeed(&tty, speed);
        if (tcsetattr(fd, TCSANOW, &tty) != 0) {
            close(fd);
            return fail(job->in);
        }
    }
    return fd;
}

// Until its end, or until Ctrl-C. Returns false if it cannot be read.
static bool read_all(const struct job *job, int fd, struct sim_board *board)
{
    uint8_t data[4096];
    ssize_t len;

    while (!interrupted && (len = read(fd, data, sizeof(data))) != 0) {
        if (len > 0) {
            sim_board_read(board, data, (size_t)len);
        } else if (errno != EINTR) {
            fail(job->in);
            return false;
        }
    }
    return true;
}

static void catch_interrupt(void)
{
    struct sigaction action = { .sa_handler = on_signal };

    // Not restarted: a read that waits must end.
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int import(const struct job *job, int fd, FILE *out)
{
    struct sim_board board;
    struct sim_trace trace;
    bool good;

    sim_trace_init(&trace, NULL, out);
    sim_trace_head(&trace, "by", "nif trace import --from-board");
    sim_board_init(&board, &trace);
    catch_interrupt();
    good = read_all(job, fd, &board);
    sim_board_done(&board);
    fprintf(stderr,
        "%" PRIu64 " records, %" PRIu64 " lost on the board, %" PRIu64
        " damaged\n",
        board.records, board.lost, board.bad);
    if (trace.err != 0) {
        errno = trace.err;
        fail(job->out);
        return NIF_EXIT_USAGE;
    }
    if (!good) {
        return NIF_EXIT_USAGE;
    }
    return board.lost + board.bad > 0 || board.records == 0 ? NIF_EXIT_FAILED
                                                            : NIF_EXIT_PASS;
}

static int run(const struct job *job)
{
    int fd = open_input(job);
    bool to_stdout = strcmp(job->out, "-") == 0;
    FILE *out;
    int code;

    if (fd < 0) {
        return NIF_EXIT_USAGE;
    }
    out = to_stdout ? stdout : fopen(job->out, "we");
    if (!out) {
        fail(job->out);
        close(fd);
        return NIF_EXIT_USAGE;
    }
    setvbuf(out, NULL, _IOLBF, 1 << 16);
    code = import(job, fd, out);
    close(fd);
    if (!to_stdout && fclose(out) != 0) {
        fail(job->out);
        code = NIF_EXIT_USAGE;
    }
    return code;
}

int nif_trace_board_main(int argc, char **argv)
{
    struct job job = { .baud = 115200 };
    speed_t speed;

    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (!value) {
            return complain("what is ", argv[i]);
        }
        if (strcmp(argv[i], "--from-board") == 0) {
            job.in = value;
        } else if (strcmp(argv[i], "-o") == 0) {
            job.out = value;
        } else if (strcmp(argv[i], "--baud") == 0) {
            job.baud = strtoul(value, NULL, 10);
        } else {
            return complain("what is ", argv[i]);
        }
        i++;
    }
    if (!job.in || !job.out) {
        return complain("--from-board FILE and -o OUT, please", "");
    }
    if (!speed_of(job.baud, &speed)) {
        return complain("no such --baud", "");
    }
    return run(&job);
}
