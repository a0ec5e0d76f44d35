// SPDX-License-Identifier: MIT
//
// WIZnet W5500: 10/100 Ethernet MAC and PHY behind SPI, with TCP and UDP for
// eight sockets inside. It is used in one of two ways, and a program links
// only the one whose init function it names.
//
// The sockets, a stack of the chip's own (nif/stack.h):
//
//     static struct w5500 chip;
//
//     w5500_init(&chip, &(struct w5500_cfg){
//         .spi = spi, .clock = clock, .interrupt = pin, .hwaddr = address,
//         .seed = seed });
//     err = nif_iface_start(&chip.chip.iface);
//     err = nif_stack_set_net(&chip.stack, &net);
//
// The frames, for a stack such as nif/tcpip.h; the one in the chip is silent:
//
//     static struct w5500_raw chip;
//
//     w5500_raw_init(&chip, &(struct w5500_cfg){
//         .spi = spi, .clock = clock, .interrupt = pin, .hwaddr = address });
//     err = nif_iface_start(&chip.chip.iface);
//
// Wiring. SPI mode 0 or 3, 4 to 33 MHz; slower ones work, but a frame then
// takes more than 2 ms. INTn is optional. With it the driver does nothing on
// the bus until the chip asks for it, but for the check below and what the
// chip has no interrupt for; without it poll() asks the chip each time. RSTn
// is optional as well: the chip is reset by command in any case. The chip
// has no address of its own; the caller gives one.
//
// Memory. The caller owns the struct; it has no buffers. Frames and data wait
// in the chip: 16 KiB each way, all of it for frames, or shared by the
// sockets as the configuration says.
//
// Time. start() takes about 3 ms, all else less than 2 ms. At 20 MHz a full
// frame takes 0.6 ms to read or to write.
//
// Interrupts. The handler only wakes the clock. Whether there is work is read
// from the level of INTn, never from an edge, so that none can be missed; one
// lost edge costs `check_ms` at most. The chip has no interrupt for its link:
// the check looks for it, too.
//
// Errors. A bus that fails, a command that the chip does not take, a chip
// that has reset itself (a dip of the supply): the link is reported down,
// poll() returns what happened, and sets the chip up again, at once and then
// ten times a second, a step at a time. When it is done,
// NIF_EVENT_RESTARTED comes, then NIF_EVENT_LINK_UP. What was in the chip is
// lost: TCP connections end with NIF_ERESET; datagram sockets and listeners
// are opened again. A receive buffer that makes no sense costs its socket's
// data only; of frames, after three times without a good one in between the
// whole chip is set up again. A sent frame whose end is not told within 20 ms
// costs what is in the buffers.
//
// The sockets. Each connection has a socket of the chip for itself from open()
// on, those that wait behind a listener, too. A listener has one of its own in
// which the next client waits while the others are taken or still say
// good-bye; it gives that away when an eighth connection is opened. Without
// it, a client that comes when nobody is free is refused. Buffers of `struct
// nif_conn_cfg` are not used and need not be there: the chip has its own. A
// datagram is at most 1472 bytes and is not empty; one of a connection is on
// its way at a time, which takes as long as the neighbour needs to answer ARP:
// until then send() says NIF_EAGAIN. One that nobody answers is dropped; a
// connection with a peer is then told NIF_EUNREACH, once.
//
//  - bind(): a port belongs to one connection; NIF_OPT_REUSE is not there.
//  - group(): one per connection, from the port that it is bound to. From
//    the first on, the chip asks by ARP before each datagram to one host.
//  - NIF_OPT_KEEPALIVE: rounded up to 5 s, at most 1275.
//  - NIF_OPT_NODELAY: the chip never holds back.
//  - NIF_OPT_USER_TIMEOUT is not there: `retry_100us` and `retries` are for
//    all connections.
//  - shutdown() and close(): the chip says good-bye when all that was sent is
//    acknowledged. What comes in after close() is thrown away; after 60 s
//    without an end the socket is closed all the same.
//  - abort(): the chip cannot send a reset: what is open ends with a FIN, for
//    which its socket is needed for up to a second more, unless a connection
//    needs it. A peer that sends on after that is reset.
//  - connect(): who does not answer ARP is asked for 20 s, and then is
//    NIF_ETIMEDOUT, as is who does not answer TCP.
//  - A peer that resets, and one that refuses, look alike to the chip:
//    NIF_EREFUSED is a reset while connecting.
//  - Connections of a listener that become established between two polls are
//    accepted in the order of their sockets.
//
// Not certain. That a socket which sends to everybody or to a group needs no
// ARP is made so by its command (SEND_MAC). Whether the chip delivers what
// came before a reset is up to the chip; recv() gives what is there.

#ifndef W5500_H
#define W5500_H

#include "nif/clock.h"
#include "nif/iface.h"
#include "nif/pin.h"
#include "nif/random.h"
#include "nif/spi.h"
#include "nif/stack.h"

NIF_C_BEGIN

/// Sockets in the chip.
#define W5500_SOCKETS 8

/// How the PHY is to work. All but W5500_PHY_STRAPS break a link that is
/// there when the chip is started.
enum w5500_phy {
    W5500_PHY_STRAPS = 0, ///< as pins PMODE0 to 2 say
    W5500_PHY_10_HALF,
    W5500_PHY_10_FULL,
    W5500_PHY_100_HALF,
    W5500_PHY_100_FULL,
    W5500_PHY_100_HALF_AUTO, ///< negotiates, offers 100 half
    W5500_PHY_AUTO,          ///< negotiates, offers all
};

