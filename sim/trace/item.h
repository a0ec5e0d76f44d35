// SPDX-License-Identifier: MIT
//
// One line of a trace, taken apart: what the writer writes and the reader
// gives. docs/reference/trace-format.md says how each looks as text.
//
// Nothing here is owned: names and bytes are borrowed for the call that an
// item is given to, or until the reader is asked for the next.

#ifndef SIM_TRACE_ITEM_H
#define SIM_TRACE_ITEM_H

#include "nif/base.h"

/// Version of the format that is written, and the only one that is read.
#define SIM_TRACE_VERSION 1

/// Names (of buses, pins, chips, keys) have at most so many characters.
#define SIM_TRACE_NAME 64

enum sim_trace_kind {
    SIM_TRACE_BEGIN, ///< a section: a new world, whose time begins again
    SIM_TRACE_HEAD,  ///< `where` is a key of the header, `text` its value
    SIM_TRACE_SPI,
    SIM_TRACE_UART,
    SIM_TRACE_MDIO,
    SIM_TRACE_PIN,
    SIM_TRACE_ETH,
    SIM_TRACE_LINK,
    SIM_TRACE_FAULT,
    SIM_TRACE_COMPLAINT,
    SIM_TRACE_LOG,
    SIM_TRACE_KINDS,
};

/// What an MDIO frame does (IEEE 802.3 clause 22; the last four clause 45).
enum sim_trace_mdio {
    SIM_TRACE_MDIO_READ,
    SIM_TRACE_MDIO_WRITE,
    SIM_TRACE_MDIO_C45_ADDRESS,
    SIM_TRACE_MDIO_C45_WRITE,
    SIM_TRACE_MDIO_C45_READ,
    SIM_TRACE_MDIO_C45_READ_INC,
    SIM_TRACE_MDIO_OPS,
};

/// What else is true of an item, or-ed together.
enum sim_trace_flag {
    SIM_TRACE_ERROR = 1 << 0,     ///< the port reported a failure
    SIM_TRACE_CUT = 1 << 1,       ///< the recording begins or ends within it
    SIM_TRACE_UNSEEN = 1 << 2,    ///< SPI: bytes passed that nobody probed
    SIM_TRACE_NO_ANSWER = 1 << 3, ///< MDIO: no PHY drove the turn-around
    SIM_TRACE_BAD_FCS = 1 << 4,   ///< ETH: the frame check failed
};

struct sim_trace_item {
    enum sim_trace_kind kind;
    unsigned flags;  ///< enum sim_trace_flag
    uint64_t at_ns;  ///< when it began
    uint64_t len_ns; ///< how long it took; 0 for what has no length
    /// SPI, UART, MDIO: its number on its bus. The reader puts here for all
    /// other kinds how many transactions of the section stand before it.
    uint64_t index;
    const char *where; ///< one word: bus, pin, port, who; key of the header
    const char *text;  ///< FAULT, COMPLAINT, LOG, LINK's remark, HEAD's value

    /// SPI: MOSI. UART: the words, one byte each, or two big-endian if `bits`
    /// is 9. ETH: the frame without FCS.
    const uint8_t *data;
    size_t len; ///< bytes of `data`, and of each of the next four

    // SPI. NULL for `data_known` and `miso_known` means that all bytes are.
    const uint8_t *data_known; ///< 0: that byte of MOSI was not seen
    const uint8_t *miso;
    const uint8_t *miso_known; ///< 0: nobody drove that byte, or nobody looked
    const uint8_t *mask;       ///< bits of MISO that mean something; NULL: all
    const size_t *seg_len;     ///< `segs` of them; NULL: one segment
    size_t segs;
    unsigned bits; ///< SPI: of the last byte, 0: all 8; UART: 9, or 0: up to 8

    // UART.
    const uint8_t *errors; ///< per word: enum nif_uart_error; NULL: none

    // UART and ETH.
    bool rx; ///< seen from the host: "rx", else "tx"; ETH: from the chip

    // PIN: '0', '1', 'x' (unknown) or 'z'. LINK: '1' up, '0' down.
    char level;

    // MDIO.
    enum sim_trace_mdio op;
    uint8_t phy; ///< PHY or port address
    uint8_t reg; ///< register, or clause 45's device
    uint16_t value;
};

/// When it was over.
static inline uint64_t sim_trace_end_ns(const struct sim_trace_item *item)
{
    return item->at_ns + item->len_ns;
}

/// True for SPI, UART and MDIO.
static inline bool sim_trace_is_bus(enum sim_trace_kind kind)
{
    return kind == SIM_TRACE_SPI || kind == SIM_TRACE_UART ||
        kind == SIM_TRACE_MDIO;
}

/// The word that stands for a kind, "spi"; of BEGIN and HEAD "".
const char *sim_trace_word(enum sim_trace_kind kind);

/// The word that stands for what an MDIO frame does: "read".
const char *sim_trace_mdio_word(enum sim_trace_mdio op);

/// What the header says of a bus: `# bus NAME KIND key=value …`. Zero and ""
/// stand for what it does not say.
struct sim_trace_bus {
    char name[SIM_TRACE_NAME];
    enum sim_trace_kind kind; ///< SPI, UART or MDIO
    char chip[SIM_TRACE_NAME];
    uint32_t clock_hz; ///< SPI, MDIO; of a UART its bits per second
    uint8_t mode;      ///< SPI
    bool half_duplex;  ///< SPI: one data line, in the column of MOSI
    char format[8];    ///< UART: "8n1"
    char taped[8];     ///< "wire", or "calls" (of the driver)
};

/// Reads the value of a `bus` line. Returns false if it is none.
bool sim_trace_bus_parse(const char *text, struct sim_trace_bus *bus);

/// Writes the value of a `bus` line. Returns `text`.
const char *sim_trace_bus_format(const struct sim_trace_bus *bus, char *text,
    size_t cap);

#endif
