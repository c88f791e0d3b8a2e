/**
 * @file graph.c
 * @brief Exact k-NN: distances to all points, or in space to those of near leaves; then selection.
 */
#include "graph.h"

#include "nearest.h"
#include "space.h"

#include <string.h>

enum {
    FEWEST = 256, /* points that a tree is grown for */
    ROOM = 64     /* leaves that a query looks at before all points are cheaper */
};

#define SPARE 1.2f /* of a neighbour's k-th squared distance, for one's own */

static bool in_space(const bgnn_knn_job *job) {
    return job->bytes == 0 && job->channels == 3 && job->points >= FEWEST && job->k <= BGNN_TREE_K;
}

void *bgnn_knn_carve_panels(const bgnn_knn_job *job, bgnn_carver *carver) {
    if (job->bytes > 0) return bgnn_carve(carver, bgnn_octets_size(job->points, job->bytes), 1, 1);
    void *panels = bgnn_carve(carver, bgnn_floats_size(job->points, job->channels), 1, sizeof(float));
    if (in_space(job)) bgnn_space_carve(job->points, carver);
    return panels;
}

/* The tree behind the panels. */
static bgnn_space space_of(const bgnn_knn_job *job) {
    bgnn_carver carver = {.base = job->panels};
    bgnn_carve(&carver, bgnn_floats_size(job->points, job->channels), 1, sizeof(float));
    return bgnn_space_carve(job->points, &carver);
}

void bgnn_knn_fill_panels(const bgnn_knn_job *job, size_t first, size_t last) {
    if (job->bytes > 0) {
        bgnn_octets_fill(job->words, job->word_stride, job->points, job->bytes, first / BGNN_OCTET_PANEL,
                         bgnn_ceil(last, BGNN_OCTET_PANEL), job->panels);
        return;
    }
    bgnn_floats_fill(job->values, job->stride, job->points, job->channels, first / BGNN_FLOAT_PANEL,
                     bgnn_ceil(last, BGNN_FLOAT_PANEL), job->panels);
    if (first > 0 || !in_space(job)) return;
    bgnn_space space = space_of(job);
    bgnn_space_grow(&space, job->values, job->stride);
}

/* Where the lists of one member are made. */
typedef struct {
    int32_t *counts;  /* (BGNN_QUERIES, points); a row of them where bytes do */
    uint8_t *narrow;  /* the same in bytes */
    float *squares;   /* the same, or (BGNN_LEAF, ROOM leaves) */
    int32_t *bits;    /* of a row of squares */
    uint64_t *keys, *sorted;
    float *panels;    /* (ROOM, 3, BGNN_LEAF): the leaves that a query looks at */
    int32_t *index;   /* (ROOM, BGNN_LEAF): their points */
} desk;

/* Whether Hamming distances are kept in bytes. */
static bool is_narrow(const bgnn_knn_job *job) {
    return job->bytes > 0 && job->bytes <= BGNN_NARROW_BYTES && job->k <= BGNN_GROUPS / 2;
}

static desk carve_desk(const bgnn_knn_job *job, bgnn_carver *scratch) {
    size_t squares = BGNN_QUERIES * job->points, leaves = (size_t)BGNN_LEAF * ROOM * BGNN_LEAF;
    if (in_space(job) && squares < leaves) squares = leaves;
    desk desk = {0};
    if (is_narrow(job)) desk.narrow = bgnn_carve(scratch, BGNN_QUERIES, job->points, sizeof *desk.narrow);
    if (job->bytes > 0) desk.counts = bgnn_carve(scratch, is_narrow(job) ? 1 : BGNN_QUERIES, job->points, sizeof *desk.counts);
    else desk.squares = bgnn_carve(scratch, squares, 1, sizeof *desk.squares);
    size_t row = job->points > ROOM * BGNN_LEAF ? job->points : ROOM * BGNN_LEAF;
    if (job->bytes == 0) desk.bits = bgnn_carve(scratch, row, 1, sizeof *desk.bits);
    desk.keys = bgnn_carve(scratch, 1, bgnn_nearest_room(job->k), sizeof *desk.keys);
    desk.sorted = bgnn_carve(scratch, 1, bgnn_nearest_room(job->k), sizeof *desk.sorted);
    if (!in_space(job)) return desk;
    desk.panels = bgnn_carve(scratch, ROOM * 3, BGNN_LEAF, sizeof *desk.panels);
    desk.index = bgnn_carve(scratch, ROOM, BGNN_LEAF, sizeof *desk.index);
    return desk;
}

