// SPDX-License-Identifier: MIT
//
// The boards that have a machine in QEMU, and which images of them are there.

#include "tools/nif/fw.h"
#include "tools/nif/nif.h"
#include "tools/nif/trace_more.h"

#include "boards/host/host.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMAGES_MAX 128

#define ARM    "qemu-system-arm", "qemu-system-arm"
#define RISCV  "qemu-system-riscv32", "qemu-system-misc"
#define VIRTIO "virtio-net-device"

const struct nif_fw_board nif_fw_boards[] = {
    { "lm3s6965evb", "Cortex-M0, Stellaris Ethernet", "lm3s6965evb", "cm0",
        "lm3s6965evb", ARM, { "-M", "lm3s6965evb", "-cpu", "cortex-m0" },
        NULL },
    { "lm3s6965evb-m3", "the same with its Cortex-M3", "lm3s6965evb", "cm3",
        "mps2-an385", ARM, { "-M", "lm3s6965evb", "-cpu", "cortex-m3" }, NULL },
    { "mps2-an385", "Cortex-M3, LAN9118", "mps2-an385", "cm3", "mps2-an385",
        ARM, { "-M", "mps2-an385" }, NULL },
    { "mps2-an386", "Cortex-M4, LAN9118", "mps2-an386", "cm4", "mps2-an386",
        ARM, { "-M", "mps2-an386" }, NULL },
    { "mps2-an500", "Cortex-M7, LAN9118", "mps2-an500", "cm7", "mps2-an500",
        ARM, { "-M", "mps2-an500" }, NULL },
    { "mps2-an505", "Cortex-M33, LAN9118", "mps2-an505", "cm33", "mps2-an505",
        ARM, { "-M", "mps2-an505" }, NULL },
    { "riscv-virt", "RV32IMAC, virtio-net", "riscv-virt", "rv32", "riscv-virt",
        RISCV, { "-M", "virt", "-bios", "none" }, VIRTIO },
    { "riscv-virt-modern", "the same with virtio 1.0 registers", "riscv-virt",
        "rv32", "riscv-virt", RISCV,
        { "-M", "virt", "-bios", "none", "-global",
            "virtio-mmio.force-legacy=false" },
        VIRTIO },
    { .name = NULL },
};

const struct nif_fw_board *nif_fw_find(const char *name)
{
    for (const struct nif_fw_board *b = nif_fw_boards; b->name; b++) {
        if (strcmp(b->name, name) == 0) {
            return b;
        }
    }
    return NULL;
}

// Beside the build folder that this program is in.
void nif_fw_folder(const struct nif_fw_board *board, const char *images,
    char path[NIF_FW_PATH])
{
    char self[NIF_FW_PATH];
    ssize_t len = images ? -1 : readlink("/proc/self/exe", self, sizeof(self));

    if (images) {
        snprintf(path, NIF_FW_PATH, "%s", images);
        return;
    }
    for (int i = 0; i < 2; i++) {
        while (len > 0 && self[--len] != '/') {
        }
    }
    snprintf(path, NIF_FW_PATH, "%.*s/build-%s", (int)(len > 0 ? len : 0), self,
        board->preset);
}

bool nif_fw_absolute(const char *path, char out[NIF_FW_PATH])
{
    char folder[2 * NIF_FW_PATH];
    const char *name = strrchr(path, '/');
    char real[PATH_MAX];
    int len;

    snprintf(folder, sizeof(folder), "%.*s", name ? (int)(name - path + 1) : 1,
        name ? path : ".");
    if (!realpath(folder, real)) {
        return false;
    }
    len = snprintf(out, NIF_FW_PATH, "%s/%s", real, name ? name + 1 : path);
    errno = ENAMETOOLONG;
    return len < NIF_FW_PATH;
}

// ---- which images there are

struct image {
    char chip[24]; // at the bridge; "": none
    bool uart;     // or at a serial line
    char example[40];
};

struct images {
    struct image image[IMAGES_MAX];
    size_t count;
};

