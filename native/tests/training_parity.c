/**
 * @file training_parity.c
 * @brief The passes of training, values and gradients, against loops that do one thing after the other, on every instruction set and on
 * one thread and three, at sizes around the seams of words and cache lines; with ties, with NaN.
 *
 * Numbers are small multiples of a power of two, so that sums are exact but for means and shares. Buffers end at a guard page.
 */
#include "fixture.h"

#include "bgnn_training.h"
#include "panels.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    size_t groups, rows, in, out;
} SIZES[] = {{1, 1, 1, 1}, {7, 5, 3, 2}, {5, 20, 16, 15}, {9, 10, 33, 63}, {40, 10, 32, 64}, {3, 64, 17, 65}, {2, 65, 64, 130}, {2, 300, 5, 257}};

static const char *isa;
static int differences;

static void compare(const char *what, size_t size, const float *got, const double *expected, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (fabs(got[i] - expected[i]) <= 1e-5 * (1 + fabs(expected[i])) || (isnan(got[i]) && isnan(expected[i]))) continue;
        if (differences++ < 20) printf("%s %s of size %zu: %g instead of %g at %zu\n", isa, what, size, got[i], expected[i], i);
    }
}

static float *some(size_t count) {
    float *values = guarded(count, sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = (float)((int)(draw() >> 40) % 3); /* many ties */
    return values;
}

static float *room(size_t count) {
    float *values = guarded(count, sizeof *values);
    memset(values, 0xff, count * sizeof *values); /* NaN: whatever is not written shows */
    return values;
}

static double *zeros(size_t count) { return guarded(count, sizeof(double)); }

/* The extreme of column c over rows of z, and how many rows attain it. */
static double extreme(const double *z, size_t rows, size_t columns, size_t c, bool lowest, double *count) {
    double end = z[c];
    for (size_t r = 1; r < rows; r++) {
        double v = z[r * columns + c];
        if (isnan(v) || (lowest ? v < end : v > end)) end = v;
    }
    *count = 0;
    for (size_t r = 0; r < rows; r++) *count += z[r * columns + c] == end;
    return end;
}

static void check_linear(size_t i, int threads) {
    size_t G = SIZES[i].groups, n = SIZES[i].rows, in = SIZES[i].in, out = SIZES[i].out, words = bgnn_ceil(out, 64);
    float *x = some(G * n * in), *weight = some(out * in);
    double *z = zeros(G * n * out), *of_x = zeros(G * n * in), *of_weight = zeros(out * in);
    for (size_t r = 0; r < G * n; r++)
        for (size_t c = 0; c < out; c++)
            for (size_t j = 0; j < in; j++) z[r * out + c] += (double)x[r * in + j] * weight[c * in + j];
    bgnn_product product = {x, weight, (int64_t)G, (int32_t)n, (int32_t)in, (int32_t)out, threads};
    bgnn_end ends[2], of_ends[2];
    for (size_t e = 0; e < 2; e++) ends[e] = (bgnn_end){room(G * out), guarded(G * n * words, sizeof(uint64_t)), room(G * out)};
    differences += bgnn_linear_extremes(&product, ends, 2) != BGNN_OK;
    for (size_t e = 0; e < 2; e++) {
        double *value = zeros(G * out), *count = zeros(G * out);
        float *share = some(G * out);
        of_ends[e] = (bgnn_end){share, ends[e].winners, NULL};
        for (size_t g = 0; g < G; g++)
            for (size_t c = 0; c < out; c++) {
                size_t at = g * out + c;
                value[at] = extreme(z + g * n * out, n, out, c, e == 1, count + at);
                for (size_t r = g * n; r < (g + 1) * n; r++) {
                    bool wins = z[r * out + c] == value[at];
                    if (bgnn_bit(ends[e].winners + r * words, c) != wins) differences++;
                    for (size_t j = 0; wins && j < in; j++) {
                        of_x[r * in + j] += (double)share[at] * weight[c * in + j];
                        of_weight[c * in + j] += (double)share[at] * x[r * in + j];
                    }
                }
            }
        compare("extreme", i, ends[e].values, value, G * out);
        compare("count", i, ends[e].count, count, G * out);
    }
    float *got_x = room(G * n * in), *got_weight = room(out * in);
    differences += bgnn_linear_extremes_gradient(&product, of_ends, 2, got_x, got_weight) != BGNN_OK;
    compare("gradient of x", i, got_x, of_x, G * n * in);
    compare("gradient of the weight", i, got_weight, of_weight, out * in);
}

static void check_prelu(size_t i, int threads, bool has_own) {
    size_t G = SIZES[i].groups, n = SIZES[i].rows, C = SIZES[i].out;
    float *z = some(G * n * C), *own = has_own ? some(G * C) : NULL, *slope = some(C);
    double *p = zeros(G * n * C), *mean = zeros(C), *variance = zeros(C);
    for (size_t j = 0; j < G * n * C; j++) z[j] -= 1;
    for (size_t c = 0; c < C; c++) slope[c] = slope[c] / 2 - 0.25f; /* -1/4, 1/4, 3/4 */
    for (size_t r = 0; r < G * n; r++)
        for (size_t c = 0; c < C; c++) {
            double v = (double)z[r * C + c] + (has_own ? own[r / n * C + c] : 0);
            p[r * C + c] = v > 0 ? v : slope[c] * v;
            mean[c] += p[r * C + c] / (double)(G * n);
        }
    for (size_t j = 0; j < G * n * C; j++) variance[j % C] += (p[j] - mean[j % C]) * (p[j] - mean[j % C]) / (double)(G * n);
    bgnn_prelu prelu = {z, own, slope, (int64_t)G, (int32_t)n, (int32_t)C, threads};
    bgnn_summary got = {room(G * C), room(G * C), room(G * C), room(G * C), room(C), room(C)};
    differences += bgnn_prelu_summary(&prelu, &got) != BGNN_OK;
    compare("mean", i, got.mean, mean, C);
    compare("variance", i, got.variance, variance, C);
    bgnn_summary of = {got.top, got.bottom, some(G * C), some(G * C), some(C), some(C)};
    double *top = zeros(G * C), *bottom = zeros(G * C), *top_count = zeros(G * C), *bottom_count = zeros(G * C);
    double *of_z = zeros(G * n * C), *of_own = zeros(G * C), *of_slope = zeros(C);
    for (size_t g = 0; g < G; g++)
        for (size_t c = 0; c < C; c++) {
            size_t at = g * C + c;
            top[at] = extreme(p + g * n * C, n, C, c, false, top_count + at);
            bottom[at] = extreme(p + g * n * C, n, C, c, true, bottom_count + at);
            for (size_t r = g * n; r < (g + 1) * n; r++) {
                double here = p[r * C + c], v = (double)z[r * C + c] + (has_own ? own[at] : 0);
                double gradient = of.mean[c] + of.variance[c] * here + (here == top[at] ? of.top_count[at] : 0)
                                  + (here == bottom[at] ? of.bottom_count[at] : 0);
                if (v <= 0) of_slope[c] += gradient * v;
                of_z[r * C + c] = v > 0 ? gradient : slope[c] * gradient;
                of_own[at] += of_z[r * C + c];
            }
        }
    compare("top", i, got.top, top, G * C);
    compare("bottom", i, got.bottom, bottom, G * C);
    compare("top count", i, got.top_count, top_count, G * C);
    compare("bottom count", i, got.bottom_count, bottom_count, G * C);
    float *got_z = room(G * n * C), *got_own = has_own ? room(G * C) : NULL, *got_slope = room(C);
    differences += bgnn_prelu_gradient(&prelu, &of, got_z, got_own, got_slope) != BGNN_OK;
    compare("gradient of z", i, got_z, of_z, G * n * C);
    compare("gradient of the slope", i, got_slope, of_slope, C);
    if (has_own) compare("gradient of own", i, got_own, of_own, G * C);
}

/* A NaN in any row is every extreme of its group, and nobody wins. */
static void check_nan(size_t place) {
    enum { ROWS = 3, COLUMNS = 20 };
    float *x = some(2 * ROWS), *weight = some(COLUMNS), slope[COLUMNS] = {0};
    x[place] = NAN;
    bgnn_product product = {x, weight, 2, ROWS, 1, COLUMNS, 1};
    bgnn_end end = {room(2 * COLUMNS), guarded(2 * ROWS, sizeof(uint64_t)), room(2 * COLUMNS)};
    differences += bgnn_linear_extremes(&product, &end, 1) != BGNN_OK;
    float *z = room(2 * ROWS * COLUMNS);
    for (size_t j = 0; j < 2 * ROWS * COLUMNS; j++) z[j] = x[j / COLUMNS];
    bgnn_prelu prelu = {z, NULL, slope, 2, ROWS, COLUMNS, 1};
    bgnn_summary got = {room(2 * COLUMNS), NULL, room(2 * COLUMNS), NULL, room(COLUMNS), room(COLUMNS)};
    differences += bgnn_prelu_summary(&prelu, &got) != BGNN_OK;
    for (size_t j = 0; j < 2 * COLUMNS; j++) {
        bool is = j / COLUMNS == place / ROWS;
        if (!isnan(end.values[j]) != !is || !isnan(got.top[j]) != !is || !isnan(got.mean[j % COLUMNS])) differences++;
        if ((end.count[j] == 0) != is || (got.top_count[j] == 0) != is) differences++;
    }
}

int main(void) {
    int all = 0;
    for (int32_t i = 0; (isa = bgnn_isa_name(i)) != NULL; i++, all += differences) {
        seed(1);
        differences = bgnn_set_isa(isa) != BGNN_OK;
        for (size_t size = 0; size < sizeof SIZES / sizeof *SIZES; size++)
            for (int threads = 1; threads < 4; threads += 2) {
                check_linear(size, threads);
                check_prelu(size, threads, false);
                check_prelu(size, threads, true);
                free_all();
            }
        for (size_t place = 0; place < 6; place++) check_nan(place);
        free_all();
        printf("%s: %d differences\n", isa, differences);
    }
    return all != 0;
}
