// SPDX-License-Identifier: MIT
//
// One line that says what an event means, in the words of the chip's data
// sheet where the chip is known, else of its bus. Knows the state of the chip
// from what it was shown before.

#ifndef SIM_TRACE_WORDS_H
#define SIM_TRACE_WORDS_H

#include "sim/trace/item.h"

/// Room for what an event means.
#define SIM_WORDS 200

struct sim_words;

/// For the events of one bus or pin. `chip` may be "" or not known: then
/// bytes are said as bytes.
struct sim_words *sim_words_new(const char *chip);

/// A second one that knows the same.
struct sim_words *sim_words_copy(const struct sim_words *words);

void sim_words_free(struct sim_words *words);

/// Says what `item` means and remembers what it does to the chip.
void sim_words_say(struct sim_words *words, const struct sim_trace_item *item,
    char text[SIM_WORDS]);

/// Says what the host asks for, without what the chip answers, with the bytes
/// behind it; remembers nothing.
void sim_words_ask(const struct sim_words *words,
    const struct sim_trace_item *item, char text[SIM_WORDS]);

/// False if the chip is not known.
bool sim_words_know(const struct sim_words *words);

/// Which bits of each byte of MISO mean something; of a chip that is not
/// known, all. Remembers the event as sim_words_say() does.
void sim_words_mask(struct sim_words *words, const struct sim_trace_item *item,
    uint8_t *mask);

/// The name of a clause-22 register (IEEE 802.3, 22.2.4), "BMSR", or NULL.
const char *sim_words_mdio_reg(unsigned reg);

#endif
