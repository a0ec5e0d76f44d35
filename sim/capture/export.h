// SPDX-License-Identifier: MIT
//
// From a trace to what other programs read: waveforms (VCD, sigrok) and
// packets (pcapng, pcap), lines of JSON.
//
// Waveforms are drawn from bytes: a trace knows when a select began and ended,
// not when each bit was clocked, so bits are spread evenly between the two. A
// capture that was imported and exported again therefore has its
// transactions, not its edges.

#ifndef SIM_CAPTURE_EXPORT_H
#define SIM_CAPTURE_EXPORT_H

#include "sim/capture/capture.h"
#include "sim/capture/sorter.h"
#include "sim/trace/decode.h"

#define SIM_EXPORT_BUSES 64

// ---- what is in a trace

/// A bus, a pin or a wire, and its first channel in a waveform.
struct sim_export_place {
    struct sim_trace_bus bus; ///< name; kind: also PIN, ETH, LINK
    uint16_t channel;
    struct sim_decoder *decoder; ///< or NULL
    uint64_t end_ns;             // private: of its last event
};

/// A first look at all items of a trace: give them to `sink`.
struct sim_export_survey {
    struct sim_item_sink sink;
    struct sim_export_place place[SIM_EXPORT_BUSES];
    unsigned places;
    bool too_many;        ///< more places than there is room for
    unsigned sections;    ///< worlds in the file
    uint64_t end_ns;      ///< of the last event
    uint64_t longest_ns;  ///< of all events, and what stands before them
    uint64_t shortest_ns; ///< level of a clock or bit; SIM_NEVER if no bits
    const char *chip;     ///< for SPI buses whose header names none, or NULL
};

void sim_export_survey_init(struct sim_export_survey *survey, const char *chip);
void sim_export_survey_done(struct sim_export_survey *survey);

/// The place of an item; NULL if it has none (faults, logs).
struct sim_export_place *sim_export_find(struct sim_export_survey *survey,
    enum sim_trace_kind kind, const char *name);

/// Says an item in words, by the decoder of its bus if it has one. To be
/// asked once for each item, in order.
void sim_export_say(struct sim_export_survey *survey,
    const struct sim_trace_item *item, char *text, size_t cap);

// ---- waveforms

struct sim_waves_edge;

/// Draws items, which come in order of their beginnings, as edges.
struct sim_waves {
    struct sim_item_sink sink;
    // Private.
    struct sim_edge_sink *next;
    struct sim_export_survey *survey;
    struct sim_waves_edge *heap;
    size_t count;
    size_t cap;
    uint64_t seq;
};

/// Says the channels to `next` and lets all lines be idle. Returns false if
/// `next` does not want them.
bool sim_waves_init(struct sim_waves *waves, struct sim_export_survey *survey,
    struct sim_edge_sink *next);

/// Draws what is left, and ends.
void sim_waves_done(struct sim_waves *waves);

/// Writes a value change dump.
struct sim_vcd_writer {
    struct sim_edge_sink sink;
    FILE *out;
    // Private.
    uint64_t at_ns;
    bool begun;
};
void sim_vcd_writer_init(struct sim_vcd_writer *writer, FILE *out);

/// Writes a sigrok session, version 2.
struct sim_sr_writer {
    struct sim_edge_sink sink;
    const char *path;
    double rate_hz;
    struct sim_capture_error *error;
    bool failed; ///< the error is filled in
    // Private.
    struct sim_capture what;
    FILE *edges;
    unsigned unit;
    uint64_t samples;
    uint64_t index; // of the sample that is next
    uint8_t level[SIM_CAPTURE_CHANNELS / 8];
    uint8_t sample[SIM_CAPTURE_CHANNELS / 8]; // given in part
    unsigned rest;                            // bytes of it to come
    struct sim_edge next;
    bool has;
};
void sim_sr_writer_init(struct sim_sr_writer *writer, const char *path,
    double rate_hz, struct sim_capture_error *error);

// ---- packets and lines

/// Writes pcapng: one interface for each bus and each wire, one for all other
/// events; words of the decoders as comments. Items in order of beginnings.
struct sim_pcapng_writer {
    struct sim_item_sink sink;
    FILE *out;
    struct sim_export_survey *survey;
};
void sim_pcapng_writer_init(struct sim_pcapng_writer *writer, FILE *out,
    struct sim_export_survey *survey);

/// Writes the frames of the wire `port` (NULL: of all) as classic pcap.
struct sim_pcap_writer {
    struct sim_item_sink sink;
    FILE *out;
    const char *port;
    uint64_t frames; ///< read only
};
void sim_pcap_writer_init(struct sim_pcap_writer *writer, FILE *out,
    const char *port);

/// Writes one JSON object per event.
struct sim_json_writer {
    struct sim_item_sink sink;
    FILE *out;
    struct sim_export_survey *survey;
};
void sim_json_writer_init(struct sim_json_writer *writer, FILE *out,
    struct sim_export_survey *survey);

#endif
