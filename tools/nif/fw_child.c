// SPDX-License-Identifier: MIT
//
// Starting and ending programs.

#include "tools/nif/fw_child.h"
#include "tools/nif/nif.h"

#include "nif/base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 5

NIF_NORETURN static void become(const struct nif_fw_spawn *how, pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, how->apart ? SIGKILL : SIGTERM);
    if (getppid() != parent) {
        _exit(1);
    }
    if (how->apart) {
        int null = open("/dev/null", O_RDONLY);

        setpgid(0, 0);
        dup2(null, STDIN_FILENO);
    }
    if (how->err_fd > 0) {
        dup2(how->err_fd, STDERR_FILENO);
    }
    if (how->keep_fd > 0) {
        fcntl(how->keep_fd, F_SETFD, 0);
    }
    if (!how->folder || chdir(how->folder) == 0) {
        execv(how->path, how->argv);
    }
    fprintf(stderr, "nif: %s: %s\n", how->path, strerror(errno));
    _exit(127);
}

int nif_fw_spawn(struct nif_fw_child *child, const struct nif_fw_spawn *how)
{
    pid_t self = getpid();
    pid_t pid = fork();

    if (pid < 0) {
        fprintf(stderr, "nif: %s: no process: %s\n", child->name,
            strerror(errno));
        return NIF_EXIT_FAILED;
    }
    if (pid == 0) {
        become(how, self);
    }
    child->pid = pid;
    return 0;
}

bool nif_fw_child_ended(struct nif_fw_child *child)
{
    int status;

    if (child->pid <= 0 || waitpid(child->pid, &status, WNOHANG) == 0) {
        return false;
    }
    child->pid = 0;
    child->code =
        WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

void nif_fw_child_end(struct nif_fw_child *child, int signo, unsigned ms)
{
    for (unsigned at = 0; child->pid > 0 && !nif_fw_child_ended(child);
         at += LOOK_MS) {
        if (at == 0) {
            kill(child->pid, signo);
        } else if (at >= ms) {
            kill(child->pid, SIGKILL);
        }
        usleep(LOOK_MS * 1000);
    }
}
