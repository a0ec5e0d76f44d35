// SPDX-License-Identifier: MIT
//
// Says in the data sheet's words what an SPI transaction with an ENC28J60
// means, and finds the frames in it. It knows the chip's state only from what
// it has seen, and stands on no model: it reads captures of real chips.

#ifndef SIM_CHIPS_ENC28J60_DECODE_H
#define SIM_CHIPS_ENC28J60_DECODE_H

#include "sim/chips/enc28j60/regs.h"

#include <stdbool.h>
#include <stddef.h>

/// What a byte on MISO is.
enum sim_enc_kind {
    SIM_ENC_UNDRIVEN,
    SIM_ENC_DUMMY,
    SIM_ENC_ETH,    ///< value of an ETH register
    SIM_ENC_MII,    ///< value of a MAC or MII register
    SIM_ENC_HEADER, ///< next pointer, count or status of a received packet
    SIM_ENC_MEMORY, ///< any other byte of packet memory
    SIM_ENC_KINDS,
};

/// A frame was read from the chip (with FCS) or handed to it for sending
/// (without). Borrowed for the call.
typedef void sim_enc_frame_fn(void *arg, bool sent, const uint8_t *frame,
    size_t len);

/// A transaction to look at.
struct sim_enc_txn {
    const uint8_t *mosi;
    const uint8_t *miso;
    size_t len;
};

struct sim_enc_decoder {
    sim_enc_frame_fn *on_frame; ///< or NULL
    void *arg;
    // Private: what is known of the chip.
    uint8_t reg[ENC_REG_COUNT];
    uint8_t ram[0x2000];
    uint16_t at;   // within the packet that is being read
    uint16_t next; // where the next packet begins
    uint8_t header[6];
    uint8_t packet[0x2000];
    size_t packet_len;
};

/// Begins with a chip that was just reset.
void sim_enc_decode_init(struct sim_enc_decoder *dec);

/// Looks at one transaction, the next after those before. `kind`, if not
/// NULL, gets the kind of each of its bytes; `text`, of `cap` bytes, a
/// sentence.
void sim_enc_decode(struct sim_enc_decoder *dec, const struct sim_enc_txn *txn,
    uint8_t *kind, char *text, size_t cap);

/// Puts "RCR MISTAT: silicon 09, model 08: BUSY" into `text`: byte `at` of a
/// transaction is not what a real chip gave. To be asked before
/// sim_enc_decode() sees it.
void sim_enc_differ(const struct sim_enc_decoder *dec,
    const struct sim_enc_txn *txn, size_t at, int model, char *text,
    size_t cap);

#endif
