// SPDX-License-Identifier: MIT
//
// What ends a run, or a program that it has started, as something to poll.

#ifndef TOOLS_NIF_SIGNALS_H
#define TOOLS_NIF_SIGNALS_H

/// From now on SIGINT, SIGTERM, SIGHUP and SIGCHLD are read from the descriptor
/// that is returned, as a struct signalfd_siginfo each, and SIGPIPE is nobody's
/// end. -1: errno says why.
int nif_signals_open(void);

#endif
