/**
 * @file select_avx512.c
 * @brief Selection kernels for AVX-512: sixteen distances a compare, the chosen ones compressed without a branch.
 */
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vbmi2,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vbmi2,popcnt")
#endif

enum { LANES = 16, BLOCK = 1024 }; /* of a row, whose chosen indices wait on the stack */

#define FIRST8(i) (i), (i) + 1, (i) + 2, (i) + 3, (i) + 4, (i) + 5, (i) + 6, (i) + 7
static const uint16_t FIRST[2 * LANES] = {FIRST8(0), FIRST8(8), FIRST8(16), FIRST8(24)};

/* The lanes of elements from ... from + 15 that exist. */
static inline __mmask16 lanes(size_t from, size_t length) {
    return from >= length ? 0 : length - from >= LANES ? 0xffff : (__mmask16)((1u << (length - from)) - 1);
}

static size_t count(const int32_t *row, size_t length, int32_t limit) {
    const __m512i bound = _mm512_set1_epi32(limit);
    size_t n = 0, i = 0;
    for (; i + LANES <= length; i += LANES)
        n += (size_t)__builtin_popcount(_mm512_cmple_epi32_mask(_mm512_loadu_si512(row + i), bound));
    return n + bgnn_select_scalar.count(row + i, length - i, limit);
}

/* A bit for each of LANES distances (those that are there) with low <= d <= low + span. */
static inline uint32_t inside(const int32_t *row, __mmask16 there, __m512i low, __m512i span) {
    __m512i above = _mm512_sub_epi32(_mm512_maskz_loadu_epi32(there, row), low);
    return _mm512_mask_cmple_epu32_mask(there, above, span);
}

static size_t keys(const int32_t *row, size_t length, int32_t low, int32_t high, size_t room, uint64_t *out) {
    if (high < low) return 0;
    const __m512i from = _mm512_set1_epi32(low), span = _mm512_set1_epi32(high - low), next = _mm512_set1_epi16(2 * LANES);
    size_t n = 0;
    for (size_t start = 0; start < length && n < room; start += BLOCK) {
        uint16_t chosen[BLOCK + 2 * LANES];
        __m512i index = _mm512_loadu_si512(FIRST);
        size_t found = 0, size = length - start < BLOCK ? length - start : BLOCK, i = 0;
        const int32_t *block = row + start;
        for (; i < size; i += 2 * LANES, index = _mm512_add_epi16(index, next)) {
            uint32_t mask = inside(block + i, lanes(i, size), from, span)
                            | inside(block + i + LANES, lanes(i + LANES, size), from, span) << LANES;
            _mm512_storeu_si512(chosen + found, _mm512_maskz_compress_epi16(mask, index)); /* to memory it is slow on Zen 4 */
            found += (size_t)__builtin_popcount(mask);
        }
        for (size_t j = 0; j < found && n < room; j++) {
            size_t at = start + chosen[j];
            out[n++] = (uint64_t)(uint32_t)row[at] << 32 | at;
        }
    }
    return n;
}

static void minima(const int32_t *row, size_t length, int32_t *least) {
    enum { VECTORS = BGNN_GROUPS / LANES };
    __m512i low[VECTORS];
    for (int j = 0; j < VECTORS; j++) low[j] = _mm512_set1_epi32(INT32_MAX);
    size_t i = 0;
    for (; i + BGNN_GROUPS <= length; i += BGNN_GROUPS)
        for (int j = 0; j < VECTORS; j++) low[j] = _mm512_min_epi32(low[j], _mm512_loadu_si512(row + i + LANES * j));
    for (int j = 0; j < VECTORS; j++) _mm512_storeu_si512(least + LANES * j, low[j]);
    for (size_t g = 0; i + g < length; g++)
        if (row[i + g] < least[g]) least[g] = row[i + g];
}

static size_t keys_u8(const uint8_t *row, size_t length, int32_t low, int32_t high, size_t room, uint64_t *out) {
    enum { HALF = 2 * LANES };
    if (high < low) return 0;
    const __m512i from = _mm512_set1_epi8((char)low), span = _mm512_set1_epi8((char)(high - low)), next = _mm512_set1_epi16(HALF);
    size_t n = 0;
    for (size_t start = 0; start < length && n < room; start += BLOCK) {
        uint16_t chosen[BLOCK + 2 * HALF];
        __m512i index = _mm512_loadu_si512(FIRST);
        size_t found = 0, size = length - start < BLOCK ? length - start : BLOCK;
        for (size_t i = 0; i < size; i += 2 * HALF) {
            __mmask64 there = size - i >= 64 ? UINT64_MAX : (UINT64_C(1) << (size - i)) - 1;
            __m512i above = _mm512_sub_epi8(_mm512_maskz_loadu_epi8(there, row + start + i), from);
            uint64_t mask = _mm512_mask_cmple_epu8_mask(there, above, span);
            for (int half = 0; half < 2; half++, mask >>= HALF, index = _mm512_add_epi16(index, next)) {
                _mm512_storeu_si512(chosen + found, _mm512_maskz_compress_epi16((__mmask32)mask, index));
                found += (size_t)__builtin_popcount((uint32_t)mask);
            }
        }
        for (size_t j = 0; j < found && n < room; j++) {
            size_t at = start + chosen[j];
            out[n++] = (uint64_t)row[at] << 32 | at;
        }
    }
    return n;
}

static int32_t reach_u8(const uint8_t *row, size_t length, size_t k) {
    __m512i least = _mm512_set1_epi8(-1);
    size_t i = 0;
    for (; i + BGNN_GROUPS <= length; i += BGNN_GROUPS) least = _mm512_min_epu8(least, _mm512_loadu_si512(row + i));
    if (i < length) {
        __mmask64 there = (UINT64_C(1) << (length - i)) - 1;
        least = _mm512_min_epu8(least, _mm512_mask_loadu_epi8(_mm512_set1_epi8(-1), there, row + i));
    }
    int32_t limit = 0;
    for (int32_t step = 128; step > 0; step /= 2) { /* fewer than k are below limit */
        uint64_t within = _mm512_cmplt_epu8_mask(least, _mm512_set1_epi8((char)(limit + step)));
        limit += (size_t)__builtin_popcountll(within) < k ? step : 0;
    }
    return limit;
}

static void sort(const uint64_t *keys, size_t count, uint64_t *sorted) {
    enum { KEYS = 8, VECTORS = 4 }; /* 32 keys at a time wait for the number of smaller ones */
    for (size_t start = 0; start < count; start += KEYS * VECTORS) {
        __m512i key[VECTORS], rank[VECTORS];
        __mmask8 there[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            size_t at = start + KEYS * v;
            there[v] = at >= count ? 0 : count - at >= KEYS ? 0xff : (__mmask8)((1u << (count - at)) - 1);
            key[v] = _mm512_maskz_loadu_epi64(there[v], keys + at), rank[v] = _mm512_setzero_si512();
        }
        for (size_t j = 0; j < count; j++) {
            __m512i other = _mm512_set1_epi64((int64_t)keys[j]);
            for (int v = 0; v < VECTORS; v++)
                rank[v] = _mm512_mask_add_epi64(rank[v], _mm512_cmplt_epi64_mask(other, key[v]), rank[v], _mm512_set1_epi64(1));
        }
        for (int v = 0; v < VECTORS; v++) _mm512_mask_i64scatter_epi64(sorted, there[v], rank[v], key[v], sizeof *sorted);
    }
}

const bgnn_select_kernels bgnn_select_avx512 = {count, keys, minima, keys_u8, reach_u8, sort};

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
