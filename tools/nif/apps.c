// SPDX-License-Identifier: MIT
//
// The applications that a simulated board can run. Each is a file of
// examples/ with its nif_app(), which has a name of its own here.

#include "tools/nif/apps.h"

#include <string.h>

int nif_app_services(struct nif_board *board);
int nif_app_iperf3(struct nif_board *board);
int nif_app_iperf3_client(struct nif_board *board);
int nif_app_neighbour(struct nif_board *board);
int nif_app_dhcpd(struct nif_board *board);
int nif_app_fetch(struct nif_board *board);

const struct nif_app_row nif_apps[] = {
    { "services", "echo at port 7, a page at port 80", nif_app_services },
    { "iperf3", "a server for iperf3, at port 5201", nif_app_iperf3 },
    { "iperf3-client", "a client for iperf3; see --app-args",
        nif_app_iperf3_client },
    { "neighbour", "DHCP, mDNS, DNS, SNTP: what it knows, at port 79",
        nif_app_neighbour },
    { "dhcpd", "a DHCP server; the host has no address then", nif_app_dhcpd },
    { "fetch", "fetches a page, shows it and ends; --app-args URL",
        nif_app_fetch },
    { NULL, NULL, NULL },
};

const struct nif_app_row *nif_app_find(const char *name)
{
    for (const struct nif_app_row *row = nif_apps; row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}
