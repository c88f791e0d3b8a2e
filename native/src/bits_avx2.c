/**
 * @file bits_avx2.c
 * @brief Packed-word kernels for AVX2.
 *
 * Popcounts: a byte of 32 columns sits in one vector, so no sum crosses lanes. A byte of a row picks two 16-byte tables, of
 * popcount(nibble ^ i) for each of its nibbles, and one shuffle looks 32 columns up in one of them (no xor, no popcount).
 */
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define P(n) ((n) % 2 + (n) / 2 % 2 + (n) / 4 % 2 + (n) / 8)
#define NIBBLE(n) P((n) ^ 0), P((n) ^ 1), P((n) ^ 2), P((n) ^ 3), P((n) ^ 4), P((n) ^ 5), P((n) ^ 6), P((n) ^ 7), \
                  P((n) ^ 8), P((n) ^ 9), P((n) ^ 10), P((n) ^ 11), P((n) ^ 12), P((n) ^ 13), P((n) ^ 14), P((n) ^ 15)
#define BYTE(n) {{NIBBLE((n) % 16)}, {NIBBLE((n) / 16)}}
#define BYTES4(n) BYTE(n), BYTE((n) + 1), BYTE((n) + 2), BYTE((n) + 3)
#define BYTES16(n) BYTES4(n), BYTES4((n) + 4), BYTES4((n) + 8), BYTES4((n) + 12)
#define BYTES64(n) BYTES16(n), BYTES16((n) + 16), BYTES16((n) + 32), BYTES16((n) + 48)
/* TABLE[n][0][i] = popcount((n & 15) ^ i), TABLE[n][1][i] = popcount((n >> 4) ^ i). 8 KB, but found by the byte as it is: with a table
   per nibble (256 bytes) bf2 takes 5.2 ms, not 4.6 (Zen 4, gcc 12.2). */
static const _Alignas(64) uint8_t TABLE[256][2][16] = {BYTES64(0), BYTES64(64), BYTES64(128), BYTES64(192)};

enum {
    ROWS = 4,  /* rows that share one split of a panel's bytes into nibbles */
    PANELS = 2 /* panels that share the tables of a row's byte */
};
#define INLINE static inline __attribute__((always_inline))

/* Popcounts of ROWS rows against `panels` panels over at most BGNN_NARROW_BYTES bytes; a panel has `all` bytes of a row. */
INLINE void count(const uint8_t *const row[ROWS], const uint8_t *panel, size_t panels, size_t bytes, size_t all,
                  __m256i count_u8x32[ROWS][PANELS]) {
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i sum[ROWS][PANELS];
    for (int r = 0; r < ROWS; r++)
        for (size_t p = 0; p < panels; p++) sum[r][p] = _mm256_setzero_si256();
    for (size_t b = 0; b < bytes; b++, panel += BGNN_OCTET_PANEL) {
        __m256i half[2][PANELS];
        for (size_t p = 0; p < panels; p++) {
            __m256i octets = _mm256_loadu_si256((const __m256i *)(panel + p * all * BGNN_OCTET_PANEL));
            half[0][p] = _mm256_and_si256(octets, nibble);
            half[1][p] = _mm256_and_si256(_mm256_srli_epi16(octets, 4), nibble);
            __asm__("" : "+x"(half[0][p]), "+x"(half[1][p])); /* in registers, or gcc takes them apart again for each row */
        }
        for (int r = 0; r < ROWS; r++) {
            const uint8_t(*tables)[16] = TABLE[row[r][b]];
            for (int h = 0; h < 2; h++) {
                __m256i table = _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)tables[h]));
                for (size_t p = 0; p < panels; p++) {
                    sum[r][p] = _mm256_add_epi8(sum[r][p], _mm256_shuffle_epi8(table, half[h][p]));
                    __asm__("" : "+x"(sum[r][p])); /* or gcc adds in pairs first, and lacks registers */
                }
            }
        }
    }
    for (int r = 0; r < ROWS; r++)
        for (size_t p = 0; p < panels; p++) count_u8x32[r][p] = sum[r][p];
}

/* Store (or add) 32 byte counts as int32. */
static inline void widen(__m256i count_u8x32, int32_t *out, int add) {
    __m128i low = _mm256_castsi256_si128(count_u8x32), high = _mm256_extracti128_si256(count_u8x32, 1);
    __m256i part[4] = {_mm256_cvtepu8_epi32(low), _mm256_cvtepu8_epi32(_mm_srli_si128(low, 8)),
                       _mm256_cvtepu8_epi32(high), _mm256_cvtepu8_epi32(_mm_srli_si128(high, 8))};
    for (int i = 0; i < 4; i++) {
        __m256i *to = (__m256i *)(out + 8 * i);
        _mm256_storeu_si256(to, add ? _mm256_add_epi32(_mm256_loadu_si256(to), part[i]) : part[i]);
    }
}

INLINE void tile(const uint8_t *const row[ROWS], const uint8_t *panel, size_t panels, size_t bytes, int32_t *out, size_t stride) {
    size_t blocks = (bytes + BGNN_NARROW_BYTES - 1) / BGNN_NARROW_BYTES, each = (bytes + blocks - 1) / blocks;
    for (size_t first = 0; first < bytes; first += each) {
        const uint8_t *from[ROWS];
        for (int r = 0; r < ROWS; r++) from[r] = row[r] + first;
        __m256i counts[ROWS][PANELS];
        count(from, panel + first * BGNN_OCTET_PANEL, panels, bytes - first < each ? bytes - first : each, bytes, counts);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t p = 0; p < panels; p++) widen(counts[r][p], out + r * stride + p * BGNN_OCTET_PANEL, first > 0);
    }
}

