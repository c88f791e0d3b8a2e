/**
 * @file bits_avx512.c
 * @brief Packed-word kernels for AVX-512 with VPOPCNTDQ and VBMI.
 *
 * Popcounts: four bytes of 32 columns are 128 bytes of a panel; two byte permutes turn them into a dword per column, and
 * then every row costs a broadcast, and an xor, a popcount and a sum per 16 columns. Sums are int32 from the start.
 */
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vpopcntdq,avx512vbmi"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vpopcntdq,avx512vbmi")
#endif

enum {
    LANES = 16,
    ROWS = 8, /* rows that share the permutes */
    PANELS = 1,
    STEP = 4, /* bytes of a dword */
    MOST_DWORDS = 4 /* whose columns fit in registers: 8 of 32 */
};

/* Byte t of column c is byte 32 t + c of the four: where dwords 0 ... 15 find theirs. */
#define COLUMN(c) (c), (c) + 32, (c) + 64, (c) + 96
#define COLUMNS4(c) COLUMN(c), COLUMN((c) + 1), COLUMN((c) + 2), COLUMN((c) + 3)
static const _Alignas(64) uint8_t PICK[64] = {COLUMNS4(0), COLUMNS4(4), COLUMNS4(8), COLUMNS4(12)};

/* The lanes of columns from ... from + 15 that exist. */
static inline __mmask16 lanes(size_t from, size_t columns) {
    return from >= columns ? 0 : columns - from >= LANES ? 0xffff : (__mmask16)((1u << (columns - from)) - 1);
}

/* Four bytes of 32 columns, first and second half of them, as a dword per column. */
static inline void gather_columns(__m512i first, __m512i second, __m512i column_u32x16[2]) {
    const __m512i pick = _mm512_load_si512(PICK);
    column_u32x16[0] = _mm512_permutex2var_epi8(first, pick, second);
    column_u32x16[1] = _mm512_permutex2var_epi8(first, _mm512_add_epi8(pick, _mm512_set1_epi8(LANES)), second);
}

/* The dword at p in every lane. */
static inline __m512i dword(const uint8_t *p) {
    int32_t value;
    memcpy(&value, p, sizeof value);
    return _mm512_set1_epi32(value);
}

/* Popcounts of ROWS rows against one panel. */
static inline void count(const uint8_t *const row[ROWS], const uint8_t *panel, size_t bytes, __m512i count_i32x16[ROWS][2]) {
    __m512i sum[ROWS][2], column[2];
    for (int r = 0; r < ROWS; r++) sum[r][0] = sum[r][1] = _mm512_setzero_si512();
    size_t b = 0;
    for (; b + STEP <= bytes; b += STEP, panel += STEP * BGNN_OCTET_PANEL) {
        gather_columns(_mm512_loadu_si512(panel), _mm512_loadu_si512(panel + 64), column);
        for (int r = 0; r < ROWS; r++)
            for (int i = 0; i < 2; i++)
                sum[r][i] = _mm512_add_epi32(sum[r][i], _mm512_popcnt_epi32(_mm512_xor_si512(dword(row[r] + b), column[i])));
    }
    if (b < bytes) { /* a row is whole words, so its last dword is there; a panel is not */
        size_t left = bytes - b;
        __m512i keep = _mm512_set1_epi32((1 << 8 * left) - 1);
        gather_columns(_mm512_maskz_loadu_epi8(left == 1 ? UINT32_MAX : UINT64_MAX, panel),
                       _mm512_maskz_loadu_epi8(left == 3 ? UINT32_MAX : 0, panel + 64), column);
        for (int r = 0; r < ROWS; r++)
            for (int i = 0; i < 2; i++) {
                __m512i different = _mm512_and_si512(keep, _mm512_xor_si512(dword(row[r] + b), column[i]));
                sum[r][i] = _mm512_add_epi32(sum[r][i], _mm512_popcnt_epi32(different));
            }
    }
    for (int r = 0; r < ROWS; r++) count_i32x16[r][0] = sum[r][0], count_i32x16[r][1] = sum[r][1];
}

