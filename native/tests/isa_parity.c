/**
 * @file isa_parity.c
 * @brief Every kernel of every instruction set against scalar, bit for bit, at sizes around the seams of words and panels;
 * then whole passes (networks.c). Prints a checksum of the scalar results, which is the same on every machine.
 *
 * Buffers end at a guard page, so that reading or writing past one ends the process.
 * Usage: isa_parity [networks | CHANNELS]: only the passes, which are what threads run; or only the kernels, products of floats up to so
 * many channels (where fmaf is a call, as on older 32-bit ARM, it is all that takes time).
 */
#include "fixture.h"
#include "networks.h"

#include "bgnn.h"
#include "kernels.h"
#include "panels.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t CHANNELS[] = {1, 7, 8, 63, 64, 65, 127, 128, 129, 248, 249, 256, 4096};
static const size_t COLUMNS[] = {1, 15, 16, 17, 32, 33, 64, 65, 100};
static const size_t LENGTHS[] = {1, 7, 15, 16, 17, 63, 64, 65, 100, 511, 513, 1040};
static const size_t ROWS[] = {1, 3, 4, 5, 20};
#define EACH(i, array) (size_t i = 0; i < sizeof array / sizeof *array; i++)

static const bgnn_kernels *scalar, *tried;
static int differences;

/* Compare a result with scalar's, and feed scalar's to the checksum. */
static void compare(const char *kernel, size_t a, size_t b, size_t c, const void *expected, const void *got, size_t bytes) {
    feed(expected, bytes);
    if (memcmp(expected, got, bytes) == 0) return;
    if (differences++ < 20) printf("%s %s differs from scalar at sizes %zu, %zu, %zu\n", tried->name, kernel, a, b, c);
}

static void check_pack(size_t channels, size_t rows) {
    size_t words = bgnn_ceil(channels, 64);
    float *values = guarded(rows * channels, sizeof *values), *threshold = guarded(channels, sizeof *threshold);
    uint64_t *flip = guarded(words, sizeof *flip);
    draw_floats(values, rows * channels);
    draw_floats(threshold, channels);
    draw_words(flip, 1, channels);
    values[0] = -0.0f;
    values[rows * channels - 1] = NAN;
    if (channels > 2) values[1] = threshold[1], values[2] = -INFINITY, threshold[2] = -INFINITY;
    for (int variant = 0; variant < 3; variant++) {
        uint64_t *expected = guarded(rows * words, sizeof *expected), *got = guarded(rows * words, sizeof *got);
        memset(got, 0xa5, rows * words * sizeof *got);
        const float *limit = variant > 0 ? threshold : NULL;
        const uint64_t *turned = variant > 1 ? flip : NULL;
        scalar->bits->pack(values, channels, rows, channels, limit, turned, expected, words);
        tried->bits->pack(values, channels, rows, channels, limit, turned, got, words);
        compare("pack", channels, rows, (size_t)variant, expected, got, rows * words * sizeof *got);
        /* and back: what one ISA packed is what plain C reads */
        for (size_t i = 0; variant == 0 && i < rows * channels; i++)
            if (bgnn_bit(got + i / channels * words, i % channels) != (values[i] < 0.0f)) differences++;
    }
    free_all();
}

