/**
 * @file prelu.c
 * @brief PReLU, extremes and moments in two passes over z, and their gradient in one; a thread takes columns, so that none waits for another.
 */
#include "bgnn_training.h"

#include "panels.h"
#include "passes.h"
#include "shares.h"
#include "team.h"

typedef struct {
    const bgnn_prelu *prelu;
    const bgnn_summary *summary;
    const bgnn_passes *passes;
    float *of_z, *of_own, *of_slope; /* of_z is NULL where the summary is asked for */
} job;

static void take_strips(void *context, size_t share) {
    const job *job = context;
    size_t shares = (size_t)job->prelu->threads, columns = (size_t)job->prelu->channels, lines = bgnn_ceil(columns, BLOCK);
    size_t first = BLOCK * bgnn_share_start(share, shares, lines), last = bgnn_min(BLOCK * bgnn_share_start(share + 1, shares, lines), columns);
    for (size_t width; first < last; first += width) {
        width = bgnn_min(STRIP, last - first);
        if (job->of_z == NULL)
            job->passes->summary(job->prelu, first, width, job->summary);
        else
            job->passes->gradient(job->prelu, first, width, job->summary, job->of_z, job->of_own, job->of_slope);
    }
}

static bgnn_status run(job *job) {
    const bgnn_prelu *p = job->prelu;
    const bgnn_summary *s = job->summary;
    if (p == NULL || p->z == NULL || p->slope == NULL || p->groups < 1 || p->rows < 1 || p->channels < 1 || p->threads < 1
        || p->threads > BGNN_MAX_THREADS || s == NULL || s->top == NULL || s->top_count == NULL || s->mean == NULL || s->variance == NULL
        || (s->bottom == NULL) != (s->bottom_count == NULL))
        return BGNN_BAD_ARGUMENT;
    job->passes = bgnn_passes_in_use();
    if (job->passes == NULL) return BGNN_NO_ISA;
    bgnn_shares_run((size_t)p->threads, take_strips, job);
    return BGNN_OK;
}

bgnn_status bgnn_prelu_summary(const bgnn_prelu *prelu, const bgnn_summary *summary) {
    return run(&(job){.prelu = prelu, .summary = summary});
}

bgnn_status bgnn_prelu_gradient(const bgnn_prelu *prelu, const bgnn_summary *of_summary, float *of_z, float *of_own, float *of_slope) {
    if (of_z == NULL || of_slope == NULL) return BGNN_BAD_ARGUMENT;
    return run(&(job){.prelu = prelu, .summary = of_summary, .of_z = of_z, .of_own = of_own, .of_slope = of_slope});
}
