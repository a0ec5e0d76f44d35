// SPDX-License-Identifier: MIT
//
// What every socket stack has to keep, whatever it lives in: all chapters, or
// those that are named on the command line. Behind "active" the chip sends
// what it has received without being asked.

#include "tests/contract/sockets.h"

#include "tests/contract/bench.h"
#include "tests/support/check.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(void);
} chapters[] = {
    { "tcp", sockets_tcp },
    { "ends", sockets_ends },
    { "server", sockets_server },
    { "places", sockets_places },
    { "udp", sockets_udp },
    { "datagrams", sockets_datagrams },
    { "ways", sockets_ways },
    { "close", sockets_close },
    { "time", sockets_time },
    { "wakes", sockets_wakes },
    { "fd", sockets_fd },
    { "faults", sockets_faults },
    { "clients", sockets_clients },
};

int main(int argc, char **argv)
{
    int failed = 0;

    if (argc > 1 && strcmp(argv[1], "active") == 0) {
        contract_active = true;
        argv++;
        argc--;
    }
    for (size_t i = 0; i < sizeof(chapters) / sizeof(chapters[0]); i++) {
        bool wanted = argc < 2;

        for (int k = 1; k < argc; k++) {
            wanted |= strcmp(argv[k], chapters[i].name) == 0;
        }
        failed += wanted ? chapters[i].run() : 0;
    }
    return failed != 0;
}
