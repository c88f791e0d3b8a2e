/**
 * @file kernels.c
 * @brief The kernels as the tests and the benchmarks call them: arguments checked, operands made, table called.
 */
#include "kernels.h"

#include "activation.h"
#include "bgnn.h"
#include "graph.h"
#include "panels.h"

#include <stdbool.h>
#include <string.h>

bgnn_status bgnn_sign_pack(const float *values, int64_t rows, int32_t channels, uint64_t *words) {
    if (values == NULL || words == NULL || rows < 0 || channels < 1) return BGNN_BAD_ARGUMENT;
    const bgnn_kernels *kernels = bgnn_kernels_in_use();
    if (kernels == NULL) return BGNN_NO_ISA;
    size_t C = (size_t)channels;
    kernels->bits->pack(values, C, (size_t)rows, C, NULL, NULL, words, bgnn_ceil(C, 64));
    return BGNN_OK;
}

bgnn_status bgnn_tanh(const float *values, int64_t count, float *out) {
    if (values == NULL || out == NULL || count < 0) return BGNN_BAD_ARGUMENT;
    if (out != values) memmove(out, values, (size_t)count * sizeof *out);
    bgnn_tanh_rows(out, (size_t)count, 1, (size_t)count);
    return BGNN_OK;
}

/* Popcounts n, or channels - 2 n where channels > 0. A block of b is made panels of and met by a few rows of a at a time: operands stay
   on the stack, and out is written along its rows while they are in the first cache level. */
static bgnn_status popcounts(const uint64_t *a, int64_t rows_a, const uint64_t *b, int64_t rows_b, int32_t words, int32_t channels,
                             int32_t *out) {
    enum { ROWS = 8, COLUMNS = 512, WORDS = 32, PANEL_BYTES = 1 << 15 };
    if (a == NULL || b == NULL || out == NULL || rows_a < 0 || rows_b < 0 || words < 1) return BGNN_BAD_ARGUMENT;
    const bgnn_kernels *kernels = bgnn_kernels_in_use();
    if (kernels == NULL) return BGNN_NO_ISA;
    size_t M = (size_t)rows_a, N = (size_t)rows_b, W = (size_t)words;
    uint8_t panels[PANEL_BYTES];
    int32_t part[ROWS * COLUMNS];
    size_t fit = PANEL_BYTES / (8 * bgnn_min(WORDS, W)) / BGNN_OCTET_PANEL * BGNN_OCTET_PANEL, block = bgnn_min(COLUMNS, fit);
    for (size_t j = 0; j < N; j += block)
        for (size_t w = 0; w < W; w += WORDS) {
            size_t columns = bgnn_min(block, N - j), bytes = 8 * bgnn_min(WORDS, W - w);
            bool first = w == 0, last = w + WORDS >= W;
            bgnn_octets_fill(b + j * W + w, W, columns, bytes, 0, bgnn_ceil(columns, BGNN_OCTET_PANEL), panels);
            for (size_t i = 0; i < M; i += ROWS) {
                size_t rows = bgnn_min(ROWS, M - i);
                int32_t *to = out + i * N + j;
                kernels->bits->hamming(a + i * W + w, W, rows, panels, bytes, columns, first ? to : part, first ? N : columns);
                for (size_t r = 0; r < rows; r++, to += N) {
                    for (size_t c = 0; !first && c < columns; c++) to[c] += part[r * columns + c];
                    for (size_t c = 0; last && channels > 0 && c < columns; c++) to[c] = channels - 2 * to[c];
                }
            }
        }
    return BGNN_OK;
}

bgnn_status bgnn_hamming(const uint64_t *a, int64_t rows_a, const uint64_t *b, int64_t rows_b, int32_t words, int32_t *out) {
    return popcounts(a, rows_a, b, rows_b, words, 0, out);
}

bgnn_status bgnn_binary_gemm(const uint64_t *a, int64_t rows_a, const uint64_t *b, int64_t rows_b, int32_t channels, int32_t *out) {
    if (channels < 1) return BGNN_BAD_ARGUMENT;
    return popcounts(a, rows_a, b, rows_b, channels / 64 + (channels % 64 != 0), channels, out);
}

/* What a caller's arena cannot be. */
static bgnn_status check_arena(const void *arena, size_t size, bgnn_carver need) {
    if (need.overflow || arena == NULL || (uintptr_t)arena % BGNN_ALIGNMENT != 0) return BGNN_BAD_ARGUMENT;
    return size < need.used ? BGNN_SMALL_ARENA : BGNN_OK;
}

