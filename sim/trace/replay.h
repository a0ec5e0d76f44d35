// SPDX-License-Identifier: MIT
//
// A recording that plays the chip: a driver is given its buses and pins, must
// ask what the driver of the recording asked, and gets the recorded answers.
//
// Strict. The first byte that was not in the recording ends it: the report
// says where, what was expected and what came instead; the driver gets
// NIF_EIO from then on. Nothing is searched for further ahead. One thing may
// differ: poll loops (sim/trace/polls.h) may take more or fewer turns. In one
// turn more the driver gets the answer of the last one again.
//
// Time is the recording's. A transaction begins when it began, unless the
// driver comes later than that, and takes as long. A driver that polls more
// slowly than the recorded one gets the answer that was true by then. Pins
// change when they did, but after all transactions that had begun before it.
// A UART gives its bytes when they came, but not before the driver has sent
// what had been sent by then.
//
// What nobody drove, or nobody saw, is noise, so that a driver that looks at
// it is found out.
//
//     sim_world_init(&world, 1);
//     sim_cpu_init(&cpu, &world, SIM_CPU_COST_NS);
//     sim_replay_init(&replay, &cpu, &recording);
//     enc28j60_init(&chip, &(struct enc28j60_cfg){
//         .spi = sim_replay_spi(&replay, "enc28j60"),
//         .interrupt = sim_replay_pin(&replay, "enc28j60.int"), ... });
//     ... run the driver ...
//     if (!sim_replay_finish(&replay)) {
//         sim_replay_print(&replay, stderr);
//     }

#ifndef SIM_TRACE_REPLAY_H
#define SIM_TRACE_REPLAY_H

#include "nif/mdio.h"
#include "nif/spi.h"
#include "nif/uart.h"
#include "sim/bus/pin.h"
#include "sim/trace/polls.h"
#include "sim/trace/recording.h"
#include "sim/trace/trace.h"
#include "sim/trace/words.h"

/// At most so many buses and pins of one recording are played.
#define SIM_REPLAY_BUSES 8
#define SIM_REPLAY_PINS  16

/// So many transactions before the first difference are kept for the report.
#define SIM_REPLAY_LAST 8

struct sim_replay;

/// A transaction as the report tells of it.
struct sim_replay_line {
    const char *bus;
    uint64_t index; ///< on its bus, as in the file
    uint64_t at_ns; ///< in the recording
    char text[SIM_WORDS];
};

/// Private: one bus that is played.
struct sim_replay_bus {
    struct nif_spi spi;
    struct nif_mdio mdio;
    struct nif_uart uart;
    struct sim_replay *replay;
    const char *name;
    enum sim_trace_kind kind;
    bool half_duplex;
    const struct sim_trace_item **seq; // its events
    size_t *place;                     // of each in the recording
    size_t count;
    size_t pos; // the next one
    size_t far; // the furthest that `pos` has been: turns repeat
    struct sim_poll *poll;
    size_t polls;
    struct sim_words *words;
    struct sim_trace_tape tape; // for the world's trace
    // SPI: the transaction that goes on, or NULL.
    const struct sim_trace_item *item;
    size_t done; // bytes
    uint64_t begin_ns;
    bool selected;
    // UART: the next words to be sent, to be read, to be looked at for errors.
    struct {
        size_t at;
        size_t word;
    } tx, rx, err;
    uint64_t drained_ns;
};

/// Private: one pin that is played.
struct sim_replay_pin {
    struct sim_pin pin;
    struct sim_replay *replay;
    size_t next; // event of the recording that changes it next
    bool output; // the driver drives it
};

struct sim_replay {
    bool diverged;               ///< read only: the next two are valid
    struct sim_replay_line want; ///< what the recording has
    char got[SIM_WORDS];         ///< what came instead
    unsigned line;               ///< of the file; 0: its end
    uint64_t turns_more;         ///< of poll loops
    uint64_t turns_fewer;
    /// The driver wants more than there is. Not a difference: no recording
    /// is for ever.
    bool over;
    struct sim_replay_line last[SIM_REPLAY_LAST]; ///< a ring
    uint64_t last_count;
    // Private.
    struct sim_cpu *cpu;
    const struct sim_recording *rec;
    struct sim_replay_bus bus[SIM_REPLAY_BUSES];
    size_t buses;
    struct sim_replay_pin pin[SIM_REPLAY_PINS];
    size_t pins;
    struct sim_event event; // the next change of a pin
};

/// Plays `rec`, which must outlive it, to drivers that run on `cpu`. What
/// passes is written into the world's trace, if it has one.
void sim_replay_init(struct sim_replay *replay, struct sim_cpu *cpu,
    const struct sim_recording *rec);

void sim_replay_done(struct sim_replay *replay);

/// The faces for drivers, by the names of the recording. NULL instead of a
/// name: the only bus of that kind. Return NULL if the recording has no such
/// bus, or more than one for NULL.
struct nif_spi *sim_replay_spi(struct sim_replay *replay, const char *name);
struct nif_mdio *sim_replay_mdio(struct sim_replay *replay, const char *name);
struct nif_uart *sim_replay_uart(struct sim_replay *replay, const char *name);

/// A line that the chip drives. Its level before the first change is the
/// other one; high, if it never changes.
struct nif_pin *sim_replay_pin(struct sim_replay *replay, const char *name);

/// A line that the driver drives: each change must be the recorded one, and
/// must come before the transactions that it came before.
struct nif_pin *sim_replay_output(struct sim_replay *replay, const char *name);

/// To be asked when the driver is done: true if it has asked all that the
/// recording has, and nothing else. If it has stopped too early that is the
/// difference. A poll loop at the end need not be gone through to its end.
bool sim_replay_finish(struct sim_replay *replay);

/// Writes the report for a person: where the two part, what was expected and
/// what came, and the transactions before it. Nothing if they do not.
void sim_replay_print(const struct sim_replay *replay, FILE *out);

// ---- private: what replay.c, replay_bus.c and replay_uart.c share

/// The two part here: at the next event of `bus`, or at its last one.
void sim__replay_diverge(struct sim_replay_bus *bus,
    const struct sim_trace_item *want, const char *got);

/// The bus has come to `item`: what is before it must be done. False if it is
/// not.
bool sim__replay_step(struct sim_replay_bus *bus,
    const struct sim_trace_item *item);

/// Lets time pass until then.
void sim__replay_wait(struct sim_replay_bus *bus, uint64_t until_ns);

/// The first event of a serial line from `at` on with a word that comes
/// (`rx`) or goes.
size_t sim__replay_uart_next(const struct sim_replay_bus *bus, size_t at,
    bool rx);

extern const struct nif_spi_ops sim__replay_spi_ops;
extern const struct nif_mdio_ops sim__replay_mdio_ops;
extern const struct nif_uart_ops sim__replay_uart_ops;

#endif
