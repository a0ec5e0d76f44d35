// SPDX-License-Identifier: MIT
//
// Replays the host's side of a capture to a model and compares.

#include "sim/trace/score.h"

#include "sim/chips/enc28j60.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BYTE_NS   494 // eight bits at the capture's 16.2 MHz
#define SPARE_NS  500 // at most so much before the first and after the last
#define FRAME_MIN 60
#define TAIL_NS   (5 * SIM_MS) // a frame may still be on the wire at the end

struct run {
    struct sim_world world;
    struct sim_enc28j60 chip;
    struct sim_cable cable;
    struct sim_port partner;
    struct sim_event event;
    const struct sim_stimuli *stimuli;
    size_t next; // stimulus
    struct sim_enc_decoder decoder;
    struct sim_score *score;
};

// ---- the partner: keeps what the model sends

static void partner_link(struct sim_port *port, bool up)
{
    (void)port;
    (void)up;
}

static void partner_rx_end(struct sim_port *port, const struct sim_frame *frame)
{
    struct run *run = nif_container_of(port, struct run, partner);
    struct sim_score *score = run->score;
    struct sim_score_frame *to;

    if (score->got_count == SIM_SCORE_FRAMES) {
        return;
    }
    to = &score->got[score->got_count++];
    to->len = frame->len;
    memcpy(to->data, frame->data, frame->len);
}

static void partner_tx_end(struct sim_port *port)
{
    (void)port;
}

static const struct sim_port_ops partner_ops = {
    .link = partner_link,
    .rx_end = partner_rx_end,
    .tx_end = partner_tx_end,
};

// ---- what the capture itself says is sent

static void on_frame(void *arg, bool sent, const uint8_t *frame, size_t len)
{
    struct sim_score *score = arg;
    struct sim_score_frame *to;

    if (!sent || score->want_count == SIM_SCORE_FRAMES ||
        len > SIM_FRAME_MAX - SIM_FCS) {
        return;
    }
    to = &score->want[score->want_count++];
    memset(to->data, 0, FRAME_MIN);
    memcpy(to->data, frame, len);
    to->len = sim_fcs_put(to->data, len < FRAME_MIN ? FRAME_MIN : len);
}

// ---- stimuli

static void apply(struct run *run, const struct sim_stimulus *item)
{
    struct sim_port *port = &run->chip.port;

    if (item->kind == SIM_STIMULUS_RX) {
        port->ops->rx_begin(port);
        port->ops->rx_end(port,
            &(struct sim_frame){ .data = item->frame, .len = item->len });
    } else if (!run->cable.port[0]) {
        sim_cable_join(&run->cable, port, &run->partner);
    } else {
        sim_cable_plug(&run->cable, item->kind == SIM_STIMULUS_LINK_UP);
    }
}

static void arm(struct run *run)
{
    if (run->next < run->stimuli->count) {
        sim_event_at(&run->world, &run->event,
            run->stimuli->item[run->next].at_ns);
    }
}

static void on_stimulus(struct sim_event *event)
{
    struct run *run = nif_container_of(event, struct run, event);

    apply(run, &run->stimuli->item[run->next++]);
    arm(run);
}

static void on_complaint(void *arg, uint64_t at_ns, const char *who,
    const char *what)
{
    struct sim_score *score = arg;

    if (score->complaints++ == 0) {
        snprintf(score->complaint, sizeof(score->complaint),
            "[%" PRIu64 " ns] %s: %s", at_ns, who, what);
    }
}

// ---- the host's side

static void compare(struct run *run, const struct sim_csv_txn *txn,
    const uint8_t *kind, const int *model)
{
    struct sim_enc_txn seen = { txn->mosi, txn->miso, txn->len };
    struct sim_score *score = run->score;

    for (size_t i = 0; i < txn->len; i++) {
        bool right =
            model[i] >= 0 && ((model[i] ^ txn->miso[i]) & txn->mask[i]) == 0;

        if (txn->mask[i] == 0) {
            continue;
        }
        score->all.total++;
        score->all.right += right;
        score->kind[kind[i]].total++;
        score->kind[kind[i]].right += right;
        if (!right && !score->differs) {
            score->differs = true;
            score->first_index = txn->index;
            score->first_byte = i;
            sim_enc_differ(&run->decoder, &seen, i, model[i], score->first,
                sizeof(score->first));
        }
    }
}

