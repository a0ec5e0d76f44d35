// SPDX-License-Identifier: MIT
//
// QEMU's command line for an image.

#include "boards/target/board.h"
#include "tools/nif/fw.h"
#include "tools/nif/nif.h"

#include "tap/slirp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void
add(struct nif_fw_words *words, const char *fmt, ...)
{
    va_list args;
    char *word = NULL;

    va_start(args, fmt);
    if (words->count < NIF_FW_WORDS && vasprintf(&word, fmt, args) >= 0) {
        words->argv[words->count++] = word;
    }
    va_end(args);
}

// In a list of QEMU's, a comma is written twice.
static void escape(const char *text, char *out, size_t cap)
{
    size_t len = 0;

    for (; *text && len + 2 < cap; text++) {
        out[len++] = *text;
        if (*text == ',') {
            out[len++] = ',';
        }
    }
    out[len] = '\0';
}

static void add_user(struct nif_fw_words *words, const struct nif_fw_options *o)
{
    char list[NIF_FORWARDS_MAX * 80] = "";
    size_t len = 0;

    for (size_t i = 0; i < o->forward_count && len < sizeof(list); i++) {
        struct tap_forward f;
        char why[TAP_WHY];

        if (tap_forward_parse(o->forward[i], &f, why) == 0) {
            len += (size_t)snprintf(list + len, sizeof(list) - len,
                ",hostfwd=%s:%s:%d-" TAP_SLIRP_BOARD ":%d",
                f.is_udp ? "udp" : "tcp", f.host, f.host_port, f.board_port);
        }
    }
    add(words, "user,id=n0%s", list);
}

static void add_network(struct nif_fw_words *words,
    const struct nif_fw_options *o, int net_fd)
{
    char mac[18];

    // The low bits of its middle are what some boards draw from.
    snprintf(mac, sizeof(mac), "02:00:%02x:%02x:%02x:%02x",
        (unsigned)(o->seed >> 16 & 0xFF), (unsigned)(o->seed >> 8 & 0xFF),
        (unsigned)(o->seed & 0xFF), (unsigned)(o->number + 2));
    add(words, "-netdev");
    switch (o->end) {
    case NIF_END_NETNS:
    case NIF_END_TAP: add(words, "tap,id=n0,fd=%d", net_fd); break;
    case NIF_END_WIRE:
        add(words, "dgram,id=n0,local.type=fd,local.str=%d", net_fd);
        break;
    case NIF_END_SLIRP:
    case NIF_END_LIVE:
    case NIF_END_PCAP:
    case NIF_END_STIMULI: add_user(words, o); break;
    }
    add(words, o->board->device ? "-device" : "-net");
    if (o->board->device) {
        add(words, "%s,netdev=n0,mac=%s", o->board->device, mac);
    } else {
        add(words, "nic,netdev=n0,macaddr=%s", mac);
    }
}

// What the image is told. Returns 0, or an exit code, and tells.
static int add_args(struct nif_fw_words *words, const struct nif_fw_options *o,
    const char *bridge)
{
    const char *image = strrchr(o->image, '/') + 1;
    const char *args = o->args ? o->args : "";
    char text[2 * BOARD_ARGS] = "";
    char ip[NIF_IP_TEXT_MAX];
    int len = 0;

    if (bridge && !o->uart) {
        len = snprintf(text, sizeof(text), "bridge=%s ", bridge);
    } else if (o->net.ip.family != NIF_IP_NONE &&
        strncmp(args, "ip=", 3) != 0) {
        len = snprintf(text, sizeof(text), "ip=%s/%u ",
            nif_ip_format(&o->net.ip, ip), o->net.prefix_len);
        if (o->net.gateway.family != NIF_IP_NONE) {
            len += snprintf(text + len, sizeof(text) - (size_t)len, "gw=%s ",
                nif_ip_format(&o->net.gateway, ip));
        }
    }
    len += snprintf(text + len, sizeof(text) - (size_t)len, "%s", args);
    // The image has room for that, its own name and a space; and an end.
    if ((size_t)len + strlen(image) + 2 > BOARD_ARGS) {
        fprintf(stderr,
            "nif: --args: with the image's name it is %zu bytes, and a board "
            "has room for %d\n",
            (size_t)len + strlen(image) + 1, BOARD_ARGS - 1);
        return NIF_EXIT_USAGE;
    }
    while (len > 0 && text[len - 1] == ' ') {
        text[--len] = '\0';
    }
    if (len > 0) {
        add(words, "-append");
        add(words, "%s", text);
    }
    return 0;
}

static void add_each(struct nif_fw_words *words, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, " ");

        if (len > 0) {
            add(words, "%.*s", (int)len, text);
        }
        text += len + (text[len] == ' ');
    }
}

int nif_fw_compose(struct nif_fw_words *words, const struct nif_fw_options *o,
    int net_fd, const char *bridge)
{
    *words = (struct nif_fw_words){ .count = 0 };
    add(words, "%s", o->board->program);
    for (const char *const *word = o->board->machine; *word; word++) {
        add(words, "%s", *word);
    }
    add_each(words,
        "-display none -monitor none -serial stdio -semihosting-config "
        "enable=on,target=native");
    if (bridge) {
        add_each(words, "-nic none");
        if (o->uart) {
            add(words, "-chardev");
            add(words, "socket,id=u1,path=%s", bridge);
            add_each(words, "-serial chardev:u1");
        }
    } else {
        add_network(words, o, net_fd);
    }
    if (o->pcap && !bridge) {
        char path[NIF_FW_PATH];
        char file[2 * NIF_FW_PATH];

        if (!nif_fw_absolute(o->pcap, path)) {
            fprintf(stderr, "nif: %s: %s\n", o->pcap, strerror(errno));
            return NIF_EXIT_FAILED;
        }
        escape(path, file, sizeof(file));
        add(words, "-object");
        add(words, "filter-dump,id=d0,netdev=n0,file=%s", file);
    }
    add(words, "-kernel");
    add(words, "%s", strrchr(o->image, '/') + 1);
    if (o->qemu) {
        add_each(words, o->qemu);
    }
    if (words->count > NIF_FW_WORDS - 2) { // two may follow
        fprintf(stderr, "nif: --qemu: that is more than %d words\n",
            NIF_FW_WORDS);
        return NIF_EXIT_USAGE;
    }
    return add_args(words, o, bridge);
}

void nif_fw_words_done(struct nif_fw_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        free(words->argv[i]);
    }
    words->count = 0;
}
