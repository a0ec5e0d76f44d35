// SPDX-License-Identifier: MIT
//
// A board whose network chip and clock are at the other end of the bridge.
// The first word of its command line is
//
//     bridge=PATH
//
// and what follows is as for every board; but address and seed are told by
// the other end, so that a run here is the same as one in the simulator.

#include "boards/target/board.h"
#include "boards/bridge/chip.h"
#include "boards/bridge/fifo.h"
#include "boards/target/semihost.h"

#include <string.h>

static const char word[] = "bridge=";

static struct bridge bridge;
static struct bridge_fifo fifo;
static char path[BRIDGE_FIFO_PATH + 1];

NIF_NORETURN static void fail(const char *why)
{
    board_print("board: ");
    board_print(why);
    board_print("\n");
    board_exit(2);
}

static void ended(struct bridge *b, bool lost)
{
    (void)b;
    if (lost) {
        board_print("board: the bridge is gone\n");
    }
    board_exit(lost ? 1 : 0);
}

const char *board_args(char buf[BOARD_ARGS])
{
    const char *args = semihost_args(buf, BOARD_ARGS);
    size_t len;

    if (strncmp(args, word, sizeof(word) - 1) != 0) {
        fail("where is the bridge? The first word is bridge=PATH");
    }
    args += sizeof(word) - 1;
    for (len = 0; args[len] != ' ' && args[len] != '\0'; len++) {
    }
    if (len >= sizeof(path)) {
        fail("the path of the bridge is too long");
    }
    memcpy(path, args, len);
    return args + len;
}

static void take_net(struct nif_net *net)
{
    const struct bridge_board *b = &bridge.board;

    if (b->use_dhcp) {
        return;
    }
    net->ip = nif_ip4(b->ip[0], b->ip[1], b->ip[2], b->ip[3]);
    net->prefix_len = b->prefix_len;
    if (b->gateway[0] != 0) {
        net->gateway =
            nif_ip4(b->gateway[0], b->gateway[1], b->gateway[2], b->gateway[3]);
    }
}

static void leave(void)
{
    bridge_stop(&bridge);
}

void board_make(struct board_port *port, const struct nif_hwaddr *hwaddr)
{
    static struct nif_wifi_params wifi;

    if (bridge_fifo_open(&fifo, path) != 0) {
        fail("the FIFOs of the bridge cannot be opened");
    }
    bridge_init(&bridge,
        &(struct bridge_cfg){ .link = &fifo.link, .ended = ended });
    if (bridge_start(&bridge) != 0) {
        fail(bridge.why[0] != '\0' ? bridge.why
                                   : "the bridge does not speak this version");
    }
    if (strcmp(bridge.board.chip, bridge_chip) != 0) {
        fail("this image is for another chip");
    }
    if (hwaddr->byte[5] != 0) {
        memcpy(bridge.board.hwaddr, hwaddr->byte, sizeof(hwaddr->byte));
    }
    port->name = bridge_chip;
    port->clock = &bridge.clock;
    port->iface = bridge_chip_make(&bridge);
    if (!port->iface) {
        fail("the bridge has no bus for this driver");
    }
    port->seed = bridge.board.seed;
    port->own_dhcp = bridge_chip_dhcp;
    port->leave = leave;
    take_net(&port->net);
    if (bridge.board.ssid[0] != '\0') {
        wifi.ssid = bridge.board.ssid;
        if (bridge.board.passphrase[0] != '\0') {
            wifi.passphrase = bridge.board.passphrase;
        }
        port->wifi = &wifi;
    }
}
