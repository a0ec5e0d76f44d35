// SPDX-License-Identifier: MIT
//
// A private network namespace. A child process, the keeper, makes it,
// opens the interface, hands the descriptor over and then only waits: for
// its end of a socket to close, that is for this program to end, however it
// ends. It then ends who is still inside; with its last process the namespace
// goes, and all that is in it.

#include "tap/netns.h"

#include "sim/world.h"
#include "tap/device.h"
#include "tap/program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct netns_end {
    struct tap_end end;
    struct tap_end *device; // does the frames
    pid_t keeper;
    int sock;
    bool has_user;
    bool is_tap;
};

// What the keeper tells, beside the descriptor.
struct report {
    bool ok;
    bool has_user;
    bool is_tap;
    char why[TAP_WHY];
};

// ---- the keeper

static bool put_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

// Makes the namespaces; we are root in the new user namespace.
static bool unshare_both(struct report *report)
{
    char uid_map[40];
    char gid_map[40];

    snprintf(uid_map, sizeof(uid_map), "0 %u 1", (unsigned)geteuid());
    snprintf(gid_map, sizeof(gid_map), "0 %u 1", (unsigned)getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) {
        report->has_user = true;
        put_file("/proc/self/setgroups", "deny");
        return put_file("/proc/self/uid_map", uid_map) &&
            put_file("/proc/self/gid_map", gid_map);
    }
    return geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
}

static int make_interface(const char *host_addr, bool no_tun,
    struct report *report)
{
    char name[IFNAMSIZ] = "nif0";
    int fd = no_tun ? -1 : tap_device_fd(name);

    report->is_tap = fd >= 0;
    if (fd < 0 &&
        (tap_program_ip(report->why,
             "link add nif0 type veth peer name nif1") != 0 ||
            tap_program_ip(report->why, "link set nif1 up") != 0)) {
        return -1;
    }
    if (fd < 0) {
        tap_offloads_off("nif0");
        tap_offloads_off("nif1");
        fd = tap_packet_fd("nif1");
    }
    if (fd < 0) {
        snprintf(report->why, sizeof(report->why), "packet socket: %s",
            strerror(errno));
        return -1;
    }
    if (tap_program_ip(report->why, "link set lo up") != 0 ||
        tap_program_ip(report->why, "address add %s dev nif0", host_addr) !=
            0 ||
        tap_program_ip(report->why, "link set nif0 up") != 0) {
        return -1;
    }
    return fd;
}

static void hand_over(int sock, struct report *report, int fd)
{
    char control[CMSG_SPACE(sizeof(int))] = { 0 };
    struct iovec iov = { report, sizeof(*report) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

    if (fd >= 0) {
        struct cmsghdr *head = (struct cmsghdr *)(void *)control;

        msg.msg_control = control;
        msg.msg_controllen = sizeof(control);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &fd, sizeof(fd));
    }
    (void)sendmsg(sock, &msg, MSG_NOSIGNAL);
}

// Which network namespace a process ("self", "123") is in; 0: not known.
static ino_t namespace_of(const char *process)
{
    char path[64];
    struct stat st;

    snprintf(path, sizeof(path), "/proc/%.20s/ns/net", process);
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

// Sends a signal to all others in our namespace; returns how many.
static unsigned signal_others(int signo)
{
    ino_t own = namespace_of("self");
    unsigned count = 0;
    DIR *proc = opendir("/proc");
    struct dirent *entry;

    while (proc && (entry = readdir(proc)) != NULL) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);

        if (*end == '\0' && pid > 1 && pid != getpid() &&
            namespace_of(entry->d_name) == own &&
            kill((pid_t)pid, signo) == 0) {
            count++;
        }
    }
    if (proc) {
        closedir(proc);
    }
    return count;
}

// Shells that came in by nsenter, programs that the command has left behind.
static void clear_out(void)
{
    if (signal_others(SIGHUP) == 0) {
        return;
    }
    usleep(100000);
    for (int i = 0; i < 10 && signal_others(SIGKILL) > 0; i++) {
        usleep(20000);
    }
}

// Leaves nothing open but `*sock`, which moves, and the standard streams: a
// descriptor of another keeper's socket would keep that one waiting.
static void close_others(int *sock)
{
    if (*sock != 3) {
        dup2(*sock, 3);
        *sock = 3;
    }
    close_range(4, ~0u, 0);
}

NIF_NORETURN static void keep(int sock, const struct tap_netns_cfg *cfg)
{
    struct report report = { 0 };
    ino_t before = namespace_of("self");
    int fd = -1;
    char byte;

    close_others(&sock);
    prctl(PR_SET_NAME, "nif-netns");
    setpgid(0, 0); // a Ctrl-C is not for us
    if (unshare_both(&report)) {
        // Quiet: what the kernel says of itself is not asked for.
        put_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
        put_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
        fd = make_interface(cfg->host_addr, cfg->no_tun, &report);
    } else {
        snprintf(report.why, sizeof(report.why),
            "a private network namespace cannot be made: %s. Allow user "
            "namespaces (sysctl user.max_user_namespaces, "
            "kernel.unprivileged_userns_clone, AppArmor), run as root, or use "
            "--slirp",
            strerror(errno));
    }
    report.ok = fd >= 0;
    hand_over(sock, &report, fd);
    // Whoever reads our standard streams shall not wait for us.
    close(0);
    close(1);
    close(2);
    if (fd >= 0) {
        close(fd);
    }
    while (read(sock, &byte, 1) < 0 && errno == EINTR) {
        // Nothing is ever sent: it ends when the other side is closed.
    }
    if (before != 0 && namespace_of("self") != before) {
        clear_out();
    }
    _exit(0);
}

