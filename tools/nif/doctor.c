// SPDX-License-Identifier: MIT
//
// `nif doctor`: what this machine has and lacks. It tries things rather than
// asking about them.

#include "tap/netns.h"
#include "tap/pcap.h"
#include "tap/program.h"
#include "tap/slirp.h"
#include "tools/nif/nif.h"

#include "nif/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct finding {
    bool ok;
    char text[TAP_WHY]; // what was found, or what is wrong and what helps
};

static void say_library(struct finding *f, const char *version)
{
    f->ok = true;
    snprintf(f->text, sizeof(f->text), "%s", version);
}

static void look_for_slirp(struct finding *f)
{
    say_library(f, tap_slirp_version());
}

static void look_for_pcap(struct finding *f)
{
    say_library(f, tap_pcap_version());
}

static void look_for_tun(struct finding *f)
{
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    f->ok = fd >= 0;
    if (fd >= 0) {
        snprintf(f->text, sizeof(f->text), "/dev/net/tun opens");
        close(fd);
    } else {
        snprintf(f->text, sizeof(f->text),
            "/dev/net/tun: %s; --netns makes do with a veth pair; for --tap: "
            "%s",
            strerror(errno),
            errno == EACCES ? "chmod 666 /dev/net/tun" : "modprobe tun");
    }
}

static void look_for_namespace(struct finding *f, bool no_tun)
{
    struct tap_netns_cfg cfg = { .host_addr = "192.0.2.1/24",
        .no_tun = no_tun };
    struct tap_end *end = tap_netns_open(&cfg, f->text);

    f->ok = end != NULL;
    if (end) {
        snprintf(f->text, sizeof(f->text), "made one%s, with a %s",
            tap_netns_has_user(end) ? " in a user namespace" : " as root",
            no_tun ? "veth pair" : tap_netns_kind(end));
        end->ops->close(end);
    }
}

static void look_for_netns(struct finding *f)
{
    look_for_namespace(f, false);
}

static void look_for_veth(struct finding *f)
{
    look_for_namespace(f, true);
}

static void look_for_raw(struct finding *f)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    f->ok = fd >= 0;
    snprintf(f->text, sizeof(f->text), "%s",
        fd >= 0 ? "permitted"
                : "not permitted; for --live run as root, or `setcap "
                  "cap_net_raw,cap_net_admin=eip build/nif`");
    if (fd >= 0) {
        close(fd);
    }
}

static void look_for_program(struct finding *f, const char *name,
    const char *package)
{
    char path[TAP_PATH];

    f->ok = tap_program_find(name, path);
    snprintf(f->text, sizeof(f->text), "%s%s", f->ok ? "" : "missing; install ",
        f->ok ? path : package);
}

static void look_for_ping(struct finding *f)
{
    look_for_program(f, "ping", "iputils-ping");
}

static void look_for_ip(struct finding *f)
{
    look_for_program(f, "ip", "iproute2");
}

static void look_for_nsenter(struct finding *f)
{
    look_for_program(f, "nsenter", "util-linux, to enter a board's network");
}

static void look_for_tshark(struct finding *f)
{
    look_for_program(f, "tshark", "tshark, to read captures");
}

static void look_for_qemu(struct finding *f)
{
    look_for_program(f, "qemu-system-arm",
        "qemu-system-arm, for `nif fw run` of boards with a Cortex-M");
}

static void look_for_qemu_riscv(struct finding *f)
{
    look_for_program(f, "qemu-system-riscv32",
        "qemu-system-misc, for `nif fw run` of boards with a RISC-V");
}

static const struct {
    const char *name;
    void (*look)(struct finding *f);
    bool needed; // by `nif ping`
} rows[] = {
    { "ping", look_for_ping, true },
    { "ip", look_for_ip, true },
    { "namespaces", look_for_netns, true },
    { "veth", look_for_veth, false },
    { "tun", look_for_tun, false },
    { "live capture", look_for_raw, false },
    { "libslirp", look_for_slirp, false },
    { "libpcap", look_for_pcap, false },
    { "nsenter", look_for_nsenter, false },
    { "tshark", look_for_tshark, false },
    { "qemu", look_for_qemu, false },
    { "qemu RISC-V", look_for_qemu_riscv, false },
};

static void print_json(size_t row, const struct finding *f)
{
    printf("%s\"%s\": {\"ok\": %s, \"needed\": %s, \"text\": \"",
        row == 0 ? "{" : ", ", rows[row].name, f->ok ? "true" : "false",
        rows[row].needed ? "true" : "false");
    for (const char *c = f->text; *c; c++) {
        if (*c == '"' || *c == '\\') {
            putchar('\\');
        }
        putchar(*c < ' ' ? ' ' : *c);
    }
    printf("\"}");
}

static const char *mark(size_t row, const struct finding *f)
{
    if (f->ok) {
        return "ok";
    }
    return rows[row].needed ? "LACKS" : "-";
}

static int examine(bool json)
{
    bool well = true;

    for (size_t row = 0; row < nif_countof(rows); row++) {
        struct finding f = { .ok = false };

        rows[row].look(&f);
        well = well && (f.ok || !rows[row].needed);
        if (json) {
            print_json(row, &f);
        } else {
            printf("%-6s %-13s %s\n", mark(row, &f), rows[row].name, f.text);
        }
    }
    if (json) {
        printf(", \"ping\": %s}\n", well ? "true" : "false");
    } else {
        puts(well ? "`nif ping` can work." : "`nif ping` cannot work.");
    }
    return well ? NIF_EXIT_PASS : NIF_EXIT_FAILED;
}

int nif_doctor_main(int argc, char **argv)
{
    static const char help[] =
        "usage: nif doctor [--json]\n"
        "\n"
        "Tries what this machine has and lacks, and says what helps.\n"
        "\n"
        "Exit: 0 if `nif ping` can work, else 1; 2 usage.\n";

    if (argc == 1 || (argc == 2 && strcmp(argv[1], "--json") == 0)) {
        return examine(argc == 2);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(help, stdout);
        return NIF_EXIT_PASS;
    }
    fprintf(stderr, "nif: doctor: '%s'?\n%s", argv[1], help);
    return NIF_EXIT_USAGE;
}
