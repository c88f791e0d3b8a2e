/**
 * @file real_avx2.c
 * @brief Float kernels for AVX2 and FMA: eight outputs a vector, each with one accumulator in channel order.
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

enum { LANES = 8, ROWS = 4 }; /* 4 rows x 2 vectors: 8 sums in flight hide the latency of a multiply-add (4 cycles, 2 a cycle) */

static inline void store_tile(__m256 sum[][2], size_t rows, size_t width, float *out, size_t out_stride) {
    for (size_t r = 0; r < rows; r++) {
        float row[BGNN_FLOAT_PANEL];
        float *to = width == BGNN_FLOAT_PANEL ? out + r * out_stride : row;
        _mm256_storeu_ps(to, sum[r][0]);
        _mm256_storeu_ps(to + LANES, sum[r][1]);
        if (to == row) memcpy(out + r * out_stride, row, width * sizeof *row);
    }
}

/* `rows` (a constant wherever this is inlined) rows against one panel; the sum of products or of squared differences. */
static inline __attribute__((always_inline)) void tile(const float *a, size_t stride, size_t rows, const float *panel,
                                                       size_t channels, size_t width, float *out, size_t out_stride,
                                                       int squares) {
    __m256 sum[ROWS][2];
    for (size_t r = 0; r < rows; r++) sum[r][0] = sum[r][1] = _mm256_setzero_ps();
    for (size_t c = 0; c < channels; c++, panel += BGNN_FLOAT_PANEL) {
        __m256 b0 = _mm256_loadu_ps(panel), b1 = _mm256_loadu_ps(panel + LANES);
        for (size_t r = 0; r < rows; r++) {
            __m256 x = _mm256_broadcast_ss(a + r * stride + c);
            __m256 d0 = squares ? _mm256_sub_ps(x, b0) : x, d1 = squares ? _mm256_sub_ps(x, b1) : x;
            sum[r][0] = _mm256_fmadd_ps(d0, squares ? d0 : b0, sum[r][0]);
            sum[r][1] = _mm256_fmadd_ps(d1, squares ? d1 : b1, sum[r][1]);
        }
    }
    if (squares) {
        __m256 positive = _mm256_castsi256_ps(_mm256_set1_epi32(INT32_MAX));
        for (size_t r = 0; r < rows; r++)
            for (int i = 0; i < 2; i++) sum[r][i] = _mm256_and_ps(sum[r][i], positive);
    }
    store_tile(sum, rows, width, out, out_stride);
}

static inline __attribute__((always_inline)) void product(const float *a, size_t stride, size_t rows, const float *panels,
                                                          size_t channels, size_t columns, float *out, size_t out_stride,
                                                          int squares) {
    for (size_t o = 0; o < columns; o += BGNN_FLOAT_PANEL) {
        const float *panel = panels + o * channels;
        size_t width = columns - o < BGNN_FLOAT_PANEL ? columns - o : BGNN_FLOAT_PANEL, r = 0;
        for (; r + ROWS <= rows; r += ROWS)
            tile(a + r * stride, stride, ROWS, panel, channels, width, out + r * out_stride + o, out_stride, squares);
        for (; r < rows; r++)
            tile(a + r * stride, stride, 1, panel, channels, width, out + r * out_stride + o, out_stride, squares);
    }
}

static void gemm(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                 float *out, size_t out_stride) {
    product(a, stride, rows, panels, channels, columns, out, out_stride, 0);
}

static void distance(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                     float *out, size_t out_stride) {
    product(a, stride, rows, panels, channels, columns, out, out_stride, 1);
}

/* _mm256_min_ps(v, least) is v < least ? v : least, NaN included; so is _mm256_max_ps. */
static void gemm_extremes(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                          float *least, float *most) {
    for (size_t o = 0; o < columns; o += BGNN_FLOAT_PANEL) {
        __m256 low[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()}, high[2] = {low[0], low[1]};
        for (size_t first = 0; first < rows; first += ROWS) {
            const float *row[ROWS], *panel = panels + o * channels;
            __m256 sum[ROWS][2];
            for (size_t r = 0; r < ROWS; r++) { /* past the end the last row again */
                row[r] = a + (first + r < rows ? first + r : rows - 1) * stride;
                sum[r][0] = sum[r][1] = _mm256_setzero_ps();
            }
            for (size_t c = 0; c < channels; c++, panel += BGNN_FLOAT_PANEL) {
                __m256 b[2] = {_mm256_loadu_ps(panel), _mm256_loadu_ps(panel + LANES)};
                for (int r = 0; r < ROWS; r++) {
                    __m256 x = _mm256_broadcast_ss(row[r] + c);
                    for (int i = 0; i < 2; i++) sum[r][i] = _mm256_fmadd_ps(x, b[i], sum[r][i]);
                }
            }
            for (int i = 0; i < 2; i++) {
                if (first == 0) low[i] = high[i] = sum[0][i];
                for (int r = 0; r < ROWS; r++) low[i] = _mm256_min_ps(sum[r][i], low[i]), high[i] = _mm256_max_ps(sum[r][i], high[i]);
            }
        }
        size_t width = columns - o < BGNN_FLOAT_PANEL ? columns - o : BGNN_FLOAT_PANEL;
        store_tile(&low, 1, width, least + o, 0);
        store_tile(&high, 1, width, most + o, 0);
    }
}

