/**
 * @file real_avx512.c
 * @brief Float kernels for AVX-512: sixteen outputs a vector, each with one accumulator in channel order.
 */
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq")
#endif

/* 8 sums in flight hide the latency of a multiply-add (4 cycles, up to 2 a cycle); 16 of them halve the broadcasts, which on
   Zen 4 makes distances 1.15 times as fast. */
enum { LANES = 16, ROWS = 4, PANELS = 4 };

/* The lanes of columns from ... from + 15 that exist. */
static inline __mmask16 lanes(size_t from, size_t columns) {
    return from >= columns ? 0 : columns - from >= LANES ? 0xffff : (__mmask16)((1u << (columns - from)) - 1);
}

/* `rows` rows against `panels` panels (constants wherever this is inlined), whose first column is o; the sum of products or
   of squared differences. */
static inline __attribute__((always_inline)) void tile(const float *a, size_t stride, size_t rows, const float *panel,
                                                       size_t panels, size_t channels, size_t o, size_t columns, float *out,
                                                       size_t out_stride, int squares) {
    __m512 sum[ROWS][PANELS];
    for (size_t r = 0; r < rows; r++)
        for (size_t p = 0; p < panels; p++) sum[r][p] = _mm512_setzero_ps();
    for (size_t c = 0; c < channels; c++, panel += LANES) {
        __m512 b[PANELS];
        for (size_t p = 0; p < panels; p++) b[p] = _mm512_loadu_ps(panel + p * channels * LANES);
        for (size_t r = 0; r < rows; r++) {
            __m512 x = _mm512_set1_ps(a[r * stride + c]);
            for (size_t p = 0; p < panels; p++) {
                __m512 d = squares ? _mm512_sub_ps(x, b[p]) : x;
                sum[r][p] = _mm512_fmadd_ps(d, squares ? d : b[p], sum[r][p]);
            }
        }
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t p = 0; p < panels; p++) {
            if (squares) sum[r][p] = _mm512_abs_ps(sum[r][p]);
            _mm512_mask_storeu_ps(out + r * out_stride + o + LANES * p, lanes(o + LANES * p, columns), sum[r][p]);
        }
}

/* All rows against `panels` panels. */
static inline __attribute__((always_inline)) void strip(const float *a, size_t stride, size_t rows, const float *panel,
                                                        size_t panels, size_t channels, size_t o, size_t columns, float *out,
                                                        size_t out_stride, int squares) {
    size_t r = 0;
    for (; r + ROWS <= rows; r += ROWS)
        tile(a + r * stride, stride, ROWS, panel, panels, channels, o, columns, out + r * out_stride, out_stride, squares);
    for (; r < rows; r++)
        tile(a + r * stride, stride, 1, panel, panels, channels, o, columns, out + r * out_stride, out_stride, squares);
}

static inline __attribute__((always_inline)) void product(const float *a, size_t stride, size_t rows, const float *panels,
                                                          size_t channels, size_t columns, float *out, size_t out_stride,
                                                          int squares) {
    size_t o = 0;
    for (; o + (PANELS - 1) * LANES < columns; o += PANELS * LANES)
        strip(a, stride, rows, panels + o * channels, PANELS, channels, o, columns, out, out_stride, squares);
    for (; o < columns; o += LANES) strip(a, stride, rows, panels + o * channels, 1, channels, o, columns, out, out_stride, squares);
}

static void gemm(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                 float *out, size_t out_stride) {
    product(a, stride, rows, panels, channels, columns, out, out_stride, 0);
}

static void distance(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                     float *out, size_t out_stride) {
    product(a, stride, rows, panels, channels, columns, out, out_stride, 1);
}

/* Extremes over all rows of their products with `panels` panels (a constant wherever this is inlined), whose first column is o.
   _mm512_min_ps(v, least) is v < least ? v : least, NaN included; so is _mm512_max_ps. */
static inline __attribute__((always_inline)) void panel_extremes(const float *a, size_t stride, size_t rows, const float *panel,
                                                                 size_t panels, size_t channels, size_t o, size_t columns,
                                                                 float *least, float *most) {
    __m512 low[PANELS], high[PANELS];
    for (size_t p = 0; p < panels; p++) low[p] = high[p] = _mm512_setzero_ps();
    for (size_t first = 0; first < rows; first += ROWS) {
        const float *row[ROWS];
        __m512 sum[ROWS][PANELS];
        for (size_t r = 0; r < ROWS; r++) { /* past the end the last row again */
            row[r] = a + (first + r < rows ? first + r : rows - 1) * stride;
            for (size_t p = 0; p < panels; p++) sum[r][p] = _mm512_setzero_ps();
        }
        for (size_t c = 0; c < channels; c++) {
            __m512 b[PANELS];
            for (size_t p = 0; p < panels; p++) b[p] = _mm512_loadu_ps(panel + (p * channels + c) * LANES);
            for (size_t r = 0; r < ROWS; r++) {
                __m512 x = _mm512_set1_ps(row[r][c]);
                for (size_t p = 0; p < panels; p++) sum[r][p] = _mm512_fmadd_ps(x, b[p], sum[r][p]);
            }
        }
        for (size_t p = 0; p < panels; p++) {
            if (first == 0) low[p] = high[p] = sum[0][p];
            for (size_t r = 0; r < ROWS; r++) low[p] = _mm512_min_ps(sum[r][p], low[p]), high[p] = _mm512_max_ps(sum[r][p], high[p]);
        }
    }
    for (size_t p = 0; p < panels; p++) {
        __mmask16 there = lanes(o + LANES * p, columns);
        _mm512_mask_storeu_ps(least + o + LANES * p, there, low[p]);
        _mm512_mask_storeu_ps(most + o + LANES * p, there, high[p]);
    }
}

