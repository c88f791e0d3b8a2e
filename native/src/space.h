/**
 * @file space.h
 * @brief 3-D points in the order of a k-d tree, in leaves of 16 with their boxes, for exact k-NN that looks at few of them.
 */
#ifndef BGNN_SPACE_H
#define BGNN_SPACE_H

#include "panels.h"

#define BGNN_LEAF 16  /* points: one panel of floats */
#define BGNN_GROVE 16 /* leaves that share a box of their own */

/** @brief Boxes by coordinate: axis c of box b at [c][b]. */
typedef struct {
    float *low[3], *high[3];
} bgnn_boxes;

/** @brief The tree; all pointers into one block. */
typedef struct {
    size_t points, leaves, groves;
    float *panels;     /* (leaves, 3, 16): positions in tree order; absent ones NaN, farther than any point */
    int32_t *index;    /* (16 leaves): the point at each position */
    bgnn_boxes leaf;   /* (leaves), padded to whole groves */
    bgnn_boxes grove;  /* (groves) */
    int32_t *finite;   /* whether all coordinates are: boxes of others mean nothing */
    void *records;     /* (points): coordinates and index, while it grows */
} bgnn_space;

/** @brief Carve a tree of so many points, or find it again at the start of the same block. */
bgnn_space bgnn_space_carve(size_t points, bgnn_carver *carver);

/** @brief Grow it over (points, stride) floats, of which three matter. */
void bgnn_space_grow(const bgnn_space *space, const float *values, size_t stride);

/**
 * @brief List the leaves whose points may be within `reach` (a squared distance) of points in the box of `leaf`.
 * @return how many, `room` at most: if there are more, the list is of no use.
 */
size_t bgnn_space_within(const bgnn_space *space, size_t leaf, float reach, size_t room, int32_t *found);

#endif
