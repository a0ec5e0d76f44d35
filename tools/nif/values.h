// SPDX-License-Identifier: MIT
//
// Values of options, as they are written on a command line. The first functions
// return false if it is no such value.

#ifndef TOOLS_NIF_VALUES_H
#define TOOLS_NIF_VALUES_H

#include "nif/stack.h"

#include <stdbool.h>

bool nif_get_double(const char *text, double min, double max, double *value);

/// Decimal, or hexadecimal with 0x.
bool nif_get_u64(const char *text, uint64_t max, uint64_t *value);
bool nif_get_u32(const char *text, uint32_t min, uint32_t max, uint32_t *value);

/// A chance in percent, as parts per million.
bool nif_get_chance(const char *text, uint32_t *ppm);

/// Milliseconds, as nanoseconds.
bool nif_get_ms(const char *text, uint64_t *ns);

/// "192.0.2.2/24"; without a length it is 24. Sets address and length only.
bool nif_get_net(const char *text, struct nif_net *net);

/// Not empty, and with its end not longer than `cap`.
bool nif_get_name(const char *text, char *name, size_t cap);

/// Whether two names are one file, or would be once it is made, so that what
/// is written to one spoils the other. Devices, as /dev/null, do not count;
/// NULL is no file.
bool nif_is_same_file(const char *a, const char *b);

/// Takes "--NAME VALUE" or "--NAME=VALUE" out of the words before "--": what is
/// left is for another parser. Returns the value; NULL if it is not there.
const char *nif_take_option(int *argc, char **argv, const char *name);

/// The same of "--NAME". Returns whether it was there.
bool nif_take_flag(int *argc, char **argv, const char *name);

#endif
