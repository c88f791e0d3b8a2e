/**
 * @file graph.h
 * @brief Exact k-NN under the tie contract, in memory O(N k + N C).
 */
#ifndef BGNN_GRAPH_H
#define BGNN_GRAPH_H

#include "kernels.h"
#include "panels.h"

/** @brief One graph to build: over packed words (bytes > 0) or over floats. */
typedef struct {
    size_t points, k;
    const uint64_t *words; /* (points, word_stride), of which `bytes` bytes matter */
    size_t word_stride, bytes;
    const float *values; /* (points, stride), of which `channels` matter */
    size_t stride, channels;
    void *panels;     /* bgnn_knn_panels_size bytes: the points as a right operand */
    int32_t *knn;     /* (points, k), written */
    float *distances; /* (points, k), written; or NULL */
} bgnn_knn_job;

/** @brief Carve the panels of a job. */
void *bgnn_knn_carve_panels(const bgnn_knn_job *job, bgnn_carver *carver);

/** @brief The most neighbours that a tree of 3-D points is used for. */
#define BGNN_TREE_K 128

/** @brief Rows of queries are best cut at multiples of this. */
#define BGNN_QUERIES 8

/** @brief First step: the panels of points first ... last - 1, which start and end at multiples of BGNN_OCTET_PANEL (or at N). */
void bgnn_knn_fill_panels(const bgnn_knn_job *job, size_t first, size_t last);

/** @brief Second step, once all panels are filled: the lists of points first ... last - 1. With an empty range it only carves. */
void bgnn_knn_rows(const bgnn_knn_job *job, const bgnn_kernels *kernels, size_t first, size_t last, bgnn_carver *scratch);

#endif
