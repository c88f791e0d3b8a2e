/**
 * @file bgnn_training.h
 * @brief What training does to edges, in passes that stay in the caches, with the gradients; not part of the board's programs.
 *
 * Sizes: G groups (the nodes of a batch, or its clouds) of n rows (a node's edges, a cloud's nodes), C_in and C_out channels,
 * W = ceil(C_out / 64) words. All arrays are C-contiguous and do not overlap; those from the start of a cache line are the fastest.
 *
 * No order contract: an instruction set, or a number of threads, may round otherwise than another. A NaN goes into the results.
 * 1 to 64 threads are taken, and memory for their scratch is allocated (BGNN_NO_MEMORY).
 */
#ifndef BGNN_TRAINING_H
#define BGNN_TRAINING_H

#include "bgnn.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Compute on the threads of GCC's OpenMP library from now on, by its function GOMP_parallel; NULL: on threads of our own. */
void bgnn_training_threads(void *gomp_parallel);

/** @brief Groups of rows of which the products with a weight are taken, z = x W^T (G, n, C_out). */
typedef struct {
    const float *x;      /* (G, n, C_in) */
    const float *weight; /* (C_out, C_in) */
    int64_t groups;
    int32_t rows, channels_in, channels_out;
    int32_t threads;
} bgnn_product;

/** @brief An extreme of each group, and the rows that attain it, which share its gradient. */
typedef struct {
    float *values;     /* (G, C_out); of a gradient: the share of each of those rows */
    uint64_t *winners; /* (G, n, W): bit c % 64 of word c / 64 is 1 where the row attains the extreme of channel c */
    float *count;      /* (G, C_out): how many rows attain it, 0 for a NaN; not needed for a gradient */
} bgnn_end;

/** @brief Fill ends[0] with the largest z of each group and, where count is 2, ends[1] with the smallest. */
bgnn_status bgnn_linear_extremes(const bgnn_product *product, const bgnn_end *ends, int32_t count);

/** @brief From the gradients of 1 or 2 extremes those of x (G, n, C_in) and of the weight. */
bgnn_status bgnn_linear_extremes_gradient(const bgnn_product *product, const bgnn_end *of_ends, int32_t count, float *of_x,
                                          float *of_weight);

/** @brief Groups of rows whose PReLU is taken, p = v > 0 ? v : slope v with v = z + own. */
typedef struct {
    const float *z;     /* (G, n, C) */
    const float *own;   /* (G, C), or NULL for none */
    const float *slope; /* (C) */
    int64_t groups;
    int32_t rows, channels;
    int32_t threads;
} bgnn_prelu;

/** @brief What is known of the p of some groups, or of its gradient. */
typedef struct {
    float *top, *bottom;             /* (G, C): the extremes of each group; bottom may be NULL */
    float *top_count, *bottom_count; /* (G, C): how many rows attain them; of a gradient: the share of each of those rows */
    float *mean, *variance;          /* (C): over all rows of all groups, biased; of a gradient: a and b of a + b p, what all rows have */
} bgnn_summary;

/** @brief Fill a summary. */
bgnn_status bgnn_prelu_summary(const bgnn_prelu *prelu, const bgnn_summary *summary);

/** @brief From the gradient of a summary those of z (G, n, C), of its own part (G, C), which may be NULL, and of the slope (C). */
bgnn_status bgnn_prelu_gradient(const bgnn_prelu *prelu, const bgnn_summary *of_summary, float *of_z, float *of_own, float *of_slope);

#ifdef __cplusplus
}
#endif

#endif
