// SPDX-License-Identifier: MIT
//
// Race search: the cable is pulled and comes back, another partner comes, the
// PHY resets itself, a frame comes, at every strike point (each MDIO frame and
// each call of the MAC) of bring-up, of the link's coming, of receiving and
// sending, one at a time. Each time traffic must flow again, at the right
// speed and duplex.
//
// NIF_RACE=link/bring-up/17 runs just that point.

#include "bench.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// A look each tenth of a second, a restart, negotiation; twice, if the first
// was disturbed.
#define RECOVERY_US 5000000u

enum kind {
    KIND_LINK,
    KIND_BLINK,
    KIND_PARTNER,
    KIND_RESET,
    KIND_FRAME,
    KINDS,
};

enum phase {
    PHASE_BRING_UP,
    PHASE_LINK,
    PHASE_TRAFFIC,
    PHASES,
};

static const char *const kind_names[] = { "link", "blink", "partner", "reset",
    "frame" };
static const char *const phase_names[] = { "bring-up", "link", "traffic" };

struct race {
    struct bench bench;
    struct sim_event strike;
    struct sim_event replug;
    enum kind kind;
    bool struck;
};

static void on_replug(struct sim_event *event)
{
    struct race *race = nif_container_of(event, struct race, replug);

    sim_cable_plug(&race->bench.cable, true);
}

static void on_strike(struct sim_event *event)
{
    static const struct sim_phy_partner half = { .page = 0x8021 };
    struct race *race = nif_container_of(event, struct race, strike);
    struct bench *b = &race->bench;

    race->struck = true;
    switch (race->kind) {
    case KIND_LINK:
        sim_cable_plug(&b->cable, false);
        sim_event_at(&b->world, &race->replug, b->world.now_ns + 3 * SIM_MS);
        break;
    case KIND_BLINK:
        sim_cable_plug(&b->cable, false);
        sim_cable_plug(&b->cable, true);
        break;
    case KIND_PARTNER:
        sim_mac_partner(&b->mac, &half);
        b->nic.full_duplex = false;
        break;
    case KIND_RESET: bench_poke(b, 0, 0x8000); break;
    case KIND_FRAME: bench_card_send(b, 999, 100); break;
    case KINDS: break;
    }
}

// The part of a run in which the strike comes.
static bool run_phase(struct bench *b, enum phase phase)
{
    bool ok = true;

    switch (phase) {
    case PHASE_BRING_UP: {
        int err = nif_iface_start(b->iface);

        // A PHY that resets itself meanwhile may not be there for it.
        ok = err == 0 || nif_iface_start(b->iface) == 0;
        break;
    }
    case PHASE_LINK: bench_run(b, 1800000); break;
    case PHASE_TRAFFIC:
        bench_card_send(b, 1, 100);
        (void)bench_send(b, 2, 1000);
        (void)bench_send(b, 3, 100);
        bench_run(b, 110000);
        break;
    case PHASES: break;
    }
    return ok;
}

// What is wrong after the strike; NULL if nothing.
static const char *verdict(struct race *race, enum phase phase)
{
    struct bench *b = &race->bench;

    if (race->kind == KIND_FRAME && phase == PHASE_TRAFFIC) {
        bench_run(b, 1000);
        if (b->board_count != 2 || b->card_count != 2) {
            return "a frame was lost";
        }
    }
    if (!bench_traffic(b, RECOVERY_US)) {
        return "no traffic afterwards";
    }
    bench_run(b, 2200000); // a link that blinked, or a restart, may follow
    if (!bench_run_to_link(b, true, RECOVERY_US)) {
        return "no link afterwards";
    }
    if (b->mac.is_100 != b->phy.is_100 ||
        b->mac.nic.full_duplex != b->phy.full) {
        return "not the speed and duplex of the PHY";
    }
    if (!bench_traffic(b, 10000)) {
        return "traffic, but not for long";
    }
    if (b->mac.rx_noise + b->mac.tx_noise + b->mac.nic.late > 0 &&
        race->kind != KIND_PARTNER) {
        return "frames at a wrong speed";
    }
    return b->slowest_ns > 2 * SIM_MS ? "a call took longer than 2 ms" : NULL;
}