INLINE void tile_u8(const uint8_t *const row[ROWS], const uint8_t *panel, size_t panels, size_t bytes, uint8_t *out, size_t stride) {
    __m256i counts[ROWS][PANELS];
    count(row, panel, panels, bytes, bytes, counts);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t p = 0; p < panels; p++)
            _mm256_storeu_si256((__m256i *)(out + r * stride + p * BGNN_OCTET_PANEL), counts[r][p]);
}

#include "bits_tiles.h"

/* Extremes of panels when counts fit in bytes. */
INLINE void extremes_u8(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *panel, size_t panels, size_t bytes,
                        int32_t *least, int32_t *most) {
    __m256i low[PANELS], high[PANELS];
    for (size_t p = 0; p < panels; p++) low[p] = _mm256_set1_epi8(-1), high[p] = _mm256_setzero_si256();
    for (size_t first = 0; first < rows; first += ROWS) {
        const uint8_t *row[ROWS];
        take_rows(a, word_stride, first, rows, row);
        __m256i counts[ROWS][PANELS];
        count(row, panel, panels, bytes, bytes, counts);
        for (int r = 0; r < ROWS; r++)
            for (size_t p = 0; p < panels; p++) {
                low[p] = _mm256_min_epu8(low[p], counts[r][p]);
                high[p] = _mm256_max_epu8(high[p], counts[r][p]);
            }
    }
    for (size_t p = 0; p < panels; p++) {
        widen(low[p], least + p * BGNN_OCTET_PANEL, 0);
        widen(high[p], most + p * BGNN_OCTET_PANEL, 0);
    }
}

#include "bits_extremes.h"

static void gather_extremes(const int32_t *counts, size_t stride, const int32_t *index, size_t rows, size_t columns,
                            int32_t *least, int32_t *most) {
    size_t c = 0;
    for (; c + 16 <= columns; c += 16) {
        __m256i low[2], high[2];
        for (int i = 0; i < 2; i++) low[i] = _mm256_set1_epi32(INT32_MAX), high[i] = _mm256_set1_epi32(INT32_MIN);
        for (size_t r = 0; r < rows; r++) {
            const int32_t *from = counts + (size_t)index[r] * stride + c;
            for (int i = 0; i < 2; i++) {
                __m256i p = _mm256_loadu_si256((const __m256i *)(from + 8 * i));
                low[i] = _mm256_min_epi32(low[i], p);
                high[i] = _mm256_max_epi32(high[i], p);
            }
        }
        for (int i = 0; i < 2; i++) {
            _mm256_storeu_si256((__m256i *)(least + c + 8 * i), low[i]);
            _mm256_storeu_si256((__m256i *)(most + c + 8 * i), high[i]);
        }
    }
    bgnn_bits_scalar.gather_extremes(counts + c, stride, index, rows, columns - c, least + c, most + c);
}

static inline __m256i in_reach(const int32_t *n, __m256i flip, __m256i start, __m256i span) {
    __m256i distance = _mm256_add_epi32(start, _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)n), flip));
    return _mm256_cmpeq_epi32(_mm256_min_epu32(distance, span), distance);
}

static void hits(const int32_t *least, const int32_t *most, const int32_t *own, int32_t in, const int32_t *low, const int32_t *span,
                 size_t columns, uint64_t *words) {
    /* -n = (n ^ -1) + 1 */
    const __m256i flip = _mm256_set1_epi32(in > 0 ? -1 : 0), more = _mm256_set1_epi32(in > 0 ? in + 1 : 0);
    size_t c = 0;
    for (; c + 64 <= columns; c += 64) {
        uint64_t word = 0;
        for (size_t i = 0; i < 64; i += 8) {
            __m256i from = _mm256_sub_epi32(more, _mm256_loadu_si256((const __m256i *)(low + c + i)));
            __m256i start = _mm256_add_epi32(from, _mm256_loadu_si256((const __m256i *)(own + c + i)));
            __m256i reach = _mm256_loadu_si256((const __m256i *)(span + c + i));
            __m256i hit = _mm256_or_si256(in_reach(least + c + i, flip, start, reach), in_reach(most + c + i, flip, start, reach));
            word |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(hit)) << i;
        }
        words[c / 64] = word;
    }
    bgnn_bits_scalar.hits(least + c, most + c, own + c, in, low + c, span + c, columns - c, words + c / 64);
}

static void pack(const float *values, size_t stride, size_t rows, size_t channels, const float *threshold,
                 const uint64_t *flip, uint64_t *words, size_t word_stride) {
    for (size_t r = 0; r < rows; r++, values += stride, words += word_stride) {
        size_t c = 0;
        for (; c + 64 <= channels; c += 64) {
            uint64_t word = 0;
            for (size_t i = 0; i < 64; i += 8) {
                __m256 limit = threshold != NULL ? _mm256_loadu_ps(threshold + c + i) : _mm256_setzero_ps();
                __m256 below = _mm256_cmp_ps(_mm256_loadu_ps(values + c + i), limit, _CMP_LT_OQ);
                word |= (uint64_t)(uint32_t)_mm256_movemask_ps(below) << i;
            }
            words[c / 64] = flip != NULL ? word ^ flip[c / 64] : word;
        }
        bgnn_bits_scalar.pack(values + c, stride, 1, channels - c, threshold != NULL ? threshold + c : NULL,
                              flip != NULL ? flip + c / 64 : NULL, words + c / 64, word_stride);
    }
}

const bgnn_bits_kernels bgnn_bits_avx2 = {pack, hamming, hamming_u8, extremes, gather_extremes, hits};

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
