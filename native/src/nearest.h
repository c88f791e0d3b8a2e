/**
 * @file nearest.h
 * @brief Exact selection of the k smallest (distance, index) of a row of distances.
 *
 * A key is distance << 32 | index, the distance being an integer or the bits of a non-negative float (whose order is the
 * order of the floats, infinity and NaN last). Keys are distinct, so their order is the tie contract.
 */
#ifndef BGNN_NEAREST_H
#define BGNN_NEAREST_H

#include "kernels.h"

#include <stdbool.h>

#define BGNN_FEW 96 /* keys that the sort kernel takes */

/** @brief Room for keys that a selection of k needs. */
static inline size_t bgnn_nearest_room(size_t k) { return k > BGNN_FEW ? k : BGNN_FEW; }

/** @brief A distance that at least k of the row are within, and few more but for ties. */
int32_t bgnn_reach(const bgnn_select_kernels *select, const int32_t *row, size_t length, size_t k);

/** @brief The k smallest of a row, in order. keys, sorted: bgnn_nearest_room(k). */
void bgnn_nearest(const bgnn_select_kernels *select, const int32_t *row, size_t length, size_t k, uint64_t *keys, uint64_t *sorted);

/** @brief The k smallest of a row of bytes, k at most BGNN_GROUPS / 2. wide: room for a row, for the rare ones that need it. */
void bgnn_nearest_u8(const bgnn_select_kernels *select, const uint8_t *row, size_t length, size_t k, int32_t *wide, uint64_t *keys,
                     uint64_t *sorted);

/**
 * @brief The same where element i of the row stands for point index[i], in any order.
 * @param guess a distance that a few more than k of the row may be within: a good one saves the search for it.
 * @return false when too many tie for the room there is, and nothing was selected.
 */
bool bgnn_nearest_of(const bgnn_select_kernels *select, const int32_t *row, const int32_t *index, size_t length, size_t k, int32_t guess,
                     uint64_t *keys, uint64_t *sorted);

#endif
