// SPDX-License-Identifier: MIT
//
// `nif trace minimise`: the least of a trace, or of a list of faults, that
// still makes a command fail. Delta debugging (Zeller and Hildebrandt 2002):
// pieces are left out, ever smaller ones, as long as the failure stays.

#include "tools/nif/nif.h"
#include "tools/nif/trace_more.h"

#include "sim/bus/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: nif trace minimise FILE -o OUT [OPTION...] -- COMMAND...\n"
    "\n"
    "Shrinks a trace, or a list of faults (sim/bus/fault.h, one a line), to\n"
    "what still makes COMMAND fail as it does with all of FILE: with the\n"
    "same exit code. {} in COMMAND stands for the file to try; without it the\n"
    "file is the last word. Header lines stay.\n"
    "\n"
    "  --runs N           run COMMAND at most so often (default 2000)\n"
    "  --time S           and for so long in all (default 300)\n"
    "  --run-time S       each run at most for so long (default 60)\n"
    "\n"
    "OUT has the best so far at any time; Ctrl-C ends early.\n"
    "\n"
    "Exit: 0 nothing more can be left out, 1 COMMAND does not fail, 2 usage\n"
    "or unreadable files, 124 ended early.\n";

struct job {
    const char *file;
    const char *out;
    char **command;
    unsigned long runs;
    double time_s;
    double run_time_s;
    // Lines of the file; those that can be left out are the units.
    char **line;
    size_t lines;
    bool *fixed; // of the header
    bool *kept;  // of the best so far
    bool *tried;
    size_t *unit; // lines that are left, `units` of them
    size_t units;
    int want; // exit code of the failure
    unsigned long run_count;
    double began_s;
    char path[64]; // of the file to try
    bool early;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// ---- files

static bool is_remark(const char *line)
{
    return line[0] == '#' || line[0] == '\n' || line[0] == '\r';
}

// A list of faults is known by its first fault.
static bool is_fault_list(const char *name)
{
    struct sim_fault fault;
    char text[256];
    FILE *in = fopen(name, "re");
    bool yes = false;

    while (in && fgets(text, sizeof(text), in)) {
        if (!is_remark(text)) {
            text[strcspn(text, "\r\n")] = '\0';
            yes = sim_fault_parse(text, &fault);
            break;
        }
    }
    if (in) {
        fclose(in);
    }
    return yes;
}

static FILE *open_file(const char *name)
{
    struct nif_trace_options o = { .file = { name },
        .files = 1,
        .quiet = true };

    return is_fault_list(name) ? fopen(name, "re") : nif_trace_open(&o);
}

static bool read_lines(struct job *job)
{
    FILE *in = open_file(job->file);
    char *text = NULL;
    size_t cap = 0;

    if (!in) {
        return false;
    }
    while (getline(&text, &cap, in) > 0) {
        job->line = realloc(job->line, (job->lines + 1) * sizeof(char *));
        NIF_ASSERT(job->line != NULL);
        job->line[job->lines] = strdup(text);
        NIF_ASSERT(job->line[job->lines] != NULL);
        job->lines++;
    }
    free(text);
    fclose(in);
    job->fixed = calloc(job->lines + 1, sizeof(bool));
    job->kept = calloc(job->lines + 1, sizeof(bool));
    job->tried = calloc(job->lines + 1, sizeof(bool));
    job->unit = calloc(job->lines + 1, sizeof(size_t));
    NIF_ASSERT(job->fixed && job->kept && job->tried && job->unit);
    for (size_t i = 0; i < job->lines; i++) {
        job->fixed[i] = is_remark(job->line[i]);
        job->kept[i] = true;
        if (!job->fixed[i]) {
            job->unit[job->units++] = i;
        }
    }
    return true;
}

static bool write_lines(const struct job *job, const char *path,
    const bool *which)
{
    FILE *out = fopen(path, "we");
    bool good = out != NULL;

    for (size_t i = 0; good && i < job->lines; i++) {
        if (job->fixed[i] || which[i]) {
            good = fputs(job->line[i], out) >= 0;
        }
    }
    if (out && fclose(out) != 0) {
        good = false;
    }
    if (!good) {
        fprintf(stderr, "nif: %s: %s\n", path, strerror(errno));
    }
    return good;
}

// ---- running the command

// A word of the command with the file in place of each {}.
static char *replaced(const char *word, const char *path, bool *used)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    NIF_ASSERT(out != NULL);
    while (*word) {
        if (strncmp(word, "{}", 2) == 0) {
            fputs(path, out);
            word += 2;
            *used = true;
        } else {
            fputc(*word++, out);
        }
    }
    fclose(out);
    return text;
}