/// What is where and how it is to be run. Zero is the default of each field
/// but the first two and `hwaddr`.
struct w5500_cfg {
    struct nif_spi *spi;       ///< mode 0 or 3, 4 to 33 MHz
    struct nif_clock *clock;   ///< for deadlines and the waits after a reset
    struct nif_pin *interrupt; ///< INTn, pulled up; NULL: poll() asks instead
    struct nif_pin *reset;     ///< RSTn; NULL: tied high
    uint64_t seed;             ///< of w5500_init(): local ports are drawn with
                               ///< it. Secret, differs from boot to boot
    struct nif_hwaddr hwaddr;  ///< the board's own, not a group's
    uint8_t phy;               ///< enum w5500_phy
    uint8_t retries;           ///< see retry_100us

    /// Milliseconds between two looks whether the chip still has its
    /// settings, has a link, has lost a connection without saying so, and
    /// wants something although INTn is silent. 0: 100. A look takes 50 us
    /// at 20 MHz, and 10 more for each TCP connection.
    uint16_t check_ms;

    /// Microseconds until poll() wants to be called again: without INTn; and
    /// with it while something is under way for which there is no interrupt,
    /// such as room for more to send. 0: 1000.
    uint16_t poll_us;

    // From here on for w5500_init() only.

    /// The first time until a packet is sent again, in 100 us, and (`retries`)
    /// how often that is done. ARP: always the same, TCP: doubled each time. 0:
    /// 2000 and 8, which is 1.8 s and 31.8 s.
    uint16_t retry_100us;

    /// Room of each socket in KiB: 0, 1, 2, 4, 8 or 16, and no more than 16
    /// in all in each direction; start() says NIF_EINVAL otherwise. A socket
    /// with 0 in one direction is not used. All zero: 2 each.
    uint8_t rx_kib[W5500_SOCKETS];
    uint8_t tx_kib[W5500_SOCKETS];
};

/// What happened since init. Counters wrap.
struct w5500_stats {
    uint32_t rx;        ///< frames received
    uint32_t rx_bad;    ///< frames and datagrams dropped: too long for `buf`,
                        ///< or not from the peer
    uint32_t rx_reset;  ///< times that a receive buffer made no sense
    uint32_t tx;        ///< frames and datagrams sent
    uint32_t tx_failed; ///< not sent: nobody answered ARP
    uint32_t tx_stuck;  ///< times that the end of sending was not told
    uint32_t conflicts; ///< another has our IP address
    uint32_t lost;      ///< times that the chip or its bus was lost
    uint32_t restarted; ///< times that it came back
};

struct w5500__face; // driver's own

/// Common registers 0000 to 001B, as they ought to be.
#define W5500_OWN 0x1C

/// What both ways have in common. All is private but what is said to be
/// otherwise.
struct w5500_chip {
    struct nif_iface iface; ///< first member: the device
    uint8_t phase;          // enum w5500__phase
    uint8_t tries;          // in this phase
    bool link;              // as last reported
    bool full_duplex;       // as last seen
    bool pulse;             // the PHY is to be reset
    uint8_t phycfgr;        // as it ought to be
    const struct w5500__face *face;
    struct w5500_cfg cfg;
    int err;           // first error of the current operation
    int fault;         // why the chip is being set up again; 0: it is not
    uint32_t step_us;  // when the last step of bring-up or check was, ...
    uint32_t pause_us; // ... and how long after it the next is due
    uint8_t own[W5500_OWN];
    nif_event_fn *event_fn;
    void *event_arg;
    struct w5500_stats stats; ///< may be read
};

/// Frames. Caller-allocated; must not move after w5500_raw_init().
struct w5500_raw {
    struct w5500_chip chip; ///< first member

    // Private from here on.
    uint8_t mode;      // of socket 0
    uint8_t next_mode; // what it is to be
    uint8_t rx_resets; // since the last good frame
    bool rx_look;      // something may have come
    bool tx_busy;      // a frame is on its way
    uint16_t rx_at;    // RX_RD
    uint16_t rx_left;  // bytes known to wait
    uint16_t tx_at;    // TX_WR
    uint16_t tx_len;   // of the frame behind it that waits; 0: none
    uint32_t tx_us;    // since when the first is on its way
};

/// Sockets. Caller-allocated; must not move after w5500_init().
struct w5500 {
    struct w5500_chip chip; ///< first member
    struct nif_stack stack; ///< what an application is given

    // Private from here on.
    struct nif_conn *conns; // all, in the order of their opening
    uint8_t taken;          // a bit for each socket of the chip
    uint8_t leaving;        // those that say good-bye and are nobody's
    bool link;              // as last seen
    bool all;               // each socket is to be looked at
    bool kick;              // those that do something are
    uint32_t turn_us;       // when they last were
    uint32_t leaving_us;    // since when the last of them does
    uint32_t order;         // counts connections that were established
    struct nif_net net;
    struct nif_random random;
};

/// Joins a driver to its chip, of which it makes a network card. Fills memory
/// only.
void w5500_raw_init(struct w5500_raw *raw, const struct w5500_cfg *cfg);

/// Joins a driver to its chip, whose sockets become a stack: `w->stack`, also
/// in the device's `stack`. It can be used at once; what needs the chip waits
/// until that is started. Fills memory only.
void w5500_init(struct w5500 *w, const struct w5500_cfg *cfg);

NIF_C_END

#endif