static void signed_gemv(const float *a, const uint32_t *signs, size_t channels, size_t columns, float *out) {
    const __m256i lane = _mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24), top = _mm256_set1_epi32(INT32_MIN);
    for (size_t o = 0; o < columns; o += BGNN_OCTET_PANEL, signs += channels) {
        __m256 sum[4];
        for (int i = 0; i < 4; i++) sum[i] = _mm256_setzero_ps();
        for (size_t c = 0; c < channels; c++) {
            __m256i bits = _mm256_set1_epi32((int32_t)signs[c]);
            __m256 v = _mm256_broadcast_ss(a + c);
            for (int i = 0; i < 4; i++) {
                __m256i shift = _mm256_sub_epi32(lane, _mm256_set1_epi32(LANES * i));
                __m256i sign = _mm256_and_si256(_mm256_sllv_epi32(bits, shift), top);
                sum[i] = _mm256_add_ps(sum[i], _mm256_xor_ps(v, _mm256_castsi256_ps(sign)));
            }
        }
        float row[BGNN_OCTET_PANEL];
        for (int i = 0; i < 4; i++) _mm256_storeu_ps(row + LANES * i, sum[i]);
        memcpy(out + o, row, (columns - o < BGNN_OCTET_PANEL ? columns - o : BGNN_OCTET_PANEL) * sizeof *row);
    }
}

static void dots(const int32_t *counts, size_t count, int32_t in, float *values) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        __m256i p = _mm256_loadu_si256((const __m256i *)(counts + i));
        __m256i dot = _mm256_sub_epi32(_mm256_set1_epi32(in), _mm256_add_epi32(p, p));
        _mm256_storeu_ps(values + i, _mm256_cvtepi32_ps(dot));
    }
    bgnn_real_scalar.dots(counts + i, count - i, in, values + i);
}

/* v > 0 ? v : slope * v */
static inline __m256 leaky(__m256 v, __m256 slope) {
    return _mm256_blendv_ps(_mm256_mul_ps(slope, v), v, _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ));
}

static void chain(float *values, size_t stride, size_t rows, size_t channels, const bgnn_chain *parts) {
    const float *scale = parts->scale, *slope = parts->slope, *gain = parts->gain, *offset = parts->offset;
    const __m256 leak = _mm256_set1_ps(parts->leak);
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES)
        for (size_t r = 0; r < rows; r++) {
            __m256 v = _mm256_loadu_ps(values + r * stride + c);
            if (scale != NULL) v = _mm256_mul_ps(_mm256_loadu_ps(scale + c), v);
            if (slope != NULL) v = leaky(v, _mm256_loadu_ps(slope + c));
            if (gain != NULL) v = _mm256_fmadd_ps(_mm256_loadu_ps(gain + c), v, _mm256_loadu_ps(offset + c));
            else if (offset != NULL) v = _mm256_add_ps(v, _mm256_loadu_ps(offset + c));
            if (parts->leak != 1.0f) v = leaky(v, leak);
            _mm256_storeu_ps(values + r * stride + c, v);
        }
    if (c < channels) {
        bgnn_chain rest = {scale != NULL ? scale + c : NULL, slope != NULL ? slope + c : NULL,
                           gain != NULL ? gain + c : NULL, offset != NULL ? offset + c : NULL, parts->leak};
        bgnn_real_scalar.chain(values + c, stride, rows, channels - c, &rest);
    }
}

/* _mm256_max_ps(v, most) is v > most ? v : most, NaN included. */
static void gather_max(const float *values, size_t stride, const int32_t *index, size_t rows, size_t columns, float *out) {
    size_t c = 0;
    for (; c + LANES <= columns; c += LANES) {
        __m256 most = _mm256_loadu_ps(values + (index != NULL ? (size_t)index[0] : 0) * stride + c);
        for (size_t r = 1; r < rows; r++)
            most = _mm256_max_ps(_mm256_loadu_ps(values + (index != NULL ? (size_t)index[r] : r) * stride + c), most);
        _mm256_storeu_ps(out + c, most);
    }
    if (c < columns) bgnn_real_scalar.gather_max(values + c, stride, index, rows, columns - c, out + c);
}

static void pool(const float *values, size_t stride, size_t rows, size_t columns, float *most, float *sum) {
    size_t c = 0;
    for (; c + LANES <= columns; c += LANES) {
        __m256 m = _mm256_loadu_ps(most + c), s = _mm256_loadu_ps(sum + c);
        for (size_t r = 0; r < rows; r++) {
            __m256 v = _mm256_loadu_ps(values + r * stride + c);
            m = _mm256_max_ps(v, m);
            s = _mm256_add_ps(s, v);
        }
        _mm256_storeu_ps(most + c, m);
        _mm256_storeu_ps(sum + c, s);
    }
    bgnn_real_scalar.pool(values + c, stride, rows, columns - c, most + c, sum + c);
}

const bgnn_real_kernels bgnn_real_avx2 = {gemm, gemm_extremes, distance, signed_gemv, dots, chain, gather_max, pool};

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