static void gemm_extremes(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                          float *least, float *most) {
    size_t o = 0;
    for (; o + (PANELS - 1) * LANES < columns; o += PANELS * LANES)
        panel_extremes(a, stride, rows, panels + o * channels, PANELS, channels, o, columns, least, most);
    for (; o < columns; o += LANES) panel_extremes(a, stride, rows, panels + o * channels, 1, channels, o, columns, least, most);
}

static void signed_gemv(const float *a, const uint32_t *signs, size_t channels, size_t columns, float *out) {
    const __m512 top = _mm512_set1_ps(-0.0f);
    for (size_t o = 0; o < columns; o += BGNN_OCTET_PANEL, signs += channels) {
        __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
        for (size_t c = 0; c < channels; c++) {
            __m512 v = _mm512_set1_ps(a[c]);
            for (int i = 0; i < 2; i++) {
                __mmask16 negative = (__mmask16)(signs[c] >> (LANES * i));
                sum[i] = _mm512_add_ps(sum[i], _mm512_mask_xor_ps(v, negative, v, top));
            }
        }
        for (size_t i = 0; i < 2; i++) _mm512_mask_storeu_ps(out + o + LANES * i, lanes(o + LANES * i, columns), sum[i]);
    }
}

static void dots(const int32_t *counts, size_t count, int32_t in, float *values) {
    for (size_t i = 0; i < count; i += LANES) {
        __mmask16 there = lanes(i, count);
        __m512i p = _mm512_maskz_loadu_epi32(there, counts + i);
        __m512i dot = _mm512_sub_epi32(_mm512_set1_epi32(in), _mm512_add_epi32(p, p));
        _mm512_mask_storeu_ps(values + i, there, _mm512_cvtepi32_ps(dot));
    }
}

/* v > 0 ? v : slope * v */
static inline __m512 leaky(__m512 v, __m512 slope) {
    return _mm512_mask_mul_ps(v, _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NGT_UQ), slope, v);
}

static void chain(float *values, size_t stride, size_t rows, size_t channels, const bgnn_chain *parts) {
    const float *scale = parts->scale, *slope = parts->slope, *gain = parts->gain, *offset = parts->offset;
    const __m512 leak = _mm512_set1_ps(parts->leak);
    for (size_t c = 0; c < channels; c += LANES) {
        __mmask16 there = lanes(c, channels);
        for (size_t r = 0; r < rows; r++) {
            __m512 v = _mm512_maskz_loadu_ps(there, values + r * stride + c);
            if (scale != NULL) v = _mm512_mul_ps(_mm512_maskz_loadu_ps(there, scale + c), v);
            if (slope != NULL) v = leaky(v, _mm512_maskz_loadu_ps(there, slope + c));
            if (gain != NULL)
                v = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(there, gain + c), v, _mm512_maskz_loadu_ps(there, offset + c));
            else if (offset != NULL) v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(there, offset + c));
            if (parts->leak != 1.0f) v = leaky(v, leak);
            _mm512_mask_storeu_ps(values + r * stride + c, there, v);
        }
    }
}

/* _mm512_max_ps(v, most) is v > most ? v : most, NaN included. */
static void gather_max(const float *values, size_t stride, const int32_t *index, size_t rows, size_t columns, float *out) {
    enum { VECTORS = 4 };
    for (size_t c = 0; c < columns; c += VECTORS * LANES) {
        __m512 most[VECTORS];
        __mmask16 there[VECTORS];
        const float *from = values + (index != NULL ? (size_t)index[0] : 0) * stride + c;
        for (size_t i = 0; i < VECTORS; i++) {
            there[i] = lanes(c + LANES * i, columns);
            most[i] = _mm512_maskz_loadu_ps(there[i], from + LANES * i);
        }
        for (size_t r = 1; r < rows; r++) {
            from = values + (index != NULL ? (size_t)index[r] : r) * stride + c;
            for (size_t i = 0; i < VECTORS; i++) most[i] = _mm512_max_ps(_mm512_maskz_loadu_ps(there[i], from + LANES * i), most[i]);
        }
        for (size_t i = 0; i < VECTORS; i++) _mm512_mask_storeu_ps(out + c + LANES * i, there[i], most[i]);
    }
}

static void pool(const float *values, size_t stride, size_t rows, size_t columns, float *most, float *sum) {
    for (size_t c = 0; c < columns; c += LANES) {
        __mmask16 there = lanes(c, columns);
        __m512 m = _mm512_maskz_loadu_ps(there, most + c), s = _mm512_maskz_loadu_ps(there, sum + c);
        for (size_t r = 0; r < rows; r++) {
            __m512 v = _mm512_maskz_loadu_ps(there, values + r * stride + c);
            m = _mm512_max_ps(v, m);
            s = _mm512_add_ps(s, v);
        }
        _mm512_mask_storeu_ps(most + c, there, m);
        _mm512_mask_storeu_ps(sum + c, there, s);
    }
}

const bgnn_real_kernels bgnn_real_avx512 = {gemm, gemm_extremes, distance, signed_gemv, dots, chain, gather_max, pool};

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
