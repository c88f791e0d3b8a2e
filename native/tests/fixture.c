/**
 * @file fixture.c
 * @brief Seeded numbers, guarded buffers, a checksum (Fowler, Noll, Vo: FNV-1a, 64 bits).
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t state;

void seed(uint64_t value) { state = value * 2 + 1; }

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", ACM TOMS 42 (4), 2016. */
uint64_t draw(void) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(2685821657736338717);
}

float draw_float(void) { return (float)((int32_t)(draw() >> 53) - 1024) / 1024.0f; }

void draw_floats(float *to, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = draw_float();
}

void draw_words(uint64_t *to, size_t rows, size_t channels) {
    size_t words = (channels + 63) / 64;
    for (size_t r = 0; r < rows; r++, to += words) {
        for (size_t w = 0; w < words; w++) to[w] = draw();
        if (channels % 64 != 0) to[words - 1] &= (UINT64_C(1) << (channels % 64)) - 1;
    }
}

enum { BUFFERS = 512 };
static struct {
    char *start;
    size_t length;
} buffers[BUFFERS];
static size_t used;

void *guarded(size_t count, size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = count * size;
    size_t length = (bytes + page - 1) / page * page + page;
    char *start = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || used == BUFFERS || mprotect(start + length - page, page, PROT_NONE) != 0) {
        fputs("no memory for a guarded buffer\n", stderr);
        exit(2);
    }
    buffers[used].start = start;
    buffers[used++].length = length;
    return start + length - page - bytes;
}

void free_all(void) {
    while (used > 0) {
        used--;
        munmap(buffers[used].start, buffers[used].length);
    }
}

static uint64_t sum = UINT64_C(14695981039346656037);

void feed(const void *data, size_t bytes) {
    const unsigned char *byte = data;
    for (size_t i = 0; i < bytes; i++) sum = (sum ^ byte[i]) * UINT64_C(1099511628211);
}

uint64_t checksum(void) { return sum; }
