/**
 * @file passes_body.h
 * @brief The passes, in C that a compiler vectorises. A passes_<isa>.c includes it under its own target, after it has defined PASSES,
 * ISA, LANES, the floats of a register, and same(z, end): bit i of the result is 1 where z[i] == end[i], of LANES floats each.
 */
#include <math.h>
#include <string.h>

static inline void extreme(const float *restrict z, size_t rows, size_t columns, float *restrict end, uint64_t *restrict winners,
                           float *restrict count, int lowest) {
    memcpy(end, z, columns * sizeof *end);
    for (size_t r = 1; r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            float v = z[r * columns + c];
            int beyond = lowest ? v < end[c] : v > end[c];
            end[c] = (beyond | (v != v)) ? v : end[c];
        }
    memset(count, 0, columns * sizeof *count);
    memset(winners, 0, rows * bgnn_ceil(columns, 64) * sizeof *winners);
    for (size_t r = 0; r < rows; r++, z += columns, winners += bgnn_ceil(columns, 64)) {
        for (size_t c = 0; c < columns; c++) count[c] += z[c] == end[c] ? 1.0f : 0.0f;
        size_t c = 0;
        for (; c + LANES <= columns; c += LANES) winners[c / 64] |= (uint64_t)same(z + c, end + c) << c % 64;
        for (; c < columns; c++) winners[c / 64] |= (uint64_t)(z[c] == end[c]) << c % 64;
    }
}

static void largest(const float *z, size_t rows, size_t columns, float *most, uint64_t *winners, float *count) {
    extreme(z, rows, columns, most, winners, count, 0);
}

static void smallest(const float *z, size_t rows, size_t columns, float *least, uint64_t *winners, float *count) {
    extreme(z, rows, columns, least, winners, count, 1);
}

static void list(const uint64_t *winners, size_t rows, size_t columns, bgnn_winners *found) {
    for (size_t r = 0; r < rows; r++, found++) {
        found->count = 0;
        for (size_t first = 0; first < columns; first += 64)
            for (uint64_t left = *winners++; left != 0; left &= left - 1)
                found->channels[found->count++] = (uint32_t)(first + (size_t)__builtin_ctzll(left));
    }
}

/* A register, from anywhere in memory. */
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

/* BLOCK columns of what a row's winning channels give to its gradient and to theirs. */
static inline void spread_block(const bgnn_winners *found, const float *share, const float *x, const float *weight, float *of_x,
                                float *of_weight) {
    enum { PARTS = BLOCK / LANES };
    lanes row[PARTS], sum[PARTS];
    for (int i = 0; i < PARTS; i++) {
        row[i] = ((const lanes *)x)[i];
        sum[i] = ((const lanes *)of_x)[i];
    }
    for (const uint32_t *c = found->channels, *end = c + found->count; c < end; c++) {
        const lanes *from = (const lanes *)(weight + *c * BLOCK);
        lanes *to = (lanes *)(of_weight + *c * BLOCK);
        float s = share[*c];
        for (int i = 0; i < PARTS; i++) {
            sum[i] += s * from[i];
            to[i] += s * row[i];
        }
    }
    for (int i = 0; i < PARTS; i++) ((lanes *)of_x)[i] = sum[i];
}

static void spread(const float *x, size_t groups, size_t rows, size_t in, const float *weight, size_t out, const float *share,
                   const bgnn_winners *found, float *of_x, float *of_weight) {
    for (size_t first = 0; first < in; first += BLOCK) /* such a block of both weights stays in the L1 cache */
        for (size_t r = 0; r < groups * rows; r++) {
            const float *row = x + r * in + first, *shares = share + r / rows * out, *from = weight + first * out;
            float *of_row = of_x + r * in + first, *to = of_weight + first * out;
            if (in - first >= BLOCK) {
                spread_block(found + r, shares, row, from, of_row, to);
                continue;
            }
            float some[BLOCK] = {0}, of_some[BLOCK] = {0};
            memcpy(some, row, (in - first) * sizeof *row);
            memcpy(of_some, of_row, (in - first) * sizeof *row);
            spread_block(found + r, shares, some, from, of_some, to);
            memcpy(of_row, of_some, (in - first) * sizeof *row);
        }
}

static const float ZEROS[STRIP];

static inline float prelu(float v, float slope) { return v > 0 ? v : slope * v; }

static inline void take_row(const float *restrict z, const float *restrict own, const float *restrict slope, size_t width,
                            float *restrict sum, float *restrict top) {
    for (size_t c = 0; c < width; c++) {
        float p = prelu(z[c] + own[c], slope[c]);
        sum[c] += p;
        top[c] = ((p > top[c]) | (p != p)) ? p : top[c];
    }
}

static inline void take_lowest(const float *restrict z, const float *restrict own, const float *restrict slope, size_t width,
                               float *restrict bottom) {
    for (size_t c = 0; c < width; c++) {
        float p = prelu(z[c] + own[c], slope[c]);
        bottom[c] = ((p < bottom[c]) | (p != p)) ? p : bottom[c];
    }
}

