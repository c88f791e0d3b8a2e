/**
 * @file nearest.c
 * @brief Exact selection: a bound on the k-th distance from the minima of 64 groups, then a sort of the few within it.
 */
#include "nearest.h"

#include <string.h>

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

enum { SLACK = 4 }; /* how far a reach may be from exact */

static void sort(const bgnn_select_kernels *select, const uint64_t *keys, size_t count, uint64_t *sorted) {
    if (count <= BGNN_FEW) {
        select->sort(keys, count, sorted);
        return;
    }
    memcpy(sorted, keys, count * sizeof *keys);
    sort_many(sorted, count);
}

/* k groups have their least within it, so at least k points are. */
static int32_t reach_of_groups(const bgnn_select_kernels *select, const int32_t *row, size_t length, size_t k) {
    int32_t least[BGNN_GROUPS];
    select->minima(row, length, least);
    return reach_of(select, least, BGNN_GROUPS, k, k + SLACK);
}

static bool has_groups(size_t k) { return k <= BGNN_GROUPS / 2; }

int32_t bgnn_reach(const bgnn_select_kernels *select, const int32_t *row, size_t length, size_t k) {
    return has_groups(k) && length > BGNN_GROUPS ? reach_of_groups(select, row, length, k) : reach_of(select, row, length, k, k + SLACK);
}

void bgnn_nearest(const bgnn_select_kernels *select, const int32_t *row, size_t length, size_t k, uint64_t *keys, uint64_t *sorted) {
    int32_t reach;
    size_t nearer = BGNN_FEW;
    if (has_groups(k)) {
        reach = reach_of_groups(select, row, length, k);
        nearer = select->keys(row, length, 0, reach - 1, BGNN_FEW, keys);
    }
    if (nearer == BGNN_FEW) {
        reach = reach_of(select, row, length, k, k);
        nearer = select->keys(row, length, 0, reach - 1, k, keys);
    }
    sort(select, keys, nearer, sorted);
    /* Of those that tie at the reach itself the lower indices win, and they come in that order. */
    if (nearer < k) select->keys(row, length, reach, reach, k - nearer, sorted + nearer);
}

void bgnn_nearest_u8(const bgnn_select_kernels *select, const uint8_t *row, size_t length, size_t k, int32_t *wide, uint64_t *keys,
                     uint64_t *sorted) {
    int32_t reach = select->reach_u8(row, length, k);
    size_t nearer = select->keys_u8(row, length, 0, reach - 1, BGNN_FEW, keys);
    if (nearer == BGNN_FEW || length < k + BGNN_GROUPS) { /* most points in few groups, or groups without one */
        for (size_t i = 0; i < length; i++) wide[i] = row[i];
        bgnn_nearest(select, wide, length, k, keys, sorted);
        return;
    }
    sort(select, keys, nearer, sorted);
    if (nearer < k) select->keys_u8(row, length, reach, reach, k - nearer, sorted + nearer);
}

bool bgnn_nearest_of(const bgnn_select_kernels *select, const int32_t *row, const int32_t *index, size_t length, size_t k, int32_t guess,
                     uint64_t *keys, uint64_t *sorted) {
    size_t room = bgnn_nearest_room(k), within = select->keys(row, length, 0, guess, room, keys);
    if (within < k || within == room) within = select->keys(row, length, 0, bgnn_reach(select, row, length, k), room, keys);
    if (within == room) within = select->keys(row, length, 0, reach_of(select, row, length, k, k), room, keys);
    if (within == room) return false;
    for (size_t i = 0; i < within; i++) keys[i] = (keys[i] & UINT64_MAX << 32) | (uint32_t)index[(uint32_t)keys[i]];
    sort(select, keys, within, sorted);
    return true;
}