// When byte `i` begins: bytes at an even pace, between two margins.
static uint64_t begin_ns(const struct sim_csv_txn *txn, size_t i)
{
    uint64_t span_ns = txn->rise_ns - txn->fall_ns;
    uint64_t need_ns = txn->len * BYTE_NS;
    uint64_t slack_ns = span_ns > need_ns ? span_ns - need_ns : 0;
    uint64_t lead_ns = slack_ns / 4 < SPARE_NS ? slack_ns / 4 : SPARE_NS;
    uint64_t hold_ns = slack_ns / 2 < SPARE_NS ? slack_ns / 2 : SPARE_NS;
    uint64_t last_ns = span_ns > lead_ns + hold_ns + BYTE_NS
        ? span_ns - lead_ns - hold_ns - BYTE_NS
        : 0;

    return txn->fall_ns + lead_ns +
        (txn->len > 1 ? last_ns * i / (txn->len - 1) : 0);
}

static void drive(struct run *run, const struct sim_csv_txn *txn, int *model)
{
    struct sim_spi_chip *chip = &run->chip.spi;

    sim_run_until(&run->world, txn->fall_ns);
    chip->ops->select(chip);
    for (size_t i = 0; i < txn->len; i++) {
        sim_run_until(&run->world, begin_ns(txn, i));
        model[i] = chip->ops->exchange(chip, txn->mosi[i]);
    }
    sim_run_until(&run->world, txn->rise_ns);
    chip->ops->release(chip);
}

static void play(struct run *run, const struct sim_csv_txn *txn)
{
    struct sim_enc_txn seen = { txn->mosi, txn->miso, txn->len };
    struct sim_enc_decoder *before = malloc(sizeof(*before));
    int *model = malloc((txn->len + 1) * sizeof(*model));
    uint8_t *kind = malloc(txn->len + 1);
    char text[160];

    NIF_ASSERT(before && model && kind);
    drive(run, txn, model);
    // The words for a difference need the state before this transaction.
    *before = run->decoder;
    before->on_frame = NULL;
    sim_enc_decode(before, &seen, kind, text, sizeof(text));
    compare(run, txn, kind, model);
    sim_enc_decode(&run->decoder, &seen, NULL, text, sizeof(text));
    free(kind);
    free(model);
    free(before);
}

// ---- the whole

static void begin(struct run *run, const struct sim_stimuli *stimuli,
    struct sim_score *score)
{
    run->stimuli = stimuli;
    run->score = score;
    sim_world_init(&run->world, 1);
    run->world.on_complaint = on_complaint;
    run->world.complaint_arg = score;
    sim_enc28j60_init(&run->chip, &run->world,
        &(struct sim_enc28j60_cfg){
            .errata_off = SIM_ENC28J60_ERRATA_CHANCE,
            .link_ns = 1,
        });
    run->chip.spi.hz = (uint32_t)(8 * SIM_S / BYTE_NS);
    run->chip.spi.byte_ns = BYTE_NS;
    sim_cable_init(&run->cable, &run->world, 10000000);
    run->partner.ops = &partner_ops;
    run->partner.name = "partner";
    run->event.fn = on_stimulus;
    sim_enc_decode_init(&run->decoder);
    run->decoder.on_frame = on_frame;
    run->decoder.arg = score;
    arm(run);
}

static void count_frames(struct sim_score *score)
{
    for (unsigned i = 0; i < score->want_count && i < score->got_count; i++) {
        const struct sim_score_frame *want = &score->want[i];
        const struct sim_score_frame *got = &score->got[i];

        score->same_count += want->len == got->len &&
            memcmp(want->data, got->data, want->len) == 0;
    }
}

void sim_score_enc28j60(const struct sim_csv *csv,
    const struct sim_stimuli *stimuli, struct sim_score *score)
{
    struct run *run = calloc(1, sizeof(*run));

    NIF_ASSERT(run != NULL);
    memset(score, 0, sizeof(*score));
    begin(run, stimuli, score);
    for (size_t i = 0; i < csv->count; i++) {
        play(run, &csv->txn[i]);
    }
    sim_run_until(&run->world, run->world.now_ns + TAIL_NS);
    count_frames(score);
    sim_enc28j60_done(&run->chip);
    sim_cable_done(&run->cable);
    sim_world_done(&run->world);
    free(run);
}

bool sim_score_is_perfect(const struct sim_score *score)
{
    return score->all.total > 0 && score->all.right == score->all.total &&
        score->same_count == score->want_count &&
        score->got_count == score->want_count && score->complaints == 0;
}
