// SPDX-License-Identifier: MIT
//
// Microchip ENC28J60: 10BASE-T MAC and PHY behind SPI, as a frame device.
//
//     static struct enc28j60 chip;
//
//     enc28j60_init(&chip, &(struct enc28j60_cfg){
//         .spi = spi, .clock = clock, .interrupt = pin, .hwaddr = address });
//     err = nif_iface_start(&chip.iface);
//
// Wiring. SPI mode 0, 8 to 20 MHz: below 8 MHz silicon B1 and B4 lose
// accesses to their MAC registers (erratum 1). /INT is optional. With it the
// driver does nothing on the bus until the chip asks for it, but for a check
// about once a second; without it poll() asks the chip each time. /RESET is
// optional as well: the chip is reset by command in any case. The chip has
// no address of its own; the caller gives one.
//
// Duplex. The chip does not negotiate. A partner that does will settle on
// half duplex, the default here. Full duplex works only if the partner is
// forced to it, too.
//
// Memory. The caller owns `struct enc28j60`; it has no buffers. In the chip,
// 5 KiB are the receive ring, and two frames can wait to be sent: while one
// is on the wire, the next is written. send() never waits for the wire.
//
// Time. start() takes about 3 ms, all else less than 2 ms at 8 MHz. At 20
// MHz a full frame takes 0.6 ms to read or to write, half of what it takes
// on the wire. Between the end of one frame and the start of the next that
// waits lie some ten bus commands (12 us), if poll() comes at once.
//
// Interrupts. The handler only wakes the clock. Whether there is work is
// read from the level of /INT, in poll() and recv(), never from an edge. A
// source that stays makes poll() ask to be called again at once; so none can
// be missed, and one lost edge costs `check_ms` at most.
//
// Errors. A bus that fails, a chip that has reset itself (a dip of the
// supply) and a PHY that does not answer end in the same way: the link is
// reported down, poll() returns what happened, and sets the chip up again,
// at once and then ten times a second, a step at a time. When it is done,
// NIF_EVENT_RESTARTED comes, then NIF_EVENT_LINK_UP; the filter is as it was,
// frames in the chip are lost. A chip that has reset itself is noticed by
// the check, within `check_ms`. A receive ring that makes no sense is emptied
// on the spot, recv() says NIF_EPROTO; after three times without a good
// frame in between the whole chip is set up again.
//
// Errata (DS80349C). 1: registers are read back. 2, 19: reset waits, is
// checked and repeated. 5, 14: the ring starts at 0, its read pointer is odd.
// 6: packets are counted by EPKTCNT. 9: loopback is off. 12: the transmitter
// is reset after each frame. 13, 15: a late collision is known by its status
// vector or by the missing TXIF; such a frame is sent again, 16 times in all.
// 16: PHCON1 is always written. 17, 18: checksum unit and pattern filter are
// not used. 4, 7, 8, 11 are matters of the board.
//
// Not certain. A frame whose end is not reported within 20 ms is sent again,
// although it may have left. Bits that fall on the way over SPI within a
// frame, and single commands that the chip does not hear, are not noticed
// here; checksums above do that. The hash filter also lets frames for other
// groups and stations pass: 64 bits cannot tell them all apart.

#ifndef ENC28J60_H
#define ENC28J60_H

#include "nif/clock.h"
#include "nif/iface.h"
#include "nif/pin.h"
#include "nif/spi.h"

NIF_C_BEGIN

/// What is where and how it is to be run. Zero is the default of each field
/// but the first two and `hwaddr`.
struct enc28j60_cfg {
    struct nif_spi *spi;       ///< mode 0, 8 to 20 MHz
    struct nif_clock *clock;   ///< for deadlines and the waits after a reset
    struct nif_pin *interrupt; ///< /INT, pulled up; NULL: poll() asks instead
    struct nif_pin *reset;     ///< /RESET; NULL: tied high
    struct nif_hwaddr hwaddr;  ///< the board's own, not a group's
    bool full_duplex;          ///< the partner is forced to full duplex

