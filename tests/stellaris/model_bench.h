// SPDX-License-Identifier: MIT
//
// The bench of the model of the Stellaris Ethernet controller: registers by the
// data sheet's numbers, a link, a card at the other end.

#ifndef TESTS_STELLARIS_MODEL_BENCH_H
#define TESTS_STELLARIS_MODEL_BENCH_H

#include "sim/chips/stellaris.h"
#include "tests/support/seen.h"

#define RIS  0x00u
#define IM   0x04u
#define RCTL 0x08u
#define TCTL 0x0Cu
#define DATA 0x10u
#define IA0  0x14u
#define IA1  0x18u
#define THR  0x1Cu
#define MCTL 0x20u
#define MDV  0x24u
#define MTXD 0x2Cu
#define MRXD 0x30u
#define NP   0x34u
#define TR   0x38u

#define RX_INT 0x01u
#define TXER   0x02u
#define TXEMP  0x04u
#define FOV    0x08u
#define RXER   0x10u
#define MD_INT 0x20u
#define PHYINT 0x40u

#define RX_ON 0x09u // BADCRC, RXEN
#define TX_ON 0x17u // DUPLEX, CRC, PADEN, TXEN

struct mac_bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_stellaris mac;
    struct sim_nic far;
    struct sim_cable cable;
    struct seen seen;
    unsigned interrupts;
    uint32_t handled; // what the handler takes back
};

/// The only one.
extern struct mac_bench b;

/// The MAC's address, and that of all.
extern const uint8_t own[6];
extern const uint8_t all[6];

/// RX_ON and TX_ON, with no interrupts.
int mac_set_up(void **state);

/// The same for another configuration and partner, RCTL and TCTL.
void mac_anew(const struct sim_stellaris_cfg *cfg,
    const struct sim_phy_partner *partner, uint32_t rctl, uint32_t tctl);

/// Fails if a complaint was not asked for.
int mac_tear_down(void **state);

/// Registers from power-up on, and an empty FIFO.
void mac_begin(uint32_t rctl, uint32_t tctl);

/// Counts, and takes back what is `handled`.
void mac_on_irq(void *arg);

/// A register, and one step of the processor.
uint32_t get(uint32_t reg);
void put(uint32_t reg, uint32_t value);

void run_us(uint64_t us);

/// Asserts that there were so many complaints since the last time.
void complained(unsigned count);

/// Makes a frame of `len` bytes, and puts its FCS behind. Returns the length of
/// both.
size_t frame_to(uint8_t *frame, const uint8_t *to, size_t len);

/// The far end sends it; with `spoil` one bit of it is another.
void arrive(const uint8_t *to, size_t len, bool spoil);

/// Reads the oldest frame, and compares it with what arrive() sent.
void expect_frame(const uint8_t *to, size_t len);

#define TEST(f) cmocka_unit_test_setup_teardown(f, mac_set_up, mac_tear_down)

#endif
