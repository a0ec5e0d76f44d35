// SPDX-License-Identifier: MIT
//
// Captures through libpcap.

#include "tap/pcap.h"

#include "tap/loop.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAP_LEN 65535

// ---- a file that grows

struct tap_pcap {
    struct sim_cable_tap watch;
    struct sim_world *world;
    const char *path;
    pcap_t *dead;
    pcap_dumper_t *dumper;
    uint64_t count;
};

static void on_cable(void *arg, unsigned side, uint64_t sent_ns,
    const struct sim_frame *frame)
{
    struct tap_pcap *pcap = arg;
    struct pcap_pkthdr head = { 0 };

    (void)side;
    (void)sent_ns; // of two directions the ends are in order, not the starts
    if (frame->cut || !sim_fcs_good(frame->data, frame->len)) {
        return;
    }
    head.ts.tv_sec = (time_t)(pcap->world->now_ns / SIM_S);
    head.ts.tv_usec =
        (suseconds_t)(pcap->world->now_ns % SIM_S); // as asked: ns
    head.caplen = (bpf_u_int32)(frame->len - SIM_FCS);
    head.len = head.caplen;
    pcap_dump((u_char *)pcap->dumper, &head, frame->data);
    // A run that is killed leaves whole frames.
    pcap_dump_flush(pcap->dumper);
    pcap->count++;
}

struct tap_pcap *tap_pcap_create(const char *path, struct sim_cable *cable,
    char why[TAP_WHY])
{
    struct tap_pcap *pcap = calloc(1, sizeof(*pcap));

    NIF_ASSERT(pcap != NULL);
    pcap->path = path;
    pcap->world = cable->world;
    pcap->dead = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAP_LEN,
        PCAP_TSTAMP_PRECISION_NANO);
    pcap->dumper = pcap->dead ? pcap_dump_open(pcap->dead, path) : NULL;
    if (!pcap->dumper) {
        snprintf(why, TAP_WHY, "%s",
            pcap->dead ? pcap_geterr(pcap->dead) : "libpcap: no memory");
        if (pcap->dead) {
            pcap_close(pcap->dead);
        }
        free(pcap);
        return NULL;
    }
    pcap_dump_flush(pcap->dumper);
    pcap->watch = (struct sim_cable_tap){ .fn = on_cable, .arg = pcap };
    sim_cable_watch(cable, &pcap->watch);
    return pcap;
}

uint64_t tap_pcap_count(const struct tap_pcap *pcap)
{
    return pcap->count;
}

int tap_pcap_close(struct tap_pcap *pcap, char why[TAP_WHY])
{
    int bad = pcap_dump_flush(pcap->dumper) != 0 ||
        ferror(pcap_dump_file(pcap->dumper));

    if (bad) {
        snprintf(why, TAP_WHY, "%s: not all frames could be written: %s",
            pcap->path, strerror(errno));
    }
    pcap_dump_close(pcap->dumper);
    pcap_close(pcap->dead);
    free(pcap);
    return bad ? -1 : 0;
}

// ---- a file that is played

struct tap_pcap_player {
    struct sim_event event;
    struct tap_loop *loop;
    pcap_t *file;
    uint64_t start_ns; // the world's time of the first frame
    int64_t first_ns;  // the file's
    size_t len;
    uint8_t frame[TAP_FRAME_MAX];
    bool done;
    bool failed; // before its end
    const char *path;
};

static int64_t time_of(const struct pcap_pkthdr *head)
{
    return (int64_t)head->ts.tv_sec * (int64_t)SIM_S + head->ts.tv_usec;
}

// Reads frames until one is usable, and waits for its time.
static void play_next(struct tap_pcap_player *player)
{
    struct sim_world *world = player->loop->world;
    struct pcap_pkthdr *head;
    const u_char *data;
    uint64_t at_ns;
    int64_t after_ns;

    do {
        int got = pcap_next_ex(player->file, &head, &data);

        if (got != 1) {
            player->done = true;
            player->failed = got == PCAP_ERROR;
            return;
        }
    } while (head->caplen != head->len || head->len < 14 ||
        head->len > sizeof(player->frame));
    if (player->first_ns < 0) {
        player->first_ns = time_of(head);
    }
    after_ns = time_of(head) - player->first_ns;
    at_ns = player->start_ns + (after_ns > 0 ? (uint64_t)after_ns : 0);
    memcpy(player->frame, data, head->len);
    player->len = head->len;
    sim_event_at(world, &player->event,
        at_ns > world->now_ns ? at_ns : world->now_ns);
}

static void on_time(struct sim_event *event)
{
    struct tap_pcap_player *player =
        nif_container_of(event, struct tap_pcap_player, event);

    sim_impair_put(&player->loop->in, player->frame, player->len);
    player->loop->in_count++;
    play_next(player);
}

