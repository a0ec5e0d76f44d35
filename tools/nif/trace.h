// SPDX-License-Identifier: MIT
//
// The `nif trace` sub-commands.

#ifndef TOOLS_NIF_TRACE_H
#define TOOLS_NIF_TRACE_H

/// argv[0] is "trace". Returns the program's exit code: 0 all is equal or
/// printed, 1 not, 2 usage or unreadable files.
int nif_trace_main(int argc, char **argv);

#endif