static void check_popcounts(size_t channels, size_t columns, size_t rows) {
    size_t words = bgnn_ceil(channels, 64), bytes = bgnn_ceil(channels, 8), count = rows * columns;
    uint64_t *a = guarded(rows * words, sizeof *a), *b = guarded(columns * words, sizeof *b);
    draw_words(a, rows, channels);
    draw_words(b, columns, channels);
    for (size_t w = 0; w < words; w++) b[w] = ~a[w]; /* the largest popcount there is */
    if (channels % 64 != 0) b[words - 1] &= (UINT64_C(1) << (channels % 64)) - 1;
    uint8_t *octets = guarded(bgnn_octets_size(columns, bytes), 1);
    bgnn_octets_fill(b, words, columns, bytes, 0, bgnn_ceil(columns, BGNN_OCTET_PANEL), octets);
    int32_t *expected = guarded(count, sizeof *expected), *got = guarded(count, sizeof *got);
    scalar->bits->hamming(a, words, rows, octets, bytes, columns, expected, columns);
    tried->bits->hamming(a, words, rows, octets, bytes, columns, got, columns);
    compare("hamming", channels, columns, rows, expected, got, count * sizeof *got);
    uint8_t *narrow[2];
    for (int i = 0; i < 2 && bytes <= BGNN_NARROW_BYTES; i++) {
        narrow[i] = guarded(count, 1);
        (i == 0 ? scalar : tried)->bits->hamming_u8(a, words, rows, octets, bytes, columns, narrow[i], columns);
        if (i == 1) compare("hamming_u8", channels, columns, rows, narrow[0], narrow[1], count);
    }

    int32_t *ends[2], *index = guarded(rows, sizeof *index), *low = guarded(columns, sizeof *low), *span = guarded(columns, sizeof *span);
    for (int i = 0; i < 2; i++) ends[i] = guarded(2 * columns, sizeof **ends);
    scalar->bits->extremes(a, words, rows, octets, bytes, columns, ends[0], ends[0] + columns);
    tried->bits->extremes(a, words, rows, octets, bytes, columns, ends[1], ends[1] + columns);
    compare("extremes", channels, columns, rows, ends[0], ends[1], 2 * columns * sizeof **ends);
    for (size_t r = 0; r < rows; r++) index[r] = (int32_t)(draw() % rows);
    scalar->bits->gather_extremes(expected, columns, index, rows, columns, ends[0], ends[0] + columns);
    tried->bits->gather_extremes(expected, columns, index, rows, columns, ends[1], ends[1] + columns);
    compare("gather_extremes", channels, columns, rows, ends[0], ends[1], 2 * columns * sizeof **ends);

    for (size_t c = 0; c < columns; c++) { /* spans of either sign: intervals and complements of intervals */
        low[c] = (int32_t)(draw() % (channels + 2));
        span[c] = (int32_t)(draw() % (2 * channels + 4)) - (int32_t)channels - 2;
    }
    uint64_t *hit[2];
    for (int i = 0; i < 2; i++) hit[i] = guarded(bgnn_ceil(columns, 64), sizeof **hit);
    for (int32_t in = 0; in <= (int32_t)channels; in += (int32_t)channels) {
        scalar->bits->hits(ends[0], ends[0] + columns, ends[0] + columns, in, low, span, columns, hit[0]);
        tried->bits->hits(ends[0], ends[0] + columns, ends[0] + columns, in, low, span, columns, hit[1]);
        compare("hits", channels, columns, rows, hit[0], hit[1], bgnn_ceil(columns, 64) * sizeof **hit);
    }
    free_all();
}

static void check_products(size_t channels, size_t columns, size_t rows) {
    size_t count = rows * columns;
    float *a = guarded(rows * channels, sizeof *a), *b = guarded(columns * channels, sizeof *b);
    draw_floats(a, rows * channels);
    draw_floats(b, columns * channels);
    memcpy(b, a, channels * sizeof *a); /* a distance of 0 */
    float *panels = guarded(bgnn_floats_size(columns, channels), sizeof *panels);
    bgnn_floats_fill(b, channels, columns, channels, 0, bgnn_ceil(columns, BGNN_FLOAT_PANEL), panels);
    float *expected = guarded(count, sizeof *expected), *got = guarded(count, sizeof *got);
    scalar->real->gemm(a, channels, rows, panels, channels, columns, expected, columns);
    tried->real->gemm(a, channels, rows, panels, channels, columns, got, columns);
    compare("gemm", channels, columns, rows, expected, got, count * sizeof *got);
    float *ends[2];
    for (int i = 0; i < 2; i++) {
        ends[i] = guarded(2 * columns, sizeof **ends);
        (i == 0 ? scalar : tried)->real->gemm_extremes(a, channels, rows, panels, channels, columns, ends[i], ends[i] + columns);
    }
    compare("gemm_extremes", channels, columns, rows, ends[0], ends[1], 2 * columns * sizeof **ends);
    scalar->real->distance(a, channels, rows, panels, channels, columns, expected, columns);
    tried->real->distance(a, channels, rows, panels, channels, columns, got, columns);
    compare("distance", channels, columns, rows, expected, got, count * sizeof *got);
    a[0] = INFINITY; /* against itself: NaN, one and the same on every machine */
    bgnn_floats_fill(a, channels, bgnn_min(rows, columns), channels, 0, 1, panels);
    scalar->real->distance(a, channels, rows, panels, channels, columns, expected, columns);
    tried->real->distance(a, channels, rows, panels, channels, columns, got, columns);
    compare("distance to infinity", channels, columns, rows, expected, got, count * sizeof *got);
    a[0] = 0.5f;

    uint64_t *words = guarded(columns * bgnn_ceil(channels, 64), sizeof *words);
    uint32_t *signs = guarded(bgnn_signs_size(columns, channels), sizeof *signs);
    draw_words(words, columns, channels);
    bgnn_signs_fill(words, bgnn_ceil(channels, 64), columns, channels, signs);
    scalar->real->signed_gemv(a, signs, channels, columns, expected);
    tried->real->signed_gemv(a, signs, channels, columns, got);
    compare("signed_gemv", channels, columns, 1, expected, got, columns * sizeof *got);
    free_all();
}

