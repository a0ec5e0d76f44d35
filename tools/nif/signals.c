// SPDX-License-Identifier: MIT
//
// Signals as something to poll.

#include "tools/nif/signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

int nif_signals_open(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
