// SPDX-License-Identifier: MIT
//
// Plays scripts (script.h) against the plug-in, of which it knows only the
// shared object and the interface.

#ifndef TESTS_PACKETDRILL_RUNNER_H
#define TESTS_PACKETDRILL_RUNNER_H

#include <stdbool.h>
#include <stddef.h>

/// Plays one script in a world of its own. Returns true if all was as it
/// says; else `why` (of `cap` bytes) says where and what was not.
bool runner_play(const char *text, char *why, size_t cap);

#endif
