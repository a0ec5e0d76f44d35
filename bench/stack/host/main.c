// SPDX-License-Identifier: MIT
//
// Runs the figures on the host, for our stack and, where it is installed, for
// lwIP. It says nothing by itself: callgrind counts (host.py).

#include "bench/stack/figures.h"
#include "bench/stack/host/host.h"

#include <stdio.h>
#include <stdlib.h>

void nif_panic(const char *what)
{
    (void)fprintf(stderr, "panic: %s\n", what);
    exit(1);
}

int main(void)
{
    meter_calibrate();
    meter_of("nif");
    figures_run(side_nif_init, false);
    meter_of("nif-lend");
    figures_run(side_nif_init, true);
#ifdef BENCH_LWIP
    meter_of("lwip");
    figures_run(side_lwip_init, false);
#endif
    return 0;
}
