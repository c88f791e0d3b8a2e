/**
 * @file graph.c
 * @brief Exact k-NN: a row of distances, a bound on the k-th one, then a sort of the few within it.
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

/* Shell sort with Ciura's gaps, ascending: for more keys than the sort kernel is meant for. */
static void sort_many(uint64_t *keys, size_t count) {
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

/* By bisection: a reach that at least k of the row are within, and at most `most` of them or no smaller one would do. */
static int32_t reach_of(const bgnn_select_kernels *select, const int32_t *row, size_t length, size_t k, size_t most) {
    int64_t below = -1, reach = 0; /* count(below) < k <= count(reach) */
    for (size_t i = 0; i < k; i++) reach = row[i] > reach ? row[i] : reach;
    size_t found = length;
    while (found > most && reach - below > 1) {
        int64_t middle = below + (reach - below) / 2;
        size_t count = select->count(row, length, (int32_t)middle);
        if (count >= k) reach = middle, found = count;
        else below = middle;
    }
    return (int32_t)reach;
}

enum { FEW = 96, SLACK = 4 }; /* keys that the sort kernel takes; how far a reach may be from exact */

static void sort(const bgnn_select_kernels *select, const uint64_t *keys, size_t count, uint64_t *sorted) {
    if (count <= FEW) {
        select->sort(keys, count, sorted);
        return;
    }
    memcpy(sorted, keys, count * sizeof *keys);
    sort_many(sorted, count);
}

/* The k smallest (distance, index) of a row of non-negative distances, in order. keys, sorted: (max(k, FEW)). */
static void nearest(const bgnn_select_kernels *select, const int32_t *row, size_t points, size_t k, uint64_t *keys, uint64_t *sorted) {
    int32_t reach;
    size_t nearer = FEW;
    if (k <= BGNN_GROUPS / 2) { /* k groups have their least within reach, so at least k points are, and few more but for ties */
        int32_t least[BGNN_GROUPS];
        select->minima(row, points, least);
        reach = reach_of(select, least, BGNN_GROUPS, k, k + SLACK);
        nearer = select->keys(row, points, 0, reach - 1, FEW, keys);
    }
    if (nearer == FEW) {
        reach = reach_of(select, row, points, k, k);
        nearer = select->keys(row, points, 0, reach - 1, k, keys);
    }
    sort(select, keys, nearer, sorted);
    /* Of those that tie at the reach itself the lower indices win, and they come in that order. */
    if (nearer < k) select->keys(row, points, reach, reach, k - nearer, sorted + nearer);
}

void bgnn_knn_rows(const bgnn_knn_job *job, const bgnn_kernels *kernels, size_t first, size_t last, bgnn_carver *scratch) {
    size_t points = job->points, k = job->k;
    int32_t *counts = job->bytes == 0 ? NULL : bgnn_carve(scratch, BGNN_QUERIES, points, sizeof *counts);
    float *squares = job->bytes > 0 ? NULL : bgnn_carve(scratch, BGNN_QUERIES, points, sizeof *squares);
    int32_t *bits = job->bytes > 0 ? NULL : bgnn_carve(scratch, 1, points, sizeof *bits); /* of a row of squares */
    uint64_t *keys = bgnn_carve(scratch, 1, k > FEW ? k : FEW, sizeof *keys);
    uint64_t *sorted = bgnn_carve(scratch, 1, k > FEW ? k : FEW, sizeof *sorted);
    for (size_t from = first; from < last; from += BGNN_QUERIES) {
        size_t rows = bgnn_min(BGNN_QUERIES, last - from);
        if (job->bytes > 0) {
            kernels->bits->hamming(job->words + from * job->word_stride, job->word_stride, rows, job->panels, job->bytes,
                                   points, counts, points);
        } else {
            kernels->real->distance(job->values + from * job->stride, job->stride, rows, job->panels, job->channels, points,
                                    squares, points);
        }
        for (size_t r = 0; r < rows; r++) {
            if (job->bytes == 0) memcpy(bits, squares + r * points, points * sizeof *bits);
            nearest(kernels->select, job->bytes > 0 ? counts + r * points : bits, points, k, keys, sorted);
            int32_t *index = job->knn + (from + r) * k;
            for (size_t e = 0; e < k; e++) index[e] = (int32_t)(uint32_t)sorted[e];
            if (job->distances == NULL) continue;
            float *distance = job->distances + (from + r) * k;
            for (size_t e = 0; e < k; e++) {
                uint32_t value = (uint32_t)(sorted[e] >> 32);
                if (job->bytes > 0) distance[e] = (float)value;
                else memcpy(distance + e, &value, sizeof value);
            }
        }
    }
}
