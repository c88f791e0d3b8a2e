/**
 * @file real_neon.c
 * @brief Float kernels for NEON (aarch64): four outputs a vector, each with one accumulator in channel order.
 */
#include "kernels.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

enum { LANES = 4, VECTORS = BGNN_FLOAT_PANEL / LANES, ROWS = 4 }; /* 16 accumulators of 32 registers */

static inline void store_tile(float32x4_t sum[][VECTORS], size_t rows, size_t width, float *out, size_t out_stride) {
    for (size_t r = 0; r < rows; r++) {
        float row[BGNN_FLOAT_PANEL];
        float *to = width == BGNN_FLOAT_PANEL ? out + r * out_stride : row;
        for (int i = 0; i < VECTORS; i++) vst1q_f32(to + LANES * i, sum[r][i]);
        if (to == row) memcpy(out + r * out_stride, row, width * sizeof *row);
    }
}

/* `rows` (a constant wherever this is inlined) rows against one panel; the sum of products or of squared differences. */
static inline __attribute__((always_inline)) void tile(const float *a, size_t stride, size_t rows, const float *panel,
                                                       size_t channels, size_t width, float *out, size_t out_stride,
                                                       int squares) {
    float32x4_t sum[ROWS][VECTORS];
    for (size_t r = 0; r < rows; r++)
        for (int i = 0; i < VECTORS; i++) sum[r][i] = vdupq_n_f32(0.0f);
    for (size_t c = 0; c < channels; c++, panel += BGNN_FLOAT_PANEL) {
        float32x4_t b[VECTORS];
        for (int i = 0; i < VECTORS; i++) b[i] = vld1q_f32(panel + LANES * i);
        for (size_t r = 0; r < rows; r++) {
            float32x4_t x = vld1q_dup_f32(a + r * stride + c);
            for (int i = 0; i < VECTORS; i++) {
                float32x4_t d = squares ? vsubq_f32(x, b[i]) : x;
                sum[r][i] = vfmaq_f32(sum[r][i], d, squares ? d : b[i]);
            }
        }
    }
    if (squares)
        for (size_t r = 0; r < rows; r++)
            for (int i = 0; i < VECTORS; i++) sum[r][i] = vabsq_f32(sum[r][i]);
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

/* v < least ? v : least in each lane, and the greater one; NaN is neither. */
static inline float32x4_t lesser(float32x4_t v, float32x4_t least) { return vbslq_f32(vcltq_f32(v, least), v, least); }
static inline float32x4_t greater(float32x4_t v, float32x4_t most) { return vbslq_f32(vcgtq_f32(v, most), v, most); }

static void gemm_extremes(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                          float *least, float *most) {
    for (size_t o = 0; o < columns; o += BGNN_FLOAT_PANEL) {
        float32x4_t low[VECTORS], high[VECTORS];
        for (int i = 0; i < VECTORS; i++) low[i] = high[i] = vdupq_n_f32(0.0f);
        for (size_t first = 0; first < rows; first += ROWS) {
            const float *row[ROWS], *panel = panels + o * channels;
            float32x4_t sum[ROWS][VECTORS];
            for (size_t r = 0; r < ROWS; r++) { /* past the end the last row again */
                row[r] = a + (first + r < rows ? first + r : rows - 1) * stride;
                for (int i = 0; i < VECTORS; i++) sum[r][i] = vdupq_n_f32(0.0f);
            }
            for (size_t c = 0; c < channels; c++, panel += BGNN_FLOAT_PANEL)
                for (int i = 0; i < VECTORS; i++) {
                    float32x4_t b = vld1q_f32(panel + LANES * i);
                    for (int r = 0; r < ROWS; r++) sum[r][i] = vfmaq_f32(sum[r][i], vld1q_dup_f32(row[r] + c), b);
                }
            for (int i = 0; i < VECTORS; i++) {
                if (first == 0) low[i] = high[i] = sum[0][i];
                for (int r = 0; r < ROWS; r++) low[i] = lesser(sum[r][i], low[i]), high[i] = greater(sum[r][i], high[i]);
            }
        }
        size_t width = columns - o < BGNN_FLOAT_PANEL ? columns - o : BGNN_FLOAT_PANEL;
        store_tile(&low, 1, width, least + o, 0);
        store_tile(&high, 1, width, most + o, 0);
    }
}

static void signed_gemv(const float *a, const uint32_t *signs, size_t channels, size_t columns, float *out) {
    static const int32_t SHIFT[LANES] = {31, 30, 29, 28};
    enum { ALL = BGNN_OCTET_PANEL / LANES };
    int32x4_t shift[ALL];
    for (int i = 0; i < ALL; i++) shift[i] = vsubq_s32(vld1q_s32(SHIFT), vdupq_n_s32(LANES * i));
    for (size_t o = 0; o < columns; o += BGNN_OCTET_PANEL, signs += channels) {
        float32x4_t sum[ALL];
        for (int i = 0; i < ALL; i++) sum[i] = vdupq_n_f32(0.0f);
        for (size_t c = 0; c < channels; c++) {
            uint32x4_t bits = vdupq_n_u32(signs[c]);
            uint32x4_t v = vreinterpretq_u32_f32(vld1q_dup_f32(a + c));
            for (int i = 0; i < ALL; i++) {
                uint32x4_t sign = vandq_u32(vshlq_u32(bits, shift[i]), vdupq_n_u32(UINT32_C(1) << 31));
                sum[i] = vaddq_f32(sum[i], vreinterpretq_f32_u32(veorq_u32(v, sign)));
            }
        }
        float row[BGNN_OCTET_PANEL];
        for (int i = 0; i < ALL; i++) vst1q_f32(row + LANES * i, sum[i]);
        memcpy(out + o, row, (columns - o < BGNN_OCTET_PANEL ? columns - o : BGNN_OCTET_PANEL) * sizeof *row);
    }
}

static void dots(const int32_t *counts, size_t count, int32_t in, float *values) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        int32x4_t p = vld1q_s32(counts + i);
        vst1q_f32(values + i, vcvtq_f32_s32(vsubq_s32(vdupq_n_s32(in), vaddq_s32(p, p))));
    }
    bgnn_real_scalar.dots(counts + i, count - i, in, values + i);
}

