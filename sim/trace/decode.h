// SPDX-License-Identifier: MIT
//
// What traffic on a bus means, in the words of the data sheet. One decoder
// per chip or protocol, and all that speak of traffic ask it: `nif trace
// show`, comparisons, messages about what differs. A decoder knows its chip's
// state only from what it has seen, so that it reads recordings of real chips
// too.
//
// A new one is a table of functions, and a row in decode.c.

#ifndef SIM_TRACE_DECODE_H
#define SIM_TRACE_DECODE_H

#include "sim/trace/item.h"

/// A frame was read from the chip (`rx`) or handed to it, without FCS.
/// Borrowed for the call.
typedef void sim_decoder_frame_fn(void *arg, bool rx, const uint8_t *frame,
    size_t len);

struct sim_decoder;

struct sim_decoder_ops {
    const char *name;         ///< of chip or protocol: "enc28j60"
    enum sim_trace_kind kind; ///< of bus events that it understands
    size_t size;              ///< of the decoder, to be allocated
    /// Fills in what follows `struct sim_decoder`: a chip that was just reset.
    void (*init)(struct sim_decoder *decoder);
    /// Looks at the next event of its bus and puts a sentence into `text`, ""
    /// if there is nothing to say yet. `mask`, if not NULL, gets for each byte
    /// of `data` which bits of MISO mean something (SPI).
    void (*decode)(struct sim_decoder *decoder,
        const struct sim_trace_item *item, uint8_t *mask, char *text,
        size_t cap);
    /// Says what was seen and not said yet, now that nothing follows. To be
    /// called until `text` is "". NULL: nothing is ever kept.
    void (*end)(struct sim_decoder *decoder, char *text, size_t cap);
    /// Says how byte `at` of an event differs from `other` (-1: not driven).
    /// To be asked before decode() sees the event. NULL: it has no words.
    void (*differ)(const struct sim_decoder *decoder,
        const struct sim_trace_item *item, size_t at, int other, char *text,
        size_t cap);
};

/// First member of each decoder.
struct sim_decoder {
    const struct sim_decoder_ops *ops;
    sim_decoder_frame_fn *on_frame; ///< or NULL
    void *arg;
    uint64_t from_ns; ///< read only: when that began which was said last
};

/// A decoder by name; NULL if there is none of that name. To be freed with
/// sim_decoder_free().
struct sim_decoder *sim_decoder_new(const char *name);

/// A decoder for a bus that the header tells of: by its chip, by its name, or
/// the protocol's own. NULL if there is none.
struct sim_decoder *sim_decoder_for(const struct sim_trace_bus *bus);

void sim_decoder_free(struct sim_decoder *decoder);

/// The names there are, by number; NULL behind the last.
const char *sim_decoder_name(size_t number);

/// Says an event that no decoder is for: pins, frames, faults, bytes.
void sim_decode_plain(const struct sim_trace_item *item, char *text,
    size_t cap);

/// Private: the decoders there are.
extern const struct sim_decoder_ops sim__decoder_enc28j60;
extern const struct sim_decoder_ops sim__decoder_mdio;
extern const struct sim_decoder_ops sim__decoder_at;
extern const struct sim_decoder_ops sim__decoder_w5500;

#endif
