// SPDX-License-Identifier: MIT
//
// A stack alone with a script: its device hands frames to nobody but us, its
// clock moves only when the script waits. IP packets go in and come out;
// Ethernet and ARP are done here.
//
// Time moves in steps of the stack's own deadlines, by whoever looks at the
// clock or sleeps. A blocking call of the thread that created the world moves
// time itself; another thread's waits until time was moved for it, and in the
// moment its condition holds, time stands still until that thread has looked
// at the clock.

#ifndef TESTS_PACKETDRILL_WORLD_H
#define TESTS_PACKETDRILL_WORLD_H

#include "nif/tcpip.h"

#include <pthread.h>

#define PD_QUEUE 256

/// A frame, or without its Ethernet header an IP packet.
struct pd_frame {
    uint64_t at_us;
    size_t len;
    uint8_t data[NIF_ETH_FRAME_MAX];
};

/// First in, first out. What does not fit is dropped.
struct pd_queue {
    struct pd_frame frames[PD_QUEUE];
    unsigned first;
    unsigned used;
};

/// A condition that somebody waits for. Called with the lock held.
typedef bool pd_ready_fn(void *arg);

struct pd_wait {
    pd_ready_fn *ready;
    void *arg;
    uint64_t until_us;
};

struct pd_world {
    struct nif_clock clock; ///< first
    struct nif_iface iface;
    struct nif_tcpip stack;
    bool extended;       ///< connections get memory for optional parts of TCP
    struct pd_queue in;  ///< frames for the stack
    struct pd_queue out; ///< packets it has sent
    uint8_t own[4];      ///< the stack's address
    uint64_t now_us;
    uint64_t due_us; ///< when the stack wants to be polled
    uint8_t rx[NIF_ETH_FRAME_MAX];
    pthread_mutex_t lock;
    pthread_cond_t moved;
    pthread_t mover;       ///< the thread that created the world
    pthread_t waiter;      ///< another one, in a blocking call
    struct pd_wait *wait;  ///< what it waits for, or NULL
    bool returning;        ///< it was woken and has not looked at the clock
    struct pd_block *held; ///< memory that lives as long as the world
};

/// What a world is made of.
struct pd_world_cfg {
    struct nif_ip ip;
    uint8_t prefix_len;
    bool sack; ///< with selective acknowledgements
    bool stamps;
};

/// A new world. NULL: no memory.
struct pd_world *pd_world_new(const struct pd_world_cfg *cfg);
void pd_world_free(struct pd_world *w);

/// Zeroed memory until the world ends. NULL: none.
void *pd_hold(struct pd_world *w, size_t size);

/// Gives the stack another address.
int pd_world_address(struct pd_world *w, const struct nif_ip *ip,
    uint8_t prefix_len);

// All below are called with the lock held.

/// Lets the stack work now, and until `until_us` at least.
void pd_run(struct pd_world *w, uint64_t until_us);

/// Waits until `ready(arg)` or the time has come; true if it is ready. The
/// mover's own waiting moves time, but no further than an hour.
bool pd_wait(struct pd_world *w, pd_ready_fn *ready, void *arg,
    uint64_t until_us);

/// The time, a microsecond later with every look: so that whoever spins until
/// a moment has come reaches it.
uint64_t pd_look(struct pd_world *w);

/// Gives the stack an IP packet; false if it does not fit a frame.
bool pd_give(struct pd_world *w, const void *packet, size_t len);

/// The oldest packet sent, or NULL; valid until the stack runs again.
const struct pd_frame *pd_take(struct pd_world *w);

#endif
