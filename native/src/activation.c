/**
 * @file activation.c
 * @brief What enters a product at the stages tanh and sign: a pre norm, then tanh, or the sign as +-1.
 *
 * tanh is the library's own, because libm's differs from machine to machine. It uses only +, -, *, / and comparisons of doubles, each
 * rounded once (IEEE 754), in this order, and one rounding to float: the same bits everywhere.
 */
#include "activation.h"

#include <math.h>
#include <string.h>

/* e^20 - 1 over e^20 + 1 is 1 - 4e-9, which rounds to 1. */
#define LARGEST 20.0
#define LOG2_E 1.4426950408889634
#define LN_2 0.6931471805599453

/* tanh(x) = (e^t - 1) / (e^t + 1) with t = 2 |x| = n ln 2 + r and |r| <= ln(2) / 2; e^r - 1 by 13 terms of its series. */
static float tanh_of(float x) {
    double t = 2.0 * (double)fabsf(x);
    t = t < LARGEST ? t : LARGEST; /* NaN too */
    int32_t n = (int32_t)(t * LOG2_E + 0.5);
    double r = t - (double)n * LN_2;
    double series = 1.0 / 6227020800.0;
    series = series * r + 1.0 / 479001600.0;
    series = series * r + 1.0 / 39916800.0;
    series = series * r + 1.0 / 3628800.0;
    series = series * r + 1.0 / 362880.0;
    series = series * r + 1.0 / 40320.0;
    series = series * r + 1.0 / 5040.0;
    series = series * r + 1.0 / 720.0;
    series = series * r + 1.0 / 120.0;
    series = series * r + 1.0 / 24.0;
    series = series * r + 1.0 / 6.0;
    series = series * r + 0.5;
    series = series * r + 1.0;
    uint64_t bits = (uint64_t)(1023 + n) << 52; /* 2^n */
    double power, above;
    memcpy(&power, &bits, sizeof power);
    above = power * (series * r) + (power - 1.0); /* e^t - 1: exact where n = 0, so that small x lose nothing */
    return x == x ? copysignf((float)(above / (above + 2.0)), x) : x;
}

void bgnn_tanh_rows(float *values, size_t stride, size_t rows, size_t channels) {
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < channels; c++) values[i * stride + c] = tanh_of(values[i * stride + c]);
}

void bgnn_sign_rows(float *values, size_t stride, size_t rows, size_t channels, const float *threshold, const uint64_t *flip,
                    size_t first) {
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < channels; c++) {
            float *value = values + i * stride + c;
            bool bit = threshold == NULL ? *value < 0.0f : (*value < threshold[first + c]) != bgnn_bit(flip, first + c);
            *value = bit ? -1.0f : 1.0f;
        }
}

void bgnn_enter_product(const bgnn_layer *layer, const bgnn_real_kernels *real, float *values, size_t stride, size_t rows, size_t first,
                        size_t channels) {
    if (layer->threshold != NULL) {
        bgnn_sign_rows(values, stride, rows, channels, layer->threshold, layer->flip, first);
        return;
    }
    if (layer->pre_gain == NULL) return;
    bgnn_chain norm = {.gain = layer->pre_gain + first, .offset = layer->pre_offset + first, .leak = 1.0f};
    real->chain(values, stride, rows, channels, &norm);
    if (layer->tanh) bgnn_tanh_rows(values, stride, rows, channels);
}
