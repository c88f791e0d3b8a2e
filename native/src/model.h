/**
 * @file model.h
 * @brief A model in memory: the checked spec, and one view per tensor into the mapped file.
 *
 * model.c fills it from a gguf.c reader and refuses whatever does not fit, so that forward.c trusts every size.
 */
#ifndef BGNN_MODEL_H
#define BGNN_MODEL_H

#include "bgnn.h"

typedef struct bgnn_gguf bgnn_gguf; /* gguf.h */

/**
 * @brief One layer: [pre norm] [sign] -> weights -> [scale] [PReLU] [post norm]. Absent parts are NULL.
 * in: input channels of the product (2 C_in for a graph layer); out: output channels.
 */
typedef struct {
    int32_t in, out;
    const float *pre_gain, *pre_offset;   /* (in): value * gain + offset */
    const float *threshold;               /* (in): bit = (value < threshold) ^ flip: pre norm and sign in one */
    const uint64_t *flip;                 /* ceil(in / 64) words */
    int32_t tanh;                         /* 1: tanh follows the pre norm (stage tanh) */
    const float *weight;                  /* (out, in) real weights, or NULL */
    const uint64_t *words;                /* (out, ceil(in / 64)) packed weights, or NULL */
    const float *scale;                   /* (out) */
    const float *slope;                   /* (out): PReLU, x > 0 ? x : slope * x */
    const float *post_gain, *post_offset; /* (out) */
    /* XorEdgeConv layers >= 2 without skip: an edge with popcount p hits when (uint32_t)(p - hit_low) <= hit_span;
       the output bit is hit_bit where any of the k edges hits, else its complement. */
    const int32_t *hit_low, *hit_span;    /* (out) */
    const uint64_t *hit_bit;              /* ceil(out / 64) words */
    /* XorEdgeConv layers >= 2 with a real skip: table[o][p] = the value of popcount p after scale, PReLU and batch
       norm; the layer takes the minimum over the edges where the bit of table_min is 1, else the maximum. */
    const float *table;                   /* (out, in + 1) */
    const uint64_t *table_min;            /* ceil(out / 64) words */
} bgnn_layer;

struct bgnn_model {
    bgnn_model_info info;
    bgnn_gguf *file;
    bgnn_layer conv[BGNN_MAX_LAYERS];
    bgnn_layer embedding;
    bgnn_layer linear[3];
    void *prepared; /* what bgnn_prepare (prepare.c) derives from the tensors for forward.c: transposes, split halves */
};

/** @brief Derive what the kernels want from the file's layout; called once at the end of opening. Allocates. */
bgnn_status bgnn_prepare(bgnn_model *model, char *message);
void bgnn_unprepare(bgnn_model *model);

#endif
