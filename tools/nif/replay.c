// SPDX-License-Identifier: MIT
//
// `nif replay`: a board's driver, stack and application against a recording of
// its bus, without a model of the chip.

#include "tools/nif/nif.h"
#include "tools/nif/options.h"
#include "tools/nif/trace_more.h"

#include "sim/trace/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Whoever asks nothing for so long after the last event has stopped.
#define SILENCE_NS (10 * SIM_S)

static const char help[] =
    "usage: nif replay FILE CHIP [OPTION...]\n"
    "\n"
    "Boots the board with CHIP as `nif run` does, but the chip is a\n"
    "recording: what `nif run --trace FILE` has written, or a capture. The\n"
    "driver must ask what the recording has, byte for byte, and gets the\n"
    "recorded answers at the recorded times; poll loops may take more or\n"
    "fewer turns. The first difference is told in the data sheet's words.\n"
    "\n"
    "  --section N        which section of the file (default 1)\n"
    "  --trace FILE       what passes, once more\n"
    "  --json             the result for programs\n"
    "\n"
    "Options of the board (--ip, --seed, --half-duplex, --polling, ...; see\n"
    "`nif run --help`) are taken from the recording, if it has them; given\n"
    "here they come first.\n"
    "\n"
    "Exit: 0 as recorded, 1 not, 2 usage or unreadable file.\n";

struct job {
    const char *file;
    const char *trace_name;
    unsigned section;
    bool json;
    struct nif_options options;
    struct {
        const char *name;
        const char *value;
    } given[NIF_KEPT_MAX];
    size_t given_count;
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_recording rec;
    struct sim_replay replay;
    struct host_board board;
    struct sim_trace trace;
    FILE *out;
};

static int complain(const char *what, const char *which)
{
    fprintf(stderr, "nif: replay: %s%s; see `nif replay --help`\n", what,
        which);
    return NIF_EXIT_USAGE;
}

// ---- the command line

static bool is_flag(const char *name)
{
    return strcmp(name, "half-duplex") == 0 || strcmp(name, "polling") == 0;
}

// One option with its value, NULL if the line ends there. Returns how many
// words it takes, 0 if it cannot be used.
static int take(struct job *job, const char *name, const char *value)
{
    if (strcmp(name, "json") == 0) {
        job->json = true;
        return 1;
    }
    if (is_flag(name)) {
        value = "1";
    }
    if (!value || job->given_count == NIF_KEPT_MAX) {
        return 0;
    }
    if (strcmp(name, "trace") == 0) {
        job->trace_name = value;
        return 2;
    }
    if (strcmp(name, "section") == 0) {
        job->section = (unsigned)strtoul(value, NULL, 10);
        return job->section > 0 ? 2 : 0;
    }
    job->given[job->given_count].name = name;
    job->given[job->given_count++].value = value;
    return is_flag(name) ? 1 : 2;
}

static int parse(struct job *job, int argc, char **argv)
{
    const char *chip = NULL;

    for (int i = 1; i < argc;) {
        int words = 1;

        if (strncmp(argv[i], "--", 2) == 0) {
            words = take(job, argv[i] + 2, i + 1 < argc ? argv[i + 1] : NULL);
        } else if (!job->file) {
            job->file = argv[i];
        } else if (!chip) {
            chip = argv[i];
        } else {
            words = 0;
        }
        if (words == 0) {
            return complain("what is ", argv[i]);
        }
        i += words;
    }
    if (!job->file || !chip) {
        return complain(job->file ? "which chip?" : "which recording?", "");
    }
    job->options.board.chip = chip;
    return 0;
}

// ---- the board

// Options of the recording, then those of the command line.
static int set_options(struct job *job)
{
    const char *chip = job->options.board.chip;
    char name[40];

    for (size_t i = 0; i < job->rec.head_count; i++) {
        const char *value = job->rec.head[i].value;
        size_t len = strcspn(value, " ");

        if (strcmp(job->rec.head[i].key, "option") != 0) {
            continue;
        }
        snprintf(name, sizeof(name), "%.*s", (int)len, value);
        if (value[len] != ' ' ||
            !nif_options_repeat(&job->options, name, value + len + 1)) {
            return complain("the recording has a strange option ", value);
        }
    }
    for (size_t i = 0; i < job->given_count; i++) {
        if (!nif_options_repeat(&job->options, job->given[i].name,
                job->given[i].value)) {
            return complain("cannot be used: --", job->given[i].name);
        }
    }
    job->options.board.chip = chip;
    return 0;
}

