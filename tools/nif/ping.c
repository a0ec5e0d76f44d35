// SPDX-License-Identifier: MIT
//
// `nif ping`: a simulated board in a private network namespace, pinged by
// the host's own ping.

#include "tap/program.h"
#include "tools/nif/nif.h"
#include "tools/nif/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A board that is not up by then does not come up.
#define UP_NS (10 * SIM_S)

// What ping says of itself: "5 packets transmitted, 5 received, ...".
static struct {
    char line[160];
    size_t len;
    uint64_t sent;
    uint64_t received;
} heard;

static void read_line(void)
{
    static const char transmitted[] = " packets transmitted, ";
    char *end;
    uint64_t sent = strtoull(heard.line, &end, 10);

    if (end != heard.line &&
        strncmp(end, transmitted, sizeof(transmitted) - 1) == 0) {
        heard.sent = sent;
        heard.received = strtoull(end + sizeof(transmitted) - 1, &end, 10);
    }
}

// Passes ping's output on, and listens.
static void on_output(struct nif_session *s, const char *text, size_t len)
{
    FILE *out = s->options->json ? stderr : stdout;

    fwrite(text, 1, len, out);
    fflush(out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n') {
            heard.line[heard.len] = '\0';
            read_line();
            heard.len = 0;
        } else if (heard.len + 1 < sizeof(heard.line)) {
            heard.line[heard.len++] = text[i];
        }
    }
}

static int spawn_ping(struct nif_session *s, char *program)
{
    const struct nif_options *o = s->options;
    char count[16];
    char interval[32];
    char size[16];
    char board[NIF_IP_TEXT_MAX];
    static char words[][4] = { "-n", "-c", "-i", "-s", "-W", "1" };
    char *argv[] = { program, words[0], words[1], count, words[2], interval,
        words[3], size, words[4], words[5], board, NULL };

    snprintf(count, sizeof(count), "%u", o->count);
    snprintf(interval, sizeof(interval), "%g", o->interval_s);
    snprintf(size, sizeof(size), "%u", o->size);
    nif_ip_format(&o->board.net.ip, board);
    setenv("LC_ALL", "C", 1); // its summary is read
    return nif_session_spawn(s, argv, on_output);
}

static int verdict(const struct nif_session *s)
{
    bool link = nif_iface_flags(s->board.iface) & NIF_IFACE_LINK;

    if (s->child_done && s->child_code == 0 && heard.sent > 0 &&
        heard.received == heard.sent) {
        return NIF_EXIT_PASS;
    }
    if (heard.sent == 0) {
        fprintf(stderr, "nif: ping did not do its work (its exit code: %d)\n",
            s->child_code);
    } else if (heard.received > 0) {
        fprintf(stderr,
            "nif: %" PRIu64 " of %" PRIu64 " pings were not answered\n",
            heard.sent - heard.received, heard.sent);
    } else {
        fprintf(stderr, "nif: no replies%s%s\n",
            link ? "" : ": the board's link is down",
            s->options->link_down ? " (--link down)" : "");
    }
    return NIF_EXIT_FAILED;
}

static int ping(struct nif_session *s, char *program)
{
    int code = 0;

    if (!s->options->link_down) {
        code = nif_session_run(s, UP_NS, nif_session_is_up);
        if (code == 0 && !s->over && !nif_session_is_up(s)) {
            fprintf(stderr, "nif: the board did not come up\n");
            return NIF_EXIT_FAILED;
        }
    }
    if (code == 0 && s->over) {
        return NIF_EXIT_FAILED; // told to stop before it began
    }
    code = code ? code : spawn_ping(s, program);
    code = code ? code : nif_session_run(s, SIM_NEVER, NULL);
    return code ? code : verdict(s);
}

static void summarize(struct nif_session *s, int code)
{
    if (s->options->json) {
        printf("{");
        nif_session_json(s);
        printf(", \"transmitted\": %" PRIu64 ", \"received\": %" PRIu64
               ", \"exit\": %d}\n",
            heard.sent, heard.received, code);
    }
}

int nif_ping_main(int argc, char **argv)
{
    static struct nif_session s;
    static struct nif_options o;
    char program[TAP_PATH];
    int code;

    nif_options_init(&o);
    code = nif_options_parse(&o, argc, argv, true);
    if (code != 0) {
        return code > 0 ? NIF_EXIT_PASS : NIF_EXIT_USAGE;
    }
    if (!tap_program_find("ping", program)) {
        fprintf(stderr,
            "nif: there is no program `ping`; install iputils-ping\n");
        return NIF_EXIT_FAILED;
    }
    code = nif_session_open(&s, &o);
    if (code == 0) {
        code = ping(&s, program);
        code = code == 0 && s.world.complaints > 0 ? NIF_EXIT_FAILED : code;
        summarize(&s, code);
    }
    return nif_session_close(&s, code);
}
