// SPDX-License-Identifier: MIT
//
// What an application keeps in RAM, as sizes of symbols: size_x is as big as
// a struct nif_x. Read with nm, never linked.

#include "nif/dhcp.h"
#include "nif/dns.h"
#include "nif/tcpip.h"

#define SIZE(name)                        \
    extern struct nif_##name size_##name; \
    struct nif_##name size_##name

SIZE(tcpip);
SIZE(conn);
SIZE(conn_cfg);
SIZE(dhcp);
SIZE(dns);
