// SPDX-License-Identifier: MIT
//
// One direction of a serial line out of edges: any rate, 5 to 9 bits, parity,
// stop bits. Words with errors are kept, with their error. Words that follow
// each other without a pause make one item, which ends behind a line feed.

#ifndef SIM_CAPTURE_UART_H
#define SIM_CAPTURE_UART_H

#include "sim/capture/capture.h"

#define SIM_UART_BURST 256 ///< words of one item at most

struct sim_uart_format {
    double baud;   ///< bits per second
    uint8_t bits;  ///< 5 to 9
    char parity;   ///< 'n', 'e' or 'o'
    uint8_t stops; ///< 1 or 2
    bool invert;   ///< idle is low
};

/// Reads "8n1". Returns false if it is none; `baud` stays as it is.
bool sim_uart_format_parse(const char *text, struct sim_uart_format *format);

/// Writes "8n1".
void sim_uart_format_text(const struct sim_uart_format *format, char text[8]);

/// A word as it comes. `errors`: enum nif_uart_error.
typedef void sim_uart_word_fn(void *arg, uint64_t at_ns, uint16_t word,
    uint8_t errors);

struct sim_uart_layer {
    struct sim_item_sink *out; ///< or NULL: only counts
    const char *bus;
    uint16_t channel;
    bool rx;
    struct sim_uart_format format;
    sim_uart_word_fn *on_word; ///< or NULL
    void *arg;
    uint64_t words;    ///< read only
    uint64_t bad;      ///< read only: of them with an error
    uint64_t glitches; ///< read only: start bits that were none
    // Private.
    uint8_t level;   // before the present time; as if idle were high
    bool waits_idle; // after an error: until the line is idle again
    bool in_word;
    uint64_t start_ns;
    unsigned bit; // that is sampled next; 0: the start bit
    uint16_t shift;
    bool odd;
    uint8_t errors;
    // The item that is being collected.
    uint64_t from_ns;
    uint64_t to_ns;
    size_t count;
    uint8_t data[2 * SIM_UART_BURST];
    uint8_t error[SIM_UART_BURST];
    bool any_error;
    bool cut;
};

/// Begins; the fields without "private" may then be set, before the first edge.
/// What they point to must outlive the layer.
void sim_uart_layer_init(struct sim_uart_layer *uart, uint16_t channel,
    const struct sim_uart_format *format);

/// Takes all edges of one time stamp, and lets time pass until then.
void sim_uart_layer_edges(struct sim_uart_layer *uart,
    const struct sim_edge *edges, size_t count);

/// The capture ends here.
void sim_uart_layer_end(struct sim_uart_layer *uart, uint64_t at_ns);

/// How long an item may be in coming after its end.
uint64_t sim_uart_layer_delay(const struct sim_uart_layer *uart);

#endif
