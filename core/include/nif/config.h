// SPDX-License-Identifier: MIT
//
// What is fixed when the library is compiled: table sizes and times. Each can
// be set by -D, or all together in a file of your own named by
// -DNIF_CONFIG_FILE="\"my_config.h\"". What belongs to one stack or one
// connection is in its *_cfg struct, not here.

#ifndef NIF_CONFIG_H
#define NIF_CONFIG_H

#include "nif/base.h"

#ifdef NIF_CONFIG_FILE
// cppcheck-suppress preprocessorErrorDirective
#include NIF_CONFIG_FILE
#endif

/// Neighbours remembered (ARP), 2 to 255. 20 bytes each. Fewer than a board
/// talks to at a time costs a question and its answer per change of partner.
#ifndef NIF_ARP_ENTRIES
#define NIF_ARP_ENTRIES 8
#endif

/// Seconds until a neighbour is asked again whether it is still there. Short
/// times find a changed card sooner, long ones spare broadcasts.
#ifndef NIF_ARP_AGE_S
#define NIF_ARP_AGE_S 300
#endif

/// Bytes of frames in each direction after which one poll() stops, so that it
/// stays below 2 ms on a slow bus (0.4 us a byte: SPI at 20 MHz). The frame
/// that crosses the line is still finished.
#ifndef NIF_POLL_BYTES
#define NIF_POLL_BYTES 1514
#endif

/// Milliseconds that a reply in the receive buffer waits for room in the
/// device before it is dropped. Nothing is received meanwhile.
#ifndef NIF_HOLD_MS
#define NIF_HOLD_MS 10
#endif

/// Least retransmission time, milliseconds. RFC 6298 (2.4) says 1000 and lets
/// a finer clock go lower; 250 lies above the delayed acknowledgements of the
/// systems in use (40 to 200) and mends a loss on a small window four times
/// sooner.
#ifndef NIF_TCP_RTO_MIN_MS
#define NIF_TCP_RTO_MIN_MS 250
#endif

/// Longest retransmission time, milliseconds; RFC 6298 (2.5): 60,000 or more.
#ifndef NIF_TCP_RTO_MAX_MS
#define NIF_TCP_RTO_MAX_MS 60000
#endif

/// Seconds without any progress of what was sent until a connection is given
/// up: R2 of RFC 9293 (3.8.3), which asks for 100 at least.
#ifndef NIF_TCP_R2_S
#define NIF_TCP_R2_S 100
#endif

/// The same for a call that is not answered: at least 3 minutes (RFC 9293
/// 3.8.3).
#ifndef NIF_TCP_R2_SYN_S
#define NIF_TCP_R2_SYN_S 180
#endif

/// Seconds that a peer who has asked us for a connection may take to finish
/// the handshake. Longer keeps slow peers, shorter frees the backlog sooner.
#ifndef NIF_TCP_SYN_RCVD_S
#define NIF_TCP_SYN_RCVD_S 15
#endif

/// Seconds that a peer may keep its window shut although it answers probes.
/// RFC 6429 allows a limit, so that nobody holds our memory for ever.
#ifndef NIF_TCP_STALL_S
#define NIF_TCP_STALL_S 600
#endif

/// Longest delay of an acknowledgement, milliseconds; RFC 9293 (3.8.6.3): at
/// most 500.
#ifndef NIF_TCP_DELACK_MS
#define NIF_TCP_DELACK_MS 40
#endif

/// Seconds in TIME-WAIT, twice the longest life of a segment.
#ifndef NIF_TCP_TIME_WAIT_S
#define NIF_TCP_TIME_WAIT_S 60
#endif

/// Seconds that a closed connection waits for the peer to close too.
#ifndef NIF_TCP_FIN_WAIT_S
#define NIF_TCP_FIN_WAIT_S 60
#endif

/// Seconds between keepalive probes, and how many go unanswered before the
/// connection ends.
#ifndef NIF_TCP_KEEP_INTERVAL_S
#define NIF_TCP_KEEP_INTERVAL_S 10
#endif
#ifndef NIF_TCP_KEEP_PROBES
#define NIF_TCP_KEEP_PROBES 5
#endif

#endif
