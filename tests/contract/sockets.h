// SPDX-License-Identifier: MIT
//
// The contract of a socket stack, by chapters. Each runs its tests and
// returns how many failed.

#ifndef TESTS_CONTRACT_SOCKETS_H
#define TESTS_CONTRACT_SOCKETS_H

int sockets_tcp(void);
int sockets_ends(void);
int sockets_server(void);
int sockets_places(void);
int sockets_udp(void);
int sockets_datagrams(void);
int sockets_ways(void);
int sockets_close(void);
int sockets_time(void);
int sockets_wakes(void);
int sockets_fd(void);
int sockets_faults(void);
int sockets_clients(void);

#endif