static char **words_of(const struct job *job)
{
    size_t count = 0;
    bool used = false;
    char **words;

    while (job->command[count]) {
        count++;
    }
    words = calloc(count + 2, sizeof(char *));
    NIF_ASSERT(words != NULL);
    for (size_t i = 0; i < count; i++) {
        words[i] = replaced(job->command[i], job->path, &used);
    }
    if (!used) {
        words[count] = replaced(job->path, "", &used);
    }
    return words;
}

static void free_words(char **words)
{
    for (size_t i = 0; words[i]; i++) {
        free(words[i]);
    }
    free(words);
}

static bool is_over(const struct job *job)
{
    return interrupted || job->run_count >= job->runs ||
        now_s() - job->began_s > job->time_s;
}

// In a process group of its own, so that Ctrl-C is for us, and all of it can
// be ended.
static pid_t spawn(char **words)
{
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);

        setpgid(0, 0);
        signal(SIGINT, SIG_DFL);
        if (null >= 0) {
            dup2(null, STDIN_FILENO);
            dup2(null, STDOUT_FILENO);
            dup2(null, STDERR_FILENO);
        }
        execvp(words[0], words);
        _exit(127);
    }
    return pid;
}

// Its exit code, 128 and more if a signal ended it; -1 if it was ended here or
// could not be started.
static int wait_for(const struct job *job, pid_t pid)
{
    double until_s = now_s() + job->run_time_s;
    const struct timespec pause = { .tv_nsec = 1000000 };
    int status;

    for (;;) {
        pid_t done = waitpid(pid, &status, WNOHANG);

        if (done == pid) {
            return WIFEXITED(status) ? WEXITSTATUS(status)
                                     : 128 + WTERMSIG(status);
        }
        if (done < 0 || interrupted || now_s() > until_s) {
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
        nanosleep(&pause, NULL);
    }
}

static int run(struct job *job, const bool *which)
{
    char **words;
    pid_t pid;
    int code = -1;

    if (!write_lines(job, job->path, which)) {
        return -1;
    }
    words = words_of(job);
    pid = spawn(words);
    job->run_count++;
    if (pid > 0) {
        code = wait_for(job, pid);
    }
    free_words(words);
    return code;
}

// ---- delta debugging

// Does it still fail without units `from` to `to` - 1? Then they are gone.
static bool leave_out(struct job *job, size_t from, size_t to)
{
    memcpy(job->tried, job->kept, job->lines * sizeof(bool));
    for (size_t i = from; i < to; i++) {
        job->tried[job->unit[i]] = false;
    }
    if (run(job, job->tried) != job->want) {
        return false;
    }
    memcpy(job->kept, job->tried, job->lines * sizeof(bool));
    memmove(job->unit + from, job->unit + to,
        (job->units - to) * sizeof(size_t));
    job->units -= to - from;
    fprintf(stderr, "\r%zu lines left, %lu runs ", job->units, job->run_count);
    write_lines(job, job->out, job->kept);
    return true;
}

// Pieces of `size` units, each once. Returns whether any could go.
static bool try_pieces(struct job *job, size_t size)
{
    size_t at = 0;
    bool any = false;

    while (at < job->units && !is_over(job)) {
        size_t end = at + size < job->units ? at + size : job->units;

        if (leave_out(job, at, end)) {
            any = true;
        } else {
            at = end;
        }
    }
    return any;
}

static void shrink(struct job *job)
{
    size_t size = (job->units + 1) / 2;

    while (job->units > 0 && !is_over(job)) {
        bool any = try_pieces(job, size);

        if (size == 1 && !any) {
            break; // none of them can go: done
        }
        if (size > 1) {
            size = (size + 1) / 2;
        }
    }
    job->early = is_over(job);
}

// ---- the command line

static int complain(const char *what, const char *which)
{
    fprintf(stderr, "nif: trace minimise: %s%s\n%s", what, which, help);
    return NIF_EXIT_USAGE;
}

static bool take(struct job *job, const char *name, const char *value)
{
    double number;
    char *end;

    if (strcmp(name, "-o") == 0) {
        job->out = value;
        return true;
    }
    number = strtod(value, &end);
    if (end == value || *end != '\0' || !(number > 0 && number < 1e9)) {
        return false;
    }
    if (strcmp(name, "--runs") == 0) {
        job->runs = (unsigned long)number;
    } else if (strcmp(name, "--time") == 0) {
        job->time_s = number;
    } else if (strcmp(name, "--run-time") == 0) {
        job->run_time_s = number;
    } else {
        return false;
    }
    return true;
}

static int parse(struct job *job, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(argv[i], "--") == 0) {
            job->command = argv + i + 1;
            break;
        }
        if (argv[i][0] != '-' && !job->file) {
            job->file = argv[i];
        } else if (!value || !take(job, argv[i++], value)) {
            return complain("what is ", argv[value ? i - 1 : i]);
        }
    }
    if (!job->file || !job->out) {
        return complain(job->file ? "where to? -o OUT" : "which file?", "");
    }
    return job->command && job->command[0] ? 0
                                           : complain("-- which command?", "");
}

