// SPDX-License-Identifier: MIT
//
// `nif trace score --chip lan8720a`: a recording of MDIO judges the PHY model.

#include "tools/nif/nif.h"
#include "tools/nif/trace_more.h"

#include "sim/trace/score_mdio.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: nif trace score --chip lan8720a FILE [OPTION...]\n"
    "\n"
    "Drives the PHY model with the management frames of a trace and counts\n"
    "the bits that it returns as silicon did.\n"
    "\n"
    "  --stimuli FILE     when the cable was plugged in (default: FILE with\n"
    "                     -stimuli.txt in place of .trace; none: no cable)\n"
    "  --reset-us N       how long a reset of the model takes (default 100)\n"
    "  --json             for programs\n"
    "\n"
    "Exit: 0 all bits are right, 1 not, 2 usage or unreadable files.\n";

struct job {
    const char *file;
    const char *stimuli;
    bool json;
    struct sim_phy_cfg cfg;
};

static void print_text(const struct sim_score_mdio *score)
{
    printf("driven bits     %4u of %u right\n", score->all.right,
        score->all.total);
    for (int kind = 0; kind < SIM_MDIO_KINDS; kind++) {
        const struct sim_score_count *count = &score->kind[kind];

        if (count->total > 0) {
            printf("  %-13s %4u of %u\n",
                sim_mdio_kind_name((enum sim_mdio_kind)kind), count->right,
                count->total);
        }
    }
    if (score->differs) {
        printf("first difference: frame %" PRIu64 ", line %u: %s\n",
            score->first_index, score->first_line, score->first);
    } else {
        printf("first difference: none\n");
    }
    printf("complaints      %4u%s%s\n", score->complaints,
        score->complaints ? ", first: " : "", score->complaint);
}

static void print_json(const struct sim_score_mdio *score)
{
    printf("{\"driven\": {\"right\": %u, \"total\": %u}", score->all.right,
        score->all.total);
    for (int kind = 0; kind < SIM_MDIO_KINDS; kind++) {
        printf(", \"%s\": {\"right\": %u, \"total\": %u}",
            sim_mdio_kind_name((enum sim_mdio_kind)kind),
            score->kind[kind].right, score->kind[kind].total);
    }
    printf(", \"complaints\": %u, \"first\": ", score->complaints);
    if (score->differs) {
        printf("{\"frame\": %" PRIu64 ", \"line\": %u, \"text\": ",
            score->first_index, score->first_line);
        nif_trace_json_string(score->first);
        printf("}");
    } else {
        printf("null");
    }
    printf(", \"perfect\": %s}\n",
        sim_score_mdio_is_perfect(score) ? "true" : "false");
}

// Opens the stimuli; those that were not asked for need not be there.
static FILE *open_stimuli(const struct job *job, char name[4096])
{
    size_t len = strlen(job->file);
    FILE *in;

    if (len > 6 && strcmp(job->file + len - 6, ".trace") == 0) {
        len -= 6;
    }
    snprintf(name, 4096, "%.*s-stimuli.txt", (int)len, job->file);
    if (job->stimuli) {
        snprintf(name, 4096, "%s", job->stimuli);
    }
    in = fopen(name, "re");
    if (!in && job->stimuli) {
        fprintf(stderr, "nif: %s: %s\n", name, strerror(errno));
    }
    return in;
}

static int do_score(const struct job *job, const struct sim_recording *rec)
{
    static struct sim_score_mdio score;
    struct sim_csv_error error;
    struct sim_stimuli stimuli = { 0 };
    char name[4096];
    FILE *in = open_stimuli(job, name);
    bool good = in || !job->stimuli;

    if (in) {
        good = sim_stimuli_read(&stimuli, in, name, &error);
        fclose(in);
        if (!good) {
            fprintf(stderr, "nif: %s\n", error.text);
        }
    }
    if (!good) {
        return NIF_EXIT_USAGE;
    }
    sim_score_mdio(rec, &stimuli, &job->cfg, &score);
    sim_stimuli_done(&stimuli);
    if (score.all.total == 0) {
        fprintf(stderr, "nif: %s: no PHY has answered in it\n", job->file);
        return NIF_EXIT_USAGE;
    }
    (job->json ? print_json : print_text)(&score);
    return sim_score_mdio_is_perfect(&score) ? NIF_EXIT_PASS : NIF_EXIT_FAILED;
}

static int complain(const char *what, const char *which)
{
    fprintf(stderr, "nif: trace score: %s%s\n%s", what, which, help);
    return NIF_EXIT_USAGE;
}

// An option with a value.
static bool take(struct job *job, const char *name, const char *value)
{
    if (strcmp(name, "--stimuli") == 0) {
        job->stimuli = value;
        return true;
    }
    if (strcmp(name, "--reset-us") == 0) {
        job->cfg.reset_ns = strtoull(value, NULL, 10) * SIM_US;
        return job->cfg.reset_ns > 0;
    }
    return strcmp(name, "--chip") == 0; // known: it led here
}

static int parse(struct job *job, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(argv[i], "--json") == 0) {
            job->json = true;
        } else if (argv[i][0] != '-' && !job->file) {
            job->file = argv[i];
        } else if (!value || !take(job, argv[i++], value)) {
            return complain("what is ", argv[value ? i - 1 : i]);
        }
    }
    return job->file ? 0 : complain("no trace named", "");
}

int nif_trace_phy_main(int argc, char **argv)
{
    struct job job = { 0 };
    struct sim_recording rec;
    int code = parse(&job, argc, argv);

    if (code == 0 && !nif_trace_read_section(job.file, 1, NULL, &rec)) {
        code = NIF_EXIT_USAGE;
    }
    if (code == 0) {
        code = do_score(&job, &rec);
        sim_recording_done(&rec);
    }
    return code;
}
