// SPDX-License-Identifier: MIT
//
// A model of Microchip's ENC28J60, a 10BASE-T MAC with PHY on SPI, written
// from data sheet DS39662 and errata sheet DS80349C.
//
// Modelled: SPI framing, all control and PHY registers, packet memory and
// its pointers, MII timing, reception with all filters, transmission in both
// duplex modes with collisions and status vector, pause frames, DMA and
// checksum unit, interrupts, power save, every reset, errata 1, 2, 5, 6, 9,
// 10 and 12 to 19.
//
// Not modelled: LEDs, CLKOUT, temperature and polarity (errata 3, 4, 7, 8,
// 11), the built-in self-test (asking for it is a complaint), jamming as
// half-duplex flow control (the same), jabber, and that a frame already
// takes room in the receive FIFO while it is still coming in.
//
//     struct sim_enc28j60 chip;
//
//     sim_enc28j60_init(&chip, &world, NULL);
//     sim_enc28j60_pins(&chip, &int_pin, &reset_pin);
//     sim_spi_init(&bus, &cpu, &chip.spi, NULL);
//     sim_cable_join(&cable, &chip.port, &nic.port);
//
// The chip is powered up by init(), at the present time; it needs 300 us to
// be ready and, unless told otherwise, 20 ms more to find a link.

#ifndef SIM_CHIPS_ENC28J60_H
#define SIM_CHIPS_ENC28J60_H

#include "sim/bus/pin.h"
#include "sim/bus/spi.h"
#include "sim/chips/enc28j60/regs.h"
#include "sim/net/cable.h"

#define SIM_ENC28J60_RAM 0x2000

/// Link pulses have to come for a while before the PHY believes in a link.
#define SIM_ENC28J60_LINK_NS (20 * SIM_MS)

/// One erratum of DS80349C as a bit.
#define SIM_ENC28J60_ERRATUM(n) (1u << (n))

/// Those that strike a real chip only now and then. Switched off, the model
/// is a chip that has luck.
#define SIM_ENC28J60_ERRATA_CHANCE                            \
    (SIM_ENC28J60_ERRATUM(1) | SIM_ENC28J60_ERRATUM(5) |      \
        SIM_ENC28J60_ERRATUM(6) | SIM_ENC28J60_ERRATUM(9) |   \
        SIM_ENC28J60_ERRATUM(10) | SIM_ENC28J60_ERRATUM(12) | \
        SIM_ENC28J60_ERRATUM(14) | SIM_ENC28J60_ERRATUM(16) | \
        SIM_ENC28J60_ERRATUM(18))

#define SIM_ENC28J60_ERRATA_ALL (~0u)

/// What a host can do wrong.
enum sim_enc28j60_rule {
    SIM_ENC28J60_R_CLOCK,     ///< SCK too fast, or not mode 0
    SIM_ENC28J60_R_TIMING,    ///< chip select times
    SIM_ENC28J60_R_FRAMING,   ///< cut byte, unknown instruction
    SIM_ENC28J60_R_DUMMY,     ///< MAC or MII read without its dummy byte
    SIM_ENC28J60_R_EXTRA,     ///< clocks behind the end of an instruction
    SIM_ENC28J60_R_BITOP,     ///< BFS or BFC on a MAC or MII register
    SIM_ENC28J60_R_RESERVED,  ///< reserved address or bit
    SIM_ENC28J60_R_READONLY,  ///< write where there is nothing to write
    SIM_ENC28J60_R_NOT_READY, ///< MAC, MII, PHY, RXEN or TXRTS in power save,
                              ///< in start-up, within 1 ms after SRC
    SIM_ENC28J60_R_HOLD,      ///< less than 210 ns after a MAC or MII write
    SIM_ENC28J60_R_MII_BUSY,  ///< MII access while BUSY
    SIM_ENC28J60_R_RX_SETUP,  ///< ERXST or ERXND written with RXEN set
    SIM_ENC28J60_R_EVEN,      ///< even ERXRDPT (erratum 14)
    SIM_ENC28J60_R_ORDER,     ///< ERXRDPTH written without ERXRDPTL before
    SIM_ENC28J60_R_TX_AREA,   ///< TX frame or vector lies in the RX FIFO
    SIM_ENC28J60_R_TX_BUSY,   ///< TX touched while TXRTS is set
    SIM_ENC28J60_R_TX_SETUP,  ///< padding without TXCRCEN, no frame, gap
    SIM_ENC28J60_R_RX_WRITE,  ///< WBM into the RX FIFO in use
    SIM_ENC28J60_R_DMA,       ///< one-byte or endless copy
    SIM_ENC28J60_R_DUPLEX,    ///< MACON3.FULDPX is not PHCON1.PDPXMD
    SIM_ENC28J60_R_POWER,     ///< PWRSV while the chip is at work
    SIM_ENC28J60_R_PIN,       ///< reset pulse too short
    SIM_ENC28J60_R_ABSENT,    ///< used what is not modelled
    SIM_ENC28J60_RULES,
};

