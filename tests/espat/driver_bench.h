// SPDX-License-Identifier: MIT
//
// A bench for the driver of ESP-AT modules: the driver on a serial line whose
// other end is a script: "if you are told this, answer that". A test adds its
// own lines to those of a firmware version. Only sending and fetching data
// are more than a script.

#ifndef TESTS_ESPAT_DRIVER_BENCH_H
#define TESTS_ESPAT_DRIVER_BENCH_H

#include "espat/espat.h"
#include "nif/net.h"
#include "sim/cpu.h"
#include "tests/support/check.h"

/// The other end of the line when it is not a module.
enum bench_dead {
    BENCH_ALIVE,
    BENCH_SILENT,
    BENCH_ZERO,
    BENCH_ONES,
    BENCH_NOISE,
    BENCH_ECHO, ///< what is sent comes back
};

/// A line of the script. `command` without its CR LF; with `*` at its end,
/// the rest may be anything. `answer` NULL: none.
struct bench_rule {
    const char *command;
    const char *answer;
};

enum bench_firmware {
    BENCH_AT24, ///< ESP-AT 2.4
    BENCH_AT17, ///< AT 1.7 of the ESP8266
    BENCH_AT33, ///< ESP-AT 3.3
    BENCH_AT20, ///< ESP-AT 2.0
};

struct bench_byte {
    uint64_t at_ns;
    uint8_t byte;
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): for people
struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct nif_uart uart;
    struct nif_pin pin;
    struct espat chip;
    // The module.
    enum bench_firmware firmware;
    enum bench_dead dead;
    uint64_t dead_ns; ///< when it was last heard
    bool echo;
    bool mute_ready;            ///< says nothing after a reset
    bool peers;                 ///< CIPDINFO=1
    bool hold_send_ok;          ///< no SEND OK
    bool deaf;                  ///< does not hear
    unsigned resets;            ///< by pin and by command
    struct bench_rule once[32]; ///< each is used up; before the others
    size_t once_count;
    const struct bench_rule *extra; ///< stay; before the firmware's
    size_t extra_count;
    char line[320];
    size_t line_len;
    size_t data_left; ///< of a payload
    uint8_t data[8192];
    size_t data_len;         ///< all that was sent, by any link
    uint8_t unread[8][4096]; ///< what waits to be fetched, by link
    size_t unread_len[8];
    size_t fetch_at[8];
    const char *sender;      ///< of a datagram: "1.2.3.4",5
    const char *at_prompt;   ///< said behind the prompt
    const char *before_sent; ///< said before SEND OK
    uint64_t send_ok_ns;     ///< when it is due; busy until then; 0: none is
    uint64_t send_ns;        ///< how long SEND OK takes
    uint32_t baud;           ///< of the module
    uint32_t next_baud;      ///< after the answer
    bool keeps_baud;         ///< says OK, and does not switch
    bool silent_baud;        ///< switches, and does not say OK
    // The line.
    uint32_t host_baud;
    bool host_rts;
    uint32_t baud_max; ///< of the port; 0: any
    uint64_t tx_free_ns;
    uint64_t rx_free_ns;
    struct bench_byte *out;
    size_t out_head;
    size_t out_len;
    unsigned errs;
    size_t in_count;      ///< bytes that the module was sent
    size_t said;          ///< bytes that it has said
    size_t lose_in;       ///< number of one that is lost, 0: none
    size_t lose_in_count; ///< so many
    size_t lose_out;
    size_t flip_out;
    uint8_t flip;
    size_t insert_at; ///< before this byte, or at the next place for a line
    const char *insert;
    size_t inserted_at; ///< where that was, 0: nowhere
    bool keep_echo;     ///< ATE0 does nothing
    bool in_line;       ///< the last byte said was within a line
    unsigned calls;
    unsigned fail_at; ///< this call of the port and all after fail; 0: none
    // What was seen.
    char log[32768]; ///< commands, each with a newline
    size_t log_len;
    enum nif_event events[64];
    size_t event_count;
    int poll_err;
    uint64_t slowest_ns;
    struct nif_conn conns[8];
    uint8_t rx[8][2048];
    uint8_t tx[8][2048];
};

/// Bytes on their way from the module.
#define BENCH_OUT 262144u

// Between the module and its line: a byte to the driver, a byte from it, a
// reset.
void bench_put_byte(struct bench *b, uint8_t byte, uint64_t at_ns);
void bench_hear(struct bench *b, uint8_t byte, uint64_t at_ns);
void bench_reset(struct bench *b);

/// All joined, nothing started. `cfg` may be NULL.
void bench_open(struct bench *b, enum bench_firmware firmware,
    const struct espat_cfg *cfg);
void bench_close(struct bench *b);

/// Started, and joined to "home".
void bench_up(struct bench *b);

/// The next such command is answered so.
void bench_answer(struct bench *b, const char *command, const char *answer);

/// The module says something by itself.
void bench_say(struct bench *b, const char *text);

/// Data comes for a link, and is told of as the firmware does.
void bench_data(struct bench *b, unsigned link, const char *data);

/// The main loop for so long.
void bench_run(struct bench *b, uint32_t ms);

/// A connection of the bench with its buffers, opened.
struct nif_conn *bench_conn(struct bench *b, unsigned i, enum nif_proto proto);

/// Connected to 192.0.2.1 port 7, and open.
struct nif_conn *bench_dial(struct bench *b, unsigned i);

/// A listener at port 80 with `n` connections, from number 1 on.
struct nif_conn *bench_serve(struct bench *b, size_t n);

/// How often the command was given since the bench was opened.
unsigned bench_count(const struct bench *b, const char *command);

unsigned bench_told(const struct bench *b, enum nif_event event);

/// Receives until `text` has come; fails if it has not within 10 s.
void bench_receive(struct bench *b, struct nif_conn *conn, const char *text);

/// True if data pass in both directions over a new connection.
bool bench_traffic(struct bench *b);

#endif