/* The list of a point from sorted keys. */
static void write_list(const bgnn_knn_job *job, size_t point, const uint64_t *sorted) {
    int32_t *index = job->knn + point * job->k;
    for (size_t e = 0; e < job->k; e++) index[e] = (int32_t)(uint32_t)sorted[e];
    if (job->distances == NULL) return;
    float *distance = job->distances + point * job->k;
    for (size_t e = 0; e < job->k; e++) {
        uint32_t value = (uint32_t)(sorted[e] >> 32);
        if (job->bytes > 0) distance[e] = (float)value;
        else memcpy(distance + e, &value, sizeof value);
    }
}

/* The lists of points first ... last - 1, at most BGNN_QUERIES of them, by their distances to all points. */
static void among_all(const bgnn_knn_job *job, const bgnn_kernels *kernels, size_t first, size_t last, const desk *desk) {
    size_t N = job->points, rows = last - first;
    if (is_narrow(job)) {
        kernels->bits->hamming_u8(job->words + first * job->word_stride, job->word_stride, rows, job->panels, job->bytes, N,
                                  desk->narrow, N);
        for (size_t r = 0; r < rows; r++) {
            bgnn_nearest_u8(kernels->select, desk->narrow + r * N, N, job->k, desk->counts, desk->keys, desk->sorted);
            write_list(job, first + r, desk->sorted);
        }
        return;
    }
    if (job->bytes > 0)
        kernels->bits->hamming(job->words + first * job->word_stride, job->word_stride, rows, job->panels, job->bytes, N, desk->counts, N);
    else
        kernels->real->distance(job->values + first * job->stride, job->stride, rows, job->panels, job->channels, N, desk->squares, N);
    for (size_t r = 0; r < rows; r++) {
        if (job->bytes == 0) memcpy(desk->bits, desk->squares + r * N, N * sizeof *desk->bits);
        bgnn_nearest(kernels->select, job->bytes > 0 ? desk->counts + r * N : desk->bits, N, job->k, desk->keys, desk->sorted);
        write_list(job, first + r, desk->sorted);
    }
}

