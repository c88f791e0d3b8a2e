/**
 * @file space.c
 * @brief A k-d tree of 3-D points (Bentley, 1975) that keeps its leaves only: medians along the widest axis of each box.
 *
 * Whatever the order, the boxes are those of the points, so a bad split costs time and never a neighbour.
 */
#include "space.h"

#include <math.h>

typedef struct {
    float at[3];
    int32_t index;
} record;

enum { GROVE = BGNN_LEAF * BGNN_GROVE, AXES = 3, ROUNDS = 64 };

static bgnn_boxes carve_boxes(size_t count, bgnn_carver *carver) {
    bgnn_boxes boxes;
    for (int c = 0; c < AXES; c++) {
        boxes.low[c] = bgnn_carve(carver, count, 1, sizeof(float));
        boxes.high[c] = bgnn_carve(carver, count, 1, sizeof(float));
    }
    return boxes;
}

bgnn_space bgnn_space_carve(size_t points, bgnn_carver *carver) {
    bgnn_space space = {.points = points, .leaves = bgnn_ceil(points, BGNN_LEAF), .groves = bgnn_ceil(points, GROVE)};
    space.panels = bgnn_carve(carver, space.leaves, AXES * BGNN_LEAF, sizeof *space.panels);
    space.index = bgnn_carve(carver, space.leaves, BGNN_LEAF, sizeof *space.index);
    space.leaf = carve_boxes(space.groves * BGNN_GROVE, carver);
    space.grove = carve_boxes(space.groves, carver);
    space.finite = bgnn_carve(carver, 1, 1, sizeof *space.finite);
    space.records = bgnn_carve(carver, points, 1, sizeof(record));
    return space;
}

static int widest_axis(const record *points, size_t count) {
    float low[AXES], high[AXES];
    for (int c = 0; c < AXES; c++) low[c] = high[c] = points[0].at[c];
    for (size_t i = 1; i < count; i++)
        for (int c = 0; c < AXES; c++) {
            float v = points[i].at[c];
            low[c] = v < low[c] ? v : low[c];
            high[c] = v > high[c] ? v : high[c];
        }
    int axis = 0;
    for (int c = 1; c < AXES; c++)
        if (high[c] - low[c] > high[axis] - low[axis]) axis = c;
    return axis;
}

static void swap(record *a, record *b) {
    record kept = *a;
    *a = *b, *b = kept;
}

/* Hoare's selection: the `left` smallest along an axis to the front, or nearly so where the pivots were bad ones all along. */
static void part(record *points, size_t count, size_t left, int axis) {
    ptrdiff_t first = 0, last = (ptrdiff_t)count - 1, wanted = (ptrdiff_t)left;
    for (int round = 0; first < last && round < ROUNDS; round++) {
        float a = points[first].at[axis], b = points[first + (last - first) / 2].at[axis], c = points[last].at[axis];
        float pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        ptrdiff_t i = first, j = last;
        while (i <= j) {
            while (points[i].at[axis] < pivot) i++;
            while (points[j].at[axis] > pivot) j--;
            if (i <= j) swap(&points[i++], &points[j--]);
        }
        if (wanted <= j) last = j;
        else if (wanted >= i) first = i;
        else return;
    }
}

/* The size of the left half: whole groves while there are several, then whole leaves. */
static size_t half_of(size_t count) {
    size_t unit = count > GROVE ? GROVE : BGNN_LEAF;
    return bgnn_ceil(count, unit) / 2 * unit;
}

static void sort_into_leaves(record *points, size_t count) {
    struct {
        record *points;
        size_t count;
    } waiting[64]; /* halves of halves: at most one a level */
    size_t depth = 0;
    waiting[depth].points = points, waiting[depth++].count = count;
    while (depth > 0) {
        depth--;
        points = waiting[depth].points, count = waiting[depth].count;
        while (count > BGNN_LEAF) {
            size_t left = half_of(count);
            part(points, count, left, widest_axis(points, count));
            waiting[depth].points = points + left, waiting[depth++].count = count - left;
            count = left;
        }
    }
}

