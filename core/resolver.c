// SPDX-License-Identifier: MIT
//
// Looking a name up, and the resolver inside a chip. The one that asks DNS
// servers is in a file of its own, so that it is linked only when named.

#include "nif/net.h"

static int chip_start(struct nif_resolver *r, const char *host,
    enum nif_ip_family family)
{
    r->host = family == NIF_IPV6 ? NULL : host;
    return r->host != NULL ? 0 : NIF_ENOTSUP;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
static int ask(struct nif_resolver *r, struct nif_ip *out, uint64_t *again_us)
{
    (void)again_us; // the chip's answer ends the wait
    return r->host != NULL ? r->stack->ops->lookup(r->stack, r->host, out)
                           : NIF_EINVAL;
}

static void chip_stop(struct nif_resolver *r)
{
    r->host = NULL;
}

static const struct nif_resolver_ops chip_ops = {
    .start = chip_start,
    .poll = ask,
    .stop = chip_stop,
};

int nif_chip_resolver_init(struct nif_resolver *r, struct nif_stack *stack)
{
    *r = (struct nif_resolver){ .ops = &chip_ops, .stack = stack };
    return stack->ops->lookup != NULL ? 0 : NIF_ENOTSUP;
}

// A lookup is a job while it runs: so its own times are kept.
struct lookup {
    struct nif_job job;
    struct nif_resolver *r;
    struct nif_ip *out;
    int result;
};

static uint64_t poll(struct nif_job *job)
{
    struct lookup *l = nif_container_of(job, struct lookup, job);
    uint64_t again_us = NIF_NEVER;

    if (l->result == NIF_EAGAIN) {
        l->result = l->r->ops->poll(l->r, l->out, &again_us);
    }
    return again_us;
}

static int try_lookup(void *arg)
{
    const struct lookup *l = arg;

    return l->result;
}

int nif_lookup(struct nif_resolver *r, const char *host,
    enum nif_ip_family family, struct nif_ip *out, uint64_t until_us)
{
    struct lookup l = { { .poll = poll }, r, out, NIF_EAGAIN };
    int err;

    if (nif_ip_parse(host, out) == 0) {
        return family == NIF_IP_NONE || family == out->family ? 0
                                                              : NIF_ENOTFOUND;
    }
    err = r->ops->start(r, host, family);
    if (err == 0) {
        nif_job_add(r->stack, &l.job);
        err = nif_wait_for(r->stack, try_lookup, &l, until_us);
        nif_job_remove(r->stack, &l.job);
        r->ops->stop(r);
    }
    return err;
}
