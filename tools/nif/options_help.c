// SPDX-License-Identifier: MIT
//
// What `nif run --help` and `nif ping --help` say.

#include "boards/host/host.h"
#include "tools/nif/apps.h"
#include "tools/nif/options.h"

#include <stdio.h>

static const char run_help[] =
    "usage: nif run CHIP [OPTION...] [-- COMMAND...]\n"
    "\n"
    "Runs a simulated board that answers ping, echoes UDP and TCP on port 7\n"
    "and serves a page on port 80 (or see --app), until Ctrl-C.\n"
    "\n"
    "  --app NAME         what it runs; see the end of this text\n"
    "  --app-args TEXT    what that is told, as on a command line:\n"
    "                     --app iperf3-client --app-args '192.0.2.1 -t 5'\n"
    "\n"
    "The end of its wire:\n"
    "  --slirp            libslirp in this process (default); needs nothing;\n"
    "                     TCP and UDP only, address by DHCP\n"
    "  --forward SPEC     with --slirp: reach the board from the host, as in\n"
    "                     tcp:127.0.0.1:8080:80; may be given several times\n"
    "  --netns            a private network namespace; needs no root. With\n"
    "                     -- COMMAND runs that inside and ends with it\n"
    "  --no-tun           in --netns: a veth pair even if TAP works\n"
    "  --tap NAME         a TAP device of the host\n"
    "  --wire PATH        a wire at a unix socket, shared with other boards\n"
    "                     and with QEMU: who comes first holds it, and who\n"
    "                     leaves hands it on. Each needs a --number of its\n"
    "                     own. Or dgram:OWN:OTHER, datagrams between two\n"
    "  --live NAME        an interface of the host, through libpcap\n"
    "  --pcap-in FILE     the frames of a capture, in virtual time\n"
    "  --stimuli FILE     an earlier run once more, in virtual time\n";

static const char ping_help[] =
    "usage: nif ping CHIP [OPTION...]\n"
    "\n"
    "Boots a simulated board in a private network namespace (no root needed)\n"
    "and pings it with the host's ping.\n"
    "\n"
    "  --count N          how many (default 5)\n"
    "  --interval S       seconds between them (default 0.2)\n"
    "  --size N           bytes of payload (default 56)\n"
    "  --no-tun           use a veth pair even if TAP works\n";

static const char shared_help[] =
    "\n"
    "The board:\n"
    "  --ip A.B.C.D/LEN   its address (default 192.0.2.2/24; with --slirp\n"
    "                     by DHCP); the host is .1\n"
    "  --dhcp             its address by DHCP from a server that you run;\n"
    "                     in --netns the host is 192.0.2.1/24\n"
    "  --gateway A.B.C.D\n"
    "  --number N         which of several boards at a wire it is: its\n"
    "                     hardware address and its default address end in\n"
    "                     N + 2 (default 0)\n"
    "  --link up|down     down: its cable is unplugged\n"
    "  --half-duplex      both ends (default: both forced to full duplex)\n"
    "  --cpu-ns N         price of a step of its processor (default 200)\n"
    "  --seed N           of everything random (default 1)\n"
    "\n"
    "Its chip; `direct` has none:\n"
    "  --spi-hz N         bus clock (default 20000000)\n"
    "  --polling          its interrupt pin is not wired\n"
    "  --revision R       of the silicon: B1, B4, B5, B7 (default)\n"
    "  --compat           forgive what silicon is known to forgive\n"
    "  --dialect V        of the firmware of espat: 1.7, 2.0, 2.1, 2.2, 2.4,\n"
    "                     3.3, 4.1 (default)\n"
    "  --baud N           of its serial line (default 921600)\n"
    "  --no-rts-cts       without flow control (then by default 115200)\n"
    "  --ssid NAME        its network (default netif), and\n"
    "  --passphrase TEXT  what that demands (default nothing)\n"
    "\n"
    "A bad network, each in both directions:\n"
    "  --drop-chance P  --corrupt-chance P  --duplicate-chance P\n"
    "  --reorder-chance P (percent)  --reorder-delay MS (default 5)\n"
    "  --delay MS  --jitter MS  --rate BITS-PER-S  --size-limit BYTES\n"
    "\n"
    "Files:\n"
    "  --pcap FILE            what passes on the wire\n"
    "  --trace FILE           what passes on the bus, pins and wire\n"
    "  --record-stimuli FILE  what came from outside, for --stimuli\n"
    "\n"
    "  --timeout S        give up after that: exit 124\n"
    "  --json             a summary for programs at the end\n"
    "\n"
    "Exit: 0 good, 1 failed or the model complained, 2 usage, 124 timed out.\n";

void nif_options_help(bool ping)
{
    fputs(ping ? ping_help : run_help, stdout);
    if (!ping) {
        fputs("  --duration S       end after that many seconds: exit 0\n",
            stdout);
    }
    fputs(shared_help, stdout);
    fputs("\nChips:\n", stdout);
    for (const struct host_chip *const *c = host_chips; *c; c++) {
        printf("  %-18s %s\n", (*c)->name, (*c)->about);
    }
    fputs("\nApplications (--app):\n", stdout);
    for (const struct nif_app_row *row = nif_apps; row->name; row++) {
        printf("  %-18s %s\n", row->name, row->about);
    }
}
