/**
 * @file forward.h
 * @brief One forward pass in flight: its sizes, its buffers in the arena, and its steps.
 *
 * A step works on a range of points or outputs, so that members of a team share it; every member then waits for the
 * others. A step with a scratch argument carves what it needs from it first: called with an empty range and a counting
 * carver it tells how much that is.
 */
#ifndef BGNN_FORWARD_H
#define BGNN_FORWARD_H

#include "graph.h"
#include "kernels.h"
#include "model.h"
#include "panels.h"
#include "prepare.h"

typedef struct {
    const bgnn_model *model;
    const bgnn_prepared *prepared;
    const bgnn_kernels *kernels;
    size_t points, k;
    const float *xyz; /* (points, 3) */
    bgnn_trace *trace;
    int64_t clock_ns; /* when the last step ended */

    int32_t *knn;                       /* (points, k), the graph of the layer at hand */
    void *panels;                       /* the points as a right operand of their graph */
    float *features;                    /* outputs of all layers side by side (points, channels); of binary XorEdgeConv none */
    uint64_t *bits[2];                  /* on bits: input and output of a layer in turn (points, W) */
    float *reals[2];                    /* the same before the activation, with a real skip (points, C) */
    uint64_t *joined;                   /* binary XorEdgeConv: bits of all layers side by side; BinEdgeConv: the embedding's input */
    float *products;                    /* EdgeConv: W1 x_j (points, out) */
    int32_t *counts;                    /* binary XorEdgeConv on cat: popcounts of x_j against the edge half (points, out) */
    float *pooled;                      /* (2 embedding): max, then mean */
    float *hidden[2];                   /* head blocks 1 and 2 */
    float *logits;

    char *scratch; /* (threads, scratch_size); a member's own copy of the pass points to its part */
    size_t scratch_size;
} bgnn_pass;

static inline size_t bgnn_words(size_t channels) { return bgnn_ceil(channels, 64); }

static inline bool bgnn_is_binary(const bgnn_pass *pass) { return pass->model->info.stage == BGNN_BINARY; }

/** @brief Real input of layer l (0-based), or as +-1 at stage sign; its rows are *stride apart. */
const float *bgnn_real_input(const bgnn_pass *pass, size_t l, size_t *stride);

/** @brief Sum of the widths before layer l. */
size_t bgnn_channel_offset(const bgnn_pass *pass, size_t l);

/* ---- layer_real.c ---- */
/** @brief BinEdgeConv and XorEdgeConv by products of floats: layer 1, and all layers at the stages tanh and sign. */
void bgnn_real_edge_layer(const bgnn_pass *pass, size_t l, size_t first, size_t last, bgnn_carver *scratch);
/** @brief EdgeConv, first step: W1 x into products, (W2 - W1) x into the layer's output. */
void bgnn_edge_products(const bgnn_pass *pass, size_t l, size_t first, size_t last);
/** @brief EdgeConv, second step: the maximum over the neighbours' products, then norm and LeakyReLU. */
void bgnn_edge_max(const bgnn_pass *pass, size_t l, size_t first, size_t last, bgnn_carver *scratch);
/** @brief BinEdgeConv from layer 2 on. */
void bgnn_bin_edge_layer(const bgnn_pass *pass, size_t l, size_t first, size_t last, bgnn_carver *scratch);

/* ---- layer_bits.c ---- */
/** @brief XorEdgeConv on cat, first step: popcounts of every point against the edge half. */
void bgnn_cat_counts(const bgnn_pass *pass, size_t l, size_t first, size_t last);
/** @brief XorEdgeConv from layer 2 on. */
void bgnn_xor_edge_layer(const bgnn_pass *pass, size_t l, size_t first, size_t last, bgnn_carver *scratch);
/** @brief Join a finished row of bits of layer l to the embedding's input. */
void bgnn_join_bits(const bgnn_pass *pass, size_t l, size_t point);
/** @brief Real skip: add the input of layer l at a point, channels repeated, to its output. */
void bgnn_add_skip(const bgnn_pass *pass, size_t l, size_t point, float *values);

/* ---- tail.c ---- */
/** @brief BinEdgeConv: tanh or signs of the embedding's inputs. */
void bgnn_enter_embedding(const bgnn_pass *pass, size_t first, size_t last);
/** @brief Embedding and global max and mean pooling of outputs first ... last - 1. */
void bgnn_embed_and_pool(const bgnn_pass *pass, size_t first, size_t last, bgnn_carver *scratch);
/** @brief Outputs first ... last - 1 of head block b (0 ... 2). */
void bgnn_head_block(const bgnn_pass *pass, size_t b, size_t first, size_t last, bgnn_carver *scratch);

/** @brief Outputs are best cut at multiples of this (a multiple of both panel widths). */
#define BGNN_OUTPUTS 32

#endif