static void ignore(void *arg, uint64_t at_ns, const char *who, const char *what)
{
    (void)arg;
    (void)at_ns;
    (void)who;
    (void)what;
}

// One run with a strike at point `index` of the phase, UINT64_MAX: none.
// `*points` is how many the phase has. Returns what is wrong, or NULL.
static const char *run(enum kind kind, enum phase phase, uint64_t index,
    uint64_t *points)
{
    static struct race race;
    struct bench *b = &race.bench;
    const char *wrong = NULL;
    unsigned complaints;
    uint64_t first;

    race = (struct race){
        .strike.fn = on_strike,
        .replug.fn = on_replug,
        .kind = kind,
    };
    bench_open(b, NULL);
    b->world.on_complaint = ignore;
    if (phase != PHASE_BRING_UP) {
        assert_int_equal(nif_iface_start(b->iface), 0);
    }
    if (phase == PHASE_TRAFFIC) {
        assert_true(bench_run_to_link(b, true, 3000000));
    }
    first = b->world.strike_count;
    if (index != UINT64_MAX) {
        sim_strike_at(&b->world, first + index, &race.strike);
    }
    if (!run_phase(b, phase)) {
        wrong = "the phase failed";
    }
    *points = b->world.strike_count - first;
    if (!wrong && index != UINT64_MAX) {
        wrong =
            race.struck ? verdict(&race, phase) : "the phase has no such point";
    }
    sim_event_cancel(&b->world, &race.replug);
    complaints = b->world.complaints;
    b->world.complaints = 0;
    bench_close(b);
    // Who resets itself is written to at that time, through no fault of ours.
    if (!wrong && kind != KIND_RESET && complaints > 0) {
        wrong = "a model complained";
    }
    return wrong;
}

static unsigned search(enum kind kind, enum phase phase)
{
    unsigned failures = 0;
    uint64_t points;
    uint64_t ignored;

    (void)run(kind, phase, UINT64_MAX, &points);
    assert_in_range(points, 10, 1000);
    for (uint64_t i = 0; i < points; i++) {
        const char *wrong = run(kind, phase, i, &ignored);

        if (wrong) {
            printf("NIF_RACE=%s/%s/%" PRIu64 ": %s\n", kind_names[kind],
                phase_names[phase], i, wrong);
            failures++;
        }
    }
    return failures;
}

static void traffic_flows_again_after_a_strike_anywhere(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (enum kind kind = 0; kind < KINDS; kind++) {
        for (enum phase phase = 0; phase < PHASES; phase++) {
            failures += search(kind, phase);
        }
    }
    assert_int_equal(failures, 0);
}

// Runs the point "link/bring-up/17". Returns the exit code.
static int run_one(const char *text)
{
    for (enum kind kind = 0; kind < KINDS; kind++) {
        for (enum phase phase = 0; phase < PHASES; phase++) {
            char head[40];
            uint64_t points;
            const char *wrong;
            int len = snprintf(head, sizeof(head), "%s/%s/", kind_names[kind],
                phase_names[phase]);

            if (strncmp(text, head, (size_t)len) == 0) {
                wrong =
                    run(kind, phase, strtoull(text + len, NULL, 10), &points);
                printf("NIF_RACE=%s: %s\n", text, wrong ? wrong : "well");
                return wrong != NULL;
            }
        }
    }
    fprintf(stderr, "NIF_RACE=%s: write it as link/bring-up/17\n", text);
    return 2;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traffic_flows_again_after_a_strike_anywhere),
    };
    const char *point = getenv("NIF_RACE");

    if (point) {
        return run_one(point);
    }
    return cmocka_run_group_tests_name("lan8720 race", tests, NULL, NULL);
}