// What follows `prefix` in `text`; NULL if that is something else.
static const char *behind(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

// Takes "bridge-CHIP-" or "uart-CHIP-" off. The longest name is meant:
// w5500-raw, not w5500.
static const char *take_chip(const char *name, struct image *image)
{
    const char *bridge = behind(name, "bridge-");
    const char *uart = behind(name, "uart-");
    const char *chip = uart ? uart : bridge;
    const char *rest = chip ? NULL : name;

    image->uart = uart != NULL;
    for (const struct host_chip *const *c = host_chips; chip && *c; c++) {
        const char *example = behind(chip, (*c)->name);

        if (example && *example == '-' && (!rest || example >= rest)) {
            snprintf(image->chip, sizeof(image->chip), "%s", (*c)->name);
            rest = example + 1;
        }
    }
    return rest;
}

static bool read_name(const struct nif_fw_board *board, const char *file,
    struct image *image)
{
    const char *name = behind(file, board->image);
    size_t len;

    *image = (struct image){ .chip = "" };
    if (!name || *name != '-') {
        return false;
    }
    name = take_chip(name + 1, image);
    len = name ? strlen(name) : 0;
    if (len <= 4 || len - 4 >= sizeof(image->example) ||
        strcmp(name + len - 4, ".elf") != 0) {
        return false;
    }
    memcpy(image->example, name, len - 4);
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct image *x = a;
    const struct image *y = b;
    int by_chip =
        x->uart != y->uart ? x->uart - y->uart : strcmp(x->chip, y->chip);

    return by_chip != 0 ? by_chip : strcmp(x->example, y->example);
}

static void look(const struct nif_fw_board *board, const char *folder,
    struct images *found)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    found->count = 0;
    while (dir && found->count < IMAGES_MAX && (entry = readdir(dir)) != NULL) {
        found->count +=
            read_name(board, entry->d_name, &found->image[found->count]);
    }
    if (dir) {
        closedir(dir);
    }
    qsort(found->image, found->count, sizeof(found->image[0]), compare);
}

size_t nif_fw_examples(const struct nif_fw_board *board, const char *folder,
    const char *chip, bool uart, char names[TAP_WHY])
{
    static struct images found;
    size_t count = 0;
    size_t len = 0;

    names[0] = '\0';
    look(board, folder, &found);
    for (size_t i = 0; i < found.count; i++) {
        const struct image *image = &found.image[i];

        if (strcmp(image->chip, chip ? chip : "") == 0 && image->uart == uart) {
            count++;
            if (len < TAP_WHY) {
                len += (size_t)snprintf(names + len, TAP_WHY - len, " %s",
                    image->example);
            }
        }
    }
    return count;
}

// ---- the list

static void print_row(const struct nif_fw_board *board, const char *folder,
    const struct images *found, bool program)
{
    const struct image *last = NULL;

    printf("%-18s %s\n%20s", board->name, board->about, "");
    for (size_t i = 0; i < found->count; i++) {
        const struct image *image = &found->image[i];

        if (image->chip[0] != '\0' &&
            (!last || last->uart != image->uart ||
                strcmp(image->chip, last->chip) != 0)) {
            printf("%s--chip %s%s:", last ? "\n                    " : "",
                image->chip, image->uart ? " --uart" : "");
        }
        printf("%s%s", i == 0 && image->chip[0] == '\0' ? "" : " ",
            image->example);
        last = image;
    }
    if (found->count == 0) {
        printf("no images in %s\n%20stools/dev build --board %s makes them",
            folder, "", board->build);
    }
    if (!program) {
        printf("\n%20sno %s here: install %s", "", board->program,
            board->package);
    }
    printf("\n");
}

static void print_json(const struct nif_fw_board *board, const char *folder,
    const struct images *found, bool program)
{
    printf("%s{\"board\": \"%s\", \"about\": \"%s\", \"image\": \"%s\", "
           "\"preset\": \"%s\", \"program\": \"%s\", \"program_found\": %s, "
           "\"machine\": [",
        board == nif_fw_boards ? "[" : ",\n ", board->name, board->about,
        board->image, board->preset, board->program,
        program ? "true" : "false");
    for (const char *const *word = board->machine; *word; word++) {
        printf("%s\"%s\"", word == board->machine ? "" : ", ", *word);
    }
    printf("], \"folder\": ");
    nif_trace_json_string(folder);
    printf(", \"build\": \"tools/dev build --board %s\", \"images\": [",
        board->build);
    for (size_t i = 0; i < found->count; i++) {
        printf("%s{\"example\": \"%s\", \"chip\": \"%s\", \"uart\": %s}",
            i ? ", " : "", found->image[i].example, found->image[i].chip,
            found->image[i].uart ? "true" : "false");
    }
    printf("]}");
}

static void list(const char *images, bool json)
{
    static struct images found;
    char folder[NIF_FW_PATH];
    char path[TAP_PATH];

    for (const struct nif_fw_board *b = nif_fw_boards; b->name; b++) {
        bool program = tap_program_find(b->program, path);

        nif_fw_folder(b, images, folder);
        look(b, folder, &found);
        (json ? print_json : print_row)(b, folder, &found, program);
    }
    if (json) {
        printf("]\n");
    }
}

int nif_fw_list_main(int argc, char **argv)
{
    const char *images = NULL;
    bool json = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--images") == 0 && i + 1 < argc) {
            images = argv[++i];
        } else {
            fprintf(stderr, "nif: fw list: '%s'? See `nif fw --help`\n",
                argv[i]);
            return NIF_EXIT_USAGE;
        }
    }
    list(images, json);
    return NIF_EXIT_PASS;
}
