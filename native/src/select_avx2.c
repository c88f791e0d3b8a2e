/**
 * @file select_avx2.c
 * @brief Selection kernels for AVX2: eight distances a compare.
 */
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,popcnt")
#endif

enum { LANES = 8 };

static size_t count(const int32_t *row, size_t length, int32_t limit) {
    const __m256i bound = _mm256_set1_epi32(limit);
    __m256i above[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()}; /* minus the count of row > limit, int32 */
    size_t i = 0;
    for (; i + 2 * LANES <= length; i += 2 * LANES)
        for (int j = 0; j < 2; j++) {
            __m256i d = _mm256_loadu_si256((const __m256i *)(row + i + LANES * j));
            above[j] = _mm256_add_epi32(above[j], _mm256_cmpgt_epi32(d, bound));
        }
    int32_t lane[LANES];
    _mm256_storeu_si256((__m256i *)lane, _mm256_add_epi32(above[0], above[1]));
    size_t n = i;
    for (int j = 0; j < LANES; j++) n -= (size_t)-(int64_t)lane[j];
    return n + bgnn_select_scalar.count(row + i, length - i, limit);
}

static size_t keys(const int32_t *row, size_t length, int32_t low, int32_t high, size_t room, uint64_t *out) {
    const __m256i from = _mm256_set1_epi32(low), to = _mm256_set1_epi32(high);
    size_t n = 0, i = 0;
    for (; i + LANES <= length && n < room; i += LANES) {
        __m256i d = _mm256_loadu_si256((const __m256i *)(row + i));
        __m256i outside = _mm256_or_si256(_mm256_cmpgt_epi32(from, d), _mm256_cmpgt_epi32(d, to));
        uint32_t inside = ~(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(outside)) & 0xff;
        for (; inside != 0 && n < room; inside &= inside - 1) {
            size_t j = i + (size_t)__builtin_ctz(inside);
            out[n++] = (uint64_t)(uint32_t)row[j] << 32 | j;
        }
    }
    for (; i < length && n < room; i++)
        if (row[i] >= low && row[i] <= high) out[n++] = (uint64_t)(uint32_t)row[i] << 32 | i;
    return n;
}

static void minima(const int32_t *row, size_t length, int32_t *least) {
    enum { VECTORS = BGNN_GROUPS / LANES };
    __m256i low[VECTORS];
    for (int j = 0; j < VECTORS; j++) low[j] = _mm256_set1_epi32(INT32_MAX);
    size_t i = 0;
    for (; i + BGNN_GROUPS <= length; i += BGNN_GROUPS)
        for (int j = 0; j < VECTORS; j++)
            low[j] = _mm256_min_epi32(low[j], _mm256_loadu_si256((const __m256i *)(row + i + LANES * j)));
    for (int j = 0; j < VECTORS; j++) _mm256_storeu_si256((__m256i *)(least + LANES * j), low[j]);
    for (size_t g = 0; i + g < length; g++)
        if (row[i + g] < least[g]) least[g] = row[i + g];
}

static size_t keys_u8(const uint8_t *row, size_t length, int32_t low, int32_t high, size_t room, uint64_t *out) {
    enum { BYTES = 32, BLOCKS = 32 };
    if (high < low) return 0;
    const __m256i from = _mm256_set1_epi8((char)low), span = _mm256_set1_epi8((char)(high - low));
    size_t n = 0, i = 0;
    while (i + BYTES <= length && n < room) {
        uint32_t masks[BLOCKS], blocks[BLOCKS], found = 0; /* of vectors with any, chosen without a branch */
        for (int b = 0; b < BLOCKS && i + BYTES <= length; b++, i += BYTES) {
            __m256i above = _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)(row + i)), from);
            __m256i inside = _mm256_cmpeq_epi8(_mm256_min_epu8(above, span), above);
            masks[found] = (uint32_t)_mm256_movemask_epi8(inside), blocks[found] = (uint32_t)i;
            found += masks[found] != 0;
        }
        for (uint32_t f = 0; f < found; f++)
            for (uint32_t mask = masks[f]; mask != 0 && n < room; mask &= mask - 1) {
                size_t j = blocks[f] + (size_t)__builtin_ctz(mask);
                out[n++] = (uint64_t)row[j] << 32 | j;
            }
    }
    for (; i < length && n < room; i++)
        if (row[i] >= low && row[i] <= high) out[n++] = (uint64_t)row[i] << 32 | i;
    return n;
}

static int32_t reach_u8(const uint8_t *row, size_t length, size_t k) {
    uint8_t rest[BGNN_GROUPS];
    __m256i least[2] = {_mm256_set1_epi8(-1), _mm256_set1_epi8(-1)};
    for (size_t i = 0; i < length; i += BGNN_GROUPS) {
        const uint8_t *from = row + i;
        if (length - i < BGNN_GROUPS) {
            for (size_t g = 0; g < BGNN_GROUPS; g++) rest[g] = i + g < length ? row[i + g] : 255;
            from = rest;
        }
        for (int j = 0; j < 2; j++)
            least[j] = _mm256_min_epu8(least[j], _mm256_loadu_si256((const __m256i *)(from + 32 * j)));
    }
    int32_t limit = 0;
    for (int32_t step = 128; step > 0; step /= 2) { /* fewer than k are below limit */
        __m256i last = _mm256_set1_epi8((char)(limit + step - 1));
        uint64_t within = 0;
        for (int j = 0; j < 2; j++)
            within |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(least[j], last), last)) << 32 * j;
        limit += (size_t)__builtin_popcountll(within) < k ? step : 0;
    }
    return limit;
}

static void sort(const uint64_t *keys, size_t count, uint64_t *sorted) {
    enum { KEYS = 4, VECTORS = 4 }; /* 16 keys at a time wait for the number of smaller ones */
    for (size_t start = 0; start < count; start += KEYS * VECTORS) {
        uint64_t own[KEYS * VECTORS], smaller[KEYS * VECTORS];
        size_t size = count - start < KEYS * VECTORS ? count - start : KEYS * VECTORS;
        for (size_t i = 0; i < KEYS * VECTORS; i++) own[i] = keys[start + (i < size ? i : 0)];
        __m256i key[VECTORS], rank[VECTORS];
        for (int v = 0; v < VECTORS; v++)
            key[v] = _mm256_loadu_si256((const __m256i *)(own + KEYS * v)), rank[v] = _mm256_setzero_si256();
        for (size_t j = 0; j < count; j++) {
            __m256i other = _mm256_set1_epi64x((int64_t)keys[j]);
            for (int v = 0; v < VECTORS; v++) rank[v] = _mm256_sub_epi64(rank[v], _mm256_cmpgt_epi64(key[v], other));
        }
        for (int v = 0; v < VECTORS; v++) _mm256_storeu_si256((__m256i *)(smaller + KEYS * v), rank[v]);
        for (size_t i = 0; i < size; i++) sorted[smaller[i]] = own[i];
    }
}

const bgnn_select_kernels bgnn_select_avx2 = {count, keys, minima, keys_u8, reach_u8, sort};

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