static int open_board(struct job *job)
{
    struct host_board_cfg *cfg = &job->options.board;
    char why[HOST_WHY];

    if (job->trace_name) {
        job->out = fopen(job->trace_name, "we");
        if (!job->out) {
            return complain(job->trace_name, " cannot be written");
        }
        sim_trace_init(&job->trace, &job->world, job->out);
        job->world.trace = &job->trace;
    }
    sim_cpu_init(&job->cpu, &job->world,
        cfg->cpu_ns ? cfg->cpu_ns : SIM_CPU_COST_NS);
    sim_replay_init(&job->replay, &job->cpu, &job->rec);
    cfg->replay = &job->replay;
    if (host_board_init(&job->board, &job->world, cfg, why) != 0) {
        return complain(why, "");
    }
    host_board_plug(&job->board, NULL);
    return 0;
}

// ---- the run

static uint64_t last_ns(const struct sim_recording *rec)
{
    return rec->count > 0 ? sim_trace_end_ns(&rec->event[rec->count - 1].item)
                          : 0;
}

static bool run(struct job *job)
{
    uint64_t until_ns = last_ns(&job->rec) + SILENCE_NS;

    while (!job->replay.diverged && !job->replay.over &&
        job->world.now_ns < until_ns && !sim_fiber_ended(job->board.fiber)) {
        sim_run_until(&job->world, job->world.now_ns + SIM_MS);
    }
    return sim_replay_finish(&job->replay);
}

static void print_json(const struct sim_replay *replay)
{
    printf("{\"equal\": %s, \"turns_more\": %" PRIu64
           ", \"turns_fewer\": %" PRIu64,
        replay->diverged ? "false" : "true", replay->turns_more,
        replay->turns_fewer);
    if (replay->diverged) {
        printf(", \"bus\": ");
        nif_trace_json_string(replay->want.bus);
        printf(", \"transaction\": %" PRIu64
               ", \"line\": %u, \"time_ns\": %" PRIu64 ", \"expected\": ",
            replay->want.index, replay->line, replay->want.at_ns);
        nif_trace_json_string(replay->want.text);
        printf(", \"got\": ");
        nif_trace_json_string(replay->got);
    }
    printf("}\n");
}

static void print_result(const struct job *job)
{
    if (job->json) {
        print_json(&job->replay);
    } else if (job->replay.diverged) {
        sim_replay_print(&job->replay, stdout);
    } else {
        printf("as recorded: %zu events, %.6f s; poll loops: %" PRIu64
               " turns more, %" PRIu64 " fewer\n",
            job->rec.count, (double)last_ns(&job->rec) / 1e9,
            job->replay.turns_more, job->replay.turns_fewer);
    }
}

static int play(struct job *job)
{
    int code = open_board(job);

    if (code == 0) {
        code = run(job) ? NIF_EXIT_PASS : NIF_EXIT_FAILED;
        print_result(job);
        host_board_done(&job->board);
    }
    sim_replay_done(&job->replay);
    job->world.trace = NULL;
    if (job->out && (fclose(job->out) != 0 || job->trace.err != 0)) {
        code = complain(job->trace_name, ": not all of it could be written");
    }
    return code;
}

int nif_replay_main(int argc, char **argv)
{
    static struct job job = { .section = 1 };
    int code;

    if (argc > 1 &&
        (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return NIF_EXIT_PASS;
    }
    nif_options_init(&job.options);
    code = parse(&job, argc, argv);
    if (code == 0) {
        code = nif_trace_read_section(job.file, job.section,
                   job.options.board.chip, &job.rec)
            ? set_options(&job)
            : NIF_EXIT_USAGE;
    }
    if (code == 0) {
        sim_world_init(&job.world, job.options.board.seed);
        code = play(&job);
        sim_world_done(&job.world);
    }
    sim_recording_done(&job.rec);
    return code;
}
