/**
 * @file real_scalar.c
 * @brief Float kernels in plain C: the oracle of the other ISAs.
 */
#include "kernels.h"

#include <math.h>
#include <string.h>

static const float *column_of(const float *panels, size_t channels, size_t column) {
    return panels + column / BGNN_FLOAT_PANEL * channels * BGNN_FLOAT_PANEL + column % BGNN_FLOAT_PANEL;
}

static void gemm(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                 float *out, size_t out_stride) {
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < columns; o++) {
            const float *b = column_of(panels, channels, o);
            float sum = 0.0f;
            for (size_t c = 0; c < channels; c++) sum = fmaf(a[r * stride + c], b[c * BGNN_FLOAT_PANEL], sum);
            out[r * out_stride + o] = sum;
        }
}

static void gemm_extremes(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                          float *least, float *most) {
    for (size_t o = 0; o < columns; o++)
        for (size_t r = 0; r < rows; r++) {
            const float *b = column_of(panels, channels, o);
            float sum = 0.0f;
            for (size_t c = 0; c < channels; c++) sum = fmaf(a[r * stride + c], b[c * BGNN_FLOAT_PANEL], sum);
            least[o] = r == 0 || sum < least[o] ? sum : least[o];
            most[o] = r == 0 || sum > most[o] ? sum : most[o];
        }
}

static void distance(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                     float *out, size_t out_stride) {
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < columns; o++) {
            const float *b = column_of(panels, channels, o);
            float sum = 0.0f;
            for (size_t c = 0; c < channels; c++) {
                float difference = a[r * stride + c] - b[c * BGNN_FLOAT_PANEL];
                sum = fmaf(difference, difference, sum);
            }
            out[r * out_stride + o] = fabsf(sum);
        }
}

static void signed_gemv(const float *a, const uint32_t *signs, size_t channels, size_t columns, float *out) {
    for (size_t o = 0; o < columns; o++) {
        const uint32_t *panel = signs + o / BGNN_OCTET_PANEL * channels;
        float sum = 0.0f;
        for (size_t c = 0; c < channels; c++) sum += panel[c] >> (o % BGNN_OCTET_PANEL) & 1 ? -a[c] : a[c];
        out[o] = sum;
    }
}

static void dots(const int32_t *counts, size_t count, int32_t in, float *values) {
    for (size_t i = 0; i < count; i++) {
        float dot = (float)(in - 2 * counts[i]);
        memcpy(values + i, &dot, sizeof dot); /* counts and values may be the same memory */
    }
}

static void chain(float *values, size_t stride, size_t rows, size_t channels, const bgnn_chain *parts) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < channels; c++) {
            float v = values[r * stride + c];
            if (parts->scale != NULL) v = parts->scale[c] * v;
            if (parts->slope != NULL) v = v > 0.0f ? v : parts->slope[c] * v;
            if (parts->gain != NULL) v = fmaf(parts->gain[c], v, parts->offset[c]);
            else if (parts->offset != NULL) v = v + parts->offset[c];
            if (parts->leak != 1.0f) v = v > 0.0f ? v : parts->leak * v;
            values[r * stride + c] = v;
        }
}

static void gather_max(const float *values, size_t stride, const int32_t *index, size_t rows, size_t columns, float *out) {
    for (size_t c = 0; c < columns; c++) {
        float most = values[(index != NULL ? (size_t)index[0] : 0) * stride + c];
        for (size_t r = 1; r < rows; r++) {
            float v = values[(index != NULL ? (size_t)index[r] : r) * stride + c];
            most = v > most ? v : most;
        }
        out[c] = most;
    }
}

static void pool(const float *values, size_t stride, size_t rows, size_t columns, float *most, float *sum) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            float v = values[r * stride + c];
            most[c] = v > most[c] ? v : most[c];
            sum[c] += v;
        }
}

const bgnn_real_kernels bgnn_real_scalar = {gemm, gemm_extremes, distance, signed_gemv, dots, chain, gather_max, pool};