static inline void take_deviations(const float *restrict z, const float *restrict own, const float *restrict slope, size_t width,
                                   const float *restrict mean, float *restrict square, const float *restrict top, float *restrict count) {
    for (size_t c = 0; c < width; c++) {
        float p = prelu(z[c] + own[c], slope[c]);
        square[c] += (p - mean[c]) * (p - mean[c]);
        count[c] += p == top[c] ? 1.0f : 0.0f;
    }
}

static inline void count_lowest(const float *restrict z, const float *restrict own, const float *restrict slope, size_t width,
                                const float *restrict bottom, float *restrict count) {
    for (size_t c = 0; c < width; c++) count[c] += prelu(z[c] + own[c], slope[c]) == bottom[c] ? 1.0f : 0.0f;
}

static void summary(const bgnn_prelu *prelu, size_t first, size_t width, const bgnn_summary *to) {
    size_t groups = (size_t)prelu->groups, rows = (size_t)prelu->rows, columns = (size_t)prelu->channels;
    float each = 1 / ((float)groups * (float)rows), mean[STRIP] = {0}, square[STRIP] = {0};
    const float *slope = prelu->slope + first;
    for (size_t g = 0; g < groups; g++) {
        size_t at = g * columns + first;
        const float *z = prelu->z + g * rows * columns + first, *own = prelu->own == NULL ? ZEROS : prelu->own + at;
        for (size_t c = 0; c < width; c++) to->top[at + c] = -INFINITY;
        for (size_t r = 0; r < rows; r++) take_row(z + r * columns, own, slope, width, mean, to->top + at);
        if (to->bottom == NULL) continue;
        for (size_t c = 0; c < width; c++) to->bottom[at + c] = INFINITY;
        for (size_t r = 0; r < rows; r++) take_lowest(z + r * columns, own, slope, width, to->bottom + at);
    }
    for (size_t c = 0; c < width; c++) mean[c] *= each;
    for (size_t g = 0; g < groups; g++) {
        size_t at = g * columns + first;
        const float *z = prelu->z + g * rows * columns + first, *own = prelu->own == NULL ? ZEROS : prelu->own + at;
        memset(to->top_count + at, 0, width * sizeof(float));
        for (size_t r = 0; r < rows; r++) take_deviations(z + r * columns, own, slope, width, mean, square, to->top + at, to->top_count + at);
        if (to->bottom == NULL) continue;
        memset(to->bottom_count + at, 0, width * sizeof(float));
        for (size_t r = 0; r < rows; r++) count_lowest(z + r * columns, own, slope, width, to->bottom + at, to->bottom_count + at);
    }
    for (size_t c = 0; c < width; c++) to->variance[first + c] = square[c] * each;
    memcpy(to->mean + first, mean, width * sizeof(float));
}

/* Everything is read before any choice: what only one side of it reads, a compiler may not read for all lanes. */
static inline void give_row(const float *restrict z, const float *restrict own, const float *restrict slope, size_t width,
                            const float *restrict a, const float *restrict b, const float *restrict top, const float *restrict of_top,
                            const float *restrict bottom, const float *restrict of_bottom, float *restrict of_z, float *restrict of_own,
                            float *restrict of_slope) {
    for (size_t c = 0; c < width; c++) {
        float v = z[c] + own[c], p = prelu(v, slope[c]), highest = of_top[c], lowest = of_bottom[c];
        float g = a[c] + b[c] * p + (p == top[c] ? highest : 0.0f) + (p == bottom[c] ? lowest : 0.0f);
        float below = slope[c] * g, product = g * v, through = v > 0 ? g : below;
        of_slope[c] += v > 0 ? 0.0f : product;
        of_z[c] = through;
        of_own[c] += through;
    }
}

static void gradient(const bgnn_prelu *prelu, size_t first, size_t width, const bgnn_summary *of, float *of_z, float *of_own, float *of_slope) {
    size_t rows = (size_t)prelu->rows, columns = (size_t)prelu->channels;
    float slopes[STRIP] = {0};
    for (size_t g = 0; g < (size_t)prelu->groups; g++) {
        size_t at = g * columns + first, cell = g * rows * columns + first;
        const float *own = prelu->own == NULL ? ZEROS : prelu->own + at;
        const float *bottom = of->bottom == NULL ? ZEROS : of->bottom + at, *of_bottom = of->bottom == NULL ? ZEROS : of->bottom_count + at;
        float owns[STRIP] = {0};
        for (size_t r = 0; r < rows; r++, cell += columns)
            give_row(prelu->z + cell, own, prelu->slope + first, width, of->mean + first, of->variance + first, of->top + at,
                     of->top_count + at, bottom, of_bottom, of_z + cell, owns, slopes);
        if (of_own != NULL) memcpy(of_own + at, owns, width * sizeof(float));
    }
    memcpy(of_slope + first, slopes, width * sizeof(float));
}

const bgnn_passes PASSES = {ISA, largest, smallest, list, spread, summary, gradient};
