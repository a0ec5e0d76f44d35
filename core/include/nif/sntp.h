// SPDX-License-Identifier: MIT
//
// The time of day, from a server (SNTP, RFC 4330, with the client rules of RFC
// 5905). Runs on any stack with UDP. The board's own clock is left alone:
// what is kept is how far it is from the time of day.
//
//     nif_sntp_init(&sntp, &(struct nif_sntp_cfg){ .stack = stack,
//         .seed = seed, .server = "pool.ntp.org", .resolver = &dns.resolver });
//     nif_sntp_start(&sntp);
//     ... in the main loop, next to nif_stack_poll():
//     nif_again_by(&again_us, nif_sntp_poll(&sntp));
//     ... and whenever it is of interest:
//     err = nif_sntp_now(&sntp, &unix_us);
//
// An answer is believed only if it comes from the server asked, repeats the
// random number of our question, and is from a server that knows the time
// itself. Each question goes out from a new random port (RFC 9109). NTP's
// seconds wrap in 2036; those before 1968 are taken for the time after that
// (RFC 4330 3), up to 2104. Whoever needs to be sure of the time (certificates)
// must not ask for it like this: nothing here is signed.

#ifndef NIF_SNTP_H
#define NIF_SNTP_H

#include "nif/random.h"
#include "nif/resolver.h"
#include "nif/stack.h"

NIF_C_BEGIN

enum nif_sntp_state {
    NIF_SNTP_OFF,
    NIF_SNTP_WAITING, ///< until it is time to ask again
    NIF_SNTP_LOOKING, ///< for the server's address
    NIF_SNTP_ASKING,  ///< waits for the answer
    NIF_SNTP_DENIED,  ///< the server does not want us (RFC 5905 7.4: DENY,
                      ///< RSTR): nothing is asked until the next start
};

/// The length of a question and of an answer without extensions, bytes.
#define NIF_SNTP_MESSAGE 48

struct nif_sntp_cfg {
    struct nif_stack *stack; ///< must outlive the client
    uint64_t seed;           ///< secret; another at each boot
    const char *server;      ///< a name or an address; must outlive the client

    /// Who finds the server's address, each time anew. To be used by nobody
    /// else at the same time. NULL: `server` is an address.
    struct nif_resolver *resolver;

    /// Seconds between questions; 0: 1024. Less than 16 is taken as 16 (RFC
    /// 4330 10). After failures the first ones come sooner: after 16, 32, 64
    /// seconds and so on.
    uint32_t interval_s;
};

/// The client. Must not move while it is on.
struct nif_sntp {
    uint8_t state;       ///< enum nif_sntp_state; may be read
    uint8_t stratum;     ///< of the last answer: 1 has a clock; 0: none yet
    uint32_t good_count; ///< answers believed; may be read
    uint32_t bad_count;  ///< questions that had no such answer; may be read

    // Private from here on.
    bool open;
    bool unsent;
    uint32_t wait_s;  // as long was waited last, after failures
    uint32_t least_s; // RATE: the server wants no more questions than that
    uint32_t cookie[2];
    uint32_t server;
    uint64_t at_us;
    uint64_t sent_us;
    int64_t offset_us; // of the time of day from the stack's clock
    struct nif_random random;
    struct nif_sntp_cfg cfg;
    struct nif_conn conn;
    uint8_t rx[2 * (NIF_SNTP_MESSAGE + 8) + 32];
};

/// Fills memory only.
void nif_sntp_init(struct nif_sntp *sntp, const struct nif_sntp_cfg *cfg);

/// Begins to ask, within a second. A time that is known stays known.
void nif_sntp_start(struct nif_sntp *sntp);

/// Stops asking. A time that is known stays known.
void nif_sntp_stop(struct nif_sntp *sntp);

/// Does what is due. Call it after each nif_stack_poll().
///
/// Returns when to call again, absolute, in microseconds; NIF_NEVER if it asks
/// nothing any more.
uint64_t nif_sntp_poll(struct nif_sntp *sntp);

/// Gives the microseconds since 1970-01-01 00:00 UTC, leap seconds not
/// counted, right to about half the time that question and answer took.
///
/// Returns 0; NIF_EAGAIN if it is not known yet.
NIF_NODISCARD int nif_sntp_now(const struct nif_sntp *sntp, uint64_t *unix_us);

NIF_C_END

#endif