    /// Milliseconds between two looks whether the chip still has its
    /// settings, has a link, and wants something although /INT is silent.
    /// Short finds a chip that has reset itself sooner, long wakes an idle
    /// board less. 0: 1000 with /INT, 100 without. A look takes 0.1 ms.
    uint16_t check_ms;

    /// Without /INT: microseconds until poll() wants to be called again. The
    /// receive ring is full after 4 ms of traffic at full speed. 0: 1000.
    uint16_t poll_us;
};

/// What happened since init. Counters wrap.
struct enc28j60_stats {
    uint32_t rx;         ///< frames received
    uint32_t rx_bad;     ///< dropped: not whole, too short, or too long
    uint32_t rx_overrun; ///< times that the chip had no room for a frame
    uint32_t rx_reset;   ///< times that the receive ring made no sense
    uint32_t tx;         ///< frames sent
    uint32_t tx_retry;   ///< sent again after a late collision or a stall
    uint32_t tx_aborted; ///< frames given up
    uint32_t lost;       ///< times that the chip or its bus was lost
    uint32_t restarted;  ///< times that it came back
};

/// Frames that the chip holds for sending: one on the wire, one to follow.
#define ENC28J60_TX_PLACES 2

/// Caller-allocated. Must not move after enc28j60_init(). All is private but
/// what is said to be otherwise. In this order because a Cortex-M0+ reaches
/// bytes only near the start of a struct in one instruction.
struct enc28j60 {
    struct nif_iface iface; ///< first member: what the stack is given
    uint8_t revision;       ///< may be read: 2 B1, 4 B4, 5 B5, 6 B7
    uint8_t phase;          // enum enc28j60_phase
    uint8_t bank;           // as selected in the chip
    uint8_t rx_pending;     // frames known to wait in the ring
    uint8_t rx_resets;      // since the last good frame
    uint8_t tx_count;       // frames waiting or on the wire
    uint8_t tx_tries;       // of the first
    bool tx_busy;           // the first is on the wire
    bool link;              // as last reported
    uint16_t rx_next;       // where the next frame starts in the ring
    uint16_t rx_limit;      // ERXRDPT
    uint16_t tx_at;         // where the first frame to send lies in the chip
    uint16_t tx_end[ENC28J60_TX_PLACES]; // the last byte of each
    struct enc28j60_cfg cfg;
    int err;           // first error of the current operation
    int fault;         // why the chip is being set up again; 0: it is not
    uint32_t step_us;  // when the last step of bring-up or check was, ...
    uint32_t pause_us; // ... and how long after it the next is due
    uint32_t tx_us;    // when the frame on the wire was started
    struct enc28j60_stats stats; ///< may be read
    nif_event_fn *event_fn;
    void *event_arg;
    uint8_t own[15]; // MAADR1 to 6, EHT0 to 7, ERXFCON
};

/// Makes `chip` a stopped device. Touches memory only. `cfg` is copied; what
/// it points at must outlive `chip`.
void enc28j60_init(struct enc28j60 *chip, const struct enc28j60_cfg *cfg);

/// Puts a started chip into power save: no frames, no link. A frame on the
/// wire may end, for up to 1.3 ms; the one behind it is dropped.
///
/// Returns 0; NIF_EINVAL if the device is not started or sleeps already;
/// NIF_EIO: it then is not known what the chip does.
NIF_NODISCARD int enc28j60_power_down(struct enc28j60 *chip);

/// Ends power save. The chip is set up again by poll(), within 4 ms, and
/// finds its link some tens of milliseconds later (NIF_EVENT_LINK_UP).
///
/// Returns 0; NIF_EINVAL if the device does not sleep.
NIF_NODISCARD int enc28j60_power_up(struct enc28j60 *chip);

NIF_C_END

#endif
