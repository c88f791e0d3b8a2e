/**
 * @file allocations.c
 * @brief Counts what is allocated by a pass or a kernel once it has run before: nothing may be. glibc only.
 *
 * malloc and its kin are defined here and so taken by the library and by libc itself, threads included.
 * Usage: allocations MODEL ...
 */
#define _GNU_SOURCE
#include "fixture.h"

#include "bgnn.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_int allocations;

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    allocations++;
    return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    allocations++;
    return __libc_memalign(alignment, size);
}

enum { POINTS = 700, K = 20, AGAIN = 3, CHANNELS = 128 };

static bgnn_model *model;
static int32_t threads;
static void *arena;
static size_t arena_size;
static float cloud[3 * POINTS], out[POINTS * POINTS], distances[POINTS * K];
static uint64_t bits[POINTS * CHANNELS / 64];
static int32_t knn[POINTS * K];

static bgnn_status pass(void) { return bgnn_forward(model, cloud, POINTS, K, threads, arena, arena_size, out, NULL, NULL); }
static bgnn_status knn_in_space(void) { return bgnn_knn_l2(cloud, POINTS, 3, K, knn, distances, arena, arena_size); }
static bgnn_status knn_of_bits(void) { return bgnn_knn_hamming(bits, POINTS, CHANNELS / 64, K, knn, distances, arena, arena_size); }
static bgnn_status gemm(void) { return bgnn_gemm(cloud, POINTS, cloud, POINTS, 3, out, arena, arena_size); }
static bgnn_status binary_gemm(void) { return bgnn_binary_gemm(bits, POINTS, bits, POINTS, CHANNELS, (int32_t *)(void *)out); }

/* 1 when a call fails, or allocates after the first time. */
static int check(const char *name, bgnn_status (*call)(void)) {
    bgnn_status status = call();
    int before = allocations;
    for (int i = 0; i < AGAIN && status == BGNN_OK; i++) status = call();
    int more = allocations - before;
    printf("%s: %s, %d allocations in %d calls\n", name, bgnn_status_text(status), more, AGAIN);
    return status != BGNN_OK || more != 0;
}

static void take_arena(size_t size) {
    free(arena);
    arena_size = size;
    arena = aligned_alloc(64, (size + 63) / 64 * 64);
}

int main(int count, char **names) {
    int failures = 0, known = allocations;
    seed(1);
    draw_floats(cloud, 3 * POINTS);
    draw_words(bits, POINTS, CHANNELS);
    for (int i = 1; i < count; i++) {
        if (bgnn_model_open(names[i], &model, NULL) != BGNN_OK) return 2;
        for (threads = 1; threads <= 3; threads++) {
            take_arena(bgnn_arena_size(model, POINTS, K, threads));
            failures += check(names[i], pass);
        }
        bgnn_model_close(model);
    }
    take_arena(bgnn_knn_arena_size(POINTS, CHANNELS) + bgnn_gemm_arena_size(POINTS, 3));
    failures += check("knn_l2", knn_in_space) + check("knn_hamming", knn_of_bits);
    failures += check("gemm", gemm) + check("binary_gemm", binary_gemm);
    return failures + (allocations == known); /* opening a model allocates: the counter counts */
}
