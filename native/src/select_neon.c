/**
 * @file select_neon.c
 * @brief Selection kernels for NEON, of 64-bit and of 32-bit ARM: four distances a compare.
 */
#include "neon.h"

#ifdef BGNN_NEON

enum { LANES = 4, VECTORS = 4 };

static size_t count(const int32_t *row, size_t length, int32_t limit) {
    const int32x4_t bound = vdupq_n_s32(limit);
    uint32x4_t within[VECTORS]; /* minus the count of row <= limit, modulo 2^32 */
    for (int j = 0; j < VECTORS; j++) within[j] = vdupq_n_u32(0);
    size_t i = 0;
    for (; i + LANES * VECTORS <= length; i += LANES * VECTORS)
        for (int j = 0; j < VECTORS; j++)
            within[j] = vaddq_u32(within[j], vcleq_s32(vld1q_s32(row + i + (size_t)(LANES * j)), bound));
    uint32x4_t sum = vaddq_u32(vaddq_u32(within[0], within[1]), vaddq_u32(within[2], within[3]));
    return (size_t)(0 - sum_u32(sum)) + bgnn_select_scalar.count(row + i, length - i, limit);
}

static size_t keys(const int32_t *row, size_t length, int32_t low, int32_t high, size_t room, uint64_t *out) {
    const int32x4_t from = vdupq_n_s32(low), to = vdupq_n_s32(high);
    size_t n = 0, i = 0;
    for (; i + LANES * VECTORS <= length && n < room; i += LANES * VECTORS) {
        uint32x4_t inside[VECTORS];
        for (int j = 0; j < VECTORS; j++) {
            int32x4_t d = vld1q_s32(row + i + (size_t)(LANES * j));
            inside[j] = vandq_u32(vcgeq_s32(d, from), vcleq_s32(d, to));
        }
        if (none_u32(vorrq_u32(vorrq_u32(inside[0], inside[1]), vorrq_u32(inside[2], inside[3])))) continue;
        for (size_t j = i; j < i + LANES * VECTORS && n < room; j++)
            if (row[j] >= low && row[j] <= high) out[n++] = (uint64_t)(uint32_t)row[j] << 32 | j;
    }
    for (; i < length && n < room; i++)
        if (row[i] >= low && row[i] <= high) out[n++] = (uint64_t)(uint32_t)row[i] << 32 | i;
    return n;
}

static void minima(const int32_t *row, size_t length, int32_t *least) {
    enum { GROUP_VECTORS = BGNN_GROUPS / LANES };
    int32x4_t low[GROUP_VECTORS];
    for (int j = 0; j < GROUP_VECTORS; j++) low[j] = vdupq_n_s32(INT32_MAX);
    size_t i = 0;
    for (; i + BGNN_GROUPS <= length; i += BGNN_GROUPS)
        for (int j = 0; j < GROUP_VECTORS; j++) low[j] = vminq_s32(low[j], vld1q_s32(row + i + (size_t)(LANES * j)));
    for (int j = 0; j < GROUP_VECTORS; j++) vst1q_s32(least + LANES * j, low[j]);
    for (size_t g = 0; i + g < length; g++)
        if (row[i + g] < least[g]) least[g] = row[i + g];
}

static size_t keys_u8(const uint8_t *row, size_t length, int32_t low, int32_t high, size_t room, uint64_t *out) {
    enum { BYTES = 16 };
    if (high < low) return 0;
    const uint8x16_t from = vdupq_n_u8((uint8_t)low), span = vdupq_n_u8((uint8_t)(high - low));
    size_t n = 0, i = 0;
    for (; i + BYTES <= length && n < room; i += BYTES) {
        uint8x16_t inside = vcleq_u8(vsubq_u8(vld1q_u8(row + i), from), span);
        /* four bits a byte, one of them kept */
        uint64_t mask = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(inside), 4)), 0) & UINT64_C(0x1111111111111111);
        for (; mask != 0 && n < room; mask &= mask - 1) {
            size_t j = i + (size_t)__builtin_ctzll(mask) / 4;
            out[n++] = (uint64_t)row[j] << 32 | j;
        }
    }
    for (; i < length && n < room; i++)
        if (row[i] >= low && row[i] <= high) out[n++] = (uint64_t)row[i] << 32 | i;
    return n;
}

static int32_t reach_u8(const uint8_t *row, size_t length, size_t k) {
    enum { BYTES = 16, GROUP_VECTORS = BGNN_GROUPS / BYTES };
    uint8_t rest[BGNN_GROUPS];
    uint8x16_t least[GROUP_VECTORS];
    for (int j = 0; j < GROUP_VECTORS; j++) least[j] = vdupq_n_u8(255);
    for (size_t i = 0; i < length; i += BGNN_GROUPS) {
        const uint8_t *from = row + i;
        if (length - i < BGNN_GROUPS) {
            for (size_t g = 0; g < BGNN_GROUPS; g++) rest[g] = i + g < length ? row[i + g] : 255;
            from = rest;
        }
        for (int j = 0; j < GROUP_VECTORS; j++) least[j] = vminq_u8(least[j], vld1q_u8(from + BYTES * j));
    }
    int32_t limit = 0;
    for (int32_t step = 128; step > 0; step /= 2) { /* fewer than k are below limit */
        const uint8x16_t bound = vdupq_n_u8((uint8_t)(limit + step));
        uint8x16_t within = vdupq_n_u8(0); /* minus the count, modulo 256 */
        for (int j = 0; j < GROUP_VECTORS; j++) within = vaddq_u8(within, vcltq_u8(least[j], bound));
        limit += (uint8_t)(0 - sum_u8(within)) < k ? step : 0;
    }
    return limit;
}

static void sort(const uint64_t *keys, size_t count, uint64_t *sorted) {
    enum { KEYS = 2 * VECTORS }; /* so many at a time wait for the number of smaller ones */
    for (size_t start = 0; start < count; start += KEYS) {
        uint64_t own[KEYS], smaller[KEYS];
        size_t size = count - start < KEYS ? count - start : KEYS;
        for (size_t i = 0; i < KEYS; i++) own[i] = keys[start + (i < size ? i : 0)];
        uint64x2_t key[VECTORS], rank[VECTORS];
        for (int v = 0; v < VECTORS; v++) key[v] = vld1q_u64(own + 2 * v), rank[v] = vdupq_n_u64(0);
        for (size_t j = 0; j < count; j++) {
            uint64x2_t other = vdupq_n_u64(keys[j]); /* keys are below 2^63: the sign of a difference says which is smaller */
            for (int v = 0; v < VECTORS; v++) rank[v] = vsraq_n_u64(rank[v], vsubq_u64(other, key[v]), 63);
        }
        for (int v = 0; v < VECTORS; v++) vst1q_u64(smaller + 2 * v, rank[v]);
        for (size_t i = 0; i < size; i++) sorted[smaller[i]] = own[i];
    }
}

const bgnn_select_kernels bgnn_select_neon = {count, keys, minima, keys_u8, reach_u8, sort};

BGNN_NEON_END
#endif
