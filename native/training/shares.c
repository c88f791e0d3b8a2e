/**
 * @file shares.c
 * @brief Who does the shares. Torch's OpenMP threads keep their cores busy for milliseconds after each of its operations, waiting for the next:
 * a thread of our own would wait for a core.
 */
#include "shares.h"

#include "bgnn_training.h"
#include "team.h"

#include <stdatomic.h>

/* GOMP_parallel of GCC's OpenMP library: run function(data) on so many threads, the caller being one; flags 0. */
typedef void (*openmp)(void (*function)(void *data), void *data, unsigned threads, unsigned flags);

static _Atomic(openmp) in_use;

void bgnn_training_threads(void *gomp_parallel) { atomic_store(&in_use, (openmp)gomp_parallel); }

typedef struct {
    void (*work)(void *context, size_t share);
    void *context;
    size_t shares;
    atomic_size_t next;
} job;

static void take(void *data) {
    job *job = data;
    for (size_t share; (share = atomic_fetch_add(&job->next, 1)) < job->shares;) job->work(job->context, share);
}

static void take_as_member(void *context, bgnn_team *team, size_t id) {
    (void)team, (void)id;
    take(context);
}

void bgnn_shares_run(size_t shares, void (*work)(void *context, size_t share), void *context) {
    job job = {.work = work, .context = context, .shares = shares};
    openmp parallel = atomic_load(&in_use);
    if (shares == 1)
        take(&job);
    else if (parallel != NULL)
        parallel(take, &job, (unsigned)shares, 0);
    else
        bgnn_team_run(shares, take_as_member, &job);
}
