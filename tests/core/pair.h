// SPDX-License-Identifier: MIT
//
// Two ends of a cable in virtual time: a stack on each, or a stack and a test
// that writes and reads the frames itself. The cable loses, repeats, swaps
// and delays frames as it is told, by a seeded die; the device can be full,
// broken or unplugged. Knows nothing of the simulator.

#ifndef TESTS_CORE_PAIR_H
#define TESTS_CORE_PAIR_H

#include "nif/tcpip.h"

#define PAIR_QUEUE 64

/// A frame on its way.
struct pair_frame {
    uint64_t at_us;
    size_t len;
    uint8_t data[NIF_ETH_FRAME_MAX];
};

/// What the cable does to frames, per thousand, and how long they take.
struct pair_cable {
    unsigned loss;
    unsigned dup;
    unsigned swap;
    uint32_t delay_us;
    uint32_t byte_ns; ///< time on the wire per byte
};

/// A device with one end of the cable.
struct pair_dev {
    struct nif_iface iface; ///< first
    struct pair *pair;
    struct pair_dev *peer; ///< NULL: nobody reads but the test
    struct nif_hwaddr hwaddr;
    bool link;
    bool turn;       ///< which buffer the next frame is given in
    unsigned place;  ///< 0: frames end where a buffer ends, else they begin
                     ///< so many bytes behind a word's border
    unsigned room;   ///< frames until send() says NIF_EAGAIN; refilled by poll
    unsigned refill; ///< what poll() makes `room`
    unsigned opens;  ///< what it is after a refusal
    int send_err;
    int recv_err;
    int poll_err;
    uint64_t free_us;                    ///< when the wire is free
    struct pair_frame queue[PAIR_QUEUE]; ///< received, in order of arrival
    unsigned queued;
    unsigned dropped;
    uint8_t rx[NIF_ETH_FRAME_MAX];
    uint8_t own[NIF_ETH_FRAME_MAX]; ///< where received frames are given out
    uint32_t words[(NIF_ETH_FRAME_MAX + 8) / 4]; ///< the same, with `place`
    uint32_t lent[(NIF_ETH_FRAME_MAX + 8) / 4];  ///< where frames are built
};

/// Both ends.
struct pair {
    struct nif_clock clock; ///< first
    uint64_t now_us;
    uint64_t rng;
    bool woken;
    struct pair_cable cable;
    struct pair_dev dev[2];
    struct nif_tcpip stack[2];
    /// Optional parts that pair_restart() gives: fragment and igmp to stack
    /// 0, reassembly to the last one.
    struct nif_tcpip_cfg parts;
    unsigned sent[2]; ///< frames given to the cable by each end
    unsigned polls;
    uint64_t also_us; ///< set by a step: when it wants to be called again
    /// If set, sees each frame before the cable does; false: it is lost.
    bool (*tap)(struct pair *pair, int from, const uint8_t *frame, size_t len);
    void *tap_arg;
};

/// Lets the device build frames in place from now on.
void pair_lend(struct pair_dev *dev);

/// Stacks with addresses 192.0.2.1/24 and 192.0.2.2/24, gateway .254.
void pair_init(struct pair *p, uint64_t seed);

/// The same, but frames of stack 0 go to the test, which is the other end.
void pair_init_single(struct pair *p, uint64_t seed);

/// Makes the stacks anew, with `parts`.
void pair_restart(struct pair *p, uint64_t seed);

/// A number below `n`.
uint32_t pair_roll(struct pair *p, uint32_t n);

/// Polls both stacks and moves the clock to the next thing that happens, until
/// `until_us`. With `step`, calls it after each round; stops if it says true.
void pair_run(struct pair *p, uint64_t until_us, bool (*step)(struct pair *));

/// Runs for so long.
void pair_pass(struct pair *p, uint64_t us);

/// Gives a frame to stack 0, at once, and polls it.
void pair_inject(struct pair *p, const uint8_t *frame, size_t len);

/// Takes the oldest frame that stack 0 has sent to the test. Returns its
/// length, 0 if there is none.
size_t pair_take(struct pair *p, uint8_t *frame);

/// Throws away what stack 0 has sent.
void pair_clear(struct pair *p);

// Frames by hand. Each returns the frame's length. `from` and `to` are ends of
// the cable, 0 (the stack) and 1 (the test).

struct pair_ip {
    uint32_t src;
    uint32_t dst;
    uint8_t proto;
    const uint8_t *options;
    size_t options_len;
};

/// Ethernet and IPv4 around what already lies at `frame + 34 + options_len`.
size_t pair_wrap(struct pair *p, uint8_t *frame, const struct pair_ip *ip,
    size_t len);

/// Sums IP, and ICMP, UDP or TCP again after a change.
void pair_resum(uint8_t *frame);

size_t pair_arp(struct pair *p, uint8_t *frame, uint16_t oper, uint32_t spa,
    uint32_t tpa);

size_t pair_echo(struct pair *p, uint8_t *frame, size_t payload);

/// An ICMP message of the other end: `what` is type and code, `rest` the four
/// bytes behind the checksum, then `len` bytes.
size_t pair_icmp(struct pair *p, uint8_t *frame, uint16_t what, uint32_t rest,
    const void *data, size_t len);

size_t pair_udp(struct pair *p, uint8_t *frame, uint16_t src, uint16_t dst,
    const void *data, size_t len);

struct pair_seg {
    uint16_t src;
    uint16_t dst;
    uint32_t seq;
    uint32_t ack;
    uint8_t flags;
    uint16_t wnd;
    const uint8_t *options;
    size_t options_len;
    const void *data;
    size_t len;
};

size_t pair_tcp(struct pair *p, uint8_t *frame, const struct pair_seg *seg);

/// Reads a segment out of a frame of stack 0, checking IP and TCP sums.
/// Returns false if it is none.
bool pair_read_tcp(const uint8_t *frame, size_t len, struct pair_seg *seg);

#define PAIR_IP0  0xC0000201u // 192.0.2.1
#define PAIR_IP1  0xC0000202u
#define PAIR_GATE 0xC00002FEu

#endif
