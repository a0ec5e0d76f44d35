// SPDX-License-Identifier: MIT
//
// A simulated serial line between a processor's port and a chip: both
// directions at once, 8 data bits, no parity, one stop bit, with RTS and CTS.
//
// Each end has a rate of its own. A byte takes ten bits of its sender; the
// receiver looks at the line in the middle of each bit of its own. So ends
// that disagree hear garbage, framing errors and breaks, just those that
// silicon would. All bytes move as events: time is the processor's.
//
// The processor's port is a hardware FIFO and a ring that an interrupt
// handler fills, together one buffer of `rx_cap` bytes: what does not fit is
// lost and reported as NIF_UART_OVERRUN. The handler wakes the clock, also when
// the FIFO for sending is half empty, and when all has left the line.
//
// The chip's end is byte-wise. It offers each byte that has arrived; what the
// model does not take waits in a FIFO of SIM_UART_FIFO bytes, and is lost
// when that is full. What the model sends waits without limit.
//
// Flow control is drawn as it is wired: RTS of each end is CTS of the other.
// An end that does no flow control leaves its RTS alone, and the pull-up says
// "stop". At each byte that leaves or arrives there is a strike point.

#ifndef SIM_BUS_UART_H
#define SIM_BUS_UART_H

#include "nif/uart.h"
#include "sim/cpu.h"
#include "sim/trace/trace.h"

/// Bytes of the receive FIFO of a chip, and how many make it take RTS away
/// (as in Espressif's).
#define SIM_UART_FIFO     128
#define SIM_UART_FIFO_RTS 120

/// Words of one line of a trace.
#define SIM_UART_TAPE 64

struct sim_uart;
struct sim_uart_chip;

/// The chip's end as a model implements it. All of it runs as an event does.
struct sim_uart_chip_ops {
    /// A byte has arrived, `errors` (enum nif_uart_error) with it. Returns
    /// false if the model cannot take it now: it is offered again by
    /// sim_uart_chip_resume().
    bool (*received)(struct sim_uart_chip *chip, uint8_t byte, unsigned errors);

    /// All that was sent has left the line, the last stop bit too. Or NULL.
    void (*drained)(struct sim_uart_chip *chip);
};

struct sim_uart_chip {
    const struct sim_uart_chip_ops *ops;
    struct sim_world *world;
    // Set by sim_uart_chip_set(), read only.
    uint32_t baud;
    bool rts;            ///< takes RTS away when its FIFO fills
    bool cts;            ///< sends only while CTS is there
    uint64_t lost_count; ///< bytes that found the FIFO full
    // Private.
    struct sim_uart *bus;
    uint8_t *tx; // bytes to send, from tx_at
    size_t tx_at;
    size_t tx_len;
    size_t tx_cap;
    uint8_t fifo[SIM_UART_FIFO];
    uint8_t fifo_errors[SIM_UART_FIFO];
    size_t fifo_at;
    size_t fifo_len;
};

/// How the board has set up this port. All zero is a good choice.
struct sim_uart_cfg {
    const char *name;  ///< in traces; NULL: "uart"
    uint32_t baud;     ///< at first; 0: 115200
    uint32_t baud_max; ///< 0: 5000000
    size_t rx_cap;     ///< 0: 512, of which 32 are hardware; 32: no ring
    size_t tx_cap;     ///< 0: 32
    size_t rts_margin; ///< RTS goes when so many are free; 0: rx_cap / 4
    bool no_flow;      ///< RTS and CTS are not wired
    bool polled;       ///< no interrupts: nothing wakes the clock
};

/// Private: one direction.
struct sim_uart_line {
    struct sim_uart *bus;
    bool to_host;
    // The sender.
    bool busy;
    uint8_t byte;
    uint64_t bit_ps;
    uint64_t begin_ns;
    uint64_t cut_ns; // from then on the line is high
    struct sim_event done;
    // The receiver.
    bool hearing;
    bool fast; // both rates agree: one look for all bits
    unsigned bit;
    unsigned bits;
    uint64_t rx_bit_ps;
    uint64_t edge_ns;
    struct sim_event look;
    struct sim_event edge;
    // For a trace.
    uint64_t tape_ns;
    size_t tape_len;
    uint8_t tape[SIM_UART_TAPE];
    uint8_t tape_errors[SIM_UART_TAPE];
};

struct sim_uart {
    struct nif_uart uart; ///< give this to a driver
    struct sim_cpu *cpu;
    struct sim_uart_chip *chip; ///< NULL: nobody at the other end
    struct sim_uart_cfg cfg;
    // Read only.
    uint32_t baud;
    bool flow;         ///< RTS and CTS are used
    uint64_t rx_count; ///< bytes that have arrived, lost ones too
    uint64_t rx_lost;  ///< bytes that found no room
    uint64_t tx_count; ///< bytes taken from the driver
    // Private.
    unsigned errors;
    uint8_t *rx; // cfg.rx_cap bytes, a ring
    size_t rx_at;
    size_t rx_len;
    uint8_t *tx; // cfg.tx_cap bytes, a ring
    size_t tx_at;
    size_t tx_len;
    bool rts_shown; // as last written into a trace
    bool cts_shown;
    struct sim_uart_line down; // to the chip
    struct sim_uart_line up;   // to the processor
    struct sim_trace *trace;   // NULL: the world's
    uint64_t index;            // lines written into it
};

/// Joins `chip` (or NULL) to a port of `cpu`. `cfg` NULL: all defaults. The
/// chip's end is set to 115200 without flow control.
void sim_uart_init(struct sim_uart *bus, struct sim_cpu *cpu,
    struct sim_uart_chip *chip, const struct sim_uart_cfg *cfg);

/// Gives memory back, the chip's end's too.
void sim_uart_done(struct sim_uart *bus);

/// Writes what passes, in both directions, into `trace` rather than into the
/// world's, and in its header what line that is; `chip` as in
/// sim_spi_record().
void sim_uart_record(struct sim_uart *bus, struct sim_trace *trace,
    const char *chip);

// ---- for models

/// Sends `len` bytes, after all before, each when its turn comes.
void sim_uart_chip_send(struct sim_uart_chip *chip, const void *data,
    size_t len);

/// How many bytes wait to be sent or are being sent.
size_t sim_uart_chip_queued(const struct sim_uart_chip *chip);

/// Sets rate (bits per second) and the use of RTS and CTS, from the next byte
/// on.
void sim_uart_chip_set(struct sim_uart_chip *chip, uint32_t baud, bool rts,
    bool cts);

/// The model takes bytes again: offers those that wait.
void sim_uart_chip_resume(struct sim_uart_chip *chip);

/// A reset: forgets what waits either way; the line is high at once.
void sim_uart_chip_reset(struct sim_uart_chip *chip);

#endif