/// All zero is a B7 chip, strict, with the errata of its revision.
struct sim_enc28j60_cfg {
    const char *name; ///< in complaints; NULL: "enc28j60"
    uint8_t revision; ///< EREVID: 2 (B1), 4 (B4), 5 (B5), 6 (B7); 0: 6
    /// Forgive what silicon forgives, so that known drivers run unmodified:
    /// such things are counted, but not complained of, and have the effect
    /// that they have on a real chip.
    bool compat;
    uint32_t errata_off; ///< SIM_ENC28J60_ERRATUM(n), or-ed: without these
    uint32_t errata_on;  ///< with these, whatever the revision
    uint8_t every;       ///< errata that strike now and then: at each so-manyth
                         ///< occasion; 0: 3
    bool ledb_full;      ///< LEDB is wired for full duplex
    uint64_t link_ns;    ///< from reset, wake-up or plug to link; 0:
                         ///< SIM_ENC28J60_LINK_NS
    bool mistat_bit3_off; ///< MISTAT bit 3 stays 0 (real chips: 1 after the
                          ///< first MII read)
};

/// What happened so far.
struct sim_enc28j60_counts {
    uint64_t rx_stored;   ///< frames put into the FIFO
    uint64_t rx_lost;     ///< no room, or 255 frames waiting
    uint64_t rx_filtered; ///< not for us, bad FCS, too short, too long
    uint64_t rx_missed;   ///< the receiver was off or was stopped
    uint64_t tx_done;     ///< frames that went out whole
    uint64_t tx_aborted;
    uint64_t tx_pauses;
    uint64_t collisions;
    uint64_t resets; ///< of the whole chip, the first power-up included
    uint32_t erratum[20];
    uint32_t broken[SIM_ENC28J60_RULES];
};

/// What stands for the next transmissions.
enum sim_enc28j60_tx_fault {
    SIM_ENC28J60_TX_WELL,
    SIM_ENC28J60_TX_STALL,   ///< TXRTS stays set, no flag, until TXRST
    SIM_ENC28J60_TX_LATECOL, ///< erratum 13: TXERIF, no TXIF, TXRTS stays
};

enum sim_enc28j60_ptr {
    SIM_ENC28J60_ERDPT,
    SIM_ENC28J60_EWRPT,
    SIM_ENC28J60_ETXST,
    SIM_ENC28J60_ETXND,
    SIM_ENC28J60_ERXST,
    SIM_ENC28J60_ERXND,
    SIM_ENC28J60_ERXRDPT,
    SIM_ENC28J60_ERXWRPT,
    SIM_ENC28J60_EDMAST,
    SIM_ENC28J60_EDMAND,
    SIM_ENC28J60_EDMADST,
    SIM_ENC28J60_EDMACS,
    SIM_ENC28J60_PTRS,
};

/// Private: where the SPI instruction is.
struct sim_enc28j60_spi {
    uint8_t phase;
    uint8_t op;
    uint8_t id; // register
    uint8_t data;
    bool pending; // a write waits for the release
    bool told;    // one complaint a transaction is enough
    bool guard;   // WBM: somebody else uses the memory too
    unsigned len; // bytes so far
    uint64_t select_ns;
    uint64_t last_ns; // first clock edge of the last byte
    uint64_t release_ns;
};

/// Private: MII and PHY.
struct sim_enc28j60_phy {
    uint16_t reg[ENC_PHY_COUNT];
    struct sim_event mii; // the end of an MII operation
    struct sim_event link_up;
    struct sim_event reset_end;
    uint8_t mii_op;
    uint8_t mii_addr;
    bool mii_used;   // a read was made: MISTAT bit 3
    bool scan_valid; // the first result is there
    bool cable;      // somebody is at the other end
    bool link;
    bool lost; // LLSTAT is latched low
};

/// Private: the transmitter.
struct sim_enc28j60_tx {
    uint8_t state;
    bool want;          // TXRTS: there is a frame to send
    uint8_t fault;      // enum sim_enc28j60_tx_fault, of this transmission
    uint8_t next_fault; // and of the next ones
    uint32_t fault_count;
    bool aborted; // since the last TXRST: erratum 12 may strike
    bool stalled; // hangs until TXRST
    bool on_cable;
    bool is_pause; // what is on the wire is a pause frame
    bool oversize;
    bool bad_crc; // the host's own FCS is wrong
    bool deferred;
    bool late;
    uint8_t collisions;
    uint32_t wire_bytes; // with collided attempts
    uint64_t start_ns;
    uint64_t idle_ns; // not before then: the gap
    uint64_t backoff_ns;
    uint64_t quiet_ns; // the partner wants a pause until then
    struct sim_event event;
    struct sim_event excess; // 24287 bit times of deferral
    struct sim_event pause;  // the next periodic pause frame
    bool pause_due;
    uint32_t whole; // bytes with FCS, even if they do not fit below
    size_t len;
    uint8_t frame[SIM_FRAME_MAX];
};

