// SPDX-License-Identifier: MIT
//
// The other end of the cable: a board whose fiber serves, dials, echoes,
// sends a known text, or is deaf, as a test says. The test reads and writes
// the fields, and lets the peer call its own stack by peer_do(): nobody else
// may.

#ifndef TESTS_CONTRACT_PEER_H
#define TESTS_CONTRACT_PEER_H

#include "boards/host/host.h"
#include "nif/net.h"

#define PEER_ENDS 12
#define PEER_RING 4096
#define PEER_BIG  66000

/// Ports at which a peer that serves is found, and one that nobody has.
#define PEER_PORT   7
#define PEER_NOBODY 9

/// How one end of a connection behaves.
struct peer_manner {
    bool echo;       ///< what comes goes back
    bool deaf;       ///< reads nothing
    bool stubborn;   ///< does not close when the other side has
    bool fin;        ///< tells its end when all is sent; goes on reading
    uint32_t send;   ///< bytes of text that it sends
    uint32_t salt;   ///< of that text
    uint32_t expect; ///< salt of what it receives; 0: anything
};

/// One end.
struct peer_end {
    struct nif_conn *conn; ///< NULL: it is through, or never was
    struct nif_endpoint from;
    struct peer_manner as;
    uint32_t sent;
    uint32_t got;
    bool open;  ///< has been
    bool wrong; ///< what came was not the text
    bool ended; ///< has read the other's end, or an error
    int err;    ///< that error
    // Private.
    bool told; ///< its end
    size_t held_at;
    size_t held_len;
    uint8_t held[1000];
    struct nif_conn own;
    uint8_t rx[PEER_RING];
    uint8_t tx[PEER_RING];
};

/// A datagram socket.
struct peer_udp {
    struct nif_conn conn;
    bool echo;
    uint32_t count; ///< datagrams received
    size_t len;     ///< of the last
    struct nif_endpoint from;
    uint8_t got[PEER_BIG];
    uint8_t rx[PEER_BIG];
    uint8_t tx[PEER_BIG];
    /// Gives the answer to a datagram in `got`, 0 for none; or NULL.
    size_t (*answer)(struct peer_udp *udp);
};

struct peer {
    struct host_board board;
    struct nif_endpoint at; ///< its address, no port
    struct nif_ip board_ip; ///< whom it dials
    struct peer_manner as;  ///< of those that are accepted
    unsigned backlog;
    struct nif_conn listener;
    struct nif_conn waiting[PEER_ENDS];
    uint8_t rings[PEER_ENDS][2][PEER_RING];
    struct peer_end end[PEER_ENDS]; ///< in their order
    uint32_t ends;                  ///< how many were made
    struct peer_udp udp;
    bool frozen; ///< does nothing at all
    bool up;
    int failed; ///< why it did not come up
    // A call that waits.
    int (*fn)(void *arg);
    void *arg;
    int result;
    bool called;
    bool done;
};

/// Byte `i` of the text that has that salt.
uint8_t peer_text(uint32_t salt, uint32_t i);

/// The fiber's function.
int peer_app(struct nif_board *board);

/// Lets the peer's fiber call `fn(arg)`; waits for the result, while nobody
/// polls the stack under test.
int peer_do(int (*fn)(void *arg), void *arg);

/// Lets it look at its fields again.
void peer_kick(void);

/// Listens at PEER_PORT; whoever comes is treated like that.
void peer_serve(const struct peer_manner *as);

/// Serves no more: what has not been accepted ends, the rest goes on.
void peer_unserve(void);

/// Begins to connect to a port of the board under test.
struct peer_end *peer_dial(uint16_t port, const struct peer_manner *as);

/// Ends a connection: a reset.
void peer_abort(struct peer_end *end);

/// A datagram socket at `port`.
void peer_udp(uint16_t port, bool echo);

/// Sends a datagram of text; true if the peer's stack took it.
bool peer_say(size_t len, uint32_t salt, const struct nif_endpoint *to);

/// Another address from now on; none: it has no address.
void peer_move(const struct nif_ip *ip);

#endif
