/**
 * @file linear_extremes.c
 * @brief Extremes of products, whose gradient is sparse: of a group's rows only the winners have one.
 */
#include "bgnn_training.h"

#include "kernels.h"
#include "panels.h"
#include "passes.h"
#include "shares.h"
#include "team.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 1 << 15 }; /* floats of z of the groups that a thread works on at once: 128 KB, of the L2 cache */

typedef struct {
    const bgnn_product *product;
    const bgnn_end *ends;
    size_t count;
    size_t rows, in, out, words; /* those of the product */
    size_t at_once;              /* groups */
    const bgnn_kernels *kernels;
    const bgnn_passes *passes;
    float *panels;
    float *tiles;      /* of each thread: z */
    float *of_x;
    size_t block_floats;
    const float *weight; /* in blocks */
    float *of_weights;   /* of each thread, in blocks */
    atomic_bool no_memory;
} job;

/* What is the same for values and gradients. */
static bgnn_status prepare(const bgnn_product *p, const bgnn_end *ends, int32_t count, job *job) {
    if (p == NULL || p->x == NULL || p->weight == NULL || p->groups < 1 || p->rows < 1 || p->channels_in < 1 || p->channels_out < 1
        || p->threads < 1 || p->threads > BGNN_MAX_THREADS || ends == NULL || count < 1 || count > 2)
        return BGNN_BAD_ARGUMENT;
    job->product = p;
    job->ends = ends;
    job->count = (size_t)count;
    job->rows = (size_t)p->rows;
    job->in = (size_t)p->channels_in;
    job->out = (size_t)p->channels_out;
    job->words = bgnn_ceil(job->out, 64);
    job->at_once = job->rows * job->out < TILE ? TILE / (job->rows * job->out) : 1;
    job->kernels = bgnn_kernels_in_use();
    job->passes = bgnn_passes_in_use();
    return job->kernels == NULL ? BGNN_NO_ISA : BGNN_OK;
}

/* An end from one group on. */
static bgnn_end end_at(const job *job, size_t end, size_t group) {
    bgnn_end all = job->ends[end];
    size_t values = group * job->out;
    return (bgnn_end){all.values + values, all.winners + group * job->rows * job->words, all.count + values};
}

/* Room for so many floats, from the start of a cache line on. */
static float *floats(size_t count) {
    return aligned_alloc(BGNN_ALIGNMENT, bgnn_ceil(count * sizeof(float), BGNN_ALIGNMENT) * BGNN_ALIGNMENT);
}

static size_t share_start(const job *job, size_t share) {
    return bgnn_share_start(share, (size_t)job->product->threads, (size_t)job->product->groups);
}

static void find(void *context, size_t share) {
    const job *job = context;
    size_t n = job->rows, last = share_start(job, share + 1);
    float *z = job->tiles + share * job->at_once * n * job->out;
    for (size_t g = share_start(job, share), groups; g < last; g += groups) {
        groups = bgnn_min(job->at_once, last - g);
        job->kernels->real->gemm(job->product->x + g * n * job->in, job->in, groups * n, job->panels, job->in, job->out, z, job->out);
        for (size_t i = 0; i < groups; i++)
            for (size_t e = 0; e < job->count; e++) {
                bgnn_end end = end_at(job, e, g + i);
                (e == 0 ? job->passes->largest : job->passes->smallest)(z + i * n * job->out, n, job->out, end.values, end.winners, end.count);
            }
    }
}

bgnn_status bgnn_linear_extremes(const bgnn_product *product, const bgnn_end *ends, int32_t count) {
    job job = {0};
    bgnn_status status = prepare(product, ends, count, &job);
    if (status != BGNN_OK) return status;
    size_t threads = (size_t)product->threads;
    job.panels = floats(bgnn_floats_size(job.out, job.in));
    job.tiles = floats(threads * job.at_once * job.rows * job.out);
    if (job.panels != NULL && job.tiles != NULL) {
        bgnn_floats_fill(product->weight, job.in, job.out, job.in, 0, bgnn_ceil(job.out, BGNN_FLOAT_PANEL), job.panels);
        bgnn_shares_run(threads, find, &job);
    } else
        status = BGNN_NO_MEMORY;
    free(job.panels);
    free(job.tiles);
    return status;
}

/* Where element (c, j) of a weight (C_out, C_in) is among its blocks. */
static size_t in_blocks(const job *job, size_t c, size_t j) { return (j / BLOCK * job->out + c) * BLOCK + j % BLOCK; }

static void spread(void *context, size_t share) {
    job *job = context;
    size_t n = job->rows, out = job->out, last = share_start(job, share + 1);
    bgnn_winners *found = malloc(job->at_once * n * sizeof *found);
    uint32_t *channels = malloc(job->at_once * n * out * sizeof *channels);
    float *of_weight = job->of_weights + share * job->block_floats;
    if (found == NULL || channels == NULL)
        job->no_memory = true;
    else {
        for (size_t r = 0; r < job->at_once * n; r++) found[r].channels = channels + r * out;
        for (size_t g = share_start(job, share), groups; g < last; g += groups) {
            groups = bgnn_min(job->at_once, last - g);
            float *of_x = job->of_x + g * n * job->in;
            memset(of_x, 0, groups * n * job->in * sizeof *of_x);
            for (size_t e = 0; e < job->count; e++) {
                bgnn_end end = end_at(job, e, g);
                job->passes->list(end.winners, groups * n, out, found);
                job->passes->spread(job->product->x + g * n * job->in, groups, n, job->in, job->weight, out, end.values, found, of_x, of_weight);
            }
        }
    }
    free(found);
    free(channels);
}

bgnn_status bgnn_linear_extremes_gradient(const bgnn_product *product, const bgnn_end *of_ends, int32_t count, float *of_x,
                                          float *of_weight) {
    job job = {.of_x = of_x};
    bgnn_status status = prepare(product, of_ends, count, &job);
    if (status != BGNN_OK) return status;
    if (of_x == NULL || of_weight == NULL) return BGNN_BAD_ARGUMENT;
    size_t threads = (size_t)product->threads;
    job.block_floats = bgnn_ceil(job.in, BLOCK) * BLOCK * job.out;
    float *blocks = floats((threads + 1) * job.block_floats);
    if (blocks == NULL) return BGNN_NO_MEMORY;
    memset(blocks, 0, (threads + 1) * job.block_floats * sizeof *blocks);
    for (size_t c = 0; c < job.out; c++)
        for (size_t j = 0; j < job.in; j++) blocks[in_blocks(&job, c, j)] = product->weight[c * job.in + j];
    job.weight = blocks;
    job.of_weights = blocks + job.block_floats;
    bgnn_shares_run(threads, spread, &job);
    for (size_t c = 0; c < job.out; c++)
        for (size_t j = 0; j < job.in; j++) {
            float sum = 0;
            for (size_t t = 0; t < threads; t++) sum += job.of_weights[t * job.block_floats + in_blocks(&job, c, j)];
            of_weight[c * job.in + j] = sum;
        }
    free(blocks);
    return job.no_memory ? BGNN_NO_MEMORY : BGNN_OK;
}
