// SPDX-License-Identifier: MIT
//
// `nif fw`: the boards that have a machine in QEMU, and one run of an image.

#ifndef TOOLS_NIF_FW_H
#define TOOLS_NIF_FW_H

#include "tap/program.h"
#include "tools/nif/options.h"

#include <stdio.h>

/// Most words of a command line that is put together.
#define NIF_FW_WORDS 64

/// Room for a path.
#define NIF_FW_PATH 512

/// A machine of QEMU, and the images that run on it.
struct nif_fw_board {
    const char *name;
    const char *about;
    const char *image;      ///< what its images are called: IMAGE-EXAMPLE.elf
    const char *preset;     ///< they are in build-PRESET
    const char *build;      ///< `tools/dev build --board BUILD` makes them
    const char *program;    ///< of QEMU
    const char *package;    ///< that has it, as Debian calls it
    const char *machine[8]; ///< QEMU's words for it; NULL ends them
    const char *device;     ///< its network device; NULL: on the board
};

/// All of them; ends with a row whose name is NULL.
extern const struct nif_fw_board nif_fw_boards[];

/// By its name, or NULL.
const struct nif_fw_board *nif_fw_find(const char *name);

/// Where a board's images are: `images`, or beside this program's folder.
void nif_fw_folder(const struct nif_fw_board *board, const char *images,
    char path[NIF_FW_PATH]);

/// Lists the examples of which a board has images in `folder`, with `chip` (or
/// NULL) at the bridge, or at a serial line: " services neighbour". Returns how
/// many.
size_t nif_fw_examples(const struct nif_fw_board *board, const char *folder,
    const char *chip, bool uart, char names[TAP_WHY]);

/// Makes a path absolute. False, with errno, if its folder is not there.
bool nif_fw_absolute(const char *path, char out[NIF_FW_PATH]);

/// `nif fw list`.
int nif_fw_list_main(int argc, char **argv);

/// What `nif fw run` is told.
struct nif_fw_options {
    const struct nif_fw_board *board;
    char image[NIF_FW_PATH]; ///< absolute
    const char *args;        ///< for the application; or NULL
    const char *qemu;        ///< words for QEMU, with spaces between; or NULL
    const char *chip;        ///< at the bridge; or NULL
    bool uart;               ///< the chip is at a serial line instead
    char **chip_words;       ///< for `nif chip`, of `chip_count`
    size_t chip_count;
    bool print;        ///< show QEMU's command line only
    double timeout_s;  ///< 0: none
    double duration_s; ///< 0: until it is told to stop
    // Without a chip.
    enum nif_end end;
    const char *end_arg;
    bool no_tun;
    const char *forward[NIF_FORWARDS_MAX];
    size_t forward_count;
    const char *pcap;
    struct nif_net net; ///< none: by DHCP
    uint32_t number;    ///< of the board at its wire
    uint64_t seed;
    char **command; ///< behind "--"; or NULL
};

/// Reads the arguments of `nif fw run`. Returns 0; 1 if help was asked for
/// and printed; else an exit code below 0: something was wrong and was told.
int nif_fw_parse(struct nif_fw_options *o, int argc, char **argv);

/// QEMU's command line.
struct nif_fw_words {
    char *argv[NIF_FW_WORDS + 1];
    size_t count;
};

/// Puts it together: the image with `net_fd` as the other end of its wire (-1:
/// QEMU has one of its own) and, with a chip, the bridge or the serial line at
/// `bridge`. Returns
/// 0, or an exit code; what was wrong is told. In any case
/// nif_fw_words_done().
int nif_fw_compose(struct nif_fw_words *words, const struct nif_fw_options *o,
    int net_fd, const char *bridge);

void nif_fw_words_done(struct nif_fw_words *words);

/// Runs it. Returns an exit code.
int nif_fw_run(struct nif_fw_options *o);

#endif