static void check_chains(size_t columns, size_t rows) {
    size_t count = rows * columns;
    float *parts = guarded(4 * columns, sizeof *parts), *values = guarded(count, sizeof *values);
    float *expected = guarded(count, sizeof *expected), *got = guarded(count, sizeof *got);
    int32_t *counts = guarded(count, sizeof *counts), *index = guarded(rows, sizeof *index);
    draw_floats(parts, 4 * columns);
    draw_floats(values, count);
    values[0] = -0.0f;
    for (size_t i = 0; i < count; i++) counts[i] = (int32_t)(draw() % 1025);
    for (size_t r = 0; r < rows; r++) index[r] = (int32_t)(draw() % rows);
    for (size_t variant = 0; variant < 32; variant++) {
        bgnn_chain chain = {variant & 1 ? parts : NULL, variant & 2 ? parts + columns : NULL, variant & 4 ? parts + 2 * columns : NULL,
                            variant & 12 ? parts + 3 * columns : NULL, variant & 16 ? 0.2f : 1.0f};
        memcpy(expected, values, count * sizeof *values);
        memcpy(got, values, count * sizeof *values);
        scalar->real->chain(expected, columns, rows, columns, &chain);
        tried->real->chain(got, columns, rows, columns, &chain);
        compare("chain", columns, rows, variant, expected, got, count * sizeof *got);
    }
    scalar->real->dots(counts, count, 1024, expected);
    tried->real->dots(counts, count, 1024, got);
    compare("dots", columns, rows, 0, expected, got, count * sizeof *got);
    values[count / 2] = NAN; /* never the larger one, unless it comes first */
    for (int gathered = 0; gathered < 2; gathered++) {
        scalar->real->gather_max(values, columns, gathered ? index : NULL, rows, columns, expected);
        tried->real->gather_max(values, columns, gathered ? index : NULL, rows, columns, got);
        compare("gather_max", columns, rows, (size_t)gathered, expected, got, columns * sizeof *got);
    }
    float *pooled[2];
    for (int i = 0; i < 2; i++) {
        pooled[i] = guarded(2 * columns, sizeof **pooled);
        for (size_t c = 0; c < columns; c++) pooled[i][c] = -INFINITY;
        (i == 0 ? scalar : tried)->real->pool(values, columns, rows, columns, pooled[i], pooled[i] + columns);
    }
    compare("pool", columns, rows, 0, pooled[0], pooled[1], 2 * columns * sizeof **pooled);
    free_all();
}

static void check_narrow_selection(size_t length) {
    uint8_t *row = guarded(length, 1);
    uint64_t *expected = guarded(length, sizeof *expected), *got = guarded(length, sizeof *got);
    for (size_t i = 0; i < length; i++) row[i] = (uint8_t)(draw() % 10 * 27);
    row[length - 1] = 255;
    for (int32_t limit = -1; limit < 256; limit += 16)
        for (size_t room = 0; room <= length; room += 1 + length / 3) {
            memset(expected, 0, length * sizeof *expected);
            memset(got, 0, length * sizeof *got);
            uint64_t found[2] = {scalar->select->keys_u8(row, length, limit / 2, limit, room, expected),
                               tried->select->keys_u8(row, length, limit / 2, limit, room, got)};
            compare("keys_u8", length, (size_t)limit, room, &found[0], &found[1], sizeof *found);
            compare("keys_u8", length, (size_t)limit, room, expected, got, length * sizeof *got);
        }
    for (size_t k = 1; k <= BGNN_GROUPS; k++) {
        int32_t reach[2] = {scalar->select->reach_u8(row, length, k), tried->select->reach_u8(row, length, k)};
        compare("reach_u8", length, k, 0, &reach[0], &reach[1], sizeof *reach);
    }
}

