// SPDX-License-Identifier: MIT
//
// Pieces of text from outside: words, numbers, hex, lines. Private to what
// reads traces and captures.

#ifndef SIM_TRACE_TEXT_H
#define SIM_TRACE_TEXT_H

#include "nif/base.h"

#include <stdio.h>

/// The next word of `*text`, between blanks and tabs, with an end of its own;
/// `*text` then points behind it. "" at the end.
char *sim__text_word(char **text);

/// A decimal number, nothing before or behind it. False if it is none or
/// larger than `max`.
bool sim__text_number(const char *text, uint64_t max, uint64_t *value);

/// The value of a hex digit, or -1.
int sim__text_digit(char c);

/// Two hex digits; false if they are none, `*byte` is then 0.
bool sim__text_byte(const char *text, uint8_t *byte);

/// Exactly `len` bytes in hex.
bool sim__text_hex(const char *text, uint8_t *to, size_t len);

/// realloc() that does not fail.
void *sim__realloc(void *memory, size_t size);

/// A line while it is read. All zero is a valid start.
struct sim_text_line {
    char *text; ///< with its '\n', if it has one, and a '\0' behind
    size_t len;
    size_t cap; // private
};

/// Reads the next line, of at most `max` bytes. Returns false if there is
/// more; `len` is 0 at the end of the file. The caller frees `text`.
bool sim__text_line(FILE *in, struct sim_text_line *line, size_t max);

#endif
