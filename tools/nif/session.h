// SPDX-License-Identifier: MIT
//
// One run of a simulated board: world, board, end of the wire, files,
// signals. What `nif run` and `nif ping` have in common.

#ifndef TOOLS_NIF_SESSION_H
#define TOOLS_NIF_SESSION_H

#include "tap/loop.h"
#include "tap/pcap.h"
#include "tools/nif/options.h"

#include <stdio.h>
#include <sys/types.h>

struct nif_session {
    const struct nif_options *options;
    struct sim_world world;
    struct host_board board;
    struct tap_loop loop;
    struct tap_end *end; ///< or NULL
    struct tap_pcap *pcap;
    struct tap_pcap_player *player;
    struct sim_trace trace;
    FILE *trace_file;
    struct tap_stimuli record;
    struct tap_stimuli replay;
    bool board_ok;
    bool loop_ok;
    int signal_fd;
    int output_fd;        // of the child; -1: none
    int wake_fd;          // any of these two
    uint64_t deadline_ns; // --timeout
    uint64_t stop_ns;     // the run is over then, for another reason
    pid_t child;          ///< 0: none
    int child_code;       ///< exit code of the child, once `child_done`
    bool child_done;
    bool over; ///< nothing more will happen: do not run it again
    /// Told of what the child prints, if it was asked for.
    void (*on_output)(struct nif_session *s, const char *text, size_t len);
};

/// Builds everything. Returns 0, or an exit code; what was wrong is told.
int nif_session_open(struct nif_session *s, struct nif_options *options);

/// Runs until `until_ns`, or until `done(s)` (NULL: never), or until the run
/// is over: by a signal, the child's end, the end of what is played.
/// Returns 0, or an exit code.
int nif_session_run(struct nif_session *s, uint64_t until_ns,
    bool (*done)(struct nif_session *s));

/// Runs a program in the namespace. `on_output` gets what it prints; NULL: it
/// prints by itself. Returns 0 or an exit code.
int nif_session_spawn(struct nif_session *s, char *const argv[],
    void (*on_output)(struct nif_session *s, const char *text, size_t len));

/// Tells of complaints, lag and files that could not be written, and takes
/// everything apart. Needs no open() that has worked. Returns `code`, or 1
/// if that was good and something else was not.
int nif_session_close(struct nif_session *s, int code);

/// The board's link is up and it has an address.
bool nif_session_is_up(struct nif_session *s);

/// Prints the members of a JSON object that all summaries have, without
/// braces.
void nif_session_json(struct nif_session *s);

/// The board's address as text, or "none".
const char *nif_session_address(struct nif_session *s,
    char text[NIF_IP_TEXT_MAX]);

#endif