static bgnn_carver gemm_need(int64_t rows_b, int32_t channels) {
    bgnn_carver need = {0};
    bgnn_carve(&need, bgnn_floats_size((size_t)rows_b, (size_t)channels), 1, sizeof(float));
    return need;
}

size_t bgnn_gemm_arena_size(int64_t rows_b, int32_t channels) {
    if (rows_b < 1 || channels < 1) return 0;
    bgnn_carver need = gemm_need(rows_b, channels);
    return need.overflow ? 0 : need.used;
}

bgnn_status bgnn_gemm(const float *a, int64_t rows_a, const float *b, int64_t rows_b, int32_t channels, float *out, void *arena, size_t arena_size) {
    if (a == NULL || b == NULL || out == NULL || rows_a < 0 || rows_b < 0 || channels < 1) return BGNN_BAD_ARGUMENT;
    bgnn_status status = check_arena(arena, arena_size, gemm_need(rows_b, channels));
    if (status != BGNN_OK) return status;
    const bgnn_kernels *kernels = bgnn_kernels_in_use();
    if (kernels == NULL) return BGNN_NO_ISA;
    size_t M = (size_t)rows_a, N = (size_t)rows_b, C = (size_t)channels;
    bgnn_floats_fill(b, C, N, C, 0, bgnn_ceil(N, BGNN_FLOAT_PANEL), arena);
    kernels->real->gemm(a, C, M, arena, C, N, out, N);
    return BGNN_OK;
}

static bgnn_carver knn_need(const bgnn_knn_job *job) {
    static const bgnn_kernels none = {0};
    bgnn_carver need = {0};
    bgnn_knn_carve_panels(job, &need);
    bgnn_knn_rows(job, &none, 0, 0, &need);
    return need;
}

size_t bgnn_knn_arena_size(int32_t points, int32_t channels) {
    if (points < 1 || channels < 1) return 0;
    size_t N = (size_t)points, C = (size_t)channels;
    size_t most = 0, neighbours[2] = {N, bgnn_min(N, BGNN_TREE_K)}; /* the most without a tree, and the most with one */
    for (int i = 0; i < 2; i++) {
        bgnn_carver bits = knn_need(&(bgnn_knn_job){.points = N, .k = neighbours[i], .bytes = 8 * bgnn_ceil(C, 64)});
        bgnn_carver reals = knn_need(&(bgnn_knn_job){.points = N, .k = neighbours[i], .channels = C});
        if (bits.overflow || reals.overflow) return 0;
        size_t larger = bits.used > reals.used ? bits.used : reals.used;
        most = larger > most ? larger : most;
    }
    return most;
}

static bgnn_status run_job(bgnn_knn_job job, void *arena, size_t arena_size) {
    bgnn_status status = check_arena(arena, arena_size, knn_need(&job));
    if (status != BGNN_OK) return status;
    const bgnn_kernels *kernels = bgnn_kernels_in_use();
    if (kernels == NULL) return BGNN_NO_ISA;
    bgnn_carver carver = {.base = arena};
    job.panels = bgnn_knn_carve_panels(&job, &carver);
    bgnn_knn_fill_panels(&job, 0, job.points);
    bgnn_knn_rows(&job, kernels, 0, job.points, &carver);
    return BGNN_OK;
}

bgnn_status bgnn_knn_hamming(const uint64_t *bits, int32_t points, int32_t words, int32_t k, int32_t *knn, float *distances, void *arena, size_t arena_size) {
    if (bits == NULL || knn == NULL || distances == NULL || words < 1 || k < 1 || k > points) return BGNN_BAD_ARGUMENT;
    return run_job((bgnn_knn_job){.points = (size_t)points, .k = (size_t)k, .words = bits, .word_stride = (size_t)words,
                                  .bytes = 8 * (size_t)words, .knn = knn, .distances = distances},
                   arena, arena_size);
}

bgnn_status bgnn_knn_l2(const float *values, int32_t points, int32_t channels, int32_t k, int32_t *knn, float *distances, void *arena, size_t arena_size) {
    if (values == NULL || knn == NULL || distances == NULL || channels < 1 || k < 1 || k > points) return BGNN_BAD_ARGUMENT;
    return run_job((bgnn_knn_job){.points = (size_t)points, .k = (size_t)k, .values = values, .stride = (size_t)channels,
                                  .channels = (size_t)channels, .knn = knn, .distances = distances},
                   arena, arena_size);
}
