// SPDX-License-Identifier: MIT
//
// From edges to a trace: which channel is which is guessed from names and
// from what the lines do, unless it is said; then the protocol layers run,
// and their items come out in order.
//
// The guess looks at the first SIM_IMPORT_LOOK edges; nothing is decided
// later. It is there to be printed and, where it is wrong, to be overruled.

#ifndef SIM_CAPTURE_IMPORT_H
#define SIM_CAPTURE_IMPORT_H

#include "sim/capture/capture.h"
#include "sim/capture/mdio.h"
#include "sim/capture/sorter.h"
#include "sim/capture/spi.h"
#include "sim/capture/uart.h"

#define SIM_IMPORT_LOOK  (1u << 20)
#define SIM_IMPORT_BUSES 8

/// A bus: given by a person, or guessed.
struct sim_import_bus {
    enum sim_trace_kind kind;  ///< SPI, UART or MDIO
    char name[SIM_TRACE_NAME]; ///< "spi0"
    char chip[SIM_TRACE_NAME]; ///< on it, or ""
    struct sim_spi_lines spi;
    bool mode_given;
    uint16_t tx;                      ///< UART: from the host, or none
    uint16_t rx;                      ///< UART: to the host, or none
    struct sim_uart_format tx_format; ///< zero fields are guessed
    struct sim_uart_format rx_format;
    bool ways_given; ///< UART: which is tx and which rx is not to be guessed
    uint16_t mdc;
    uint16_t mdio;
    uint32_t clock_hz; ///< read only: as seen
};

struct sim_import {
    struct sim_edge_sink sink; ///< give this to a file, or to a glitch filter
    /// Buses that are given. Empty: they are guessed. Names of channels are
    /// resolved by `resolve`, which runs when the file has said its channels;
    /// it returns false, with `*error` filled, if one does not exist.
    struct sim_import_bus bus[SIM_IMPORT_BUSES];
    unsigned buses;
    bool (*resolve)(struct sim_import *import, void *arg);
    void *arg;
    struct sim_capture what; ///< read only: what the file said
    uint64_t end_ns;         ///< read only: where the capture ends
    uint64_t grid_ns; ///< read only: all edges of the look lie on this grid
    struct sim_capture_error *error;
    /// Called once roles are known and before the first item.
    void (*on_roles)(struct sim_import *import, void *arg);
    // Private.
    struct sim_item_sink *out;
    struct sim_item_sink number; // gives UART items their numbers
    struct sim_sorter sorter;
    struct sim_spi_layer spi[SIM_IMPORT_BUSES];
    struct sim_uart_layer uart[2 * SIM_IMPORT_BUSES];
    struct sim_mdio_layer mdio[SIM_IMPORT_BUSES];
    uint64_t count[SIM_IMPORT_BUSES];
    bool is_pin[SIM_CAPTURE_CHANNELS];
    struct sim_edge *look; // edges that came before roles were known
    size_t look_count;
    bool known;
    struct sim_edge batch[SIM_CAPTURE_CHANNELS]; // edges of one time stamp
    size_t batch_count;
};

/// Items go to `out`. Large: not for the stack.
void sim_import_init(struct sim_import *import, struct sim_item_sink *out,
    struct sim_capture_error *error);

/// Gives memory back; what is left of the items goes out when the file ends.
void sim_import_done(struct sim_import *import);

/// One more bus, without channels, named "spi0" or so. NULL if there are too
/// many.
struct sim_import_bus *sim_import_add(struct sim_import *import,
    enum sim_trace_kind kind);

/// Finds a channel by name, or by number ("0" is the first). Returns
/// SIM_CAPTURE_NONE if there is none.
uint16_t sim_import_channel(const struct sim_capture *what, const char *name);

/// Says a bus with its channels in words: "spi0: cs=CS clk=CLK …, mode 0".
void sim_import_say(const struct sim_import *import,
    const struct sim_import_bus *bus, char *text, size_t cap);

// ---- private: the guess

/// Fills in `bus` and `buses` from `what` and the edges looked at.
void sim__guess_buses(struct sim_import *import);

/// Fills in what a serial bus leaves open: rate, format, directions.
void sim__guess_uart(struct sim_import *import, struct sim_import_bus *bus);

/// Fills in what a bus leaves open: mode, rate, format, directions.
void sim__guess_rest(struct sim_import *import, struct sim_import_bus *bus);

#endif
