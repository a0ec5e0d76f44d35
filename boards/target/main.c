// SPDX-License-Identifier: MIT
//
// The main program of every board: device, stack, application. The board's
// command line is
//
//     [ip=A.B.C.D/N] [gw=A.B.C.D] [dns=A.B.C.D] [mac=XX:XX:XX:XX:XX:XX]
//     [APP...]
//
// in this order; without ip= the board asks by DHCP. From the first other word
// on it is the application's.

#include "board.h"

#include "nif/igmp.h"
#include "nif/tcpip.h"

#include <string.h>

#define GROUPS 2

static struct {
    struct board_port port;
    struct nif_board board;
    struct nif_tcpip tcpip;
    struct nif_igmp igmp;
    struct nif_igmp_group groups[GROUPS];
    uint8_t rx[NIF_ETH_FRAME_MAX + 2];
    char args[BOARD_ARGS];
} all;

void board_print(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            board_putc('\r');
        }
        board_putc(*text);
    }
}

void nif_panic(const char *what)
{
    board_print("panic: ");
    board_print(what);
    board_print("\n");
    board_exit(BOARD_EXIT_PANIC);
}

void board_fault(void)
{
    board_print("fault\n");
    board_exit(BOARD_EXIT_FAULT);
}

static void print(struct nif_board *board, const char *line)
{
    (void)board;
    board_print(line);
    board_print("\n");
}

// ---- the command line

// The value of "name=" at `*at`, NULL if another word stands there.
static const char *value_of(const char **at, const char *name)
{
    size_t len = strlen(name);

    while (**at == ' ') {
        ++*at;
    }
    return strncmp(*at, name, len) == 0 ? *at + len : NULL;
}

// Behind the word that begins at `from`.
static const char *behind(const char *from)
{
    while (*from != ' ' && *from != '\0') {
        from++;
    }
    return from;
}

static void complain(const char *word)
{
    board_print("board: this is not understood: ");
    board_print(word);
    board_print("\n");
    board_exit(2);
}

// Copies a word, and gives back what follows it.
static const char *copy_word(const char *from, char *out, size_t cap)
{
    const char *end = behind(from);
    size_t len = (size_t)(end - from);

    if (len >= cap) {
        complain(from);
    }
    memcpy(out, from, len);
    out[len] = '\0';
    return end;
}

static const char *take_ip(const char *from, struct nif_ip *ip, uint8_t *prefix)
{
    char word[24];
    const char *end = copy_word(from, word, sizeof(word));
    char *slash = strchr(word, '/');
    unsigned bits = 0;

    if (slash != NULL) {
        for (const char *p = slash + 1; *p >= '0' && *p <= '9'; p++) {
            bits = bits * 10 + (unsigned)(*p - '0');
        }
        *slash = '\0';
    }
    if (nif_ip_parse(word, ip) != 0 || bits > 32 ||
        (prefix != NULL && bits == 0)) {
        complain(from);
    }
    if (prefix != NULL) {
        *prefix = (uint8_t)bits;
    }
    return end;
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c | 0x20);

    return at != NULL && c != '\0' ? (int)(at - digits) : -1;
}

static const char *take_hwaddr(const char *from, struct nif_hwaddr *out)
{
    char word[18];
    const char *end = copy_word(from, word, sizeof(word));

    for (size_t i = 0; i < sizeof(out->byte); i++) {
        int high = digit(word[3 * i]);
        int low = high < 0 ? -1 : digit(word[3 * i + 1]);

        if (low < 0 || word[3 * i + 2] != (i < 5 ? ':' : '\0')) {
            complain(from);
        }
        out->byte[i] = (uint8_t)(high << 4 | low);
    }
    return end;
}

// What the board is told; the rest is the application's.
static const char *parse(const char *args, struct nif_net *net,
    struct nif_hwaddr *hwaddr)
{
    const char *value;

    value = value_of(&args, "ip=");
    if (value != NULL) {
        args = take_ip(value, &net->ip, &net->prefix_len);
    }
    value = value_of(&args, "gw=");
    if (value != NULL) {
        args = take_ip(value, &net->gateway, NULL);
    }
    value = value_of(&args, "dns=");
    if (value != NULL) {
        args = take_ip(value, &net->dns[0], NULL);
    }
    value = value_of(&args, "mac=");
    if (value != NULL) {
        args = take_hwaddr(value, hwaddr);
    }
    (void)value_of(&args, "");
    return args;
}

// ---- everything joined

static void make_stack(void)
{
    nif_igmp_init(&all.igmp,
        &(struct nif_igmp_cfg){ .groups = all.groups, .count = GROUPS });
    // Two bytes further on, IP headers are aligned.
    nif_tcpip_init(&all.tcpip,
        &(struct nif_tcpip_cfg){
            .iface = all.port.iface,
            .clock = all.port.clock,
            .rx = all.rx + 2,
            .rx_cap = NIF_ETH_FRAME_MAX,
            .seed = all.port.seed,
            .igmp = &all.igmp,
        });
}

void board_main(void)
{
    struct nif_hwaddr hwaddr = { { 0 } };
    struct nif_net net = { 0 };
    struct nif_stack *stack;
    const char *args;
    int err;

    board_init();
    args = parse(board_args(all.args), &net, &hwaddr);
    board_make(&all.port, &hwaddr);
    if (net.ip.family == NIF_IP_NONE) {
        net = all.port.net;
    }
    stack = all.port.iface->stack;
    if (stack == NULL) {
        make_stack();
        stack = &all.tcpip.stack;
    }
    if (net.ip.family != NIF_IP_NONE && nif_stack_set_net(stack, &net) != 0) {
        complain(all.args);
    }
    all.board = (struct nif_board){
        .name = all.port.name,
        .clock = all.port.clock,
        .iface = all.port.iface,
        .stack = stack,
        .wifi = all.port.wifi,
        .seed = all.port.seed,
        .use_dhcp = net.ip.family == NIF_IP_NONE && !all.port.own_dhcp,
        .args = *args != '\0' ? args : NULL,
        .print = print,
    };
    err = nif_app(&all.board);
    if (err != 0) {
        board_print("the application ended: ");
        board_print(nif_err_text(err));
        board_print("\n");
    }
    if (all.port.leave != NULL) {
        all.port.leave();
    }
    board_exit(err == 0 ? 0 : 1);
}