static void check_selection(size_t length) {
    int32_t *row = guarded(length, sizeof *row);
    uint64_t *expected = guarded(length, sizeof *expected), *got = guarded(length, sizeof *got);
    for (size_t i = 0; i < length; i++) row[i] = (int32_t)(draw() % 10);
    row[length - 1] = INT32_MAX;
    for (int32_t limit = -1; limit < 11; limit++) {
        uint64_t counts[2] = {scalar->select->count(row, length, limit), tried->select->count(row, length, limit)};
        compare("count", length, (size_t)limit, 0, &counts[0], &counts[1], sizeof *counts);
        for (size_t room = 0; room <= length; room += 1 + length / 3) {
            memset(expected, 0, length * sizeof *expected);
            memset(got, 0, length * sizeof *got);
            uint64_t found[2] = {scalar->select->keys(row, length, limit / 2, limit, room, expected),
                               tried->select->keys(row, length, limit / 2, limit, room, got)};
            compare("keys", length, (size_t)limit, room, &found[0], &found[1], sizeof *found);
            compare("keys", length, (size_t)limit, room, expected, got, length * sizeof *got);
        }
    }
    int32_t least[2][BGNN_GROUPS];
    scalar->select->minima(row, length, least[0]);
    tried->select->minima(row, length, least[1]);
    compare("minima", length, 0, 0, least[0], least[1], sizeof *least);
    check_narrow_selection(length);
    uint64_t *keys = guarded(length, sizeof *keys);
    for (size_t i = 0; i < length; i++) keys[i] = (uint64_t)(draw() % (i % 3 == 0 ? INT32_MAX : 10)) << 32 | i;
    scalar->select->sort(keys, length, expected);
    tried->select->sort(keys, length, got);
    compare("sort", length, 0, 0, expected, got, length * sizeof *got);
    free_all();
}

/* One form serves every instruction set: the checksum says whether it is the same on every machine, for floats of all sizes. */
static void check_tanh(void) {
    enum { COUNT = 1 << 16 };
    float *values = guarded(COUNT, sizeof *values);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t bits = i * UINT32_C(65521);
        memcpy(&values[i], &bits, sizeof bits);
    }
    bgnn_tanh(values, COUNT, values);
    for (size_t i = 0; i < COUNT; i++)
        if (values[i] != values[i]) values[i] = NAN; /* payloads may differ */
    compare("tanh", COUNT, 0, 0, values, values, COUNT * sizeof *values);
    free_all();
}

static void check_kernels(size_t product_channels) {
    seed(1);
    check_tanh();
    for EACH(c, CHANNELS)
        for EACH(r, ROWS) {
            check_pack(CHANNELS[c], ROWS[r]);
            for EACH(o, COLUMNS) {
                check_popcounts(CHANNELS[c], COLUMNS[o], ROWS[r]);
                if (CHANNELS[c] <= product_channels) check_products(CHANNELS[c], COLUMNS[o], ROWS[r]);
            }
        }
    for EACH(l, LENGTHS) check_selection(LENGTHS[l]);
    for EACH(o, COLUMNS) {
        for EACH(r, ROWS) check_chains(COLUMNS[o], ROWS[r]);
    }
}

int main(int count, char **arguments) {
    const char *name;
    int networks_only = count > 1 && strcmp(arguments[1], "networks") == 0, kernels_only = count > 1 && !networks_only;
    bgnn_set_isa("scalar");
    scalar = bgnn_kernels_in_use();
    /* scalar against itself gives the checksum on a machine that has nothing better */
    for (int32_t i = 0; (name = bgnn_isa_name(i)) != NULL; i++) {
        bgnn_set_isa(name);
        tried = bgnn_kernels_in_use();
        if (!networks_only) check_kernels(kernels_only ? strtoul(arguments[1], NULL, 10) : 256);
        if (!kernels_only) differences += check_networks(name);
        printf("%s: %d differences\n", name, differences);
        if (i == 0) printf("checksum %016" PRIx64 "\n", checksum());
    }
    return differences != 0;
}