static void set_box(const bgnn_boxes *boxes, size_t b, float low, float high) {
    for (int c = 0; c < AXES; c++) boxes->low[c][b] = low, boxes->high[c][b] = high;
}

static void widen(const bgnn_boxes *boxes, size_t b, int axis, float low, float high) {
    if (low < boxes->low[axis][b]) boxes->low[axis][b] = low;
    if (high > boxes->high[axis][b]) boxes->high[axis][b] = high;
}

void bgnn_space_grow(const bgnn_space *space, const float *values, size_t stride) {
    record *records = space->records;
    float nothing = 0.0f; /* stays 0 unless a coordinate is infinite or NaN */
    for (size_t i = 0; i < space->points; i++) {
        for (int c = 0; c < AXES; c++) {
            records[i].at[c] = values[i * stride + (size_t)c];
            nothing += records[i].at[c] - records[i].at[c];
        }
        records[i].index = (int32_t)i;
    }
    *space->finite = nothing == 0.0f;
    if (!*space->finite) return;
    sort_into_leaves(records, space->points);
    for (size_t b = 0; b < space->groves * BGNN_GROVE; b++) set_box(&space->leaf, b, INFINITY, -INFINITY);
    for (size_t b = 0; b < space->groves; b++) set_box(&space->grove, b, INFINITY, -INFINITY);
    for (size_t p = 0; p < space->leaves * BGNN_LEAF; p++) {
        size_t leaf = p / BGNN_LEAF;
        float *lane = space->panels + leaf * AXES * BGNN_LEAF + p % BGNN_LEAF;
        space->index[p] = p < space->points ? records[p].index : 0;
        for (int c = 0; c < AXES; c++) {
            lane[c * BGNN_LEAF] = p < space->points ? records[p].at[c] : NAN;
            if (p < space->points) widen(&space->leaf, leaf, c, records[p].at[c], records[p].at[c]);
        }
    }
    for (size_t leaf = 0; leaf < space->leaves; leaf++)
        for (int c = 0; c < AXES; c++)
            widen(&space->grove, leaf / BGNN_GROVE, c, space->leaf.low[c][leaf], space->leaf.high[c][leaf]);
}

/* For each of 16 boxes: 1 where it is near enough. The distance of the boxes, made smaller by more than its rounding error and that
   of the distances of points, is none of theirs at most. */
static inline void near(const bgnn_boxes *boxes, size_t first, size_t count, const float low[AXES], const float high[AXES],
                        float reach, int32_t close[BGNN_GROVE]) {
    float square[BGNN_GROVE];
    for (size_t b = 0; b < count; b++) {
        float sum = 0.0f;
        for (int c = 0; c < AXES; c++) {
            float above = boxes->low[c][first + b] - high[c], below = low[c] - boxes->high[c][first + b];
            float gap = above > below ? above : below;
            gap = gap > 0.0f ? gap : 0.0f;
            sum += gap * gap;
        }
        square[b] = sum;
    }
    for (size_t b = 0; b < count; b++) close[b] = square[b] * 0.999999f - 1e-37f <= reach;
}

size_t bgnn_space_within(const bgnn_space *space, size_t leaf, float reach, size_t room, int32_t *found) {
    float low[AXES], high[AXES];
    size_t n = 0;
    for (int c = 0; c < AXES; c++) low[c] = space->leaf.low[c][leaf], high[c] = space->leaf.high[c][leaf];
    for (size_t group = 0; group < space->groves; group += BGNN_GROVE) {
        int32_t close[BGNN_GROVE];
        size_t count = bgnn_min(BGNN_GROVE, space->groves - group);
        near(&space->grove, group, count, low, high, reach, close);
        for (size_t g = 0; g < count; g++) {
            if (!close[g]) continue;
            int32_t close_leaf[BGNN_GROVE];
            size_t first = (group + g) * BGNN_GROVE, leaves = bgnn_min(BGNN_GROVE, space->leaves - first);
            near(&space->leaf, first, BGNN_GROVE, low, high, reach, close_leaf);
            for (size_t b = 0; b < leaves && n < room; b++) {
                found[n] = (int32_t)(first + b);
                n += (size_t)close_leaf[b];
            }
            if (n == room) return n;
        }
    }
    return n;
}
