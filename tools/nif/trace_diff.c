// SPDX-License-Identifier: MIT
//
// `nif trace diff`: where two traces first mean something different.

#include "tools/nif/nif.h"
#include "tools/nif/trace_more.h"

#include "sim/trace/diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: nif trace diff A B [OPTION...]\n"
    "\n"
    "Compares two traces by their meaning, bus by bus, and shows the first\n"
    "difference with what is around it, in the words of the data sheet. Poll\n"
    "loops count as their last turn. Times are told, not compared.\n"
    "\n"
    "  --times            times are compared, too\n"
    "  --tolerance NS     and may deviate so much (default 0)\n"
    "  --exact            each turn of a poll loop counts\n"
    "  --chip NAME        on the SPI bus of captures\n"
    "  --section N        section of both files (default 1)\n"
    "  --json             for programs\n"
    "\n"
    "Exit: 0 equal, 1 different, 2 usage or unreadable files.\n";

struct job {
    const char *file[2];
    const char *chip;
    unsigned section;
    bool json;
    struct sim_diff_cfg cfg;
};

static const char side_name[2] = { 'A', 'B' };

// ---- text

static void print_event(const char *mark, const struct sim_diff_event *event)
{
    if (!event->there) {
        printf("  %s  nothing more\n", mark);
        return;
    }
    printf("  %s %6" PRIu64 " %14.6f ms  %s\n", mark, event->index,
        (double)event->at_ns / 1e6, event->text);
}

static void print_rejoin(const size_t skip[2])
{
    if (skip[0] == SIZE_MAX) {
        printf("they do not soon become alike again\n");
    } else if (skip[0] == 0 || skip[1] == 0) {
        size_t more = skip[0] + skip[1];

        printf("%c has %zu more here, then both go on alike\n",
            side_name[skip[0] == 0], more);
    } else {
        printf("%zu of A, %zu of B, then both go on alike\n", skip[0], skip[1]);
    }
}

static void print_difference(const struct sim_diff *diff)
{
    printf("first difference on %s", diff->where);
    for (size_t s = 0; s < 2; s++) {
        if (diff->side[s].at.there) {
            printf(", %c line %u", side_name[s], diff->side[s].at.line);
        }
    }
    printf("%s%s\n", diff->what[0] ? ": " : "", diff->what);
    for (size_t i = 0; i < SIM_DIFF_BEFORE; i++) {
        if (diff->before[i].there) {
            print_event(" ", &diff->before[i]);
        }
    }
    for (size_t s = 0; s < 2; s++) {
        const struct sim_diff_side *side = &diff->side[s];
        char mark[2] = { side_name[s], '\0' };

        print_event(mark, &side->at);
        for (size_t i = 0; i < SIM_DIFF_AFTER; i++) {
            if (side->after[i].there) {
                print_event(" ", &side->after[i]);
            }
        }
    }
    print_rejoin(diff->skip);
}

static void print_text(const struct sim_diff *diff)
{
    if (diff->differs) {
        print_difference(diff);
    } else {
        printf("equal: %zu events\n", diff->events);
    }
    if (diff->side[0].turns + diff->side[1].turns > 0) {
        printf("poll loops: %zu transactions left out of A, %zu of B\n",
            diff->side[0].turns, diff->side[1].turns);
    }
    if (diff->deviation_ns > 0) {
        printf("times: at most %" PRIu64 " ns apart, at %" PRIu64 " of %s\n",
            diff->deviation_ns, diff->deviation_index, diff->deviation_where);
    }
    if (diff->alone[0]) {
        printf("not compared: %s\n", diff->alone);
    }
}

// ---- JSON

static void print_json_event(const struct sim_diff_event *event)
{
    if (!event->there) {
        printf("null");
        return;
    }
    printf("{\"index\": %" PRIu64 ", \"line\": %u, \"time_ns\": %" PRIu64
           ", \"text\": ",
        event->index, event->line, event->at_ns);
    nif_trace_json_string(event->text);
    printf("}");
}

static void print_json(const struct sim_diff *diff)
{
    printf("{\"equal\": %s, \"events\": %zu, \"turns\": [%zu, %zu], "
           "\"deviation_ns\": %" PRIu64 ", \"first\": ",
        diff->differs ? "false" : "true", diff->events, diff->side[0].turns,
        diff->side[1].turns, diff->deviation_ns);
    if (!diff->differs) {
        printf("null}\n");
        return;
    }
    printf("{\"where\": ");
    nif_trace_json_string(diff->where);
    printf(", \"what\": ");
    nif_trace_json_string(diff->what);
    printf(", \"a\": ");
    print_json_event(&diff->side[0].at);
    printf(", \"b\": ");
    print_json_event(&diff->side[1].at);
    printf("}}\n");
}

// ---- the command

static int complain(const char *what, const char *which)
{
    fprintf(stderr, "nif: trace diff: %s%s\n%s", what, which, help);
    return NIF_EXIT_USAGE;
}

static bool get_number(const char *text, uint64_t *value)
{
    char *end;

    *value = text ? strtoull(text, &end, 10) : 0;
    return text && text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

// One option. Returns how many words it has; 0 if it is none.
static int take(struct job *job, const char *name, const char *value)
{
    struct {
        const char *name;
        bool *flag;
    } flags[] = {
        { "--json", &job->json },
        { "--times", &job->cfg.times },
        { "--exact", &job->cfg.exact },
    };
    uint64_t number;

    for (size_t i = 0; i < nif_countof(flags); i++) {
        if (strcmp(name, flags[i].name) == 0) {
            *flags[i].flag = true;
            return 1;
        }
    }
    if (value && strcmp(name, "--chip") == 0) {
        job->chip = value;
        return 2;
    }
    if (!get_number(value, &number)) {
        return 0;
    }
    if (strcmp(name, "--tolerance") == 0) {
        job->cfg.tolerance_ns = number;
        return 2;
    }
    job->section = (unsigned)number;
    return strcmp(name, "--section") == 0 && number > 0 ? 2 : 0;
}

static int parse(struct job *job, int argc, char **argv)
{
    size_t files = 0;

    for (int i = 1; i < argc;) {
        int words = 1;

        if (argv[i][0] == '-') {
            words = take(job, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        } else if (files < 2) {
            job->file[files++] = argv[i];
        } else {
            words = 0;
        }
        if (words == 0) {
            return complain("what is ", argv[i]);
        }
        i += words;
    }
    return files == 2 ? 0 : complain("two traces, please", "");
}

int nif_trace_diff_main(int argc, char **argv)
{
    static struct sim_diff diff;
    struct job job = { .section = 1 };
    struct sim_recording rec[2];
    int code;

    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return NIF_EXIT_PASS;
    }
    code = parse(&job, argc, argv);
    if (code != 0) {
        return code;
    }
    if (!nif_trace_read_section(job.file[0], job.section, job.chip, &rec[0])) {
        return NIF_EXIT_USAGE;
    }
    if (!nif_trace_read_section(job.file[1], job.section, job.chip, &rec[1])) {
        sim_recording_done(&rec[0]);
        return NIF_EXIT_USAGE;
    }
    sim_diff(&rec[0], &rec[1], &job.cfg, &diff);
    (job.json ? print_json : print_text)(&diff);
    sim_recording_done(&rec[0]);
    sim_recording_done(&rec[1]);
    return diff.differs ? NIF_EXIT_FAILED : NIF_EXIT_PASS;
}