static int minimise(struct job *job)
{
    size_t all = job->units;

    job->began_s = now_s();
    job->want = run(job, job->kept);
    if (job->want <= 0 || job->want == 127) {
        fprintf(stderr, "nif: %s %s with all of %s\n", job->command[0],
            job->want == 0 ? "does not fail" : "does not run", job->file);
        return NIF_EXIT_FAILED;
    }
    if (!write_lines(job, job->out, job->kept)) {
        return NIF_EXIT_USAGE;
    }
    shrink(job);
    fprintf(stderr, "\r");
    printf("%s: %zu of %zu lines, %lu runs%s\n", job->out, job->units, all,
        job->run_count, job->early ? ", ended early" : "");
    return job->early ? NIF_EXIT_TIMEOUT : NIF_EXIT_PASS;
}

static void give_back(struct job *job)
{
    for (size_t i = 0; i < job->lines; i++) {
        free(job->line[i]);
    }
    free(job->line);
    free(job->fixed);
    free(job->kept);
    free(job->tried);
    free(job->unit);
}

int nif_trace_minimise_main(int argc, char **argv)
{
    struct job job = { .runs = 2000, .time_s = 300, .run_time_s = 60 };
    struct sigaction action = { .sa_handler = on_signal };
    int fd;
    int code;

    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return NIF_EXIT_PASS;
    }
    code = parse(&job, argc, argv);
    if (code != 0) {
        return code;
    }
    snprintf(job.path, sizeof(job.path), "/tmp/nif-minimise-XXXXXX");
    fd = mkostemp(job.path, O_CLOEXEC);
    if (fd < 0) {
        return complain("no file in /tmp: ", strerror(errno));
    }
    close(fd);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    code = read_lines(&job) ? minimise(&job) : NIF_EXIT_USAGE;
    unlink(job.path);
    give_back(&job);
    return code;
}