static float float_of(int32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int32_t bits_of(float value) {
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Points that look for their neighbours together: those at some positions of one leaf. */
typedef struct {
    const int32_t *point;
    size_t rows, leaf;
    float at[BGNN_LEAF * 3];
} party;

/* A squared distance that k points are within, for each of a party, by the leaves beside it in the tree. */
static float reach_beside(const bgnn_knn_job *job, const bgnn_kernels *kernels, const bgnn_space *space, const party *party,
                          const desk *desk) {
    size_t leaves = bgnn_ceil(job->k + job->k / 2 + BGNN_LEAF, BGNN_LEAF), unit = 4;
    while (unit < leaves) unit *= 2;
    size_t first = bgnn_min(party->leaf / unit * unit, space->leaves - unit), columns = unit * BGNN_LEAF;
    int32_t farthest = 0;
    kernels->real->distance(party->at, 3, party->rows, space->panels + first * 3 * BGNN_LEAF, 3, columns, desk->squares, columns);
    for (size_t r = 0; r < party->rows; r++) {
        memcpy(desk->bits, desk->squares + r * columns, columns * sizeof *desk->bits);
        int32_t reach = bgnn_reach(kernels->select, desk->bits, columns, job->k);
        farthest = reach > farthest ? reach : farthest;
    }
    return float_of(farthest);
}

/* Write the lists of a party from the points of the leaves within reach. Returns the greatest k-th squared distance, or -1 when
   there are too few or too many leaves, or too many ties. Where it is not above the reach, the lists are right. */
static float among_leaves(const bgnn_knn_job *job, const bgnn_kernels *kernels, const bgnn_space *space, const party *party,
                          float reach, const desk *desk) {
    int32_t found[ROOM], farthest = 0, guess = bits_of(reach);
    size_t leaves = bgnn_space_within(space, party->leaf, reach, ROOM, found), columns = leaves * BGNN_LEAF;
    if (leaves == ROOM || columns < job->k + BGNN_LEAF) return -1.0f;
    for (size_t f = 0; f < leaves; f++) {
        size_t from = (size_t)found[f];
        memcpy(desk->panels + f * 3 * BGNN_LEAF, space->panels + from * 3 * BGNN_LEAF, 3 * BGNN_LEAF * sizeof *desk->panels);
        memcpy(desk->index + f * BGNN_LEAF, space->index + from * BGNN_LEAF, BGNN_LEAF * sizeof *desk->index);
    }
    kernels->real->distance(party->at, 3, party->rows, desk->panels, 3, columns, desk->squares, columns);
    for (size_t r = 0; r < party->rows; r++) {
        memcpy(desk->bits, desk->squares + r * columns, columns * sizeof *desk->bits);
        if (!bgnn_nearest_of(kernels->select, desk->bits, desk->index, columns, job->k, guess, desk->keys, desk->sorted)) return -1.0f;
        write_list(job, (size_t)party->point[r], desk->sorted);
        int32_t last = (int32_t)(desk->sorted[job->k - 1] >> 32);
        farthest = last > farthest ? last : farthest;
        guess = bits_of(SPARE * float_of(last)); /* the next one is a neighbour */
    }
    return float_of(farthest);
}

/* The lists of the points at positions first ... last - 1 of one leaf. reach: a guess, from one leaf to the next. */
static void among_near(const bgnn_knn_job *job, const bgnn_kernels *kernels, const bgnn_space *space, size_t first, size_t last,
                       float *reach, const desk *desk) {
    party party = {.point = space->index + first, .rows = last - first, .leaf = first / BGNN_LEAF};
    for (size_t r = 0; r < party.rows; r++)
        memcpy(party.at + 3 * r, job->values + (size_t)party.point[r] * job->stride, 3 * sizeof *party.at);
    float within = *reach, farthest = within > 0.0f ? among_leaves(job, kernels, space, &party, within, desk) : -1.0f;
    if (farthest < 0.0f) {
        within = reach_beside(job, kernels, space, &party, desk);
        farthest = among_leaves(job, kernels, space, &party, within, desk);
    } else if (!(farthest <= within)) { /* too few leaves, but k points of theirs are that near */
        within = farthest;
        farthest = among_leaves(job, kernels, space, &party, within, desk);
    }
    *reach = SPARE * farthest;
    if (farthest >= 0.0f && farthest <= within) return;
    for (size_t r = 0; r < party.rows; r++) among_all(job, kernels, (size_t)party.point[r], (size_t)party.point[r] + 1, desk);
}

void bgnn_knn_rows(const bgnn_knn_job *job, const bgnn_kernels *kernels, size_t first, size_t last, bgnn_carver *scratch) {
    desk desk = carve_desk(job, scratch);
    if (first == last) return;
    bgnn_space space = {0};
    if (in_space(job)) space = space_of(job);
    bool near = in_space(job) && *space.finite;
    float reach = 0.0f;
    for (size_t from = first, to; from < last; from = to) {
        to = bgnn_min(last, near ? (from / BGNN_LEAF + 1) * BGNN_LEAF : from + BGNN_QUERIES);
        if (near) among_near(job, kernels, &space, from, to, &reach, &desk);
        else among_all(job, kernels, from, to, &desk);
    }
}