struct tap_pcap_player *tap_pcap_play(const char *path, struct tap_loop *loop,
    uint64_t start_ns, char why[TAP_WHY])
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *file = pcap_open_offline_with_tstamp_precision(path,
        PCAP_TSTAMP_PRECISION_NANO, error);
    struct tap_pcap_player *player;

    if (!file) { // of some errors libpcap says in which file
        bool named = strncmp(error, path, strlen(path)) == 0;

        snprintf(why, TAP_WHY, "%s%s%s", named ? "" : path, named ? "" : ": ",
            error);
        return NULL;
    }
    if (pcap_datalink(file) != DLT_EN10MB) {
        snprintf(why, TAP_WHY, "%s: its frames are %s, not Ethernet", path,
            pcap_datalink_val_to_description_or_dlt(pcap_datalink(file)));
        pcap_close(file);
        return NULL;
    }
    player = calloc(1, sizeof(*player));
    NIF_ASSERT(player != NULL);
    player->event.fn = on_time;
    player->loop = loop;
    player->file = file;
    player->path = path;
    player->start_ns = loop->world->now_ns + start_ns;
    player->first_ns = -1;
    play_next(player);
    return player;
}

bool tap_pcap_played(const struct tap_pcap_player *player)
{
    return player->done;
}

int tap_pcap_play_done(struct tap_pcap_player *player, char why[TAP_WHY])
{
    int result = player->failed ? -1 : 0;

    if (player->failed) {
        snprintf(why, TAP_WHY, "%s: %s", player->path,
            pcap_geterr(player->file));
    }
    sim_event_cancel(player->loop->world, &player->event);
    pcap_close(player->file);
    free(player);
    return result;
}

// ---- an interface of the host

struct live_end {
    struct tap_end end;
    pcap_t *pcap;
    int fd;
};

static struct live_end *of(struct tap_end *end)
{
    return nif_container_of(end, struct live_end, end);
}

static size_t live_fds(struct tap_end *end, struct pollfd *fds, size_t cap)
{
    if (cap == 0) {
        return 0;
    }
    fds[0] = (struct pollfd){ .fd = of(end)->fd, .events = POLLIN };
    return 1;
}

static void on_live(u_char *arg, const struct pcap_pkthdr *head,
    const u_char *frame)
{
    struct tap_end *end = (void *)arg;

    if (head->caplen == head->len) {
        tap_loop_in(end->loop, frame, head->len);
    }
}

static void live_ready(struct tap_end *end, const struct pollfd *fds, size_t n)
{
    if (n > 0 && (fds[0].revents & POLLIN)) {
        pcap_dispatch(of(end)->pcap, 64, on_live, (u_char *)end);
    }
}

static void live_send(struct tap_end *end, const uint8_t *frame, size_t len)
{
    if (pcap_inject(of(end)->pcap, frame, len) != (int)len) {
        end->lost++;
    }
}

static void live_close(struct tap_end *end)
{
    pcap_close(of(end)->pcap);
    free(of(end));
}

static const struct tap_end_ops live_ops = {
    .fds = live_fds,
    .ready = live_ready,
    .send = live_send,
    .close = live_close,
};

static const char *live_remedy(int err)
{
    switch (err) {
    case PCAP_ERROR_PERM_DENIED:
        return "; run as root, or give the program the right: setcap "
               "cap_net_raw,cap_net_admin=eip build/nif";
    case PCAP_ERROR_NO_SUCH_DEVICE: return "; `ip link` lists what there is";
    default: return "";
    }
}

struct tap_end *tap_live_open(const char *name, char why[TAP_WHY])
{
    char error[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(name, error);
    struct live_end *live;
    int err;

    if (!pcap) {
        snprintf(why, TAP_WHY, "--live %s: %s", name, error);
        return NULL;
    }
    pcap_set_snaplen(pcap, SNAP_LEN);
    pcap_set_promisc(pcap, 1);
    pcap_set_immediate_mode(pcap, 1);
    err = pcap_activate(pcap);
    if (err < 0 || pcap_datalink(pcap) != DLT_EN10MB) {
        snprintf(why, TAP_WHY, "--live %s: %s%s", name,
            err < 0 ? pcap_statustostr(err) : "not an Ethernet interface",
            live_remedy(err));
        pcap_close(pcap);
        return NULL;
    }
    pcap_setdirection(pcap, PCAP_D_IN);
    pcap_setnonblock(pcap, 1, error);
    live = calloc(1, sizeof(*live));
    NIF_ASSERT(live != NULL);
    live->end = (struct tap_end){ .ops = &live_ops, .name = "live" };
    live->pcap = pcap;
    live->fd = pcap_get_selectable_fd(pcap);
    return &live->end;
}

const char *tap_pcap_version(void)
{
    return pcap_lib_version();
}