/// Private: the receiver.
struct sim_enc28j60_rx {
    bool active; // a frame is being received
    bool fresh;  // no frame was stored since ERXST was written
    uint16_t wr; // the internal write pointer
    uint8_t rdpt_low;
    bool rdpt_armed;
    bool spoil;   // erratum 14
    bool corrupt; // a test's wish
    uint8_t flip[6];
};

struct sim_enc28j60 {
    struct sim_spi_chip spi;           ///< give this to a bus
    struct sim_port port;              ///< join this to a cable
    struct sim_pin *int_pin;           ///< read only; or NULL
    struct sim_pin *reset_pin;         ///< read only; or NULL
    struct sim_enc28j60_counts counts; ///< read only

    // Private.
    struct sim_world *world;
    struct sim_enc28j60_cfg cfg;
    uint32_t errata;
    uint32_t occasion[20];
    struct sim_enc28j60_spi bus;
    uint16_t ptr[SIM_ENC28J60_PTRS];
    uint8_t reg[ENC_REG_COUNT];
    uint8_t stick[ENC_REG_COUNT];
    uint8_t hide[ENC_REG_COUNT];
    bool in_reset; // /RESET is low
    bool int_low;
    bool ready;      // CLKRDY
    uint64_t src_ns; // erratum 2: unusable until then
    bool dma_waits;  // for the transmitter
    bool dma_endless;
    struct sim_event ost;
    struct sim_event reset_hit;
    struct sim_event dma;
    struct sim_enc28j60_phy phy;
    struct sim_enc28j60_tx tx;
    struct sim_enc28j60_rx rx;
    uint8_t ram[SIM_ENC28J60_RAM];
};

/// Powers a chip up. `cfg` NULL: all defaults. It must not move, and lives
/// as long as the world has its events: call sim_enc28j60_done() before.
void sim_enc28j60_init(struct sim_enc28j60 *chip, struct sim_world *world,
    const struct sim_enc28j60_cfg *cfg);

/// Takes the chip's events out of the world.
void sim_enc28j60_done(struct sim_enc28j60 *chip);

/// Joins the chip to its /INT and /RESET lines, each NULL if not connected.
void sim_enc28j60_pins(struct sim_enc28j60 *chip, struct sim_pin *int_pin,
    struct sim_pin *reset_pin);

// ---- looking inside, without side effects

/// A control register (enum enc_reg_id), as a host would read it.
uint8_t sim_enc28j60_reg(const struct sim_enc28j60 *chip, unsigned id);

/// A PHY register, as a host would read it.
uint16_t sim_enc28j60_phy_reg(const struct sim_enc28j60 *chip, unsigned addr);

/// True if the PHY sees a link.
bool sim_enc28j60_has_link(const struct sim_enc28j60 *chip);

/// How many rules were broken so far, all together.
unsigned sim_enc28j60_violations(const struct sim_enc28j60 *chip);

/// The name of a rule, for messages.
const char *sim_enc28j60_rule_name(enum sim_enc28j60_rule rule);

// ---- faults

/// chip.reset: the supply breaks down for a moment. The chip starts anew
/// with random memory.
void sim_enc28j60_brown_out(struct sim_enc28j60 *chip);

/// tx.stall, tx.latecol: the next `count` transmissions do that.
void sim_enc28j60_tx_fail(struct sim_enc28j60 *chip,
    enum sim_enc28j60_tx_fault fault, uint32_t count);

/// The six header bytes of the next stored frame are xor-ed with these.
void sim_enc28j60_rx_corrupt(struct sim_enc28j60 *chip,
    const uint8_t pattern[6]);

/// flag.stick: these bits of a register read 1 from now on; 0 ends it. What
/// the chip does, /INT included, stays as it is.
void sim_enc28j60_flag_stick(struct sim_enc28j60 *chip, unsigned id,
    uint8_t bits);

/// flag.hide: these bits of a register read 0 from now on; 0 ends it.
void sim_enc28j60_flag_hide(struct sim_enc28j60 *chip, unsigned id,
    uint8_t bits);

/// irq.spurious: these flags of EIR are set now, out of nothing. PKTIF and
/// LINKIF cannot be.
void sim_enc28j60_irq_spurious(struct sim_enc28j60 *chip, uint8_t bits);

/// errata(n, on): switches one erratum at run time.
void sim_enc28j60_erratum(struct sim_enc28j60 *chip, unsigned number, bool on);

#endif