// ---- this side

static int take_over(int sock, struct report *report)
{
    char control[CMSG_SPACE(sizeof(int))] = { 0 };
    struct iovec iov = { report, sizeof(*report) };
    struct msghdr msg = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    struct cmsghdr *head;
    int fd = -1;

    if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*report)) {
        snprintf(report->why, sizeof(report->why),
            "the process that holds the network namespace has died");
        return -1;
    }
    head = CMSG_FIRSTHDR(&msg);
    if (report->ok && head && head->cmsg_type == SCM_RIGHTS) {
        memcpy(&fd, CMSG_DATA(head), sizeof(fd));
    }
    return fd;
}

static struct netns_end *of(struct tap_end *end)
{
    return nif_container_of(end, struct netns_end, end);
}

static size_t netns_fds(struct tap_end *end, struct pollfd *fds, size_t cap)
{
    struct tap_end *device = of(end)->device;

    device->loop = end->loop;
    return device->ops->fds(device, fds, cap);
}

static void netns_ready(struct tap_end *end, const struct pollfd *fds, size_t n)
{
    of(end)->device->ops->ready(of(end)->device, fds, n);
}

static void netns_send(struct tap_end *end, const uint8_t *frame, size_t len)
{
    struct tap_end *device = of(end)->device;

    device->ops->send(device, frame, len);
    end->lost = device->lost;
}

static void dismiss(pid_t keeper, int sock)
{
    close(sock);
    while (waitpid(keeper, NULL, 0) < 0 && errno == EINTR) {
        // It ends at once: its socket is closed.
    }
}

static void netns_close(struct tap_end *end)
{
    struct netns_end *ns = of(end);

    ns->device->ops->close(ns->device);
    dismiss(ns->keeper, ns->sock);
    free(ns);
}

static const struct tap_end_ops netns_ops = {
    .fds = netns_fds,
    .ready = netns_ready,
    .send = netns_send,
    .close = netns_close,
};

struct tap_end *tap_netns_open(const struct tap_netns_cfg *cfg,
    char why[TAP_WHY])
{
    struct report report = { 0 };
    struct netns_end *ns;
    int sock[2];
    pid_t keeper;
    int fd;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) != 0 ||
        (keeper = fork()) < 0) {
        snprintf(why, TAP_WHY, "no process: %s", strerror(errno));
        return NULL;
    }
    if (keeper == 0) {
        close(sock[0]);
        keep(sock[1], cfg);
    }
    close(sock[1]);
    fd = take_over(sock[0], &report);
    if (fd < 0) {
        dismiss(keeper, sock[0]);
        snprintf(why, TAP_WHY, "%s", report.why);
        return NULL;
    }
    ns = calloc(1, sizeof(*ns));
    NIF_ASSERT(ns != NULL);
    *ns = (struct netns_end){
        .end = { .ops = &netns_ops, .name = "netns" },
        .device = tap_device_end(fd, "nif0"),
        .keeper = keeper,
        .sock = sock[0],
        .has_user = report.has_user,
        .is_tap = report.is_tap,
    };
    return &ns->end;
}

// ---- inside

static bool join_namespace(pid_t keeper, const char *kind, int type)
{
    char path[64];
    int fd;
    bool ok;

    snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)keeper, kind);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ok = fd >= 0 && setns(fd, type) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

NIF_NORETURN static void run_inside(const struct netns_end *ns,
    char *const argv[], int out_fd)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if ((ns->has_user && !join_namespace(ns->keeper, "user", CLONE_NEWUSER)) ||
        !join_namespace(ns->keeper, "net", CLONE_NEWNET)) {
        fprintf(stderr, "nif: cannot enter the namespace: %s\n",
            strerror(errno));
        _exit(126);
    }
    if (out_fd >= 0) {
        dup2(out_fd, STDOUT_FILENO);
    }
    execvp(argv[0], argv);
    fprintf(stderr, "nif: %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

pid_t tap_netns_spawn(struct tap_end *end, char *const argv[], int out_fd,
    char why[TAP_WHY])
{
    pid_t pid = fork();

    if (pid < 0) {
        snprintf(why, TAP_WHY, "%s: no process: %s", argv[0], strerror(errno));
    }
    if (pid == 0) {
        run_inside(of(end), argv, out_fd);
    }
    return pid;
}

pid_t tap_netns_pid(const struct tap_end *end)
{
    return ((const struct netns_end *)(const void *)end)->keeper;
}

int tap_netns_fd(const struct tap_end *end)
{
    return tap_device_end_fd(((const struct netns_end *)(const void *)end)
                                 ->device);
}

bool tap_netns_has_user(const struct tap_end *end)
{
    return ((const struct netns_end *)(const void *)end)->has_user;
}

const char *tap_netns_kind(const struct tap_end *end)
{
    return ((const struct netns_end *)(const void *)end)->is_tap ? "tap"
                                                                 : "veth";
}