/* v > 0 ? v : slope * v */
static inline float32x4_t leaky(float32x4_t v, float32x4_t slope) {
    return vbslq_f32(vcgtq_f32(v, vdupq_n_f32(0.0f)), v, vmulq_f32(slope, v));
}

/* v > most ? v : most, NaN included. */
static inline float32x4_t larger(float32x4_t v, float32x4_t most) { return vbslq_f32(vcgtq_f32(v, most), v, most); }

static void chain(float *values, size_t stride, size_t rows, size_t channels, const bgnn_chain *parts) {
    const float *scale = parts->scale, *slope = parts->slope, *gain = parts->gain, *offset = parts->offset;
    const float32x4_t leak = vdupq_n_f32(parts->leak);
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES)
        for (size_t r = 0; r < rows; r++) {
            float32x4_t v = vld1q_f32(values + r * stride + c);
            if (scale != NULL) v = vmulq_f32(vld1q_f32(scale + c), v);
            if (slope != NULL) v = leaky(v, vld1q_f32(slope + c));
            if (gain != NULL) v = vfmaq_f32(vld1q_f32(offset + c), vld1q_f32(gain + c), v);
            else if (offset != NULL) v = vaddq_f32(v, vld1q_f32(offset + c));
            if (parts->leak != 1.0f) v = leaky(v, leak);
            vst1q_f32(values + r * stride + c, v);
        }
    if (c < channels) {
        bgnn_chain rest = {scale != NULL ? scale + c : NULL, slope != NULL ? slope + c : NULL,
                           gain != NULL ? gain + c : NULL, offset != NULL ? offset + c : NULL, parts->leak};
        bgnn_real_scalar.chain(values + c, stride, rows, channels - c, &rest);
    }
}

static void gather_max(const float *values, size_t stride, const int32_t *index, size_t rows, size_t columns, float *out) {
    size_t c = 0;
    for (; c + LANES <= columns; c += LANES) {
        float32x4_t most = vld1q_f32(values + (index != NULL ? (size_t)index[0] : 0) * stride + c);
        for (size_t r = 1; r < rows; r++)
            most = larger(vld1q_f32(values + (index != NULL ? (size_t)index[r] : r) * stride + c), most);
        vst1q_f32(out + c, most);
    }
    if (c < columns) bgnn_real_scalar.gather_max(values + c, stride, index, rows, columns - c, out + c);
}

static void pool(const float *values, size_t stride, size_t rows, size_t columns, float *most, float *sum) {
    size_t c = 0;
    for (; c + LANES <= columns; c += LANES) {
        float32x4_t m = vld1q_f32(most + c), s = vld1q_f32(sum + c);
        for (size_t r = 0; r < rows; r++) {
            float32x4_t v = vld1q_f32(values + r * stride + c);
            m = larger(v, m);
            s = vaddq_f32(s, v);
        }
        vst1q_f32(most + c, m);
        vst1q_f32(sum + c, s);
    }
    bgnn_real_scalar.pool(values + c, stride, rows, columns - c, most + c, sum + c);
}

const bgnn_real_kernels bgnn_real_neon = {gemm, gemm_extremes, distance, signed_gemv, dots, chain, gather_max, pool};

#endif
