// SPDX-License-Identifier: MIT
//
// An application that needs ARP, IPv4, ICMP, UDP, TCP, DHCP and DNS and does
// next to nothing with them. It is linked to see what they weigh, not run.

#include "bench/stack/target/app.h"

#include "bench/stack/target/board.h"
#include "nif/dhcp.h"
#include "nif/dns.h"

static struct nif_iface iface; // no device: it is only weighed
static struct nif_clock clock;
static struct nif_tcpip tcpip;
static struct nif_dhcp dhcp;
static struct nif_dns dns;
static struct nif_conn conn;
static uint8_t buf[2048];

int main(void)
{
    struct nif_stack *stack = &tcpip.stack;
    struct nif_endpoint peer = { .port = 80 };
    const struct nif_conn_cfg conn_cfg = { buf, 1024, buf + 1024, 1024 };
    struct nif_tcpip_cfg cfg = { .iface = &iface, .clock = &clock };
    uint64_t again_us = 0;
    int err;

    app_init(&tcpip, &cfg);
    nif_dhcp_init(&dhcp, &(struct nif_dhcp_cfg){ .stack = stack });
    nif_dns_init(&dns, stack, 1);
    err = nif_dhcp_start(&dhcp);
    while (err == 0 && dhcp.state != NIF_DHCP_BOUND) {
        (void)nif_stack_poll(stack);
        (void)nif_dhcp_poll(&dhcp);
    }
    err |= nif_dns_start(&dns, "example.org");
    while (err == 0 && nif_dns_poll(&dns, &peer.ip, &again_us) == NIF_EAGAIN) {
        (void)nif_stack_poll(stack);
    }
    err |= nif_conn_open(stack, &conn, NIF_TCP, &conn_cfg) |
        nif_conn_connect(&conn, &peer);
    while (err == 0 && nif_conn_recv(&conn, buf, 1, NULL) != 0) {
        (void)nif_stack_poll(stack);
    }
    return err;
}