static inline void tile(const uint8_t *const row[ROWS], const uint8_t *panel, size_t panels, size_t bytes, int32_t *out, size_t stride) {
    (void)panels;
    __m512i sum[ROWS][2];
    count(row, panel, bytes, sum);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < 2; i++) _mm512_storeu_si512(out + r * stride + LANES * i, sum[r][i]);
}

static inline void tile_u8(const uint8_t *const row[ROWS], const uint8_t *panel, size_t panels, size_t bytes, uint8_t *out, size_t stride) {
    (void)panels;
    __m512i sum[ROWS][2];
    count(row, panel, bytes, sum);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < 2; i++) _mm_storeu_si128((__m128i *)(out + r * stride + LANES * i), _mm512_cvtepi32_epi8(sum[r][i]));
}

#include "bits_tiles.h"

static inline void store_extremes(const __m512i low[2], const __m512i high[2], size_t c, size_t columns, int32_t *least, int32_t *most) {
    for (size_t i = 0; i < 2; i++) {
        __mmask16 there = lanes(c + LANES * i, columns);
        _mm512_mask_storeu_epi32(least + c + LANES * i, there, low[i]);
        _mm512_mask_storeu_epi32(most + c + LANES * i, there, high[i]);
    }
}

/* Extremes when a row is a few dwords (a constant wherever this is inlined): the columns stay in registers, the rows go by. */
static inline __attribute__((always_inline)) void extremes_of(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets,
                                                              size_t dwords, size_t columns, int32_t *least, int32_t *most) {
    for (size_t c = 0; c < columns; c += BGNN_OCTET_PANEL) {
        __m512i column[MOST_DWORDS][2], low[2], high[2];
        for (size_t d = 0; d < dwords; d++) {
            const uint8_t *panel = octets + (c * dwords + d * BGNN_OCTET_PANEL) * STEP;
            gather_columns(_mm512_loadu_si512(panel), _mm512_loadu_si512(panel + 64), column[d]);
        }
        for (int i = 0; i < 2; i++) low[i] = _mm512_set1_epi32(INT32_MAX), high[i] = _mm512_setzero_si512();
        for (size_t r = 0; r < rows; r++) {
            const uint8_t *row = (const uint8_t *)(a + r * word_stride);
            __m512i sum[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
            for (size_t d = 0; d < dwords; d++) {
                __m512i own = dword(row + d * STEP);
                for (int i = 0; i < 2; i++)
                    sum[i] = _mm512_add_epi32(sum[i], _mm512_popcnt_epi32(_mm512_xor_si512(own, column[d][i])));
            }
            for (int i = 0; i < 2; i++) low[i] = _mm512_min_epi32(low[i], sum[i]), high[i] = _mm512_max_epi32(high[i], sum[i]);
        }
        store_extremes(low, high, c, columns, least, most);
    }
}

static void extremes(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets, size_t bytes,
                     size_t columns, int32_t *least, int32_t *most) {
    if (bytes == 2 * STEP) {
        extremes_of(a, word_stride, rows, octets, 2, columns, least, most);
        return;
    }
    if (bytes == MOST_DWORDS * STEP) {
        extremes_of(a, word_stride, rows, octets, MOST_DWORDS, columns, least, most);
        return;
    }
    for (size_t c = 0; c < columns; c += BGNN_OCTET_PANEL) {
        __m512i low[2], high[2];
        for (int i = 0; i < 2; i++) low[i] = _mm512_set1_epi32(INT32_MAX), high[i] = _mm512_setzero_si512();
        for (size_t first = 0; first < rows; first += ROWS) {
            const uint8_t *row[ROWS];
            __m512i sum[ROWS][2];
            take_rows(a, word_stride, first, rows, row);
            count(row, octets + c * bytes, bytes, sum);
            for (int r = 0; r < ROWS; r++)
                for (int i = 0; i < 2; i++) {
                    low[i] = _mm512_min_epi32(low[i], sum[r][i]);
                    high[i] = _mm512_max_epi32(high[i], sum[r][i]);
                }
        }
        store_extremes(low, high, c, columns, least, most);
    }
}

static void gather_extremes(const int32_t *counts, size_t stride, const int32_t *index, size_t rows, size_t columns,
                            int32_t *least, int32_t *most) {
    enum { VECTORS = 4 };
    for (size_t c = 0; c < columns; c += VECTORS * LANES) {
        __m512i low[VECTORS], high[VECTORS];
        __mmask16 there[VECTORS];
        for (size_t i = 0; i < VECTORS; i++) {
            there[i] = lanes(c + LANES * i, columns);
            low[i] = _mm512_set1_epi32(INT32_MAX), high[i] = _mm512_set1_epi32(INT32_MIN);
        }
        for (size_t r = 0; r < rows; r++) {
            const int32_t *from = counts + (size_t)index[r] * stride + c;
            for (size_t i = 0; i < VECTORS; i++) {
                __m512i p = _mm512_maskz_loadu_epi32(there[i], from + LANES * i);
                low[i] = _mm512_min_epi32(low[i], p);
                high[i] = _mm512_max_epi32(high[i], p);
            }
        }
        for (size_t i = 0; i < VECTORS; i++) {
            _mm512_mask_storeu_epi32(least + c + LANES * i, there[i], low[i]);
            _mm512_mask_storeu_epi32(most + c + LANES * i, there[i], high[i]);
        }
    }
}

static void hits(const int32_t *least, const int32_t *most, const int32_t *own, int32_t in, const int32_t *low, const int32_t *span,
                 size_t columns, uint64_t *words) {
    /* -n = (n ^ -1) + 1 */
    const __m512i flip = _mm512_set1_epi32(in > 0 ? -1 : 0), more = _mm512_set1_epi32(in > 0 ? in + 1 : 0);
    for (size_t c = 0; c < columns; c += LANES) {
        __mmask16 there = lanes(c, columns);
        __m512i reach = _mm512_maskz_loadu_epi32(there, span + c);
        __m512i from = _mm512_sub_epi32(more, _mm512_maskz_loadu_epi32(there, low + c));
        __m512i start = _mm512_add_epi32(from, _mm512_maskz_loadu_epi32(there, own + c));
        __m512i first = _mm512_add_epi32(start, _mm512_xor_si512(_mm512_maskz_loadu_epi32(there, least + c), flip));
        __m512i last = _mm512_add_epi32(start, _mm512_xor_si512(_mm512_maskz_loadu_epi32(there, most + c), flip));
        uint64_t hit = _mm512_mask_cmple_epu32_mask(there, first, reach) | _mm512_mask_cmple_epu32_mask(there, last, reach);
        words[c / 64] = (c % 64 == 0 ? 0 : words[c / 64]) | hit << (c % 64);
    }
}

static void pack(const float *values, size_t stride, size_t rows, size_t channels, const float *threshold,
                 const uint64_t *flip, uint64_t *words, size_t word_stride) {
    for (size_t r = 0; r < rows; r++, values += stride, words += word_stride)
        for (size_t w = 0; 64 * w < channels; w++) {
            uint64_t word = 0, pad = channels - 64 * w < 64 ? UINT64_MAX << (channels - 64 * w) : 0;
            for (size_t c = 64 * w; c < 64 * w + 64; c += LANES) {
                __mmask16 there = lanes(c, channels);
                __m512 limit = threshold != NULL ? _mm512_maskz_loadu_ps(there, threshold + c) : _mm512_setzero_ps();
                __m512 v = _mm512_maskz_loadu_ps(there, values + c);
                word |= (uint64_t)_mm512_mask_cmp_ps_mask(there, v, limit, _CMP_LT_OQ) << (c % 64);
            }
            words[w] = flip != NULL ? (word ^ flip[w]) & ~pad : word;
        }
}

const bgnn_bits_kernels bgnn_bits_avx512 = {pack, hamming, hamming_u8, extremes, gather_extremes, hits};

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
