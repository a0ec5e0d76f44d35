// SPDX-License-Identifier: MIT
//
// The options that `nif run` and `nif ping` share: the board, the end of its
// wire, impairments, files.

#ifndef TOOLS_NIF_OPTIONS_H
#define TOOLS_NIF_OPTIONS_H

#include "boards/host/host.h"
#include "sim/net/impair.h"

#include <getopt.h>
#include <stdbool.h>

enum nif_end {
    NIF_END_SLIRP,
    NIF_END_NETNS,
    NIF_END_TAP,
    NIF_END_LIVE,
    NIF_END_WIRE,    ///< shared with other boards
    NIF_END_PCAP,    ///< frames of a file
    NIF_END_STIMULI, ///< an earlier run again
};

#define NIF_FORWARDS_MAX 16
#define NIF_KEPT_MAX     32

/// Highest number of a board at a wire: addresses end in it and 2.
#define NIF_NUMBER_MAX 252

struct nif_options {
    // The board.
    struct host_board_cfg board;
    bool link_down;
    bool dhcp; // the address is asked for, although the end has no server
    struct sim_impair_cfg impair;
    // The end.
    enum nif_end end;
    const char *end_arg; // TAP name, interface, file
    const char *forward[NIF_FORWARDS_MAX];
    size_t forward_count;
    bool no_tun;
    char **command; // behind "--"; NULL: none
    // Files.
    const char *pcap;
    const char *trace;
    const char *record;
    // The run.
    double duration_s; // 0: until it is told to stop
    double timeout_s;  // 0: none
    bool json;
    // `nif ping`.
    unsigned count;
    double interval_s;
    unsigned size;
    // Options that shape the world, as given: for a file of stimuli and the
    // head of a trace.
    struct {
        char name[24];
        char value[72];
    } kept[NIF_KEPT_MAX];
    size_t kept_count;
    // Names that a file of stimuli gives.
    char chip_name[20];
    char revision_name[8];
    char dialect_name[8];
    char ssid[NIF_WIFI_SSID_MAX + 1];
    char passphrase[NIF_WIFI_PASSPHRASE_MAX + 1];
    // The application.
    char app_name[20];
    char app_args[72]; // as many as are kept
};

/// Fills in what is the default.
void nif_options_init(struct nif_options *o);

/// Prints what `nif run`, or `nif ping`, takes.
void nif_options_help(bool ping);

/// Reads a sub-command's arguments. `ping` says which it is. Returns 0; 1 if
/// help was asked for and printed; -1 if something was wrong and was told.
int nif_options_parse(struct nif_options *o, int argc, char **argv, bool ping);

/// Sets one option of the world by name, as a file of stimuli has it, and
/// keeps it. Returns false if there is none of that name or the value is
/// wrong.
bool nif_options_repeat(void *options, const char *name, const char *value);

/// Where the host is, for ends that have a host: "192.0.2.1/24" if the board
/// is at 192.0.2.2/24. Returns `text`.
const char *nif_options_host(const struct nif_options *o, char text[64]);

#endif
