// SPDX-License-Identifier: MIT
//
// The bench of the Stellaris Ethernet controller as a network device: driver,
// PHY and model, a card at the other end, and one who listens in between.

#ifndef TESTS_STELLARIS_BENCH_H
#define TESTS_STELLARIS_BENCH_H

#include "sim/chips/stellaris.h"
#include "stellaris/stellaris.h"
#include "tests/support/check.h"

#define WAITS_US 3000000 // for a link

struct device_bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_stellaris chip;
    struct sim_nic far;
    struct sim_cable cable;
    struct stellaris mac;
    struct nif_phy phy;
    struct nif_macphy device;
    struct nif_iface *iface;
    uint8_t spare[NIF_ETH_FRAME_MAX];
    unsigned heard;
    size_t heard_len;
    unsigned told[4];  // enum nif_event
    uint64_t down_us;  // when NIF_EVENT_LINK_DOWN was told
    uint64_t spoil_at; // accesses until a bad frame comes; 0: none
    unsigned looks;    // at the PHY: writes of MACMCTL
    uint8_t heard_data[SIM_FRAME_MAX];
    uint32_t length;
    unsigned frame_words;
    bool jam;
    unsigned words; // read of MACDATA
};

/// The only one.
extern struct device_bench d;

/// The board's address, and that of all.
extern const struct nif_hwaddr own;
extern const struct nif_hwaddr all;

/// QEMU's has no PHY, and does at once what it is asked for; and one whose MII
/// hangs.
extern const struct nif_mmio_ops device_bare;
extern const struct nif_mmio_ops device_hung;

/// One that sends for ever, while `d.jam`.
extern const struct nif_mmio_ops device_jammed;

/// One that has frames without end, of `d.frame_words` each, the first of which
/// says `d.length`.
extern const struct nif_mmio_ops device_endless;

/// Zero is the default of each field.
struct how {
    const struct nif_mmio_ops *ops; ///< of the chip; NULL: as it is
    uint32_t clock_hz;              ///< of the system; 0: 50 MHz
    bool clock_untold;              ///< and the driver does not know it
    bool polled;
    bool no_spare;
};

void open_device(const struct how *how);

/// The same, and waits for a link.
void bring_up(const struct how *how);

/// Fails if there was a complaint.
void close_device(void);

/// The main loop.
void run_us(uint64_t us);

bool has_link(void);

/// A frame of `len` bytes, in two pieces. Returns what send() does.
int send_frame(const struct nif_hwaddr *to, size_t len);

/// The card sends a frame that is `mark` behind its header.
void arrive(const struct nif_hwaddr *to, size_t len, uint8_t mark);

/// Takes the next frame, which must be as arrive() made it. Returns its mark;
/// 0: there is none.
uint8_t receive(void);

void assert_traffic(void);

#endif
