/**
 * @file graph.c
 * @brief Exact k-NN: a row of distances, the k-th one by bisection of its integer value, then a sort of k keys.
 *
 * A key is distance << 32 | index, the distance being an integer or the bits of a non-negative float (whose order is the
 * order of the floats, infinity and NaN last). Keys are distinct, so their order is the tie contract.
 */
#include "graph.h"

#include <string.h>

void *bgnn_knn_carve_panels(const bgnn_knn_job *job, bgnn_carver *carver) {
    if (job->bytes > 0) return bgnn_carve(carver, bgnn_octets_size(job->points, job->bytes), 1, 1);
    return bgnn_carve(carver, bgnn_floats_size(job->points, job->channels), 1, sizeof(float));
}

void bgnn_knn_fill_panels(const bgnn_knn_job *job, size_t first, size_t last) {
    if (job->bytes > 0)
        bgnn_octets_fill(job->words, job->word_stride, job->points, job->bytes, first / BGNN_OCTET_PANEL,
                         bgnn_ceil(last, BGNN_OCTET_PANEL), job->panels);
    else
        bgnn_floats_fill(job->values, job->stride, job->points, job->channels, first / BGNN_FLOAT_PANEL,
                         bgnn_ceil(last, BGNN_FLOAT_PANEL), job->panels);
}

/* Shell sort with Ciura's gaps, ascending; for the usual k of 20 little more than an insertion sort. */
static void sort(uint64_t *keys, size_t count) {
    static const size_t GAPS[] = {1750, 701, 301, 132, 57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof GAPS / sizeof *GAPS; g++) {
        size_t gap = GAPS[g];
        for (size_t i = gap; i < count; i++) {
            uint64_t key = keys[i];
            size_t j = i;
            for (; j >= gap && keys[j - gap] > key; j -= gap) keys[j] = keys[j - gap];
            keys[j] = key;
        }
    }
}

/* The k smallest (distance, index) of a row of non-negative distances, in order. */
static void nearest(const bgnn_select_kernels *select, const int32_t *row, size_t points, size_t k, uint64_t *keys) {
    int64_t below = -1, reach = 0; /* count(below) < k <= count(reach) */
    for (size_t i = 0; i < k; i++) reach = row[i] > reach ? row[i] : reach;
    size_t found = 0;
    while (found != k && reach - below > 1) {
        int64_t middle = below + (reach - below) / 2;
        size_t count = select->count(row, points, (int32_t)middle);
        if (count >= k) reach = middle, found = count;
        else below = middle;
    }
    /* Either exactly k are within reach, or those at reach itself tie and the lower indices win. */
    if (found == k) {
        select->keys(row, points, 0, (int32_t)reach, k, keys);
    } else {
        size_t nearer = reach > 0 ? select->keys(row, points, 0, (int32_t)reach - 1, k, keys) : 0;
        select->keys(row, points, (int32_t)reach, (int32_t)reach, k - nearer, keys + nearer);
    }
    sort(keys, k);
}

void bgnn_knn_rows(const bgnn_knn_job *job, const bgnn_kernels *kernels, size_t first, size_t last, bgnn_carver *scratch) {
    size_t points = job->points, k = job->k;
    int32_t *tile = bgnn_carve(scratch, BGNN_QUERIES, points, sizeof *tile);
    float *squares = job->bytes > 0 ? NULL : bgnn_carve(scratch, BGNN_QUERIES, points, sizeof *squares);
    uint64_t *keys = bgnn_carve(scratch, 1, k, sizeof *keys);
    for (size_t from = first; from < last; from += BGNN_QUERIES) {
        size_t rows = bgnn_min(BGNN_QUERIES, last - from);
        if (job->bytes > 0) {
            kernels->bits->hamming(job->words + from * job->word_stride, job->word_stride, rows, job->panels, job->bytes,
                                   points, tile, points);
        } else {
            kernels->real->distance(job->values + from * job->stride, job->stride, rows, job->panels, job->channels, points,
                                    squares, points);
            memcpy(tile, squares, rows * points * sizeof *tile);
        }
        for (size_t r = 0; r < rows; r++) {
            nearest(kernels->select, tile + r * points, points, k, keys);
            int32_t *index = job->knn + (from + r) * k;
            for (size_t e = 0; e < k; e++) index[e] = (int32_t)(uint32_t)keys[e];
            if (job->distances == NULL) continue;
            float *distance = job->distances + (from + r) * k;
            for (size_t e = 0; e < k; e++) {
                uint32_t bits = (uint32_t)(keys[e] >> 32);
                if (job->bytes > 0) distance[e] = (float)bits;
                else memcpy(distance + e, &bits, sizeof bits);
            }
        }
    }
}
