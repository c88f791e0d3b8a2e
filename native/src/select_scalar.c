/**
 * @file select_scalar.c
 * @brief Selection kernels in plain C: the oracle of the other ISAs.
 */
#include "kernels.h"

static size_t count(const int32_t *row, size_t length, int32_t limit) {
    size_t n = 0;
    for (size_t i = 0; i < length; i++) n += row[i] <= limit;
    return n;
}

static size_t keys(const int32_t *row, size_t length, int32_t low, int32_t high, size_t room, uint64_t *out) {
    size_t n = 0;
    for (size_t i = 0; i < length && n < room; i++)
        if (row[i] >= low && row[i] <= high) out[n++] = (uint64_t)(uint32_t)row[i] << 32 | i;
    return n;
}

static void minima(const int32_t *row, size_t length, int32_t *least) {
    for (size_t g = 0; g < BGNN_GROUPS; g++) least[g] = INT32_MAX;
    for (size_t i = 0; i < length; i++)
        if (row[i] < least[i % BGNN_GROUPS]) least[i % BGNN_GROUPS] = row[i];
}

static size_t keys_u8(const uint8_t *row, size_t length, int32_t low, int32_t high, size_t room, uint64_t *out) {
    size_t n = 0;
    for (size_t i = 0; i < length && n < room; i++)
        if (row[i] >= low && row[i] <= high) out[n++] = (uint64_t)row[i] << 32 | i;
    return n;
}

static int32_t reach_u8(const uint8_t *row, size_t length, size_t k) {
    uint8_t least[BGNN_GROUPS];
    for (size_t g = 0; g < BGNN_GROUPS; g++) least[g] = 255;
    for (size_t i = 0; i < length; i++)
        if (row[i] < least[i % BGNN_GROUPS]) least[i % BGNN_GROUPS] = row[i];
    for (int32_t limit = 0;; limit++) {
        size_t within = 0;
        for (size_t g = 0; g < BGNN_GROUPS; g++) within += least[g] <= limit;
        if (within >= k) return limit;
    }
}

static void sort(const uint64_t *keys, size_t count, uint64_t *sorted) {
    for (size_t i = 0; i < count; i++) {
        size_t smaller = 0;
        for (size_t j = 0; j < count; j++) smaller += keys[j] < keys[i];
        sorted[smaller] = keys[i];
    }
}

const bgnn_select_kernels bgnn_select_scalar = {count, keys, minima, keys_u8, reach_u8, sort};
