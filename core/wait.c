// SPDX-License-Identifier: MIT
//
// Turns of a stack with its jobs, and the one loop that waits.

#include "nif/net.h"

void nif_job_add(struct nif_stack *stack, struct nif_job *job)
{
    struct nif_job **at = &stack->jobs;

    while (*at != NULL) {
        NIF_ASSERT(*at != job);
        at = &(*at)->next;
    }
    job->next = NULL;
    *at = job;
}

void nif_job_remove(struct nif_stack *stack, struct nif_job *job)
{
    struct nif_job **at = &stack->jobs;

    while (*at != NULL && *at != job) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = job->next;
    }
    if (stack->next_job == job) { // it would have been next
        stack->next_job = job->next;
    }
}

uint64_t nif_poll_all(struct nif_stack *stack)
{
    uint64_t again_us = nif_stack_poll(stack);
    struct nif_job *job;

    stack->polling = true;
    stack->next_job = stack->jobs;
    while ((job = stack->next_job) != NULL) {
        uint64_t job_us;

        stack->next_job = job->next; // it may take itself away, or that one
        job_us = job->poll(job);
        again_us = job_us < again_us ? job_us : again_us;
    }
    stack->polling = false;
    return again_us;
}

int nif_wait_for(struct nif_stack *stack, nif_try_fn *fn, void *arg,
    uint64_t until_us)
{
    int result;

    NIF_ASSERT(!stack->polling);
    result = fn(arg);
    while (result == NIF_EAGAIN) {
        uint64_t again_us = nif_poll_all(stack);

        result = fn(arg);
        if (result != NIF_EAGAIN) {
            break;
        }
        if (nif_clock_now_us(stack->clock) >= until_us) {
            return NIF_ETIMEDOUT;
        }
        nif_clock_wait(stack->clock, again_us < until_us ? again_us : until_us);
    }
    return result;
}
