// SPDX-License-Identifier: MIT
//
// What iperf3's server and its client have in common: the protocol of its
// version 3 (https://github.com/esnet/iperf), as far as a board needs it. TCP
// and UDP, both directions, a few streams at a time.
//
// A control connection carries states of one byte and texts in JSON, each
// behind its length; the data runs on connections of its own. The client says
// what is to be measured and when it ends; then each side tells the other
// what it has counted.

#ifndef EXAMPLES_IPERF3_IPERF3_H
#define EXAMPLES_IPERF3_IPERF3_H

#include "nif/board.h"
#include "nif/net.h"

#define IPERF3_PORT 5201

/// Bytes of each ring of a stream: TCP's window. A board with little memory
/// takes less.
#ifndef IPERF3_RING
#define IPERF3_RING 8192
#endif

/// Streams at a time.
#ifndef IPERF3_STREAMS
#define IPERF3_STREAMS 2
#endif

/// What names a test on all its connections: 36 characters and a NUL.
#define IPERF3_COOKIE 37

/// The longest text that is looked at; what is longer is cut.
#define IPERF3_JSON 1536

/// The longest datagram; and the piece in which TCP is sent.
#define IPERF3_BLOCK 1472

/// Microseconds that the other side has for each step of the talk, and for
/// a sign of life in the data.
#define IPERF3_STEP_US 10000000u

/// Bytes of the rings of a control connection.
#define IPERF3_CONTROL 1024

/// The states; errors are negative.
enum iperf3_state {
    IPERF3_TEST_START = 1,
    IPERF3_TEST_RUNNING = 2,
    IPERF3_TEST_END = 4,
    IPERF3_PARAM_EXCHANGE = 9,
    IPERF3_CREATE_STREAMS = 10,
    IPERF3_SERVER_TERMINATE = 11,
    IPERF3_CLIENT_TERMINATE = 12,
    IPERF3_EXCHANGE_RESULTS = 13,
    IPERF3_DISPLAY_RESULTS = 14,
    IPERF3_DONE = 16,
    IPERF3_ACCESS_DENIED = 255, ///< -1 as a byte
    IPERF3_SERVER_ERROR = 254,  ///< -2; two numbers follow
};

/// What is to be measured, as the client says it.
struct iperf3_params {
    bool udp;
    bool reverse; ///< the server sends
    bool wide;    ///< datagrams are counted in 64 bits
    bool strange; ///< wants what is not here: both directions, SCTP
    uint32_t parallel;
    uint32_t len; ///< bytes of a datagram; 0: as long as one frame takes
    uint64_t seconds;
    uint64_t bytes;      ///< ends after so many; 0: by time
    uint64_t bits_per_s; ///< 0: as fast as it can
};

struct iperf3_stream {
    struct nif_conn *conn;
    uint64_t bytes;
    uint64_t packets; ///< datagrams sent, or the highest number received
    uint64_t lost;
    int64_t transit_us;   ///< of the last datagram; RFC 3550 6.4.1
    uint64_t jitter_us16; ///< in sixteenths of a microsecond
    bool ended;
};

/// One test, on one side.
struct iperf3_test {
    struct nif_board *board;
    struct nif_conn *ctrl;
    struct iperf3_params params;
    bool sends; ///< we do
    uint64_t begun_us;
    uint64_t ended_us; ///< 0: it runs
    unsigned count;
    struct iperf3_stream streams[IPERF3_STREAMS];
    uint64_t peer_bytes; ///< what the other side has counted
    uint64_t peer_lost;
    char cookie[IPERF3_COOKIE];
    char json[IPERF3_JSON];
    uint8_t block[IPERF3_BLOCK];
};

// ---- text.c: text out, JSON in and out

struct iperf3_text {
    char *buf;
    size_t cap; ///< with the NUL
    size_t len;
};

/// Appends; what does not fit is cut.
void iperf3_put(struct iperf3_text *t, const char *s);
void iperf3_put_u64(struct iperf3_text *t, uint64_t v);

/// Appends `v` divided by 10^`digits`, with so many digits behind the point.
void iperf3_put_point(struct iperf3_text *t, uint64_t v, unsigned digits);

/// The value of `key` in the object that begins at `text`, or NULL.
const char *iperf3_find(const char *text, const char *key);

/// The value of `key` as a number of no sign; `other` if there is none.
uint64_t iperf3_number(const char *text, const char *key, uint64_t other);

/// True if the value of `key` is "true", or a number that is not 0.
bool iperf3_true(const char *text, const char *key);

// ---- talk.c: the control connection, and what is said on it

/// The time when a step that begins now has taken too long.
uint64_t iperf3_deadline(const struct iperf3_test *test);

/// Says a state. Returns 0 or an error of nif_send_all().
int iperf3_say(struct iperf3_test *test, enum iperf3_state state);

/// Waits for a state. Returns it (1 to 255), or an error.
int iperf3_hear(struct iperf3_test *test, uint64_t until_us);

/// Receives exactly `len` bytes, within a step. Returns 0 or an error.
int iperf3_get(struct nif_conn *conn, void *buf, size_t len);

/// Sends test->json. Returns 0 or an error.
int iperf3_put_json(struct iperf3_test *test);

/// Receives into test->json. Returns 0 or an error; NIF_EPROTO if its length
/// cannot be.
int iperf3_get_json(struct iperf3_test *test);

/// Writes the parameters into test->json, and reads them from there.
void iperf3_write_params(struct iperf3_test *test);
void iperf3_read_params(struct iperf3_test *test);

/// Writes what was counted into test->json, and reads what the other side
/// has.
void iperf3_write_results(struct iperf3_test *test);
void iperf3_read_results(struct iperf3_test *test);

/// Prints a line about the test, and one about each of several streams, if
/// the board has somewhere to print.
void iperf3_report(struct iperf3_test *test);
void iperf3_print(struct nif_board *board, const char *line);

// ---- flow.c: the data

/// Bytes of a datagram in this test.
size_t iperf3_len(const struct iperf3_test *test);

/// Runs the data until something is said on the control connection, or
/// `enough(test)` (NULL: never) is true. Returns 0; NIF_ETIMEDOUT if nothing
/// moves; NIF_ENOTCONN if the board is to stop.
int iperf3_run(struct iperf3_test *test,
    bool (*enough)(const struct iperf3_test *test));

/// All bytes of all streams.
uint64_t iperf3_bytes(const struct iperf3_test *test);

/// Those of them that are at the other side, as far as the stack knows.
uint64_t iperf3_arrived(const struct iperf3_test *test);

#endif
